"""Figures of the book, drawn by Matplotlib: each function takes what it shows, and returns the Axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

try:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
    from numpy.typing import NDArray
except ModuleNotFoundError as error:
    raise ImportError("figures need NumPy and Matplotlib: pip install -r requirements.txt") from error

__all__ = ["BLOCK_LOOKS", "Step", "branching_flow", "class_profile", "data_flow", "map_grid"]

INK = "#333333"
LEARNED_EDGE, LEARNED_FACE = "#0072b2", "#d6e9f5"
BOX_EDGE = "#e8562a"

BLOCK_LOOKS = {
    "no block": ("#0072b2", "o"),
    "SE": ("#bd5309", "s"),
    "ECA": ("#00795a", "^"),
    "CBAM": ("#a8508a", "D"),
    "BAM": ("#7a6a00", "x"),
    "CoordAtt": ("#444444", "+"),
    "self-attention": ("#5b3fb0", "v"),
}
"""Colour and marker of a block in a chart, by what it is called; the explorers' charts have the same."""


@dataclass(frozen=True)
class Step:
    """One box of a data-flow figure.

    Args:
        name: what happens here, in a few words.
        shape: the shape that leaves the box.
        learned: whether the box holds parameters; it is then drawn filled.
    """

    name: str
    shape: str
    learned: bool = False


def data_flow(steps: Sequence[Step], *, bypass: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw a block from top to bottom: a box for each step, and on its right the shape that leaves it.

    Upright, so that it is read as easily on a phone as on a desk.

    Args:
        steps: the boxes in order.
        bypass: label of an arrow that leads from the first box past all others to the last, if there is one.
        ax: where to draw; by default a new figure, as high as the steps need.

    Returns:
        The Axes.
    """
    pitch, width, height = 0.62, 1.9, 0.4
    left = 0.75 if bypass else 0.1
    right = left + width + 1.75
    bottom = -(len(steps) - 1) * pitch - 0.05
    if ax is None:
        figure = Figure(figsize=(right, height + 0.05 - bottom))
        ax = figure.add_axes((0, 0, 1, 1))
    for i, step in enumerate(steps):
        y = -i * pitch
        ax.add_patch(
            FancyBboxPatch(
                (left, y),
                width,
                height,
                boxstyle="round,pad=0,rounding_size=0.08",
                facecolor=LEARNED_FACE if step.learned else "white",
                edgecolor=LEARNED_EDGE if step.learned else INK,
            )
        )
        ax.text(left + width / 2, y + height / 2, step.name, ha="center", va="center", color=INK, fontsize=11)
        ax.text(left + width + 0.15, y + height / 2, step.shape, va="center", color=INK, fontsize=10)
        if i:
            middle = left + width / 2
            ax.add_patch(_arrow((middle, y + pitch), (middle, y + height)))
    if bypass is not None:
        start, end, rail = height / 2, height / 2 - (len(steps) - 1) * pitch, left - 0.3
        ax.plot([left, rail, rail, left - 0.05], [start, start, end, end], color=INK, linewidth=1)
        ax.add_patch(_arrow((left - 0.1, end), (left, end)))
        ax.text(
            rail - 0.12,
            (start + end) / 2,
            bypass,
            ha="center",
            va="center",
            rotation=90,
            color=INK,
            fontsize=10,
        )
    ax.set(xlim=(0, right), ylim=(bottom, height + 0.05))
    ax.axis("off")
    return ax


def branching_flow(
    rows: Sequence[Step | tuple[Step | None, Step | None]],
    *,
    bypass: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a block that splits into two branches and joins them again, from top to bottom.

    Upright, as :func:`data_flow`; the shape that leaves a box stands in it, so that two branches fit a phone.

    Args:
        rows: from top to bottom a box in the middle, or a pair of boxes, one in each branch; None in a pair
            is a branch that only leads on.
        bypass: label of an arrow that leads from the first box past all others to the last, if there is one.
        ax: where to draw; by default a new figure, as high as the rows need.

    Returns:
        The Axes.
    """
    pitch, width, height, gap = 0.8, 2.1, 0.54, 0.2
    rail = 0.3 if bypass else 0.0
    left = rail + 0.15 + width / 2
    right, centre = left + width + gap, left + (width + gap) / 2
    edge = right + width / 2 + 0.1
    end = -(len(rows) - 1) * pitch
    if ax is None:
        figure = Figure(figsize=(edge, height + 0.1 - end))
        ax = figure.add_axes((0, 0, 1, 1))
    before: tuple[float, ...] = ()
    for number, row in enumerate(rows):
        top = height - number * pitch
        middles = (centre,) if isinstance(row, Step) else (left, right)
        steps = (row,) if isinstance(row, Step) else row
        for middle, step in zip(middles, steps, strict=True):
            if step is None:
                ax.plot([middle, middle], [top, top - height], color=INK, linewidth=1)
            else:
                _box(ax, step, (middle - width / 2, top - height), width, height)
        # One to one, one to two or two to one: whichever there are more of decides where the lines run.
        many = max(before, middles, key=len)
        for k in range(len(many) if before else 0):
            start, stop = before[min(k, len(before) - 1)], middles[min(k, len(middles) - 1)]
            if steps[min(k, len(steps) - 1)] is None:
                ax.plot([start, stop], [top - height + pitch, top], color=INK, linewidth=1)
            else:
                ax.add_patch(_arrow((start, top - height + pitch), (stop, top)))
        before = middles
    if bypass is not None:
        side, first, last = centre - width / 2, height / 2, height / 2 + end
        ax.plot([side, rail, rail, side - 0.05], [first, first, last, last], color=INK, linewidth=1)
        ax.add_patch(_arrow((side - 0.1, last), (side, last)))
        ax.text(rail - 0.12, (first + last) / 2, bypass, ha="center", va="center", rotation=90, color=INK)
    ax.set(xlim=(0, edge), ylim=(end - 0.05, height + 0.05))
    ax.axis("off")
    return ax


def _box(ax: Axes, step: Step, corner: tuple[float, float], width: float, height: float) -> None:
    """Draw a step with its shape inside; ``corner`` is the lower left one."""
    x, y = corner
    ax.add_patch(
        FancyBboxPatch(
            corner,
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.08",
            facecolor=LEARNED_FACE if step.learned else "white",
            edgecolor=LEARNED_EDGE if step.learned else INK,
        )
    )
    ax.text(x + width / 2, y + 0.68 * height, step.name, ha="center", va="center", color=INK, fontsize=10.5)
    ax.text(x + width / 2, y + 0.26 * height, step.shape, ha="center", va="center", color=INK, fontsize=9)


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> FancyArrowPatch:
    return FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=11, shrinkA=0, shrinkB=0, color=INK)


