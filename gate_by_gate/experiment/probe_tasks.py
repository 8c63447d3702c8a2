"""Probe tasks: small tasks for each of which theory says which blocks can solve it and which cannot.

Most tasks show real digits and a cue that says which of them to read. They differ in how the cue has to
travel: whether it survives a mean, whether it can reach the digit, whether it must choose between channels
or between places. Three tasks have no digits: two ask to compare places, one to count. The
predictions are in ``gate_by_gate.experiment.predictions``; they were written before the runs.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import combinations
from math import comb
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch

from gate_by_gate.experiment.cluttered_digits import Split, SplitName, load_sources, split_by_class
from gate_by_gate.experiment.integer_stream import IntegerStream

__all__ = [
    "PROBE_TASKS",
    "ColourCount",
    "ColourCue",
    "EqualPair",
    "FrameCue",
    "JitteredRowCue",
    "MatchingPair",
    "ProbeTask",
    "RowCue",
]

Integers = npt.NDArray[np.int64]
Pixels = npt.NDArray[np.uint8]

BRIGHTEST = 255

_FRAME = 2
"""Width in pixels of a pattern's border: one pixel of the frame's colour, one of black."""

_DIGITS_FROM = 40
"""The leftmost column of a digit in :class:`RowCue`, far from the mark at the left edge."""

MARGIN = 12
"""Pixels from :class:`FrameCue`'s digits to the edge; a place of the last stage sees 11 to either side."""

_SIGHT = 23
"""Pixels along a side of what a place of the last stage sees."""

CLEAR = 10
"""Black pixels around every square in :class:`ColourCount`; a place of its one stage sees 11 across.

As many lie around every pattern in :class:`EqualPair`.
"""

_STRIDE = 2
"""Pixels that a place of the one stage stands for: patterns of :class:`EqualPair` are cut alike by it."""


@dataclass(frozen=True)
class ProbeTask:
    """What all probe tasks have in common: sizes, splits and seed; equal tasks make equal bytes.

    Args:
        digit: side of a digit in pixels.
        train_images: images made from the training digits.
        validation_images: images made from the validation digits.
        test_images: images made from the test digits.
        validation_sources: handwritten digits of every class kept for validation.
        test_sources: handwritten digits of every class kept for the test; what remains is for training.
        seed: decides the division into splits and every draw.

    Raises:
        ValueError: a size is below 1, or the pieces cannot lie on the canvas side by side.
    """

    digit: int = 12
    train_images: int = 12_000
    validation_images: int = 1_000
    test_images: int = 2_000
    validation_sources: int = 25
    test_sources: int = 40
    seed: int = 0

    name: ClassVar[str]
    classes: ClassVar[int] = 10
    channels: ClassVar[int] = 3
    widths: ClassVar[tuple[int, ...]] = (16, 32)
    size: ClassVar[tuple[int, int]] = (40, 40)
    has_cue: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for one in fields(self):
            if one.name != "seed" and getattr(self, one.name) < 1:
                raise ValueError(f"`{one.name}` must be at least 1; got {one.name}={getattr(self, one.name)}")
        if not self._fits():
            sizes = {one.name: getattr(self, one.name) for one in fields(self)}
            raise ValueError(
                f"expected pieces that fit on {self.size[0]} x {self.size[1]} pixels; got {sizes}"
            )

    def _fits(self) -> bool:
        """Return whether the pieces fit on the canvas side by side, with enough free pixels to draw from."""
        raise NotImplementedError

    def images_of(self, split: SplitName) -> int:
        """Return the number of images in ``split``."""
        sizes = {"train": self.train_images, "validation": self.validation_images, "test": self.test_images}
        return sizes[split]

    def make(self, split: SplitName, *, turn: int = 0) -> Split:
        """Make the images of one split; the same bytes on every platform.

        Args:
            split: which one.
            turn: 0 for the images as they are. With 1 the cue points to the next digit instead, with 2 to the
                one after it; digits and positions stay the same, so that only the cue and the label change.
        """
        raise NotImplementedError

    def donors_of(self, test: Split) -> Split:
        """Return a donor for every test image: the image whose attention it is given in an intervention.

        A donor differs from its image in nothing but the cue, which points to the next digit. In a task
        without a cue the donor is the next test image, whose answer may be the same.
        """
        if self.has_cue:
            return self.make("test", turn=1)
        return Split(*(value.roll(-1, dims=0) for value in test if value is not None))

    def _stream(self, split: SplitName) -> IntegerStream:
        return IntegerStream("probe", self.name, split, self.seed)

    def _draw_digits(self, stream: IntegerStream, split: SplitName, count: int) -> Integers:
        """Draw ``count`` handwritten digits of the split for every image: ``(N, count)``."""
        labels = load_sources(self.digit).labels
        sources = split_by_class(labels, self.test_sources, self.validation_sources, self.seed)[split]
        return sources[stream.below(len(sources), (self.images_of(split), count))]

    def _blank(self, split: SplitName) -> Pixels:
        return np.zeros((self.images_of(split), self.channels, *self.size), dtype=np.uint8)

    def _draw_positions(
        self,
        stream: IntegerStream,
        images: int,
        sides: tuple[tuple[int, int], ...],
        rows: tuple[int, int],
        columns: tuple[int, int],
    ) -> Integers:
        """Draw the upper left pixels ``x, y`` of pieces that do not overlap: ``(N, pieces, 2)``."""
        heights, widths = np.array(sides).T
        positions = np.zeros((images, len(sides), 2), dtype=np.int64)
        open_images = np.arange(images)
        while len(open_images):
            for piece, (height, width) in enumerate(sides):
                positions[open_images, piece, 0] = columns[0] + stream.below(
                    columns[1] - columns[0] - width + 1, (len(open_images),)
                )
                positions[open_images, piece, 1] = rows[0] + stream.below(
                    rows[1] - rows[0] - height + 1, (len(open_images),)
                )
            x, y = positions[open_images, :, 0], positions[open_images, :, 1]
            clash = np.zeros(len(open_images), dtype=bool)
            for a in range(len(sides)):
                for b in range(a):
                    overlap_x = (x[:, a] < x[:, b] + widths[b]) & (x[:, b] < x[:, a] + widths[a])
                    overlap_y = (y[:, a] < y[:, b] + heights[b]) & (y[:, b] < y[:, a] + heights[a])
                    clash |= overlap_x & overlap_y
            open_images = open_images[clash]
        return positions


