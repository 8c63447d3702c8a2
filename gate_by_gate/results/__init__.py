"""The published results of the experiment: records, trained weights and some test images.

Next to this file lie

- ``records.json``: one record per run, by name;
- ``table.csv``: cost, accuracy and localisation out of the records, one row per run;
- ``checkpoints/NAME.pt``: a state dict in half precision for each run whose record has a ``checkpoint``;
- ``probe_images.pt``: the images of :func:`gate_by_gate.results.probe_images.probe_images`;
- ``sample_images.pt``: the images of :func:`sample_images`;
- ``reruns.json``: two runs repeated from weights that differ in their last bits;
- ``sweep.json``: what has finished of the sweep (``gate_by_gate.experiment.sweep``), without weights;
- ``timings.json``: the time per image of every network of the main group.

``python -m gate_by_gate.experiment publish`` writes them, ``time`` in its place the times, ``reruns`` the
repetitions, and ``sweep --publish`` the sweep; nothing in them is edited by hand. A run's name says what was
trained: ``plain_seed0``, ``se_r4_bias_seed0``, ``cbam_r4_k7_fragments21_seed3``. Without the seed it is the
name of a setting: ``se_r4_bias`` has five runs. :mod:`gate_by_gate.results.comparison` compares settings over
their seeds; it alone needs more than torch: SciPy.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gate_by_gate.digit_resnet import DigitResNet, digit_resnet
from gate_by_gate.results.timings import Timing, timing, timing_conditions

__all__ = [
    "SampleImages",
    "Timing",
    "checkpoint_names",
    "class_gates",
    "names",
    "record",
    "reruns",
    "sample_images",
    "seeds",
    "settings",
    "state_dict",
    "timing",
    "timing_conditions",
    "trained_network",
]

_DIRECTORY = Path(__file__).parent


class SampleImages(NamedTuple):
    """Ten images of the test split, one for every digit: entry d shows a d.

    Chosen by a rule, not by eye: the three digits that ``plain_seed0`` misreads most often are shown by the
    first test image that it misreads, each other digit by the first that it reads correctly.
    """

    images: Tensor
    """uint8 ``(10, 1, 40, 40)``."""
    labels: Tensor
    """int64 ``(10,)``: 0 to 9."""
    boxes: Tensor
    """int64 ``(10, 4)``: ``x, y, width, height`` of the digit's square in pixels; x runs right, y down."""
    digits: Tensor
    """uint8 ``(10, 14, 14)``: the digit of each image, alone."""
    indices: Tensor
    """int64 ``(10,)``: index in the test split."""

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


def settings(group: str | None = None) -> list[str]:
    """Return the names of all settings, or of one group's, in alphabetical order.

    Args:
        group: ``"main"``, ``"robustness"`` or ``"probes"``.
    """
    return sorted(
        {
            name.rpartition("_seed")[0]
            for name, entry in _records().items()
            if group is None or entry["group"] == group
        }
    )


def seeds(setting: str) -> list[int]:
    """Return the seeds with which a setting was trained, in order.

    Raises:
        KeyError: no run of that setting is published.
    """
    found = sorted(
        entry["seed"] for name, entry in _records().items() if name.rpartition("_seed")[0] == setting
    )
    if not found:
        raise KeyError(f"expected a setting out of {settings()}; got {setting!r}")
    return found


