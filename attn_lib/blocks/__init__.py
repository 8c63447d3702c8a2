"""The attention blocks: one block, one file; shared squeezes and gates in ``pooling`` and ``gates``.

Every block follows one contract: ``block(x)`` has the shape of ``x``, and ``block.attention(x)`` returns the
named maps that ``block(x)`` used, from the same code path.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

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
    "keyword_defaults",
]

AttentionFactory = Callable[[int], nn.Module]
"""Builds a block for a number of channels, such as ``lambda channels: SE(channels, reduction=8)``."""

BLOCKS: dict[str, Callable[..., nn.Module]] = {
    "se": SE,
    "eca": ECA,
    "cbam": CBAM,
    "bam": BAM,
    "coord_att": CoordAtt,
    "self_attention": SelfAttention2d,
}
"""Every block by the name of its file.

The names are ``"se"``, ``"eca"``, ``"cbam"``, ``"bam"``, ``"coord_att"`` and ``"self_attention"``. Each takes
``channels`` first and its own keywords after.
"""

VARIANTS: dict[str, Callable[..., nn.Module]] = {
    "se_without_squeeze": SEWithoutSqueeze,
    "eca_variant": ECAVariant,
    "coord_att_strip": CoordAttStrip,
}
"""The papers' ablations that are classes of their own, built as the blocks are.

The names are ``"se_without_squeeze"``, ``"eca_variant"`` and ``"coord_att_strip"``.
"""


def keyword_defaults(attention: str | None) -> dict[str, Any]:
    """Return the keywords that the named block takes, with their defaults, in the order of its signature.

    Args:
        attention: a name in ``BLOCKS`` or ``VARIANTS``; None, which is no block, takes none.

    Raises:
        ValueError: no block has that name.
    """
    if attention is None:
        return {}
    named = BLOCKS | VARIANTS
    if attention not in named:
        expected = ", ".join(repr(name) for name in named)
        raise ValueError(f"`attention` must be None or one of {expected}; got {attention!r}")
    parameters = inspect.signature(named[attention]).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}
