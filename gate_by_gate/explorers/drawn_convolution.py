"""Two convolutions of a map that the reader draws: kernels, strides, and how much a number has seen."""

from __future__ import annotations

from gate_by_gate.explorers.shared.drawings import MAPS, start_control
from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.drawing import Drawing, Operation, Operator
from gate_by_gate.widgets.live import Explorer

__all__ = ["DEFINITION", "DrawnConvolutionExplorer"]

KERNELS = {
    "sum": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
    "left edge": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "upper edge": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    "centre": [[0, -1, 0], [-1, 4, -1], [0, -1, 0]],
}
"""Kernels of 3 x 3 weights by what they answer to; the first adds up all that it sees."""

KERNEL = Control("kernel", "kernel", tuple(KERNELS), "sum", "choice")
STRIDE = Control("stride", "stride", (1, 2), 1, "choice")


def twice(reads: str) -> dict[tuple[str | int | bool, ...], Operator]:
    """Return the convolution of a map for every kernel and stride."""
    return {
        (name, stride): Operator("convolution", [reads], kernel, int(stride))
        for name, kernel in KERNELS.items()
        for stride in STRIDE.values
    }


def drawing(setting: Setting) -> Data:
    """Say what is computed from the drawing."""
    pick = ("kernel", "stride")
    operations = [
        Operation("once", "a", "a: convolved once", twice("x"), pick, high=9),
        Operation("twice", "b", "b: convolved twice", twice("once"), pick, high=36),
    ]
    return {"drawing": Drawing("x: your map", MAPS, "start", operations, shown="twice")}


PART = Part(
    "drawing",
    (),
    (Item("drawing", Drawing),),
    drawing,
    view_controls=("start", "kernel", "stride"),
    room=(0, 32.75),
)

DEFINITION = Definition(
    "drawn_convolution",
    "Draw, then point at a number of b: how much of your map has it seen?",
    (start_control("a dot"), KERNEL, STRIDE),
    (Panel("drawing", "your map", (PART,)),),
)


class DrawnConvolutionExplorer(Explorer):
    """A map that the reader draws, convolved once and twice, and what each number has seen of it."""

    definition = DEFINITION
    room = (32.9, 51.3, 49.9)
