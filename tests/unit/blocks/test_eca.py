"""Efficient Channel Attention and its kernel size: by hand, against NumPy, by formula."""

import math

import numpy as np
import pytest
import torch

from attn_lib import ECA, eca_kernel_size
from attn_lib.blocks import ECAVariant
from tests import numpy_blocks
from tests.block_tools import count_parameters


def test_value_computed_by_hand():
    """Means (1, 2, 4), weights (1, 0, -1) ln 2: scores (0 - 2, 1 - 4, 2 - 0) ln 2, gates 1/5, 1/9, 4/5."""
    block = ECA(3, kernel_size=3)
    with torch.no_grad():
        block.conv.weight.copy_(math.log(2) * torch.tensor([[[1.0, 0.0, -1.0]]]))
    x = torch.tensor([[[[0.0, 2.0]], [[5.0, -1.0]], [[4.0, 4.0]]]])

    gates = block.attention(x)["channel"]

    torch.testing.assert_close(gates.flatten(), torch.tensor([1 / 5, 1 / 9, 4 / 5]))
    expected = torch.tensor([[[[0.0, 0.4]], [[5 / 9, -1 / 9]], [[3.2, 3.2]]]])
    torch.testing.assert_close(block(x), expected)


@pytest.mark.parametrize("kernel_size", [None, 1, 5, 29])
def test_agrees_with_numpy_in_double_precision(kernel_size):
    torch.manual_seed(0)
    block = ECA(13, kernel_size=kernel_size).double()
    x = torch.randn(2, 13, 5, 7, dtype=torch.float64)

    expected = numpy_blocks.eca(x.numpy(), numpy_blocks.parameters_of(block))

    np.testing.assert_allclose(block(x).detach().numpy(), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("channels", "kernel_size"),
    [(1, 1), (4, 1), (8, 3), (64, 3), (112, 3), (128, 5), (256, 5), (1536, 5), (2048, 7)],
)
def test_adaptive_kernel_size_is_the_number_of_parameters(channels, kernel_size):
    assert eca_kernel_size(channels) == kernel_size
    assert {name: tuple(p.shape) for name, p in ECA(channels).state_dict().items()} == {
        "conv.weight": (1, 1, kernel_size)
    }


def test_kernel_size_is_the_nearest_odd_number_with_ties_up():
    """Compared with a search over odd numbers that shares no arithmetic with the closed form."""
    odd_numbers = np.arange(1, 41, 2)
    for gamma, b in [(2, 1), (1, 0), (3, -5), (0.5, 2.5), (2, -7)]:
        for channels in [*range(1, 300), 512, 1024, 2048, 4096]:
            distance = np.abs(odd_numbers - abs((np.log2(channels) + b) / gamma))
            nearest_from_above = odd_numbers[::-1][np.argmin(distance[::-1])]
            assert eca_kernel_size(channels, gamma, b) == nearest_from_above, (channels, gamma, b)


def test_given_kernel_size_wins_over_gamma_and_b():
    assert ECA(64, kernel_size=9, gamma=1, b=0).kernel_size == 9
    assert ECA(64, gamma=1, b=1).kernel_size == 7


@pytest.mark.parametrize(
    ("arguments", "keywords", "error", "message"),
    [
        ((0,), {}, ValueError, "`channels` must be at least 1; got channels=0"),
        ((True,), {}, TypeError, "`channels` must be an int; got True of type bool"),
        ((8.0,), {}, TypeError, "`channels` must be an int; got 8.0 of type float"),
        ((8,), {"kernel_size": 4}, ValueError, "`kernel_size` must be odd; got kernel_size=4"),
        ((8,), {"kernel_size": 0}, ValueError, "`kernel_size` must be at least 1; got kernel_size=0"),
        ((8,), {"kernel_size": -3}, ValueError, "`kernel_size` must be at least 1; got kernel_size=-3"),
        ((8,), {"kernel_size": 3.0}, TypeError, "`kernel_size` must be an int; got 3.0 of type float"),
        ((8,), {"kernel_size": True}, TypeError, "`kernel_size` must be an int; got True of type bool"),
        ((8,), {"kernel_size": "3"}, TypeError, "`kernel_size` must be an int; got '3' of type str"),
        ((8,), {"gamma": 0}, ValueError, "`gamma` must be above 0; got gamma=0"),
        ((8,), {"gamma": -2.0}, ValueError, "`gamma` must be above 0; got gamma=-2.0"),
        ((8,), {"gamma": "2"}, TypeError, "`gamma` must be a number; got '2' of type str"),
        ((8,), {"gamma": True}, TypeError, "`gamma` must be a number; got True of type bool"),
        ((8,), {"gamma": math.nan}, ValueError, "`gamma` must be finite; got gamma=nan"),
        ((8,), {"b": math.inf}, ValueError, "`b` must be finite; got b=inf"),
        ((8,), {"b": None}, TypeError, "`b` must be a number; got None of type NoneType"),
    ],
)
def test_wrong_arguments_are_named(arguments, keywords, error, message):
    with pytest.raises(error, match=message):
        ECA(*arguments, **keywords)


@pytest.mark.parametrize(
    ("mixing", "keywords", "count"),
    [
        ("none", {}, 0),
        ("per_channel", {}, 14),
        ("per_channel", {"kernel_size": 5, "groups": 7}, 14),
        ("full", {}, 14 * 14),
        ("full", {"groups": 7}, 14 * 14),
        ("groups", {"groups": 2}, 14 * 7),
        ("groups", {"groups": 7}, 14 * 2),
        ("band", {"kernel_size": 5}, 14 * 5),
    ],
)
def test_variants_agree_with_numpy_and_count_what_table_2_counts(mixing, keywords, count):
    torch.manual_seed(0)
    block = ECAVariant(14, mixing=mixing, **keywords).double()
    x = torch.randn(2, 14, 5, 7, dtype=torch.float64)

    expected = numpy_blocks.eca_variant(x.numpy(), numpy_blocks.parameters_of(block), mixing)

    np.testing.assert_allclose(block(x).detach().numpy(), expected, rtol=0, atol=1e-10)
    assert count_parameters(block) == count


def test_a_band_whose_rows_are_equal_is_eca():
    eca = ECA(13, kernel_size=5)
    band = ECAVariant(13, mixing="band", kernel_size=5)
    with torch.no_grad():
        band.mix.weight.copy_(eca.conv.weight[0].expand(13, 5))
    x = torch.randn(2, 13, 3, 7)

    torch.testing.assert_close(band(x), eca(x))


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"channels": 0}, ValueError, "`channels` must be at least 1; got channels=0"),
        ({"mixing": "shared"}, ValueError, "`mixing` must be one of 'none', .*; got mixing='shared'"),
        ({"mixing": 3}, TypeError, "`mixing` must be one of .*; got 3 of type int"),
        ({"groups": 3}, ValueError, "`groups` must divide `channels`; got groups=3 for channels=32"),
        ({"groups": 64}, ValueError, "`groups` must divide `channels`; got groups=64 for channels=32"),
        ({"groups": 0}, ValueError, "`groups` must be at least 1; got groups=0"),
        ({"groups": 2.0}, TypeError, "`groups` must be an int; got 2.0 of type float"),
        ({"kernel_size": 2}, ValueError, "`kernel_size` must be odd; got kernel_size=2"),
    ],
)
def test_wrong_arguments_of_a_variant_are_named(keywords, error, message):
    with pytest.raises(error, match=message):
        ECAVariant(**{"channels": 32, **keywords})
