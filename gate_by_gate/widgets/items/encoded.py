"""What the data of all kinds of items share: they travel as JSON, and are read like it."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, KeysView, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeAlias

__all__ = ["DECIMALS", "Array", "Encoded", "Kind", "Numbers", "as_list", "flatten", "round_off"]

DECIMALS = 3
"""Decimals of a stored gate or activation: a bar 100 pixels high shows two."""


class Array(Protocol):
    """An array of any library: PyTorch's and NumPy's have this method."""

    def tolist(self) -> Any:
        """Return the values as nested lists."""


Numbers: TypeAlias = "Array | Sequence[Any]"
"""Numbers as an array, or as a sequence that is nested once for each further axis."""


def as_list(values: Numbers) -> list[Any]:
    """Return the values of an array or a sequence as a list of lists."""
    if hasattr(values, "tolist"):
        listed: list[Any] = values.tolist()
        return listed
    return [as_list(value) if isinstance(value, Sequence) else value for value in values]


def flatten(values: Sequence[Any]) -> list[float]:
    """Return nested numbers as one list, row by row.

    Raises:
        ValueError: a value is infinite or not a number.
    """
    flat = list(values)
    while flat and isinstance(flat[0], list):
        flat = [value for row in flat for value in row]
    if not all(map(math.isfinite, flat)):
        raise ValueError(f"expected finite numbers; got {next(v for v in flat if not math.isfinite(v))}")
    return flat


def round_off(value: float, decimals: int = DECIMALS) -> float:
    """Round to the stored precision, without a negative zero."""
    return round(value, decimals) + 0.0


class Encoded:
    """Data that travel to a page as JSON, and are read like it: ``bars["values"]``.

    A subclass is a frozen dataclass that says in :meth:`encode` what travels. It equals another one, or a
    plain dictionary, from which the same travels.
    """

    def encode(self) -> dict[str, Any]:
        """Return what travels; it may hold other encoded data, tuples and mappings."""
        raise NotImplementedError

    @cached_property
    def json(self) -> dict[str, Any]:
        """What travels, as dictionaries, lists, texts and numbers alone."""
        return {name: plain(value) for name, value in self.encode().items()}

    def __getitem__(self, name: str) -> Any:
        return self.json[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.json)

    def __contains__(self, name: object) -> bool:
        return name in self.json

    def keys(self) -> KeysView[str]:
        """Return the names of what travels, so that ``**data`` and ``dict(data)`` work."""
        return self.json.keys()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Encoded):
            return self.json == other.json
        return self.json == other if isinstance(other, Mapping) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # equal to dictionaries, which have none


def plain(value: Any) -> Any:
    """Return a value as JSON holds it."""
    if isinstance(value, Encoded):
        return value.json
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple | range):
        return [plain(one) for one in value]
    return value


class Kind(Encoded):
    """The data of one item. The class is the kind; its name on the page is that of the class's folder."""

    kind: ClassVar[str]

    def __init_subclass__(cls) -> None:
        """Name the kind.

        Raises:
            TypeError: nothing draws it.
        """
        super().__init_subclass__()
        cls.kind = cls.__module__.rpartition(".")[2]
        drawing = Path(inspect.getfile(cls)).with_name("draw.js")
        if not drawing.exists():
            raise TypeError(f"a kind of item stands in a folder with a draw.js; expected {drawing}")
