"""The records of the CoordAtt explorer, against formulas, NumPy and the published networks."""

from __future__ import annotations

import re

import numpy as np
import pytest
from traitlets import TraitError

from gate_by_gate.explorers import CoordAttExplorer, coord_att
from tests import numpy_blocks
from tests.numpy_blocks import Parameters, batch_norm, conv2d, hard_swish, sigmoid
from tests.unit.explorers.explorer_code import run_code, settings
from tests.unit.explorers.explorer_maps import (
    Array,
    check_heatmap,
    check_reading,
    points_at_the_digit,
    received,
)

PART = coord_att.DEFINITION.parts
NETWORKS = [{"reduction": 2}, {"reduction": 4}, {"reduction": 8}, {"strips": "height"}, {"strips": "width"}]
CHANNELS = ["mean", "most", "least"]


def setting(**changes: object) -> dict[str, object]:
    return coord_att.DEFINITION.defaults | changes


def test_every_published_cost_is_the_formula_with_its_least_hidden_width():
    for published in coord_att.DEFINITION.settings(PART["cost"]):
        c, r = published["channels"], published["reduction"]
        m = max(8, c // r)
        data = coord_att.cost(published)
        assert data["hidden"]["value"] == m
        assert ("the least allowed" in data["hidden"]["text"]) == (c // r < 8)
        assert data["parameters"]["total"]["value"] == 3 * c * m + 3 * m + 2 * c
        for row in data["parameters"]["rows"]:
            assert row["value"] == eval(row["formula"].replace("×", "*"), {"C": c, "m": m})
            assert row["value"] == eval(row["product"].replace("×", "*"))


def test_the_shapes_are_those_of_every_step():
    rows = coord_att.cost(setting(channels=64, reduction=4))["shapes"]["rows"]
    assert [row["shape"] for row in rows] == [
        "1 × 64 × 14 × 14",
        "1 × 64 × 28 × 1",
        "1 × 16 × 28 × 1",
        "1 × 16 × 14 × 1",
        "1 × 64 × 14 × 1",
        "1 × 16 × 1 × 14",
        "1 × 64 × 1 × 14",
        "1 × 64 × 14 × 14",
    ]


def gates(x: Array, p: Parameters, strips: str) -> tuple[Array, Array]:
    """Compute the gates of rows ``(N, C, H, 1)`` and of columns ``(N, C, 1, W)`` from the equations."""
    rows, columns = x.mean(axis=3, keepdims=True), x.mean(axis=2, keepdims=True)

    def gate(places: Array, last: str) -> Array:
        hidden = hard_swish(batch_norm(conv2d(places, p, "reduce"), p, "norm", training=False))
        return sigmoid(conv2d(hidden, p, last))

    if strips == "height":
        return gate(rows, "expand"), np.ones_like(columns)
    if strips == "width":
        return np.ones_like(rows), gate(columns, "expand")
    return gate(rows, "height"), gate(columns, "width")


def strip(data: dict[str, object]) -> Array:
    low, high = data["low"], data["high"]
    return low + np.array([int(digit, 16) for digit in data["hex"]]) / 15 * (high - low)


def halved(values: Array) -> Array:
    return values.reshape(-1, 2).mean(axis=1) if len(values) > 14 else values


@pytest.mark.parametrize("stage", [1, 2, 3])
@pytest.mark.parametrize("network", NETWORKS, ids=lambda n: "_".join(str(value) for value in n.values()))
def test_strips_and_maps_are_those_of_the_trained_network(network: dict[str, object], stage: int):
    name = coord_att.network_name(setting(**network))
    x, p = received(name, stage)
    strips = str(network.get("strips", "both"))
    height, width = gates(x, p, strips)
    product = height * width
    output = (
        numpy_blocks.coord_att(x, p) if strips == "both" else numpy_blocks.coord_att_strip(x, p, strip=strips)
    )
    np.testing.assert_allclose(x * product, output)
    for image in coord_att.IMAGE.values:
        spread = product[image].std(axis=(1, 2))
        for which in CHANNELS:
            here = setting(**network, stage=stage, image=image, channel=which)
            data, said = coord_att.cross(here)["strips"], coord_att.spans(here)
            rows, columns, places = height[image], width[image], product[image]
            if which == "mean":
                rows, columns, places = (values.mean(axis=0) for values in (rows, columns, places))
                assert data["product"]["caption"].endswith("mean over C")
            else:
                channel = int(re.search(r"channel (\d+)", data["product"]["caption"])[1])
                # Several channels may share the extreme, so the value is compared and not the channel.
                extreme = spread.max() if which == "most" else spread.min()
                assert spread[channel] == pytest.approx(extreme, rel=1e-4)
                rows, columns, places = rows[channel], columns[channel], places[channel]
            check_heatmap(data["product"], places)
            tolerance = (data["height"]["high"] - data["height"]["low"]) / 30 + 1e-3
            np.testing.assert_allclose(strip(data["height"]), halved(rows[:, 0]), atol=tolerance)
            np.testing.assert_allclose(strip(data["width"]), halved(columns[0]), atol=tolerance)
            assert said["rows"]["value"] == pytest.approx(np.ptp(rows), abs=6e-4)
            assert said["columns"]["value"] == pytest.approx(np.ptp(columns), abs=6e-4)
            assert said["points"]["value"] == points_at_the_digit(places, image)
        data = coord_att.features(here)
        check_heatmap(data["before"], x[image].mean(axis=0))
        check_heatmap(data["after"], output[image].mean(axis=0))
        check_reading(coord_att.SHOWN.read(here), name, image)


def test_the_code_of_every_setting_computes_what_is_shown():
    definition = coord_att.DEFINITION
    for published in settings(definition, "cost", "features"):
        if published["image"] != coord_att.IMAGE.default:
            continue  # the image is a number in the code: one of them will do
        names = run_code(definition, published)
        assert names["parameters"] == coord_att.cost(published)["parameters"]["total"]["value"]
        shown = coord_att.spans(published | {"channel": "mean"})
        for item, strip_name in (("rows", "height"), ("columns", "width")):
            if strip_name in names["gates"]:
                gate = names["gates"][strip_name].mean(dim=1)
                expected = (gate.max() - gate.min()).item()
                assert shown[item]["value"] == pytest.approx(expected, abs=6e-4)
            else:
                assert shown[item] == {"value": 0, "text": "1.000 and 1.000"}


@pytest.mark.parametrize(
    "compute", [coord_att.SHOWN.read, coord_att.cross, coord_att.spans, coord_att.features]
)
def test_an_untrained_setting_says_so(compute):
    assert compute(setting(reduction=16)) == {
        "missing": "No network was trained with r = 16; one was for each r = 2, 4 and 8."
    }
    assert "missing" not in compute(setting())


def test_r_does_not_move_a_network_with_one_strip():
    for compute in (coord_att.SHOWN.read, coord_att.cross, coord_att.spans, coord_att.features):
        assert compute(setting(strips="width", reduction=8)) == compute(setting(strips="width"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strips": "none"}, r"`strips` must be one of \('both', .*; got 'none'"),
        ({"channel": "0"}, r"`channel` must be one of \('mean', .*; got '0'"),
        ({"stage": 4}, r"`stage` must be one of \(1, 2, 3\); got stage=4"),
        ({"image": 10}, "`image` must be between 0 and 9; got image=10"),
        ({"reduction": 0}, "`reduction` must be at least 1; got reduction=0"),
    ],
)
def test_a_value_that_means_nothing_is_refused(changes, message):
    with pytest.raises(TraitError, match=message):
        CoordAttExplorer(**changes)
