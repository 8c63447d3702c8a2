"""The squeezes: how the blocks summarise a feature map before they compute a gate."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.fx import Proxy

__all__ = ["average", "global_average", "global_maximum", "maximum"]

# Means and maxima over named axes, not nn.AdaptiveAvgPool2d: the same values, for any H and W. Each is
# computed in the way whose gradient is the cheaper. A graph that is recorded must not depend on whether
# gradients were on at that moment.


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


def average(x: Tensor, dim: int | tuple[int, ...], *, keepdim: bool = False) -> Tensor:
    """Average over the axes ``dim``."""
    # In half precision the sum over a map leaves the range of float16; that of an FX graph is not known yet.
    if isinstance(x, Proxy) or x.dtype in (torch.float16, torch.bfloat16):
        return x.mean(dim, keepdim=keepdim)
    # The gradient of x.mean() is spread over the map and then divided, value by value. That of a sum that is
    # divided afterwards is divided while it is small, and spread as a view: with x.mean() a training step of
    # SE takes 1.3 to 1.4 times as long, and a forward pass no less.
    axes = (dim,) if isinstance(dim, int) else dim
    return x.sum(dim, keepdim=keepdim) / math.prod([x.shape[axis] for axis in axes])


def maximum(x: Tensor, dim: int, *, keepdim: bool = False) -> Tensor:
    """Keep the largest value along the axis ``dim``."""
    # The gradient of amax needs a comparison of all of x with the maximum; max finds an index on the way, for
    # a price, and its gradient is written there. With amax a training step of CBAM takes 1.2 to 1.8 times as
    # long, with max a forward pass twice (one CPU thread, medians of alternating steps at three shapes).
    if not _is_recorded(x) and torch.is_grad_enabled() and x.requires_grad:
        return x.max(dim, keepdim=keepdim).values
    return x.amax(dim, keepdim=keepdim)


def _is_recorded(x: Tensor) -> bool:
    """Whether what is done to ``x`` is recorded: by torch.compile, torch.export, a trace or torch.fx."""
    return torch.compiler.is_compiling() or torch.jit.is_tracing() or isinstance(x, Proxy)
