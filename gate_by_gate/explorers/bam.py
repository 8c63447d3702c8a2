"""The BAM explorer: what a block costs, how far its spatial branch looks, and what trained blocks do."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor, nn

from attn_lib.blocks import BAM
from attn_lib.blocks.arguments import check_choice, check_int
from attn_lib.inspection import trace_shapes
from gate_by_gate.explorers.shared.costs import terms_by_layer
from gate_by_gate.explorers.shared.image_maps import feature_map, map_over_image, pixel, pointing
from gate_by_gate.explorers.shared.samples import (
    EIGHT_IMAGES,
    IMAGE_SIDE,
    PICTURES,
    describe,
    image_control,
    image_index,
    picked_stage,
    samples,
)
from gate_by_gate.explorers.shared.samples import MAP_STAGE as STAGE
from gate_by_gate.explorers.shared.trained import READING, Trained
from gate_by_gate.widgets.controls import Control, Value
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting, some_of
from gate_by_gate.widgets.items.bars import Bars
from gate_by_gate.widgets.items.encoded import round_off
from gate_by_gate.widgets.items.heatmap import Heatmap
from gate_by_gate.widgets.items.marks import Dots, Mark, Rectangle
from gate_by_gate.widgets.items.number import Number
from gate_by_gate.widgets.items.picture import Picture
from gate_by_gate.widgets.items.shapes import Shapes
from gate_by_gate.widgets.items.terms import Terms
from gate_by_gate.widgets.live import Explorer
from gate_by_gate.widgets.snippets import Code

__all__ = ["DEFINITION", "BAMExplorer"]

COMBINATIONS = {
    "sum": "their sum (published)",
    "product": "their product, r = d = 4",
    "max": "their maximum, r = d = 4",
    "channel": "the channel's alone, r = d = 4",
    "spatial": "the spatial alone, r = d = 4",
}
"""How the branches are combined into one gate, in the paper's ablation."""

PUBLISHED_DILATION = 4
OTHERS_TRAINED_AT = 4
"""The reduction that the other combinations were trained with, at the published dilation."""

CHANNELS = Control("channels", "channels C", (16, 32, 64, 128, 256, 512, 1024, 2048), 256)
REDUCTION = Control("reduction", "reduction r", (4, 8, 16), 4)
DILATION = Control("dilation", "dilation d", (1, 2, 4), 4)
COMBINE = Control(
    "combine",
    "branches",
    tuple(COMBINATIONS),
    "sum",
    "menu",
    tuple(COMBINATIONS.values()),
)
IMAGE = image_control("image", "test image", 5, images=EIGHT_IMAGES)

MAP_SIDE = 14
"""Height and width of the map whose shapes are traced: the parameters do not depend on it."""

LAYERS = {
    "channel.fc1": ("a: down", "m × C + m"),
    "channel.norm": ("a: norm", "m + m"),
    "channel.fc2": ("a: up", "C × m + C"),
    "spatial.reduce": ("b: down", "m × C + m"),
    "spatial.norm1": ("b: norm", "m + m"),
    "spatial.context1": ("b: 3 × 3", "9 × m² + m"),
    "spatial.norm2": ("b: norm", "m + m"),
    "spatial.context2": ("b: 3 × 3", "9 × m² + m"),
    "spatial.norm3": ("b: norm", "m + m"),
    "spatial.score": ("b: to one", "m + 1"),
}


def cost(setting: Setting) -> Data:
    """Count parameters layer by layer, and trace the shape through the block."""
    with torch.device("meta"):  # shapes without memory: a block of 2,048 channels costs nothing to describe
        block = BAM(setting["channels"], reduction=setting["reduction"])  # type: ignore[arg-type]
        x = torch.zeros(1, block.channels, MAP_SIDE, MAP_SIDE)
    return {"parameters": terms_by_layer(block, LAYERS), "shapes": trace(block, x)}