def class_profile(
    values: NDArray[np.floating], *, xlabel: str, ylabel: str, colour: str, ax: Axes | None = None
) -> Axes:
    """Draw one row per class and one column per channel, the channels in falling order of their mean.

    Args:
        values: gates in [0, 1], ``(classes, channels)``.
        xlabel: caption of the horizontal axis.
        ylabel: caption of the vertical axis.
        colour: caption of the colour bar.
        ax: where to draw; by default a new figure.

    Returns:
        The Axes.
    """
    if ax is None:
        ax = Figure(figsize=(7, 2.6), layout="constrained").subplots()
    order = np.argsort(-values.mean(axis=0), kind="stable")
    # Cividis: perceptually even, and the same for readers with a colour-vision deficiency.
    image = ax.imshow(
        values[:, order], aspect="auto", cmap="cividis", vmin=0, vmax=1, interpolation="nearest"
    )
    ax.set(xlabel=xlabel, ylabel=ylabel, yticks=range(len(values)), xticks=[])
    ax.figure.colorbar(image, ax=ax, label=colour)
    return ax


def map_grid(
    panels: Sequence[Sequence[NDArray[np.generic]]],
    *,
    titles: Sequence[str],
    boxes: Sequence[Sequence[int]],
    limits: tuple[float, float] | None = None,
) -> NDArray[np.object_]:
    """Draw one row per image: the image, then maps of it, with the object's box on each.

    A map of fewer cells than the image has pixels is drawn where its cells look: cell (i, j) of a map with s
    pixels to a cell is centred on pixel (s i, s j), as in :mod:`attn_lib.inspection.localization`.

    Args:
        panels: for every image, the image ``(S, S)`` and then its maps ``(H, W)``.
        titles: captions of the columns.
        boxes: for every image, ``x, y, width, height`` of the box in pixels.
        limits: the values drawn darkest and brightest; by default the least and greatest of each map.

    Returns:
        The Axes, ``(images, columns)``.
    """
    rows, columns = len(panels), len(titles)
    figure = Figure(figsize=(1.25 * columns + 0.1, 1.25 * rows + 0.3), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    low, high = (None, None) if limits is None else limits
    for axes, row, (x, y, width, height) in zip(grid, panels, boxes, strict=True):
        side = row[0].shape[0]
        for column, (ax, panel) in enumerate(zip(axes, row, strict=True)):
            half = side / panel.shape[0] / 2
            ax.imshow(
                panel,
                cmap="cividis" if column else "gray",
                vmin=low if column else None,
                vmax=high if column else None,
                interpolation="nearest",
                extent=(-half, side - half, side - half, -half),
            )
            ax.add_patch(
                Rectangle((x - 0.5, y - 0.5), width, height, fill=False, edgecolor=BOX_EDGE, linewidth=1.4)
            )
            ax.set(xlim=(-0.5, side - 0.5), ylim=(side - 0.5, -0.5), xticks=[], yticks=[])
    for ax, title in zip(grid[0], titles, strict=True):
        ax.set_title(title, fontsize=9.5, color=INK)
    return grid