def record(name: str) -> dict[str, Any]:
    """Return the record of a run: what was trained, how, and what it reached.

    Its entries:

    - ``task``: its name; ``group``: ``"main"``, ``"robustness"`` or ``"probes"``;
    - ``setting``: ``attention`` and the block's keywords;
    - ``network``: what rebuilds it, ``digit_resnet(**record["network"])``; ``parameters``: their number;
      ``macs``: multiply-accumulates for one image, of convolutions, linear layers and matrix products;
    - ``data``, ``data_sha256``: the fields of the task and the hash of its images, labels and boxes;
    - ``training``: the hyperparameters; ``seed``: decides initial weights and data order;
    - ``command``: repeats the run, exactly on the same machine with the same versions alone: another
      processor rounds otherwise, and training amplifies that (:func:`reruns`); ``versions``, ``platform``:
      where it ran; newer records also have the ``machine``: its ``cpu``, its vector ``instructions``, the
      number of ``threads`` and the ``commit``; ``training_seconds``: how long it took there, on a machine
      that was doing other things too, so that it compares nothing;
    - ``learning_curve``: ``train_loss`` and ``validation_accuracy`` after every epoch;
    - ``validation``, ``test``: ``correct`` out of ``total``;
      ``test`` also ``per_class``: ``[correct, total]`` for each;
    - ``localization``, in the main group: for each stage the scores of ``grad_cam`` and, if the block there
      has a spatial map, of its ``attention``: ``hits`` of ``total`` in the pointing game, mean ``energy``
      inside the digit's box, and ``chance``;
    - ``interventions``, for networks of probe tasks whose weights are published: ``correct`` out of ``total``
      test images with the cue ``turned``, and under each of
      :func:`attn_lib.interventions.interventions_for`; ``other`` counts the answers that the cue of the other
      image asks for;
    - ``checkpoint``: ``file``, ``bytes`` and ``sha256`` of the weights; None if they are not published.

    Raises:
        KeyError: there is no such run.
    """
    entry = _copy(_entry(name))
    # JSON knows no tuples.
    network = entry["network"]
    entry["network"] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in network.items()
    }
    entry.pop("class_gates", None)
    return entry


def _entry(name: str) -> dict[str, Any]:
    if name not in _records():
        raise KeyError(f"expected a run out of {names()}; got {name!r}")
    return _records()[name]


def reruns(name: str) -> list[dict[str, Any]]:
    """Return what came out when a run was repeated on one machine from weights changed in their last bits.

    Its entries: ``number``, 0 for a repetition from the very same weights; ``jitter``, by what share every
    weight was changed; ``test`` with ``correct`` out of ``total``; ``versions``, ``machine``. A ``commit``
    of None says that git could name none where it ran, as for all that are published.

    Raises:
        KeyError: that run was not repeated.
    """
    found = [one for one in _reruns() if one["run"] == name]
    if not found:
        raise KeyError(f"expected a run out of {sorted({one['run'] for one in _reruns()})}; got {name!r}")
    return _copy(found)


def _copy(found: Any) -> Any:
    """Copy what comes from a file of JSON, by way of its text: several times as fast as ``deepcopy``."""
    return json.loads(json.dumps(found))


@lru_cache(maxsize=1)
def _reruns() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((_DIRECTORY / "reruns.json").read_text(encoding="utf-8"))
    return found


def state_dict(name: str) -> dict[str, Tensor]:
    """Return the trained weights of a run, for ``digit_resnet(**record(name)["network"])``.

    They are float32, each rounded to half precision, and so was the network whose accuracy is recorded.

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
    return {name: value.float() if value.is_floating_point() else value for name, value in weights.items()}


def trained_network(name: str) -> DigitResNet:
    """Build the network of a run with its trained weights, in eval mode; every call builds a new one.

    Raises:
        KeyError: there is no such run.
        ValueError: the run's weights are not published.
    """
    weights = state_dict(name)
    network = digit_resnet(**record(name)["network"])
    network.load_state_dict(weights)
    return network.eval()


def class_gates(name: str) -> dict[str, Tensor]:
    """Return the mean gate of every channel for each digit, over the test images, by block.

    Published for SE and ECA with the first seed.

    Shape:
        ``(10, C)`` each, rounded to three decimals.

    Raises:
        KeyError: there is no such run.
        ValueError: the run has no gates by class.
    """
    gates = _entry(name).get("class_gates")
    if gates is None:
        raise ValueError(f"expected a run of SE or ECA with seed 0 in the main group; got {name!r}")
    return {block: torch.tensor(rows) for block, rows in gates.items()}


def sample_images() -> SampleImages:
    """Return one image of the test split for every digit, with labels and boxes."""
    return SampleImages(**torch.load(_DIRECTORY / "sample_images.pt", weights_only=True))
