"""A map as colours: one value for every cell, in sixteen steps from one end of its scale to the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gate_by_gate.widgets.items.encoded import DECIMALS, Kind, Numbers, as_list, flatten, round_off
from gate_by_gate.widgets.items.marks import Mark, Under

__all__ = ["LEVELS", "SIGNED_LEVELS", "Heatmap", "quantise", "round_ends"]

LEVELS = 16
"""Levels of a stored map: one hexadecimal digit for each cell, which compresses to half a byte."""

SIGNED_LEVELS = 15
"""Levels of a map with a sign: the middle one is zero."""


def quantise(values: Sequence[float], low: float, high: float, levels: int = LEVELS) -> str:
    """Write each value as the nearest of so many even steps between two ends, a hexadecimal digit each."""
    if high <= low:
        return "0" * len(values)
    top, factor = levels - 1, (levels - 1) / (high - low)
    steps = [round((value - low) * factor) for value in values]
    if min(steps) < 0 or max(steps) > top:
        steps = [min(max(step, 0), top) for step in steps]
    return bytes(steps).hex()[1::2]  # of the two digits of each byte the second


def round_ends(low: float, high: float) -> tuple[float, float]:
    """Round the ends of a scale so that neither moves by more than a twentieth of one of its sixteen steps.

    At least three decimals are kept, and at most six: a map whose values differ by less than a millionth is
    flat.
    """
    step = (high - low) / (LEVELS - 1)
    decimals = DECIMALS if step <= 0 else min(max(DECIMALS, 1 + math.ceil(-math.log10(step))), 6)
    return round_off(low, decimals), round_off(high, decimals)


@dataclass(frozen=True, eq=False)
class Heatmap(Kind):
    """A map, or several frames of which a control shows one.

    Args:
        values: the map ``(H, W)``, or frames ``(frames, H, W)``, one for each value of the control ``pick``.
        caption: what stands above it; with ``pick``, ``{}`` in it becomes the text of the control's value.
        alt: the text equivalent, with ``{}`` as in the caption.
        scale: the ends of the scale; by default the smallest and the largest value. With frames the high end
            may be a list, one for each frame.
        signed: colours go from blue over white at zero to red, in fifteen steps, as far on either side.
        over: the picture below the map.
        marks: drawn on a map without a picture, in cells of the map.
        axes: what a row and a column are called; by default row and column.
        pick: the control that picks the frame; the part names it among its ``view_controls``.
        spots: for each value of ``pick`` the rectangle ``x, y, width, height`` that is framed.
        spot: what the legend calls that rectangle.
        sets: a control and the value that a click on the map moves it to, which is marked while it stands
            there; the part names the control among its ``view_controls``.

    Raises:
        ValueError: the values have another shape or are not finite, the ends are not in order, or there are
            other than one high end or one for each frame.
    """

    values: Numbers
    caption: str
    alt: str
    scale: tuple[float, float | Sequence[float]] | None = None
    signed: bool = False
    over: Under | None = None
    marks: Sequence[Mark] = ()
    axes: tuple[str, str] | None = None
    pick: str | None = None
    spots: Sequence[Sequence[float]] = ()
    spot: str = ""
    sets: tuple[str, int | str] | None = None

    def __post_init__(self) -> None:
        sides = {len(row) for frame in self.frames for row in frame}
        if len(sides) != 1 or sides == {0} or len({len(frame) for frame in self.frames}) != 1:
            raise ValueError(
                f"expected values of (H, W) or (frames, H, W); got rows of {sorted(sides)} values"
            )
        if self.scale is not None:
            low, high = self.scale
            highs = [high] if isinstance(high, int | float) else list(high)
            if len(highs) not in (1, len(self.frames)):
                raise ValueError(
                    f"expected one high end for each of {len(self.frames)} frames; got {len(highs)}"
                )
            if any(low > end for end in highs):
                raise ValueError(f"expected low <= high; got {low} and {high}")

    @cached_property
    def frames(self) -> list[list[list[float]]]:
        """The maps, as lists of rows."""
        values = as_list(self.values)
        if not values or not isinstance(values[0], list) or not values[0]:
            raise ValueError(f"expected values of (H, W) or (frames, H, W); got {values!r}")
        return values if isinstance(values[0][0], list) else [values]

    def ends(self, flat: Sequence[Sequence[float]]) -> tuple[float, list[float]]:
        """Return the low end of all frames, and the high end of all or of each, as a reader sees them."""
        if self.scale is None:
            low, highs = min(map(min, flat)), [max(map(max, flat))]
        else:
            low, high = self.scale
            highs = [high] if isinstance(high, int | float) else list(high)
        if self.signed:
            highs = [max(abs(low), abs(end)) for end in highs]
            low = -highs[0]
        rounded = [round_ends(low, end) for end in highs]
        return min((ends[0] for ends in rounded), key=lambda end: abs(end - low)), [
            ends[1] for ends in rounded
        ]

    def encode(self) -> dict[str, Any]:
        """Return a hexadecimal digit for every cell, frame by frame, the scale, and the options given."""
        flat = [flatten(frame) for frame in self.frames]
        low, highs = self.ends(flat)
        levels = SIGNED_LEVELS if self.signed else LEVELS
        each = highs if len(highs) > 1 else highs * len(flat)
        options = {
            "signed": self.signed,
            "over": self.over,
            "marks": list(self.marks),
            "axes": list(self.axes or ()),
            "pick": self.pick,
            "spots": [list(spot) for spot in self.spots],
            "spot": self.spot,
            "sets": list(self.sets or ()),
        }
        return {
            "shape": [len(self.frames[0]), len(self.frames[0][0])],
            "hex": "".join(quantise(one, low, high, levels) for one, high in zip(flat, each, strict=True)),
            "low": low,
            "high": highs if len(highs) > 1 else highs[0],
            "caption": self.caption,
            "alt": self.alt,
            **{name: option for name, option in options.items() if option},
        }
