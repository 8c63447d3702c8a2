"""SimAM: by hand, against NumPy, and what it refuses."""

import math

import numpy as np
import pytest
import torch

from attn_lib.blocks import SimAM
from tests.block_tools import count_parameters


def test_value_computed_by_hand():
    """Of 0, 0 and 6 the mean is 2, the squares are 4, 4 and 16, the variance is 12; 4 (12 + 4) is 64."""
    gates = SimAM(1, regularisation=4.0).attention(torch.tensor([[[[0.0, 0.0, 6.0]]]]))["gate"]
    expected = [1 / (1 + math.exp(-(square / 64 + 0.5))) for square in (4, 4, 16)]
    assert gates.flatten().tolist() == pytest.approx(expected)


def test_agrees_with_numpy_in_double_precision():
    block, x = SimAM(13, regularisation=0.1), torch.randn(2, 13, 5, 7, dtype=torch.float64)
    values = x.numpy()
    square = (values - values.mean(axis=(2, 3), keepdims=True)) ** 2
    variance = values.var(axis=(2, 3), keepdims=True, ddof=1)
    expected = values / (1 + np.exp(-(square / (4 * (variance + 0.1)) + 0.5)))
    np.testing.assert_allclose(block(x).numpy(), expected, rtol=0, atol=1e-12)


def test_it_has_no_parameters_and_one_position_is_its_own_mean():
    assert count_parameters(SimAM(13)) == 0
    x = torch.randn(2, 13, 1, 1)
    torch.testing.assert_close(SimAM(13)(x), x * torch.tensor(0.5).sigmoid())


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"channels": 0}, ValueError, "`channels` must be at least 1; got channels=0"),
        ({"regularisation": 0}, ValueError, "`regularisation` must be above 0; got regularisation=0"),
        ({"regularisation": "1"}, TypeError, "`regularisation` must be a number; got '1' of type str"),
    ],
)
def test_wrong_arguments_are_named(keywords, error, message):
    with pytest.raises(error, match=message):
        SimAM(**{"channels": 13, **keywords})
