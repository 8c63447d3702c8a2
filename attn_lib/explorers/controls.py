"""Controls: what a reader can move, and every position that the published page offers."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Control", "Value"]

Value = int | bool | str
"""What a control can be set to; each kind is written the same in Python's and in JavaScript's JSON."""


@dataclass(frozen=True)
class Control:
    """One control of an explorer.

    Args:
        name: the trait of the live widget and the ``data-control`` of the page.
        label: the visible label, which is also the accessible name.
        values: every published value, in the order of the slider or of the choices.
        default: the value a page opens with.
        style: how it is drawn: ``"range"`` (a slider), ``"choice"`` (radio buttons) or ``"gallery"`` (radio
            buttons with a picture each).
        texts: what each value reads as; by default the value itself.
    """

    name: str
    label: str
    values: tuple[Value, ...]
    default: Value
    style: str = "range"
    texts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.style not in ("range", "choice", "gallery"):
            raise ValueError(f"`style` must be 'range', 'choice' or 'gallery'; got {self.style!r}")
        if self.default not in self.values:
            raise ValueError(f"`default` of {self.name} must be one of {self.values}; got {self.default!r}")
        if self.texts and len(self.texts) != len(self.values):
            raise ValueError(f"{self.name} has {len(self.values)} values but {len(self.texts)} texts")

    def spec(self) -> dict[str, object]:
        """Describe the control to the front end."""
        return {
            "name": self.name,
            "label": self.label,
            "style": self.style,
            "values": list(self.values),
            "texts": list(self.texts) or [str(value) for value in self.values],
        }
