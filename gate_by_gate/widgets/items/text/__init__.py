"""A sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gate_by_gate.widgets.items.encoded import Kind

__all__ = ["Text"]


@dataclass(frozen=True, eq=False)
class Text(Kind):
    """A sentence.

    Args:
        text: the sentence, never parsed as HTML.

    Raises:
        TypeError: it is no text.
    """

    text: str

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise TypeError(f"expected a text; got {self.text!r}")

    def encode(self) -> dict[str, Any]:
        """Return the sentence."""
        return {"text": self.text}
