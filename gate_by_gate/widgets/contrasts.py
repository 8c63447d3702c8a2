"""A contrast as the small JSON that the front end draws: any two of many things, and their difference.

The differences of all pairs are stored once for both orders: seen from the other side, an interval is its
mirror image. Nothing else is left to the front end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gate_by_gate.widgets.controls import Value

__all__ = ["Difference", "contrast", "member"]

Data = dict[str, object]

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


def member(value: Value, text: str, interval: str, seeds: Sequence[float | None]) -> Data:
    """Describe one of the things.

    Args:
        value: the value of a control that stands for it.
        text: its mean.
        interval: the interval of its mean.
        seeds: its share with every seed of the contrast, None for one that was not run.
    """
    percentages = [None if share is None else round(100 * share, 1) for share in seeds]
    return {"value": value, "text": text, "interval": interval, "seeds": percentages}


def contrast(
    pick: tuple[str, str],
    seeds: Sequence[int],
    members: Sequence[Data],
    difference: Callable[[int, int], Difference],
    verdicts: Mapping[str, str],
    absent: tuple[str, str, str],
    label: str,
) -> Data:
    """Put members and the differences of all pairs together; the part names both controls in its ``follows``.

    Args:
        pick: the controls that pick the first and the second.
        seeds: whose values the members have.
        members: from :func:`member`.
        difference: of the members at two places, asked for each pair once, the earlier one first.
        verdicts: what is said of each mark, and of ``"same"``, a member beside itself.
        absent: what is said if the first, the second, or both controls stand at no member.
        label: what the members' values are.
    """
    rows = [
        [difference(first, second) for second in range(first + 1, len(members))]
        for first in range(len(members))
    ]
    return {
        "pick": list(pick),
        "seeds": list(seeds),
        "members": list(members),
        "pairs": [[tenths(share) for found in row for share in (found.mean, found.reach)] for row in rows],
        "marks": ["".join(found.mark for found in row) for row in rows],
        "verdicts": dict(verdicts),
        "absent": list(absent),
        "label": label,
        "spans": list(SPANS),
    }


def tenths(share: float) -> int | None:
    """Write a difference of shares in tenths of a percentage point, which is what a reader sees of it."""
    return None if math.isnan(share) else round(1000 * share)
