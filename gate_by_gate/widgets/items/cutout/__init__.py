"""A picture of which a part is marked: what was marked before, what is marked now, and what is both."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from gate_by_gate.widgets.items.encoded import Kind, Numbers, as_list

__all__ = ["Cutout"]

LETTERS = "ghij"
"""How a cell is written: not marked, newly marked, no longer marked, marked as before. None is a digit."""


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
        """Return the cells row by row as runs: the letter of each with how many follow, in hexadecimal."""
        before, now = as_list(self.before), as_list(self.now)
        levels = [
            bool(new) + 2 * bool(old)
            for old_row, new_row in zip(before, now, strict=True)
            for old, new in zip(old_row, new_row, strict=True)
        ]
        lengths = [(level, len(list(run))) for level, run in itertools.groupby(levels)]
        runs = "".join(LETTERS[level] + (f"{length:x}" if length > 1 else "") for level, length in lengths)
        return {"index": self.index, "shape": [len(now), len(now[0])], "runs": runs, "alt": self.alt}
