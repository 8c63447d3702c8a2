"""The explorers of the book, each found by the name of its class and imported when it is asked for."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Import the explorers when the first one is asked for."""
    if name != "EXPLORERS" and not name.endswith("Explorer"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from gate_by_gate.explorers import classes

    return getattr(classes, name)
