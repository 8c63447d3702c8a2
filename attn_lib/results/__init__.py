"""What the experiment found: records, trained weights, and a few test images, read with torch alone.

Next to this file lie

- ``records.json``: one record per run, by name;
- ``checkpoints/NAME.pt``: a state dict for each run whose record has a ``checkpoint``;
- ``sample_images.pt``: the images of :func:`sample_images`.

``python -m attn_lib.experiment publish`` writes them; nothing in them is edited by hand. A name says what was
trained: ``plain_seed0``, ``se_r4_bias_seed0``, ``se_r4_nobias_seed0``.
"""

from __future__ import annotations

import json
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

__all__ = ["SampleImages", "checkpoint_names", "names", "record", "sample_images", "state_dict"]

_DIRECTORY = Path(__file__).parent


class SampleImages(NamedTuple):
    """One image of the test split for every digit: entry d shows a d.

    Chosen by a rule, not by eye: the three digits that ``plain_seed0`` misreads most often are shown by the
    first test image that it misreads, each other digit by the first that it reads correctly.
    """

    images: Tensor
    """uint8 ``(10, 1, 56, 56)``."""
    labels: Tensor
    """int64 ``(10,)``: 0 to 9."""
    boxes: Tensor
    """int64 ``(10, 4)``: ``x, y, width, height`` of the digit's square in pixels; x runs right, y down."""
    indices: Tensor
    """int64 ``(10,)``: place in the test split."""

    def inputs(self) -> Tensor:
        """Return the images as the networks were trained to see them: float32 in [0, 1]."""
        return self.images.to(torch.float32) / 255


@lru_cache(maxsize=1)
def _records() -> dict[str, dict[str, Any]]:
    records: dict[str, dict[str, Any]] = json.loads((_DIRECTORY / "records.json").read_text(encoding="utf-8"))
    return records


def names() -> list[str]:
    """Return the names of all runs, in alphabetical order."""
    return list(_records())


def checkpoint_names() -> list[str]:
    """Return the names of the runs whose weights are published, in alphabetical order."""
    return [name for name, entry in _records().items() if entry["checkpoint"] is not None]


def record(name: str) -> dict[str, Any]:
    """Return what is known about a run.

    Its entries:

    - ``setting``: ``attention`` and the block's keywords;
    - ``network``: what rebuilds it, ``digit_resnet(**record["network"])``; ``parameters``: their number;
    - ``data``, ``data_sha256``: the settings of the task and the hash of its images, labels and boxes;
    - ``training``: the budget; ``seed``: of initial weights and data order; ``command``: repeats the run;
    - ``versions``, ``platform``: where it was run; ``training_seconds``: how long it took there, on a machine
      that was doing other things too, so that it compares nothing;
    - ``learning_curve``: ``train_loss`` and ``validation_accuracy`` after every epoch;
    - ``validation``, ``test``: ``correct`` out of ``total``;
      ``test`` also ``per_class``: ``[correct, total]`` for each;
    - ``checkpoint``: ``file``, ``bytes`` and ``sha256`` of the weights; None if they are not published.

    Raises:
        KeyError: there is no such run.
    """
    entry = deepcopy(_entry(name))
    # JSON knows no tuples.
    entry["network"]["widths"] = tuple(entry["network"]["widths"])
    return entry


def _entry(name: str) -> dict[str, Any]:
    if name not in _records():
        raise KeyError(f"expected a run out of {names()}; got {name!r}")
    return _records()[name]


def state_dict(name: str) -> dict[str, Tensor]:
    """Return the trained weights of a run, for ``digit_resnet(**record(name)["network"])``.

    Raises:
        KeyError: there is no such run.
        ValueError: the run's weights are not published.
    """
    if _entry(name)["checkpoint"] is None:
        raise ValueError(
            f"expected a run out of {checkpoint_names()}, whose weights are published; got {name!r}"
        )
    path = _DIRECTORY / "checkpoints" / _entry(name)["checkpoint"]["file"]
    weights: dict[str, Tensor] = torch.load(path, weights_only=True, map_location="cpu")
    return weights


def sample_images() -> SampleImages:
    """Return ten images of the test split with labels and boxes."""
    return SampleImages(**torch.load(_DIRECTORY / "sample_images.pt", weights_only=True))
