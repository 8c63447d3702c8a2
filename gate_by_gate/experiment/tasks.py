"""Tasks: what a run is trained on, be it cluttered digits or a probe."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import get_args

from gate_by_gate.experiment.cluttered_digits import ClutteredDigits, SplitName
from gate_by_gate.experiment.probes import PROBES, Probe

__all__ = ["TASKS", "Task", "task_sha256"]

Task = ClutteredDigits | Probe
"""Settings from which ``make(split)`` makes the images; equal settings make equal bytes."""

TASKS: dict[str, type[Task]] = {ClutteredDigits.name: ClutteredDigits, **PROBES}
"""Every task by name."""


@lru_cache(maxsize=8)
def task_sha256(task: Task) -> str:
    """Return the SHA-256 of images, labels and boxes of train, validation and test split, in this order."""
    digest = hashlib.sha256()
    for name in get_args(SplitName):
        split = task.make(name)
        digest.update(split.images.numpy().tobytes())
        for integers in (split.labels, split.boxes):
            digest.update(integers.numpy().astype("<i8").tobytes())
    return digest.hexdigest()
