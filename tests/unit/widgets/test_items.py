"""Numbers, texts, tables, bars, maps and pictures: what they store and refuse."""

from __future__ import annotations

import base64
import math

import pytest
import torch

from gate_by_gate.widgets.items.bars import Bars, Sort
from gate_by_gate.widgets.items.encoded import round_off
from gate_by_gate.widgets.items.heatmap import Heatmap
from gate_by_gate.widgets.items.marks import Dots, Rectangle, Under
from gate_by_gate.widgets.items.number import Number, count, verdict
from gate_by_gate.widgets.items.picture import Picture, pixels
from gate_by_gate.widgets.items.shapes import Shapes, shape_text
from gate_by_gate.widgets.items.strips import Strips
from gate_by_gate.widgets.items.table import Table
from gate_by_gate.widgets.items.terms import Term, Terms
from gate_by_gate.widgets.items.text import Text
from gate_by_gate.widgets.wording import amount, join


@pytest.mark.parametrize(("value", "rounded"), [(0.12345, 0.123), (0.9996, 1.0), (-0.0001, 0.0)])
def test_values_are_rounded_without_a_negative_zero(value, rounded):
    result = round_off(value)
    assert result == rounded
    assert str(result) == str(rounded)


def test_a_count_has_thousands_separators_and_its_unit():
    assert count(8464, "parameters") == {"value": 8464, "text": "8,464 parameters"}
    assert count(7) == {"value": 7, "text": "7"}


@pytest.mark.parametrize(
    ("words", "sentence"), [([], ""), (["2"], "2"), (["2", "4"], "2 and 4"), (["2", "4", "8"], "2, 4 and 8")]
)
def test_words_are_joined_as_in_a_sentence(words, sentence):
    assert join(words) == sentence


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (999, "B", "999 B"),
        (1000, "B", "1 kB"),
        (2_560_000, "B", "2.56 MB"),
        (163_840_000, "B", "164 MB"),
        (4_089_184_256, "", "4.09 G"),
        (7, "", "7"),
        (694_500, "", "695 k"),  # halfway: up, as in JavaScript
        (1005, "", "1 k"),  # not halfway: the nearest binary fraction lies below 1.005
        (999_600, "", "1000 k"),
    ],
)
def test_large_numbers_read_with_the_prefix_that_suits_them(value, unit, text):
    assert amount(value, unit) == text


def test_shapes_read_as_products():
    assert shape_text(torch.zeros(2, 3, 5, 7).shape) == "2 × 3 × 5 × 7"


def test_a_picture_keeps_its_bytes_in_row_order():
    image = torch.arange(15, dtype=torch.uint8).reshape(3, 5)
    stored = pixels(image)
    assert stored["shape"] == [3, 5]
    assert list(base64.b64decode(stored["data"])) == list(range(15))


def test_a_picture_in_colour_keeps_one_colour_after_the_other():
    image = torch.arange(45, dtype=torch.uint8).reshape(3, 3, 5)
    stored = pixels(image)
    assert (stored["shape"], stored["colour"]) == ([3, 5], True)
    assert list(base64.b64decode(stored["data"])) == list(range(45))
    assert "colour" not in pixels(image[0])


def test_bars_keep_what_they_were_before_and_their_names_if_there_are_any():
    values = torch.tensor([0.1234, 0.5])
    plain = Bars(values, 0, 1, "alt")
    assert not {"before", "names"} & plain.keys()
    marked = Bars(values, 0, 1, "alt", before=1 - values, names=("left", "right"))
    assert marked == {**plain, "before": [0.877, 0.5], "names": ["left", "right"]}


def test_a_picture_cut_from_a_larger_tensor_is_stored_alone():
    image = torch.arange(30, dtype=torch.uint8).reshape(5, 6)[:, ::2]
    assert list(base64.b64decode(pixels(image)["data"])) == image.flatten().tolist()


def test_a_heatmap_spans_sixteen_levels_from_its_smallest_to_its_largest_value():
    values = torch.linspace(-1, 2, 16).reshape(2, 8)
    assert Heatmap(values, "caption", "alt") == {
        "shape": [2, 8],
        "hex": "0123456789abcdef",
        "low": -1.0,
        "high": 2.0,
        "caption": "caption",
        "alt": "alt",
    }


def test_the_ends_of_a_narrow_scale_keep_the_decimals_that_its_steps_need():
    stored = Heatmap(torch.tensor([[0.41103, 0.41118, 0.41142]], dtype=torch.float64), "", "")
    assert (stored["low"], stored["high"], stored["hex"]) == (0.41103, 0.41142, "06f")


def test_a_value_is_stored_by_the_ends_that_are_shown():
    """On the scale from 0.2 to 0.8, which is what 0.2004 to 0.8004 are shown as."""
    values = torch.tensor([[0.2004, 0.5199, 0.8004]], dtype=torch.float64)
    stored = Heatmap(values, "", "")
    assert (stored["low"], stored["high"], stored["hex"]) == (0.2, 0.8, "08f")


