"""CBAM: by hand, against NumPy, by formula, and the ablations of its paper."""

import itertools
import math
from functools import partial

import numpy as np
import pytest
import torch

from attn_lib import CBAM
from attn_lib.blocks import CBAMVariant
from tests import numpy_blocks
from tests.block_tools import count_parameters, randomise


def block_for_hand_computation() -> CBAM:
    """Its MLP keeps positive numbers; its spatial scores are the maximum plus twice the mean."""
    block = CBAM(2, reduction=1, kernel_size=1).eval()
    with torch.no_grad():
        for layer in (block.channel.mlp.fc1, block.channel.mlp.fc2):
            layer.weight.copy_(torch.eye(2))
            layer.bias.zero_()
        block.spatial.conv.weight.copy_(torch.tensor([1.0, 2.0]).reshape(1, 2, 1, 1))
        block.spatial.norm.running_var.fill_(1 - block.spatial.norm.eps)
    return block


def test_value_computed_by_hand():
    """Two channels of two places.

    Channel 0 has mean ln(3)/3 and maximum 2 ln(3)/3, so its score is ln 3 and its gate 3/4; channel 1 has
    mean -ln 4 and maximum 0, so its score is 0 and its gate 1/2. What they let through is (0, ln(3)/2) and
    (-ln 4, 0): the first place has maximum 0 and mean -ln(4)/2, so score -ln 4 and gate 1/5; the second
    has maximum ln(3)/2 and mean ln(3)/4, so score ln 3 and gate 3/4.
    """
    block = block_for_hand_computation()
    x = torch.tensor([[[[0.0, 2 / 3 * math.log(3)]], [[-2 * math.log(4), 0.0]]]])

    maps = block.attention(x)

    torch.testing.assert_close(maps["channel"].flatten(), torch.tensor([3 / 4, 1 / 2]))
    torch.testing.assert_close(maps["spatial"].flatten(), torch.tensor([1 / 5, 3 / 4]))
    expected = torch.tensor([[[[0.0, 3 / 8 * math.log(3)]], [[-math.log(4) / 5, 0.0]]]])
    torch.testing.assert_close(block(x), expected)


def test_a_spatial_norm_of_weight_zero_gates_every_place_by_one_half():
    """The start of the authors' training script."""
    block = CBAM(7, reduction=2)
    torch.nn.init.zeros_(block.spatial.norm.weight)

    spatial = block.attention(torch.randn(2, 7, 3, 5))["spatial"]

    torch.testing.assert_close(spatial, torch.full((2, 1, 3, 5), 0.5), rtol=0, atol=0)
    started = CBAMVariant(7, reduction=2, released_start=True)
    spatial = started.attention(torch.randn(2, 7, 3, 5))["spatial"]
    torch.testing.assert_close(spatial, torch.full((2, 1, 3, 5), 0.5), rtol=0, atol=0)
    started(torch.randn(2, 7, 3, 5)).square().sum().backward()
    assert started.spatial.norm.weight.grad.abs().item() > 0  # so it leaves 0 with the first step


def test_a_start_of_the_norm_needs_a_norm():
    with pytest.raises(ValueError, match=r"`released_start` needs `spatial_norm`.*got spatial_norm=False"):
        CBAMVariant(7, reduction=2, spatial_norm=False, released_start=True)


def test_a_choice_of_the_maximum_needs_both_poolings():
    with pytest.raises(ValueError, match=r"`maximum` needs both.*got maximum='centred', pooling='avg'"):
        CBAMVariant(7, reduction=2, pooling="avg", maximum="centred")


def test_the_running_mean_of_the_maximum_is_that_of_the_images():
    block, x = CBAMVariant(7, reduction=2, maximum="centred"), torch.randn(5, 7, 4, 4)
    for _ in range(200):
        block.attention(x)
    mean = x.amax(dim=(2, 3)).mean(dim=0)
    torch.testing.assert_close(block.channel.centred.mean, mean)
    block.eval()
    seen = []
    block.channel.mlp.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    block.attention(x)
    torch.testing.assert_close(seen[0][1], x.amax(dim=(2, 3)) - mean)