def trace(block: BAM, x: Tensor) -> Shapes:
    """Follow the shape through one call of the block."""
    seen = {record.name: record for record in trace_shapes(block, x)}
    whole = seen[""]
    steps = {
        "input x": whole.inputs[0],
        "channel branch: mean over H × W": seen["channel.fc1"].inputs[0],
        "down, norm, ReLU": seen["channel.fc1"].outputs[0],
        "up: channel scores": whole.maps["channel"],
        "spatial branch: 1 × 1, norm, ReLU": seen["spatial.reduce"].outputs[0],
        "3 × 3, norm, ReLU, twice": seen["spatial.context2"].outputs[0],
        "1 × 1: spatial scores": whole.maps["spatial"],
        "their sum, sigmoid: the gate M": whole.maps["combined"],
        "output x + x · M": whole.outputs[0],
    }
    return Shapes(steps)


@cache
def reach(dilation: int) -> tuple[tuple[int, int], ...]:
    """Return the places that one spatial score depends on, as rows and columns away from its own.

    Found by the gradient of the score in the branch's input, with positive weights so that nothing cancels
    and no ReLU closes.
    """
    # The weights drawn here are replaced: no random number of the reader's changes.
    with torch.random.fork_rng(devices=[]):
        branch = BAM(1, reduction=1, dilation=dilation).spatial.eval()
    for layer in branch.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.ones_(layer.weight)
    middle = 2 * dilation + 1  # one place more than the branch can reach on either side
    with torch.enable_grad():
        x = torch.ones(1, 1, 2 * middle + 1, 2 * middle + 1, requires_grad=True)
        [gradient] = torch.autograd.grad(branch(x)[0, 0, middle, middle], x)
    return tuple((row - middle, column - middle) for row, column in gradient[0, 0].nonzero().tolist())


def check_dilation(dilation: object) -> int:
    """Return a dilation whose field can be drawn.

    Raises:
        TypeError: it is not an ``int``.
        ValueError: it is not positive, or larger than an image.
    """
    checked = check_int("dilation", dilation)
    if checked > IMAGE_SIDE:
        raise ValueError(f"`dilation` must be at most {IMAGE_SIDE}, the side of an image; got {checked}")
    return checked


class Field(NamedTuple):
    """What the spatial score in the middle of the digit depends on, in one stage.

    Attributes:
        rows: rows and columns of the map.
        row: of the score.
        column: of the score.
        side: height and width of the square that these places lie in, on the map.
        places: how many places there are, on the map and beyond its border.
        on_map: those on the map, as ``(row, column)``.
    """

    rows: int
    row: int
    column: int
    side: int
    places: int
    on_map: list[tuple[int, int]]

    @property
    def stride(self) -> int:
        """Pixels of the image from one place to the next."""
        return IMAGE_SIDE // self.rows


def field_of(setting: Setting) -> Field:
    """Find the place in the middle of the digit, and what its score depends on."""
    offsets = reach(check_dilation(setting["dilation"]))
    rows = IMAGE_SIDE // 2 ** picked_stage(setting)
    x, y, width, height = samples().boxes[image_index(setting)].tolist()
    middles = (start + length / 2 for start, length in ((y, height), (x, width)))
    row, column = (min(round(middle * rows / IMAGE_SIDE), rows - 1) for middle in middles)
    reached = [(row + down, column + right) for down, right in offsets]
    side = 1 + max(down for down, _ in offsets) - min(down for down, _ in offsets)
    on_map = [(i, j) for i, j in reached if 0 <= i < rows and 0 <= j < rows]
    return Field(rows, row, column, side, len(offsets), on_map)


