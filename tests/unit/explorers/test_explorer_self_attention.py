"""The records of the self-attention explorer, against NumPy, the plain network and hand counts."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from traitlets import TraitError

from gate_by_gate import results
from gate_by_gate.digit_resnet import digit_resnet
from gate_by_gate.explorers import SelfAttentionExplorer
from gate_by_gate.explorers import self_attention as record_of
from tests.unit.explorers.explorer_code import run_code, settings

DEFINITION = record_of.DEFINITION
RUNS = {
    1: "self_attention_r2_seed0",
    2: "self_attention_num_heads2_r2_seed0",
    4: "self_attention_num_heads4_r2_seed0",
}


def setting(**changes: object) -> dict[str, object]:
    return DEFINITION.defaults | changes


def levels(data: dict[str, object]) -> np.ndarray:
    """Return the stored steps, a frame per row."""
    steps = np.array([int(digit, 16) for digit in data["hex"]])
    return steps.reshape(-1, int(np.prod(data["shape"])))


def weights_of(heads: int, stage: int) -> tuple[np.ndarray, torch.Tensor]:
    """Compute the weights of every image in NumPy from what the block receives; and the probabilities."""
    state = results.state_dict(RUNS[heads])
    network = digit_resnet(**results.record(RUNS[heads])["network"]).eval()
    network.load_state_dict(state)
    received = []
    name = f"layer{stage}.0.attention"
    network.get_submodule(name).register_forward_pre_hook(lambda module, args: received.append(args[0]))
    with torch.no_grad():
        probabilities = network(results.sample_images().inputs()).softmax(dim=1)
    x = received[0].flatten(2).transpose(1, 2).double().numpy()

    def split(layer: str) -> np.ndarray:
        features = x @ state[f"{name}.{layer}.weight"].double().numpy()[:, :, 0, 0].T
        return features.reshape(*features.shape[:2], heads, -1).transpose(0, 2, 1, 3)

    query, key = split("query"), split("key")
    scores = query @ key.transpose(0, 1, 3, 2) / np.sqrt(query.shape[-1])
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True), probabilities


@pytest.mark.parametrize("heads", record_of.TRAINED_HEADS)
@pytest.mark.parametrize("stage", record_of.STAGE.values)
def test_the_rows_are_those_of_the_trained_network(heads: int, stage: int):
    weights, probabilities = weights_of(heads, stage)
    side = {2: 10, 3: 5}[stage]
    # The place in the middle of each fifth; of two, the second.
    sides = {2: [1, 3, 5, 7, 9], 3: [0, 1, 2, 3, 4]}[stage]
    queries = [row * side + column for row in sides for column in sides]
    for image in record_of.IMAGE.values:
        for head in range(4):
            data = record_of.attend(setting(heads=heads, stage=stage, image=image, head=head + 1))
            if head >= heads > 1:
                assert data == {"missing": f"This network has {heads} heads; there is no head {head + 1}."}
                continue
            stored, head = data["head"], min(head, heads - 1)  # one head is any head
            rows = weights[image, head][queries]
            assert stored["shape"] == [side, side]
            tops = rows.max(axis=1)
            np.testing.assert_allclose(stored["high"], tops, atol=5.1e-4)
            # Half a step of sixteen, and a twentieth of one for the rounded end.
            np.testing.assert_allclose(levels(stored) / 15, rows / tops[:, None], atol=0.551 / 15)
            pixels = 40 / side
            assert stored["spots"] == [
                [pixels * (query % side), pixels * (query // side), pixels, pixels] for query in queries
            ]
        entropy = -(weights[image] * np.log(np.maximum(weights[image], 1e-38))).sum(axis=-1)
        data = record_of.spread(setting(heads=heads, stage=stage, image=image))
        assert data["spread"]["value"] == pytest.approx(np.exp(entropy).mean(), abs=2e-3)
        assert data["spread"]["text"].endswith(f" of {side * side}")
        read = record_of.SHOWN.read(setting(heads=heads, image=image))
        assert read["prediction"]["value"] == int(probabilities[image].argmax())


@pytest.mark.parametrize("heads", record_of.TRAINED_HEADS)
def test_the_matrix_holds_every_weight_of_the_last_stage(heads: int):
    weights, _ = weights_of(heads, 3)
    for image in record_of.IMAGE.values:
        stored = record_of.matrix(setting(heads=heads, image=image))["matrix"]
        mean = weights[image].mean(axis=0)
        assert stored["shape"] == [25, 25]
        np.testing.assert_allclose(
            levels(stored) / 15 * mean.max(), mean.reshape(1, -1), atol=mean.max() / 30 + 1e-3
        )


@pytest.mark.parametrize("heads", record_of.TRAINED_HEADS)
def test_all_heads_stand_beside_the_one_that_is_shown(heads: int):
    for stage in record_of.STAGE.values:
        there = setting(heads=heads, stage=stage, image=3)
        small = record_of.all_heads(there)
        assert list(small) == ["head1", "head2", "head3", "head4"]
        assert [data is not None for data in small.values()] == [head <= heads for head in (1, 2, 3, 4)]
        for head in range(1, heads + 1):
            large, own = record_of.attend(there | {"head": head})["head"], small[f"head{head}"]
            for name in ("shape", "hex", "low", "high", "spots", "pick", "alt"):
                assert own[name] == large[name]
            assert (own["caption"], own["sets"]) == (f"head {head}", ["head", head])
            # What the large one explains is drawn, and not explained once more.
            assert own["over"] == {name: large["over"][name] for name in ("index", "box")}
            assert "spot" not in own
    assert record_of.all_heads(setting(heads=8)) == {"missing": "No network was trained with 8 heads."}


def test_the_rows_of_a_query_sum_to_one():
    observed = record_of.observe(RUNS[1])
    rows = record_of.rows_of(observed.blocks["layer2.0.attention"].maps["weights"][3])
    assert rows.shape == (1, 25, 10, 10)
    torch.testing.assert_close(rows.sum(dim=(2, 3)), torch.ones(1, 25, dtype=rows.dtype))


@pytest.mark.parametrize(("channels", "side", "heads"), [(16, 5, 1), (64, 10, 2), (256, 20, 4), (512, 80, 1)])
def test_the_cost_of_self_attention_is_counted_by_hand(channels: int, side: int, heads: int):
    places, hidden = side * side, channels // 2
    cost = record_of.cost("self_attention", channels, side, heads)
    assert cost.parameters == 4 * channels * hidden
    # Four 1 x 1 convolutions; the scores and the weighted mean.
    assert cost.macs == 4 * channels * hidden * places + 2 * places * places * hidden
    assert cost.map_bytes == 4 * heads * places * places


def test_the_maps_of_the_gates_are_counted_by_hand():
    c, side = 64, 10
    numbers = {
        "se": c,
        "eca": c,
        "cbam": c + side * side,
        "bam": c + side * side + c * side * side,
        "coord_att": 2 * c * side,
    }
    for block, expected in numbers.items():
        assert record_of.cost(block, c, side, 4).map_bytes == 4 * expected


@pytest.mark.slow
def test_every_chart_holds_every_block_at_every_side_inside_its_axes():
    for published in DEFINITION.settings(DEFINITION.parts["growth"]):
        data = record_of.growth(setting(**published))
        for field, item in (("macs", "macs"), ("map_bytes", "bytes"), ("parameters", "parameters")):
            chart = data[item]
            assert record_of.growth_of(setting(**published | {"measure": item})) == {"growth": chart}
            for block, series in zip(record_of.NAMES, chart["series"], strict=True):
                assert series["name"] == record_of.NAMES[block]
                for side, point in zip(record_of.SIDE.values, series["points"], strict=True):
                    cost = record_of.cost(block, published["channels"], side, published["heads"])
                    assert (point["x"], point["y"]) == (side**2, getattr(cost, field))
                    assert chart["y"]["low"] <= point["y"] <= chart["y"]["high"]
            for side in record_of.SIDE.values:
                here = chart["here"]["at"][str(side)]
                own = record_of.cost("self_attention", published["channels"], side, published["heads"])
                assert (here["x"], here["y"]) == (side**2, getattr(own, field))


@pytest.mark.slow
def test_the_code_of_every_setting_computes_what_is_shown():
    # One of three places that look at each setting, so that every network and stage is asked for all of them.
    asked = [
        published | {"query": query}
        for published, query in zip(settings(DEFINITION, "attend"), itertools.cycle((0, 7, 24)), strict=False)
    ]
    for published in (*asked, *settings(DEFINITION, "size")):
        names = run_code(DEFINITION, published)
        costs = record_of.size(published)
        assert names["parameters"] == costs["parameters"]["value"]
        assert names["macs"] == costs["macs"]["value"]
        query = published["query"]
        for head, row in enumerate(names["rows"], start=1):
            stored = record_of.attend(published | {"head": head})["head"]
            assert stored["high"][query] == pytest.approx(row.max().item(), abs=1.1e-3)
            shares = levels(stored)[query] / 15 * stored["high"][query]
            np.testing.assert_allclose(shares, row, atol=0.5 / 15 + 2e-3)


def test_settings_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match=r"`stage` must be one of \(2, 3\); got stage=1"):
        record_of.attend(setting(stage=1))
    with pytest.raises(ValueError, match=r"`head` must be one of \(1, 2, 3, 4\); got head=5"):
        record_of.attend(setting(head=5))
    assert record_of.attend(setting(heads=8)) == {"missing": "No network was trained with 8 heads."}
    explorer = SelfAttentionExplorer()
    with pytest.raises(TraitError, match="`query` must be between 0 and 24; got 25"):
        explorer.query = 25
    with pytest.raises(TraitError, match="`num_heads` must divide"):
        explorer.heads = 3
    assert (explorer.query, explorer.heads) == (12, 2)
