"""The shape of a tensor after every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gate_by_gate.widgets.items.encoded import Kind

__all__ = ["Shapes", "shape_text"]


def shape_text(shape: Sequence[int]) -> str:
    """Write a shape as in a text book: ``1 × 64 × 14 × 14``."""
    return " × ".join(str(side) for side in shape)


@dataclass(frozen=True, eq=False)
class Shapes(Kind):
    """Steps, each with the shape after it.

    Args:
        steps: the shape after each step, by the name of the step, in order.

    Raises:
        ValueError: there is no step.
    """

    steps: Mapping[str, Sequence[int]]

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError("expected at least one step; got none")

    def encode(self) -> dict[str, Any]:
        """Return the steps with their shapes as text."""
        return {"rows": [{"step": step, "shape": shape_text(shape)} for step, shape in self.steps.items()]}
