"""The self-attention explorer: where a place of the map looks, and what that costs as the map grows."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor, nn

from attn_lib.blocks import BLOCKS
from attn_lib.blocks.arguments import check_choice
from attn_lib.inspection import count_macs, count_parameters
from gate_by_gate.explorers.shared.samples import (
    IMAGE_SIDE,
    PICTURES,
    image_control,
    image_index,
    observe,
    under,
)
from gate_by_gate.explorers.shared.setting_names import BLOCK_NAMES, FAMILIES
from gate_by_gate.explorers.shared.trained import READING, Trained
from gate_by_gate.widgets.controls import Control, Value, place
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting, some_of
from gate_by_gate.widgets.items.chart import Axis, Chart, Here, HereBy, Line, Point
from gate_by_gate.widgets.items.encoded import round_off
from gate_by_gate.widgets.items.heatmap import Heatmap
from gate_by_gate.widgets.items.number import Number, count
from gate_by_gate.widgets.live import Explorer
from gate_by_gate.widgets.snippets import Code
from gate_by_gate.widgets.wording import amount

__all__ = ["DEFINITION", "SelfAttentionExplorer"]

TRAINED_HEADS = (1, 2, 4)
HEADS_SHOWN = tuple(range(1, max(TRAINED_HEADS) + 1))
"""The heads that a network may have, counted from 1."""

GRID = (5, 5)
"""Rows and columns of the squares that a reader can pick: one for each place of the last stage. An earlier
stage has more places, and each square stands for one of them."""

HEADS = Control("heads", "heads", TRAINED_HEADS, 2, "choice")
IMAGE = image_control("image", "test image", 1)
STAGE = Control("stage", "stage", (2, 3), 2, "choice", ("2 (10 × 10)", "3 (5 × 5)"))
HEAD = Control(
    "head",
    "shown",
    HEADS_SHOWN,
    1,
    "choice",
    within=("heads", {heads: tuple(range(1, heads + 1)) for heads in TRAINED_HEADS}),
)
QUERY = place("query", "the place that looks:", GRID, "head", 12)
CHANNELS = Control("channels", "channels C", (16, 32, 64, 128, 256, 512), 256)
SIDE = Control("side", "side of the map", (5, 10, 20, 40, 80), 20)

MEASURES = {"macs": "multiply-accumulates", "bytes": "bytes of its maps", "parameters": "parameters"}
MEASURE = Control("measure", "cost", tuple(MEASURES), "macs", "choice", tuple(MEASURES.values()))

NAMES = {"self_attention": BLOCK_NAMES["self_attention"], **BLOCK_NAMES}
"""The blocks whose costs are drawn, with self-attention first."""

BYTES = 4
"""Bytes of a number in float32."""


def network_name(setting: Setting) -> str:
    """Name the run whose blocks have so many heads."""
    heads = setting["heads"]
    return "self_attention_r2_seed0" if heads == 1 else f"self_attention_num_heads{heads}_r2_seed0"


def why_missing(setting: Setting) -> str:
    """Say why there is nothing to show."""
    return f"No network was trained with {setting['heads']} heads."


SHOWN = Trained(network_name, why_missing)

ANSWER = READING[:2]
"""What the network says of the image, without how often it is right."""


def block_name(stage: Value) -> str:
    """Name the block of a stage.

    Raises:
        ValueError: the control does not offer that stage.
    """
    if stage not in STAGE.values:
        raise ValueError(f"`stage` must be one of {STAGE.values}; got stage={stage!r}")
    return f"layer{stage}.0.attention"


def query_place(query: int, side: int) -> int:
    """Return the index of the place that a square of the grid stands for, on a map ``(side, side)``.

    It is the one in the middle of the square, or, where four meet there, the lower right of them.
    """
    rows, columns = GRID
    row, column = divmod(query, columns)
    return (row * side // rows + side // rows // 2) * side + column * side // columns + side // columns // 2


def rows_of(weights: Tensor) -> Tensor:
    """Take the rows of the queries that the grid offers.

    Shape:
        ``(heads, L, L)`` to ``(heads, queries, H, W)``.
    """
    side = math.isqrt(weights.shape[-1])
    queries = [query_place(query, side) for query in range(len(QUERY.values))]
    return weights[:, queries].unflatten(2, (side, side))


def picked_head(setting: Setting) -> int:
    """Return the head that is shown, counted from 1.

    Raises:
        ValueError: there is no such head.
    """
    if setting["head"] not in HEAD.values:
        raise ValueError(f"`head` must be one of {HEAD.values}; got head={setting['head']!r}")
    return int(setting["head"])


def weights_of(setting: Setting) -> Tensor | None:
    """Return the weights of the picked stage and image, ``(heads, L, L)``; None if there is no network."""
    name, index = block_name(setting["stage"]), image_index(setting)
    observed = observe(network_name(setting))
    return None if observed is None else observed.blocks[name].maps["weights"][index]


def attend(setting: Setting) -> Data:
    """Give every query's row of weights in one head, over the image."""
    weights = weights_of(setting)
    if weights is None:
        return SHOWN.missing(setting)
    rows, head = rows_of(weights), picked_head(setting)
    if len(rows) == 1:
        head = 1
    if head > len(rows):
        return {"missing": f"This network has {len(rows)} heads; there is no head {head}."}
    return {"head": row_maps(rows[head - 1], head, image_index(setting))}


