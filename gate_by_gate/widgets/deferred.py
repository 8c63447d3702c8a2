"""A sequence whose members are found when it is first read.

What a definition takes from a file (the entries of a menu, pictures) is given in this way, so that importing
an explorer reads no file and computes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, TypeVar

__all__ = ["Deferred"]

Member = TypeVar("Member", covariant=True)


class Deferred(Sequence[Member]):
    """A sequence that a function makes when something is first read of it.

    Args:
        make: gives the members; it is called once.

    Example:
        >>> squares = Deferred(lambda: [number**2 for number in range(5)])  # nothing is computed yet
        >>> squares[2], len(squares), 9 in squares
        (4, 5, True)
    """

    def __init__(self, make: Callable[[], Iterable[Member]]) -> None:
        self._make = make

    @cached_property
    def _members(self) -> tuple[Member, ...]:
        return tuple(self._make())

    def __getitem__(self, at: Any) -> Any:
        return self._members[at]

    def __len__(self) -> int:
        return len(self._members)