@pytest.mark.parametrize("maximum", ["centred", "own_mlp"])
@pytest.mark.parametrize("training", [True, False])
def test_choices_of_the_maximum_agree_with_numpy(maximum, training):
    block = CBAMVariant(11, reduction=3, maximum=maximum).double().train(training)
    parameters = numpy_blocks.parameters_of(randomise(block))
    x = torch.randn(3, 11, 5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    expected = numpy_blocks.cbam(x.numpy(), parameters, training=training, maximum=maximum)
    np.testing.assert_allclose(block(x).detach().numpy(), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("pooling", "descriptor", "order", "spatial_norm"),
    [
        ("both", "pool", "channel_first", True),
        ("both", "pool", "spatial_first", False),
        *itertools.product(["avg", "max"], ["pool"], ["channel_first"], [True]),
        *itertools.product(["both"], ["conv"], ["channel_first", "parallel"], [True, False]),
    ],
)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kernel_size", [3, 7])
def test_agrees_with_numpy_in_double_precision(
    pooling, descriptor, order, spatial_norm, training, kernel_size
):
    switches = {
        "pooling": pooling,
        "descriptor": descriptor,
        "order": order,
        "spatial_norm": spatial_norm,
    }
    block = CBAMVariant(11, reduction=3, kernel_size=kernel_size, **switches).double().train(training)
    parameters = numpy_blocks.parameters_of(randomise(block))
    x = torch.randn(2, 11, 5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(1))

    expected = numpy_blocks.cbam(x.numpy(), parameters, training=training, **switches)

    np.testing.assert_allclose(block(x).detach().numpy(), expected, rtol=0, atol=1e-10)
    with torch.no_grad():
        np.testing.assert_allclose(block(x).numpy(), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kernel_size", [3, 7])
def test_the_default_agrees_with_numpy_and_with_the_variant(training, kernel_size):
    block = CBAM(11, reduction=3, kernel_size=kernel_size).double().train(training)
    variant = CBAMVariant(11, reduction=3, kernel_size=kernel_size).double().train(training)
    parameters = numpy_blocks.parameters_of(randomise(block))
    variant.load_state_dict(block.state_dict())
    x = torch.randn(2, 11, 5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(1))

    expected = numpy_blocks.cbam(x.numpy(), parameters, training=training)

    np.testing.assert_allclose(block(x).detach().numpy(), expected, rtol=0, atol=1e-10)
    torch.testing.assert_close(variant(x), block(x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("momentum_of", [CBAM, CBAMVariant, partial(CBAMVariant, descriptor="conv")])
def test_the_spatial_norm_forgets_as_slowly_as_the_released_code_does(momentum_of):
    """Momentum 0.01: after one batch the statistics are 99 parts what they were and one part the batch's."""
    block = momentum_of(7, reduction=2)
    x = torch.randn(2, 7, 3, 5)
    maps = block.attention(x)
    scores = block.spatial.conv(block.spatial.describe(x * maps["channel"]))
    norm = block.spatial.norm
    torch.testing.assert_close(norm.running_mean, 0.01 * scores.mean()[None])
    torch.testing.assert_close(norm.running_var, 0.99 + 0.01 * scores.var()[None])


@pytest.mark.parametrize(("channels", "reduction", "kernel_size"), [(256, 16, 7), (13, 3, 5), (7, 7, 1)])
def test_parameter_count_follows_the_formula(channels, reduction, kernel_size):
    hidden = channels // reduction
    mlp = 2 * channels * hidden + hidden + channels
    window = kernel_size**2

    def count(**switches):
        return count_parameters(
            CBAMVariant(channels, reduction=reduction, kernel_size=kernel_size, **switches)
        )

    block = CBAM(channels, reduction=reduction, kernel_size=kernel_size)
    assert count() == count_parameters(block) == mlp + 2 * window + 2
    assert count(spatial_norm=False) == mlp + 2 * window
    assert count(descriptor="conv") == mlp + channels + window + 2


def test_printed_parameter_count_at_256_channels():
    assert count_parameters(CBAM(256)) == 8564


def test_parameter_names_are_those_of_shipped_checkpoints():
    shapes = {name: tuple(value.shape) for name, value in CBAM(13, reduction=3).state_dict().items()}
    assert shapes == {
        "channel.mlp.fc1.weight": (4, 13),
        "channel.mlp.fc1.bias": (4,),
        "channel.mlp.fc2.weight": (13, 4),
        "channel.mlp.fc2.bias": (13,),
        "spatial.conv.weight": (1, 2, 7, 7),
        "spatial.norm.weight": (1,),
        "spatial.norm.bias": (1,),
        "spatial.norm.running_mean": (1,),
        "spatial.norm.running_var": (1,),
        "spatial.norm.num_batches_tracked": (),
    }


def test_parallel_order_gates_by_the_sum_of_two_scores():
    block = randomise(CBAMVariant(7, reduction=2, order="parallel")).eval()
    x = torch.randn(2, 7, 3, 5)

    maps = block.attention(x)

    assert {name: tuple(value.shape) for name, value in maps.items()} == {
        "channel": (2, 7, 1, 1),
        "spatial": (2, 1, 3, 5),
        "combined": (2, 7, 3, 5),
    }
    torch.testing.assert_close(maps["combined"], torch.sigmoid(maps["channel"] + maps["spatial"]))
    torch.testing.assert_close(block(x), x * maps["combined"])


def test_one_place_in_all_cannot_be_normalised_in_training():
    one_place = torch.randn(1, 7, 1, 1)
    with pytest.raises(
        ValueError, match=r"at least 2 values per channel; got 1\. .*drop_last=True.*\.eval\(\)"
    ):
        CBAM(7, reduction=2)(one_place)

    assert CBAM(7, reduction=2).eval()(one_place).shape == one_place.shape
    assert CBAMVariant(7, reduction=2, spatial_norm=False)(one_place).shape == one_place.shape
    frozen = CBAM(7, reduction=2)
    frozen.spatial.norm.eval()
    assert frozen(one_place).shape == one_place.shape


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"channels": 8}, ValueError, "between 1 and `channels`; got reduction=16 for channels=8"),
        ({"channels": 0}, ValueError, "`channels` must be at least 1; got channels=0"),
        ({"channels": 8.0}, TypeError, "`channels` must be an int; got 8.0 of type float"),
        ({"reduction": 0}, ValueError, "got reduction=0 for channels=32"),
        ({"reduction": "4"}, TypeError, "`reduction` must be an int; got '4' of type str"),
        ({"kernel_size": 4}, ValueError, "`kernel_size` must be odd; got kernel_size=4"),
        ({"kernel_size": -1}, ValueError, "`kernel_size` must be at least 1; got kernel_size=-1"),
        ({"kernel_size": False}, TypeError, "`kernel_size` must be an int; got False of type bool"),
    ],
)
def test_wrong_arguments_are_named(keywords, error, message):
    for block in (CBAM, CBAMVariant):
        with pytest.raises(error, match=message):
            block(**{"channels": 32, **keywords})


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        (
            {"pooling": "mean"},
            ValueError,
            "`pooling` must be one of 'both', 'avg', 'max'; got pooling='mean'",
        ),
        ({"pooling": None}, TypeError, "`pooling` must be one of .*; got None of type NoneType"),
        (
            {"descriptor": "1x1"},
            ValueError,
            "`descriptor` must be one of 'pool', 'conv'; got descriptor='1x1'",
        ),
        ({"order": "both"}, ValueError, "`order` must be one of .*'parallel'; got order='both'"),
        ({"spatial_norm": None}, TypeError, "`spatial_norm` must be True or False; got None"),
    ],
)
def test_wrong_arguments_of_the_variant_are_named(keywords, error, message):
    with pytest.raises(error, match=message):
        CBAMVariant(32, **keywords)