def test_what_differs_by_less_than_a_millionth_is_flat():
    stored = Heatmap(torch.tensor([[0.7, 0.7 + 4e-7]], dtype=torch.float64), "", "")
    assert (stored["low"], stored["high"], stored["hex"]) == (0.7, 0.7, "00")


def test_a_constant_heatmap_is_all_lowest():
    assert Heatmap(torch.full((2, 3), 0.25), "", "")["hex"] == "000000"


def test_bars_keep_their_order_and_scale():
    assert Bars(torch.tensor([0.25, 0.5]), 0, 1, "two") == {
        "values": [0.25, 0.5],
        "low": 0,
        "high": 1,
        "alt": "two",
        "what": "channel",
    }


def test_bars_may_point_channels_out_and_say_when_they_are_sorted():
    sort = Sort("order", "sorted", "gates")
    stored = Bars(torch.tensor([0.25, 0.5]), 0, 1, "two", band=[1], sort=sort)
    assert stored["band"] == [1]
    assert stored["sort"] == {"control": "order", "when": "sorted", "by": "gates"}


def test_bars_may_point_out_the_neighbours_of_one():
    assert Bars(torch.tensor([0.25, 0.5]), 0, 1, "two", reach=0)["reach"] == 0
    assert "reach" not in Bars(torch.tensor([0.25, 0.5]), 0, 1, "two")


def test_every_frame_may_have_a_high_end_of_its_own():
    frames = torch.tensor([[[0.0, 2.0]], [[1.0, 4.0]], [[5.0, 0.0]]])
    stored = Heatmap(frames, "{}", "", scale=(0.0, [2.0, 4.0, 5.0]), pick="query")
    assert (stored["hex"], stored["low"], stored["high"]) == ("0f4ff0", 0, [2.0, 4.0, 5.0])
    with pytest.raises(ValueError, match="expected one high end for each of 3 frames; got 2"):
        Heatmap(frames, "{}", "", scale=(0.0, [2.0, 4.0]), pick="query")


def test_a_heatmap_may_have_a_given_scale_which_values_beyond_it_do_not_leave():
    stored = Heatmap(torch.tensor([[-1.0, 0.0, 0.5], [1.0, 2.0, 0.2]]), "", "", scale=(0, 1))
    assert (stored["low"], stored["high"], stored["hex"]) == (0, 1, "008ff3")


def test_a_signed_heatmap_has_zero_in_its_middle_and_reaches_as_far_on_both_sides():
    stored = Heatmap(torch.tensor([[-2.0, 0.0, 7.0]]), "", "", signed=True)
    assert (stored["low"], stored["high"], stored["signed"]) == (-7.0, 7.0, True)
    assert stored["hex"] == "57e"


def test_the_frames_of_a_heatmap_stand_one_behind_the_other_on_one_scale():
    frames = torch.arange(12.0).reshape(2, 2, 3)
    stored = Heatmap(frames, "{}", "at {}", pick="query", spots=[(0, 0, 1, 1), (1, 0, 1, 1)])
    assert stored["shape"] == [2, 3]
    assert len(stored["hex"]) == 12
    assert (stored["low"], stored["high"]) == (0, 11)
    assert stored["pick"] == "query"
    assert stored["spots"] == [[0, 0, 1, 1], [1, 0, 1, 1]]


def test_a_map_may_lie_over_a_picture_with_marks():
    mark = Rectangle(1, 2, 3, 5, "what it sees")
    points = Dots([(2, 3), (5, 7)], "what it reads")
    assert Under(4) == {"index": 4}
    assert Under(4, (7, 5, 3, 2), frame="the digit")["frame"] == "the digit"
    assert Under(4, (7, 5, 3, 2), [mark, points]) == {
        "index": 4,
        "box": [7, 5, 3, 2],
        "marks": [
            {"shape": "rect", "at": [1, 2, 3, 5], "style": "field", "label": "what it sees"},
            {"shape": "points", "at": [[2, 3], [5, 7]], "style": "field", "label": "what it reads"},
        ],
    }


def test_strips_and_their_product_share_one_scale():
    height, width = torch.tensor([0.0, 1.0]), torch.tensor([0.2, 0.6, 1.0])
    stored = Strips(height, width, "caption", "alt", over=Under(3))
    assert (stored["height"]["shape"], stored["height"]["hex"]) == ([2, 1], "0f")
    assert (stored["width"]["shape"], stored["width"]["hex"]) == ([1, 3], "39f")
    assert (stored["product"]["shape"], stored["product"]["hex"]) == ([2, 3], "00039f")
    assert {(part["low"], part["high"]) for part in stored.json.values()} == {(0.0, 1.0)}
    assert stored["product"]["over"] == {"index": 3}


