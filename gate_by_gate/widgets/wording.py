"""How numbers and lists are written in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["amount", "join"]


def amount(value: int, unit: str = "", digits: str = ".3g") -> str:
    """Write a large number with the prefix that suits it: ``4.09 G``, ``2.6 MB``.

    Args:
        value: the number.
        unit: what it counts, behind the prefix.
        digits: the format of what stands before it.
    """
    for prefix, factor in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if value >= factor:
            return f"{value / factor:{digits}} {prefix}{unit}"
    return f"{value} {unit}".rstrip()


def join(words: Sequence[str]) -> str:
    """Join words as a sentence does: ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
