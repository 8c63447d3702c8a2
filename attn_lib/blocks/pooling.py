"""The squeezes: how two or more blocks summarise a feature map before they compute a gate."""

from __future__ import annotations

from torch import Tensor

__all__ = ["global_average", "global_maximum"]

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
    return x.amax(dim=(2, 3))
