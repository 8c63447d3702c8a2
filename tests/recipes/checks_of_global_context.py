"""Global context: by hand, against NumPy, by formula, and what it refuses."""

import math

import numpy as np
import pytest
import torch

from attn_lib.blocks import GlobalContext
from tests import numpy_blocks
from tests.block_tools import count_parameters, randomise


def test_value_computed_by_hand():
    """Scores ln 3 and 0 give the weights 3/4 and 1/4, and the contexts 3/4 and 1.

    Normed these are -1 and 1; ReLU leaves 0 and 1; the last layer makes 11 and 13 of them.
    """
    block = GlobalContext(2, reduction=1).double()
    block.norm.eps = 0.0
    with torch.no_grad():
        block.key.weight.copy_(torch.tensor([math.log(3), 0.0]).reshape(1, 2, 1, 1))
        block.fc1.weight.copy_(torch.eye(2))
        block.fc1.bias.zero_()
        block.fc2.weight.copy_(torch.tensor([[5.0, 11.0], [7.0, 13.0]]))
    x = torch.tensor([[[[1.0, 0.0]], [[4 / 3, 0.0]]]], dtype=torch.float64)

    weights = block.attention(x)["spatial"].flatten()

    torch.testing.assert_close(weights, torch.tensor([0.75, 0.25], dtype=torch.float64), rtol=1e-6, atol=0)
    expected = x + torch.tensor([11.0, 13.0], dtype=torch.float64).reshape(1, 2, 1, 1)
    torch.testing.assert_close(block(x), expected, rtol=1e-6, atol=0)


def test_agrees_with_numpy_in_double_precision():
    block = randomise(GlobalContext(13, reduction=3).double())
    x = torch.randn(2, 13, 5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    p = numpy_blocks.parameters_of(block)
    values = x.numpy().reshape(2, 13, 35)
    scores = np.einsum("c,ncl->nl", p["key.weight"].reshape(13), values)
    weights = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    hidden = np.einsum("ncl,nl->nc", values, weights) @ p["fc1.weight"].T + p["fc1.bias"]
    normed = (hidden - hidden.mean(1, keepdims=True)) / np.sqrt(hidden.var(1, keepdims=True) + 1e-5)
    hidden = np.maximum(normed * p["norm.weight"] + p["norm.bias"], 0)
    change = hidden @ p["fc2.weight"].T + p["fc2.bias"]
    np.testing.assert_allclose(
        block(x).detach().numpy(), x.numpy() + change[:, :, None, None], rtol=0, atol=1e-10
    )


@pytest.mark.parametrize(("channels", "reduction"), [(256, 16), (13, 3), (7, 7)])
def test_parameter_count_follows_the_formula(channels, reduction):
    hidden = channels // reduction
    expected = channels + 2 * channels * hidden + hidden + 2 * hidden + channels
    assert count_parameters(GlobalContext(channels, reduction=reduction)) == expected


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"channels": 8}, ValueError, "between 1 and `channels`; got reduction=16 for channels=8"),
        ({"reduction": 2.0}, TypeError, "`reduction` must be an int; got 2.0 of type float"),
    ],
)
def test_wrong_arguments_are_named(keywords, error, message):
    with pytest.raises(error, match=message):
        GlobalContext(**{"channels": 32, **keywords})
