"""How numbers and lists are written in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context

__all__ = ["amount", "join"]


THREE_DIGITS = Context(prec=3, rounding=ROUND_HALF_UP)
"""How an amount is rounded: as JavaScript's ``toPrecision(3)`` does, so that a page writes it alike."""


def amount(value: int, unit: str = "") -> str:
    """Write a large number with three digits and the prefix that suits it: ``4.09 G``, ``2.6 MB``.

    Args:
        value: the number.
        unit: what it counts, behind the prefix.
    """
    for prefix, factor in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if value >= factor:
            rounded = f"{THREE_DIGITS.create_decimal(value / factor):f}"
            return f"{rounded.rstrip('0').rstrip('.') if '.' in rounded else rounded} {prefix}{unit}"
    return f"{value} {unit}".rstrip()


def join(words: Sequence[str]) -> str:
    """Join words as a sentence does: ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
