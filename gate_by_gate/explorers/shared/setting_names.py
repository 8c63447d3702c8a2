"""What the settings of the experiment are called in menus, tables and charts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from attn_lib.blocks import BLOCKS, VARIANTS, keyword_defaults

__all__ = ["BLOCK_NAMES", "FAMILIES", "block_name", "family", "order", "title"]

Config = Mapping[str, Any]
"""How the network of a setting differs from the plain one, as ``record(name)["setting"]`` tells it: its
``attention``, and the keywords that are not the default."""

BLOCK_NAMES = {
    "se": "SE",
    "eca": "ECA",
    "cbam": "CBAM",
    "bam": "BAM",
    "coord_att": "CoordAtt",
    "self_attention": "self-attention",
}
"""The blocks of the book, in the order of its chapters."""

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
"""For each ``attention`` the family that it belongs to, and how the titles of its settings begin."""

PLACEMENTS = {
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


def only(texts: Mapping[Any, str]) -> Callable[[Any], str]:
    """Return a function that writes a value of a keyword: as in ``texts``, or as nothing."""
    return lambda value: texts.get(value, "")


WORDS: dict[str, Callable[[Any], str]] = {
    "widths": lambda widths: f"wider: {', '.join(map(str, widths))} channels",
    "depths": lambda depths: f"deeper: {', '.join(map(str, depths))} units",
    "reduction": lambda r: f"r = {r}",
    "kernel_size": lambda k: f"k = {k}",
    "dilation": lambda d: f"d = {d}",
    "bias": only({False: "no bias"}),
    "num_heads": lambda heads: f"{heads} head" + "s" * (heads > 1),
    "mixing": only(MIXINGS),
    "groups": lambda groups: f"{groups} groups" * (groups > 1),
    "squeeze": only({"max": "squeeze by the maximum"}),
    "gate": only({"tanh": "gate: tanh", "relu": "gate: ReLU"}),
    "pooling": only({"avg": "mean alone", "max": "maximum alone"}),
    "maximum": only({"centred": "maximum centred", "own_mlp": "an MLP for the maximum"}),
    "descriptor": only({"conv": "learnt mix for the pooled maps"}),
    "order": only({"spatial_first": "spatial gate first", "parallel": "both gates at once"}),
    "combine": only(COMBINATIONS),
    "strip": only({"height": "rows alone", "width": "columns alone"}),
    "placement": only(PLACEMENTS),
    "stages": lambda stages: f"stage {' and '.join(map(str, stages))} alone",
}
"""How a keyword is written in a title, in this order; a value that is as published is not written."""

SILENT = {("eca_variant", "kernel_size"), ("self_attention", "reduction")}
"""Keywords that are the same in every setting with this ``attention``."""


def block_name(attention: str) -> str:
    """Return what a block is called: as in ``BLOCK_NAMES``, or, if it is not there, by its own name."""
    if attention in BLOCK_NAMES:
        return BLOCK_NAMES[attention]
    block = (BLOCKS | VARIANTS).get(attention)
    return attention if block is None else block.__name__


def family(config: Config) -> str:
    """Return the block that a setting is about: one of ``FAMILIES``, or the own name of another block."""
    return _kind(config["attention"])[0]


def title(config: Config) -> str:
    """Return what a setting is called: ``"CBAM, r = 4, k = 7, mean alone"``.

    A keyword that has no words here is called by its own name.
    """
    attention = config["attention"]
    keywords = {**_defaults(attention), **config}
    words = [
        write(keywords[name])
        for name, write in WORDS.items()
        if name in keywords and (attention, name) not in SILENT
    ]
    others = [f"{name} = {value}" for name, value in config.items() if name not in {"attention", *WORDS}]
    return ", ".join([_kind(attention)[1], *filter(None, words), *others])


def order(config: Config) -> tuple[object, ...]:
    """Return the sort key of a setting: family, kind, and the title with its numbers as numbers."""
    known, attention, of = list(KINDS), config["attention"], family(config)
    pieces = re.split(r"(\d+)", title(config))
    numbered = tuple(int(piece) if piece.isdigit() else piece for piece in pieces)
    return (
        FAMILIES.index(of) if of in FAMILIES else len(FAMILIES),
        known.index(attention) if attention in known else len(known),
        numbered,
    )


def _kind(attention: str | None) -> tuple[str, str]:
    """Return family and beginning of the title; of a block that is not in ``KINDS``, its own name."""
    if attention in KINDS:
        return KINDS[attention]
    return block_name(str(attention)), block_name(str(attention))


def _defaults(attention: str | None) -> dict[str, Any]:
    """Return the defaults of a block's keywords; none of a block that is not there any more."""
    return keyword_defaults(attention) if attention in {None, *BLOCKS, *VARIANTS} else {}