def field(setting: Setting) -> Data:
    """Draw on the image which places the spatial score in the middle of the digit depends on."""
    found = field_of(setting)
    seen = describe(image_index(setting))
    middle = pixel(found.row, found.column, found.rows)
    half = found.side * found.stride / 2
    left, top = (max(at - half, 0) for at in middle)
    right, bottom = (min(at + half, IMAGE_SIDE) for at in middle)
    marks: list[Mark] = [
        Rectangle(left, top, right - left, bottom - top, "the field, as far as the image"),
        Dots([pixel(row, column, found.rows) for row, column in found.on_map], "places that it reads"),
        Dots([middle], "the place of the score", "spot"),
    ]
    alt = (
        f"{seen.alt} The spatial score at row {found.row}, column {found.column} of a map of {found.rows} by "
        f"{found.rows} reads {len(found.on_map)} places on it, {setting['dilation']} apart."
    )
    return {"picture": replace(seen, marks=marks, alt=alt)}


def extent(setting: Setting) -> Data:
    """Say how large the field is, and how much of it lies on the map."""
    found = field_of(setting)
    pixels = found.side * found.stride
    share = f"{len(found.on_map)} of {found.places}"
    return {
        "side": Number(found.side, f"{found.side} × {found.side} places"),
        "pixels": Number(pixels, f"{pixels} × {pixels}, of {IMAGE_SIDE} × {IMAGE_SIDE}"),
        "reads": Number(
            len(found.on_map),
            f"{share}, rest padding" if len(found.on_map) < found.places else share,
        ),
    }


def setting_name(combine: Value, reduction: Value, dilation: Value) -> str:
    """Name the setting that is shown: all combinations but the sum were trained with one r and one d."""
    if combine != "sum":
        return f"bam_r{OTHERS_TRAINED_AT}_{combine}"
    return f"bam_r{reduction}" + ("" if dilation == PUBLISHED_DILATION else f"_dilation{dilation}")


def network_name(setting: Setting) -> str:
    """Name the run that a setting shows.

    Raises:
        ValueError: the branches are not combined in such a way.
    """
    combine = check_choice("combine", setting["combine"], tuple(COMBINATIONS))
    return f"{setting_name(combine, setting['reduction'], setting['dilation'])}_seed0"


def why_missing(setting: Setting) -> str:
    """Say why there is nothing to show."""
    return (
        f"No network was trained with r = {setting['reduction']} and d = {setting['dilation']}; "
        "one was for each r of 4, 8 and 16 with each d of 1, 2 and 4."
    )


SHOWN = Trained(network_name, why_missing)


def channel_branch(setting: Setting) -> Data:
    """Give the scores of the channel branch."""
    seen = SHOWN.block(setting)
    if seen is None:
        return SHOWN.missing(setting)
    if "channel" in seen.maps:
        scores = seen.maps["channel"][:, :, 0, 0]
    else:
        scores = torch.zeros(seen.input.shape[:2])  # a branch that is left out adds nothing
    mine = scores[image_index(setting)]
    # Scores have no fixed ends; one scale for all images, so that bars compare from image to image.
    low, high = round_off(min(scores.min().item(), 0)), round_off(max(scores.max().item(), 0))
    smallest, largest = round_off(mine.min().item()), round_off(mine.max().item())
    alt = (
        f"Scores of {len(mine)} channels between {smallest} and {largest}; largest in channel "
        f"{int(mine.argmax())}, smallest in channel {int(mine.argmin())}."
    )
    left_out = "The channel branch is left out: it adds nothing."
    return {"channel": Bars(mine, low, high, alt if "channel" in seen.maps else left_out)}


def spatial_branch(setting: Setting) -> Data:
    """Give the scores of the spatial branch, the gate over the image, and the map after it."""
    seen = SHOWN.block(setting)
    if seen is None:
        return SHOWN.missing(setting)
    index = image_index(setting)
    gate = seen.maps["combined"][index].mean(dim=0)
    if "spatial" in seen.maps:
        scores, caption = seen.maps["spatial"][index, 0], "spatial branch: scores"
    else:
        scores, caption = torch.zeros_like(gate), "no spatial branch"
    after = seen.output[index].mean(dim=0)
    return {
        "spatial": feature_map(scores, caption, "The spatial scores"),
        "combined": map_over_image(
            gate, index, "the gate M, mean over C", "The gate, mean over the channels"
        ),
        "after": feature_map(after, "output, mean over C", "The output, mean over the channels"),
    }


