"""The photographs that explorers show."""

from __future__ import annotations

from collections.abc import Iterator

from gate_by_gate.photographs import SIDE, names, photograph, small
from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.deferred import Deferred
from gate_by_gate.widgets.definition import Data, Setting
from gate_by_gate.widgets.items.picture import file

__all__ = ["COUNT", "NAMES", "PHOTOGRAPHS", "photograph_control", "photograph_index"]

COUNT = 9
"""How many photographs there are."""

NAMES = Deferred(lambda: iter(names()))
"""What each of them is called."""


def _files() -> Iterator[Data]:
    for name in names():
        yield file(photograph(name).path, (SIDE, SIDE), small(name))


PHOTOGRAPHS = Deferred(_files)
"""The photographs as pictures of a definition, each a file of its own."""


def photograph_control(name: str, label: str, default: int = 0) -> Control:
    """Make a control that picks one of the photographs."""
    return Control(name, label, tuple(range(COUNT)), default, "gallery", NAMES)


def photograph_index(setting: Setting) -> int:
    """Return the number of the photograph that a setting picks.

    Raises:
        ValueError: there is no such photograph.
    """
    index = setting["photograph"]
    if isinstance(index, str) or not 0 <= index < COUNT:
        raise ValueError(f"`photograph` must be between 0 and {COUNT - 1}; got photograph={index!r}")
    return int(index)
