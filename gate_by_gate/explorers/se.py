"""The SE explorer: what trained blocks do to an image of the digits experiment, and what a block costs."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from attn_lib.blocks import SE
from attn_lib.blocks.arguments import check_choice
from attn_lib.inspection import count_parameters, trace_shapes
from gate_by_gate import results
from gate_by_gate.explorers.shared.samples import (
    MAP_STAGE,
    PICTURES,
    image_control,
    image_index,
    observe,
    picked_stage,
    under,
)
from gate_by_gate.explorers.shared.trained import READING, Trained
from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.bars import Bars, Sort
from gate_by_gate.widgets.items.encoded import round_off
from gate_by_gate.widgets.items.heatmap import Heatmap
from gate_by_gate.widgets.items.number import Number, count
from gate_by_gate.widgets.items.shapes import Shapes, shape_text
from gate_by_gate.widgets.items.terms import Term, Terms
from gate_by_gate.widgets.live import Explorer
from gate_by_gate.widgets.snippets import Code
from gate_by_gate.widgets.wording import join

__all__ = ["DEFINITION", "SEExplorer"]

TRAINED_REDUCTIONS = (2, 4, 8, 16)
CHANNELS = Control("channels", "channels C", (16, 32, 64, 128, 256, 512, 1024, 2048), 256)
REDUCTION = Control("reduction", "reduction r", TRAINED_REDUCTIONS, 16)
BIAS = Control("bias", "bias", (True, False), True, "choice", ("with", "without"))
IMAGE = image_control("image", "test image", 5)
EXTREMES = {"closed": "most closed", "open": "most open"}
EXTREME = Control("extreme", "channel", tuple(EXTREMES), "closed", "choice", tuple(EXTREMES.values()))
ORDER = Control("order", "bars", ("in place", "sorted"), "sorted", "choice", ("in place", "sorted"))

MAP_SIDE = 14
"""Height and width of the map whose shapes are traced: an SE block's parameters do not depend on it."""

DRAWN_SIDE = 10
"""Most rows and columns of a drawn map: more would cost a page more bytes than they show a reader."""

SYMBOLS = {
    "mlp.fc1.weight": ("W₁", "C/r × C"),
    "mlp.fc1.bias": ("b₁", "C/r"),
    "mlp.fc2.weight": ("W₂", "C × C/r"),
    "mlp.fc2.bias": ("b₂", "C"),
}


def cost(setting: Setting) -> Data:
    """Count parameters term by term, and trace the shape through the block."""
    channels, reduction, bias = (setting[name] for name in ("channels", "reduction", "bias"))
    with torch.device("meta"):  # shapes without memory: a block of 2,048 channels costs nothing to describe
        block = SE(channels, reduction=reduction, bias=bias)  # type: ignore[arg-type]
        convolution = nn.Conv2d(block.channels, block.channels, 3, padding=1, bias=False)
        x = torch.zeros(1, block.channels, MAP_SIDE, MAP_SIDE)
    counted = count_parameters(block)
    total, beside = counted.total, count_parameters(convolution).total
    parameters = {parameter.name: parameter for parameter in counted.parameters}
    rows = [
        Term(
            name,
            label,
            formula,
            # Without bias its rows stay, so that the figure keeps its height while a reader compares.
            shape_text(parameters[name].shape) if name in parameters else "none",
            count(parameters[name].count if name in parameters else 0),
        )
        for name, (label, formula) in SYMBOLS.items()
    ]
    return {
        "parameters": Terms(rows, count(total)),
        "shapes": trace(block, x),
        "share": Number(round(100 * total / beside, 2), f"{100 * total / beside:.2f} % of {beside:,}"),
    }


