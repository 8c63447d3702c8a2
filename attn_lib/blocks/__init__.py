"""The attention blocks: one block, one file; shared squeezes and gates in ``pooling`` and ``gates``.

Every block follows one contract: ``block(x)`` has the shape of ``x``, and ``block.attention(x)`` returns the
named maps that ``block(x)`` used, from the same code path.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from attn_lib.blocks.bam import BAM
from attn_lib.blocks.cbam import CBAM
from attn_lib.blocks.coord_att import CoordAtt
from attn_lib.blocks.coord_att_variants import CoordAttStrip
from attn_lib.blocks.eca import ECA, eca_kernel_size
from attn_lib.blocks.eca_variants import ECAVariant
from attn_lib.blocks.se import SE
from attn_lib.blocks.se_variants import SEWithoutSqueeze
from attn_lib.blocks.self_attention import SelfAttention, SelfAttention2d

__all__ = [
    "BAM",
    "BLOCKS",
    "CBAM",
    "ECA",
    "SE",
    "VARIANTS",
    "AttentionFactory",
    "CoordAtt",
    "CoordAttStrip",
    "ECAVariant",
    "SEWithoutSqueeze",
    "SelfAttention",
    "SelfAttention2d",
    "eca_kernel_size",
]

AttentionFactory = Callable[[int], nn.Module]
"""Builds a block for a number of channels: ``lambda channels: SE(channels, reduction=8)``."""

BLOCKS: dict[str, Callable[..., nn.Module]] = {
    "se": SE,
    "eca": ECA,
    "cbam": CBAM,
    "bam": BAM,
    "coord_att": CoordAtt,
    "self_attention": SelfAttention2d,
}
"""Every block by the name of its file; each takes ``channels`` first and its own keywords after."""

VARIANTS: dict[str, Callable[..., nn.Module]] = {
    "se_without_squeeze": SEWithoutSqueeze,
    "eca_variant": ECAVariant,
    "coord_att_strip": CoordAttStrip,
}
"""The papers' ablations that are classes of their own, by name; built as the blocks are."""
