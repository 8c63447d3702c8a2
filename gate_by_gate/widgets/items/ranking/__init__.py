"""Named shares below each other, each with a bar: the surest answers of a classifier, say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gate_by_gate.widgets.items.encoded import Encoded, Kind, round_off

__all__ = ["Ranking", "Share"]


@dataclass(frozen=True, eq=False)
class Share(Encoded):
    """A row of a :class:`Ranking`.

    Args:
        name: what it is of.
        value: from 0 to 1.
        marked: whether the row is pointed out.

    Raises:
        ValueError: the value is not from 0 to 1.
    """

    name: str
    value: float
    marked: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.value <= 1:
            raise ValueError(f"expected a share from 0 to 1; got {self.value} for {self.name!r}")

    def encode(self) -> dict[str, Any]:
        """Return the rounded value with its text in per cent."""
        marked = {"marked": True} if self.marked else {}
        return {
            "name": self.name,
            "value": round_off(self.value),
            "text": f"{100 * self.value:.1f} %",
            **marked,
        }


@dataclass(frozen=True, eq=False)
class Ranking(Kind):
    """Named shares below each other, each with a bar from 0 to 1.

    Args:
        rows: the shares, in order.

    Raises:
        ValueError: there is no row.
    """

    rows: Sequence[Share]

    def __post_init__(self) -> None:
        if not self.rows:
            raise ValueError("expected at least one row; got none")

    def encode(self) -> dict[str, Any]:
        """Return the rows."""
        return {"rows": list(self.rows)}
