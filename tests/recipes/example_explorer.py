"""The example explorer: what a squeeze makes of one bright place, as the map around it grows."""

from __future__ import annotations

import torch

from attn_lib.blocks.arguments import check_choice, check_int
from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.encoded import round_off
from gate_by_gate.widgets.items.number import Number, count
from gate_by_gate.widgets.live import Explorer
from gate_by_gate.widgets.snippets import Code

__all__ = ["DEFINITION", "BrightPlaceExplorer"]

SQUEEZES = {"mean": "mean", "amax": "maximum"}

SIDE = Control("side", "height and width of the map", (5, 10, 20, 40), 10)
SQUEEZE = Control("squeeze", "squeeze", tuple(SQUEEZES), "mean", "choice", tuple(SQUEEZES.values()))


def squeezed(setting: Setting) -> Data:
    """Squeeze a map that is 1 in its middle and 0 elsewhere."""
    side = check_int("side", setting["side"])
    squeeze = check_choice("squeeze", setting["squeeze"], tuple(SQUEEZES))
    x = torch.zeros(side, side)
    x[side // 2, side // 2] = 1
    value = getattr(x, squeeze)().item()
    return {"value": Number(round_off(value, 4), f"{value:.4f}"), "places": count(side * side)}


DEFINITION = Definition(
    name="bright_place",
    question="Widen the map around one bright place: does the squeeze still see it?",
    controls=(SIDE, SQUEEZE),
    panels=(
        Panel(
            "squeeze",
            "The squeeze",
            (
                Part(
                    "squeezed",
                    ("side", "squeeze"),
                    (Item("value", Number, "squeezed to"), Item("places", Number, "places")),
                    squeezed,
                ),
            ),
        ),
    ),
    code=Code(
        """\
import torch

x = torch.zeros({side}, {side})
x[{side} // 2, {side} // 2] = 1
value = x.{function}().item()
""",
        {"function": ("squeeze", str)},
    ),
)


class BrightPlaceExplorer(Explorer):
    """A map that is 1 at one place: what its mean and its maximum make of it."""

    definition = DEFINITION
