"""Figures of the book: a function takes arrays or records, draws on an Axes and returns it; none trains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from numpy.typing import NDArray

__all__ = ["Step", "class_profile", "data_flow"]

INK = "#333333"
LEARNED_EDGE, LEARNED_FACE = "#0072b2", "#d6e9f5"


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
