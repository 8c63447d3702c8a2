"""Stacks: for each column a whole number, and on top of it another one that is added to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gate_by_gate.widgets.items.encoded import Kind

__all__ = ["Stack", "Stacks"]


@dataclass(frozen=True)
class Stack:
    """One column.

    Args:
        name: what it is.
        own: its own number, the lower part.
        added: what is added to it, the upper part.
        text: how a reader sees its own number.
        more: how a reader sees what is added, with the reason; empty if nothing is.
    """

    name: str
    own: int
    added: int
    text: str
    more: str = ""


@dataclass(frozen=True, eq=False)
class Stacks(Kind):
    """Stacks on one scale, whose heights are in proportion.

    Args:
        columns: the stacks, from left to right.
        alt: the text equivalent.

    Raises:
        ValueError: there is no column, or a number is negative.
    """

    columns: Sequence[Stack]
    alt: str

    def __post_init__(self) -> None:
        if not self.columns:
            raise ValueError("expected at least one column; got none")
        if any(one.own < 0 or one.added < 0 for one in self.columns):
            raise ValueError(f"expected numbers of at least 0; got {list(self.columns)}")

    def encode(self) -> dict[str, Any]:
        """Return one list for each field: they compress better than one dictionary for each column."""
        fields = ("name", "own", "added", "text", "more")
        return {
            **{field: [getattr(one, field) for one in self.columns] for field in fields},
            "alt": self.alt,
        }
