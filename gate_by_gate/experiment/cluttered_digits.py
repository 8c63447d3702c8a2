"""Cluttered translated digits: one handwritten digit somewhere on a canvas strewn with pieces of others.

The task is that of Mnih et al., *Recurrent Models of Visual Attention*, NeurIPS 2014, section 4.1 (and of
Jaderberg et al., *Spatial Transformer Networks*, NeurIPS 2015), made from the 1,797 handwritten digits of
8 x 8 pixels that scikit-learn carries (the test set of *Optical Recognition of Handwritten Digits*, UCI), so
that nothing has to be downloaded. Where the digit lies is known, so that attention can be scored against it.

How the published sizes were chosen: a task on which the plain network is right nearly always tells blocks
apart as little as one on which it guesses, so its accuracy should lie between 70 % and 90 %; and a run
should take about a minute. On *validation* images, with one seed and some 80,000 training images in all,
the plain network read 77 % and CBAM 72 % among 8 fragments of 9 x 9 pixels, still rising: fragments that
large are taken for digits for long. Among 14 fragments of 7 x 7 the plain network and SE read 85 %, CBAM 84
% (``python -m gate_by_gate.experiment run``, which never touches the test split). That settled it, before any
network was evaluated on the test split.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from gate_by_gate.experiment.integer_stream import IntegerStream

__all__ = [
    "ClutteredDigits",
    "Layout",
    "Sources",
    "Split",
    "SplitName",
    "digits_alone",
    "draw_layout",
    "enlargement",
    "load_sources",
    "load_split",
    "render",
    "split_sources",
    "to_input",
]

SplitName = Literal["train", "validation", "test"]

_SOURCE_SIDE = 8
_BRIGHTEST_SOURCE = 16
_BRIGHTEST = 255


@dataclass(frozen=True)
class ClutteredDigits:
    """The task of cluttered digits with its sizes, splits and seed; equal ones give equal bytes.

    Args:
        canvas: side of an image in pixels.
        digit: side to which the 8 x 8 digits are enlarged.
        fragments: pieces of other digits in every image.
        fragment: side of a piece.
        train_images: images made from the training digits.
        validation_images: images made from the validation digits.
        test_images: images made from the test digits.
        validation_sources: handwritten digits of every class kept for validation.
        test_sources: handwritten digits of every class kept for the test; what remains is for training.
        seed: decides the division into splits and every draw.

    Raises:
        ValueError: the sizes do not fit into each other, or a split would be empty.
    """

    canvas: int = 40
    digit: int = 14
    fragments: int = 14
    fragment: int = 7
    train_images: int = 15_000
    validation_images: int = 2_000
    test_images: int = 2_000
    validation_sources: int = 25
    test_sources: int = 40
    seed: int = 0

    name: ClassVar[str] = "cluttered_digits"
    classes: ClassVar[int] = 10
    channels: ClassVar[int] = 1
    widths: ClassVar[tuple[int, ...]] = (16, 32, 64)

    def __post_init__(self) -> None:
        if not 1 <= self.fragment <= self.digit <= self.canvas:
            raise ValueError(
                "expected 1 <= fragment <= digit <= canvas; "
                f"got fragment={self.fragment}, digit={self.digit}, canvas={self.canvas}"
            )
        if self.fragments < 0:
            raise ValueError(f"`fragments` must be at least 0; got fragments={self.fragments}")
        for name in (
            "train_images",
            "validation_images",
            "test_images",
            "validation_sources",
            "test_sources",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"`{name}` must be at least 1; got {name}={getattr(self, name)}")

    def make(self, split: SplitName) -> Split:
        """Make the images of one split; the same bytes on every platform."""
        return load_split(self, split)

    def images_of(self, split: SplitName) -> int:
        """Return the number of images in ``split``."""
        sizes = {"train": self.train_images, "validation": self.validation_images, "test": self.test_images}
        return sizes[split]


class Sources(NamedTuple):
    """All handwritten digits, enlarged: uint8 ``(1797, digit, digit)``, and their labels ``(1797,)``."""

    glyphs: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]


class Layout(NamedTuple):
    """The pieces of N images with F fragments each, and where each lies: ``x, y`` of its upper left pixel."""

    digits: npt.NDArray[np.int64]
    """``(N,)``: index of the handwritten digit to read."""
    digit_positions: npt.NDArray[np.int64]
    """``(N, 2)``: where on the canvas the digit lies."""
    fragments: npt.NDArray[np.int64]
    """``(N, F)``: index of the handwritten digit that each fragment is cut from."""
    cuts: npt.NDArray[np.int64]
    """``(N, F, 2)``: where in that digit the fragment is cut out."""
    fragment_positions: npt.NDArray[np.int64]
    """``(N, F, 2)``: where on the canvas the fragment lies."""


class Split(NamedTuple):
    """The images of one split with their labels and boxes."""

    images: Tensor
    """uint8 ``(N, C, H, W)``; of cluttered digits ``(N, 1, canvas, canvas)``."""
    labels: Tensor
    """int64 ``(N,)``: the right answers, for digits 0 to 9."""
    boxes: Tensor
    """int64 ``(N, 4)``: ``x, y, width, height`` of the digit's square in pixels; x runs right, y down."""
    cues: Tensor | None = None
    """int64 ``(N, 4)``: the box of the cue that says which digit to read; None in a task without one."""


