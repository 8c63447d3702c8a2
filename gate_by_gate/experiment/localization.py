"""Localisation: how well a trained network's maps point at the digit, counted over the images of a split."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from attn_lib.inspection import energy_inside, is_innermost_block, pointing_hits, share_inside, spatial_map
from attn_lib.inspection.attention_maps import read_maps
from attn_lib.inspection.grad_cam import evidence
from attn_lib.inspection.hooks import evaluating, watching
from gate_by_gate.experiment.cluttered_digits import Split, to_input

__all__ = ["STAGES", "grad_cams", "localization", "spatial_maps"]

STAGES = ("layer1", "layer2", "layer3")

_GRAD_CAM_IMAGES = 500
"""Images that Grad-CAM is scored on, since it needs gradients: enough for a standard error of 2 points."""

_BATCH = 125


def localization(network: nn.Module, split: Split) -> dict[str, Any]:
    """Score the maps of every stage of ``network`` by the pointing game and by the energy inside the box.

    Args:
        network: a digit network with the stages ``layer1``, ``layer2`` and ``layer3``.
        split: images with the digits' boxes.

    Returns:
        For every stage: ``attention``, if the block there has a spatial map, and ``grad_cam`` of what the
        stage returns, for the class that the network predicts, on the first 500 images. Each with ``hits``
        out of ``total`` in the pointing game, the mean ``energy`` inside the box, and ``chance``, which is
        what a place picked at random has in the one, and a flat map in the other.
    """
    size = (split.images.shape[2], split.images.shape[3])
    evidence = grad_cams(network, split.images[:_GRAD_CAM_IMAGES])
    attention = spatial_maps(network, split.images)
    scores: dict[str, Any] = {}
    for stage in STAGES:
        scores[stage] = {"grad_cam": _score(evidence[stage], split.boxes, size)}
        if stage in attention:
            scores[stage]["attention"] = _score(attention[stage], split.boxes, size)
    return scores


def spatial_maps(network: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """Return the spatial map of every stage's block, for uint8 ``images``: one number for each place.

    Stages without a block are missing, and those whose block has no spatial map.

    Shape:
        ``(N, 1, H, W)`` to ``(N, H', W')``, a stage's own resolution.

    Raises:
        ValueError: a stage has several such blocks.
    """
    maps: dict[str, list[Tensor]] = {}
    for batch in images.split(_BATCH):
        with watching(
            network, select=is_innermost_block, before=_spatial_map, after=lambda block, output: None
        ) as watch:
            network(to_input(batch))
        telling = {call.name: call.before for call in watch.calls if call.before is not None}
        for name, map_ in telling.items():
            maps.setdefault(_stage_of(name), []).append(map_)
        if len(telling) > len(maps):
            raise ValueError(f"expected one block with a spatial map in each stage; got {list(telling)}")
        if not maps:
            break  # no block here has a spatial map, whatever the images
    return {stage: torch.cat(batches) for stage, batches in maps.items()}


def _spatial_map(name: str, block: nn.Module, args: tuple[Tensor], kwargs: dict[str, Any]) -> Tensor | None:
    (x,) = args
    return spatial_map(block, read_maps(name, block, args, kwargs), (x.shape[2], x.shape[3]))


def _stage_of(name: str) -> str:
    """Return the stage of a block: ``layer1`` for ``layer1.0.attention``."""
    return name.partition(".")[0]


def grad_cams(network: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """Return the Grad-CAM of every stage, from one pass for all of them, for uint8 ``images``.

    The maps are those of :func:`attn_lib.inspection.grad_cam` for the class that the network predicts.

    Shape:
        ``(N, 1, H, W)`` to ``(N, H', W')``, a stage's own resolution.
    """
    maps: dict[str, list[Tensor]] = {stage: [] for stage in STAGES}
    for batch in images.split(_BATCH):
        features, score = _run_with_graph(network, to_input(batch))
        # In eval mode the images of a batch do not see each other, so one backward pass serves them all.
        gradients = torch.autograd.grad(score, [features[stage] for stage in STAGES])
        for stage, gradient in zip(STAGES, gradients, strict=True):
            maps[stage].append(evidence(features[stage].detach(), gradient))
    return {stage: torch.cat(batches) for stage, batches in maps.items()}


def _run_with_graph(network: nn.Module, x: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    """Return the features of every stage and, with gradients back to them, the sum of the best logits."""
    features: dict[str, Tensor] = {}

    def keep(stage: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
        def hook(module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> Tensor:
            # The graph starts at the first stage, whether the parameters are frozen or not.
            features[stage] = output if features else output.detach().requires_grad_()
            return features[stage]

        return hook

    handles = [network.get_submodule(stage).register_forward_hook(keep(stage)) for stage in STAGES]
    try:
        with evaluating(network), torch.enable_grad():
            return features, network(x).max(dim=1).values.sum()
    finally:
        for handle in handles:
            handle.remove()


def _score(maps: Tensor, boxes: Tensor, size: tuple[int, int]) -> dict[str, float | int]:
    boxes = boxes[: len(maps)]
    return {
        "hits": int(pointing_hits(maps, boxes, size).sum()),
        "total": len(maps),
        "energy": round(energy_inside(maps, boxes, size).mean().item(), 4),
        "chance": round(share_inside(maps, boxes, size).mean().item(), 4),
    }
