"""A table of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gate_by_gate.widgets.items.encoded import Kind
from gate_by_gate.widgets.items.number import Number

__all__ = ["Table"]


@dataclass(frozen=True, eq=False)
class Table(Kind):
    """A table of numbers.

    Args:
        head: what the rows are.
        columns: the heading of every column, by the ``data-name`` of its numbers on the page.
        rows: the numbers of every row, by the row's heading.

    Raises:
        ValueError: a row has not one number for each column.
    """

    head: str
    columns: Mapping[str, str]
    rows: Mapping[str, Sequence[Number]]

    def __post_init__(self) -> None:
        for label, cells in self.rows.items():
            if len(cells) != len(self.columns):
                raise ValueError(f"expected {len(self.columns)} numbers in row {label!r}; got {len(cells)}")

    def encode(self) -> dict[str, Any]:
        """Return columns and rows as lists, in order."""
        return {
            "head": self.head,
            "columns": [{"name": name, "label": label} for name, label in self.columns.items()],
            "rows": [{"label": label, "cells": list(cells)} for label, cells in self.rows.items()],
        }
