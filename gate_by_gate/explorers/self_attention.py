"""The self-attention explorer: where a position of the map looks, and what that costs as the map grows."""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor, nn

from attn_lib.blocks import BLOCKS
from attn_lib.inspection import count_macs, count_parameters
from gate_by_gate.explorers.shared.samples import (
    IMAGE_SIDE,
    PICTURES,
    describe,
    image_control,
    image_index,
    observe,
)
from gate_by_gate.explorers.shared.setting_names import BLOCK_NAMES
from gate_by_gate.explorers.shared.trained import READING, Trained
from gate_by_gate.widgets.controls import Control, Value, place
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.chart import Axis, Chart, Here, HereBy, Line, Point
from gate_by_gate.widgets.items.encoded import round_off
from gate_by_gate.widgets.items.heatmap import Heatmap
from gate_by_gate.widgets.items.marks import Under
from gate_by_gate.widgets.items.number import Number, count
from gate_by_gate.widgets.live import Explorer
from gate_by_gate.widgets.snippets import Code
from gate_by_gate.widgets.wording import amount

__all__ = ["DEFINITION", "SelfAttentionExplorer"]

TRAINED_HEADS = (1, 2, 4)
GRID = (5, 5)
"""Rows and columns of the squares that a reader can pick: one for each position of the last stage. An earlier
stage has more positions, and each square stands for one of them."""

HEADS = Control("heads", "heads", TRAINED_HEADS, 1, "choice")
IMAGE = image_control("image", "test image", 0)
STAGE = Control("stage", "stage of the network", (2, 3), 2, "choice", ("2 (10 × 10)", "3 (5 × 5)"))
QUERY = place("query", "query (click, or arrow keys)", GRID, "image", 12)
CHANNELS = Control("channels", "channels C", (16, 32, 64, 128, 256, 512), 256)
SIDE = Control("side", "height and width of the map", (5, 10, 20, 40, 80), 20)

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


def block_name(stage: Value) -> str:
    """Name the block of a stage.

    Raises:
        ValueError: the control does not offer that stage.
    """
    if stage not in STAGE.values:
        raise ValueError(f"`stage` must be one of {STAGE.values}; got stage={stage!r}")
    return f"layer{stage}.0.attention"


def query_position(query: int, side: int) -> int:
    """Return the index of the position that a square of the grid stands for, on a map ``(side, side)``.

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
    queries = [query_position(query, side) for query in range(len(QUERY.values))]
    return weights[:, queries].unflatten(2, (side, side))


def attend(setting: Setting) -> Data:
    """Give every query's row of weights, head by head, over the image."""
    name, index = block_name(setting["stage"]), image_index(setting)
    observed = observe(network_name(setting))
    if observed is None:
        return SHOWN.missing(setting)
    weights = observed.blocks[name].maps["weights"][index]
    rows = rows_of(weights)
    side = rows.shape[-1]
    pixels = IMAGE_SIDE / side  # from one position to the next
    squares = [divmod(query_position(query, side), side) for query in range(len(QUERY.values))]
    data: Data = {
        f"head{head}": None if head > len(rows) else row_maps(rows[head - 1], head, index, squares, pixels)
        for head in range(1, max(TRAINED_HEADS) + 1)
    }
    # The number of positions with equal weights that have the same entropy; its mean over the queries.
    entropy = -(weights * weights.clamp(min=torch.finfo(weights.dtype).tiny).log()).sum(dim=-1)
    spread = round_off(entropy.exp().mean().item())
    data["spread"] = Number(spread, f"{spread:.1f} of {weights.shape[-1]} places")
    return data


def row_maps(rows: Tensor, head: int, index: int, squares: list[tuple[int, int]], pixels: float) -> Heatmap:
    """Give one head's row of weights for every query, each on a scale up to its own largest weight.

    Args:
        rows: the weights, ``(queries, H, W)``.
        head: counted from 1.
        index: the image.
        squares: row and column of each query on the map.
        pixels: from one position to the next, in the image.
    """
    return Heatmap(
        rows,
        f"head {head}: weights of {{}}",
        f"Head {head}: where the query at {{}} looks, {rows.shape[-2]} by {rows.shape[-1]} places. "
        "A frame marks the query, another one the digit.",
        scale=(0.0, [max(row.max().item(), 0.001) for row in rows]),
        over=Under(index, describe(index)["box"], frame="the digit"),
        pick="query",
        spots=[(column * pixels, row * pixels, pixels, pixels) for row, column in squares],
        spot="the query",
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
            f"stage 3: all {length} × {length} weights, mean over heads",
            f"{length} rows, one per query, and {length} columns; the row of {{}} is framed.",
            scale=(0.0, weights.max().item()),
            axes=("query", "key"),
            pick="query",
            spots=[(0, query, length, 1) for query in range(length)],
            spot="the query's row",
        )
    }


class Cost(NamedTuple):
    """What one block costs on one map."""

    parameters: int
    macs: int
    map_bytes: int
    """Of all its attention maps in float32, if they are kept."""


@cache
def cost(block: str, channels: int, side: int, heads: int) -> Cost:
    """Count the cost of a block with its default settings; ``heads`` is for self-attention alone.

    Raises:
        ValueError: the block refuses its channels or heads.
    """
    keywords = {"num_heads": heads} if block == "self_attention" else {}
    with torch.device("meta"):  # shapes without memory
        module: nn.Module = BLOCKS[block](channels, **keywords).eval()
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
            lambda stage, query: str(query_position(query, {2: 10, 3: 5}[stage])),
        ),
    },
)

DEFINITION = Definition(
    name="self_attention",
    question="Move the place that looks: where does it look?",
    controls=(IMAGE, QUERY, HEADS, STAGE, CHANNELS, SIDE),
    panels=(
        Panel(
            "attend",
            "Where a place looks",
            (
                Part(
                    "attend",
                    ("heads", "image", "stage"),
                    (
                        *(Item(f"head{head}", Heatmap) for head in range(1, max(TRAINED_HEADS) + 1)),
                        Item("spread", Number, "a query spreads, in the mean, over"),
                    ),
                    attend,
                    "cards",
                    view_controls=("query",),
                ),
                Part(
                    "matrix",
                    ("heads", "image"),
                    (Item("matrix", Heatmap),),
                    matrix,
                    "main",
                    view_controls=("query",),
                ),
                Part(
                    "reading",
                    ("heads", "image"),
                    READING,
                    SHOWN.read,
                    "side",
                ),
            ),
        ),
        Panel(
            "cost",
            "What it costs as the map grows",
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
                ),
                Part(
                    "growth",
                    ("channels", "heads"),
                    (
                        Item("macs", Chart, "multiply-accumulates of one block on one map"),
                        Item("bytes", Chart, "attention maps in float32, if they are kept"),
                        Item("parameters", Chart, "parameters of one block"),
                    ),
                    growth,
                    view_controls=("side",),
                ),
            ),
        ),
    ),
    pictures=PICTURES,
    code=CODE,
)


class SelfAttentionExplorer(Explorer):
    """Self-attention: where a position of the map looks, and what that costs as the map grows."""

    definition = DEFINITION
