"""What the settings of the experiment are called where a reader picks one, or compares many."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from attn_lib.blocks import keyword_defaults

__all__ = ["BLOCK_NAMES", "FAMILIES", "family", "order", "title"]

Setting = Mapping[str, Any]
"""``record(name)["setting"]``: ``attention``, and what differs from the defaults."""

BLOCK_NAMES = {
    "se": "SE",
    "eca": "ECA",
    "cbam": "CBAM",
    "bam": "BAM",
    "coord_att": "CoordAtt",
    "self_attention": "self-attention",
}
"""The blocks, in the order of the chapters."""

FAMILIES = ("no block", *BLOCK_NAMES.values())
"""The plain networks, and the blocks."""

KINDS = {
    None: ("no block", "plain"),
    "se": ("SE", "SE"),
    "se_without_squeeze": ("SE", "SE without its squeeze"),
    "eca": ("ECA", "ECA"),
    "eca_variant": ("ECA", "ECA"),
    "cbam": ("CBAM", "CBAM"),
    "bam": ("BAM", "BAM"),
    "coord_att": ("CoordAtt", "CoordAtt"),
    "coord_att_strip": ("CoordAtt", "CoordAtt"),
    "self_attention": ("self-attention", "self-attention"),
}
"""For each ``attention`` of a setting the family that it belongs to, and how its title begins."""

PLACES = {
    "before_unit": "before the unit",
    "after_addition": "after the addition",
    "identity": "on the identity",
    "between_stages": "between stages",
}
MIXINGS = {
    "none": "no weights",
    "per_channel": "a weight per channel",
    "full": "full C × C",
    "band": "band, not shared",
}
COMBINATIONS = {
    "product": "product of the branches",
    "max": "maximum of the branches",
    "channel": "channel branch alone",
    "spatial": "spatial branch alone",
}


def one_of(texts: Mapping[Any, str]) -> Callable[[Any], str]:
    """Return how a keyword reads of which only these values are worth a word."""
    return lambda value: texts.get(value, "")


WORDS: dict[str, Callable[[Any], str]] = {
    "widths": lambda widths: f"wider: {', '.join(map(str, widths))} channels",
    "depths": lambda depths: f"deeper: {', '.join(map(str, depths))} units",
    "reduction": lambda r: f"r = {r}",
    "kernel_size": lambda k: f"k = {k}",
    "dilation": lambda d: f"d = {d}",
    "bias": one_of({False: "no bias"}),
    "num_heads": lambda heads: f"{heads} head" + "s" * (heads > 1),
    "mixing": one_of(MIXINGS),
    "groups": lambda groups: f"{groups} groups" * (groups > 1),
    "squeeze": one_of({"max": "squeeze by the maximum"}),
    "gate": one_of({"tanh": "gate: tanh", "relu": "gate: ReLU"}),
    "pooling": one_of({"avg": "mean alone", "max": "maximum alone"}),
    "descriptor": one_of({"conv": "learnt mix for the pooled maps"}),
    "order": one_of({"spatial_first": "spatial gate first", "parallel": "both gates at once"}),
    "combine": one_of(COMBINATIONS),
    "strip": one_of({"height": "rows alone", "width": "columns alone"}),
    "placement": one_of(PLACES),
    "stages": lambda stages: f"stage {' and '.join(map(str, stages))} alone",
}
"""How a keyword reads, in the order in which a title names them; nothing where it is as published."""

SILENT = {("eca_variant", "kernel_size"), ("self_attention", "reduction")}
"""Keywords that are the same in every setting of a kind."""


def family(setting: Setting) -> str:
    """Return which of ``FAMILIES`` a setting belongs to.

    Raises:
        KeyError: nothing is known of its ``attention``.
    """
    return KINDS[setting["attention"]][0]


def title(setting: Setting) -> str:
    """Return what a setting is called: ``"CBAM, r = 4, k = 7, mean alone"``.

    Raises:
        KeyError: nothing is known of its ``attention``.
    """
    attention = setting["attention"]
    keywords = {**keyword_defaults(attention), **setting}
    words = [
        write(keywords[name])
        for name, write in WORDS.items()
        if name in keywords and (attention, name) not in SILENT
    ]
    return ", ".join([KINDS[attention][1], *filter(None, words)])


def order(setting: Setting) -> tuple[object, ...]:
    """Return what settings are sorted by: family, kind, and the title with its numbers as numbers."""
    kinds = list(KINDS)
    pieces = re.split(r"(\d+)", title(setting))
    numbered = tuple(int(piece) if piece.isdigit() else piece for piece in pieces)
    return FAMILIES.index(family(setting)), kinds.index(setting["attention"]), numbered
