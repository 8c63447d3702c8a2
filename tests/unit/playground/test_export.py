"""Networks for the page compute what PyTorch computes, and what a page cannot run is refused."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from attn_lib import BAM, CBAM, ECA, SE, CoordAtt, SelfAttention2d
from attn_lib.inspection import attention_maps
from attn_lib.interventions import opened
from gate_by_gate import results
from gate_by_gate.photographs import photographs
from gate_by_gate.playground.deliveries import SEGMENTER, exported
from gate_by_gate.playground.export import export
from gate_by_gate.playground.networks import NETWORKS, SETTINGS
from gate_by_gate.segmenter import selfie_segmenter
from tests.unit.playground.exact import run_exactly
from tests.unit.playground.inputs import digit_inputs
from tests.unit.playground.onnx_session import session_of

HALF = 2.0**-11  # the largest relative error of a number in half precision


@cache
def inputs() -> Tensor:
    """Return a few of the inputs that the browsers are tested with, of every sort."""
    return digit_inputs()[::25]


def assert_onnxruntime_agrees(setting: str, images: Tensor, *, relative: float = 0) -> None:
    network = exported(setting)
    session = session_of(network)
    for x in images:
        expected = run_exactly(setting, x[None])
        found = session.run(list(network.returned), {network.graph["input"]: x[None].numpy()})
        for (name, tensor), values in zip(expected.items(), found, strict=True):
            np.testing.assert_allclose(values, tensor, atol=1e-4, rtol=relative, err_msg=name)


@pytest.mark.parametrize("setting", NETWORKS)
def test_onnxruntime_computes_from_the_exported_list_what_pytorch_computes(setting: str):
    assert_onnxruntime_agrees(setting, inputs())


@pytest.mark.nightly
@pytest.mark.parametrize("setting", SETTINGS)
def test_so_it_does_for_every_network_and_input(setting: str):
    # It computes in single precision: at extreme contrast a logit near 100 may be off by some roundings more.
    assert_onnxruntime_agrees(setting, digit_inputs(), relative=1e-6)


def test_onnxruntime_finds_the_person_from_the_exported_list():
    network = exported(SEGMENTER)
    session = session_of(network)
    pictures = photographs(["astronaut", "temple"])
    for picture in pictures:
        expected = network.run(picture[None])
        found = session.run(list(network.returned), {network.graph["input"]: picture[None].numpy()})
        for (name, tensor), values in zip(expected.items(), found, strict=True):
            np.testing.assert_allclose(values, tensor, atol=1e-4, rtol=0, err_msg=name)
    with torch.no_grad():
        masks = selfie_segmenter()(pictures)
    runs = [network.run(picture[None])[network.graph["logits"]] for picture in pictures]
    torch.testing.assert_close(torch.cat(runs), masks, atol=1e-4, rtol=0)


@pytest.mark.parametrize("setting", NETWORKS)
def test_the_reference_is_the_published_network_but_for_its_rounding(setting: str):
    network, published = exported(setting), results.trained_network(f"{setting}_seed0")
    blocks = network.graph["blocks"]
    for x in inputs():
        found, maps = network.run(x[None]), attention_maps(published, x[None])
        with torch.no_grad():
            logits = published(x[None])
        torch.testing.assert_close(found[network.graph["logits"]], logits, atol=0.05, rtol=0.02)
        assert list(blocks) == list(maps)
        for block, of_block in maps.items():
            assert list(blocks[block]["maps"]) == list(of_block)
            for name, gate in of_block.items():
                torch.testing.assert_close(found[blocks[block]["maps"][name]], gate, atol=0.03, rtol=0.02)


@pytest.mark.parametrize("setting", [name for name in NETWORKS if name != "plain"])
def test_neutral_maps_do_what_opened_does(setting: str):
    network, published = exported(setting), results.trained_network(f"{setting}_seed0")
    held = {
        block["maps"][name]: value
        for block in network.graph["blocks"].values()
        for name, value in block["neutral"].items()
    }
    x = inputs()[:1]
    with torch.no_grad(), opened(published):
        expected = published(x)
    found = network.run(x, held)[network.graph["logits"]]
    torch.testing.assert_close(found, expected, atol=0.05, rtol=0.02)
    own = network.run(x)[network.graph["logits"]]
    assert (found - own).abs().max() > 0.2


def test_a_held_map_is_held():
    network = exported("cbam_r4_k7")
    (name, *_) = network.graph["blocks"]["layer2.0.attention"]["maps"].values()
    values = torch.linspace(0, 1, 32).reshape(1, 32, 1, 1)
    assert torch.equal(network.run(inputs()[:1], {name: values})[name], values)


@pytest.mark.parametrize(
    ("block", "maps"),
    [
        (SE(8, reduction=2), {"channel"}),
        (ECA(8), {"channel"}),
        (CBAM(8, reduction=2), {"channel", "spatial"}),
        (BAM(8, reduction=2), {"combined"}),
        (CoordAtt(8), {"height", "width"}),
        (SelfAttention2d(8), {"weights"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_map_is_neutral_where_its_block_says_so(block: nn.Module, maps: set[str]):
    with torch.random.fork_rng():
        network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), block)
    graph = export(network, (1, 3, 7, 5)).graph
    assert set(graph["blocks"]["1"]["neutral"]) == maps
    expected = 1 / 35 if maps == {"weights"} else 1
    assert graph["blocks"]["1"]["neutral"] == pytest.approx(dict.fromkeys(maps, expected))


def test_a_batch_norm_is_folded_and_the_weights_are_rounded():
    network = nn.Sequential(nn.Conv2d(2, 3, 1, bias=False), nn.BatchNorm2d(3)).eval()
    with torch.no_grad():
        network[0].weight.copy_(torch.arange(6.0).reshape(3, 2, 1, 1))
        network[1].running_mean.copy_(torch.tensor([1.0, 2, 3]))
        network[1].running_var.fill_(4 - network[1].eps)
        network[1].weight.copy_(torch.tensor([2.0, 4, 6]))
        network[1].bias.copy_(torch.tensor([0.5, 0, 1 / 3]))
    found = export(network, (1, 2, 5, 7))
    assert [operator["kind"] for operator in found.graph["operators"]] == ["convolution"]
    # Half of each gain, since the standard deviation is 2; 1/3 - 9 is 8.6667, which half precision rounds.
    third = float(np.float16(1 / 3 - 9))
    assert np.frombuffer(found.weights, "<f2").tolist() == [0, 1, 4, 6, 12, 15, -0.5, -4, third]
    x = torch.rand(1, 2, 5, 7, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(found.run(x)[found.graph["logits"]], network(x), atol=16 * HALF, rtol=0)


def test_the_exported_network_stays_as_it_was_and_the_graph_is_json():
    network = results.trained_network("bam_r4_seed0").train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    found = export(network, (1, 1, 40, 40))
    assert network.training
    assert "forward" not in vars(network.layer1[0].attention)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert json.loads(json.dumps(found.graph)) == found.graph


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (
            nn.Sequential(nn.Conv2d(2, 3, 1), nn.GELU()),
            r"expected operators that a page can run, .*aten\.relu\.default.*; got aten\.gelu\.default",
        ),
        (
            nn.Sequential(nn.Conv2d(2, 4, 3, groups=2)),
            r"expected aten\.conv2d\.default with filters=2; got filters=4, for conv2d",
        ),
        (
            nn.Sequential(nn.Conv2d(2, 4, 1), nn.Conv2d(4, 4, 3, groups=2)),
            r"expected aten\.conv2d\.default with groups=1 or 4; got groups=2, for conv2d_1",
        ),
        (
            nn.Sequential(nn.ConvTranspose2d(2, 3, 3, stride=2)),
            r"expected aten\.conv_transpose2d\.input with stride=\[3, 3\]; got stride=\[2, 2\]",
        ),
        (
            nn.Sequential(nn.ReflectionPad2d(1)),
            r"expected aten\.pad\.default with mode='constant'; got mode='reflect'",
        ),
        (
            nn.Sequential(nn.AdaptiveAvgPool2d(3)),
            r"expected aten\.adaptive_avg_pool2d\.default with output_size=\[1, 1\]; got .*\[3, 3\]",
        ),
        (
            nn.Sequential(nn.Softmax(dim=1)),
            r"expected aten\.softmax\.int with dim=3; got dim=1",
        ),
        (
            nn.Sequential(nn.Conv2d(2, 3, 1), nn.ReLU(), nn.BatchNorm2d(3)),
            "expected every batch norm .* directly behind a convolution .*; got batch_norm behind relu",
        ),
    ],
)
def test_what_the_page_cannot_run_is_refused(network: nn.Module, message: str):
    with pytest.raises(ValueError, match=message):
        export(network, (1, 2, 11, 7))


def test_a_weight_that_half_precision_does_not_hold_is_refused():
    network = nn.Sequential(nn.Conv2d(1, 1, 1))
    nn.init.constant_(network[0].weight, 1e5)
    with pytest.raises(ValueError, match=r"expected weights of at most 65504 in size.*; got 100000 in"):
        export(network, (1, 1, 5, 7))


def test_a_block_whose_neutral_map_differs_between_positions_is_refused():
    class Odd(SE):
        def neutral(self, maps):
            return {"channel": torch.linspace(0, 1, 8).reshape(1, 8, 1, 1)}

    with pytest.raises(ValueError, match=r"expected a neutral 'channel' of 0 that is the same.*; got 0 to 1"):
        export(nn.Sequential(Odd(8, reduction=2)), (1, 8, 7, 5))
