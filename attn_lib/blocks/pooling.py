"""The squeezes: how the blocks summarise a feature map before they compute a gate."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["average", "global_average", "global_maximum", "maximum"]

# Means and maxima over named axes, not nn.AdaptiveAvgPool2d: the same values, any H and W, and nothing that
# an exporter or a scripting compiler would trip over.


def global_average(x: Tensor) -> Tensor:
    """Average every channel over its H x W positions.

    Shape:
        ``(N, C, H, W)`` to ``(N, C)``.
    """
    return average(x, dim=(2, 3))


def global_maximum(x: Tensor) -> Tensor:
    """Keep the largest value of every channel over its H x W positions.

    Shape:
        ``(N, C, H, W)`` to ``(N, C)``.
    """
    return maximum(x.flatten(2), dim=2)


def average(x: Tensor, dim: int | tuple[int, ...], *, keepdim: bool = False) -> Tensor:
    """Average over the axes ``dim``."""
    # The gradient of x.mean() is spread over the map and then divided, value by value. That of a sum that is
    # divided afterwards is divided while it is small, and spread as a view: with x.mean() a training step of
    # SE takes 1.3 to 1.4 times as long, and a forward pass no less.
    axes = (dim,) if isinstance(dim, int) else dim
    count = math.prod([x.shape[axis] for axis in axes])
    # Half precision is summed in single precision: a sum over a map leaves the range of float16.
    half = x.dtype in (torch.float16, torch.bfloat16)
    mean = x.sum(dim, keepdim=keepdim, dtype=torch.float32 if half else None) / count
    return mean.to(x.dtype) if half else mean


def maximum(x: Tensor, dim: int, *, keepdim: bool = False) -> Tensor:
    """Keep the largest value along the axis ``dim``; of several, the gradient goes to one."""
    # Two ways to one value, each the faster where it is taken. The gradient of amax needs a comparison of all
    # of x with the maximum; max finds an index on the way, for a price, and its gradient is written there.
    # With amax alone a training step of CBAM takes 1.2 to 1.3 times as long, with max alone a forward pass
    # 2.2 times (one CPU thread, medians of alternating steps at three shapes).
    if torch.is_grad_enabled() and x.requires_grad:
        return x.max(dim, keepdim=keepdim).values
    return x.amax(dim, keepdim=keepdim)
