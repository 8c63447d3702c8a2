"""A chart: lines, steps, and points with intervals between two axes.

Every number travels with the text that a reader sees, so that the front end writes none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from gate_by_gate.widgets.controls import Value
from gate_by_gate.widgets.items.encoded import Encoded, Kind

__all__ = ["Axis", "Chart", "Here", "HereBy", "Line", "Point", "Points", "Ring", "Series", "Step"]


@dataclass(frozen=True, eq=False)
class Axis(Encoded):
    """An axis.

    Args:
        label: what is drawn along it, with its unit.
        low: the value at its left or lower end.
        high: the value at its other end.
        ticks: the values that are written beside it, each alone or with its text.
        log: equal ratios take equal lengths.

    Raises:
        ValueError: the ends are not in order, or a logarithmic axis reaches zero.
    """

    label: str
    low: float
    high: float
    ticks: Sequence[float] | Sequence[tuple[float, str]]
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.log and self.low <= 0):
            got = f"{self.low}, {self.high}, log={self.log}"
            raise ValueError(f"an axis needs low < high, both positive if `log`; got {got}")

    def encode(self) -> dict[str, Any]:
        """Return its ends, and every tick with its text."""
        ticks = [tick if isinstance(tick, tuple) else (tick, f"{tick:,}") for tick in self.ticks]
        return {"label": self.label, "low": self.low, "high": self.high, "log": self.log, "ticks": ticks}


@dataclass(frozen=True, eq=False)
class Point(Encoded):
    """A point.

    Args:
        x: its value along the horizontal axis.
        y: its value along the vertical axis.
        text: how a reader sees both; by default as numbers with thousands separators.
        interval: the ends of a vertical line through it.
        interval_text: how a reader sees the interval.
        name: what it is called, if not by its series.
        marked: a ring is drawn around it.
    """

    x: float
    y: float
    text: tuple[str, str] | None = None
    interval: tuple[float, float] | None = None
    interval_text: str = ""
    name: str | None = None
    marked: bool = False

    def encode(self) -> dict[str, Any]:
        """Return what is given of it."""
        text = [*(self.text or (f"{self.x:,}", f"{self.y:,}")), *filter(None, [self.interval_text])]
        ends = {} if self.interval is None else dict(zip(("low", "high"), self.interval, strict=True))
        named = {} if self.name is None else {"name": self.name}
        marked = {"marked": True} if self.marked else {}
        return {"x": self.x, "y": self.y, "text": text, **ends, **named, **marked}


@dataclass(frozen=True, eq=False)
class Series(Encoded):
    """Points that belong together; made as a :class:`Line`, a :class:`Step` or :class:`Points`.

    Args:
        name: what the legend calls them.
        points: the points.
        style: which marker and colour they take, from 0; by default the place of the series in its chart.
    """

    name: str
    points: Sequence[Point]
    style: int | None = None

    form: ClassVar[str]

    def encode(self) -> dict[str, Any]:
        """Return its points, and how they are drawn."""
        styled = {} if self.style is None else {"style": self.style}
        return {"name": self.name, "kind": self.form, "points": list(self.points), **styled}


class Line(Series):
    """Points joined by straight lines, each with a marker."""

    form = "line"


class Step(Series):
    """A staircase: each point's height holds until the next point, so corners are enough."""

    form = "step"


class Points(Series):
    """Points that stand alone, with their intervals if they have some."""

    form = "points"


@dataclass(frozen=True, eq=False)
class Here(Encoded):
    """A ring around the point of the present setting.

    Args:
        x: its value along the horizontal axis.
        y: its value along the vertical axis.
        text: what stands below the chart while the reader points at no other point.
    """

    x: float
    y: float
    text: str

    def encode(self) -> dict[str, Any]:
        """Return where it is, and its text."""
        return {"x": self.x, "y": self.y, "text": self.text}


@dataclass(frozen=True, eq=False)
class HereBy(Encoded):
    """A ring around one of several points: the one for the value of a control.

    Args:
        control: the control; the part names it among its ``view_controls``.
        points: a point for each of its values.
    """

    control: str
    points: Mapping[Value, Here]

    def encode(self) -> dict[str, Any]:
        """Return the control, and the points by the text of its values."""
        return {"pick": self.control, "at": {str(value): point for value, point in self.points.items()}}


@dataclass(frozen=True, eq=False)
class Ring(Encoded):
    """A ring around the point whose name is the text that a control shows.

    Args:
        control: the control; the part names it among its ``view_controls``.
        label: the letter beside the ring.
    """

    control: str
    label: str

    def encode(self) -> dict[str, Any]:
        """Return the control and the label."""
        return {"pick": self.control, "label": self.label}


@dataclass(frozen=True, eq=False)
class Chart(Kind):
    """Series between two axes. Beyond seven series, dashes and markers repeat.

    Args:
        x: the horizontal axis.
        y: the vertical axis.
        series: lines, steps and points.
        alt: the text equivalent.
        here: the point of the present setting.
        rings: rings around points that controls pick. Below the chart the points are named while the reader
            points at no other point.

    Raises:
        ValueError: there is no series.
    """

    x: Axis
    y: Axis
    series: Sequence[Series]
    alt: str
    here: Here | HereBy | None = None
    rings: Sequence[Ring] = ()

    def __post_init__(self) -> None:
        if not self.series:
            raise ValueError("expected at least one series; got none")

    def encode(self) -> dict[str, Any]:
        """Return axes and series, and the rings if there are some."""
        here = {} if self.here is None else {"here": self.here}
        rings = {"rings": list(self.rings)} if self.rings else {}
        return {"x": self.x, "y": self.y, "series": list(self.series), "alt": self.alt, **here, **rings}
