"""A probe as its explorer tells it: the question, the answers, and the words for what the pictures show.

All of it is said in words, too, so that no colour is needed to follow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gate_by_gate.explorers.shared.interventions import TURNED, Intervention
from gate_by_gate.results.probe_images import LabelledImages, ProbeImages

__all__ = ["COLOURS", "DIGITS", "Probe", "colour_of_the_cue"]

COLOURS = ("red", "green", "blue")
"""The names of the answers where a probe asks for a colour."""

DIGITS = tuple(str(digit) for digit in range(10))
"""The names of the answers where a probe asks for a digit."""


@dataclass(frozen=True)
class Probe:
    """A probe: its task, and the words of its explorer.

    Args:
        name: of its task, its images and its explorer.
        question: the question of its explorer.
        opens: the run whose network is shown first: one of the block that the question is about.
        answers: what each answer is called.
        things: how many things in a picture could be asked for.
        scene: what is to be seen, as the beginning of a sentence.
        asked_for: finds the word for the thing that is asked for in a picture, such as a colour; it is given
            all pictures, those that this one is among, and its index.
        cue: what the box of the cue holds, given that word.
        asked: the sentence that says what is right, given that word and the answer.
        interventions: all that may be done, by name.
    """

    name: str
    question: str
    opens: str
    answers: tuple[str, ...]
    things: int
    scene: str
    asked_for: Callable[[ProbeImages, LabelledImages, int], str]
    cue: Callable[[str], str]
    asked: Callable[[str, str], str]
    interventions: dict[str, Intervention]

    @property
    def cued(self) -> bool:
        """Whether a cue says what to answer for."""
        return TURNED in self.interventions

    @property
    def blind(self) -> float:
        """The accuracy of a network that reads every thing but ignores the cue.

        It answers for one of the things, picked at random; another one has the right answer by luck.
        """
        lucky = (1 - 1 / self.things) / len(self.answers) if self.cued else 0
        return 1 / self.things + lucky


def colour_of_the_cue(images: ProbeImages, view: LabelledImages, index: int) -> str:
    """Name the colour of the cue: that of the first pixel of its box."""
    x, y = view.cues[index, :2].tolist()
    return COLOURS[int(view.images[index, :, y, x].argmax())]