def points(setting: Setting) -> Data:
    """Say whether the gate, averaged over the channels, points at the digit."""
    seen = SHOWN.block(setting)
    if seen is None:
        return SHOWN.missing(setting)
    index = image_index(setting)
    return {"points": pointing(seen.maps["combined"][index].mean(dim=0), index)}


CODE = Code(
    """\
from attn_lib import BAM
from gate_by_gate.explorers.shared.samples import INPUTS, trained_network
from attn_lib.inspection import attention_maps, count_parameters

parameters = count_parameters(BAM({channels}, reduction={reduction}, dilation={dilation})).total
maps = attention_maps(trained_network("{trained}_seed0"), INPUTS[{image}, None])
scores = maps["layer{stage}.0.attention"]
combined = scores["combined"][0].mean(dim=0)
""",
    {"trained": (("combine", "reduction", "dilation"), setting_name)},
)

NETWORK = ("combine", "reduction", "dilation")
WHILE_ANOTHER = {
    name: ("combine", tuple(combine for combine in COMBINATIONS if combine != "sum"))
    for name in ("reduction", "dilation")
}

HERE = (*NETWORK, "image", "stage")

DEFINITION = Definition(
    name="bam",
    question="Lower the dilation: does the gate still find the digit?",
    controls=(DILATION, REDUCTION, CHANNELS, COMBINE, IMAGE, STAGE),
    panels=(
        Panel(
            "gates",
            "One image",
            (
                Part(
                    "reading",
                    (*NETWORK, "image"),
                    READING,
                    SHOWN.read,
                    "line",
                    irrelevant_when=WHILE_ANOTHER,
                    room=(3.1, 0),
                ),
                Part(
                    "field",
                    ("dilation", "stage", "image"),
                    (Item("picture", Picture, "what one spatial score reads"),),
                    field,
                    "half",
                ),
                Part(
                    "places",
                    HERE,
                    (Item("combined", Heatmap),),
                    some_of(spatial_branch, "combined"),
                    "half",
                    irrelevant_when=WHILE_ANOTHER,
                ),
            ),
        ),
        Panel(
            "branches",
            "The two branches",
            (
                Part(
                    "spatial",
                    HERE,
                    (Item("spatial", Heatmap),),
                    some_of(spatial_branch, "spatial"),
                    "main",
                    irrelevant_when=WHILE_ANOTHER,
                ),
                Part(
                    "points",
                    HERE,
                    (Item("points", Number, "the peak is"),),
                    points,
                    "side",
                    irrelevant_when=WHILE_ANOTHER,
                ),
                Part(
                    "extent",
                    ("dilation", "stage", "image"),
                    (
                        Item("side", Number, "a spatial score sees"),
                        Item("pixels", Number, "in pixels"),
                        Item("reads", Number, "it reads"),
                    ),
                    extent,
                    "side",
                ),
                Part(
                    "channel",
                    HERE,
                    (Item("channel", Bars, "channel branch: scores"),),
                    channel_branch,
                    "side",
                    irrelevant_when=WHILE_ANOTHER,
                ),
                Part(
                    "after",
                    HERE,
                    (Item("after", Heatmap),),
                    some_of(spatial_branch, "after"),
                    "side",
                    irrelevant_when=WHILE_ANOTHER,
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
                        Item("parameters", Terms, "parameters, with m = C/r"),
                        Item(
                            "shapes",
                            Shapes,
                            f"shape after every step, for one map of {MAP_SIDE} × {MAP_SIDE}",
                        ),
                    ),
                    cost,
                ),
            ),
        ),
    ),
    pictures=PICTURES,
    code=CODE,
)


class BAMExplorer(Explorer):
    """BAM: what a block costs, how far its spatial branch looks, and what a trained one does to an image."""

    definition = DEFINITION
    room = (46.7, 83.9, 84.5)
