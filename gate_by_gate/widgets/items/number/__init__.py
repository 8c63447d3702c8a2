"""A number with its unit, in the words that a reader sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gate_by_gate.widgets.items.encoded import Kind

__all__ = ["Number", "count", "verdict"]


@dataclass(frozen=True, eq=False)
class Number(Kind):
    """A number and its text.

    Args:
        value: the number.
        text: how a reader sees it.
        right: marks it as right, by a tick, or as wrong, by a cross.

    Raises:
        TypeError: the value is no number, or the text no text.
    """

    value: float
    text: str
    right: bool | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.value, int | float) or not isinstance(self.text, str):
            raise TypeError(f"expected a number and its text; got {self.value!r} and {self.text!r}")

    def encode(self) -> dict[str, Any]:
        """Return the number with its text, and its mark if it has one."""
        marked = {} if self.right is None else {"right": self.right}
        return {"value": self.value, "text": self.text, **marked}


def count(value: int, unit: str = "") -> Number:
    """Write a whole number with thousands separators and an optional unit."""
    return Number(value, f"{value:,} {unit}".rstrip())


def verdict(value: float, text: str, right: bool) -> Number:
    """Write a number that is marked as right or as wrong."""
    return Number(value, text, right)
