"""What the probes show, in words, so that no colour is needed to follow them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from gate_by_gate.results.probe_images import LabelledImages, ProbeImages

__all__ = ["NOTHING", "PROBES", "Intervention", "ProbeWords"]

COLOURS = ("red", "green", "blue")
DIGITS = tuple(str(digit) for digit in range(10))

NOTHING = "none"
"""The intervention that changes nothing."""


class Intervention(NamedTuple):
    """How an intervention is told."""

    name: str
    what: str
    """What it does, as a sentence."""


TOLD = {
    NOTHING: ("none", "Nothing is changed: the blocks use what they compute for this picture."),
    "frozen": ("mean gates", "Every block uses the mean of its maps over the eight pictures."),
    "opened": ("gates open, weights alike", "Every gate is 1; self-attention looks everywhere alike."),
    "without_max": ("no maximum", "The channel gates of CBAM see means alone."),
    "without_channel": ("channels open", "Every gate for a channel is 1; those for places stay."),
    "without_spatial": ("places open", "Every gate for a place is 1; those for channels stay."),
    "without_height": ("rows open", "Every gate for a row is 1; those for columns stay."),
    "without_width": ("columns open", "Every gate for a column is 1; those for rows stay."),
}
"""How interventions are told that mean the same for every probe."""

GIVEN = "The blocks are given the gates that they compute for the other picture."


def interventions(
    exchanged: str, turned: tuple[str, str] | None = None, others: tuple[str, ...] = ()
) -> dict[str, Intervention]:
    """Return the interventions that a probe offers, in order.

    Args:
        exchanged: what it is called to give gates for the other picture.
        turned: how it is told to turn the cue; a probe without a cue has none.
        others: the names of others out of ``TOLD``, besides the mean.
    """
    cue = {} if turned is None else {"turned": turned}
    told = {NOTHING: TOLD[NOTHING], **cue, "exchanged": (exchanged, GIVEN), "frozen": TOLD["frozen"]}
    return {
        name: Intervention(*words) for name, words in {**told, **{one: TOLD[one] for one in others}}.items()
    }


@dataclass(frozen=True)
class ProbeWords:
    """How one probe is told.

    Args:
        title: the question.
        opens: the network that is shown first, as the menu names it: the one that the question is about.
        answers: what each answer is called.
        things: among how many the cue chooses; a network that ignores it answers for one of them.
        scene: what is to be seen, as the beginning of a sentence.
        cue: what the box of the cue holds, given the word for what is asked for.
        asked: the sentence that says what is right, given that word and the answer.
        other: what the second picture is.
        interventions: all that may be done, by name.
    """

    title: str
    opens: str
    answers: tuple[str, ...]
    things: int
    scene: str
    cue: Callable[[str], str]
    asked: Callable[[str, str], str]
    other: str
    interventions: dict[str, Intervention]

    @property
    def cued(self) -> bool:
        """Whether a cue says what to answer for."""
        return "turned" in self.interventions

    @property
    def blind(self) -> float:
        """The accuracy of a network that reads everything but makes nothing of the cue."""
        lucky = (1 - 1 / self.things) / len(self.answers) if self.cued else 0
        return 1 / self.things + lucky


def colour_of(images: ProbeImages, view: LabelledImages, index: int) -> str:
    """Name the colour of the cue: that of the first pixel of its box."""
    x, y = view.cues[index, :2].tolist()
    return COLOURS[int(view.images[index, :, y, x].argmax())]


def height_of(images: ProbeImages, view: LabelledImages, index: int) -> str:
    """Say whether the upper or the lower of two digits is asked for; the donor asks for the other one."""
    upper = min(one.boxes[index, 1].item() for one in (images.shown, images.donors))
    return "upper" if view.boxes[index, 1] == upper else "lower"


def odd_of(images: ProbeImages, view: LabelledImages, index: int) -> str:
    """Name the colour of the frame of the odd pattern."""
    return COLOURS[int(view.labels[index])]


PROBES: dict[str, tuple[ProbeWords, Callable[[ProbeImages, LabelledImages, int], str]]] = {
    "colour_cue": (
        ProbeWords(
            "A small cue: read the digit that has the colour of the square",
            "CBAM, r = 4, k = 7",
            DIGITS,
            3,
            "Three handwritten digits, one red, one green and one blue, and a small square",
            lambda colour: f"the cue: a {colour} square",
            lambda colour, answer: f"The square is {colour}, so the {colour} digit is asked for: {answer}.",
            "the same, another square",
            interventions(
                "gates for another square",
                ("another square", "The square has another colour; no gate is touched."),
                ("without_max",),
            ),
        ),
        colour_of,
    ),
    "frame_cue": (
        ProbeWords(
            "A cue that every mean sees: read the digit that has the colour of the frame",
            "SE, r = 4",
            DIGITS,
            2,
            "A red and a green handwritten digit in the middle of a frame",
            lambda colour: f"the cue: a {colour} frame",
            lambda colour, answer: f"The frame is {colour}, so the {colour} digit is asked for: {answer}.",
            "the same, other frame",
            interventions(
                "gates for the other frame",
                ("other frame", "The frame has the other colour; no gate is touched."),
                ("without_max",),
            ),
        ),
        colour_of,
    ),
    "row_cue": (
        ProbeWords(
            "A cue along a row: read the digit that the mark stands beside",
            "CoordAtt, r = 4",
            DIGITS,
            2,
            "Two handwritten digits on the right, one below the other, and a mark at the left edge",
            lambda which: f"the cue: a mark beside the {which} digit",
            lambda which, answer: f"The mark is beside the {which} digit, so that is asked for: {answer}.",
            "the same, mark moved",
            interventions(
                "gates for the other mark",
                ("mark moved", "The mark stands beside the other digit; no gate is touched."),
                ("without_height", "without_width"),
            ),
        ),
        height_of,
    ),
    "matching_pair": (
        ProbeWords(
            "Two places to compare: which pattern is the odd one out?",
            "CBAM, r = 4, k = 7",
            COLOURS,
            3,
            "Three small patterns of black and white cells, framed in red, green and blue",
            lambda colour: "one of the two equal patterns",
            lambda colour, answer: f"Two patterns are equal; the one with the {colour} frame is the odd one.",
            "another picture",
            interventions(
                "weights of another picture",
                None,
                ("opened", "without_max", "without_channel", "without_spatial"),
            ),
        ),
        odd_of,
    ),
}
"""The words of every probe, and the function that finds the word for what is asked for in a picture."""
