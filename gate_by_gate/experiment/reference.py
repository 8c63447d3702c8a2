"""The reference settings: the plain network and one setting of every block, which the others vary.

r = 4 throughout, since the stages have 16, 32 and 64 channels; ECA's adaptive k is 3 for all three.
"""

from __future__ import annotations

from gate_by_gate.experiment.model import NetworkSetting

__all__ = ["BAM", "CBAM", "COORD_ATT", "ECA", "PLAIN", "SE", "SELF_ATTENTION"]

PLAIN = NetworkSetting()
SE = NetworkSetting("se", {"reduction": 4})
ECA = NetworkSetting("eca", {"kernel_size": 3})
CBAM = NetworkSetting("cbam", {"reduction": 4})
BAM = NetworkSetting("bam", {"reduction": 4})
COORD_ATT = NetworkSetting("coord_att", {"reduction": 4})
SELF_ATTENTION = NetworkSetting("self_attention")
