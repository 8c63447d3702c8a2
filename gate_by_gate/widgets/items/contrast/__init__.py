"""A contrast: any two of many things side by side, and their difference.

The differences of all pairs are stored once for both orders: seen from the other side, an interval is its
mirror image. Nothing else is left to the front end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gate_by_gate.widgets.controls import Value
from gate_by_gate.widgets.items.encoded import Encoded, Kind

__all__ = ["Contrast", "Difference", "Member", "tenths"]

SPANS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
"""The scales on which a difference is drawn, in percentage points to both sides. No interval leaves the last:
that of two seeds reaches furthest, 12.7 standard errors, of at most 100 points each."""


@dataclass(frozen=True)
class Difference:
    """The difference of two shares, first minus second.

    Attributes:
        mean: of the pairs.
        reach: how far its interval reaches to both sides; nan if there is none.
        mark: ``"+"`` and ``"-"`` are each other's mirror image; any other character is its own.
    """

    mean: float
    reach: float
    mark: str


@dataclass(frozen=True, eq=False)
class Member(Encoded):
    """One of the things.

    Args:
        value: the value of a control that stands for it.
        text: its mean.
        interval: the interval of its mean.
        seeds: its share with every seed of the contrast, None for one that was not run.
    """

    value: Value
    text: str
    interval: str
    seeds: Sequence[float | None]

    def encode(self) -> dict[str, Any]:
        """Return its texts, and its shares in per cent."""
        percentages = [None if share is None else round(100 * share, 1) for share in self.seeds]
        return {"value": self.value, "text": self.text, "interval": self.interval, "seeds": percentages}


@dataclass(frozen=True, eq=False)
class Contrast(Kind):
    """Two of many things that controls pick, and their difference.

    Args:
        pick: the controls that pick the first and the second, both among the part's ``view_controls``.
        seeds: whose values the members have.
        members: the things.
        difference: the difference of the members at two places, asked for each pair once, the earlier first.
        verdicts: what is said of each mark, and of ``"same"``, a member beside itself.
        absent: what is said if the first, the second, or both controls stand at no member.
        label: what the members' values are.

    Raises:
        ValueError: a member has not one share for each seed.
    """

    pick: tuple[str, str]
    seeds: Sequence[int]
    members: Sequence[Member]
    difference: Callable[[int, int], Difference]
    verdicts: Mapping[str, str]
    absent: tuple[str, str, str]
    label: str

    def __post_init__(self) -> None:
        for member in self.members:
            if len(member.seeds) != len(self.seeds):
                got = f"{len(member.seeds)} of {member.value!r}"
                raise ValueError(f"expected one share for each of {len(self.seeds)} seeds; got {got}")

    def encode(self) -> dict[str, Any]:
        """Return the members, and for each of them its differences to those behind it."""
        rows = [
            [self.difference(first, second) for second in range(first + 1, len(self.members))]
            for first in range(len(self.members))
        ]
        return {
            "pick": self.pick,
            "seeds": list(self.seeds),
            "members": list(self.members),
            "pairs": [
                [tenths(share) for found in row for share in (found.mean, found.reach)] for row in rows
            ],
            "marks": ["".join(found.mark for found in row) for row in rows],
            "verdicts": self.verdicts,
            "absent": self.absent,
            "label": self.label,
            "spans": SPANS,
        }


def tenths(share: float) -> int | None:
    """Write a difference of shares in tenths of a percentage point, which is what a reader sees of it."""
    return None if math.isnan(share) else round(1000 * share)
