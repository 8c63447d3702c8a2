"""The records of the CBAM explorer, against formulas, NumPy and the published networks."""

from __future__ import annotations

import numpy as np
import pytest
from traitlets import TraitError

from gate_by_gate.explorers import CBAMExplorer, cbam
from tests import numpy_blocks
from tests.numpy_blocks import conv2d, mlp, sigmoid
from tests.unit.explorers.explorer_code import run_code, settings
from tests.unit.explorers.explorer_maps import check_heatmap, check_reading, points_at_the_digit, received

PART = cbam.DEFINITION.parts
NETWORKS = [
    *({"reduction": r, "kernel_size": k} for r in (4, 8, 16) for k in (3, 5, 7)),
    *({"variant": variant} for variant in ("avg", "max", "conv", "spatial_first", "parallel")),
]
OF_VARIANT = {
    "avg": {"pooling": "avg"},
    "max": {"pooling": "max"},
    "conv": {"descriptor": "conv"},
    "spatial_first": {"order": "spatial_first"},
    "parallel": {"order": "parallel"},
}


def setting(**changes: object) -> dict[str, object]:
    return cbam.DEFINITION.defaults | changes


def test_every_published_cost_is_the_formula():
    for published in cbam.DEFINITION.settings(PART["cost"]):
        c, r, k = (published[name] for name in ("channels", "reduction", "kernel_size"))
        data = cbam.cost(published)["parameters"]
        assert data["total"]["value"] == 2 * c * c // r + c // r + c + 2 * k * k + 2
        for row in data["rows"]:
            values = {"C": c, "r": r, "k": k}
            assert row["value"] == eval(row["formula"].replace("×", "*"), values)
            assert row["value"] == eval(row["product"].replace("×", "*"))


def test_the_shapes_are_those_of_every_step():
    rows = cbam.cost(setting(channels=64, reduction=8))["shapes"]["rows"]
    assert [row["shape"] for row in rows] == [
        "1 × 64 × 14 × 14",
        "2 × 1 × 64",
        "2 × 1 × 8",
        "1 × 64 × 1 × 1",
        "1 × 64 × 14 × 14",
        "1 × 2 × 14 × 14",
        "1 × 1 × 14 × 14",
        "1 × 64 × 14 × 14",
    ]


def test_the_published_settings_are_the_trained_networks():
    of_reading = [
        {name: value for name, value in published.items() if name != "image"}
        for published in cbam.DEFINITION.settings(PART["reading"])
        if published["image"] == 0
    ]
    defaults = {"reduction": 4, "kernel_size": 7, "variant": "published"}
    assert sorted(map(str, of_reading)) == sorted(
        str({name: (defaults | network)[name] for name in ("variant", "reduction", "kernel_size")})
        for network in NETWORKS
    )


