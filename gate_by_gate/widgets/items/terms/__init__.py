"""A sum with its terms: the parameters of a block, layer by layer, and their total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gate_by_gate.widgets.items.encoded import Encoded, Kind
from gate_by_gate.widgets.items.number import Number

__all__ = ["Term", "Terms"]


@dataclass(frozen=True, eq=False)
class Term(Encoded):
    """One term of a sum.

    Args:
        name: the ``data-name`` of its number on the page.
        label: what is counted.
        formula: its count in symbols: ``C/r × C``.
        product: the same in numbers: ``16 × 256``.
        number: the count.
    """

    name: str
    label: str
    formula: str
    product: str
    number: Number

    def encode(self) -> dict[str, Any]:
        """Return the term, with its number beside its words."""
        words = {"name": self.name, "label": self.label, "formula": self.formula, "product": self.product}
        return words | self.number.json


@dataclass(frozen=True, eq=False)
class Terms(Kind):
    """A sum.

    Args:
        rows: its terms.
        total: what they add up to.

    Raises:
        ValueError: they add up to something else.
    """

    rows: Sequence[Term]
    total: Number

    def __post_init__(self) -> None:
        found = sum(row.number.value for row in self.rows)
        if found != self.total.value:
            raise ValueError(f"expected terms that add up to the total, {self.total.value}; got {found}")

    def encode(self) -> dict[str, Any]:
        """Return the terms and the total."""
        return {"rows": list(self.rows), "total": self.total}
