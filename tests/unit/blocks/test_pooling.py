"""The squeezes: the way with a gradient and the way without give one value, and the right gradient."""

import pytest
import torch

from attn_lib.blocks.pooling import average, maximum


@pytest.mark.parametrize("dim", [1, 2, 3, (2, 3)])
@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_average_is_the_mean_with_or_without_a_gradient(dim, keepdim, dtype):
    x = torch.randn(2, 3, 5, 7, generator=torch.Generator().manual_seed(0)).to(dtype)
    expected = x.mean(dim, keepdim=keepdim)

    torch.testing.assert_close(average(x, dim, keepdim=keepdim), expected)
    torch.testing.assert_close(average(x.requires_grad_(), dim, keepdim=keepdim).detach(), expected)


@pytest.mark.parametrize(("dim", "count"), [(1, 3), (3, 7), ((2, 3), 35)])
def test_gradient_of_an_average_is_spread_evenly(dim, count):
    x = torch.randn(2, 3, 5, 7, requires_grad=True)
    average(x, dim).sum().backward()
    torch.testing.assert_close(x.grad, torch.full_like(x, 1 / count))


def test_average_in_half_precision_does_not_overflow_on_its_sum():
    """The 10,000 values sum to 100 times the largest number of float16."""
    x = torch.full((1, 1, 100, 100), 655.0, dtype=torch.float16, requires_grad=True)
    assert average(x, (2, 3)).item() == 655


@pytest.mark.parametrize("dim", [1, 2])
def test_maximum_is_the_largest_value_and_its_gradient_goes_there(dim):
    x = torch.randn(2, 11, 13, generator=torch.Generator().manual_seed(0))
    expected = x.sort(dim).values.select(dim, -1)

    torch.testing.assert_close(maximum(x, dim), expected)
    torch.testing.assert_close(maximum(x.requires_grad_(), dim).detach(), expected)
    maximum(x, dim).sum().backward()
    torch.testing.assert_close(x.grad, (x == expected.unsqueeze(dim)).float())


def test_gradient_of_a_tied_maximum_goes_to_one_place():
    x = torch.tensor([[0.0, 3.0, 1.0, 3.0]], requires_grad=True)
    maximum(x, 1).backward()
    assert sorted(x.grad.flatten().tolist()) == [0, 0, 0, 1]
