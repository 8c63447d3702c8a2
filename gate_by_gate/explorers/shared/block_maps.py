"""How the maps of a block are drawn for a picture: gates of channels, gates of places, and weights."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from attn_lib.interventions import Maps
from gate_by_gate.widgets.definition import Data
from gate_by_gate.widgets.items.bars import Bars
from gate_by_gate.widgets.items.heatmap import Heatmap
from gate_by_gate.widgets.items.marks import Under
from gate_by_gate.widgets.items.strips import Strips

__all__ = ["draw_channel_gates", "draw_spatial_gates", "hundredths", "looks_from"]

MOST_COLUMNS = 15
"""Most columns of a drawn map: more would cost a page more bytes than they show a reader."""


def hundredths(values: Tensor) -> Tensor:
    """Round to two decimals, which is what a bar shows."""
    return (100 * values).round() / 100


def of_picture(values: Tensor, index: int) -> Tensor:
    """Return the entry of one picture; where there is a single entry, it is that of every picture."""
    return values[index if len(values) > 1 else 0]


def channel_gates(maps: Maps, index: int) -> Tensor:
    """Return one gate for every channel, ``(C,)``: the mean over all places where they differ."""
    if "combined" in maps:
        gates = maps["combined"]
    elif "channel" in maps:
        gates = maps["channel"]
    else:
        sides = [maps[side] for side in ("height", "width") if side in maps]
        gates = sides[0] if len(sides) == 1 else sides[0] * sides[1]
    return of_picture(gates, index).mean(dim=(1, 2))


def draw_channel_gates(maps: Maps, other: Maps | None, index: int) -> Data:
    """Draw the gates of the channels, with a line at those for another picture.

    Args:
        maps: the maps of a block.
        other: those for the other pictures, or None.
        index: the picture.
    """
    if "weights" in maps:
        return {"missing": "Self-attention has no gates: each place adds what it looks up at others."}
    gates = hundredths(channel_gates(maps, index))
    ends = f"{gates.min().item():.2f} and {gates.max().item():.2f}"
    before = None if other is None else hundredths(channel_gates(other, index))
    return {"gates": Bars(gates, 0, 1, f"{len(gates)} gates between {ends}.", before=before)}


def draw_spatial_gates(maps: Maps, gates: Tensor | None, index: int, over: Under, whose: str) -> Data:
    """Draw the gates of the places over a picture, or two strips and their product.

    Args:
        maps: the maps of a block with gates.
        gates: one number for every place, ``(N, H, W)``, or None if the maps tell no places apart.
        index: the picture.
        over: the picture with its marks.
        whose: how the captions begin.
    """
    if gates is None:
        return {"missing": "These gates are the same at every place: there is no map."}
    drawn, (height, width) = of_picture(gates, index), gates.shape[1:]
    while drawn.shape[-1] > MOST_COLUMNS:
        drawn = avg_pool2d(drawn[None], 2)[0]
    alt = f"Gates of {height} by {width} places, the mean over the channels, in {len(drawn)} rows."
    if not {"height", "width"} <= maps.keys():
        return {"map": Heatmap(drawn, f"{whose}gates of places", alt, over=over), "strips": None}
    rows, columns = (
        of_picture(maps[side], index).mean(dim=0).flatten().unflatten(0, (length, -1)).mean(dim=1)
        for side, length in zip(("height", "width"), drawn.shape, strict=True)
    )
    return {
        "map": None,
        "strips": Strips(rows, columns, f"{whose}rows × columns", alt, product=drawn, over=over),
    }


def looks_from(weights: Tensor, index: int, query: tuple[int, int], sides: tuple[int, int]) -> Tensor:
    """Return where one place looks, ``(H, W)``, the mean over the heads.

    Args:
        weights: ``(N, heads, L, L)``.
        index: the picture.
        query: row and column of the place.
        sides: H and W.
    """
    row: Tensor = of_picture(weights, index).mean(dim=0)[query[0] * sides[1] + query[1]]
    return torch.unflatten(row, 0, sides)
