"""What is drawn on pictures and maps: rectangles, dots, and the picture below a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gate_by_gate.widgets.items.encoded import Encoded

__all__ = ["Dots", "Mark", "Rectangle", "Under"]

STYLES = ("field", "spot")


@dataclass(frozen=True, eq=False)
class Rectangle(Encoded):
    """A rectangle, in pixels of the picture or, without one, in cells of the map.

    Args:
        x: its left side.
        y: its upper side.
        width: how wide it is.
        height: how high it is.
        label: what the legend below calls it; without one it is not named.
        style: ``"field"`` is dashed, ``"spot"`` is solid.

    Raises:
        ValueError: there is no such style.
    """

    x: float
    y: float
    width: float
    height: float
    label: str = ""
    style: str = "field"

    def __post_init__(self) -> None:
        check_style(self.style)

    def encode(self) -> dict[str, Any]:
        """Return where it is and how it looks."""
        at = [self.x, self.y, self.width, self.height]
        return {"shape": "rect", "at": at, "style": self.style, "label": self.label}


@dataclass(frozen=True, eq=False)
class Dots(Encoded):
    """Dots, such as the cells that a dilated convolution reads.

    Args:
        at: x and y of each.
        label: what the legend below calls them; without one they are not named.
        style: ``"field"`` or ``"spot"``, as of a :class:`Rectangle`.

    Raises:
        ValueError: there is no such style.
    """

    at: Sequence[tuple[float, float]]
    label: str = ""
    style: str = "field"

    def __post_init__(self) -> None:
        check_style(self.style)

    def encode(self) -> dict[str, Any]:
        """Return where they are and how they look."""
        return {"shape": "points", "at": list(self.at), "style": self.style, "label": self.label}


Mark = Rectangle | Dots


def check_style(style: str) -> None:
    """Refuse a style that is not drawn."""
    if style not in STYLES:
        raise ValueError(f"`style` of a mark must be one of {STYLES}; got {style!r}")


@dataclass(frozen=True, eq=False)
class Under(Encoded):
    """The picture below a map.

    Args:
        index: which of the definition's pictures.
        box: a frame on it, as ``x, y, width, height`` in its pixels.
        marks: further marks on it.
        frame: what the legend calls the box; it needs no name where a picture beside the map gives it.
        inset: which of the definition's pictures shows, in the legend, what the frame holds.
    """

    index: int
    box: Sequence[int] | None = None
    marks: Sequence[Mark] = ()
    frame: str = ""
    inset: int | None = None

    def encode(self) -> dict[str, Any]:
        """Return what is there of it."""
        given = {"box": self.box, "frame": self.frame, "marks": self.marks, "inset": self.inset}
        return {"index": self.index} | {
            name: value for name, value in given.items() if value not in (None, "", ())
        }