def all_heads(setting: Setting) -> Data:
    """Give the same rows of every head, side by side: None for a head that there is not."""
    weights = weights_of(setting)
    if weights is None:
        return SHOWN.missing(setting)
    rows, image = rows_of(weights), image_index(setting)
    return {
        small_map(head): row_maps(rows[head - 1], head, image, small=True) if head <= len(rows) else None
        for head in HEADS_SHOWN
    }


def small_map(head: int) -> str:
    """Name the item of a head among all of them."""
    return f"head{head}"


def spread(setting: Setting) -> Data:
    """Say over how many places a query spreads its weight."""
    weights = weights_of(setting)
    if weights is None:
        return SHOWN.missing(setting)
    # The number of places with equal weights that have the same entropy; its mean over the queries.
    entropy = -(weights * weights.clamp(min=torch.finfo(weights.dtype).tiny).log()).sum(dim=-1)
    even = round_off(entropy.exp().mean().item())
    return {"spread": Number(even, f"{even:.1f} of {weights.shape[-1]}")}


def row_maps(rows: Tensor, head: int, index: int, *, small: bool = False) -> Heatmap:
    """Give one head's row of weights for every query, each on a scale up to its own largest weight.

    Args:
        rows: the weights, ``(queries, H, W)``.
        head: counted from 1.
        index: the image.
        small: as one of all heads: what the large map explains is not said again, and a click picks the head.
    """
    side = rows.shape[-1]
    pixels = IMAGE_SIDE / side  # from one place to the next
    places = [divmod(query_place(query, side), side) for query in range(len(QUERY.values))]
    over = under(index)
    return Heatmap(
        rows,
        f"head {head}" if small else f"head {head}: where the place at {{}} looks",
        f"Head {head}: where the place at {{}} looks, {rows.shape[-2]} by {side} places. "
        "A frame marks that place, another one the digit.",
        scale=(0.0, [max(row.max().item(), 0.001) for row in rows]),
        over=replace(over, frame="", inset=None) if small else over,
        pick="query",
        spots=[(column * pixels, row * pixels, pixels, pixels) for row, column in places],
        spot="" if small else "the place that looks",
        sets=("head", head) if small else None,
    )


def matrix(setting: Setting) -> Data:
    """Give all weights of the last stage, a row per query, as a mean over the heads."""
    observed = observe(network_name(setting))
    if observed is None:
        return SHOWN.missing(setting)
    weights = observed.blocks[block_name(3)].maps["weights"][image_index(setting)].mean(dim=0)
    length = len(weights)
    return {
        "matrix": Heatmap(
            weights,
            f"stage 3: all {length} × {length} weights",
            f"{length} rows, one for each place that looks, and {length} columns, one for each place that is "
            "looked at; both count the places row by row.",
            scale=(0.0, weights.max().item()),
            axes=("query", "key"),
        )
    }


class Cost(NamedTuple):
    """What one block costs on one map."""

    parameters: int
    macs: int
    map_bytes: int
    """Of all its attention maps in float32, if they are kept."""


def cost(block: str, channels: int, side: int, heads: int) -> Cost:
    """Count the cost of a block with its default settings; ``heads`` is for self-attention alone.

    Raises:
        ValueError: the block refuses its channels or heads.
    """
    return counted(block, channels, side, (("num_heads", heads),) if block == "self_attention" else ())


@cache
def counted(block: str, channels: int, side: int, keywords: tuple[tuple[str, int], ...]) -> Cost:
    """Count the cost of a block with keywords."""
    with torch.device("meta"):  # shapes without memory
        module: nn.Module = BLOCKS[block](channels, **dict(keywords)).eval()
        x = torch.zeros(1, channels, side, side)
    maps = module.attention(x)  # type: ignore[operator]
    numbers = sum(attention.numel() for attention in maps.values())
    return Cost(count_parameters(module).total, count_macs(module, x).total, BYTES * numbers)


def size(setting: Setting) -> Data:
    """Say what self-attention costs on one map."""
    channels, side, heads = (int(setting[name]) for name in ("channels", "side", "heads"))
    own = cost("self_attention", channels, side, heads)
    return {
        "parameters": count(own.parameters),
        "macs": Number(own.macs, amount(own.macs)),
        "bytes": Number(own.map_bytes, amount(own.map_bytes, "B")),
        "length": Number(side * side, f"{side} × {side} = {side * side:,} places"),
    }


