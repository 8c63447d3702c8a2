"""Two strips and their product: a vector along the left edge, one along the top, and a map between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gate_by_gate.widgets.items.encoded import Kind, Numbers, as_list, flatten
from gate_by_gate.widgets.items.heatmap import Heatmap, quantise, round_ends
from gate_by_gate.widgets.items.marks import Under

__all__ = ["Strips"]


@dataclass(frozen=True, eq=False)
class Strips(Kind):
    """Two vectors and a map, on one scale.

    Args:
        height: the vector along the left edge, ``(H,)``.
        width: the vector along the top, ``(W,)``.
        caption: what stands above them.
        alt: the text equivalent.
        product: the map, ``(H, W)``, where it is not the product of both: the mean of products is not that of
            the means.
        over: the picture below the map.

    Raises:
        ValueError: the map has another shape.
    """

    height: Numbers
    width: Numbers
    caption: str
    alt: str
    product: Numbers | None = None
    over: Under | None = None

    def __post_init__(self) -> None:
        shape = len(as_list(self.height)), len(as_list(self.width))
        if self.product is not None:
            rows = as_list(self.product)
            if (len(rows), len(rows[0])) != shape:
                raise ValueError(f"`product` must be of shape {shape}; got {(len(rows), len(rows[0]))}")

    def encode(self) -> dict[str, Any]:
        """Return three maps of one scale."""
        height, width = flatten(as_list(self.height)), flatten(as_list(self.width))
        product = [[h * w for w in width] for h in height] if self.product is None else as_list(self.product)
        everything = [*height, *width, *flatten(product)]
        scale = round_ends(min(everything), max(everything))
        return {
            "height": strip(height, [len(height), 1], scale),
            "width": strip(width, [1, len(width)], scale),
            "product": Heatmap(product, self.caption, self.alt, scale=scale, over=self.over),
        }


def strip(values: Sequence[float], shape: list[int], scale: tuple[float, float]) -> dict[str, Any]:
    """Return one strip as a map of one row or one column."""
    low, high = scale
    return {"shape": shape, "hex": quantise(values, low, high), "low": low, "high": high}
