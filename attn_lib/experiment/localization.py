"""How well a trained network's maps point at the digit, counted over the images of a split."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from attn_lib.experiment.cluttered_digits import Split, to_input
from attn_lib.inspection import energy_inside, grad_cam, place_map, pointing_hits, record_blocks, share_inside

__all__ = ["STAGES", "localization"]

STAGES = ("layer1", "layer2", "layer3")

_GRAD_CAM_IMAGES = 500
"""Grad-CAM takes a gradient for every stage; for a share with a standard error of 2 points this is enough."""

_BATCH = 250


def localization(network: nn.Module, split: Split) -> dict[str, Any]:
    """Score the maps of every stage of ``network`` by the pointing game and by the energy inside the box.

    Args:
        network: a digit network with the stages ``layer1``, ``layer2`` and ``layer3``.
        split: images with the digits' boxes.

    Returns:
        For every stage: ``attention``, if the block there tells places apart, and ``grad_cam`` of what the
        stage returns, for the class that the network predicts, on the first 500 images. Each with ``hits``
        out of ``total`` in the pointing game, the mean ``energy`` inside the box, and ``chance``, which is
        what a cell picked at random has in the one, and a flat map in the other.
    """
    size = (split.images.shape[2], split.images.shape[3])
    network.eval()
    maps: dict[str, list[Tensor]] = {}
    for images in split.images.split(_BATCH):
        for name, seen in record_blocks(network, to_input(images)).items():
            places = place_map(seen.maps, (seen.input.shape[2], seen.input.shape[3]))
            if places is not None:
                maps.setdefault(name.partition(".")[0], []).append(places)
    few = to_input(split.images[:_GRAD_CAM_IMAGES])
    scores: dict[str, Any] = {}
    for stage in STAGES:
        scores[stage] = {"grad_cam": _score(grad_cam(network, few, stage).maps, split.boxes, size)}
        if stage in maps:
            scores[stage]["attention"] = _score(torch.cat(maps[stage]), split.boxes, size)
    return scores


def _score(maps: Tensor, boxes: Tensor, size: tuple[int, int]) -> dict[str, float | int]:
    boxes = boxes[: len(maps)]
    return {
        "hits": int(pointing_hits(maps, boxes, size).sum()),
        "total": len(maps),
        "energy": round(energy_inside(maps, boxes, size).mean().item(), 4),
        "chance": round(share_inside(maps, boxes, size).mean().item(), 4),
    }
