"""The playground of photographs: the reader's own picture through a network that finds the person in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gate_by_gate import photographs
from gate_by_gate.playground.deliveries import ALBUM, SEGMENTER
from gate_by_gate.playground.playground import Playground
from gate_by_gate.widgets.controls import Control

__all__ = ["PhotographPlayground"]

PICTURES = tuple(photographs.names())

GATES = Control(
    "gates",
    "gates",
    ("own", "held", "open", *PICTURES),
    "own",
    "menu",
    ("its own", "held as they are now", "open", *(f"those of the {name}" for name in PICTURES)),
)

WORDS = {
    "question": "Give it your picture: which gates find the person?",
    "picture": "picture",
    "yours": "your own",
    "file": "your picture …",
    "camera": "camera",
    "camera_off": "stop the camera",
    "rows": "Blocks, each with its gates, one bar a channel. A block without its tick keeps its own gates.",
    "private": "Choose, drop or paste a picture, or use the camera. It stays in this page: nothing is sent.",
    "told": "A person on {share} % of the picture.",
    "told_changed": "A person on {share} % of the picture; with its own gates {own} %. Overlap: {overlap}.",
    "loading": "The network is being loaded …",
    "failed": "The network cannot run here: {why}",
    "not_a_picture": "This file is no picture.",
    "too_large": "This file is larger than 50 MB.",
    "too_small": "This picture is smaller than 16 pixels.",
    "broken": "This picture cannot be read: it is damaged, or of a kind that the browser does not know.",
    "no_camera": "There is no camera that this page may use.",
    "camera_refused": "The browser was told not to let this page use the camera.",
}
"""What the page says."""


class PhotographPlayground(Playground):
    """The playground of photographs, in a page of the book or in a notebook.

    The network is :func:`gate_by_gate.segmenter.selfie_segmenter`, and runs in the reader's browser. The
    reader's picture stays there.
    """

    kind = "photograph"

    @property
    def question(self) -> str:
        """What it asks."""
        return WORDS["question"]

    def deliveries(self, *, framed: bool = False) -> Sequence[str]:
        """Name what it loads: the network, and the photographs."""
        return SEGMENTER, ALBUM

    def __repr__(self) -> str:
        """Name it, the same in every run."""
        return f"PhotographPlayground({', '.join(PICTURES)})"

    def spec(self, *, framed: bool = False) -> dict[str, Any]:
        """Return what the front end reads."""
        return {
            "side": photographs.SIDE,
            "network": SEGMENTER,
            "album": ALBUM,
            "pictures": {name: photographs.photograph(name).shows for name in PICTURES},
            "start": PICTURES[0],
            "controls": {"gates": GATES.spec()},
            "words": WORDS,
        }