def trace(block: SE, x: Tensor) -> Shapes:
    """Follow the shape through one call of the block."""
    seen = {record.name: record for record in trace_shapes(block, x)}
    whole, bottleneck = seen[""], seen["mlp"]
    steps = {
        "input x": whole.inputs[0],
        "squeeze: mean over H × W": bottleneck.inputs[0],
        "W₁, then ReLU": seen["mlp.fc1"].outputs[0],
        "W₂": seen["mlp.fc2"].outputs[0],
        "sigmoid: the gates s": whole.maps["channel"],
        "output s · x": whole.outputs[0],
    }
    return Shapes(steps)


def network_name(setting: Setting) -> str:
    """Name the run whose blocks have this reduction and bias."""
    return f"se_r{setting['reduction']}_{'bias' if setting['bias'] else 'nobias'}_seed0"


def why_missing(setting: Setting) -> str:
    """Say why there is nothing to show."""
    trained = join([str(r) for r in TRAINED_REDUCTIONS])
    return f"No network was trained with r = {setting['reduction']}; one was for each r = {trained}."


SHOWN = Trained(network_name, why_missing)


def gates(setting: Setting) -> Data:
    """Give the squeezed vector and the gates of one stage."""
    seen = SHOWN.block(setting)
    if seen is None:
        return SHOWN.missing(setting)
    index = image_index(setting)
    squeezed = seen.input.mean(dim=(2, 3))
    # One scale for all images, so that bars compare from image to image; it always holds zero.
    low, high = round_off(min(squeezed.min().item(), 0)), round_off(max(squeezed.max().item(), 0))
    gate = seen.maps["channel"][index, :, 0, 0]
    order = gate.argsort(descending=True).tolist()
    smallest, mean, largest = (round_off(v.item()) for v in (gate.min(), gate.mean(), gate.max()))
    channels = len(order)
    sort = Sort("order", "sorted", "gates")
    return {
        "gates": Bars(
            gate,
            0,
            1,
            f"{channels} gates between {smallest} and {largest}, mean {mean}. Most open: channels "
            f"{join([str(c) for c in order[:3]])}; most closed: {join([str(c) for c in order[:-4:-1]])}.",
            sort=sort,
        ),
        "squeeze": Bars(
            squeezed[index],
            low,
            high,
            f"Means of {channels} channels over the map, between {round_off(squeezed[index].min().item())} "
            f"and {round_off(squeezed[index].max().item())}.",
            sort=sort,
        ),
    }


def extreme(setting: Setting) -> Data:
    """Give the most closed or the most open channel of one stage, before its gate, over the image."""
    seen = SHOWN.block(setting)
    if seen is None:
        return SHOWN.missing(setting)
    which, index = check_choice("extreme", setting["extreme"], tuple(EXTREMES)), image_index(setting)
    gate = seen.maps["channel"][index, :, 0, 0]
    channel = int(gate.argmin() if which == "closed" else gate.argmax())
    return {"map": feature_map(seen.input[index], channel, gate, which, index)}


def by_class(setting: Setting) -> Data:
    """Give the mean gate of every channel for each digit, over all test images."""
    stage, name = picked_stage(setting), network_name(setting)
    if observe(name) is None:
        return SHOWN.missing(setting)
    means = results.class_gates(name)[f"layer{stage}.0.attention"]
    # One number for how much a gate depends on the digit: its spread over the ten means, averaged over gates.
    spread = round_off(means.std(dim=0, correction=0).mean().item())
    apart = (means.amax(dim=0) - means.amin(dim=0)).argmax().item()
    ends = means[:, int(apart)]
    return {
        "classes": Heatmap(
            means,
            "mean gate of each channel, left to right, for the digits 0 to 9, top to bottom; all test images",
            f"Ten rows, one per digit, and {means.shape[1]} columns, one per channel. A gate's means differ "
            f"by {spread} in the mean, and most for channel {apart}: from {round_off(ends.min().item())} for "
            f"a {ends.argmin().item()} to {round_off(ends.max().item())} for a {ends.argmax().item()}.",
            scale=(0.0, 1.0),
            axes=("digit", "channel"),
        ),
        "between": Number(spread, f"{spread:.3f}"),
    }


