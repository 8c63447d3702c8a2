"""Coordinate Attention: by hand, against NumPy, by formula."""

import math

import numpy as np
import pytest
import torch

from attn_lib import CoordAtt
from attn_lib.blocks import CoordAttStrip
from tests import numpy_blocks
from tests.block_tools import count_parameters, randomise


def test_value_computed_by_hand():
    """Channel 0 has the row means 3, -3 and the column means 9/2, 0, -9/2; channel 1 is not looked at.

    The hard swish keeps 3 and 9/2 as they are, and closes at -3 and below. The two sets of gates are chosen
    so that these become ln 3 and ln 2.
    """
    block = CoordAtt(2, reduction=2, min_channels=1).eval()
    with torch.no_grad():
        for layer in (block.reduce, block.height, block.width):
            layer.weight.zero_()
            layer.bias.zero_()
        block.norm.running_var.fill_(1 - block.norm.eps)
        block.reduce.weight[0, 0] = 1
        block.height.weight[0, 0] = math.log(3) / 3
        block.height.bias[1] = math.log(4)
        block.width.weight[0, 0] = -math.log(3) * 2 / 9
        block.width.weight[1, 0] = math.log(2) * 2 / 9
    x = torch.tensor([[[[9.0, 0.0, 0.0], [0.0, 0.0, -9.0]], [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]]])

    gates = block.attention(x)

    height = torch.tensor([[[[3 / 4], [1 / 2]], [[4 / 5], [4 / 5]]]])
    width = torch.tensor([[[[1 / 4, 1 / 2, 1 / 2]], [[2 / 3, 1 / 2, 1 / 2]]]])
    torch.testing.assert_close(gates, {"height": height, "width": width})
    expected = torch.tensor(
        [[[[27 / 16, 0, 0], [0, 0, -9 / 4]], [[8 / 15, 2 / 5, 2 / 5], [8 / 15, 2 / 5, 2 / 5]]]]
    )
    torch.testing.assert_close(block(x), expected)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("reduction", "min_channels"), [(3, 2), (32, 5)])
def test_agrees_with_numpy_in_double_precision(training, reduction, min_channels):
    block = CoordAtt(11, reduction=reduction, min_channels=min_channels).double().train(training)
    parameters = numpy_blocks.parameters_of(randomise(block))
    x = torch.randn(2, 11, 5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(1))

    expected = numpy_blocks.coord_att(x.numpy(), parameters, training=training)

    np.testing.assert_allclose(block(x).detach().numpy(), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("strip", ["height", "width"])
def test_one_strip_agrees_with_numpy_in_double_precision(training, strip):
    block = CoordAttStrip(11, strip=strip, reduction=3, min_channels=2).double().train(training)
    parameters = numpy_blocks.parameters_of(randomise(block))
    x = torch.randn(2, 11, 5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(1))

    expected = numpy_blocks.coord_att_strip(x.numpy(), parameters, strip=strip, training=training)

    np.testing.assert_allclose(block(x).detach().numpy(), expected, rtol=0, atol=1e-10)
    assert list(block.attention(x)) == [strip]


def test_turning_the_image_swaps_the_strips():
    block = randomise(CoordAtt(7)).eval()
    turned = randomise(CoordAtt(7)).eval()
    turned.height, turned.width = turned.width, turned.height
    x = torch.randn(2, 7, 3, 5)

    torch.testing.assert_close(turned(x.transpose(2, 3)), block(x).transpose(2, 3))


@pytest.mark.parametrize(
    ("channels", "reduction", "min_channels", "hidden"), [(256, 32, 8, 8), (97, 5, 8, 19), (13, 32, 3, 3)]
)
def test_parameter_count_follows_the_formula(channels, reduction, min_channels, hidden):
    block = CoordAtt(channels, reduction=reduction, min_channels=min_channels)
    assert count_parameters(block) == (channels + 1) * hidden + 2 * hidden + 2 * (hidden + 1) * channels
    strip = CoordAttStrip(channels, reduction=reduction, min_channels=min_channels)
    assert count_parameters(block) - count_parameters(strip) == (hidden + 1) * channels


def test_printed_parameter_count_at_256_channels():
    assert count_parameters(CoordAtt(256)) == 6680


def test_parameter_names_are_those_of_shipped_checkpoints():
    shapes = {name: tuple(value.shape) for name, value in CoordAtt(13).state_dict().items()}
    assert shapes == {
        "reduce.weight": (8, 13, 1, 1),
        "reduce.bias": (8,),
        "norm.weight": (8,),
        "norm.bias": (8,),
        "norm.running_mean": (8,),
        "norm.running_var": (8,),
        "norm.num_batches_tracked": (),
        "height.weight": (13, 8, 1, 1),
        "height.bias": (13,),
        "width.weight": (13, 8, 1, 1),
        "width.bias": (13,),
    }


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"channels": 0}, ValueError, "`channels` must be at least 1; got channels=0"),
        ({"channels": True}, TypeError, "`channels` must be an int; got True of type bool"),
        ({"reduction": 0}, ValueError, "`reduction` must be at least 1; got reduction=0"),
        ({"reduction": 1.5}, TypeError, "`reduction` must be an int; got 1.5 of type float"),
        ({"min_channels": 0}, ValueError, "`min_channels` must be at least 1; got min_channels=0"),
        ({"min_channels": "8"}, TypeError, "`min_channels` must be an int; got '8' of type str"),
    ],
)
def test_wrong_arguments_are_named(keywords, error, message):
    with pytest.raises(error, match=message):
        CoordAtt(**{"channels": 32, **keywords})


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"strip": "rows"}, ValueError, "`strip` must be one of 'height', 'width'; got strip='rows'"),
        ({"strip": 3}, TypeError, "`strip` must be one of .*; got 3 of type int"),
        ({"channels": -1}, ValueError, "`channels` must be at least 1; got channels=-1"),
        ({"reduction": 0}, ValueError, "`reduction` must be at least 1; got reduction=0"),
        ({"min_channels": False}, TypeError, "`min_channels` must be an int; got False of type bool"),
    ],
)
def test_wrong_arguments_of_one_strip_are_named(keywords, error, message):
    with pytest.raises(error, match=message):
        CoordAttStrip(**{"channels": 32, **keywords})


def test_a_single_row_cannot_be_normalised_in_training():
    block = CoordAttStrip(7, strip="height")
    one_row = torch.randn(1, 7, 1, 5)
    with pytest.raises(
        ValueError, match=r"at least 2 values per channel; got 1\. .*drop_last=True.*\.eval\(\)"
    ):
        block(one_row)

    assert block(one_row.transpose(2, 3)).shape == (1, 7, 5, 1)
    assert block.eval()(one_row).shape == one_row.shape
    assert CoordAtt(7)(torch.randn(1, 7, 1, 1)).shape == (1, 7, 1, 1)
