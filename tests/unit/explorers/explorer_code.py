"""Runs the code that an explorer offers to its readers, for every setting that a page publishes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gate_by_gate.widgets.definition import Definition


def settings(definition: Definition, *parts: str) -> Iterator[dict[str, Any]]:
    """Yield every published setting of these parts, each with the other controls at their defaults."""
    for name in parts:
        for published in definition.settings(definition.parts[name]):
            yield definition.defaults | published


def run_code(definition: Definition, setting: dict[str, Any]) -> dict[str, Any]:
    """Run the code for a setting, with nothing but what it imports itself; return its variables."""
    namespace: dict[str, Any] = {}
    exec(definition.code(setting), namespace)
    return namespace