@pytest.mark.slow
@pytest.mark.parametrize("stage", [1, 2, 3])
@pytest.mark.parametrize("network", NETWORKS, ids=lambda n: "_".join(str(value) for value in n.values()))
def test_gates_and_maps_are_those_of_the_trained_network(network: dict[str, object], stage: int):
    name = cbam.network_name(setting(**network))
    variant = network.get("variant", "published")
    x, p = received(name, stage)
    means, maxima = mlp(x.mean((2, 3)), p, "channel.mlp"), mlp(x.max((2, 3)), p, "channel.mlp")
    scores = {"avg": means, "max": maxima}.get(str(variant), means + maxima)
    output = numpy_blocks.cbam(x, p, **OF_VARIANT.get(str(variant), {}))

    def spatial_scores(seen: np.ndarray) -> np.ndarray:
        described = np.stack([seen.max(1), seen.mean(1)], axis=1)
        if variant == "conv":
            described = conv2d(seen, p, "spatial.describe")
        return numpy_blocks.batch_norm(
            conv2d(described, p, "spatial.conv"), p, "spatial.norm", training=False
        )

    seen = x
    if variant == "parallel":
        gates = sigmoid(scores[:, :, None, None] + spatial_scores(x))
        channel, places = scores, gates.mean(axis=1)
    elif variant == "spatial_first":
        places = sigmoid(spatial_scores(x))[:, 0]
        refined = x * places[:, None]
        pooled = mlp(refined.mean((2, 3)), p, "channel.mlp") + mlp(refined.max((2, 3)), p, "channel.mlp")
        channel = sigmoid(pooled)
    else:
        channel = sigmoid(scores)
        seen = x * channel[:, :, None, None]
        places = sigmoid(spatial_scores(seen))[:, 0]

    first = conv2d(seen, p, "spatial.describe")[:, 0] if variant == "conv" else seen.max(axis=1)
    for image in cbam.IMAGE.values:
        here = setting(**network, stage=stage, image=image)
        bars = cbam.channel_gates(here)["channel"]
        np.testing.assert_allclose(bars["values"], channel[image], atol=6e-4)
        assert bars["low"] <= min(bars["values"]) <= max(bars["values"]) <= bars["high"]
        data = cbam.spatial_gates(here)
        for item, expected in (
            ("maximum", first),
            ("mean", seen.mean(axis=1)),
            ("spatial", places),
            ("before", x.mean(axis=1)),
            ("after", output.mean(axis=1)),
        ):
            check_heatmap(data[item], expected[image])
        assert data["points"]["value"] == points_at_the_digit(places[image], image)
        assert data["spatial"]["over"]["index"] == image
        check_reading(cbam.SHOWN.read(here), name, image)


def test_the_variant_with_a_learnt_mix_says_what_its_gate_does_not_see():
    captions = [cbam.spatial_gates(setting(variant="conv"))[item]["caption"] for item in ("maximum", "mean")]
    assert captions == ["it sees: learnt mix of C", "it does not see: mean over C"]


def test_the_code_of_every_setting_computes_what_is_shown():
    definition = cbam.DEFINITION
    for published in settings(definition, "cost", "channel"):
        if published["image"]:
            continue  # the image is a number in the code: one of them will do
        names = run_code(definition, published)
        cost, channel = cbam.cost(published), cbam.channel_gates(published)
        assert names["parameters"] == cost["parameters"]["total"]["value"]
        # The record runs all images at once, which adds up in another order.
        np.testing.assert_allclose(channel["channel"]["values"], names["channel"], atol=6e-4)
        if published["variant"] != "parallel":
            spatial = cbam.spatial_gates(published)["spatial"]
            check_heatmap(spatial, names["spatial"].double().numpy())


@pytest.mark.parametrize("compute", [cbam.SHOWN.read, cbam.channel_gates, cbam.spatial_gates])
def test_an_untrained_setting_says_so(compute):
    assert compute(setting(reduction=2)) == {
        "missing": "No network was trained with r = 2 and k = 7; one was for each r of 4, 8 and 16 with each "
        "k of 3, 5 and 7."
    }
    assert "missing" not in compute(setting())


def test_r_and_k_do_not_move_the_variants():
    for compute in (cbam.SHOWN.read, cbam.channel_gates, cbam.spatial_gates):
        assert compute(setting(variant="avg", reduction=16, kernel_size=3)) == compute(setting(variant="avg"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"variant": "</script>"}, r"`variant` must be one of \('published', .*; got '</script>'"),
        ({"stage": 0}, r"`stage` must be one of \(1, 2, 3\); got stage=0"),
        ({"image": 10}, "`image` must be between 0 and 9; got image=10"),
        ({"reduction": 300}, "`reduction` must be between 1 and `channels`; got reduction=300"),
        ({"kernel_size": 4}, "`kernel_size` must be odd; got kernel_size=4"),
        ({"channels": 0}, "`channels` must be at least 1; got channels=0"),
    ],
)
def test_a_value_that_means_nothing_is_refused(changes, message):
    with pytest.raises(TraitError, match=message):
        CBAMExplorer(**changes)
