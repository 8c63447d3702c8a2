"""The published test images of the probe tasks, each with a donor."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["LabelledImages", "ProbeImages", "probe_images", "probe_names"]

_FILE = Path(__file__).parent / "probe_images.pt"


class LabelledImages(NamedTuple):
    """Images of one probe task with their labels, boxes and cues."""

    images: Tensor
    """uint8 ``(N, C, H, W)``; of three channels the first is red, the second green, the third blue."""
    labels: Tensor
    """int64 ``(N,)``: the right answers."""
    boxes: Tensor
    """int64 ``(N, 4)``: ``x, y, width, height`` of the digit or pattern to name; x runs right, y down."""
    cues: Tensor
    """int64 ``(N, 4)``: the box of the cue; where there is none, of one of the two equal patterns."""

    def inputs(self) -> Tensor:
        """Return the images as the networks were trained to see them: float32 in [0, 1]."""
        return self.images.to(torch.float32) / 255


class ProbeImages(NamedTuple):
    """Eight test images of a probe task, four of which its plain network misreads, and a donor for each.

    Chosen by a rule, not by eye: the first four that ``plain`` with seed 0 reads and the first four that it
    misreads, whose donors have another answer, and without showing an answer more often than others.
    """

    shown: LabelledImages
    """The images."""
    donors: LabelledImages
    """For each image the same with its cue pointing elsewhere; without a cue, another test image."""
    indices: Tensor
    """int64 ``(N,)``: indices of the images in the test split."""


@lru_cache(maxsize=1)
def _stored() -> dict[str, dict[str, Tensor]]:
    if not _FILE.exists():
        return {}
    stored: dict[str, dict[str, Tensor]] = torch.load(_FILE, weights_only=True)
    return stored


def probe_names() -> list[str]:
    """Return the names of the probe tasks whose images are published."""
    return list(_stored())


def probe_images(probe: str) -> ProbeImages:
    """Return the published test images of a probe task.

    Args:
        probe: ``"colour_cue"``, ``"frame_cue"``, ``"row_cue"`` or ``"matching_pair"``.

    Raises:
        KeyError: no images of a task of that name are published.
    """
    if probe not in _stored():
        raise KeyError(f"expected a probe out of {probe_names()}; got {probe!r}")
    stored = _stored()[probe]
    shown, donors = (
        LabelledImages(*(stored[f"{prefix}{field}"] for field in LabelledImages._fields))
        for prefix in ("", "donor_")
    )
    return ProbeImages(shown, donors, stored["indices"])
