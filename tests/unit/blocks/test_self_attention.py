"""Self-attention on sequences and on maps: by hand, against NumPy and PyTorch, by formula, and its memory."""

import math

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from attn_lib import SelfAttention, SelfAttention2d
from tests import numpy_blocks
from tests.block_tools import count_parameters, randomise


class LargestTensor(TorchDispatchMode):
    """Remembers how many numbers the largest tensor holds that an operation has made."""

    def __init__(self):
        super().__init__()
        self.numbers = 0

    def __torch_dispatch__(self, operation, types, arguments=(), keywords=None):
        result = operation(*arguments, **(keywords or {}))
        for output in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(output, torch.Tensor):
                self.numbers = max(self.numbers, output.numel())
        return result


def test_value_computed_by_hand():
    """Of two vectors the first is 0 and matches both alike; the second matches itself by 2 ln 3 / sqrt(4)."""
    block = SelfAttention(4)
    with torch.no_grad():
        for layer in (block.query, block.key, block.value):
            layer.weight.copy_(torch.eye(4))
    length = math.sqrt(2 * math.log(3))
    x = torch.tensor([[[0.0, 0.0, 0.0, 0.0], [length, 0.0, 0.0, 0.0]]])

    weights = block.attention(x)["weights"]

    torch.testing.assert_close(weights, torch.tensor([[[[1 / 2, 1 / 2], [1 / 4, 3 / 4]]]]))
    torch.testing.assert_close(block(x)[0, :, 0], torch.tensor([length / 2, length * 3 / 4]))
    torch.testing.assert_close(block(x)[0, :, 1:], torch.zeros(2, 3))


def test_map_value_computed_by_hand():
    """The same two vectors as the places of a map; the result is doubled and added to it."""
    block = SelfAttention2d(4, reduction=1)
    with torch.no_grad():
        for layer in (block.query, block.key, block.value):
            layer.weight.copy_(torch.eye(4)[:, :, None, None])
        block.project.weight.copy_(2 * torch.eye(4)[:, :, None, None])
    length = math.sqrt(2 * math.log(3))
    x = torch.zeros(1, 4, 2, 1)
    x[0, 0, 1, 0] = length

    expected = torch.zeros(1, 4, 2, 1)
    expected[0, 0, :, 0] = torch.tensor([length, length + 3 / 2 * length])
    torch.testing.assert_close(block(x), expected)


@pytest.mark.parametrize(
    ("num_heads", "qk_dim", "v_dim"), [(1, None, None), (2, 14, 22), (3, 3, 15), (2, 26, 2)]
)
def test_agrees_with_numpy_in_double_precision(num_heads, qk_dim, v_dim):
    torch.manual_seed(0)
    block = SelfAttention(13, num_heads=num_heads, qk_dim=qk_dim, v_dim=v_dim).double()
    x = torch.randn(2, 11, 13, dtype=torch.float64)

    expected = numpy_blocks.self_attention(x.numpy(), numpy_blocks.parameters_of(block), num_heads=num_heads)

    np.testing.assert_allclose(block(x).detach().numpy(), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("num_heads", "reduction"), [(1, 3), (2, 3), (2, 7), (7, 1)])
def test_map_agrees_with_numpy_in_double_precision(num_heads, reduction):
    block = randomise(SelfAttention2d(14, num_heads=num_heads, reduction=reduction).double())
    x = torch.randn(2, 14, 3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))

    expected = numpy_blocks.self_attention_2d(
        x.numpy(), numpy_blocks.parameters_of(block), num_heads=num_heads
    )

    np.testing.assert_allclose(block(x).detach().numpy(), expected, rtol=0, atol=1e-10)


def test_agrees_with_the_multi_head_attention_of_pytorch():
    """With its output projection set to the identity, which this block leaves out."""
    torch.manual_seed(0)
    block = SelfAttention(21, num_heads=3)
    reference = torch.nn.MultiheadAttention(21, 3, bias=False, batch_first=True)
    with torch.no_grad():
        reference.in_proj_weight.copy_(torch.cat([block.query.weight, block.key.weight, block.value.weight]))
        reference.out_proj.weight.copy_(torch.eye(21))
    x = torch.randn(2, 11, 21)

    expected, weights = reference(x, x, x, average_attn_weights=False)

    torch.testing.assert_close(block(x), expected)
    torch.testing.assert_close(block.attention(x)["weights"], weights)


