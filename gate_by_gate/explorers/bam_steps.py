"""BAM at work on a map of three channels, number by number: two branches, one gate for each value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from attn_lib.blocks import BAM
from gate_by_gate.explorers.shared.worksheet import (
    EXAMPLE_HIGH,
    EXAMPLE_SIDES,
    Worksheet,
    convolution,
    definition_of,
    equals,
    example_block,
    layer_calls,
    number,
    own,
    through,
    weighted_sum,
    whole,
)
from gate_by_gate.widgets.definition import Setting
from gate_by_gate.widgets.items.computation import Step
from gate_by_gate.widgets.live import Explorer

__all__ = ["DEFINITION", "BAMStepsExplorer"]

DILATION = 2
CROSS = [[0.0, -0.5, 0.0], [-0.5, 1.0, -0.5], [0.0, -0.5, 0.0]]
WEIGHTS = {
    "channel.fc1.weight": [1.0, -0.5, 0.0],
    "channel.fc2.weight": [2.0, -2.0, 0.0],
    "spatial.reduce.weight": [1.0, -1.0, 0.5],
    "spatial.context1.weight": CROSS,
    "spatial.context2.weight": CROSS,
    "spatial.score.weight": [0.5],
    "spatial.score.bias": [-1.0],
}


def compute(setting: Setting) -> Worksheet:
    """Run the block on the map, and put down every tensor of the pass."""
    sheet = Worksheet()
    x = sheet.put_example()
    block = example_block(lambda: BAM(3, reduction=3, dilation=DILATION), WEIGHTS)
    calls = layer_calls(block, x)
    (z, _), (hidden, scores) = calls["channel.fc1"], calls["channel.fc2"]

    # The branch that forgets places.
    sheet.put_bottleneck(z, hidden, scores, (block.channel.fc1.weight, block.channel.fc2.weight))

    # The branch that forgets channels. What a layer receives has been through the ReLU of the one before.
    u, seen, seen_again = (calls[f"spatial.{name}"][0][0] for name in ("context1", "context2", "score"))
    sheet.put_weights("v", "V", "V: a weight for each channel", block.spatial.reduce.weight.reshape(3, 1, 1))
    sheet.put(
        "u",
        "u",
        "u: one hidden channel",
        u,
        {"x": through, "v": whole},
        weighted_sum("x", "v", activation="ReLU"),
    )
    of_map, of_weights = convolution(*EXAMPLE_SIDES, dilation=DILATION)
    for name, symbol, read, values, layer in (
        ("seen", "u′", "u", seen, block.spatial.context1),
        ("seen_again", "u″", "seen", seen_again, block.spatial.context2),
    ):
        kernel = f"kernel of {name}"
        which = {"seen": "D₁", "seen_again": "D₂"}[name]
        sheet.put_weights(kernel, which, f"{which}: nine taps, {DILATION} places apart", layer.weight[0])
        sheet.put(
            name,
            symbol,
            f"{symbol}: after a look around",
            values,
            {read: of_map, kernel: of_weights},
            weighted_sum(read, kernel, activation="ReLU"),
            decimals=1,
        )
    sheet.put_weights("v_last", "v", "v", block.spatial.score.weight[0])
    shift = torch.tensor([[WEIGHTS["spatial.score.bias"]]])
    sheet.put_weights("shift", "shift", "shift", shift)
    sheet.put(
        "b",
        "b",
        "b: a score for each place",
        calls["spatial.score"][1][0],
        {"seen_again": own, "v_last": whole, "shift": whole},
        weighted_sum("seen_again", "v_last", "shift"),
        decimals=1,
    )

    # Together.
    sheet.put_gates("gates", "M", "M: a gate for each value", block.attention(x)["combined"][0], "a", "b")
    sheet.put(
        "y",
        "x̃",
        "x̃ = x + x · M: the output",
        calls[""][1][0],
        {"x": own, "gates": own},
        added_gated,
        decimals=1,
        high=2 * EXAMPLE_HIGH,
    )
    return sheet


def added_gated(value: float, read: Mapping[str, Sequence[float]]) -> str:
    """Write a number plus its gated self: ``8 + 8 · 0.99 ≈ 15.9``."""
    (one,), (gate,) = read["x"], read["gates"]
    return f"{number(one)} + {number(one)} · {number(gate)} {equals(value)}"


STEPS = {
    "the input": Step(
        "A map of three channels: a spot, clutter, a line. It goes two ways.", [["x"]], shown=10
    ),
    "squeeze": Step(
        "The first branch forgets where: each channel becomes the mean of its 16 numbers.",
        [["z"]],
        [["x"]],
        "mean",
    ),
    "the hidden unit": Step(
        "A bottleneck of one unit hears all three means.", [["h"]], [["z"], ["w1"]], "weighted sum, ReLU"
    ),
    "channel scores": Step(
        "It answers with a score for each channel. No sigmoid yet.",
        [["a"]],
        [["h"], ["w2"]],
        "times its weight",
    ),
    "channels to one": Step(
        "The second branch forgets which: three channels become one, place by place.",
        [["u"]],
        [["x"], ["v"]],
        "weighted sum, ReLU",
        10,
    ),
    "look around": Step(
        "A dilated convolution: nine taps, two places apart. The ends of the line are gone.",
        [["seen"]],
        [["u"], ["kernel of seen"]],
        "convolution, ReLU",
        10,
    ),
    "look further": Step(
        "A second one, over what the first has seen. On this map it changes nothing more.",
        [["seen_again"]],
        [["seen"], ["kernel of seen_again"]],
        "convolution, ReLU",
        10,
    ),
    "place scores": Step(
        "A last weight and a shift: a score for each place.",
        [["b"]],
        [["seen_again"], ["v_last", "shift"]],
        "times v, shift",
        10,
    ),
    "gates": Step(
        "Every channel's score meets every place's score: one gate for each of the 48 values.",
        [["gates"]],
        [["a"], ["b"]],
        "sum, sigmoid",
        10,
    ),
    "add": Step(
        "The gated map is added to the map: a value is at best doubled, and never lost.",
        [["y"]],
        [["x"], ["gates"]],
        "x + x · M",
        10,
    ),
}

DEFINITION = definition_of(
    "bam_steps", "Press play: how do a channel and a place share one gate?", STEPS, compute
)


class BAMStepsExplorer(Explorer):
    """BAM on a map of three channels, every number in sight."""

    definition = DEFINITION
    room = (44.0, 48.8, 49.0)
