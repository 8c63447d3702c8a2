"""The squeezes: how the blocks summarise a feature map before they compute a gate."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["average_over_channels", "global_average", "global_maximum", "maximum_over_channels"]

# Means and maxima over named axes, not nn.AdaptiveAvgPool2d: the same values, any H and W, and nothing that
# an exporter or a scripting compiler would trip over.


def global_average(x: Tensor) -> Tensor:
    """Average every channel over its H x W places.

    Shape:
        ``(N, C, H, W)`` to ``(N, C)``.
    """
    return x.mean(dim=(2, 3))


def global_maximum(x: Tensor) -> Tensor:
    """Keep the largest value of every channel over its H x W places.

    Shape:
        ``(N, C, H, W)`` to ``(N, C)``.
    """
    return _maximum(x.flatten(2), dim=2)


def average_over_channels(x: Tensor) -> Tensor:
    """Average the C values at every place.

    Shape:
        ``(N, C, H, W)`` to ``(N, H, W)``.
    """
    return x.mean(dim=1)


def maximum_over_channels(x: Tensor) -> Tensor:
    """Keep the largest of the C values at every place.

    Shape:
        ``(N, C, H, W)`` to ``(N, H, W)``.
    """
    return _maximum(x, dim=1)


def _maximum(x: Tensor, dim: int) -> Tensor:
    # One value, two ways to it, each the faster where it is taken. amax keeps no index, and so its backward
    # compares all of x with the maximum; max pays for the index first, and then writes to one place.
    if torch.is_grad_enabled() and x.requires_grad:
        return x.max(dim).values
    return x.amax(dim)
