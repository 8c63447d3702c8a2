"""The whose-gates explorer: a network that finds a person uses gates that another photograph asked for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from gate_by_gate.explorers.shared.kept import kept
from gate_by_gate.explorers.shared.photographs import (
    COUNT,
    NAMES,
    PHOTOGRAPHS,
    photograph_control,
    photograph_index,
)
from gate_by_gate.photographs import names, photographs
from gate_by_gate.segmenter import SelfieSegmenter, selfie_segmenter
from gate_by_gate.segmenter.interventions import BLOCKS, gates_of, outputs_of, overlap, segment_with
from gate_by_gate.widgets.controls import Control, Value
from gate_by_gate.widgets.deferred import Deferred
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.bars import Bars
from gate_by_gate.widgets.items.cutout import Cutout
from gate_by_gate.widgets.items.number import Number
from gate_by_gate.widgets.items.table import Table
from gate_by_gate.widgets.live import Explorer
from gate_by_gate.widgets.snippets import Code

__all__ = ["ALL", "DEFINITION", "WhoseGatesExplorer", "donated", "given_gates", "own_masks", "pictures"]

ALL = "all"
"""The blocks of the network, all at once."""

DRAWN_SIDE = 64
"""Rows and columns of a mask as it is drawn; every number comes from all of its 256 x 256 places."""

PHOTOGRAPH = photograph_control("photograph", "photograph", 0)


def _donor_texts() -> Iterator[str]:
    yield from NAMES
    yield from ("their mean", "none: all open")


DONOR = Control(
    "donor",
    "with gates of",
    (*(str(index) for index in range(COUNT)), "mean", "open"),
    "7",
    "gallery",
    Deferred(_donor_texts),
)

KINDS = ("SE",) * 6 + ("head",) + ("skip",) * 3

BLOCK = Control(
    "block",
    "in",
    (ALL, *BLOCKS),
    "unit8.attention",
    "menu",
    (
        "all ten blocks",
        *(
            f"block {at + 1} ({kind}): {name}"
            for at, (kind, name) in enumerate(zip(KINDS, BLOCKS, strict=True))
        ),
    ),
)


@cache
def network() -> SelfieSegmenter:
    """Return the network, which is built once."""
    return selfie_segmenter()


@cache
def pictures() -> Tensor:
    """Return the photographs as the network's input: ``(9, 3, 256, 256)``."""
    return photographs()


@cache
def own_gates() -> dict[str, Tensor]:
    """Return the gates that the network computes for the photographs, by the block's name."""
    return gates_of(network(), pictures())


@cache
@torch.no_grad()
def own_masks() -> Tensor:
    """Return the masks of the photographs with their own gates: ``(9, 1, 256, 256)``."""
    return torch.cat([network()(picture) for picture in pictures().split(1)])


@cache
@torch.no_grad()
def own_outputs() -> list[dict[str, Tensor]]:
    """Return for every photograph what the network's stages make of it with its own gates."""
    return [outputs_of(network(), picture) for picture in pictures().split(1)]


def given_gates(donor: Value) -> dict[str, Tensor]:
    """Return the gates that ``donor`` stands for, by the block's name: ``(1, C, 1, 1)`` each.

    Raises:
        ValueError: there is no such donor.
    """
    if donor not in DONOR.values:
        raise ValueError(f"`donor` must be one of {', '.join(map(repr, DONOR.values))}; got donor={donor!r}")
    if donor == "mean":
        return {name: gates.mean(dim=0, keepdim=True) for name, gates in own_gates().items()}
    if donor == "open":
        return {name: torch.ones_like(gates[:1]) for name, gates in own_gates().items()}
    return {name: gates[int(donor), None] for name, gates in own_gates().items()}


@kept
def donated(donor: Value, block: Value) -> Tensor:
    """Return the masks of all photographs with the gates of ``donor`` in a block, or in all of them.

    Shape:
        ``(9, 1, 256, 256)``.

    Raises:
        ValueError: there is no such donor or block.
    """
    if block not in BLOCK.values:
        raise ValueError(f"`block` must be one of {BLOCK.values}; got block={block!r}")
    blocks, gates = BLOCKS if block == ALL else [str(block)], given_gates(donor)
    # One after the other is twice as fast: what a layer returns then stays in the processor's cache.
    return torch.cat(
        [
            segment_with(network(), picture, gates, blocks, outputs)
            for picture, outputs in zip(pictures().split(1), own_outputs(), strict=True)
        ]
    )


@cache
def read(donor: Value, block: Value) -> tuple[list[float], list[float]]:
    """Return what is marked of every photograph, and how well that agrees with its own mask."""
    masks = donated(donor, block)
    marked = (masks > 0.5).float().mean(dim=(1, 2, 3))
    return marked.tolist(), overlap(own_masks(), masks).tolist()


