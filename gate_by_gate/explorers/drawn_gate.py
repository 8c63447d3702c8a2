"""A gate on a map that the reader draws: squeeze, sigmoid, scale."""

from __future__ import annotations

from gate_by_gate.explorers.shared.drawings import MAPS, start_control
from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.drawing import Drawing, Operation, Operator
from gate_by_gate.widgets.live import Explorer

__all__ = ["DEFINITION", "DrawnGateExplorer"]

SLOPE, SHIFT = 12, -3
"""A gate that is half open where a quarter of the map is drawn."""

SQUEEZE = Control("squeeze", "squeeze", ("mean", "maximum"), "mean", "choice")


def drawing(setting: Setting) -> Data:
    """Say what is computed from the drawing."""
    operations = [
        Operation(
            "z",
            "z",
            "z: the squeeze",
            {("mean",): Operator("mean", ["x"]), ("maximum",): Operator("maximum", ["x"])},
            pick=("squeeze",),
            decimals=2,
        ),
        Operation(
            "s",
            "s",
            f"s: σ({SLOPE} z − {-SHIFT})",
            Operator("sigmoid", ["z"], slope=SLOPE, shift=SHIFT),
            decimals=2,
        ),
        Operation("y", "s · x", "s · x: the gated map", Operator("product", ["s", "x"]), decimals=2),
    ]
    return {"drawing": Drawing("x: your map", MAPS, "start", operations)}


PART = Part("drawing", (), (Item("drawing", Drawing),), drawing, view_controls=("start", "squeeze"))

DEFINITION = Definition(
    "drawn_gate",
    "Draw on the map, then squeeze by the maximum: when does the gate open?",
    (start_control("a spot"), SQUEEZE),
    (Panel("drawing", "your map", (PART,)),),
)


class DrawnGateExplorer(Explorer):
    """A map that the reader draws, its mean or maximum, and the gate that a sigmoid makes of it."""

    definition = DEFINITION
    room = (32.9, 51.5, 48.9)
