"""A picture of which a part is marked: what was marked before, what is marked now, and what is both."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from gate_by_gate.widgets.items.encoded import Kind, Numbers, as_list

__all__ = ["Cutout"]

BASE = 26
"""Digits of a run's length: ``a`` to ``z``, and in the last place ``A`` to ``Z``, which ends it."""


@dataclass(frozen=True, eq=False)
class Cutout(Kind):
    """One of the definition's pictures, with what is marked of it in full light and the rest in the dark.

    Args:
        index: which of the pictures.
        before: what was marked, ``(H, W)``: true or false for each cell.
        now: what is marked, of the same shape.
        alt: the text equivalent.

    Raises:
        ValueError: the two have different shapes.
    """

    index: int
    before: Numbers
    now: Numbers
    alt: str

    def __post_init__(self) -> None:
        before, now = ([len(row) for row in as_list(mask)] for mask in (self.before, self.now))
        if before != now or len(set(now)) != 1:
            raise ValueError(f"expected two masks of one shape (H, W); got rows of {before} and {now} cells")

    def encode(self) -> dict[str, Any]:
        """Return both masks as runs; settings that share one of them then share its text."""
        before, now = as_list(self.before), as_list(self.now)
        return {
            "index": self.index,
            "shape": [len(now), len(now[0])],
            "before": runs(before),
            "now": runs(now),
            "alt": self.alt,
        }


def runs(rows: list[list[bool]]) -> str:
    """Return how many cells, row by row, are not marked, then marked, then not marked, and so on."""
    cells = [bool(cell) for row in rows for cell in row]
    lengths = [len(list(run)) for _, run in itertools.groupby(cells)]
    return "".join(map(written, [0, *lengths] if cells[0] else lengths))


def written(length: int) -> str:
    """Write a length with the digits of :data:`BASE`."""
    text = chr(ord("A") + length % BASE)
    while length := length // BASE:
        text = chr(ord("a") + length % BASE) + text
    return text
