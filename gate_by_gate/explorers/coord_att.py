"""The CoordAtt explorer: what a block costs, and what the two strips of trained blocks do to an image."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from attn_lib.blocks import CoordAtt
from attn_lib.blocks.arguments import check_choice
from attn_lib.inspection import BlockRecord, trace_shapes
from gate_by_gate.explorers.shared.costs import terms_by_layer
from gate_by_gate.explorers.shared.image_maps import coarse, feature_map, pointing
from gate_by_gate.explorers.shared.samples import MAP_STAGE as STAGE
from gate_by_gate.explorers.shared.samples import (
    PICTURES,
    image_control,
    image_index,
    under,
)
from gate_by_gate.explorers.shared.trained import READING, Trained
from gate_by_gate.widgets.controls import Control, Value
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.encoded import round_off
from gate_by_gate.widgets.items.heatmap import Heatmap
from gate_by_gate.widgets.items.number import Number
from gate_by_gate.widgets.items.shapes import Shapes
from gate_by_gate.widgets.items.strips import Strips
from gate_by_gate.widgets.items.terms import Terms
from gate_by_gate.widgets.live import Explorer
from gate_by_gate.widgets.snippets import Code

__all__ = ["DEFINITION", "CoordAttExplorer"]

STRIP_NAMES = {"both": "both, as published", "height": "rows alone, r = 4", "width": "columns alone, r = 4"}
"""Which strips gate: the paper's table 1."""

SETTINGS_OF_ONE_STRIP = {"height": "coord_att_strip_r4", "width": "coord_att_strip_width_r4"}
"""The trained settings with one strip alone; all of them have r = 4."""

CHANNEL_NAMES = {
    "mean": "the mean of all",
    "most": "the one that varies most",
    "least": "the one that varies least",
}

CHANNELS = Control("channels", "channels C", (16, 32, 64, 128, 256, 512, 1024, 2048), 256)
REDUCTION = Control("reduction", "reduction r", (2, 4, 8), 4)
STRIPS = Control("strips", "strips", tuple(STRIP_NAMES), "both", "menu", tuple(STRIP_NAMES.values()))
CHANNEL = Control("channel", "channel", tuple(CHANNEL_NAMES), "most", "menu", tuple(CHANNEL_NAMES.values()))
IMAGE = image_control("image", "test image", 6)

MAP_SIDE = 14
"""Height and width of the map whose shapes are traced: the parameters do not depend on it."""

LAYERS = {
    "reduce": ("F₁, shared", "m × C + m"),
    "norm": ("norm", "m + m"),
    "height": ("F_h: rows", "C × m + C"),
    "width": ("F_w: columns", "C × m + C"),
}


def cost(setting: Setting) -> Data:
    """Count parameters layer by layer, and trace the shape through the block."""
    with torch.device("meta"):  # shapes without memory: a block of 2,048 channels costs nothing to describe
        block = CoordAtt(setting["channels"], reduction=setting["reduction"])  # type: ignore[arg-type]
        x = torch.zeros(1, block.channels, MAP_SIDE, MAP_SIDE)
    hidden, wanted = block.reduce.out_channels, block.channels // block.reduction
    least = f"{hidden}, the least allowed: C/r is {wanted}"
    return {
        "parameters": terms_by_layer(block, LAYERS),
        "hidden": Number(hidden, f"{hidden} = C/r" if hidden == wanted else least),
        "shapes": trace(block, x),
    }


def trace(block: CoordAtt, x: Tensor) -> Shapes:
    """Follow the shape through one call of the block."""
    seen = {record.name: record for record in trace_shapes(block, x)}
    whole = seen[""]
    steps = {
        "input x": whole.inputs[0],
        "means of rows and of columns, one strip": seen["reduce"].inputs[0],
        "F₁, norm, hard swish": seen["reduce"].outputs[0],
        "cut: the rows' part": seen["height"].inputs[0],
        "F_h, sigmoid: gates of rows": whole.maps["height"],
        "cut: the columns' part": seen["width"].inputs[0],
        "F_w, sigmoid: gates of columns": whole.maps["width"],
        "output x · gʰ · gʷ": whole.outputs[0],
    }
    return Shapes(steps)


