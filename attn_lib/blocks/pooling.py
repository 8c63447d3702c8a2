"""The squeezes: how the blocks summarise a feature map before they compute a gate."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["average", "global_average", "global_maximum", "maximum"]

# Means and maxima over named axes, not nn.AdaptiveAvgPool2d: the same values, any H and W, and nothing that
# an exporter or a scripting compiler would trip over.


def global_average(x: Tensor) -> Tensor:
    """Average every channel over its H x W places.

    Shape:
        ``(N, C, H, W)`` to ``(N, C)``.
    """
    return average(x, dim=(2, 3))


def global_maximum(x: Tensor) -> Tensor:
    """Keep the largest value of every channel over its H x W places.

    Shape:
        ``(N, C, H, W)`` to ``(N, C)``.
    """
    return maximum(x.flatten(2), dim=2)


# Both of the following have two ways to one value, each the faster where it is taken: with a gradient to come
# back, and without.


def average(x: Tensor, dim: int | tuple[int, ...], *, keepdim: bool = False) -> Tensor:
    """Average over the axes ``dim``."""
    if not _learns_through(x):
        return x.mean(dim, keepdim=keepdim)
    # The gradient of a mean is spread over the map and then divided, value by value. That of a sum that is
    # divided afterwards is divided while it is small, and spread as a view.
    axes = (dim,) if isinstance(dim, int) else dim
    count = math.prod([x.shape[axis] for axis in axes])
    total = x.sum(dim, keepdim=keepdim, dtype=torch.promote_types(x.dtype, torch.float32))
    return (total / count).to(x.dtype)


def maximum(x: Tensor, dim: int, *, keepdim: bool = False) -> Tensor:
    """Keep the largest value along the axis ``dim``; of several, the gradient goes to one."""
    if not _learns_through(x):
        return x.amax(dim, keepdim=keepdim)
    # The gradient of amax needs a comparison of all of x with the maximum. max finds an index on the way, for
    # a price, and its gradient is written there.
    return x.max(dim, keepdim=keepdim).values


def _learns_through(x: Tensor) -> bool:
    return torch.is_grad_enabled() and x.requires_grad