def to_input(images: Tensor) -> Tensor:
    """Turn uint8 images into what the networks are given: float32 in [0, 1].

    Shape:
        ``(N, C, H, W)`` to ``(N, C, H, W)``.
    """
    return images.to(torch.float32) / _BRIGHTEST


@lru_cache(maxsize=2)
def load_sources(side: int) -> Sources:
    """Read the handwritten digits and enlarge them to ``side`` x ``side``.

    Bilinear, pixel centres at half-integers, in integers throughout: floating point would round a few pixels
    differently from one processor to the next, and the bytes would no longer be the same everywhere.
    """
    digits = load_digits()
    weights = enlargement(_SOURCE_SIDE, side)
    enlarged = weights @ digits.images.astype(np.int64) @ weights.T
    full_scale = _BRIGHTEST_SOURCE * (2 * side) ** 2
    glyphs = (enlarged * _BRIGHTEST + full_scale // 2) // full_scale
    return Sources(glyphs.astype(np.uint8), digits.target.astype(np.int64))


def enlargement(old: int, new: int) -> npt.NDArray[np.int64]:
    """Return the ``(new, old)`` matrix of bilinear weights; every row sums to ``2 * new``."""
    weights = np.zeros((new, old), dtype=np.int64)
    for row in range(new):
        # The new pixel's centre lies at (row + 1/2) * old / new - 1/2 in old pixels; 2 * new times that is
        position = (2 * row + 1) * old - new
        lower, share = divmod(position, 2 * new)
        weights[row, max(lower, 0)] += 2 * new - share
        weights[row, min(lower + 1, old - 1)] += share
    return weights


def split_sources(task: ClutteredDigits) -> dict[SplitName, npt.NDArray[np.int64]]:
    """Divide the handwritten digits of every class into three disjoint sets; return their indices.

    The data do not say who wrote which digit: the sets share no digit, but they may share a writer.

    Raises:
        ValueError: no digit of some class is left for training.
    """
    labels = load_sources(task.digit).labels
    return split_by_class(labels, task.test_sources, task.validation_sources, task.seed)


def split_by_class(
    labels: npt.NDArray[np.int64], test: int, validation: int, seed: int
) -> dict[SplitName, npt.NDArray[np.int64]]:
    """Divide the members of every class into three disjoint sets; return their indices by split.

    Args:
        labels: the class of every member, ``(N,)``.
        test: members of every class kept for the test.
        validation: members of every class kept for validation; what remains is for training.
        seed: decides who goes where.

    Raises:
        ValueError: none of some class is left for training.
    """
    held_out = test + validation
    smallest = int(np.bincount(labels).min())
    if held_out >= smallest:
        raise ValueError(
            f"expected `test_sources + validation_sources` of at most {smallest - 1}, "
            f"since a class has {smallest} digits; got {held_out}"
        )
    shuffled = IntegerStream("splits", seed).permutation(len(labels))
    classes = [shuffled[labels[shuffled] == digit] for digit in np.unique(labels)]
    return {
        "train": np.concatenate([members[held_out:] for members in classes]),
        "validation": np.concatenate([members[test:held_out] for members in classes]),
        "test": np.concatenate([members[:test] for members in classes]),
    }


def draw_layout(task: ClutteredDigits, split: SplitName) -> Layout:
    """Draw the digits, fragments and positions of one split from its own stream of random numbers."""
    sources = split_sources(task)[split]
    images, fragments = task.images_of(split), task.fragments
    stream = IntegerStream("layout", split, task.seed)
    digits = stream.below(len(sources), (images,))
    # A fragment's digit comes 1 to n - 1 after the image's own in the split, so it is never the same one.
    steps = 1 + stream.below(len(sources) - 1, (images, fragments))
    return Layout(
        digits=sources[digits],
        digit_positions=stream.below(task.canvas - task.digit + 1, (images, 2)),
        fragments=sources[(digits[:, None] + steps) % len(sources)],
        cuts=stream.below(task.digit - task.fragment + 1, (images, fragments, 2)),
        fragment_positions=stream.below(task.canvas - task.fragment + 1, (images, fragments, 2)),
    )


def render(layout: Layout, task: ClutteredDigits) -> npt.NDArray[np.uint8]:
    """Paint the images of a layout; where pieces overlap the brighter pixel wins, so that no order matters.

    Shape:
        uint8 ``(N, canvas, canvas)``.
    """
    glyphs = load_sources(task.digit).glyphs
    canvases = np.zeros((len(layout.digits), task.canvas, task.canvas), dtype=np.uint8)
    nowhere = np.zeros_like(layout.digit_positions)
    _paint(canvases, glyphs, layout.digits, nowhere, layout.digit_positions, task.digit)
    for k in range(task.fragments):
        cuts, positions = layout.cuts[:, k], layout.fragment_positions[:, k]
        _paint(canvases, glyphs, layout.fragments[:, k], cuts, positions, task.fragment)
    return canvases


def digits_alone(task: ClutteredDigits, split: SplitName) -> Tensor:
    """Return the digit of every image of a split, as it was before fragments were strewn over it.

    Shape:
        uint8 ``(N, digit, digit)``.
    """
    return torch.from_numpy(load_sources(task.digit).glyphs[draw_layout(task, split).digits])


def _paint(
    canvases: npt.NDArray[np.uint8],
    glyphs: npt.NDArray[np.uint8],
    which: npt.NDArray[np.int64],
    cuts: npt.NDArray[np.int64],
    positions: npt.NDArray[np.int64],
    side: int,
) -> None:
    """Paint one ``side`` x ``side`` piece of a glyph on every canvas, in place."""
    pixels = np.arange(side)
    from_x, from_y = cuts[:, 0, None, None] + pixels, cuts[:, 1, None, None] + pixels[:, None]
    to_x, to_y = positions[:, 0, None, None] + pixels, positions[:, 1, None, None] + pixels[:, None]
    pieces = glyphs[which[:, None, None], from_y, from_x]
    target = (np.arange(len(canvases))[:, None, None], to_y, to_x)
    canvases[target] = np.maximum(canvases[target], pieces)


def load_split(task: ClutteredDigits, split: SplitName) -> Split:
    """Make the images of one split; the same bytes on every platform."""
    layout = draw_layout(task, split)
    sides = np.full_like(layout.digit_positions, task.digit)
    return Split(
        images=torch.from_numpy(render(layout, task)).unsqueeze(1),
        labels=torch.from_numpy(load_sources(task.digit).labels[layout.digits]),
        boxes=torch.from_numpy(np.concatenate([layout.digit_positions, sides], axis=1)),
    )