def feature_map(maps: Tensor, channel: int, gates: Tensor, which: str, index: int) -> Heatmap:
    """Draw one channel before its gate, over the image.

    Args:
        maps: what the block received for the image, ``(C, H, W)``; a map of more than ``DRAWN_SIDE`` rows is
            averaged down to these.
        channel: which of them.
        gates: ``(C,)``.
        which: what is special about its gate: one of ``EXTREMES``.
        index: the image.
    """
    values = maps[channel]
    drawn = values[None] if values.shape[0] <= DRAWN_SIDE else adaptive_avg_pool2d(values[None], DRAWN_SIDE)
    _, rows, columns = drawn.shape
    row, column = divmod(int(drawn.argmax()), columns)
    gate = gates[channel].item()
    return Heatmap(
        drawn[0],
        f"{EXTREMES[which]}: channel {channel}, gate {gate:.3f}",
        f"Channel {channel} before its gate of {gate:.3f}, drawn over the image with {rows} by {columns} "
        f"places; largest at row {row}, column {column}.",
        over=under(index),
    )


CODE = Code(
    """\
from attn_lib import SE
from gate_by_gate import results
from gate_by_gate.explorers.shared.samples import INPUTS, trained_network
from attn_lib.inspection import attention_maps, count_parameters

parameters = count_parameters(SE({channels}, reduction={reduction}, bias={bias})).total
maps = attention_maps(trained_network("se_r{reduction}_{kind}_seed0"), INPUTS[{image}, None])
gates = maps["layer{stage}.0.attention"]["channel"].flatten()
classes = results.class_gates("se_r{reduction}_{kind}_seed0")["layer{stage}.0.attention"]  # digit by digit
""",
    {"kind": ("bias", lambda bias: "bias" if bias else "nobias")},
)

NETWORK = ("reduction", "bias")
HERE = (*NETWORK, "image", "stage")

DEFINITION = Definition(
    name="se",
    question="Halve r: what happens to the gates, and to the answer?",
    controls=(REDUCTION, BIAS, CHANNELS, MAP_STAGE, EXTREME, ORDER, IMAGE),
    panels=(
        Panel(
            "gates",
            "One image",
            (
                Part("map", (*HERE, "extreme"), (Item("map", Heatmap),), extreme, "main", holds=("extreme",)),
                Part("reading", (*NETWORK, "image"), READING, SHOWN.read, "side"),
                Part(
                    "gates",
                    HERE,
                    (
                        Item("gates", Bars, "the gate of each channel, s"),
                        Item("squeeze", Bars, "from the mean of each channel, z"),
                    ),
                    gates,
                    "side",
                    view_controls=("order",),
                    holds=("order",),
                ),
            ),
        ),
        Panel(
            "classes",
            "All images",
            (
                Part(
                    "classes",
                    (*NETWORK, "stage"),
                    (
                        Item("classes", Heatmap),
                        Item("between", Number, "spread of a gate between the digits' means"),
                    ),
                    by_class,
                    "full",
                ),
            ),
        ),
        Panel(
            "cost",
            "Cost",
            (
                Part(
                    "cost",
                    ("channels", *NETWORK),
                    (
                        Item("parameters", Terms, "parameters"),
                        Item(
                            "shapes",
                            Shapes,
                            f"shape after every step, for one map of {MAP_SIDE} × {MAP_SIDE}",
                        ),
                        Item("share", Number, "as a share of one 3 × 3 convolution of this width"),
                    ),
                    cost,
                ),
            ),
        ),
    ),
    pictures=PICTURES,
    code=CODE,
)


class SEExplorer(Explorer):
    """Squeeze-and-Excitation: what a trained block does to an image, and what a block costs."""

    definition = DEFINITION
    room = (45.2, 75.0, 75.9)
