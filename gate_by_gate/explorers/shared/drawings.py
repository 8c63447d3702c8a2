"""The maps that a reader may start to draw from."""

from __future__ import annotations

from gate_by_gate.widgets.controls import Control

__all__ = ["MAPS", "SIDE", "start_control"]

SIDE = 7
"""Rows and columns of a drawing."""


def as_map(ones: list[tuple[int, int]]) -> list[list[int]]:
    """Return a map that is 1 at some places and 0 elsewhere, row by row."""
    return [[int((row, column) in ones) for column in range(SIDE)] for row in range(SIDE)]


EVERYWHERE = [(row, column) for row in range(SIDE) for column in range(SIDE)]

MAPS = {
    "a dot": as_map([(3, 3)]),
    "a spot": as_map([(2, 2), (2, 3), (3, 2), (3, 3)]),
    "a line": as_map([(row, 4) for row in range(SIDE)]),
    "clutter": as_map([(row, column) for row, column in EVERYWHERE if (3 * row + 5 * column) % 4 == 0]),
    "nothing": as_map([]),
}
"""The maps by what they are called."""


def start_control(default: str) -> Control:
    """Return the control that picks what a drawing starts from."""
    return Control("start", "start from", tuple(MAPS), default, "menu", tuple(MAPS))
