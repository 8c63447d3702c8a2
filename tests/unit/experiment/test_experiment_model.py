"""Variants of a network: their defaults, what rebuilds them, and rounding to what a checkpoint holds."""

import inspect

import pytest
import torch
from torch import nn

from attn_lib.blocks import BLOCKS, VARIANTS, block_class, keyword_defaults
from gate_by_gate.digit_resnet import digit_resnet
from gate_by_gate.experiment.cluttered_digits import ClutteredDigits
from gate_by_gate.experiment.model import (
    NetworkConfig,
    build_network,
    count_parameters,
    round_to_half,
)
from tests.block_tools import randomise


class Task:
    classes, channels, widths = 7, 3, (5, 11)


def test_keywords_that_are_not_given_are_the_defaults_of_the_block():
    assert NetworkConfig("se", {"reduction": 4}) == NetworkConfig("se", {"bias": True, "reduction": 4})
    assert NetworkConfig("se", {"reduction": 4}) != NetworkConfig("se", {"bias": False, "reduction": 4})
    network = digit_resnet(**NetworkConfig("se", {"reduction": 4}).as_keywords(ClutteredDigits()))
    assert network.layer2[0].attention.reduction == 4


def test_a_setting_keeps_names_and_records_short():
    """Keywords at their defaults are left out, but for those that papers vary first."""
    setting = NetworkConfig("cbam", {"reduction": 4, "pooling": "max"})
    assert setting.named_keywords == {"reduction": 4, "kernel_size": 7, "pooling": "max"}
    assert setting.architecture == {}
    assert NetworkConfig("se", stages=(2,), placement="identity").architecture == {
        "placement": "identity",
        "stages": (2,),
    }


def test_a_network_takes_its_sizes_from_the_task():
    keywords = NetworkConfig("bam", {"reduction": 5}, placement="between_stages").as_keywords(Task())
    assert keywords == {
        "num_classes": 7,
        "in_channels": 3,
        "widths": (5, 11),
        "attention": "bam",
        "placement": "between_stages",
        "reduction": 5,
    }
    network = digit_resnet(**keywords)
    assert (network.conv1.in_channels, network.fc.in_features, network.fc.out_features) == (3, 11, 7)
    assert network.layer1[0].attention_after_addition.reduction == 5
    assert network.layer2[0].attention_after_addition is None  # after the last stage is between no stages
    assert network.layer1[0].attention is None


def test_widths_of_the_setting_go_before_those_of_the_task():
    network = build_network(NetworkConfig(widths=(2, 3), depths=(1, 2)), Task(), seed=0)
    assert network.fc.in_features == 3
    assert [len(network.layer1), len(network.layer2)] == [1, 2]


@pytest.mark.parametrize("name", BLOCKS | VARIANTS)
def test_the_defaults_are_those_of_the_signature(name):
    block, defaults = (BLOCKS | VARIANTS)[name], keyword_defaults(name)
    parameters = inspect.signature(block).parameters.values()
    own = {p.name: p.default for p in parameters if p.name not in ("channels", "device", "dtype")}
    assert {key: defaults[key] for key in own} == own
    assert list(defaults)[: len(own)] == list(own)
    assert block_class(name, defaults)(37, **defaults).eval()(torch.zeros(1, 37, 5, 3)).shape == (1, 37, 5, 3)


def test_the_plain_network_has_no_keywords():
    assert keyword_defaults(None) == {}


def test_unknown_blocks_and_keywords_are_refused():
    with pytest.raises(ValueError, match=r"`attention` must name a block, one of 'se', .*; got 'sse'"):
        NetworkConfig("sse")
    with pytest.raises(TypeError, match=r"'se' takes the keywords \['reduction', 'bias'.*\]; got 'ratio'"):
        NetworkConfig("se", {"ratio": 4})
    with pytest.raises(TypeError, match=r"the plain network takes the keywords \[\]; got 'reduction'"):
        NetworkConfig(None, {"reduction": 4})


def test_trained_values_are_counted():
    network = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Linear(5, 7, bias=False))
    assert count_parameters(network) == 3 * 5 + 5 + 2 * 5 + 5 * 7
    network[0].requires_grad_(requires_grad=False)
    assert count_parameters(network) == 2 * 5 + 5 * 7


# Rounding


def test_rounding_by_hand():
    """Half precision has 11 significant bits: between 1 and 2 its values are 2**-10 apart."""
    layer = nn.Linear(5, 1)
    step = 2.0**-10
    layer.weight.data = torch.tensor([[1 + 0.4 * step, 1 + 0.6 * step, -1 - 0.6 * step, 0.5, 2049.0]])
    round_to_half(layer)
    assert layer.weight.dtype == torch.float32
    assert layer.weight.tolist() == [[1.0, 1 + step, -1 - step, 0.5, 2048.0]]


def test_weights_and_statistics_are_rounded_and_counters_are_not():
    network = randomise(build_network(NetworkConfig("cbam", {"reduction": 4}), Task(), seed=0))
    network.layer1[0].bn1.num_batches_tracked.fill_(100_003)  # beyond what half precision could hold
    before = {name: value.clone() for name, value in network.state_dict().items()}
    kept = network.layer1[0].conv1.weight

    round_to_half(network)

    assert network.layer1[0].conv1.weight is kept
    assert kept.requires_grad
    changed = 0
    for name, value in network.state_dict().items():
        assert value.dtype == before[name].dtype
        if value.is_floating_point():
            assert torch.equal(value, before[name].to(torch.float16).to(torch.float32)), name
            changed += not torch.equal(value, before[name])
        else:
            assert torch.equal(value, before[name]), name
    assert changed == sum(value.is_floating_point() for value in before.values())
    assert network.layer1[0].bn1.num_batches_tracked == 100_003


def test_a_checkpoint_in_half_precision_holds_a_rounded_network_exactly():
    network = randomise(build_network(NetworkConfig("se", {"reduction": 5}), Task(), seed=0)).eval()
    round_to_half(network)
    halves = {name: value.half() for name, value in network.state_dict().items()}
    x = torch.randn(2, 3, 13, 11)
    expected = network(x)

    again = build_network(NetworkConfig("se", {"reduction": 5}), Task(), seed=1).eval()
    again.load_state_dict(halves)

    torch.testing.assert_close(again(x), expected, rtol=0, atol=0)


def test_rounding_twice_is_rounding_once():
    network = randomise(build_network(NetworkConfig(), Task(), seed=0))
    round_to_half(network)
    once = {name: value.clone() for name, value in network.state_dict().items()}
    round_to_half(network)
    for name, value in network.state_dict().items():
        assert torch.equal(value, once[name])
