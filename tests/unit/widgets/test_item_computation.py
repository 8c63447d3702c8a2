"""A small computation: what it stores and refuses."""

from __future__ import annotations

import math

import pytest

from gate_by_gate.widgets.items.computation import Computation, Grid, Step

PAIRS = [[[1, 2, 3], [4, 5, 6]], [[-1.26, 0, 0], [0, 0, 0]]]
"""Two planes of two rows and three columns."""

INPUT = Grid(PAIRS, "x", "x: two planes", decimals=1)
SUMS = Grid(
    [[[21]], [[-1.26]]],
    "s",
    "s: their sums",
    sources={"x": [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]},
    workings=["1 + … = 21", "−1.26"],
)


def test_a_grid_stores_its_numbers_plane_by_plane_as_they_are_shown():
    assert INPUT == {
        "shape": [2, 2, 3],
        "values": [1, 2, 3, 4, 5, 6, -1.3, 0, 0, 0, 0, 0],
        "symbol": "x",
        "label": "x: two planes",
        "alt": "x: two planes: 2 × 2 × 3 numbers, from −1.3 to 6",
        "high": 6,
        "axes": ["channel", "row", "column"],
    }


def test_options_of_a_grid_are_stored_where_they_are_given():
    grid = Grid([[[0]], [[0]]], "w", "w", weights=True, planes=("one", "two"), high=3)
    assert (grid["weights"], grid["planes"], grid["high"]) == (True, ["one", "two"], 3)
    assert Grid([[[0]]], "w", "w")["high"] == 1, "a grid of zeros has no largest number"
    assert SUMS["sources"] == {"x": [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]}
    assert SUMS["workings"] == ["1 + … = 21", "−1.26"]


def test_a_computation_stores_its_grids_and_its_steps():
    steps = [Step("the input", [["x"]], shown=7), Step("sums", [["s"]], [["x"]], "sum")]
    stored = Computation({"x": INPUT, "s": SUMS}, steps, "step", lanes=2)
    assert stored == {
        "grids": {"x": INPUT.json, "s": SUMS.json},
        "steps": [
            {"says": "the input", "results": [["x"]], "operands": [], "operation": "", "shown": 7},
            {"says": "sums", "results": [["s"]], "operands": [["x"]], "operation": "sum", "shown": 0},
        ],
        "pick": "step",
        "lanes": 2,
    }


def of(*steps: Step, **grids: Grid) -> Computation:
    return Computation({"x": INPUT, **grids}, steps, "step")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Grid([1, 2], "x", "x"), r"expected values of \(planes, rows, columns\); got \[1, 2\]"),
        (lambda: Grid([[[1, 2], [3]]], "x", "x"), r"expected values of \(planes, rows, columns\)"),
        (lambda: Grid([[[math.nan]]], "x", "x"), "expected finite numbers; got nan"),
        (lambda: Grid([[[1, 2]]], "x", "x", sources={"y": [[0]]}), "sources in 'y' for 2 numbers; got 1"),
        (lambda: Grid([[[1, 2]]], "x", "x", workings=["1"]), "expected workings of 2 numbers; got 1"),
        (lambda: Grid([[[1, 2]]], "x", "x", planes=("a", "b")), "expected names of 1 planes; got 2"),
        (lambda: of(Step("", [["y"]])), r"step 0 must show grids out of \['x'\]; got \['y'\]"),
        (lambda: of(Step("", [["s"]]), s=SUMS), "'s' comes from 'x', which step 0 does not show"),
        (lambda: of(Step("", [["x"]], shown=12)), "must show a number of 'x'; got number 12"),
        (
            lambda: of(Step("", [["y"]], [["x"]]), y=Grid([[[1]]], "y", "y", sources={"x": [[12]]})),
            r"the sources of 'y' in 'x' must be below 12; got \[\[12\]\]",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
