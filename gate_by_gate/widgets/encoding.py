"""From tensors and numbers to the small JSON that the front end draws.

Numbers travel with the text that a reader sees, so that the front end formats nothing; arrays are rounded to
the precision that a page stores.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

__all__ = [
    "DECIMALS",
    "amount",
    "bars",
    "count",
    "dots",
    "heatmap",
    "join",
    "number",
    "over_picture",
    "picture",
    "quantise",
    "rectangle",
    "round_off",
    "shape_text",
    "sorted_while",
    "strips",
    "table",
    "verdict",
]

Data = dict[str, object]

DECIMALS = 3
"""Decimals of a stored gate or activation: a bar 100 pixels high shows two."""

HEAT_LEVELS = 16
"""Levels of a stored heatmap: one hexadecimal digit per place, which compresses to half a byte."""

SIGNED_LEVELS = 15
"""Levels of a map with a sign: the middle one is zero."""


def round_off(value: float, decimals: int = DECIMALS) -> float:
    """Round to the stored precision, without a negative zero."""
    return round(value, decimals) + 0.0


def amount(value: int, unit: str = "", digits: str = ".3g") -> str:
    """Write a large number with the prefix that suits it: ``4.09 G``, ``2.6 MB``.

    Args:
        value: the number.
        unit: what it counts, behind the prefix.
        digits: the format of what stands before it.
    """
    for prefix, factor in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if value >= factor:
            return f"{value / factor:{digits}} {prefix}{unit}"
    return f"{value} {unit}".rstrip()


def number(value: float, text: str) -> Data:
    """Pair a number with its text."""
    return {"value": value, "text": text}


def verdict(value: float, text: str, right: bool) -> Data:
    """Pair a number with its text, and mark it as right, by a tick, or as wrong, by a cross."""
    return {**number(value, text), "right": right}


def table(head: str, columns: Mapping[str, str], rows: Mapping[str, Sequence[Data]]) -> Data:
    """Put numbers into a table.

    Args:
        head: what the rows are.
        columns: the heading of every column of numbers, by its name.
        rows: the numbers of every row, by the row's heading: what :func:`number`, :func:`count` or
            :func:`verdict` gives.

    Raises:
        ValueError: a row has not one number for each column.
    """
    for label, cells in rows.items():
        if len(cells) != len(columns):
            raise ValueError(f"expected {len(columns)} numbers in row {label!r}; got {len(cells)}")
    return {
        "head": head,
        "columns": [{"name": name, "label": label} for name, label in columns.items()],
        "rows": [{"label": label, "cells": list(cells)} for label, cells in rows.items()],
    }


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
    """Store an 8-bit image, grey or in colour.

    Shape:
        ``image`` is ``(H, W)``, or ``(3, H, W)`` with red, green and blue, of dtype ``uint8``. A colour after
        the other compresses better than a pixel after the other.
    """
    return {
        "shape": list(image.shape[-2:]),
        "data": base64.b64encode(image.contiguous().numpy().tobytes()).decode(),
        **({"colour": True} if image.dim() == 3 else {}),
    }


def bars(
    values: Tensor,
    low: float,
    high: float,
    alt: str,
    *,
    what: str = "channel",
    band: Sequence[int] = (),
    reach: int | None = None,
    sort: Data | None = None,
    before: Tensor | None = None,
    names: Sequence[str] = (),
) -> Data:
    """Store one value per channel, with the ends of the scale they are drawn on.

    Args:
        values: the values, ``(C,)``.
        low: lower end of the scale.
        high: upper end of the scale.
        alt: the text equivalent.
        what: what one bar stands for.
        band: bars that are pointed out while none is pointed at.
        reach: so many neighbours on both sides of the bar that is pointed at are pointed out with it.
        sort: from :func:`sorted_while`.
        before: the values that a line across each bar marks, ``(C,)``.
        names: what each bar is called; by default its number.
    """
    rounded = [round_off(value) for value in values.tolist()]
    data: Data = {"values": rounded, "low": low, "high": high, "alt": alt, "what": what}
    options: Data = {
        "band": list(band) or None,
        "reach": reach,
        "sort": sort,
        "before": None if before is None else [round_off(value) for value in before.tolist()],
        "names": list(names) or None,
    }
    return data | {name: option for name, option in options.items() if option is not None}


def sorted_while(control: str, value: object, by: str) -> Data:
    """Have bars stand from the largest to the smallest value of the item ``by`` while a control has a value.

    The part then names the control in its ``follows``.
    """
    return {"control": control, "when": value, "by": by}


def quantise(values: Tensor, low: float, high: float, levels: int = HEAT_LEVELS) -> str:
    """Write each value as the nearest of so many even steps between two ends, a hexadecimal digit each."""
    if high <= low:
        return "0" * values.numel()
    places = (values - low) / (high - low) * (levels - 1)
    steps = places.round().clamp(0, levels - 1).int().flatten().tolist()
    return "".join(f"{step:x}" for step in steps)


def round_ends(low: float, high: float) -> tuple[float, float]:
    """Round the ends of a scale by at most a twentieth of one of its sixteen steps: to three to six decimals.

    So a map whose values differ by less than a millionth is flat.
    """
    step = (high - low) / (HEAT_LEVELS - 1)
    decimals = DECIMALS if step <= 0 else min(max(DECIMALS, 1 + math.ceil(-math.log10(step))), 6)
    return round_off(low, decimals), round_off(high, decimals)


def heatmap(
    values: Tensor,
    caption: str,
    alt: str,
    *,
    scale: tuple[float, float | Sequence[float]] | None = None,
    signed: bool = False,
    over: Data | None = None,
    marks: Sequence[Data] = (),
    axes: tuple[str, str] | None = None,
    pick: str | None = None,
    spots: Sequence[Sequence[float]] = (),
    spot: str = "",
) -> Data:
    """Store a map in sixteen even steps, or frames of it of which a control's position picks one.

    Args:
        values: the map, or with ``pick`` one frame per value of that control, or one map for all.
        caption: what stands above it; with ``pick``, ``{}`` is where the control stands.
        alt: the text equivalent, with ``{}`` as in the caption.
        scale: the ends of the scale; by default the smallest and the largest value. With frames the high end
            may be a list, one per frame.
        signed: blue to red around zero, in fifteen steps; the scale reaches as far on both sides.
        over: the picture below the map: what :func:`over_picture` gives.
        marks: drawn on a map that lies over no picture, in places of the map.
        axes: what a row and a column are called; by default ``("row", "column")``.
        pick: a control; the part then names it in its ``follows``.
        spots: for each value of ``pick`` the rectangle ``x, y, width, height`` that is framed.
        spot: what the legend calls it.

    Shape:
        ``values`` is ``(H, W)``, or ``(frames, H, W)``.
    """
    low, high = scale if scale is not None else (values.min().item(), values.max().item())
    each = list(high) if isinstance(high, Sequence) else [high]
    if signed:
        each = [max(abs(low), abs(end)) for end in each]
        low = -each[0]
    # What is quantised lies between the ends that a reader sees. One low end serves all frames.
    rounded = [round_ends(low, end) for end in each]
    low = min((ends[0] for ends in rounded), key=lambda end: abs(end - low))
    each = [ends[1] for ends in rounded]
    levels = SIGNED_LEVELS if signed else HEAT_LEVELS
    frames = values if len(each) > 1 else values[None]
    options: Data = {
        "signed": signed,
        "over": over,
        "marks": list(marks),
        "axes": list(axes or ()),
        "pick": pick,
        "spots": [list(place) for place in spots],
        "spot": spot,
    }
    return {
        "shape": list(values.shape[-2:]),
        "hex": "".join(quantise(frame, low, end, levels) for frame, end in zip(frames, each, strict=True)),
        "low": low,
        "high": each if len(each) > 1 else each[0],
        "caption": caption,
        "alt": alt,
        **{name: option for name, option in options.items() if option},
    }


def strips(
    height: Tensor,
    width: Tensor,
    caption: str,
    alt: str,
    *,
    product: Tensor | None = None,
    over: Data | None = None,
) -> Data:
    """Store a vector along the left edge, one along the top, and their product as a map, on one scale.

    Args:
        height: along the left edge.
        width: along the top.
        caption: what stands above them.
        alt: the text equivalent.
        product: the map, where it is not their product: the mean of products is not that of the means.
        over: the picture below the map: what :func:`over_picture` gives.

    Shape:
        ``height`` is ``(H,)``, ``width`` is ``(W,)``, ``product`` is ``(H, W)``.
    """
    product = height[:, None] * width[None] if product is None else product
    everything = torch.cat([height, width, product.flatten()])
    scale = round_ends(everything.min().item(), everything.max().item())
    return {
        "height": _strip(height[:, None], scale),
        "width": _strip(width[None], scale),
        "product": heatmap(product, caption, alt, scale=scale, over=over),
    }


def _strip(values: Tensor, scale: tuple[float, float]) -> Data:
    low, high = scale
    return {"shape": list(values.shape), "hex": quantise(values, low, high), "low": low, "high": high}


def over_picture(
    index: int, box: Sequence[int] | None = None, marks: Sequence[Data] = (), frame: str = ""
) -> Data:
    """Name the picture that a map lies over, the digit's box and further marks, in pixels of the picture.

    ``frame`` is what the legend calls the box; it needs none where a picture beside the map has it.
    """
    given = {"box": list(box) if box else None, "frame": frame, "marks": list(marks)}
    return {"index": index} | {name: value for name, value in given.items() if value}


def rectangle(x: float, y: float, width: float, height: float, label: str = "", style: str = "field") -> Data:
    """Mark a rectangle: ``"field"`` is dashed, ``"spot"`` is solid; a label goes to the legend below."""
    return {"shape": "rect", "at": [x, y, width, height], "style": style, "label": label}


def dots(at: Sequence[tuple[float, float]], label: str = "", style: str = "field") -> Data:
    """Mark points, such as the places that a dilated convolution reads."""
    return {"shape": "points", "at": [list(place) for place in at], "style": style, "label": label}
