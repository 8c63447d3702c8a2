"""Where the places of a map lie in the image, and whether a map points at an object."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

__all__ = ["energy_inside", "enlarge", "pointing_hits", "share_inside", "spatial_map"]


def spatial_map(block: nn.Module, maps: Mapping[str, Tensor], size: tuple[int, int]) -> Tensor | None:
    """Return one number for every place out of a block's maps, or None if they tell no places apart.

    The block is asked, by its method ``spatial_map(maps)``. Those of ``attn_lib.blocks`` answer:

    - SE and ECA, whose gates are the same at every place: None;
    - CBAM: its ``spatial`` gate;
    - BAM and CoordAtt, which have a gate for every channel and place: its mean over the channels;
    - self-attention: the attention that a place receives, averaged over all places that look and over
      the heads.

    Args:
        block: any block.
        maps: what its ``attention(x)`` returned.
        size: height and width of that ``x``.

    Shape:
        Returns ``(N, H, W)``.

    Raises:
        TypeError: the block has no method ``spatial_map``, or the maps are those of several blocks.
    """
    several = [name for name, value in maps.items() if isinstance(value, Mapping)]
    if several:
        raise TypeError(
            f"`maps` must be those of one block, by their names; got those of {len(several)} blocks. "
            f"Choose one: maps[{several[0]!r}]"
        )
    ask = getattr(block, "spatial_map", None)
    if ask is None:
        raise TypeError(
            "a block must have a method `spatial_map(maps)`, which may return None; "
            f"{type(block).__name__} has none"
        )
    answer: Tensor | None = ask(maps)
    if answer is None:
        return None
    return answer.unflatten(1, size) if answer.dim() == 2 else answer.expand(-1, *size)


def enlarge(maps: Tensor, size: int | tuple[int, int]) -> Tensor:
    """Enlarge maps to the size of their images, bilinearly, with every place on the pixel that it stands for.

    Those are the pixels (s i, s j) of :func:`pointing_hits`, where s is the side of an image over that of its
    map, rounded up as strided layers round. A plain bilinear enlargement puts place (i, j) in the middle of a
    square of s pixels, (s - 1) / 2 too far to the right and too far down. Behind the last place its value is
    repeated.

    Args:
        maps: ``(N, H, W)``.
        size: height and width of the images, no less than H and W; one number for squares.

    Shape:
        Returns ``(N, *size)``.

    Raises:
        ValueError: ``maps`` has another number of axes, or an image is smaller than its map.

    Example:
        >>> enlarge(torch.tensor([[[0.0, 4.0]]]), (1, 8))
        tensor([[[0., 1., 2., 3., 4., 4., 4., 4.]]])
    """
    rows, columns = (
        _hats(places, pixels, maps) for places, pixels in zip(_map_sides(maps), _pair(size), strict=True)
    )
    return rows @ maps @ columns.T


def pointing_hits(maps: Tensor, boxes: Tensor, size: int | tuple[int, int]) -> Tensor:
    """Play the pointing game: does the largest value of each map lie in its object's box?

    Place (i, j) of a map stands for the pixel in the middle of its receptive field. In a network of odd
    kernels that are padded by half, with s pixels to a place, that is pixel (s i, s j). A map that is the
    same everywhere points nowhere, which is a miss.

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

    The places lie as in :func:`pointing_hits`. A flat map has the share :func:`share_inside`; so has,
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
    """Return the share of each map's places that lie in the box: the score of a place picked by chance.

    Only the shape of ``maps`` matters. Arguments, shape and errors are those of :func:`pointing_hits`;
    the result is ``(N,)``, in [0, 1].
    """
    return _inside(maps, boxes, size).to(torch.get_default_dtype()).mean(dim=(1, 2))


def _inside(maps: Tensor, boxes: Tensor, size: int | tuple[int, int]) -> Tensor:
    """Say of every place whether the pixel that it stands for lies in the box: bool ``(N, H, W)``."""
    places, pixels = _map_sides(maps), _pair(size)
    if boxes.shape != (len(maps), 4):
        raise ValueError(f"`boxes` must be ({len(maps)}, 4), one for each map; got {tuple(boxes.shape)}")
    x, y, width, height = boxes.unbind(dim=1)
    rows = _within(places[0], pixels[0], y, height)
    columns = _within(places[1], pixels[1], x, width)
    return rows[:, :, None] & columns[:, None, :]


def _map_sides(maps: Tensor) -> tuple[int, int]:
    if maps.dim() != 3:
        raise ValueError(f"`maps` must be (N, H, W); got {tuple(maps.shape)}")
    return maps.shape[1], maps.shape[2]


def _pair(size: int | tuple[int, int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size


def _within(places: int, pixels: int, start: Tensor, length: Tensor) -> Tensor:
    if pixels % places:
        raise ValueError(f"the side of an image must be a multiple of its map's; got {pixels} and {places}")
    middles = torch.arange(0, pixels, pixels // places, device=start.device)
    return (middles >= start[:, None]) & (middles < (start + length)[:, None])


def _hats(places: int, pixels: int, like: Tensor) -> Tensor:
    """Weigh places for pixels, ``(pixels, places)``: 1 on a place's own pixel, 0 on its neighbours'."""
    if pixels < places:
        raise ValueError(f"an image must be no smaller than its map; got {pixels} pixels for {places} places")
    step = -(-pixels // places)
    at = (torch.arange(pixels, device=like.device, dtype=like.dtype) / step).clamp(max=places - 1)
    return (1 - (at[:, None] - torch.arange(places, device=like.device)).abs()).clamp(min=0)