def test_strips_may_have_a_map_that_is_not_their_product():
    height, width = torch.tensor([0.25, 0.5]), torch.tensor([0.75, 0.25, 1.0])
    product = torch.tensor([[0.0, 0.2, 0.4], [0.6, 0.8, 1.0]])
    stored = Strips(height, width, "caption", "alt", product=product)
    assert stored["product"]["hex"] == "0369cf"
    assert (stored["product"]["low"], stored["product"]["high"]) == (0.0, 1.0)
    assert stored["height"]["hex"] == "48"  # on the same scale, from 0 to 1


def test_a_table_has_a_number_for_every_column():
    good = verdict(3, "3", True)
    stored = Table("network", {"reads": "it reads", "ms": "time"}, {"SE": [good, count(7)]})
    assert stored == {
        "head": "network",
        "columns": [{"name": "reads", "label": "it reads"}, {"name": "ms", "label": "time"}],
        "rows": [{"label": "SE", "cells": [{"value": 3, "text": "3", "right": True}, count(7)]}],
    }
    with pytest.raises(ValueError, match="expected 2 numbers in row 'ECA'; got 1"):
        Table("network", {"reads": "it reads", "ms": "time"}, {"SE": [good, good], "ECA": [good]})


def test_a_sum_is_that_of_its_terms():
    row = Term("w", "weights", "C × C", "3 × 3", count(9))
    assert Terms([row], count(9)) == {
        "rows": [{"name": "w", "label": "weights", "formula": "C × C", "product": "3 × 3", **count(9)}],
        "total": {"value": 9, "text": "9"},
    }
    with pytest.raises(ValueError, match="expected terms that add up to the total, 10; got 9"):
        Terms([row], count(10))


def test_shapes_are_written_step_by_step():
    assert Shapes({"in": (2, 3), "out": (5,)}) == {
        "rows": [{"step": "in", "shape": "2 × 3"}, {"step": "out", "shape": "5"}]
    }


HALVES = [0.5, 0.25, 0.75]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Number("3", "3"), TypeError, "expected a number and its text; got '3' and '3'"),
        (lambda: Number(3, 3), TypeError, "expected a number and its text; got 3 and 3"),
        (lambda: Text(3), TypeError, "expected a text; got 3"),
        (lambda: Shapes({}), ValueError, "expected at least one step; got none"),
        (lambda: Bars(HALVES, 1, 0, ""), ValueError, "expected low <= high; got 1 and 0"),
        (lambda: Bars(HALVES, 0, 1, "", before=[0.5]), ValueError, "`before` must have 3 numbers; got 1"),
        (lambda: Bars(HALVES, 0, 1, "", names=("a", "b")), ValueError, "`names` must have 3 names; got 2"),
        (
            lambda: Bars(HALVES, 0, 1, "", band=[2, 3]),
            ValueError,
            r"name bars from 0 to 2; got \[2, 3\]",
        ),
        (lambda: Bars([0.5, math.nan], 0, 1, "").json, ValueError, "expected finite numbers; got nan"),
        (
            lambda: Heatmap(HALVES, "", ""),
            ValueError,
            r"\(H, W\) or \(frames, H, W\); got",
        ),
        (
            lambda: Heatmap([HALVES, [0.5]], "", ""),
            ValueError,
            r"got rows of \[1, 3\] values",
        ),
        (lambda: Heatmap([HALVES], "", "", scale=(1, 0)), ValueError, "expected low <= high; got 1 and 0"),
        (lambda: Heatmap([[math.inf]], "", "").json, ValueError, "expected finite numbers; got inf"),
        (
            lambda: Strips(HALVES, [1], "", "", product=[HALVES]),
            ValueError,
            r"shape \(3, 1\); got \(1, 3\)",
        ),
        (
            lambda: Picture(0, "", [1, 2, 3]),
            ValueError,
            r"be x, y, width, height; got \[1, 2, 3\]",
        ),
        (lambda: pixels([[[0]]]), ValueError, r"an image of \(H, W\) or \(3, H, W\); got 1 planes"),
        (lambda: pixels([[256]]), ValueError, "range\\(0, 256\\)"),
        (lambda: Dots([], style="dot"), ValueError, r"must be one of \('field', 'spot'\); got 'dot'"),
        (lambda: Rectangle(1, 2, 3, 5, style="box"), ValueError, r"one of \('field', 'spot'\); got 'box'"),
    ],
)
def test_what_cannot_be_drawn_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_an_array_and_nested_sequences_are_stored_alike():
    values = [[0.0, 0.5], [0.25, 1.0]]
    assert (
        Heatmap(torch.tensor(values), "", "")
        == Heatmap(values, "", "")
        == Heatmap(((0, 0.5), (0.25, 1)), "", "")
    )
    assert Heatmap(values, "", "") != Heatmap(values, "other", "")