def _leaves_half_free(covered: int, size: tuple[int, int]) -> bool:
    """Return whether at least half of the canvas stays free, so that random positions are soon found.

    Args:
        covered: pixels under all pieces together.
        size: height and width of the canvas.
    """
    return 2 * covered <= size[0] * size[1]


def paint(canvas: Pixels, pieces: Pixels, channels: Integers, positions: Integers) -> None:
    """Paint one piece on one channel of every image, in place; the brighter pixel wins.

    Args:
        canvas: the images, ``(N, C, H, W)``.
        pieces: one for each image, ``(N, h, w)``.
        channels: the channel to paint on, ``(N,)``.
        positions: the upper left pixel ``x, y``, ``(N, 2)``.
    """
    _, height, width = pieces.shape
    images = np.arange(len(canvas))[:, None, None]
    y = positions[:, 1, None, None] + np.arange(height)[:, None]
    x = positions[:, 0, None, None] + np.arange(width)
    target = (images, channels[:, None, None], y, x)
    canvas[target] = np.maximum(canvas[target], pieces)


def boxes_of(positions: Integers, height: int, width: int) -> torch.Tensor:
    """Return the boxes ``x, y, width, height`` of pieces of one size: int64 ``(N, 4)``."""
    sides = np.broadcast_to(np.array([width, height]), positions.shape)
    return torch.from_numpy(np.concatenate([positions, sides], axis=1).astype(np.int64))


def _split(canvas: Pixels, labels: Integers, boxes: torch.Tensor, cues: torch.Tensor) -> Split:
    return Split(torch.from_numpy(canvas), torch.from_numpy(labels.astype(np.int64)), boxes, cues)


@dataclass(frozen=True)
class ColourCue(ProbeTask):
    """Three digits, one red, one green, one blue, and a small square in the colour of the one to read.

    Args:
        cue: side of the square in pixels.
    """

    cue: int = 4
    name: ClassVar[str] = "colour_cue"

    def _fits(self) -> bool:
        return _leaves_half_free(3 * self.digit**2 + self.cue**2, self.size)

    def make(self, split: SplitName, *, turn: int = 0) -> Split:
        """Make the images of one split; see :meth:`ProbeTask.make`."""
        stream, canvas = self._stream(split), self._blank(split)
        images = len(canvas)
        sources = load_sources(self.digit)
        digits = self._draw_digits(stream, split, 3)
        wanted = (stream.below(3, (images,)) + turn) % 3
        sides = ((self.digit, self.digit),) * 3 + ((self.cue, self.cue),)
        positions = self._draw_positions(stream, images, sides, (0, self.size[0]), (0, self.size[1]))
        for colour in range(3):
            paint(canvas, sources.glyphs[digits[:, colour]], np.full(images, colour), positions[:, colour])
        square = np.full((images, self.cue, self.cue), BRIGHTEST, dtype=np.uint8)
        paint(canvas, square, wanted, positions[:, 3])
        each = np.arange(images)
        return _split(
            canvas,
            sources.labels[digits[each, wanted]],
            boxes_of(positions[each, wanted], self.digit, self.digit),
            boxes_of(positions[:, 3], self.cue, self.cue),
        )


