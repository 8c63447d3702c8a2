"""CBAM at work on a map of three channels, number by number: which channel, then where."""

from __future__ import annotations

from attn_lib.blocks import CBAM
from gate_by_gate.explorers.shared.worksheet import (
    EXAMPLE_HIGH,
    EXAMPLE_SIDES,
    Rule,
    Worksheet,
    convolution,
    definition_of,
    example_block,
    largest,
    layer_calls,
    mean,
    own,
    own_plane,
    product,
    through,
    weighted_sum,
    whole,
)
from gate_by_gate.widgets.definition import Setting
from gate_by_gate.widgets.items.computation import Step
from gate_by_gate.widgets.live import Explorer

__all__ = ["DEFINITION", "CBAMStepsExplorer"]

WEIGHTS = {
    "channel.mlp.fc1.weight": [0.5, -0.5, 0.0],
    "channel.mlp.fc2.weight": [1.0, -1.0, 0.0],
    "spatial.conv.weight": [
        [[0.0, 0.25, 0.0], [0.25, 0.5, 0.25], [0.0, 0.25, 0.0]],
        [[0.0, 0.0, 0.0], [0.0, -0.5, 0.0], [0.0, 0.0, 0.0]],
    ],
    "spatial.norm.bias": [-3.0],
}


def only_for(plane: int) -> Rule:
    """Read every number, for the numbers of one plane alone."""
    return lambda place, shape: whole(place, shape) if place[0] == plane else []


def compute(setting: Setting) -> Worksheet:
    """Run the block on the map, and put down every tensor of the pass."""
    sheet = Worksheet()
    x = sheet.put_example()
    block = example_block(lambda: CBAM(3, reduction=3, kernel_size=3), WEIGHTS)
    calls = layer_calls(block, x)
    maps = block.attention(x)

    # Which channel: one small network hears the means and the maxima.
    (z_mean, z_max), hidden = calls["channel.mlp.fc1"][0], calls["channel.mlp.fc2"][0]
    for name, label, values, working in (
        ("z_mean", "mean of each channel", z_mean, mean),
        ("z_max", "maximum of each channel", z_max, largest),
    ):
        sheet.put(
            name,
            "z",
            label,
            values.reshape(3, 1, 1),
            {"x": own_plane},
            working,
            high=EXAMPLE_HIGH,
        )
    sheet.put_weights(
        "w1", "W₁", "W₁: a weight for each channel", block.channel.mlp.fc1.weight.reshape(3, 1, 1)
    )
    sheet.put(
        "h",
        "h",
        "h: one hidden unit, twice",
        hidden.reshape(2, 1, 1),
        {"z_mean": only_for(0), "z_max": only_for(1), "w1": whole},
        [weighted_sum(name, "w1", activation="ReLU") for name in ("z_mean", "z_max")],
        decimals=1,
        planes=("mean", "maximum"),
    )
    sheet.put_weights(
        "w2", "W₂", "W₂: a weight for each channel", block.channel.mlp.fc2.weight.reshape(3, 1, 1)
    )
    sheet.put(
        "a",
        "a",
        "a: a score for each channel",
        calls["channel"][1][0],
        {"h": whole, "w2": lambda place, shape: 2 * own(place, shape)},
        weighted_sum("h", "w2"),
        decimals=1,
    )
    sheet.put_gates("channel", "gates", "a gate for each channel", maps["channel"][0], "a")
    sheet.put(
        "x'",
        "x′",
        "x′: what these gates let through",
        calls["spatial"][0][0],
        {"channel": own, "x": own},
        product,
        decimals=1,
        high=EXAMPLE_HIGH,
    )

    # Then where: a convolution looks at the maximum and the mean over the channels.
    sheet.put(
        "d",
        "d",
        "d: over the channels",
        calls["spatial.describe"][1][0],
        {"x'": through},
        [largest, mean],
        decimals=1,
        high=EXAMPLE_HIGH,
        planes=("maximum", "mean"),
    )
    of_map, of_weights = convolution(*EXAMPLE_SIDES)
    sheet.put_weights("k", "f", "f: 3 × 3 weights for each", block.spatial.conv.weight[0])
    sheet.put_weights("shift", "shift", "shift", block.spatial.norm.bias.reshape(1, 1, 1))
    sheet.put(
        "b",
        "b",
        "b: a score for each place",
        calls["spatial"][1][0],
        {"d": of_map, "k": of_weights, "shift": whole},
        weighted_sum("d", "k", "shift"),
        decimals=1,
    )
    sheet.put_gates("spatial", "gates", "a gate for each place", maps["spatial"][0], "b")
    sheet.put(
        "y",
        "x″",
        "x″: the output",
        calls[""][1][0],
        {"spatial": own, "x'": own},
        product,
        decimals=1,
        high=EXAMPLE_HIGH,
    )
    return sheet


STEPS = {
    "the input": Step(
        "Three channels: a spot, clutter, a line. Spot and clutter have the same mean, 2.",
        [["x"]],
        shown=10,
    ),
    "squeeze, twice": Step(
        "The means cannot tell the spot from the clutter; the maxima can.",
        [["z_mean"], ["z_max"]],
        [["x"]],
        "mean; maximum",
    ),
    "the hidden unit": Step(
        "One network hears both: the means leave it silent, the maxima do not.",
        [["h"]],
        [["z_mean"], ["z_max"], ["w1"]],
        "weighted sums, ReLU",
        1,
    ),
    "channel scores": Step(
        "Its two answers are added: a score for each channel.",
        [["a"]],
        [["h"], ["w2"]],
        "times its weight, added",
    ),
    "channel gates": Step("A sigmoid makes each score a gate.", [["channel"]], [["a"]], "sigmoid"),
    "scale channels": Step(
        "Which channel: each times its gate. The spot passes, the clutter is closed.",
        [["x'"]],
        [["x"], ["channel"]],
        "×",
        10,
    ),
    "squeeze again": Step(
        "Then where: of what is left, each place keeps its largest number and its mean.",
        [["d"]],
        [["x'"]],
        "maximum; mean",
        10,
    ),
    "place scores": Step(
        "A convolution slides over both: each score sees 3 × 3 places, fewer at the edge.",
        [["b"]],
        [["d"], ["k", "shift"]],
        "convolution, shift",
        10,
    ),
    "place gates": Step(
        "A sigmoid makes each score a gate: open where the spot is.",
        [["spatial"]],
        [["b"]],
        "sigmoid",
        10,
    ),
    "scale places": Step(
        "The same gates for every channel: of the line, only what is beside the spot stays.",
        [["y"]],
        [["x'"], ["spatial"]],
        "×",
        10,
    ),
}

DEFINITION = definition_of(
    "cbam_steps", "Press play: which channel passes, and then which places?", STEPS, compute
)


class CBAMStepsExplorer(Explorer):
    """CBAM on a map of three channels, every number in sight."""

    definition = DEFINITION
    room = (45.5, 48.9, 50.3)
