"""Training one network: repeatable on one machine, and resumable after a kill at any moment."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gate_by_gate.experiment.cluttered_digits import Split, to_input
from gate_by_gate.experiment.evaluation import evaluate
from gate_by_gate.experiment.integer_stream import IntegerStream

__all__ = ["LearningCurve", "TrainingConfig", "data_order", "save_atomically", "train", "write_bytes"]


@dataclass(frozen=True)
class TrainingConfig:
    """The hyperparameters of training: the number of steps, the learning rate and the weight decay.

    AdamW (Loshchilov and Hutter, ICLR 2019) under a one-cycle learning rate (Smith and Topin, 2019), without
    augmentation: the images differ enough from one another as they are.

    Args:
        epochs: passes over the training images.
        batch_size: images per step; what is left over at the end of an epoch is dropped.
        max_learning_rate: the peak of the cycle.
        warmup: the share of all steps in which the learning rate climbs to its peak, between 0 and 1.
        weight_decay: AdamW's, decoupled from the gradient.

    Raises:
        ValueError: a value is out of its range.
    """

    epochs: int = 6
    batch_size: int = 50
    max_learning_rate: float = 1e-2
    warmup: float = 0.15
    weight_decay: float = 1e-2

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"`{name}` must be at least 1; got {name}={getattr(self, name)}")
        if not self.max_learning_rate > 0:
            raise ValueError(f"`max_learning_rate` must be positive; got {self.max_learning_rate}")
        if not 0 < self.warmup < 1:
            raise ValueError(f"`warmup` must be between 0 and 1; got warmup={self.warmup}")
        if not self.weight_decay >= 0:
            raise ValueError(f"`weight_decay` must be at least 0; got {self.weight_decay}")


@dataclass
class LearningCurve:
    """Loss, accuracy and seconds of every epoch, in order."""

    train_loss: list[float] = field(default_factory=list)
    """Mean cross entropy over the epoch's batches, each taken just before its step."""
    validation_accuracy: list[float] = field(default_factory=list)
    """Share of the validation images that were right, in [0, 1]."""
    seconds: list[float] = field(default_factory=list)
    """Wall time of each epoch with its validation; what else the machine was doing counts, too."""


def data_order(images: int, *, seed: int, epoch: int) -> Tensor:
    """Return the order in which an epoch sees the images.

    It follows from seed and epoch alone: every network with the same seed sees the same batches, and a run
    that is resumed has no random state to carry over.
    """
    return torch.from_numpy(IntegerStream("data order", seed, epoch).permutation(images))


def train(
    network: nn.Module,
    training: Split,
    validation: Split,
    config: TrainingConfig,
    *,
    seed: int,
    progress_file: Path,
    about: Mapping[str, Any] | None = None,
    after_epoch: Callable[[LearningCurve], None] = lambda curve: None,
) -> LearningCurve:
    """Train ``network`` in place to the end of its budget, going on from ``progress_file`` if there is one.

    The weights of the last epoch are the result: picking the epoch with the best validation accuracy would
    favour the network with the noisiest curve, and the learning rate ends so low that the last is as good.

    Args:
        network: a classifier with the run's initial weights; it is left in the ``channels_last`` layout.
        training: the images to learn from.
        validation: the images for the learning curve; nothing is chosen by them here.
        config: the hyperparameters.
        seed: decides the data order.
        progress_file: replaced as a whole after every epoch, so that a kill costs one epoch at most.
        about: what else must be the same for a run to go on, such as the task that made its images.
        after_epoch: called with the curve so far after each epoch, once that epoch is safe on disk.

    Raises:
        ValueError: an epoch would not fill one batch, the learning rate would climb in exactly one step, or
            ``progress_file`` holds a run with another config, seed, number of images or ``about``.
    """
    steps = len(training.labels) // config.batch_size
    if steps == 0:
        raise ValueError(
            f"expected at least one batch of {config.batch_size} images; got {len(training.labels)} images"
        )
    if config.warmup * config.epochs * steps == 1:
        raise ValueError(  # OneCycleLR divides by the number of steps behind the first
            f"expected `warmup` to be less or more than one step; got {config.warmup} of "
            f"{config.epochs * steps} steps"
        )
    # The memory layout in which convolutions of few channels are fastest on a CPU: it saves a quarter.
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stubs
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=config.max_learning_rate, weight_decay=config.weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=config.max_learning_rate,
        total_steps=config.epochs * steps,
        pct_start=config.warmup,
    )
    identity = {
        "settings": asdict(config),
        "seed": seed,
        "images": len(training.labels),
        "about": dict(about or {}),
    }
    curve = LearningCurve()
    if progress_file.exists():
        progress = torch.load(progress_file, weights_only=True)
        if progress["identity"] != identity:
            raise ValueError(f"expected a run with {identity} in {progress_file}; got {progress['identity']}")
        network.load_state_dict(progress["network"])
        optimizer.load_state_dict(progress["optimizer"])
        schedule.load_state_dict(progress["schedule"])
        curve = LearningCurve(**progress["curve"])

    for epoch in range(len(curve.train_loss), config.epochs):
        started = time.perf_counter()
        order = data_order(len(training.labels), seed=seed, epoch=epoch)[: steps * config.batch_size]
        loss = _train_one_epoch(network, training, order.split(config.batch_size), optimizer, schedule)
        curve.train_loss.append(loss)
        curve.validation_accuracy.append(evaluate(network, validation).accuracy)
        curve.seconds.append(time.perf_counter() - started)
        progress = {
            "identity": identity,
            "network": network.state_dict(),
            "optimizer": optimizer.state_dict(),
            "schedule": schedule.state_dict(),
            "curve": asdict(curve),
        }
        save_atomically(progress, progress_file)
        after_epoch(curve)
    return curve


def _train_one_epoch(
    network: nn.Module,
    training: Split,
    batches: tuple[Tensor, ...],
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> float:
    """Take one step for each batch of image indices; return the mean loss."""
    network.train()
    total = 0.0
    for batch in batches:
        loss = F.cross_entropy(network(to_input(training.images[batch])), training.labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        total += loss.item()
    return total / len(batches)


def save_atomically(content: dict[str, Any], path: Path) -> None:
    """Save ``content`` with torch; at any moment ``path`` holds a whole file, the old or the new one."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_bytes(buffer.getvalue(), path)


def write_bytes(content: bytes, path: Path) -> None:
    """Write ``content``; at any moment ``path`` holds a whole file, the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".unfinished")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)
