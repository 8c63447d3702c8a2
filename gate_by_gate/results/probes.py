"""The images of the probes that the book shows at work, read with torch alone."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["ProbeImages", "ProbeView", "probe_images", "probe_names"]

_FILE = Path(__file__).parent / "probe_images.pt"


class ProbeView(NamedTuple):
    """Images of one probe, and what is known about them."""

    images: Tensor
    """uint8 ``(N, C, H, W)``; of three channels the first is red, the second green, the third blue."""
    labels: Tensor
    """int64 ``(N,)``: the right answers."""
    boxes: Tensor
    """int64 ``(N, 4)``: ``x, y, width, height`` of what is asked for; x runs right, y down."""
    cues: Tensor
    """int64 ``(N, 4)``: the box of the cue; where there is none, of one of the two equal patterns."""

    def inputs(self) -> Tensor:
        """Return the images as the networks were trained to see them: float32 in [0, 1]."""
        return self.images.to(torch.float32) / 255


class ProbeImages(NamedTuple):
    """Eight test images of a probe, of which its plain network misreads four, and a donor for each.

    Chosen by a rule, not by eye: the first four that ``plain`` with seed 0 reads and the first four that it
    misreads, whose donors have another answer, and without showing an answer more often than others.
    """

    shown: ProbeView
    """The images."""
    donors: ProbeView
    """For each the same with the cue pointing elsewhere; where there is no cue, another test image."""
    indices: Tensor
    """int64 ``(N,)``: places of the images in the test split."""


@lru_cache(maxsize=1)
def _stored() -> dict[str, dict[str, Tensor]]:
    if not _FILE.exists():
        return {}
    stored: dict[str, dict[str, Tensor]] = torch.load(_FILE, weights_only=True)
    return stored


def probe_names() -> list[str]:
    """Return the names of the probes whose images are published."""
    return list(_stored())


def probe_images(probe: str) -> ProbeImages:
    """Return test images of a probe: ``"colour_cue"``, ``"frame_cue"``, ``"row_cue"``, ``"matching_pair"``.

    Raises:
        KeyError: there are none of that probe.
    """
    if probe not in _stored():
        raise KeyError(f"expected a probe out of {probe_names()}; got {probe!r}")
    stored = _stored()[probe]
    shown, donors = (
        ProbeView(*(stored[f"{prefix}{field}"] for field in ProbeView._fields)) for prefix in ("", "donor_")
    )
    return ProbeImages(shown, donors, stored["indices"])
