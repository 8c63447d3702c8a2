"""The CBAM explorer: what a block costs, and what the two gates of trained blocks do to an image."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from attn_lib.blocks import CBAM
from attn_lib.blocks.arguments import check_choice
from attn_lib.inspection import count_parameters, spatial_map, trace_shapes
from gate_by_gate.explorers.shared.image_maps import feature_map, map_over_image, pointing
from gate_by_gate.explorers.shared.samples import MAP_STAGE as STAGE
from gate_by_gate.explorers.shared.samples import (
    PICTURES,
    SEVEN_IMAGES,
    image_control,
    image_index,
    picked_stage,
    trained_network,
)
from gate_by_gate.explorers.shared.trained import READING, Trained
from gate_by_gate.widgets.controls import Control, Value
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting, some_of
from gate_by_gate.widgets.items.bars import Bars
from gate_by_gate.widgets.items.encoded import round_off
from gate_by_gate.widgets.items.heatmap import Heatmap
from gate_by_gate.widgets.items.number import Number, count
from gate_by_gate.widgets.items.shapes import Shapes, shape_text
from gate_by_gate.widgets.items.terms import Term, Terms
from gate_by_gate.widgets.live import Explorer
from gate_by_gate.widgets.snippets import Code

__all__ = ["DEFINITION", "CBAMExplorer"]

VARIANTS = {
    "published": "as published",
    "avg": "channel gate: mean only",
    "max": "channel gate: maximum only",
    "conv": "spatial gate: learnt mix",
    "spatial_first": "spatial gate first",
    "parallel": "both at once",
}
"""The ablations of the paper's tables 1 to 3, as the name of a run ends with them."""

VARIANTS_TRAINED_AT = (4, 7)
"""The reduction and the kernel size that the variants were trained with."""

CHANNELS = Control("channels", "channels C", (16, 32, 64, 128, 256, 512, 1024, 2048), 256)
REDUCTION = Control("reduction", "reduction r", (4, 8, 16), 4)
KERNEL_SIZE = Control("kernel_size", "kernel k", (3, 5, 7), 7)
VARIANT = Control("variant", "variant", tuple(VARIANTS), "published", "menu", tuple(VARIANTS.values()))
IMAGE = image_control("image", "test image", 5, images=SEVEN_IMAGES)

MAP_SIDE = 14
"""Height and width of the map whose shapes are traced: the parameters do not depend on it."""

SYMBOLS = {
    "channel.mlp.fc1.weight": ("W₀", "C/r × C"),
    "channel.mlp.fc1.bias": ("b₀", "C/r"),
    "channel.mlp.fc2.weight": ("W₁", "C × C/r"),
    "channel.mlp.fc2.bias": ("b₁", "C"),
    "spatial.conv.weight": ("convolution", "2 × k × k"),
    "spatial.norm.weight": ("norm, scale", "1"),
    "spatial.norm.bias": ("norm, shift", "1"),
}


def cost(setting: Setting) -> Data:
    """Count parameters term by term, and trace the shape through the block."""
    channels, reduction, kernel_size = (setting[name] for name in ("channels", "reduction", "kernel_size"))
    with torch.device("meta"):  # shapes without memory: a block of 2,048 channels costs nothing to describe
        block = CBAM(channels, reduction=reduction, kernel_size=kernel_size)  # type: ignore[arg-type]
        x = torch.zeros(1, block.channels, MAP_SIDE, MAP_SIDE)
    counted = count_parameters(block)
    rows = [
        Term(parameter.name, *SYMBOLS[parameter.name], shape_text(parameter.shape), count(parameter.count))
        for parameter in counted.parameters
    ]
    return {
        "parameters": Terms(rows, count(counted.total)),
        "shapes": trace(block, x),
    }


