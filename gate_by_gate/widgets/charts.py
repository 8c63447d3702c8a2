"""Charts as the small JSON that the front end draws: axes, lines, steps, and points with intervals.

Every number travels with the text that a reader sees, as in ``encoding``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gate_by_gate.widgets.controls import Value

__all__ = ["axis", "chart", "here", "here_by", "line", "point", "points", "ring", "step"]

Data = dict[str, object]


def axis(
    label: str,
    low: float,
    high: float,
    ticks: Sequence[float] | Sequence[tuple[float, str]],
    *,
    log: bool = False,
) -> Data:
    """Describe an axis.

    Args:
        label: what is drawn along it, with its unit.
        low: the value at its left or lower end.
        high: the value at its other end.
        ticks: the values that are written beside it, each alone or with its text.
        log: equal ratios take equal lengths.

    Raises:
        ValueError: the ends are not in order, or a logarithmic axis reaches zero.
    """
    if not low < high or (log and low <= 0):
        raise ValueError(f"an axis needs low < high, both positive if `log`; got {low}, {high}, log={log}")
    marks = [tick if isinstance(tick, tuple) else (tick, f"{tick:,}") for tick in ticks]
    return {"label": label, "low": low, "high": high, "log": log, "ticks": [list(mark) for mark in marks]}


def point(
    x: float,
    y: float,
    text: tuple[str, str] | None = None,
    *,
    interval: tuple[float, float] | None = None,
    interval_text: str = "",
    name: str | None = None,
    marked: bool = False,
) -> Data:
    """Describe a point.

    Args:
        x: its value along the horizontal axis.
        y: its value along the vertical axis.
        text: how a reader sees both; by default as whole numbers with thousands separators.
        interval: the ends of a vertical line through it.
        interval_text: how a reader sees the interval.
        name: what it is called, if not by its series.
        marked: a ring is drawn around it.
    """
    written = list(text or (f"{x:,}", f"{y:,}"))
    ends = {} if interval is None else {"low": interval[0], "high": interval[1]}
    named = {} if name is None else {"name": name}
    return {
        "x": x,
        "y": y,
        "text": [*written, interval_text] if interval_text else written,
        **ends,
        **named,
        **({"marked": True} if marked else {}),
    }


def line(name: str, members: Sequence[Data]) -> Data:
    """Describe points joined by straight lines, each with a marker."""
    return {"name": name, "kind": "line", "points": list(members)}


def step(name: str, members: Sequence[Data]) -> Data:
    """Describe a staircase: each point's height holds until the next point, so corners are enough."""
    return {"name": name, "kind": "step", "points": list(members)}


def points(name: str, members: Sequence[Data], style: int | None = None) -> Data:
    """Describe points that stand alone, with their intervals if they have some.

    Args:
        name: what the legend calls them.
        members: the points.
        style: which marker and colour they take, from 0; by default the place of the series in its chart.
    """
    styled = {} if style is None else {"style": style}
    return {"name": name, "kind": "points", "points": list(members), **styled}


def here(x: float, y: float, text: str) -> Data:
    """Mark the point of the present setting; ``text`` stands below while no other point is pointed at."""
    return {"x": x, "y": y, "text": text}


def here_by(control: str, points: Mapping[Value, Data]) -> Data:
    """Mark one point for each value of a control; the part then names the control in its ``follows``."""
    return {"pick": control, "at": {str(value): point for value, point in points.items()}}


def ring(control: str, label: str) -> Data:
    """Mark the point that is called as a control's value reads; the part then follows the control."""
    return {"pick": control, "label": label}


def chart(
    x: Data,
    y: Data,
    series: Sequence[Data],
    alt: str,
    *,
    here: Data | None = None,
    rings: Sequence[Data] = (),
) -> Data:
    """Put axes and series together. Beyond seven series, dashes and markers repeat.

    Args:
        x: the horizontal axis.
        y: the vertical axis.
        series: lines, steps and points.
        alt: the text equivalent.
        here: the point of the present setting, from :func:`here` or :func:`here_by`.
        rings: marks of points that controls pick, from :func:`ring`. What they mark is said below while no
            other point is pointed at.
    """
    data: Data = {"x": x, "y": y, "series": list(series), "alt": alt}
    return data | ({} if here is None else {"here": here}) | ({"rings": list(rings)} if rings else {})
