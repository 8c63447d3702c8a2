"""Attention blocks of convolutional networks, small and tested: the reference code of *Gate by Gate*.

Importing this package loads torch and nothing else; plotting, the experiment and the explorers are imported
by name, and bring their own dependencies.
"""

from attn_lib import backbones, insertion, inspection
from attn_lib.blocks import BAM, CBAM, ECA, SE, CoordAtt, SelfAttention, SelfAttention2d, eca_kernel_size

__all__ = [
    "BAM",
    "CBAM",
    "ECA",
    "SE",
    "CoordAtt",
    "SelfAttention",
    "SelfAttention2d",
    "__version__",
    "backbones",
    "eca_kernel_size",
    "insertion",
    "inspection",
]
__version__ = "0.1.0"
