"""Controls: what a reader can move, and every value that the published page offers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gate_by_gate.widgets.deferred import Deferred
from gate_by_gate.widgets.texts import phrase

__all__ = ["Control", "Value", "key_of", "place"]

STYLES = ("range", "choice", "gallery", "place", "menu")

Value = int | bool | str
"""What a control can be set to; each kind is written the same in Python's and in JavaScript's JSON."""


@dataclass(frozen=True)
class Control:
    """One control of an explorer.

    Args:
        name: the trait of the live widget and the ``data-control`` of the page.
        label: the visible label, which is also the accessible name.
        values: every published value, in the order of the slider or of the choices. What is read from a file,
            here and in ``texts`` and ``groups``, is a :class:`~gate_by_gate.widgets.deferred.Deferred`.
        default: the value a page opens with.
        style: how it is drawn: ``"range"`` (a slider), ``"choice"`` (radio buttons), ``"gallery"`` (radio
            buttons with a picture each), ``"place"`` (a cell of a grid on a map, row by row) or
            ``"menu"`` (a list that opens, for more values than a page has room for).
        texts: what each value reads as; by default the value itself.
        groups: the heading that each value of a ``"menu"`` stands under; equal ones stand together.
        grid: rows and columns of a ``"place"``; its values are ``0 .. rows * columns - 1``.
        on: the item whose map a ``"place"`` is picked on: by pointing at it, or by arrow keys.
        within: another control, and for its values those that there are of this one, if not all: a network
            with two heads has no third one to show. What there is not cannot be picked on a page.

    Raises:
        ValueError: there is no such style, or what is given does not go together.
    """

    name: str
    label: str
    values: Sequence[Value]
    default: Value
    style: str = "range"
    texts: Sequence[str] = ()
    groups: Sequence[str] = ()
    grid: tuple[int, int] | None = None
    on: str | None = None
    within: tuple[str, Mapping[Value, Sequence[Value]]] | None = None

    def __post_init__(self) -> None:
        if self.style not in STYLES:
            raise ValueError(f"`style` must be one of {STYLES}; got {self.style!r}")
        if (self.style == "place") != (self.grid is not None and self.on is not None):
            raise ValueError(f"a 'place', and nothing else, needs `grid` and `on`; got {self.name}")
        if self.within and self.style != "choice":
            raise ValueError(f"`within` is for a 'choice'; got {self.name}, a {self.style!r}")
        if not any(isinstance(given, Deferred) for given in (self.values, self.texts, self.groups)):
            self._check_values()

    def _check_values(self) -> None:
        """Refuse values that do not go together; deferred ones, when they are described to a page."""
        if self.default not in self.values:
            expected = tuple(self.values)
            raise ValueError(f"`default` of {self.name} must be one of {expected}; got {self.default!r}")
        if self.texts and len(self.texts) != len(self.values):
            raise ValueError(f"{self.name} has {len(self.values)} values but {len(self.texts)} texts")
        if self.groups and (self.style != "menu" or len(self.groups) != len(self.values)):
            raise ValueError(f"`groups` must name one heading for each value of a 'menu'; got {self.name}")
        if self.grid and tuple(self.values) != tuple(range(self.grid[0] * self.grid[1])):
            raise ValueError(f"the values of {self.name} must number the cells of its {self.grid} grid")

    def check(self, value: object) -> None:
        """Refuse what a place or a menu does not offer. Other styles leave it to the block what it takes.

        Raises:
            ValueError: there is no such place, or no such entry.
        """
        if self.style == "menu" and value not in self.values:
            raise ValueError(f"`{self.name}` must be one of {tuple(self.values)}; got {value!r}")
        if self.style == "place" and value not in self.values:
            raise ValueError(f"`{self.name}` must be between 0 and {self.values[-1]}; got {value!r}")

    def offers(self, value: Value, setting: Mapping[str, Value]) -> bool:
        """Tell whether there is a value while the other controls stand as they do."""
        if self.within is None:
            return True
        other, values = self.within
        return value in values.get(setting[other], self.values)

    def spec(self) -> dict[str, object]:
        """Describe the control to the front end."""
        self._check_values()
        return {
            "name": self.name,
            "label": self.label,
            "style": self.style,
            "values": list(self.values),
            "texts": list(self.texts) or [str(value) for value in self.values],
            **({"groups": list(self.groups)} if self.groups else {}),
            **({"grid": list(self.grid), "on": self.on} if self.grid else {}),
            **({"within": self._written_within()} if self.within else {}),
        }

    def _written_within(self) -> dict[str, object]:
        """Write ``within`` with the keys of its values as the front end writes them."""
        other, values = self.within or ("", {})
        return {"control": other, "values": {json.dumps(key): list(left) for key, left in values.items()}}


def place(name: str, label: str, grid: tuple[int, int], on: str, default: int) -> Control:
    """Make a control that picks a cell of a grid on the map of the item ``on``."""
    rows, columns = grid
    texts = tuple(phrase("place", row=row, column=column) for row in range(rows) for column in range(columns))
    return Control(name, label, tuple(range(rows * columns)), default, "place", texts, grid=grid, on=on)


def key_of(names: Iterable[str], setting: Mapping[str, Value]) -> str:
    """Name an entry that is stored for some controls: the JSON of their values, joined by ``|``.

    The front end builds the same key, so the two must agree on how a value is written.
    """
    return "|".join(json.dumps(setting[name], ensure_ascii=False) for name in names)