@dataclass(frozen=True)
class FrameCue(ProbeTask):
    """A red and a green digit in the middle, and far from them a frame in the colour of the one to read.

    Args:
        cue: width of the frame in pixels.
    """

    digit: int = 10
    cue: int = 2
    name: ClassVar[str] = "frame_cue"
    size: ClassVar[tuple[int, int]] = (48, 48)

    def _fits(self) -> bool:
        return 2 * self.digit <= self.size[0] - 2 * MARGIN and self.cue <= MARGIN

    def make(self, split: SplitName, *, turn: int = 0) -> Split:
        """Make the images of one split; see :meth:`ProbeTask.make`."""
        stream, canvas = self._stream(split), self._blank(split)
        images, side = len(canvas), self.size[0]
        sources = load_sources(self.digit)
        digits = self._draw_digits(stream, split, 2)
        wanted = (stream.below(2, (images,)) + turn) % 2
        middle = (MARGIN, side - MARGIN)
        positions = self._draw_positions(stream, images, ((self.digit, self.digit),) * 2, middle, middle)
        for colour in range(2):
            paint(canvas, sources.glyphs[digits[:, colour]], np.full(images, colour), positions[:, colour])
        frame = np.full((images, side, side), BRIGHTEST, dtype=np.uint8)
        frame[:, self.cue : -self.cue, self.cue : -self.cue] = 0
        corner = np.zeros((images, 2), dtype=np.int64)
        paint(canvas, frame, wanted, corner)
        each = np.arange(images)
        return _split(
            canvas,
            sources.labels[digits[each, wanted]],
            boxes_of(positions[each, wanted], self.digit, self.digit),
            boxes_of(corner, side, side),
        )


