"""The reference networks: the plain one and one for each block; every other network varies one of them.

r = 4 throughout, since the stages have 16, 32 and 64 channels; ECA's adaptive k is 3 for all three.
"""

from __future__ import annotations

from gate_by_gate.experiment.model import NetworkConfig

__all__ = ["BAM", "CBAM", "COORD_ATT", "ECA", "PLAIN", "SE", "SELF_ATTENTION", "WIDER"]

PLAIN = NetworkConfig()
SE = NetworkConfig("se", {"reduction": 4})
ECA = NetworkConfig("eca", {"kernel_size": 3})
CBAM = NetworkConfig("cbam", {"reduction": 4})
BAM = NetworkConfig("bam", {"reduction": 4})
COORD_ATT = NetworkConfig("coord_att", {"reduction": 4})
SELF_ATTENTION = NetworkConfig("self_attention")

WIDER = (NetworkConfig(widths=(16, 33, 65)), NetworkConfig(widths=(17, 34, 68)))
"""Wider networks without a block: 2,898 parameters more (SE adds 2,828) and 9,925 more (BAM adds 10,559)."""