def trace(block: CBAM, x: Tensor) -> Shapes:
    """Follow the shape through one call of the block."""
    seen = {record.name: record for record in trace_shapes(block, x)}
    whole = seen[""]
    steps = {
        "input x": whole.inputs[0],
        "mean and maximum over H × W": seen["channel.mlp"].inputs[0],
        "W₀, then ReLU": seen["channel.mlp.fc1"].outputs[0],
        "W₁; the sum of both, sigmoid: channel gates": whole.maps["channel"],
        "x′: channels scaled": seen["spatial"].inputs[0],
        "maximum and mean over C": seen["spatial.describe"].outputs[0],
        "k × k convolution, norm, sigmoid: spatial gates": whole.maps["spatial"],
        "output x″: places scaled": whole.outputs[0],
    }
    return Shapes(steps)


def setting_name(variant: Value, reduction: Value, kernel_size: Value) -> str:
    """Name the setting that is shown: the variants were trained with one r and one k."""
    if variant == "published":
        return f"cbam_r{reduction}_k{kernel_size}"
    r, k = VARIANTS_TRAINED_AT
    return f"cbam_r{r}_k{k}_{variant}"


def network_name(setting: Setting) -> str:
    """Name the run that a setting shows.

    Raises:
        ValueError: there is no such variant.
    """
    variant = check_choice("variant", setting["variant"], tuple(VARIANTS))
    return f"{setting_name(variant, setting['reduction'], setting['kernel_size'])}_seed0"


def why_missing(setting: Setting) -> str:
    """Say why there is nothing to show."""
    reduction, kernel_size = setting["reduction"], setting["kernel_size"]
    return (
        f"No network was trained with r = {reduction} and k = {kernel_size}; one was for each "
        "r of 4, 8 and 16 with each k of 3, 5 and 7."
    )


SHOWN = Trained(network_name, why_missing)


def channel_gates(setting: Setting) -> Data:
    """Give the channel gates of one stage; in parallel order the channels' scores."""
    seen = SHOWN.block(setting)
    if seen is None:
        return SHOWN.missing(setting)
    scores = seen.maps["channel"]
    gate = scores[image_index(setting), :, 0, 0]
    smallest, largest = round_off(gate.min().item()), round_off(gate.max().item())
    # Scores have no fixed ends; one scale for all images then, so that bars compare from image to image.
    parallel = setting["variant"] == "parallel"
    low = round_off(min(scores.min().item(), 0)) if parallel else 0
    high = round_off(max(scores.max().item(), 0)) if parallel else 1
    what = "scores, before the sigmoid of the sum," if parallel else "gates"
    return {
        "channel": Bars(
            gate,
            low,
            high,
            f"{len(gate)} {what} between {smallest} and {largest}; largest in channel {int(gate.argmax())}, "
            f"smallest in channel {int(gate.argmin())}.",
        ),
    }


def spatial_gates(setting: Setting) -> Data:
    """Give what the spatial gate sees, the gate over the image, and the map before and after."""
    seen = SHOWN.block(setting)
    if seen is None:
        return SHOWN.missing(setting)
    index, variant = image_index(setting), setting["variant"]
    # What the spatial gate receives: the map itself, unless the channels were scaled before.
    received = seen.input if variant in ("spatial_first", "parallel") else seen.input * seen.maps["channel"]
    received = received[index]
    first = feature_map(received.amax(dim=0), "it sees: maximum over C", "The maximum over the channels")
    sees = "it sees" if variant != "conv" else "it does not see"
    second = feature_map(received.mean(dim=0), f"{sees}: mean over C", "The mean over the channels")
    if variant == "conv":
        first = feature_map(
            mix(setting, received), "it sees: learnt mix of C", "The learnt mix of the channels"
        )
    spatial = spatial_map(trained_block(setting), seen.maps, (seen.input.shape[2], seen.input.shape[3]))
    assert spatial is not None  # for the type checker: a CBAM always tells places apart
    gate = "the gate, mean over C" if variant == "parallel" else "the spatial gate"
    before, after = (values[index].mean(dim=0) for values in (seen.input, seen.output))
    return {
        "maximum": first,
        "mean": second,
        "spatial": map_over_image(spatial[index], index, gate, gate[0].upper() + gate[1:]),
        "before": feature_map(before, "before: x, mean over C", "The input, mean over the channels"),
        "after": feature_map(after, "after: output, mean over C", "The output, mean over the channels"),
        "points": pointing(spatial[index], index),
    }


