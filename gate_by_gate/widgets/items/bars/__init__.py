"""Bars: one for each channel, or for each of whatever the numbers are of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gate_by_gate.widgets.items.encoded import Encoded, Kind, Numbers, as_list, flatten, round_off

__all__ = ["Bars", "Sort"]


@dataclass(frozen=True, eq=False)
class Sort(Encoded):
    """When bars stand from the largest to the smallest value, and of which bars.

    Args:
        control: the control that sorts them; the part names it among its ``view_controls``.
        when: the value of the control at which they are sorted.
        by: the item of the same part whose values give the order.
    """

    control: str
    when: object
    by: str

    def encode(self) -> dict[str, Any]:
        """Return all three."""
        return {"control": self.control, "when": self.when, "by": self.by}


@dataclass(frozen=True, eq=False)
class Bars(Kind):
    """Bars. Those of one part share a cursor.

    Args:
        values: the number of each bar, ``(C,)``.
        low: the lower end of the scale.
        high: the upper end of the scale.
        alt: the text equivalent.
        what: what one bar stands for.
        band: the bars that are pointed out while the reader points at none.
        reach: how many neighbours to either side are pointed out with the bar that the reader points at.
        sort: when the bars are sorted; by default they never are.
        before: numbers that a line across each bar marks, ``(C,)``.
        names: what each bar is called; by default its place, from 0.

    Raises:
        ValueError: the ends are not in order, ``before`` or ``names`` have another length than ``values``, or
            ``band`` names a bar that is not there.
    """

    values: Numbers
    low: float
    high: float
    alt: str
    what: str = "channel"
    band: Sequence[int] = ()
    reach: int | None = None
    sort: Sort | None = None
    before: Numbers | None = None
    names: Sequence[str] = ()

    def __post_init__(self) -> None:
        length = len(as_list(self.values))
        if self.low > self.high:
            raise ValueError(f"expected low <= high; got {self.low} and {self.high}")
        if self.before is not None and len(as_list(self.before)) != length:
            raise ValueError(f"`before` must have {length} numbers; got {len(as_list(self.before))}")
        if self.names and len(self.names) != length:
            raise ValueError(f"`names` must have {length} names; got {len(self.names)}")
        if any(not 0 <= bar < length for bar in self.band):
            raise ValueError(f"`band` must name bars from 0 to {length - 1}; got {list(self.band)}")

    def encode(self) -> dict[str, Any]:
        """Return the rounded values and scale, and those options that are given."""
        data = {
            "values": [round_off(value) for value in flatten(as_list(self.values))],
            "low": self.low,
            "high": self.high,
            "alt": self.alt,
            "what": self.what,
        }
        before = None if self.before is None else [round_off(v) for v in flatten(as_list(self.before))]
        options = {
            "band": list(self.band) or None,
            "reach": self.reach,
            "sort": self.sort,
            "before": before,
            "names": list(self.names) or None,
        }
        return data | {name: option for name, option in options.items() if option is not None}
