"""From tensors and numbers to the small JSON that the front end draws.

Numbers travel with the text that a reader sees, so that the front end formats nothing; arrays are rounded to
the precision that a page stores.
"""

from __future__ import annotations

import base64

import torch
from torch import Tensor

__all__ = ["DECIMALS", "bars", "count", "heatmap", "join", "number", "picture", "round_off", "shape_text"]

Data = dict[str, object]

DECIMALS = 3
"""Decimals of a stored gate or activation: a bar 100 pixels high shows two."""

HEAT_LEVELS = 16
"""Levels of a stored heatmap: one hexadecimal digit per place, which compresses to half a byte."""


def round_off(value: float) -> float:
    """Round to the stored precision, without a negative zero."""
    return round(value, DECIMALS) + 0.0


def number(value: float, text: str) -> Data:
    """Pair a number with its text."""
    return {"value": value, "text": text}


def count(value: int, unit: str = "") -> Data:
    """Write a whole number with thousands separators and an optional unit."""
    return number(value, f"{value:,} {unit}".rstrip())


def shape_text(shape: tuple[int, ...] | torch.Size) -> str:
    """Write a shape as in a text book: ``1 × 64 × 14 × 14``."""
    return " × ".join(str(side) for side in shape)


def join(words: list[str]) -> str:
    """Join words as a sentence does: ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def picture(image: Tensor) -> Data:
    """Store an 8-bit grey image.

    Shape:
        ``image`` is ``(H, W)`` of dtype ``uint8``.
    """
    return {
        "shape": list(image.shape),
        "data": base64.b64encode(image.contiguous().numpy().tobytes()).decode(),
    }


def bars(values: Tensor, low: float, high: float, alt: str, *, what: str = "channel") -> Data:
    """Store one value per channel, with the ends of the scale they are drawn on.

    Args:
        values: the values, ``(C,)``.
        low: lower end of the scale.
        high: upper end of the scale.
        alt: the text equivalent.
        what: what one bar stands for.
    """
    rounded = [round_off(value) for value in values.tolist()]
    return {"values": rounded, "low": low, "high": high, "alt": alt, "what": what}


def heatmap(values: Tensor, caption: str, alt: str) -> Data:
    """Store a map in sixteen even steps between its own smallest and largest value.

    Shape:
        ``values`` is ``(H, W)``.
    """
    low, high = values.min(), values.max()
    span = (high - low).clamp(min=torch.finfo(values.dtype).tiny)
    levels = ((values - low) / span * (HEAT_LEVELS - 1)).round().int().flatten().tolist()
    return {
        "shape": list(values.shape),
        "hex": "".join(f"{level:x}" for level in levels),
        "low": round_off(low.item()),
        "high": round_off(high.item()),
        "caption": caption,
        "alt": alt,
    }
