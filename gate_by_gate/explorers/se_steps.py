"""SE at work on a map of three channels, number by number: squeeze, weights, gates, scale."""

from __future__ import annotations

from attn_lib.blocks import SE
from gate_by_gate.explorers.shared.worksheet import (
    EXAMPLE_HIGH,
    Worksheet,
    definition_of,
    example_block,
    layer_calls,
    own,
    product,
)
from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.definition import Setting
from gate_by_gate.widgets.items.computation import Step
from gate_by_gate.widgets.live import Explorer

__all__ = ["DEFINITION", "SEStepsExplorer"]

WEIGHTS = {"mlp.fc1.weight": [2.0, -1.0, 1.0], "mlp.fc2.weight": [1.0, -1.0, 0.0]}


def compute(setting: Setting) -> Worksheet:
    """Run the block on the map, and put down every tensor of the pass."""
    sheet = Worksheet()
    x = sheet.put_example(spot=bool(setting["spot"]))
    block = example_block(lambda: SE(3, reduction=3, bias=False), WEIGHTS)
    calls = layer_calls(block, x)
    (z, _), (hidden, scores) = calls["mlp.fc1"], calls["mlp.fc2"]
    gates, output = block.attention(x)["channel"], calls[""][1]
    sheet.put_bottleneck(z, hidden, scores, (block.mlp.fc1.weight, block.mlp.fc2.weight))
    sheet.put_gates("s", "s", "s: a gate for each channel", gates.reshape(3, 1, 1), "a")
    sheet.put(
        "y",
        "x̃",
        "x̃ = s · x: the output",
        output[0],
        {"s": own, "x": own},
        product,
        decimals=1,
        high=EXAMPLE_HIGH,
    )
    return sheet


STEPS = {
    "the input": Step(
        "A map of three channels: a spot, clutter, a line. Which of them should pass?", [["x"]], shown=10
    ),
    "squeeze": Step(
        "Squeeze: each channel becomes one number, the mean of its 16.", [["z"]], [["x"]], "mean"
    ),
    "the hidden unit": Step(
        "A bottleneck of one unit hears all three means. It is for channel 0 and against channel 1.",
        [["h"]],
        [["z"], ["w1"]],
        "weighted sum, ReLU",
    ),
    "scores": Step(
        "It answers all three: more of channel 0, less of channel 1, not a word on channel 2.",
        [["a"]],
        [["h"], ["w2"]],
        "times its weight",
    ),
    "gates": Step(
        "A sigmoid turns each score into a gate between 0 and 1. No word is one half.",
        [["s"]],
        [["a"]],
        "sigmoid",
    ),
    "scale": Step(
        "Each channel times its gate: the spot passes, the clutter is closed.",
        [["y"]],
        [["x"], ["s"]],
        "×",
        shown=10,
    ),
}

WITHOUT = {
    "the input": Step(
        "The same map with nothing in channel 0. Which channels should pass now?", [["x"]], shown=17
    ),
    "the hidden unit": Step(
        "The unit hears clutter, which it is against, and nothing that it is for. It stays silent.",
        [["h"]],
        [["z"], ["w1"]],
        "weighted sum, ReLU",
    ),
    "scores": Step(
        "A silent unit says nothing to any channel.", [["a"]], [["h"], ["w2"]], "times its weight"
    ),
    "scale": Step(
        "Every channel is halved alike. Same weights, another image, other gates.",
        [["y"]],
        [["x"], ["s"]],
        "×",
        shown=17,
    ),
}
"""The steps of which something else is to be said without the spot."""

SPOT = Control("spot", "the map", (True, False), True, "choice", ("with the spot", "without it"))

DEFINITION = definition_of(
    "se_steps",
    "Press play, then take the spot away: which channels pass, and why?",
    STEPS,
    compute,
    inputs=SPOT,
    retold={False: WITHOUT},
)


class SEStepsExplorer(Explorer):
    """Squeeze-and-Excitation on a map of three channels, every number in sight."""

    definition = DEFINITION
    room = (43.0, 49.1, 48.0)
