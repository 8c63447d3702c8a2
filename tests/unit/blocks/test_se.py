"""Squeeze-and-Excitation: by hand, against NumPy, by formula, and its ablations."""

import math

import numpy as np
import pytest
import torch

from attn_lib import SE
from attn_lib.blocks import SEVariant, SEWithoutSqueeze
from tests import numpy_blocks
from tests.block_tools import count_parameters


def test_value_computed_by_hand():
    """Means 3 and 1 give a hidden unit of 3 - 1 - 1 = 1: the gates are sigma(+-ln 3) = 3/4 and 1/4."""
    block = SE(2, reduction=2)
    with torch.no_grad():
        block.mlp.fc1.weight.copy_(torch.tensor([[1.0, -1.0]]))
        block.mlp.fc1.bias.copy_(torch.tensor([-1.0]))
        block.mlp.fc2.weight.copy_(torch.tensor([[math.log(3)], [-math.log(3)]]))
        block.mlp.fc2.bias.zero_()
    x = torch.tensor([[[[1.0, 2.0, 6.0]], [[4.0, 0.0, -1.0]]]])

    gates = block.attention(x)["channel"]

    torch.testing.assert_close(gates, torch.tensor([0.75, 0.25]).reshape(1, 2, 1, 1))
    torch.testing.assert_close(block(x), torch.tensor([[[[0.75, 1.5, 4.5]], [[1.0, 0.0, -0.25]]]]))


def test_a_closed_hidden_unit_leaves_the_second_bias_alone():
    """Means 1 and 3 give relu(1 - 3 - 1) = 0: the gates are sigma(ln 4) = 4/5 and sigma(0) = 1/2."""
    block = SE(2, reduction=2)
    with torch.no_grad():
        block.mlp.fc1.weight.copy_(torch.tensor([[1.0, -1.0]]))
        block.mlp.fc1.bias.copy_(torch.tensor([-1.0]))
        block.mlp.fc2.bias.copy_(torch.tensor([math.log(4), 0.0]))
    x = torch.tensor([1.0, 3.0]).reshape(1, 2, 1, 1)

    torch.testing.assert_close(block(x).flatten(), torch.tensor([0.8, 1.5]))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("squeeze", ["avg", "max"])
@pytest.mark.parametrize("gate", ["sigmoid", "tanh", "relu"])
def test_agrees_with_numpy_in_double_precision(bias, squeeze, gate):
    torch.manual_seed(0)
    block = SEVariant(13, reduction=3, bias=bias, squeeze=squeeze, gate=gate).double()
    x = torch.randn(2, 13, 5, 7, dtype=torch.float64)

    expected = numpy_blocks.se(x.numpy(), numpy_blocks.parameters_of(block), squeeze=squeeze, gate=gate)

    np.testing.assert_allclose(block(x).detach().numpy(), expected, rtol=0, atol=1e-10)


def test_the_variant_with_the_defaults_is_se():
    variant, block = SEVariant(13, reduction=3), SE(13, reduction=3)
    block.load_state_dict(variant.state_dict())
    x = torch.randn(2, 13, 5, 7)
    torch.testing.assert_close(variant(x), block(x), rtol=0, atol=0)


def test_without_squeeze_agrees_with_numpy_in_double_precision():
    torch.manual_seed(0)
    block = SEWithoutSqueeze(13, reduction=3).double()
    x = torch.randn(2, 13, 5, 7, dtype=torch.float64)

    expected = numpy_blocks.se_without_squeeze(x.numpy(), numpy_blocks.parameters_of(block))

    np.testing.assert_allclose(block(x).detach().numpy(), expected, rtol=0, atol=1e-10)


def test_without_squeeze_is_se_on_a_map_of_one_place():
    block = SEWithoutSqueeze(13, reduction=3)
    with_squeeze = SE(13, reduction=3)
    with_squeeze.load_state_dict(block.state_dict())
    x = torch.randn(2, 13, 1, 1)

    torch.testing.assert_close(block(x), with_squeeze(x))


@pytest.mark.parametrize(("channels", "reduction"), [(256, 16), (13, 3), (7, 7), (5, 1)])
def test_parameter_count_follows_the_formula(channels, reduction):
    hidden = channels // reduction
    count = {bias: count_parameters(SE(channels, reduction=reduction, bias=bias)) for bias in (True, False)}
    assert count[False] == 2 * channels * hidden
    assert count[True] == 2 * channels * hidden + hidden + channels

    assert count_parameters(SEVariant(channels, reduction=reduction, squeeze="max")) == count[True]
    assert count_parameters(SEWithoutSqueeze(channels, reduction=reduction)) == count[True]


def test_printed_parameter_counts_at_256_channels():
    assert count_parameters(SE(256)) == 8464
    assert count_parameters(SE(256, bias=False)) == 8192


def test_parameter_names_are_those_of_shipped_checkpoints():
    shapes = {name: tuple(value.shape) for name, value in SE(13, reduction=3).state_dict().items()}
    assert shapes == {
        "mlp.fc1.weight": (4, 13),
        "mlp.fc1.bias": (4,),
        "mlp.fc2.weight": (13, 4),
        "mlp.fc2.bias": (13,),
    }


@pytest.mark.parametrize(
    ("arguments", "keywords", "error", "message"),
    [
        (
            (8,),
            {"reduction": 16},
            ValueError,
            "between 1 and `channels`; got reduction=16 for channels=8",
        ),
        ((8,), {"reduction": 0}, ValueError, "got reduction=0 for channels=8"),
        ((8,), {"reduction": -2}, ValueError, "got reduction=-2 for channels=8"),
        ((0,), {}, ValueError, "`channels` must be at least 1; got channels=0"),
        ((True,), {}, TypeError, "`channels` must be an int; got True of type bool"),
        ((8.0,), {}, TypeError, "`channels` must be an int; got 8.0 of type float"),
        (("8",), {}, TypeError, "`channels` must be an int; got '8' of type str"),
        ((8,), {"reduction": 2.0}, TypeError, "`reduction` must be an int; got 2.0 of type float"),
        ((8,), {"reduction": True}, TypeError, "`reduction` must be an int; got True of type bool"),
        ((8,), {"reduction": 2, "bias": 1}, TypeError, "`bias` must be True or False; got 1 of type int"),
    ],
)
def test_wrong_arguments_are_named(arguments, keywords, error, message):
    for block in (SE, SEVariant):
        with pytest.raises(error, match=message):
            block(*arguments, **keywords)


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"squeeze": "none"}, ValueError, "`squeeze` must be one of 'avg', 'max'; got squeeze='none'"),
        ({"gate": "softmax"}, ValueError, "`gate` must be one of 'sigmoid', .*; got gate='softmax'"),
        ({"gate": torch.tanh}, TypeError, "`gate` must be one of .*; got .* of type builtin"),
    ],
)
def test_wrong_arguments_of_the_variant_are_named(keywords, error, message):
    with pytest.raises(error, match=message):
        SEVariant(16, **keywords)


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"channels": 8}, ValueError, "between 1 and `channels`; got reduction=16 for channels=8"),
        ({"reduction": 0}, ValueError, "got reduction=0 for channels=32"),
        ({"bias": None}, TypeError, "`bias` must be True or False; got None of type NoneType"),
    ],
)
def test_wrong_arguments_without_squeeze_are_named(keywords, error, message):
    with pytest.raises(error, match=message):
        SEWithoutSqueeze(**{"channels": 32, **keywords})
