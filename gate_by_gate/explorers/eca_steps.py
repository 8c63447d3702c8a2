"""ECA at work on a map of five channels, number by number: squeeze, a window that slides, gates, scale."""

from __future__ import annotations

import torch

from attn_lib.blocks import ECA
from gate_by_gate.explorers.shared.worksheet import (
    Place,
    Shape,
    Worksheet,
    definition_of,
    example_block,
    layer_calls,
    mean,
    own,
    own_plane,
    product,
    weighted_sum,
)
from gate_by_gate.widgets.definition import Setting
from gate_by_gate.widgets.items.computation import Step
from gate_by_gate.widgets.live import Explorer

__all__ = ["DEFINITION", "ECAStepsExplorer"]

X = (((1, 0), (2, 1)), ((5, 4), (3, 4)), ((0, 2), (1, 1)), ((2, 2), (2, 2)), ((3, 1), (3, 1)))
CHANNELS, HIGH = len(X), 5
WEIGHTS = {"conv.weight": [-0.5, 1.0, -0.5]}


def neighbours(place: Place, shape: Shape) -> list[Place]:
    """Read a channel and its two neighbours, as far as they are there."""
    return [(channel, 0, 0) for channel in range(place[0] - 1, place[0] + 2) if 0 <= channel < CHANNELS]


def taps(place: Place, shape: Shape) -> list[Place]:
    """Read the weights of these."""
    return [(0, 0, channel - place[0] + 1) for channel, _, _ in neighbours(place, shape)]


def compute(setting: Setting) -> Worksheet:
    """Run the block on the map, and put down every tensor of the pass."""
    sheet = Worksheet()
    x = torch.tensor([X], dtype=torch.float32)
    block = example_block(lambda: ECA(CHANNELS, kernel_size=3), WEIGHTS)
    calls = layer_calls(block, x)
    z, scores = calls["conv"]
    gates, output = block.attention(x)["channel"], calls[""][1]
    names = [f"channel {c}" for c in range(CHANNELS)]
    sheet.put("x", "x", "x: the input", x[0], high=HIGH, planes=names)
    sheet.put(
        "z",
        "z",
        "z: the mean of each channel",
        z.reshape(CHANNELS, 1, 1),
        {"x": own_plane},
        mean,
    )
    sheet.put_weights("w", "w", "w: three weights, the same for every channel", block.conv.weight)

    sheet.put(
        "a",
        "a",
        "a: a score for each channel",
        scores.reshape(CHANNELS, 1, 1),
        {"z": neighbours, "w": taps},
        weighted_sum("z", "w"),
        decimals=1,
    )
    sheet.put_gates("gates", "ω", "ω: a gate for each channel", gates.reshape(CHANNELS, 1, 1), "a")
    sheet.put(
        "y",
        "x̃",
        "x̃ = ω · x: the output",
        output[0],
        {"gates": own, "x": own},
        product,
        decimals=1,
        high=HIGH,
    )
    return sheet


STEPS = {
    "the input": Step("A map of five channels. Channel 1 is louder than its neighbours.", [["x"]], shown=4),
    "squeeze": Step(
        "Squeeze, as in SE: each channel becomes the mean of its numbers.", [["z"]], [["x"]], "mean", 1
    ),
    "scores": Step(
        "Three weights slide along the channels: a score hears its channel and two neighbours.",
        [["a"]],
        [["z"], ["w"]],
        "convolution",
        2,
    ),
    "gates": Step(
        "A sigmoid turns each score into a gate between 0 and 1.", [["gates"]], [["a"]], "sigmoid", 1
    ),
    "scale": Step(
        "Each channel times its gate: the loud one passes, and its neighbours are held back.",
        [["y"]],
        [["x"], ["gates"]],
        "×",
        4,
    ),
}

DEFINITION = definition_of(
    "eca_steps", "Press play: which channels does a gate listen to?", STEPS, compute, lanes=CHANNELS
)


class ECAStepsExplorer(Explorer):
    """Efficient Channel Attention on a map of five channels, every number in sight."""

    definition = DEFINITION
    room = (33.5, 38.2, 38.5)
