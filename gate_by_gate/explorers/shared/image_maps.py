"""Maps of trained blocks over the sample images: how they are drawn, and whether they point at the digit."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from attn_lib.inspection import pointing_hits
from gate_by_gate.explorers.shared.samples import IMAGE_SIDE, describe, samples, under
from gate_by_gate.widgets.items.encoded import round_off
from gate_by_gate.widgets.items.heatmap import Heatmap
from gate_by_gate.widgets.items.marks import Dots, Under
from gate_by_gate.widgets.items.number import Number

__all__ = ["coarse", "feature_map", "map_over_image", "pixel", "pointing", "points_at_digit"]

ALIKE = 1e-5
"""The difference from which two values of a map count as different: less is rounding of saturated gates."""

MOST_PEAKS = 4
"""Most places that are marked as peaks; more with the largest value are a plateau."""

MOST_ROWS = 14
"""Most rows and columns of a drawn map: more would cost a page more bytes than they show a reader."""


def coarse(values: Tensor) -> Tensor:
    """Halve the sides of a map until it is small enough to be drawn; each halving takes the mean of 2 x 2.

    Shape:
        ``(H, W)``, with even sides where they are halved.
    """
    while values.shape[-1] > MOST_ROWS:
        values = avg_pool2d(values[None], 2)[0]
    return values


def pixel(row: int, column: int, rows: int) -> tuple[float, float]:
    """Return the middle of the pixel that a place of a map stands for: x and y in the image.

    Every layer before it has an odd kernel that is padded by half, so place (i, j) of a map of stride s
    looks at the pixel (s i, s j) and equally far to all sides.
    """
    stride = IMAGE_SIDE // rows
    return stride * column + 0.5, stride * row + 0.5


def peak(values: Tensor) -> tuple[int, int]:
    """Return row and column of the largest value of a map ``(H, W)``."""
    row, column = divmod(int(values.argmax()), values.shape[-1])
    return row, column


def feature_map(values: Tensor, caption: str, what: str) -> Heatmap:
    """Draw a map ``(H, W)`` alone, with the ends of its own scale.

    Args:
        values: the map.
        caption: what stands above it.
        what: the same as the beginning of a sentence.
    """
    drawn = coarse(values)
    row, column = peak(drawn)
    rows, columns = drawn.shape
    alt = f"{what}, drawn with {rows} by {columns} places; largest at row {row}, column {column}."
    return Heatmap(drawn, caption, alt)


def map_over_image(
    values: Tensor, index: int, caption: str, what: str, label: str = "its peak", *, alone: bool = True
) -> Heatmap:
    """Draw a map ``(H, W)`` over a sample image, with the digit's box and the pixel that its peak stands for.

    Args:
        values: the map.
        index: the image.
        caption: what stands above it.
        what: the same as the beginning of a sentence.
        label: what the legend calls the peak, if there is a single one.
        alone: whether its legend shows the digit, which one of several maps over an image need not do.
    """
    drawn = coarse(values)
    row, column = peak(values)
    middles = [pixel(*place, values.shape[-1]) for place in peaks(values)]
    # A plateau keeps its line in the legend, so that the page keeps its height.
    few = len(middles) <= MOST_PEAKS
    marks = [Dots(middles, label, "spot") if few else Dots([], "no single peak", "spot")]
    alt = (
        f"{what}, over the image, drawn with {drawn.shape[0]} by {drawn.shape[1]} places, between "
        f"{round_off(values.min().item())} and {round_off(values.max().item())}; largest at row {row}, "
        f"column {column} of {values.shape[0]} by {values.shape[1]}."
    )
    over = under(index, marks) if alone else Under(index, describe(index)["box"], marks)
    return Heatmap(drawn, caption, alt, over=over)


def peaks(values: Tensor) -> list[tuple[int, int]]:
    """Return row and column of every place of a map ``(H, W)`` that has its largest value."""
    return [(row, column) for row, column in (values > values.max() - ALIKE).nonzero().tolist()]


def points_at_digit(values: Tensor, index: int) -> bool | None:
    """Return whether the peak of a map ``(H, W)`` lies in the digit's box; None if some of several do."""
    places = peaks(values)
    spikes = torch.zeros(len(places), *values.shape)
    for spike, place in zip(spikes, places, strict=True):
        spike[place] = 1
    hits = pointing_hits(spikes, samples().boxes[index].expand(len(places), 4), IMAGE_SIDE)
    return None if hits.any() and not hits.all() else bool(hits.all())


def pointing(values: Tensor, index: int) -> Number:
    """Write whether the peak of a map ``(H, W)`` lies in the digit's box; of a plateau, how large it is."""
    hit = points_at_digit(values, index)
    if hit is None:
        return Number(0, f"nowhere: {len(peaks(values))} are alike")
    return Number(int(hit), "at the digit: a hit" if hit else "beside the digit: a miss")
