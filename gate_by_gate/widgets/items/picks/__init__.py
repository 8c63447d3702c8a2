"""Rows of numbers, of which a reader picks one: another way to move a control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gate_by_gate.widgets.items.encoded import Kind

__all__ = ["Picks"]


@dataclass(frozen=True, eq=False)
class Picks(Kind):
    """Rows that move a control, each with a number for every column.

    Args:
        pick: the control that a row moves; the part names it among its ``view_controls``, and the row of its
            value is marked.
        columns: what the numbers of a row are of.
        rows: for each value that can be picked, the numbers; 0 is drawn as nothing.
        texts: what each of these values reads as.
        what: what a number counts, for a screen reader.

    Raises:
        ValueError: a row has not one number for each column, or there is not one text for each row.
    """

    pick: str
    columns: Sequence[str]
    rows: Mapping[str, Sequence[int]]
    texts: Sequence[str]
    what: str

    def __post_init__(self) -> None:
        for value, numbers in self.rows.items():
            if len(numbers) != len(self.columns):
                raise ValueError(f"expected {len(self.columns)} numbers in row {value!r}; got {len(numbers)}")
        if len(self.texts) != len(self.rows):
            raise ValueError(f"expected {len(self.rows)} texts; got {len(self.texts)}")

    def encode(self) -> dict[str, Any]:
        """Return the rows as lists, in order."""
        return {
            "pick": self.pick,
            "columns": self.columns,
            "values": list(self.rows),
            "texts": self.texts,
            "numbers": list(self.rows.values()),
            "what": self.what,
        }
