"""Tables of the book's results: HTML for a reader, aligned text for what compares outputs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

__all__ = ["Interval", "Table"]

GAP = "  "
CUT = 3.0
"""An interval that reaches further from 0 than this many times the median one is drawn cut off."""

_NUMBER = re.compile(r"(?:< )?[+-]?\d[\d,.]*(?: ?[%*]| ?[a-zA-Z]{1,3}| ± [\d.]+ ?%?)?")


class Interval(NamedTuple):
    """A mean and the ends of its confidence interval, in the unit of the column; nan if there is none."""

    mean: float
    low: float
    high: float


class Table:
    """A table of results.

    A notebook and a page show it as HTML: numbers are aligned right, and an :class:`Interval` is also drawn,
    as a dot and a bar on the scale that its column shares. As text, its columns are separated by spaces.

    Args:
        columns: for each caption the format of its numbers, as :func:`format` takes it: ``{"r": "d",
            "parameters": ",d", "top-1, %": ".2f"}``. What follows the last comma of a caption is the unit.
        rows: the cells of each row: a number, a text, a truth value, an interval, or None for an empty cell.
            The first is the name of the row. A text in place of a row is the heading of those below it.
        caption: a sentence above the table.

    Raises:
        ValueError: a row has more or fewer cells than there are columns.
    """

    def __init__(
        self,
        columns: Mapping[str, str],
        rows: Sequence[Sequence[Any] | str],
        *,
        caption: str = "",
    ) -> None:
        for row in rows:
            if not isinstance(row, str) and len(row) != len(columns):
                raise ValueError(f"expected {len(columns)} cells in every row; got {len(row)} in {row!r}")
        self.columns = dict(columns)
        self.rows = list(rows)
        self.caption = caption

    def __repr__(self) -> str:
        body = [row if isinstance(row, str) else self._texts(row) for row in self.rows]
        lines = [list(self.columns), *body]
        full = [line for line in lines if not isinstance(line, str)]
        widths = [max(len(line[i]) for line in full) for i in range(len(self.columns))]
        right = self._right()
        written = [] if not self.caption else [self.caption]
        for line in lines:
            if isinstance(line, str):
                written.append(line)
                continue
            cells = [
                text.rjust(width) if is_right else text.ljust(width)
                for text, width, is_right in zip(line, widths, right, strict=True)
            ]
            written.append(GAP.join(cells).rstrip())
        return "\n".join(written)

    def _repr_html_(self) -> str:
        """Return the table in a box of its own, which scrolls where it is too narrow."""
        right = self._right()
        scales = [self._scale(i) for i in range(len(self.columns))]
        head = "".join(
            _cell("th", _caption(caption), is_right, ' scope="col"') if caption else "<td></td>"
            for caption, is_right in zip(self.columns, right, strict=True)
        )
        lines = [f"<thead><tr>{head}</tr></thead><tbody>"]
        for row in self.rows:
            if isinstance(row, str):
                span = f' colspan="{len(self.columns)}" scope="rowgroup"'
                lines.append(f"<tr>{_cell('th', escape(row), False, span)}</tr>")
                continue
            first, *rest = self._texts(row)
            cells = [_cell("th", escape(first), right[0], ' scope="row"')]
            for i, text in enumerate(rest, start=1):
                value, content = row[i], escape(_minus(text) if right[i] else text)
                if isinstance(value, Interval) and scales[i]:
                    # Where there is no room for both on a line, the numbers stand below the drawing.
                    numbers = f'<span style="white-space:nowrap">{content}</span>'
                    cells.append(_cell("td", f"{_drawn(value, scales[i])} {numbers}", right[i], wraps=True))
                else:
                    cells.append(_cell("td", content, right[i]))
            lines.append(f"<tr>{''.join(cells)}</tr>")
        lines.append("</tbody>")
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        # What a notebook shows has no style sheet of ours: the few rules that matter stand in the elements.
        table = f"<table>{caption}{''.join(lines)}</table>"
        return f'<div class="result-table" style="overflow-x:auto">{table}</div>'

    def _texts(self, row: Sequence[Any]) -> list[str]:
        return [_text(value, spec) for value, spec in zip(row, self.columns.values(), strict=True)]

    def _right(self) -> list[bool]:
        """Tell of each column whether it holds nothing but numbers, also as written by the caller."""
        full = [row for row in self.rows if not isinstance(row, str)]
        columns = [[row[i] for row in full if row[i] not in (None, "")] for i in range(len(self.columns))]
        return [
            bool(cells) and all(_is_number(cell) or _NUMBER.fullmatch(str(cell)) for cell in cells)
            for cells in columns
        ]

    def _scale(self, column: int) -> float:
        """Return how far from 0 the intervals of a column are drawn; 0 if there are none."""
        cells = [row[column] for row in self.rows if not isinstance(row, str)]
        found = [cell for cell in cells if isinstance(cell, Interval) and not math.isnan(cell.low)]
        reach = sorted(max(abs(cell.low), abs(cell.high)) for cell in found)
        return min(reach[-1], CUT * reach[(len(reach) - 1) // 2]) if reach else 0.0


def _is_number(value: Any) -> bool:
    return isinstance(value, Interval) or (not isinstance(value, (str, bool)) and hasattr(value, "__float__"))


def _minus(text: str) -> str:
    """Write the signs of numbers as minus signs."""
    return re.sub(r"(?<!\w)-(?=[\d.])", "\u2212", text)


def _text(value: Any, spec: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Interval):
        mean, low, high = (format(number, spec) for number in value)
        return mean if math.isnan(value.low) else f"{mean} [{low}, {high}]"
    return format(value, spec) if _is_number(value) else str(value)


def _caption(caption: str) -> str:
    name, comma, unit = caption.rpartition(", ")
    return f"{escape(name)}, <small>{escape(unit)}</small>" if comma else escape(caption)


def _cell(tag: str, content: str, is_right: bool, attributes: str = "", *, wraps: bool = False) -> str:
    style = f"text-align:{'right' if is_right else 'left'}{';white-space:normal' if wraps else ''}"
    return f'<{tag}{attributes} style="{style}">{content}</{tag}>'


def _drawn(interval: Interval, scale: float) -> str:
    """Draw an interval: a line at 0, a bar with a dot at the mean, an arrow head where the bar goes on."""
    width, height, edge = 80, 14, 5
    middle = width / 2

    def place(value: float) -> float:
        return round(middle + (middle - edge) * min(max(value / scale, -1.1), 1.1), 1)

    low, high, mean = (place(value) for value in (interval.low, interval.high, interval.mean))
    y = height / 2
    marks = [f'<path d="M{middle:g} 0V{height}" stroke="currentColor" stroke-opacity=".35"/>']
    if not math.isnan(interval.low):
        marks.append(f'<path d="M{low:g} {y:g}H{high:g}" stroke="currentColor" stroke-width="2"/>')
        for end, value, towards in ((low, interval.low, 4), (high, interval.high, -4)):
            if abs(value) > scale * (1 + 1e-9):  # an arrow head: it goes on
                marks.append(
                    f'<path d="M{end + towards:g} {y - 4:g}L{end:g} {y:g}l{towards} 4" fill="none" '
                    'stroke="currentColor" stroke-width="2"/>'
                )
    marks.append(f'<circle cx="{mean:g}" cy="{y:g}" r="3.5" fill="currentColor"/>')
    return (
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" aria-hidden="true" '
        f'style="vertical-align:middle;margin-right:.5em">{"".join(marks)}</svg>'
    )
