"""All tasks that a run can be trained on: cluttered digits and the probe tasks."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import get_args

from gate_by_gate.experiment.cluttered_digits import ClutteredDigits, SplitName
from gate_by_gate.experiment.probe_tasks import PROBE_TASKS, ProbeTask

__all__ = ["TASKS", "Task", "task_sha256"]

Task = ClutteredDigits | ProbeTask
"""A task with its sizes and seed; ``make(split)`` makes its images, and equal tasks make equal bytes."""

TASKS: dict[str, type[Task]] = {ClutteredDigits.name: ClutteredDigits, **PROBE_TASKS}
"""Every task by name."""


@lru_cache(maxsize=8)
def task_sha256(task: Task) -> str:
    """Return the SHA-256 of a task's images, labels and boxes: train, validation and test split, in order."""
    digest = hashlib.sha256()
    for name in get_args(SplitName):
        split = task.make(name)
        digest.update(split.images.numpy().tobytes())
        for integers in (split.labels, split.boxes):
            digest.update(integers.numpy().astype("<i8").tobytes())
    return digest.hexdigest()