@pytest.mark.parametrize(("qk_dim", "v_dim"), [(22, 22), (2, 22), (22, 2)])
def test_fused_and_explicit_paths_agree(qk_dim, v_dim):
    torch.manual_seed(0)
    block = SelfAttention(17, num_heads=2, qk_dim=qk_dim, v_dim=v_dim)
    x = torch.randn(3, 23, 17)

    weights = block.attention(x)["weights"]
    values = block.value(x).reshape(3, 23, 2, v_dim // 2).transpose(1, 2)
    explicit = (weights @ values).transpose(1, 2).reshape(3, 23, v_dim)

    assert weights.shape == (3, 2, 23, 23)
    torch.testing.assert_close(weights.sum(dim=3), torch.ones(3, 2, 23))
    torch.testing.assert_close(block(x), explicit, rtol=0, atol=1e-5)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("num_heads", [1, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_no_tensor_as_large_as_the_weights_is_made(training, num_heads, dtype, memory_format):
    block = SelfAttention2d(16, num_heads=num_heads).to(dtype)
    x = torch.randn(1, 16, 23, 19, dtype=dtype).contiguous(memory_format=memory_format)
    x.requires_grad_(training)

    with torch.set_grad_enabled(training), LargestTensor() as largest:
        y = block(x)
        if training:
            y.sum().backward()

    assert largest.numbers == x.numel()
    with LargestTensor() as largest:
        block.attention(x)
    assert largest.numbers == num_heads * (23 * 19) ** 2


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(("qk_dim", "v_dim"), [(2, 16), (16, 2)])
def test_nor_where_queries_and_values_differ_in_width(training, qk_dim, v_dim):
    """The case in which PyTorch's function alone falls back to a path with L x L weights."""
    block = SelfAttention(16, num_heads=2, qk_dim=qk_dim, v_dim=v_dim)
    x = torch.randn(1, 401, 16, requires_grad=training)

    with torch.set_grad_enabled(training), LargestTensor() as largest:
        y = block(x)
        if training:
            y.sum().backward()

    assert largest.numbers == x.numel()


def test_new_block_is_the_identity():
    x = torch.randn(2, 13, 3, 5)
    torch.testing.assert_close(SelfAttention2d(13)(x), x, rtol=0, atol=0)


def test_shuffled_places_give_the_shuffled_result():
    block = randomise(SelfAttention2d(13, reduction=3))
    x = torch.randn(2, 13, 5, 7)
    order = torch.randperm(35)

    shuffled = x.flatten(2)[:, :, order].reshape(x.shape)

    torch.testing.assert_close(block(shuffled), block(x).flatten(2)[:, :, order].reshape(x.shape))


@pytest.mark.parametrize(
    ("embed_dim", "num_heads", "qk_dim", "v_dim", "count"),
    [(13, 1, None, None, 3 * 13**2), (13, 2, 6, 10, 13 * (6 + 6 + 10))],
)
def test_parameter_count_follows_the_formula(embed_dim, num_heads, qk_dim, v_dim, count):
    block = SelfAttention(embed_dim, num_heads=num_heads, qk_dim=qk_dim, v_dim=v_dim)
    assert count_parameters(block) == count


@pytest.mark.parametrize(("channels", "reduction", "num_heads"), [(256, 2, 1), (256, 8, 4), (13, 3, 1)])
def test_map_parameter_count_follows_the_formula(channels, reduction, num_heads):
    block = SelfAttention2d(channels, reduction=reduction, num_heads=num_heads)
    assert count_parameters(block) == 4 * channels * (channels // reduction)


def test_parameter_names_are_those_of_shipped_checkpoints():
    block = SelfAttention2d(13, reduction=3)
    assert {name: tuple(value.shape) for name, value in block.state_dict().items()} == {
        "query.weight": (4, 13, 1, 1),
        "key.weight": (4, 13, 1, 1),
        "value.weight": (4, 13, 1, 1),
        "project.weight": (13, 4, 1, 1),
    }


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"embed_dim": 0}, ValueError, "`embed_dim` must be at least 1; got embed_dim=0"),
        ({"embed_dim": 8.0}, TypeError, "`embed_dim` must be an int; got 8.0 of type float"),
        ({"num_heads": 0}, ValueError, "`num_heads` must be at least 1; got num_heads=0"),
        ({"num_heads": True}, TypeError, "`num_heads` must be an int; got True of type bool"),
        ({"num_heads": 3}, ValueError, "`num_heads` must divide .*; got num_heads=3 for widths 8 and 8"),
        ({"num_heads": 2, "qk_dim": 5}, ValueError, "got num_heads=2 for widths 5 and 8"),
        ({"num_heads": 2, "v_dim": 5}, ValueError, "got num_heads=2 for widths 8 and 5"),
        ({"qk_dim": 0}, ValueError, "`qk_dim` must be at least 1; got qk_dim=0"),
        ({"v_dim": "8"}, TypeError, "`v_dim` must be an int; got '8' of type str"),
    ],
)
def test_wrong_arguments_are_named(keywords, error, message):
    with pytest.raises(error, match=message):
        SelfAttention(**{"embed_dim": 8, **keywords})


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"channels": 1}, ValueError, "between 1 and `channels`; got reduction=2 for channels=1"),
        ({"channels": True}, TypeError, "`channels` must be an int; got True of type bool"),
        ({"num_heads": 3}, ValueError, "`num_heads` must divide .*; got num_heads=3 for widths 8 and 8"),
        ({"num_heads": -1}, ValueError, "`num_heads` must be at least 1; got num_heads=-1"),
        ({"reduction": 2.0}, TypeError, "`reduction` must be an int; got 2.0 of type float"),
    ],
)
def test_wrong_map_arguments_are_named(keywords, error, message):
    with pytest.raises(error, match=message):
        SelfAttention2d(**{"channels": 16, **keywords})


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (torch.zeros(3, 13), ValueError, r"expected shape \(N, L, 13\); got \(3, 13\)"),
        (torch.zeros(2, 3, 11), ValueError, r"expected shape \(N, L, 13\); got \(2, 3, 11\)"),
        (torch.zeros(2, 3, 5, 13), ValueError, r"expected shape \(N, L, 13\); got \(2, 3, 5, 13\)"),
        (torch.zeros(2, 0, 13), ValueError, r"expected L of at least 1; got \(2, 0, 13\)"),
        (torch.zeros(2, 3, 13, dtype=torch.int64), TypeError, "floating-point Tensor; got dtype torch.int64"),
        ([[0.0] * 13], TypeError, r"expected a Tensor of shape \(N, L, 13\); got list"),
    ],
)
def test_wrong_sequences_are_named(x, error, message):
    block = SelfAttention(13)
    for method in (block, block.attention):
        with pytest.raises(error, match=message):
            method(x)
