"""The playgrounds of the digits: a canvas to drag, draw and clutter, and what trained networks make of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch

from gate_by_gate import results
from gate_by_gate.experiment.cluttered_digits import ClutteredDigits, draw_layout, load_sources
from gate_by_gate.playground.deliveries import SIDE, coded
from gate_by_gate.playground.networks import CHOICES
from gate_by_gate.playground.opening import laid_out, said_of
from gate_by_gate.playground.playground import Playground
from gate_by_gate.widgets.controls import Control

__all__ = ["BlockPlayground", "DigitsPlayground"]

PIECES = 60
"""How many fragments there are to strew; the same may be drawn several times."""

TOOLS = ("move", "draw", "wipe")
TOOL_TEXTS = ("moves", "draws", "erases")
STAGE = Control("stage", "stage", (1, 2, 3), 2, "choice")
GATES = Control(
    "gates",
    "gates",
    ("own", "open", "held", "before"),
    "own",
    "menu",
    ("their own", "open", "held", "of the frame before"),
)
VIEW = Control("view", "cards show", ("maps", "reads"), "maps", "menu", ("maps", "places"))

WORDS = {
    "draw_here": "Draw a digit here, about as large as the frame.",
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
    "no_map": "no map of places",
    "reads": "{good} of {tried}",
    "key_box": "the digit to read",
    "key_dot": "peak of the map",
    "key_chance": "probability of the right digit",
    "key_good": "read right, its middle there",
    "key_bad": "read wrong",
    "told": "{right} of {all} networks read it right; {hits} of {maps} maps have their peak on it.",
    "told_alone": "{right} of {all} networks read it right.",
    "gates_of": "Gates of {name} in stage {stage}, one bar a channel",
    "none": "— it has none",
    "channel": "channel",
    "unread": "The networks are loaded when you draw.",
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

    The networks run in the reader's browser, exported by :func:`gate_by_gate.playground.export.export`. In a
    page the reader chooses among the trained networks of each block; the frame in a notebook brings one each.
    """

    kind = "digits"
    digit_label: ClassVar[str] = "digit"
    tool: ClassVar[str] = "move"
    clutter: ClassVar[int] = 14
    place: ClassVar[tuple[int, int]] = (8, 18)
    """Where the digit's frame is at first: column and row."""
    seed: ClassVar[int] = 136
    """Of the clutter at first."""

    @property
    def picked(self) -> str:
        """The card whose gates are shown at first."""
        return "CBAM"

    @property
    def titles(self) -> Sequence[str]:
        """What the networks' cards are called."""
        return tuple(CHOICES)

    @property
    def question(self) -> str:
        """What it asks."""
        return "Drag the digit: who still reads it, and where does each look?"

    @property
    def controls(self) -> tuple[Control, ...]:
        """What the reader can set, beside what is moved on the canvas."""
        digit = Control("digit", self.digit_label, tuple(range(10)), 3, "choice")
        tool = Control("tool", "pointer", TOOLS, self.tool, "choice", TOOL_TEXTS)
        clutter = Control("clutter", "fragments", tuple(range(0, 29, 2)), self.clutter)
        return digit, tool, STAGE, clutter, GATES, VIEW

    def __repr__(self) -> str:
        """Name it, the same in every run."""
        return f"DigitsPlayground({', '.join(self.titles)})"

    def opening(self) -> dict[str, Any]:
        """Return what each network says of the picture at the start, which is shown until they are loaded."""
        if self.waits:  # there is nothing to read before the reader has drawn
            return {}
        start = {control.name: control.default for control in self.controls}
        glyph = results.sample_images().digits[int(start["digit"])]
        image = laid_out(glyph, self.place, fragments(ClutteredDigits()), self.clutter, self.seed)
        stage = int(start["stage"])
        return {title: said_of(image, CHOICES[title].network.name, stage) for title in self.titles}

    def deliveries(self, *, framed: bool = False) -> Sequence[str]:
        """Name the networks that it loads."""
        return [
            setting
            for title in self.titles
            for setting in CHOICES[title].spec(alone=framed)["settings"].values()
        ]

    def spec(self, *, framed: bool = False) -> dict[str, Any]:
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
            "networks": {
                title: {"first": CHOICES[title].network.name, **CHOICES[title].spec(alone=framed)}
                for title in self.titles
            },
            "controls": {control.name: control.spec() for control in self.controls},
            "start": {
                "place": self.place,
                "other": (26, 2),
                "second": False,
                "seed": self.seed,
                "picked": self.picked,
                **{control.name: control.default for control in self.controls},
            },
            "opening": self.opening(),
            "waits": self.waits,
            "words": WORDS | {"question": self.question},
        }


class BlockPlayground(DigitsPlayground):
    """A canvas for the reader's own digit, read by the networks with one block and by the plain one.

    A page loads its script when the reader comes near it, and the networks when the reader first draws.

    Args:
        block: the block's name, such as ``"coord_att"``.

    Raises:
        ValueError: the book teaches no such block.
    """

    waits = True
    frame_height = "36rem"
    digit_label = "you draw a"
    tool = "draw"
    clutter = 0
    place = (13, 13)

    def __init__(self, block: str) -> None:
        titles = {choice.network.attention: title for title, choice in CHOICES.items() if title != "plain"}
        if block not in titles:
            raise ValueError(f"`block` must be one of {tuple(titles)}; got {block!r}")
        self.block, self.title = block, titles[block]

    @property
    def picked(self) -> str:
        """The card whose gates are shown at first."""
        return self.title

    @property
    def titles(self) -> Sequence[str]:
        """What the networks' cards are called."""
        return "plain", self.title

    @property
    def question(self) -> str:
        """What it asks."""
        return f"Try your own digit: what do the plain network and {self.title} read?"

    def __repr__(self) -> str:
        """Name it, the same in every run."""
        return f"BlockPlayground({self.block!r})"
