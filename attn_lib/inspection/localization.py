"""Does a map point at the object? The pointing game, and the share of a map that lies in the object's box."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

__all__ = ["energy_inside", "place_map", "pointing_hits", "share_inside"]


def place_map(maps: Mapping[str, Tensor], size: tuple[int, int]) -> Tensor | None:
    """Reduce the maps of a block to one number for every place, or return None if it tells no places apart.

    - A gate for every channel and place is averaged over the channels: BAM's ``combined``, CoordAtt's
      ``height`` times ``width``, and the gates of SE without its squeeze.
    - CBAM's ``spatial`` is one number for every place already.
    - Of self-attention's ``weights`` it is the attention that a place receives, averaged over all places
      that look and over the heads.
    - Gates that are the same at every place, as those of SE and ECA are, give None.

    Args:
        maps: what a block's ``attention(x)`` returned.
        size: height and width of that ``x``.

    Shape:
        Returns ``(N, H, W)``.
    """
    height, width = size
    if "weights" in maps:
        return maps["weights"].mean(dim=(1, 2)).unflatten(1, size)
    if "combined" in maps:
        gate = maps["combined"] if "spatial" in maps else None
    elif "height" in maps or "width" in maps:
        strips = [maps[name] for name in ("height", "width") if name in maps]
        gate = strips[0] if len(strips) == 1 else strips[0] * strips[1]
    else:
        gate = maps.get("spatial", maps.get("channel"))
    if gate is None or gate.shape[2:] == (1, 1) != size:
        return None
    return gate.mean(dim=1).expand(-1, height, width)


def pointing_hits(maps: Tensor, boxes: Tensor, size: int | tuple[int, int]) -> Tensor:
    """Play the pointing game: does the largest value of each map lie in its object's box?

    Cell (i, j) of a map stands for the pixel in the middle of its receptive field. In a network of odd
    kernels that are padded by half, with s pixels to a cell, that is pixel (s i, s j). A map that is the same
    everywhere points nowhere, which is a miss.

    Source: Zhang et al., *Top-down Neural Attention by Excitation Backprop*, ECCV 2016, without
    its tolerance of 15 pixels.

    Args:
        maps: ``(N, H, W)``.
        boxes: ``(N, 4)``: ``x, y, width, height`` in pixels; x runs right, y down.
        size: height and width of the images, multiples of H and W; one number for squares.

    Shape:
        Returns bool ``(N,)``.

    Raises:
        ValueError: a shape does not fit.
    """
    inside = _inside(maps, boxes, size).flatten(1)
    flat = maps.flatten(1)
    pointed = inside.gather(1, flat.argmax(dim=1, keepdim=True))[:, 0]
    return pointed & (flat.amax(dim=1) > flat.amin(dim=1))


def energy_inside(maps: Tensor, boxes: Tensor, size: int | tuple[int, int]) -> Tensor:
    """Return the share of each map's sum that lies in its object's box.

    The cells are placed as in :func:`pointing_hits`. A flat map has the share :func:`share_inside`; so has,
    by definition, a map of zeros, which says nothing about any place.

    Source: Wang et al., *Score-CAM*, CVPR Workshops 2020 (the energy-based pointing game).

    Args:
        maps: ``(N, H, W)``, at least 0 everywhere.
        boxes: as in :func:`pointing_hits`.
        size: as in :func:`pointing_hits`.

    Shape:
        Returns ``(N,)``, in [0, 1].

    Raises:
        ValueError: a shape does not fit, or a map is negative somewhere.
    """
    if (maps < 0).any():
        raise ValueError(f"`maps` must be at least 0 everywhere; got {maps.min().item():.4g}")
    inside = _inside(maps, boxes, size)
    total = maps.sum(dim=(1, 2))
    flat = inside.to(maps.dtype).mean(dim=(1, 2))
    return torch.where(total > 0, (maps * inside).sum(dim=(1, 2)) / total.where(total > 0, 1), flat)


def share_inside(maps: Tensor, boxes: Tensor, size: int | tuple[int, int]) -> Tensor:
    """Return the share of each map's cells that lie in the box: the score of a cell picked by chance.

    Only the shape of ``maps`` matters. Arguments, shape and errors are those of :func:`pointing_hits`;
    the result is ``(N,)``, in [0, 1].
    """
    return _inside(maps, boxes, size).to(torch.get_default_dtype()).mean(dim=(1, 2))


def _inside(maps: Tensor, boxes: Tensor, size: int | tuple[int, int]) -> Tensor:
    """Say of every cell whether the pixel that it stands for lies in the box: bool ``(N, H, W)``."""
    if maps.dim() != 3:
        raise ValueError(f"`maps` must be (N, H, W); got {tuple(maps.shape)}")
    if boxes.shape != (len(maps), 4):
        raise ValueError(f"`boxes` must be ({len(maps)}, 4), one for each map; got {tuple(boxes.shape)}")
    sides = (size, size) if isinstance(size, int) else size
    x, y, width, height = boxes.unbind(dim=1)
    rows = _within(maps.shape[1], sides[0], y, height)
    columns = _within(maps.shape[2], sides[1], x, width)
    return rows[:, :, None] & columns[:, None, :]


def _within(cells: int, pixels: int, start: Tensor, length: Tensor) -> Tensor:
    if pixels % cells:
        raise ValueError(f"the side of an image must be a multiple of its map's; got {pixels} and {cells}")
    middles = torch.arange(0, pixels, pixels // cells, device=start.device)
    return (middles >= start[:, None]) & (middles < (start + length)[:, None])
