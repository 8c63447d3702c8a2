"""Records as text: a table of at most a screen, whatever a record holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from torch import Tensor

__all__ = ["Records", "shape_of", "table"]

Record = TypeVar("Record")
MOST_ROWS = 20


class Records(dict[str, Record]):
    """Records by name, which print as a line each."""

    def __repr__(self) -> str:
        return table([(name or "(the model)", _summary(record)) for name, record in self.items()])


def table(rows: Sequence[Sequence[object]], header: Sequence[str] = ()) -> str:
    """Lay out rows in columns, numbers to the right; of too many rows, show the first and count the rest."""
    shown = [[_cell(value) for value in row] for row in rows[:MOST_ROWS]]
    lines = [list(header), *shown] if header else shown
    if not lines:
        return "none"
    right = [bool(rows) and isinstance(value, int) for value in rows[0]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    text = [
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    ]
    if len(rows) > MOST_ROWS:
        text.append(f"... and {len(rows) - MOST_ROWS:,} more")
    return "\n".join(text)


def shape_of(tensors: Mapping[str, Tensor]) -> str:
    """Name tensors with their shapes: ``"channel (2, 64, 1, 1), spatial (2, 1, 7, 5)"``."""
    return ", ".join(f"{name} {tuple(value.shape)}" for name, value in tensors.items())


def _summary(record: object) -> str:
    return shape_of(record) if isinstance(record, Mapping) else repr(record)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
