"""The answers of a trained network on a split, and how many are right."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from attn_lib.inspection.hooks import evaluating
from gate_by_gate.experiment.cluttered_digits import Split, to_input

__all__ = ["Evaluation", "evaluate", "predict_logits"]


@dataclass(frozen=True)
class Evaluation:
    """The logits of a network and the right answers, with the counts that follow from them.

    Args:
        logits: float ``(N, classes)``.
        labels: int64 ``(N,)``.
    """

    logits: Tensor
    labels: Tensor

    @property
    def predictions(self) -> Tensor:
        """The class with the largest logit: int64 ``(N,)``."""
        return self.logits.argmax(dim=1)

    @property
    def total(self) -> int:
        """The number of images."""
        return len(self.labels)

    @property
    def correct(self) -> int:
        """The number of right predictions; a count, so that it can be stored and compared exactly."""
        return int((self.predictions == self.labels).sum())

    @property
    def accuracy(self) -> float:
        """The share of predictions that are right, in [0, 1]."""
        return self.correct / self.total

    @property
    def confusion(self) -> Tensor:
        """The confusion matrix, int64 ``(classes, classes)``: ``[i, j]`` counts class i read as class j."""
        classes = self.logits.shape[1]
        pairs = self.labels * classes + self.predictions
        return torch.bincount(pairs, minlength=classes * classes).reshape(classes, classes)

    @property
    def per_class(self) -> list[tuple[int, int]]:
        """The pair ``(correct, total)`` of every class in order."""
        confusion = self.confusion
        return list(zip(confusion.diagonal().tolist(), confusion.sum(dim=1).tolist(), strict=True))


def predict_logits(network: nn.Module, images: Tensor, *, batch_size: int = 250) -> Tensor:
    """Return the logits of ``network`` in evaluation mode; every module's mode is put back afterwards.

    Args:
        network: maps ``(N, C, H, W)`` float images to ``(N, classes)`` logits.
        images: uint8, as in :class:`~gate_by_gate.experiment.cluttered_digits.Split`.
        batch_size: images at a time; it bounds the memory and does not change the meaning of the result.

    Shape:
        ``(N, C, H, W)`` to ``(N, classes)``.
    """
    with evaluating(network), torch.no_grad():
        return torch.cat([network(to_input(batch)) for batch in images.split(batch_size)])


def evaluate(network: nn.Module, split: Split) -> Evaluation:
    """Compare a network's predictions with the labels of ``split``."""
    return Evaluation(logits=predict_logits(network, split.images), labels=split.labels)