def setting_name(chosen: Value, reduction: Value) -> str:
    """Name the setting that is shown: one strip alone was trained with one r."""
    return SETTINGS_OF_ONE_STRIP.get(str(chosen), f"coord_att_r{reduction}")


def network_name(setting: Setting) -> str:
    """Name the run that a setting shows.

    Raises:
        ValueError: there are no such strips.
    """
    chosen = check_choice("strips", setting["strips"], tuple(STRIP_NAMES))
    return f"{setting_name(chosen, setting['reduction'])}_seed0"


def why_missing(setting: Setting) -> str:
    """Say why there is nothing to show."""
    return f"No network was trained with r = {setting['reduction']}; one was for each r = 2, 4 and 8."


SHOWN = Trained(network_name, why_missing)


def pick_channel(which: Value, gates: Tensor) -> int | None:
    """Return the channel that a value of the control means; None for the mean of all.

    Shape:
        ``gates`` is ``(C, H, W)``: the gate of every channel and place.

    Raises:
        ValueError: the control has no such value.
    """
    check_choice("channel", which, tuple(CHANNEL_NAMES))
    if which == "mean":
        return None
    spread = gates.flatten(1).std(dim=1)
    return int(spread.argmax() if which == "most" else spread.argmin())


class Gates(NamedTuple):
    """The gates of one image: of one channel, or averaged over all.

    Attributes:
        height: ``(H, 1)``, 1 where rows have no gate.
        width: ``(1, W)``, 1 where columns have no gate.
        product: ``(H, W)``, of both; for the mean, the mean of the channels' products.
        of: the channel that they are of, in words.
    """

    height: Tensor
    width: Tensor
    product: Tensor
    of: str


def gates_of(setting: Setting, seen: BlockRecord) -> Gates:
    """Return the gates that a setting shows."""
    index = image_index(setting)
    _, channels, rows, columns = seen.input.shape
    one = torch.ones(())
    height = seen.maps["height"][index] if "height" in seen.maps else one.expand(channels, rows, 1)
    width = seen.maps["width"][index] if "width" in seen.maps else one.expand(channels, 1, columns)
    product = height * width
    channel = pick_channel(setting["channel"], product)
    if channel is None:
        return Gates(height.mean(dim=0), width.mean(dim=0), product.mean(dim=0), "mean over C")
    return Gates(height[channel], width[channel], product[channel], f"channel {channel}")


def cross(setting: Setting) -> Data:
    """Draw the strips along the edges of the image and the gate that they make of it."""
    seen = SHOWN.block(setting)
    if seen is None:
        return SHOWN.missing(setting)
    return {"strips": draw(gates_of(setting, seen), image_index(setting))}


def spans(setting: Setting) -> Data:
    """Say between which values the gates lie, and whether their product points at the digit."""
    seen = SHOWN.block(setting)
    if seen is None:
        return SHOWN.missing(setting)
    height, width, product, _ = gates_of(setting, seen)
    return {
        "rows": Number(round_off((height.max() - height.min()).item()), span(height)),
        "columns": Number(round_off((width.max() - width.min()).item()), span(width)),
        "points": pointing(product, image_index(setting)),
    }


