"""The attention blocks: one block, one file, and its paper's ablations in a file beside it.

Every block follows one contract, :class:`~attn_lib.blocks.block.AttentionBlock`: ``block(x)`` has the shape
of ``x``, ``block.attention(x)`` returns the named maps that it used, and ``block.combine(x, maps)`` is what
it makes of ``x`` with these maps.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from attn_lib.blocks.arguments import did_you_mean
from attn_lib.blocks.bam import BAM
from attn_lib.blocks.bam_variants import BAMBranch
from attn_lib.blocks.block import AttentionBlock
from attn_lib.blocks.cbam import CBAM
from attn_lib.blocks.cbam_variants import CBAMVariant
from attn_lib.blocks.coord_att import CoordAtt
from attn_lib.blocks.coord_att_variants import CoordAttStrip
from attn_lib.blocks.eca import ECA, eca_kernel_size
from attn_lib.blocks.eca_variants import ECAVariant
from attn_lib.blocks.se import SE
from attn_lib.blocks.se_variants import SEVariant, SEWithoutSqueeze
from attn_lib.blocks.self_attention import SelfAttention, SelfAttention2d

__all__ = [
    "BAM",
    "BLOCKS",
    "CBAM",
    "ECA",
    "SE",
    "VARIANTS",
    "AttentionBlock",
    "AttentionFactory",
    "BAMBranch",
    "CBAMVariant",
    "CoordAtt",
    "CoordAttStrip",
    "ECAVariant",
    "SEVariant",
    "SEWithoutSqueeze",
    "SelfAttention",
    "SelfAttention2d",
    "block_class",
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
"""The papers' ablations that have a name of their own, built as the blocks are.

The names are ``"se_without_squeeze"``, ``"eca_variant"`` and ``"coord_att_strip"``.
"""

SWITCHED: dict[str, tuple[Callable[..., nn.Module], Mapping[str, tuple[object, ...] | None]]] = {
    "se": (SEVariant, {"squeeze": None, "gate": None}),
    "cbam": (
        CBAMVariant,
        dict.fromkeys(("pooling", "descriptor", "order", "maximum", "spatial_norm", "released_start")),
    ),
    "bam": (BAMBranch, {"combine": ("channel", "spatial")}),
}
"""Ablations that go by a block's name, and the keywords that switch to them; None stands for any value."""


WHERE = ("device", "dtype")
"""The keywords that say where a block is, and not what it is."""


def block_class(attention: str, keywords: Mapping[str, object]) -> Callable[..., nn.Module]:
    """Return the class that a name and keywords stand for.

    That is the block of this name, or its variant if one of its paper's ablations is among the keywords:
    ``"cbam"`` with ``pooling="avg"`` is a ``CBAMVariant``.

    Args:
        attention: a name in ``BLOCKS`` or ``VARIANTS``.
        keywords: those that the class will be given.

    Raises:
        ValueError: no block has that name.
    """
    named = BLOCKS | VARIANTS
    if attention not in named:
        expected = ", ".join(repr(name) for name in named)
        advice = did_you_mean(attention, named)
        raise ValueError(f"`attention` must name a block, one of {expected}; got {attention!r}{advice}")
    if attention in SWITCHED:
        variant, switches = SWITCHED[attention]
        for keyword, values in switches.items():
            if keyword in keywords and (values is None or keywords[keyword] in values):
                return variant
    return named[attention]


def keyword_defaults(attention: str | None) -> dict[str, Any]:
    """Return the keywords that the named block and its variant take, with their defaults.

    They come in the order of the signatures, those of the block first; ``device`` and ``dtype`` are left out.

    Args:
        attention: a name in ``BLOCKS`` or ``VARIANTS``; None, which is no block, takes none.

    Raises:
        ValueError: no block has that name.
    """
    if attention is None:
        return {}
    block = block_class(attention, {})
    variant = SWITCHED[attention][0] if attention in SWITCHED else block
    own = _keywords(block)
    return own | {name: default for name, default in _keywords(variant).items() if name not in own}


def _keywords(block: Callable[..., nn.Module]) -> dict[str, Any]:
    parameters = inspect.signature(block).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty and p.name not in WHERE}
