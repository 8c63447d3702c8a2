"""The records of the BAM explorer, against formulas, NumPy and the published networks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from traitlets import TraitError

from gate_by_gate.explorers import BAMExplorer, bam
from gate_by_gate.explorers.shared import samples
from tests import numpy_blocks
from tests.numpy_blocks import sigmoid
from tests.unit.explorers.explorer_code import run_code, settings
from tests.unit.explorers.explorer_maps import check_heatmap, check_reading, points_at_the_digit, received

PART = bam.DEFINITION.parts
NETWORKS = [
    *({"reduction": r, "dilation": d} for r in (4, 8, 16) for d in (1, 2, 4)),
    *({"combine": combine} for combine in ("product", "max", "channel", "spatial")),
]


def setting(**changes: object) -> dict[str, object]:
    return bam.DEFINITION.defaults | changes


def test_every_published_cost_is_the_formula():
    for published in bam.DEFINITION.settings(PART["cost"]):
        c, r = published["channels"], published["reduction"]
        m = c // r
        data = bam.cost(published)["parameters"]
        channel, spatial = 2 * c * m + 3 * m + c, c * m + m + 2 * (9 * m * m + m) + 6 * m + m + 1
        assert data["total"]["value"] == channel + spatial
        for row in data["rows"]:
            formula, product = (
                row[name].replace("×", "*").replace("²", "**2") for name in ("formula", "product")
            )
            assert row["value"] == eval(formula, {"C": c, "m": m}) == eval(product)


def test_the_shapes_are_those_of_every_step():
    rows = bam.cost(setting(channels=64, reduction=8))["shapes"]["rows"]
    assert [row["shape"] for row in rows] == [
        "1 × 64 × 14 × 14",
        "1 × 64",
        "1 × 8",
        "1 × 64 × 1 × 1",
        "1 × 8 × 14 × 14",
        "1 × 8 × 14 × 14",
        "1 × 1 × 14 × 14",
        "1 × 64 × 14 × 14",
        "1 × 64 × 14 × 14",
    ]


@pytest.mark.parametrize("dilation", [1, 2, 3, 4, 7])
def test_the_gradient_finds_five_by_five_places_that_are_d_apart(dilation: int):
    steps = [dilation * way for way in (-2, -1, 0, 1, 2)]
    assert sorted(bam.reach(dilation)) == sorted((down, right) for down in steps for right in steps)


def test_every_published_field_is_that_of_two_dilated_convolutions():
    for published in bam.DEFINITION.settings(PART["field"]):
        d, stage, image = (published[name] for name in ("dilation", "stage", "image"))
        stride = 2**stage
        rows = 40 // stride
        x, y, width, height = samples.SAMPLES.boxes[image].tolist()
        row, column = (min(round((start + 7) / stride), rows - 1) for start in (y, x))
        assert (width, height) == (14, 14)
        inside = [
            (i, j)
            for i in (row + d * n for n in (-2, -1, 0, 1, 2))
            for j in (column + d * n for n in (-2, -1, 0, 1, 2))
            if 0 <= i < rows and 0 <= j < rows
        ]
        data = bam.extent(published)
        assert data["side"]["value"] == 1 + 4 * d
        assert data["pixels"]["value"] == (1 + 4 * d) * stride
        assert data["reads"]["value"] == len(inside)
        frame, reads, score = bam.field(published)["picture"]["marks"]
        assert sorted(reads["at"]) == sorted([stride * j + 0.5, stride * i + 0.5] for i, j in inside)
        assert score["at"] == [[stride * column + 0.5, stride * row + 0.5]]
        left, top, wide, high = frame["at"]
        half = (1 + 4 * d) * stride / 2
        assert (left, top) == tuple(max(0, at - half) for at in score["at"][0])
        assert (left + wide, top + high) == tuple(min(40, at + half) for at in score["at"][0])


def test_finding_the_field_leaves_the_random_numbers_alone():
    bam.reach.cache_clear()
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    bam.reach(5)
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.slow
@pytest.mark.parametrize("stage", [1, 2, 3])
@pytest.mark.parametrize("network", NETWORKS, ids=lambda n: "_".join(str(value) for value in n.values()))
def test_scores_and_maps_are_those_of_the_trained_network(network: dict[str, object], stage: int):
    name = bam.network_name(setting(**network))
    x, p = received(name, stage)
    dilation, combine = int(network.get("dilation", 4)), str(network.get("combine", "sum"))
    # The output is x + x * gate, so the gate is the output's ratio to x, less one.
    gates = {
        which: numpy_blocks.bam(x, p, dilation=dilation, combine=which) / x - 1
        for which in ("channel", "spatial", combine)
        if not (combine in ("channel", "spatial") and which != combine)
    }
    output = numpy_blocks.bam(x, p, dilation=dilation, combine=combine)
    for image in bam.IMAGE.values:
        here = setting(**network, stage=stage, image=image)
        check_reading(bam.SHOWN.read(here), name, image)
        channel, places = bam.channel_branch(here), bam.spatial_branch(here) | bam.points(here)
        if combine == "spatial":
            assert set(channel["channel"]["values"]) == {0}
            assert channel["channel"]["alt"] == "The channel branch is left out: it adds nothing."
        else:
            scores = np.array(channel["channel"]["values"])
            expected = np.mean(gates["channel"][image], axis=(1, 2))
            np.testing.assert_allclose(sigmoid(scores), expected, atol=6e-4)
        if combine == "channel":
            assert (places["spatial"]["caption"], set(places["spatial"]["hex"])) == (
                "no spatial branch",
                {"0"},
            )
            assert places["points"]["text"].startswith("nowhere")
        else:
            scores = gates["spatial"][image].mean(axis=0)
            check_heatmap(places["spatial"], np.log(scores / (1 - scores)))
        gate = gates[combine][image].mean(axis=0)
        check_heatmap(places["combined"], gate)
        check_heatmap(places["after"], output[image].mean(axis=0))
        assert places["points"]["value"] == points_at_the_digit(gate, image)


def test_the_code_of_every_setting_computes_what_is_shown():
    definition = bam.DEFINITION
    for published in settings(definition, "cost", "places"):
        if published["image"]:
            continue  # the image is a number in the code: one of them will do
        names = run_code(definition, published)
        assert names["parameters"] == bam.cost(published)["parameters"]["total"]["value"]
        check_heatmap(bam.spatial_branch(published)["combined"], names["combined"].double().numpy())


@pytest.mark.parametrize("compute", [bam.SHOWN.read, bam.channel_branch, bam.spatial_branch, bam.points])
def test_an_untrained_setting_says_so(compute):
    assert compute(setting(dilation=3)) == {
        "missing": "No network was trained with r = 4 and d = 3; one was for each r of 4, 8 and 16 with each "
        "d of 1, 2 and 4."
    }
    assert "missing" not in compute(setting())


def test_r_and_d_do_not_move_the_other_combinations():
    for compute in (bam.SHOWN.read, bam.channel_branch, bam.spatial_branch, bam.points):
        assert compute(setting(combine="max", reduction=16, dilation=1)) == compute(setting(combine="max"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"combine": "mean"}, r"`combine` must be one of \('sum', .*; got 'mean'"),
        ({"stage": 4}, r"`stage` must be one of \(1, 2, 3\); got stage=4"),
        ({"image": -1}, "`image` must be between 0 and 9; got image=-1"),
        ({"dilation": 0}, "`dilation` must be at least 1; got dilation=0"),
        ({"dilation": 10**9}, "`dilation` must be at most 40, the side of an image; got 1000000000"),
        ({"reduction": 257}, "`reduction` must be between 1 and `channels`; got reduction=257"),
    ],
)
def test_a_value_that_means_nothing_is_refused(changes, message):
    with pytest.raises(TraitError, match=message):
        BAMExplorer(**changes)
