"""A map laid over its image, to be looked at."""

from __future__ import annotations

import torch
from torch import Tensor

from attn_lib.inspection.localization import enlarge

__all__ = ["overlay"]


def overlay(images: Tensor, maps: Tensor, *, opacity: float = 0.6) -> Tensor:
    """Lay maps over their images in colours from black over red and yellow to white.

    Every map is enlarged as :func:`~attn_lib.inspection.enlarge` does and divided by its maximum. Where it is
    high, it covers the image up to ``opacity``; where it is 0, the image is as it was.

    Args:
        images: ``(N, C, H, W)`` with values in [0, 1], and a C of 3 (RGB) or 1 (grey).
        maps: ``(N, H', W')``, at least 0 everywhere, such as those of :func:`~attn_lib.inspection.grad_cam`.
        opacity: how much of the image a map of 1 covers, in [0, 1].

    Shape:
        Returns ``(N, 3, H, W)``, in [0, 1]; ``result[0].permute(1, 2, 0)`` is what Matplotlib draws.

    Raises:
        ValueError: a shape does not fit, values are outside [0, 1], or ``opacity`` is.

    Example:
        >>> overlay(torch.rand(2, 3, 64, 96), torch.rand(2, 7, 11)).shape
        torch.Size([2, 3, 64, 96])
    """
    if images.dim() != 4 or images.shape[1] not in (1, 3) or len(images) != len(maps):
        raise ValueError(
            f"`images` must be ({len(maps)}, 3 or 1, H, W), one for each map; got {tuple(images.shape)}"
        )
    if images.min() < 0 or images.max() > 1:
        low, high = images.min().item(), images.max().item()
        raise ValueError(
            f"`images` must have values in [0, 1]; got {low:.3g} to {high:.3g}. Undo a normalisation first, "
            "or divide bytes by 255"
        )
    if not 0 <= opacity <= 1:
        raise ValueError(f"`opacity` must be in [0, 1]; got {opacity}")
    heat = enlarge(maps, (images.shape[2], images.shape[3]))
    peak = heat.amax(dim=(1, 2), keepdim=True)
    heat = (heat / peak.where(peak > 0, 1))[:, None]
    colours = torch.cat([3 * heat, 3 * heat - 1, 3 * heat - 2], dim=1).clamp(0, 1)
    covered = opacity * heat
    return images * (1 - covered) + colours * covered