def growth(setting: Setting) -> Data:
    """Draw the cost of every block as the map grows."""
    channels, heads, here = (int(setting[name]) for name in ("channels", "heads", "side"))
    sides = [int(side) for side in SIDE.values]
    costs = {
        block: {side: cost(block, channels, side, heads) for side in sorted({*sides, here})}
        for block in NAMES
    }
    axis = Axis(
        "places H × W",
        sides[0] ** 2,
        sides[-1] ** 2,
        [(side**2, f"{side}²") for side in sides],
        log=True,
    )

    def draw(field: str, label: str, low: float, high: float, unit: str) -> Chart:
        ticks = [10.0**power for power in range(round(math.log10(low)), round(math.log10(high)) + 1, 3)]
        of = {block: {side: getattr(one, field) for side, one in row.items()} for block, row in costs.items()}
        own = of["self_attention"]
        largest = {NAMES[block]: amount(row[sides[-1]], unit) for block, row in of.items()}
        return Chart(
            axis,
            Axis(label, low, high, [(tick, amount(int(tick), unit)) for tick in ticks], log=True),
            [
                Line(
                    NAMES[block],
                    [Point(side**2, row[side], (f"{side}²", amount(row[side], unit))) for side in sides],
                    FAMILIES.index(NAMES[block]),
                )
                for block, row in of.items()
            ],
            f"{label} for {channels} channels; at {sides[-1]} × {sides[-1]} places: "
            + ", ".join(f"{block} {value}" for block, value in largest.items())
            + ".",
            here=HereBy(
                "side",
                {
                    side: Here(
                        side**2, own[side], f"{side} × {side}: self-attention {amount(own[side], unit)}"
                    )
                    for side in own
                },
            ),
        )

    return {
        "macs": draw("macs", "multiply-accumulates", 1e1, 1e11, ""),
        "bytes": draw("map_bytes", "bytes of the attention maps", 1e1, 1e10, "B"),
        "parameters": draw("parameters", "parameters", 1e0, 1e6, ""),
    }


def growth_of(setting: Setting) -> Data:
    """Draw one of the costs of every block as the map grows."""
    return {"growth": growth(setting)[check_choice("measure", setting["measure"], tuple(MEASURES))]}


CODE = Code(
    """\
import torch
from attn_lib import SelfAttention2d
from gate_by_gate.explorers.shared.samples import INPUTS, trained_network
from attn_lib.inspection import attention_maps, count_macs, count_parameters

block = SelfAttention2d({channels}, num_heads={heads}).to("meta")  # shapes without memory
parameters = count_parameters(block).total
macs = count_macs(block, torch.zeros(1, {channels}, {side}, {side}, device="meta")).total
maps = attention_maps(trained_network("{network}"), INPUTS[{image}, None])
rows = maps["layer{stage}.0.attention"]["weights"][0, :, {position}]  # a row per head
""",
    {
        "network": ("heads", lambda heads: network_name({"heads": heads})),
        "position": (
            ("stage", "query"),
            lambda stage, query: str(query_place(query, {2: 10, 3: 5}[stage])),
        ),
    },
)

DEFINITION = Definition(
    name="self_attention",
    question="Move the place that looks: where does its weight go?",
    controls=(HEADS, HEAD, STAGE, IMAGE, QUERY, CHANNELS, SIDE, MEASURE),
    panels=(
        Panel(
            "attend",
            "Where a place looks",
            (
                Part(
                    "attend",
                    ("heads", "head", "image", "stage"),
                    (Item("head", Heatmap),),
                    attend,
                    "large",
                    view_controls=("query",),
                    irrelevant_when={"head": ("heads", (1,))},
                ),
                Part(
                    "spread",
                    ("heads", "image", "stage"),
                    (Item("spread", Number, "spreads over places"),),
                    spread,
                    "side",
                ),
                Part(
                    "answer",
                    ("heads", "image"),
                    ANSWER,
                    some_of(SHOWN.read, *(item.name for item in ANSWER)),
                    "side",
                ),
                Part(
                    "heads",
                    ("heads", "image", "stage"),
                    tuple(Item(small_map(head), Heatmap) for head in HEADS_SHOWN),
                    all_heads,
                    "side",
                    view_controls=("query", "head"),
                    holds=("query",),
                ),
            ),
        ),
        Panel(
            "weights",
            "All weights",
            (
                Part("matrix", ("heads", "image"), (Item("matrix", Heatmap),), matrix, "large"),
                Part("reading", ("heads", "image"), READING, SHOWN.read, "side"),
            ),
        ),
        Panel(
            "cost",
            "Cost",
            (
                Part(
                    "size",
                    ("channels", "heads", "side"),
                    (
                        Item("length", Number, "L"),
                        Item("parameters", Number, "parameters"),
                        Item("macs", Number, "multiply-accumulates"),
                        Item("bytes", Number, "weights in float32, if kept"),
                    ),
                    size,
                    "line",
                ),
                Part(
                    "growth",
                    ("channels", "heads", "measure"),
                    (Item("growth", Chart, "one block of each kind, as the map grows"),),
                    growth_of,
                    "full",
                    view_controls=("side",),
                    holds=("measure",),
                ),
            ),
        ),
    ),
    pictures=PICTURES,
    code=CODE,
)


class SelfAttentionExplorer(Explorer):
    """Self-attention: where a place of the map looks, and what that costs as the map grows."""

    definition = DEFINITION
    room = (47.8, 64.3, 64.6)
