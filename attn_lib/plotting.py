"""Figures of the book: a function takes arrays or records, draws on an Axes and returns it; none trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

__all__ = ["Step", "data_flow", "grouped_lines"]

INK = "#333333"
ACCENTS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7")
"""Of the palette of Okabe and Ito (2008), which readers with a colour-vision deficiency can tell apart."""


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
                facecolor="#d6e9f5" if step.learned else "white",
                edgecolor=ACCENTS[0] if step.learned else INK,
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


def grouped_lines(
    lines: Mapping[str, Sequence[float]],
    *,
    x: Sequence[float],
    xlabel: str,
    ylabel: str,
    ax: Axes | None = None,
) -> Axes:
    """Draw one line with markers per name, told apart by colour, marker and legend.

    Args:
        lines: the values of each line; as many as ``x``.
        x: where they stand, drawn as even steps with these labels.
        xlabel: caption of the horizontal axis, with its unit.
        ylabel: caption of the vertical axis, with its unit.
        ax: where to draw; by default a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: a line has not as many values as ``x``.
    """
    if ax is None:
        ax = Figure(figsize=(6, 3.4), layout="constrained").subplots()
    places = range(len(x))
    for (name, values), colour, marker in zip(lines.items(), ACCENTS, "os^D", strict=False):
        if len(values) != len(x):
            raise ValueError(f"expected {len(x)} values for {name!r}; got {len(values)}")
        ax.plot(places, values, color=colour, marker=marker, label=name)
    ax.set_xticks(list(places), [f"{value:g}" for value in x])
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False)
    return ax
