"""The explorers of the book, one in each file, which is imported when its explorer is asked for.

``coord_att.py`` holds a definition and the class ``CoordAttExplorer``, and is found by that name::

    from gate_by_gate.explorers import CoordAttExplorer

A new file is found without being listed anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gate_by_gate.widgets.live import Explorer


def _files() -> list[str]:
    """Name the files of the explorers, without importing them."""
    return sorted(module.name for module in iter_modules(__path__) if not module.ispkg)


class _Explorers(Mapping[str, "type[Explorer]"]):
    """The class of every explorer by the name of its file, which is imported when its class is looked up."""

    def __iter__(self) -> Iterator[str]:
        return iter(_files())

    def __len__(self) -> int:
        return len(_files())

    def __contains__(self, name: object) -> bool:
        return name in _files()

    def __init__(self) -> None:
        self._found: dict[str, type[Explorer]] = {}

    def __getitem__(self, name: str) -> type[Explorer]:
        # The folder is looked through when an explorer is asked for the first time: that takes a millisecond.
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def _find(self, name: str) -> type[Explorer]:
        if name not in self:
            raise KeyError(f"expected an explorer out of {_files()}; got {name!r}")
        module = import_module(f"{__name__}.{name}")
        from gate_by_gate.widgets.live import Explorer

        found = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Explorer) and value.__module__ == module.__name__
        ]
        if len(found) != 1:
            raise TypeError(f"{name}.py must hold one class of an explorer; got {found}")
        return found[0]


EXPLORERS: Mapping[str, type[Explorer]] = _Explorers()
"""Every explorer by the name of its file, which is also the ``data-explorer`` of its page."""


def __getattr__(name: str) -> Any:
    """Import the explorer of this name; ``__all__`` names them all, and so imports them."""
    if name == "__all__":
        return ["EXPLORERS", *(explorer.__name__ for explorer in EXPLORERS.values())]
    for file in EXPLORERS:
        if name.lower() == f"{file.replace('_', '')}explorer":
            explorer = EXPLORERS[file]
            if explorer.__name__ == name:
                return explorer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Name everything that can be imported from here."""
    return [*globals(), "__all__", *__getattr__("__all__")]