@dataclass(frozen=True)
class RowCue(ProbeTask):
    """Two digits on the right, one below the other, and a mark at the left edge beside the one to read.

    Args:
        mark: side of the mark in pixels.
    """

    mark: int = 4
    name: ClassVar[str] = "row_cue"
    size: ClassVar[tuple[int, int]] = (40, 60)
    channels: ClassVar[int] = 1

    def _fits(self) -> bool:
        height, width = self.size
        return 2 * self.digit <= height and self.mark <= self.digit <= width - _DIGITS_FROM

    def make(self, split: SplitName, *, turn: int = 0) -> Split:
        """Make the images of one split; see :meth:`ProbeTask.make`."""
        stream, canvas = self._stream(split), self._blank(split)
        images, (height, width) = len(canvas), self.size
        sources = load_sources(self.digit)
        digits = self._draw_digits(stream, split, 2)
        wanted = (stream.below(2, (images,)) + turn) % 2
        # The upper digit's row leaves room for the lower one; the rest of the height is shared out at random.
        spare = height - 2 * self.digit
        cuts = np.sort(stream.below(spare + 1, (images, 2)), axis=1)
        rows = np.stack([cuts[:, 0], cuts[:, 1] + self.digit], axis=1)
        columns = _DIGITS_FROM + stream.below(width - _DIGITS_FROM - self.digit + 1, (images, 2))
        white = np.zeros(images, dtype=np.int64)
        for which in range(2):
            position = np.stack([columns[:, which], rows[:, which]], axis=1)
            paint(canvas, sources.glyphs[digits[:, which]], white, position)
        each = np.arange(images)
        mark = np.full((images, self.mark, self.mark), BRIGHTEST, dtype=np.uint8)
        mark_position = self._draw_mark(stream, images) + np.stack([white, rows[each, wanted]], axis=1)
        paint(canvas, mark, white, mark_position)
        position = np.stack([columns[each, wanted], rows[each, wanted]], axis=1)
        return _split(
            canvas,
            sources.labels[digits[each, wanted]],
            boxes_of(position, self.digit, self.digit),
            boxes_of(mark_position, self.mark, self.mark),
        )

    def _draw_mark(self, stream: IntegerStream, images: int) -> Integers:
        """Say where the mark lies: its ``x`` and, from the digit's upper edge, its ``y``, ``(N, 2)``."""
        return np.tile([0, (self.digit - self.mark) // 2], (images, 1))


@dataclass(frozen=True)
class JitteredRowCue(RowCue):
    """The row cue with a mark that lies somewhere beside its digit, and not always beside its middle.

    In :class:`RowCue` the mark stands a fixed number of rows below its digit's upper edge, a multiple of
    what a place of the second stage stands for. So a stride cuts both alike, and that told one network which
    digit is meant. Here how the stride cuts the mark says nothing of the digit: the mark's upper left pixel
    is drawn from a rectangle whose sides are multiples of the stride. It still lies in rows of its digit.

    Args:
        rows: rows in which the mark's upper edge can lie, counted from the digit's upper edge.
        columns: columns in which its left edge can lie, counted from the image's left edge.
    """

    rows: int = 8
    columns: int = 4
    name: ClassVar[str] = "jittered_row_cue"

    def _fits(self) -> bool:
        beside = self.rows + self.mark - 1 <= self.digit
        return super()._fits() and beside and self.columns + self.mark - 1 <= _DIGITS_FROM - _SIGHT

    def _draw_mark(self, stream: IntegerStream, images: int) -> Integers:
        return np.stack([stream.below(self.columns, (images,)), stream.below(self.rows, (images,))], axis=1)


def _refuse_to_turn(turn: int, asked: str) -> None:
    """Refuse a ``turn`` other than 0 in a task that has no cue to turn.

    Raises:
        ValueError: ``turn`` is not 0.
    """
    if turn:
        raise ValueError(f"`turn` must be 0, since no cue points to {asked}; got turn={turn}")


def _frames(images: int, side: int) -> Pixels:
    """Return a frame for every image, one pixel wide, ``(N, side, side)``."""
    frame = np.full((images, side, side), BRIGHTEST, dtype=np.uint8)
    frame[:, 1:-1, 1:-1] = 0
    return frame


def _pieces(patterns: Integers, bits: int, cell: int) -> Pixels:
    """Draw patterns ``(N, bits * bits)`` of zeros and ones, with room for a frame: ``(N, side, side)``."""
    cells = patterns.reshape(-1, bits, bits).astype(np.uint8) * BRIGHTEST
    inner = cells.repeat(cell, axis=1).repeat(cell, axis=2)
    return np.pad(inner, ((0, 0), (_FRAME, _FRAME), (_FRAME, _FRAME)))


@dataclass(frozen=True)
class MatchingPair(ProbeTask):
    """Three patterns in a red, a green and a blue frame; two are equal, and the answer is the third's colour.

    Each pattern is a square of ``bits`` x ``bits`` random cells, white or black; the odd one differs from the
    other two in at least ``difference`` of them.

    Args:
        bits: cells along a side of a pattern.
        cell: side of a cell in pixels.
        difference: cells in which the odd pattern differs at least.
        grid: distance in pixels between the positions that a pattern can have.
    """

    bits: int = 3
    cell: int = 2
    difference: int = 3
    grid: int = 4
    name: ClassVar[str] = "matching_pair"
    classes: ClassVar[int] = 3
    has_cue: ClassVar[bool] = False

    def _fits(self) -> bool:
        side = self.bits * self.cell + 2 * _FRAME
        on_the_grid = -(-side // self.grid) * self.grid
        return self.difference <= self.bits**2 and _leaves_half_free(3 * on_the_grid**2, self.size)

    def make(self, split: SplitName, *, turn: int = 0) -> Split:
        """Make the images of one split; see :meth:`ProbeTask.make`. There is no cue to turn.

        Raises:
            ValueError: ``turn`` is not 0.
        """
        _refuse_to_turn(turn, "a pattern")
        stream, canvas = self._stream(split), self._blank(split)
        images, each = len(canvas), np.arange(len(canvas))
        patterns, odd = self._draw_patterns(stream, images)
        side = self.bits * self.cell + 2 * _FRAME
        steps = tuple((length - side) // self.grid + 1 for length in self.size)
        reach = -(-side // self.grid)
        positions = self.grid * self._draw_positions(
            stream, images, ((reach, reach),) * 3, (0, steps[0] + reach - 1), (0, steps[1] + reach - 1)
        )
        frame = _frames(images, side)
        for colour in range(3):
            piece = _pieces(patterns[:, colour], self.bits, self.cell)
            for channel in range(3):
                paint(canvas, piece, np.full(images, channel), positions[:, colour])
            paint(canvas, frame, np.full(images, colour), positions[:, colour])
        # The box is that of the odd pattern, the cue that of one of the two that are equal.
        boxes = boxes_of(positions[each, odd], side, side)
        return _split(canvas, odd, boxes, boxes_of(positions[each, (odd + 1) % 3], side, side))

    def _draw_patterns(self, stream: IntegerStream, images: int) -> tuple[Integers, Integers]:
        """Draw three patterns for every image, ``(N, 3, bits * bits)``, and which is odd, ``(N,)``."""
        cells = self.bits * self.bits
        patterns = np.repeat(stream.below(2, (images, 1, cells)), 3, axis=1)
        odd = stream.below(3, (images,))
        alike = np.arange(images)
        while len(alike):
            patterns[alike, odd[alike]] = stream.below(2, (len(alike), cells))
            twins = patterns[alike, (odd[alike] + 1) % 3]
            alike = alike[(patterns[alike, odd[alike]] != twins).sum(axis=1) < self.difference]
        return patterns, odd


@dataclass(frozen=True)
class EqualPair(ProbeTask):
    """Two framed patterns, one beside the other and far apart: are they equal?

    Both are white on black and have equally many white cells, so that every image has the same pixels in
    another order, and no mean, maximum or histogram of it says anything. Every pattern comes as often in
    equal pairs as in unequal ones. The patterns lie so far apart that no place of the network's one stage
    sees both, or one and the edge, and a stride cuts all of them alike. So without a block each pattern adds
    its own number to an answer, and a sum of two such numbers is right for 64 % of the images at most: a
    sum that is right about two patterns, each beside itself, is wrong about one beside the other.

    Args:
        bits: cells along a side of a pattern.
        white: white cells of a pattern.
        cell: side of a cell in pixels.
        difference: cells in which unequal patterns differ at least.
    """

    bits: int = 3
    white: int = 4
    cell: int = 2
    difference: int = 4
    name: ClassVar[str] = "equal_pair"
    classes: ClassVar[int] = 2
    channels: ClassVar[int] = 1
    widths: ClassVar[tuple[int, ...]] = (16,)
    size: ClassVar[tuple[int, int]] = (32, 56)
    has_cue: ClassVar[bool] = False

    @property
    def side(self) -> int:
        """Side of a pattern with its frame, in pixels."""
        return self.bits * self.cell + 2 * _FRAME

    def _fits(self) -> bool:
        height, width = self.size
        most = 2 * min(self.white, self.bits**2 - self.white)  # cells in which two patterns can differ
        on_the_canvas = self.side + 2 * CLEAR <= height and 2 * self.side + 3 * CLEAR <= width
        return self.difference <= most and on_the_canvas

    def patterns(self) -> Integers:
        """Return every pattern, a cell in each column: ``(K, bits * bits)`` of zeros and ones."""
        cells = self.bits**2
        every = np.zeros((comb(cells, self.white), cells), dtype=np.int64)
        for pattern, chosen in zip(every, combinations(range(cells), self.white), strict=True):
            pattern[list(chosen)] = 1
        return every

    def make(self, split: SplitName, *, turn: int = 0) -> Split:
        """Make the images of one split; see :meth:`ProbeTask.make`. There is no cue to turn.

        The answer is 1 where the patterns are equal, else 0.

        Raises:
            ValueError: ``turn`` is not 0.
        """
        _refuse_to_turn(turn, "a pattern")
        stream, canvas = self._stream(split), self._blank(split)
        images, (height, width) = len(canvas), self.size
        equal = stream.below(2, (images,))
        pair = self._draw_pair(stream, equal)
        # What is left of the width beside the patterns and the black around them is shared out at random.
        spare = (width - 2 * self.side - 3 * CLEAR) // _STRIDE
        cuts = _STRIDE * np.sort(stream.below(spare + 1, (images, 2)), axis=1)
        columns = CLEAR + cuts + np.array([0, self.side + CLEAR])
        down = (height - self.side - 2 * CLEAR) // _STRIDE
        rows = CLEAR + _STRIDE * stream.below(down + 1, (images, 2))
        positions = np.stack([columns, rows], axis=2)
        white, frame, patterns = np.zeros(images, dtype=np.int64), _frames(images, self.side), self.patterns()
        for which in range(2):
            piece = np.maximum(_pieces(patterns[pair[:, which]], self.bits, self.cell), frame)
            paint(canvas, piece, white, positions[:, which])
        # Neither pattern is asked for by itself: the box is that of the left one, the cue that of the other.
        boxes, others = (boxes_of(positions[:, which], self.side, self.side) for which in range(2))
        return _split(canvas, equal, boxes, others)

    def _draw_pair(self, stream: IntegerStream, equal: Integers) -> Integers:
        """Draw two patterns for every image, by their rows in :meth:`patterns`: ``(N, 2)``."""
        patterns, images = self.patterns(), len(equal)
        pair = np.repeat(stream.below(len(patterns), (images, 1)), 2, axis=1)
        open_images = np.arange(images)[equal == 0]
        while len(open_images):
            pair[open_images, 1] = stream.below(len(patterns), (len(open_images),))
            first, second = patterns[pair[open_images, 0]], patterns[pair[open_images, 1]]
            open_images = open_images[(first != second).sum(axis=1) < self.difference]
        return pair


@dataclass(frozen=True)
class ColourCount(ProbeTask):
    """Red, green and blue squares; two colours come equally often, and the answer is the third.

    The squares lie on a grid, so far apart that no place of the network's one stage sees two of them, or one
    and the edge. There are ``mean + 2 * step`` squares of the odd colour and ``mean - step`` of each other
    one, or ``mean - 2 * step`` and ``mean + step``. So the total is the same in all images, and any rule that
    adds up counts with weights, and takes the largest sum, is right for four of the six cases at most.

    Args:
        mean: squares of each colour, on average.
        step: by how many squares each of the two equal colours differs from the mean.
        square: side of a square in pixels.
        grid: squares that fit along a side of the image.
    """

    mean: int = 5
    step: int = 1
    square: int = 4
    grid: int = 4
    name: ClassVar[str] = "colour_count"
    classes: ClassVar[int] = 3
    widths: ClassVar[tuple[int, ...]] = (16,)
    size: ClassVar[tuple[int, int]] = (66, 66)
    has_cue: ClassVar[bool] = False

    def _fits(self) -> bool:
        every_colour_is_there = self.mean > 2 * self.step
        squares_fit = 3 * self.mean <= self.grid**2
        length = CLEAR + self.grid * (self.square + CLEAR)
        return every_colour_is_there and squares_fit and length <= self.size[0]

    def corners(self) -> Integers:
        """Return the upper left pixel ``x, y`` of every grid position, row by row: ``(grid**2, 2)``."""
        starts = [CLEAR + step * (self.square + CLEAR) for step in range(self.grid)]
        return np.array([(x, y) for y in starts for x in starts])

    def make(self, split: SplitName, *, turn: int = 0) -> Split:
        """Make the images of one split; see :meth:`ProbeTask.make`. There is no cue to turn.

        Raises:
            ValueError: ``turn`` is not 0.
        """
        _refuse_to_turn(turn, "a colour")
        stream, canvas = self._stream(split), self._blank(split)
        images, each = len(canvas), np.arange(len(canvas))
        odd = stream.below(3, (images,))
        away = np.where(stream.below(2, (images,)) == 1, self.step, -self.step)
        counts = np.repeat(self.mean - away[:, None], 3, axis=1)
        counts[each, odd] = self.mean + 2 * away
        # Random words rank the positions; a colour takes as many ranks as it has squares, black the rest.
        order = np.argsort(stream.below(2**32, (images, self.grid**2)), axis=1, kind="stable")
        ranks = np.argsort(order, axis=1, kind="stable")
        colours = (ranks[:, :, None] >= counts.cumsum(axis=1)[:, None]).sum(axis=2)
        corners = self.corners()
        for index, (x, y) in enumerate(corners):
            for colour in range(3):
                here = colours[:, index] == colour
                canvas[here, colour, y : y + self.square, x : x + self.square] = BRIGHTEST
        # No square is asked for by itself: the first of the odd colour stands for it, and one of another.
        own, other = (corners[(colours == colour[:, None]).argmax(axis=1)] for colour in (odd, (odd + 1) % 3))
        return _split(
            canvas, odd, boxes_of(own, self.square, self.square), boxes_of(other, self.square, self.square)
        )


PROBE_TASKS: dict[str, type[ProbeTask]] = {
    probe.name: probe
    for probe in (ColourCue, FrameCue, RowCue, JitteredRowCue, MatchingPair, EqualPair, ColourCount)
}
"""The probe tasks by name."""