def trained_block(setting: Setting) -> nn.Module:
    """Return the block of the picked stage, in the network that is shown."""
    return trained_network(network_name(setting)).get_submodule(f"layer{picked_stage(setting)}.0.attention")


@torch.no_grad()
def mix(setting: Setting, received: Tensor) -> Tensor:
    """Return the one map that the variant with a learnt mix makes of the channels."""
    mixed: Tensor = trained_block(setting).get_submodule("spatial.describe")(received[None])
    return mixed[0, 0]


CODE = Code(
    """\
from attn_lib import CBAM
from gate_by_gate.explorers.shared.samples import INPUTS, trained_network
from attn_lib.inspection import attention_maps, count_parameters

parameters = count_parameters(CBAM({channels}, reduction={reduction}, kernel_size={kernel_size})).total
network = trained_network("{trained}_seed0")
maps = attention_maps(network, INPUTS[{image}, None])["layer{stage}.0.attention"]
channel, spatial = maps["channel"].flatten(), maps["spatial"][0, 0]
""",
    {"trained": (("variant", "reduction", "kernel_size"), setting_name)},
)

NETWORK = ("variant", "reduction", "kernel_size")
WHILE_A_VARIANT = {
    name: ("variant", tuple(variant for variant in VARIANTS if variant != "published"))
    for name in ("reduction", "kernel_size")
}

HERE = (*NETWORK, "image", "stage")

DEFINITION = Definition(
    name="cbam",
    question="Move k: where does the spatial gate look, and what is read?",
    controls=(REDUCTION, KERNEL_SIZE, CHANNELS, VARIANT, IMAGE, STAGE),
    panels=(
        Panel(
            "gates",
            "One image",
            (
                Part(
                    "spatial",
                    HERE,
                    (Item("spatial", Heatmap),),
                    some_of(spatial_gates, "spatial"),
                    "main",
                    irrelevant_when=WHILE_A_VARIANT,
                ),
                Part(
                    "reading",
                    (*NETWORK, "image"),
                    READING,
                    SHOWN.read,
                    "side",
                    irrelevant_when=WHILE_A_VARIANT,
                ),
                Part(
                    "points",
                    HERE,
                    (Item("points", Number, "the peak is"),),
                    some_of(spatial_gates, "points"),
                    "side",
                    irrelevant_when=WHILE_A_VARIANT,
                ),
                Part(
                    "channel",
                    HERE,
                    (Item("channel", Bars, "channel gates (both at once: scores)"),),
                    channel_gates,
                    "side",
                    irrelevant_when=WHILE_A_VARIANT,
                ),
                Part(
                    "sees",
                    HERE,
                    (Item("maximum", Heatmap), Item("mean", Heatmap)),
                    some_of(spatial_gates, "maximum", "mean"),
                    "side",
                    irrelevant_when=WHILE_A_VARIANT,
                ),
            ),
        ),
        Panel(
            "features",
            "Before and after",
            (
                Part(
                    "features",
                    HERE,
                    (Item("before", Heatmap), Item("after", Heatmap)),
                    some_of(spatial_gates, "before", "after"),
                    "half",
                    irrelevant_when=WHILE_A_VARIANT,
                ),
            ),
        ),
        Panel(
            "cost",
            "Cost",
            (
                Part(
                    "cost",
                    ("channels", "reduction", "kernel_size"),
                    (
                        Item("parameters", Terms, "parameters"),
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


class CBAMExplorer(Explorer):
    """CBAM: what a block costs, and what the two gates of a trained one do to an image."""

    definition = DEFINITION
    room = (47.4, 81.6, 82.5)
