"""CoordAtt at work on a map of three channels, number by number: a gate for each row, one for each column."""

from __future__ import annotations

from attn_lib.blocks import CoordAtt
from gate_by_gate.explorers.shared.worksheet import (
    EXAMPLE_HIGH,
    Worksheet,
    definition_of,
    example_block,
    layer_calls,
    mean,
    own,
    own_column,
    own_row,
    product,
    through,
    weighted_sum,
    whole,
)
from gate_by_gate.widgets.definition import Setting
from gate_by_gate.widgets.items.computation import Step
from gate_by_gate.widgets.live import Explorer

__all__ = ["DEFINITION", "CoordAttStepsExplorer"]

WEIGHTS = {
    "reduce.weight": [1.0, -0.5, 0.0],
    "height.weight": [2.0, -1.0, 0.0],
    "height.bias": [-2.0, 0.0, 0.0],
    "width.weight": [2.0, -1.0, 0.0],
    "width.bias": [-2.0, 0.0, 0.0],
}


def compute(setting: Setting) -> Worksheet:
    """Run the block on the map, and put down every tensor of the pass."""
    sheet = Worksheet()
    x = sheet.put_example()
    block = example_block(lambda: CoordAtt(3, reduction=3, min_channels=1), WEIGHTS)
    calls = layer_calls(block, x)
    maps = block.attention(x)

    rows, columns = calls["reduce"][0][0].split([4, 4], dim=1)  # laid end to end, as rows
    sheet.put(
        "z_h",
        "zʰ",
        "zʰ: the mean of each row",
        rows,
        {"x": own_row},
        mean,
        decimals=2,
        high=EXAMPLE_HIGH,
    )
    sheet.put(
        "z_w",
        "zʷ",
        "zʷ: the mean of each column",
        columns.transpose(1, 2),
        {"x": own_column},
        mean,
        decimals=2,
        high=EXAMPLE_HIGH,
    )
    sheet.put_weights("f1", "F₁", "F₁: a weight for each channel", block.reduce.weight.reshape(3, 1, 1))
    for side, letter, strip in (("height", "h", "z_h"), ("width", "w", "z_w")):
        up = {"h": "ʰ", "w": "ʷ"}[letter]
        sheet.put(
            f"f_{letter}",
            f"f{up}",
            f"f{up}: hidden channel",
            calls[side][0][0],
            {strip: through, "f1": whole},
            weighted_sum(strip, "f1", activation="δ"),
            decimals=1,
        )
        layer = getattr(block, side)
        weights, shift = f"weights of {side}", f"shift of {side}"
        sheet.put_weights(
            weights, f"F_{letter}", f"F_{letter}: a weight for each channel", layer.weight.reshape(3, 1, 1)
        )
        sheet.put_weights(shift, "shift", "a shift for each channel", layer.bias.reshape(3, 1, 1))
        sheet.put(
            f"g_{letter}",
            f"g{up}",
            f"g{up}: a gate for each {'row' if letter == 'h' else 'column'}",
            maps[side][0],
            {f"f_{letter}": own, weights: own, shift: own},
            weighted_sum(f"f_{letter}", weights, shift, "σ"),
            decimals=2,
            high=1,
        )
    sheet.put(
        "y",
        "x̃",
        "x̃ = x · gʰ · gʷ: the output",
        calls[""][1][0],
        {"x": own, "g_h": own, "g_w": own},
        product,
        decimals=1,
        high=EXAMPLE_HIGH,
    )
    return sheet


STEPS = {
    "the input": Step(
        "A map of three channels: a spot, clutter, a line. Where is the spot?", [["x"]], shown=10
    ),
    "squeeze rows": Step(
        "Half a squeeze: each row becomes its mean. It is still known which row.",
        [["z_h"]],
        [["x"]],
        "mean of each row",
        2,
    ),
    "squeeze columns": Step(
        "And each column becomes its mean: it is still known which column.",
        [["z_w"]],
        [["x"]],
        "mean of each column",
        2,
    ),
    "one shared layer": Step(
        "One layer mixes the channels of both strips. δ is the hard swish.",
        [["f_h", "f_w"]],
        [["z_h"], ["z_w"], ["f1"]],
        "weighted sum, δ",
        2,
    ),
    "row gates": Step(
        "A layer of its own for the rows makes a gate for each row of each channel.",
        [["g_h"]],
        [["f_h"], ["weights of height"], ["shift of height"]],
        "weight, shift, sigmoid",
        2,
    ),
    "column gates": Step(
        "Another one makes a gate for each column of each channel.",
        [["g_w"]],
        [["f_w"], ["weights of width"], ["shift of width"]],
        "weight, shift, sigmoid",
        2,
    ),
    "scale": Step(
        "Each value times the gates of its row and its column: both open only at the spot.",
        [["y"]],
        [["x"], ["g_h"], ["g_w"]],
        "×",
        10,
    ),
}

DEFINITION = definition_of(
    "coord_att_steps", "Press play: how do a row and a column find the spot?", STEPS, compute
)


class CoordAttStepsExplorer(Explorer):
    """Coordinate Attention on a map of three channels, every number in sight."""

    definition = DEFINITION
    room = (46.4, 51.2, 51.3)