def draw(gates: Gates, index: int) -> Strips:
    """Draw the strips and the gate on one scale.

    The mean of the channels' products is not the product of their means, so the map is given and not made
    from the strips.
    """
    rows, columns = gates.product.shape
    row, column = divmod(int(gates.product.argmax()), columns)
    caption = f"rows × columns, {gates.of}"
    alt = (
        f"Gates of rows between {span(gates.height)}, of columns between {span(gates.width)}, and their "
        f"product over the image, between {span(gates.product)}, largest at row {row}, column {column} of "
        f"{rows} by {columns}; {gates.of}."
    )
    # The strips become coarse as the map does.
    height = coarse(gates.height.expand(rows, columns))[:, 0]
    width = coarse(gates.width.expand(rows, columns))[0]
    return Strips(height, width, caption, alt, product=coarse(gates.product), over=under(index))


def span(values: Tensor) -> str:
    """Write the smallest and the largest value."""
    return f"{values.min().item():.3f} and {values.max().item():.3f}"


def features(setting: Setting) -> Data:
    """Give the map before and after the block, averaged over the channels."""
    seen = SHOWN.block(setting)
    if seen is None:
        return SHOWN.missing(setting)
    index = image_index(setting)
    before, after = seen.input[index].mean(dim=0), seen.output[index].mean(dim=0)
    return {
        "before": feature_map(before, "before: x, mean over C", "The input, mean over the channels"),
        "after": feature_map(after, "after: output, mean over C", "The output, mean over the channels"),
    }


CODE = Code(
    """\
from attn_lib import CoordAtt
from gate_by_gate.explorers.shared.samples import INPUTS, trained_network
from attn_lib.inspection import attention_maps, count_parameters

parameters = count_parameters(CoordAtt({channels}, reduction={reduction})).total
maps = attention_maps(trained_network("{trained}_seed0"), INPUTS[{image}, None])
gates = maps["layer{stage}.0.attention"]
""",
    {"trained": (("strips", "reduction"), setting_name)},
)

NETWORK = ("strips", "reduction")
WHILE_ONE_STRIP: dict[str, tuple[str, tuple[Value, ...]]] = {"reduction": ("strips", ("height", "width"))}

HERE = (*NETWORK, "image", "stage", "channel")

DEFINITION = Definition(
    name="coord_att",
    question="Pick a channel: where do its row and column gates meet?",
    controls=(REDUCTION, STRIPS, CHANNEL, CHANNELS, IMAGE, STAGE),
    panels=(
        Panel(
            "gates",
            "One image",
            (
                Part(
                    "cross",
                    HERE,
                    (Item("strips", Strips),),
                    cross,
                    "main",
                    irrelevant_when=WHILE_ONE_STRIP,
                ),
                Part(
                    "reading",
                    (*NETWORK, "image"),
                    READING,
                    SHOWN.read,
                    "side",
                    irrelevant_when=WHILE_ONE_STRIP,
                ),
                Part(
                    "spans",
                    HERE,
                    (
                        Item("rows", Number, "row gates between"),
                        Item("columns", Number, "column gates between"),
                        Item("points", Number, "the peak is"),
                    ),
                    spans,
                    "side",
                    irrelevant_when=WHILE_ONE_STRIP,
                ),
                Part(
                    "features",
                    (*NETWORK, "image", "stage"),
                    (Item("before", Heatmap), Item("after", Heatmap)),
                    features,
                    "side",
                    irrelevant_when=WHILE_ONE_STRIP,
                ),
            ),
        ),
        Panel(
            "cost",
            "Cost",
            (
                Part(
                    "cost",
                    ("channels", "reduction"),
                    (
                        Item("parameters", Terms, "parameters"),
                        Item(
                            "shapes",
                            Shapes,
                            f"shape after every step, for one map of {MAP_SIDE} × {MAP_SIDE}",
                        ),
                        Item("hidden", Number, "hidden width m = max(8, C/r)"),
                    ),
                    cost,
                ),
            ),
        ),
    ),
    pictures=PICTURES,
    code=CODE,
)


class CoordAttExplorer(Explorer):
    """Coordinate Attention: what a block costs, and the two strips of a trained one over an image."""

    definition = DEFINITION
    room = (43.0, 77.2, 77.8)
