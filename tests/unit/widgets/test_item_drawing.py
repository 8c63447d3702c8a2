"""A map that the reader draws: what it stores and refuses."""

from __future__ import annotations

import pytest

from gate_by_gate.widgets.items.drawing import Drawing, Operation, Operator

DOT = [[0, 0, 0], [0, 1, 0]]
KERNEL = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


def test_a_drawing_stores_its_maps_and_its_operators_by_the_values_that_pick_them():
    by_squeeze = {("mean",): Operator("mean", ["x"]), ("most",): Operator("maximum", ["x"])}
    operations = [
        Operation("z", "z", "the squeeze", by_squeeze, pick=("squeeze",), decimals=2),
        Operation("s", "s", "the gate", Operator("sigmoid", ["z"], slope=7, shift=-2), high=3),
        Operation("c", "c", "convolved", {(2,): Operator("convolution", ["x"], KERNEL, 2)}, pick=("stride",)),
    ]
    drawing = Drawing("x: your map", {"a dot": DOT}, "start", operations, shown="c")
    assert drawing == {
        "label": "x: your map",
        "shape": [2, 3],
        "pick": "start",
        "maps": {'"a dot"': "000010"},
        "operations": [
            {
                "name": "z",
                "symbol": "z",
                "label": "the squeeze",
                "pick": ["squeeze"],
                "variants": {
                    '"mean"': {"operator": "mean", "reads": ["x"]},
                    '"most"': {"operator": "maximum", "reads": ["x"]},
                },
                "decimals": 2,
                "high": 1,
            },
            {
                "name": "s",
                "symbol": "s",
                "label": "the gate",
                "pick": [],
                "variants": {"": {"operator": "sigmoid", "reads": ["z"], "slope": 7, "shift": -2}},
                "decimals": 0,
                "high": 3,
            },
            {
                "name": "c",
                "symbol": "c",
                "label": "convolved",
                "pick": ["stride"],
                "variants": {
                    "2": {
                        "operator": "convolution",
                        "reads": ["x"],
                        "kernel": [1, 2, 3, 4, 5, 6, 7, 8, 9],
                        "stride": 2,
                    }
                },
                "decimals": 0,
                "high": 1,
            },
        ],
        "shown": "c",
    }


MEAN = Operation("z", "z", "z", Operator("mean", ["x"]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Operator("median", ["x"]), "must be one of .*; got 'median'"),
        (lambda: Operator("product", ["x"]), r"a product reads 2; got \['x'\]"),
        (lambda: Operator("mean", ["x", "z"]), r"a mean reads 1; got \['x', 'z'\]"),
        (lambda: Operator("convolution", ["x"]), "has a kernel; got 'convolution'"),
        (lambda: Operator("mean", ["x"], KERNEL), "has a kernel; got 'mean'"),
        (lambda: Operator("convolution", ["x"], [[1, 2]]), r"a kernel must be \(3, 3\)"),
        (lambda: Operator("convolution", ["x"], KERNEL, 0), "`stride` must be at least 1; got 0"),
        (lambda: Drawing("x", {"a": DOT, "b": [[1]]}, "start", []), r"maps of one shape \(H, W\)"),
        (lambda: Drawing("x", {"a": [[1], [0, 1]]}, "start", []), r"maps of one shape \(H, W\)"),
        (lambda: Drawing("x", {"a": [[2]]}, "start", []), "a map is drawn with 0 and 1"),
        (
            lambda: Drawing(
                "x", {"a": DOT}, "start", [Operation("s", "s", "s", Operator("sigmoid", ["z"])), MEAN]
            ),
            r"'s' must read out of \['x'\]; got \['z'\]",
        ),
        (lambda: Drawing("x", {"a": DOT}, "start", [MEAN], shown="y"), r"must be one of \['z'\]; got 'y'"),
    ],
)
def test_what_cannot_be_computed_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