def drawn(mask: Tensor) -> Tensor:
    """Return a mask of ``(1, H, W)`` as it is drawn: 64 x 64 squares, each marked if most of it is."""
    return interpolate((mask > 0.5).float()[None], size=DRAWN_SIDE, mode="area")[0, 0] > 0.5


def shares(setting: Setting) -> tuple[float, float, float]:
    """Return what is marked of a photograph, what is with its own gates, and the overlap of the two."""
    index = photograph_index(setting)
    marked, agree = read(setting["donor"], setting["block"])
    own = (own_masks()[index] > 0.5).float().mean().item()
    return marked[index], own, agree[index]


def mask(setting: Setting) -> Data:
    """Give the photograph with what is marked on it, now and with its own gates."""
    index = photograph_index(setting)
    marked, before, agree = shares(setting)
    told = (
        f"{names()[index]}: the network marks {100 * marked:.0f} % of the photograph as a person, "
        f"{100 * before:.0f} % with its own gates; overlap {agree:.2f}."
    )
    own, now = own_masks()[index], donated(setting["donor"], setting["block"])[index]
    return {"mask": Cutout(index, drawn(own), drawn(now), told)}


def numbers(setting: Setting) -> Data:
    """Say how much is marked, and how well that agrees with what the photograph's own gates mark."""
    marked, before, agree = shares(setting)
    return {
        "marked": Number(round(marked, 3), f"{100 * marked:.0f} %"),
        "before": Number(round(before, 3), f"{100 * before:.0f} %"),
        "overlap": Number(round(agree, 3), f"{agree:.2f}"),
    }


def bars(gates: Tensor) -> Bars:
    """Draw the gates of a block."""
    opened = f"{gates.numel()} gates, {(gates > 0.5).sum()} of them more than half open."
    return Bars([round(gate, 2) for gate in gates.flatten().tolist()], 0, 1, opened)


def used(setting: Setting) -> Data:
    """Give the gates that the block is given."""
    if setting["block"] == ALL:
        return {"missing": "All ten blocks are given their gates. Choose one of them to see these."}
    return {"used": bars(given_gates(setting["donor"])[str(setting["block"])])}


def own(setting: Setting) -> Data:
    """Give the gates that the block computes for the photograph itself."""
    if setting["block"] == ALL:
        return {"missing": ""}
    return {"own": bars(own_gates()[str(setting["block"])][photograph_index(setting)])}


def table(setting: Setting) -> Data:
    """Give the overlap for every photograph and block."""
    found = torch.stack([overlap(own_masks(), donated(setting["donor"], block)) for block in BLOCK.values])
    heads = {ALL: "all", **{name: str(at + 1) for at, name in enumerate(BLOCKS)}}
    rows = {
        name: [Number(round(cell, 3), f"{cell:.0%}") for cell in found[:, index].tolist()]
        for index, name in enumerate(names())
    }
    return {"table": Table("gates given to block", heads, rows)}


CODE = Code(
    """\
from gate_by_gate.photographs import photographs
from gate_by_gate.explorers.whose_gates import given_gates
from gate_by_gate.segmenter import selfie_segmenter
from gate_by_gate.segmenter.interventions import BLOCKS, overlap, segment_with

network, pictures = selfie_segmenter(), photographs()
masks = segment_with(network, pictures, given_gates({donor}), {blocks})
agreement = overlap(network(pictures), masks)[{photograph}]
""",
    {"blocks": ("block", lambda block: "BLOCKS" if block == ALL else f"[{block!r}]")},
)

DEFINITION = Definition(
    name="whose_gates",
    question="Swap the gates: does the network still find the person?",
    controls=(PHOTOGRAPH, DONOR, BLOCK),
    panels=(
        Panel(
            "mask",
            "One photograph",
            (
                Part(
                    "numbers",
                    ("photograph", "donor", "block"),
                    (
                        Item("marked", Number, "marked"),
                        Item("before", Number, "own gates"),
                        Item("overlap", Number, "overlap"),
                    ),
                    numbers,
                    "line",
                ),
                Part("mask", ("photograph", "donor", "block"), (Item("mask", Cutout),), mask, "main"),
                Part(
                    "used", ("donor", "block"), (Item("used", Bars, "the gates it is given"),), used, "side"
                ),
                Part(
                    "own",
                    ("photograph", "block"),
                    (Item("own", Bars, "those it computes itself"),),
                    own,
                    "side",
                ),
            ),
        ),
        Panel(
            "table",
            "Every block",
            (
                Part(
                    "table",
                    ("donor",),
                    (
                        Item(
                            "table",
                            Table,
                            "overlap of each photograph's mask with its own",
                        ),
                    ),
                    table,
                    room=(17.75, 17.75),
                ),
            ),
        ),
    ),
    pictures=PHOTOGRAPHS,
    code=CODE,
)


class WhoseGatesExplorer(Explorer):
    """A network that finds a person, given the gates that it computed for another photograph."""

    definition = DEFINITION
    room = (44.7, 66.2, 67.1)
