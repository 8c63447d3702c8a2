"""The playground of the digits: a canvas to drag, draw and clutter, and what seven networks make of it."""

from __future__ import annotations

from typing import Any

import torch

from gate_by_gate import results
from gate_by_gate.experiment.cluttered_digits import ClutteredDigits, draw_layout, load_sources
from gate_by_gate.playground.deliveries import NETWORKS, SIDE, coded
from gate_by_gate.playground.playground import Playground
from gate_by_gate.widgets.controls import Control

__all__ = ["DigitsPlayground"]

PIECES = 60
"""How many fragments there are to strew; the same may be drawn several times."""

QUESTION = "Drag the digit: who still reads it, and where does each look?"

CONTROLS = (
    Control("digit", "digit", tuple(range(10)), 3, "choice"),
    Control("tool", "pointer", ("move", "draw", "wipe"), "move", "choice", ("drags", "draws", "erases")),
    Control("clutter", "fragments", tuple(range(0, 29, 2)), 14),
    Control("stage", "stage", (1, 2, 3), 2, "choice"),
    Control("gates", "gates", ("own", "open", "held"), "own", "choice", ("their own", "open", "held")),
    Control(
        "view", "cards show", ("maps", "reads"), "maps", "choice", ("where it looks", "where it reads it")
    ),
)

START = {"place": (8, 18), "other": (26, 2), "second": False, "seed": 136, "picked": "cbam_r4_k7"}
"""What stands where at first, beside the controls."""

WORDS = {
    "question": QUESTION,
    "place": "place of the digit; arrow keys move it",
    "at": "column {column}, row {row}",
    "shuffle": "other clutter",
    "second": "a second digit",
    "clear": "clear the drawing",
    "sweep": "try every place",
    "chances": "Probabilities of the digits:",
    "hit": "hit",
    "miss": "miss",
    "no_peak": "no peak",
    "no_map": "no map of positions",
    "reads": "{good} of {tried}",
    "key_box": "the digit to read",
    "key_dot": "peak of the map",
    "key_chance": "probability of the right digit",
    "key_good": "read right, its middle there",
    "key_bad": "read wrong",
    "told": "{right} of {all} networks read it right; {hits} of {maps} maps have their peak on it.",
    "gates_of": "Gates of {name} in stage {stage}, one bar a channel",
    "none": "— it has none",
    "loading": "The networks are being loaded …",
    "failed": "The networks cannot run here: {why}",
}
"""What the page says."""


def fragments(task: ClutteredDigits) -> torch.Tensor:
    """Return the first fragments of the test images that are not blank: uint8 ``(PIECES, side, side)``."""
    layout, glyphs = draw_layout(task, "test"), load_sources(task.digit).glyphs
    pieces = []
    for source, (x, y) in zip(layout.fragments.flat, layout.cuts.reshape(-1, 2), strict=True):
        piece = torch.from_numpy(glyphs[source, y : y + task.fragment, x : x + task.fragment])
        if piece.max() > 128:
            pieces.append(piece)
        if len(pieces) == PIECES:
            break
    return torch.stack(pieces)


class DigitsPlayground(Playground):
    """The playground of the digits, in a page of the book or in a notebook.

    The networks run in the reader's browser, exported by :func:`gate_by_gate.playground.export.export`.
    """

    kind = "digits"
    question = QUESTION

    def __repr__(self) -> str:
        """Name it, the same in every run."""
        return f"DigitsPlayground({', '.join(NETWORKS.values())})"

    def spec(self) -> dict[str, Any]:
        """Return what the front end reads."""
        task = ClutteredDigits()
        return {
            "supply": {
                "side": SIDE,
                "digit": task.digit,
                "fragment": task.fragment,
                "digits": coded(results.sample_images().digits.numpy().tobytes()),
                "fragments": coded(fragments(task).numpy().tobytes()),
            },
            "networks": NETWORKS,
            "controls": {control.name: control.spec() for control in CONTROLS},
            "start": START | {control.name: control.default for control in CONTROLS},
            "words": WORDS,
        }
