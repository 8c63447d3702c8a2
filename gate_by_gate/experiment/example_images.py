"""Which test images the book shows: chosen by what the plain network answers, by a rule and not by eye."""

from __future__ import annotations

import torch
from torch import Tensor

from gate_by_gate.experiment.cluttered_digits import Split
from gate_by_gate.experiment.evaluation import Evaluation
from gate_by_gate.experiment.probe_tasks import ProbeTask

__all__ = ["SHOWN_IMAGES", "choose_samples", "choose_shown", "shown_images"]

SHOWN_IMAGES = 8
"""Images of a probe task that are published; the plain network misreads half of them."""

_WRONG_SAMPLES = 3
"""Of the ten images of cluttered digits that are published, how many the plain network misreads."""


def choose_samples(result: Evaluation) -> list[int]:
    """Choose one test image of every class, three of which the network misreads.

    The three classes with the most mistakes (the lower class first, if equal) are each shown by their first
    image that is misread; every other class by its first image that is read correctly.

    Returns:
        The index of the image of class 0, 1, 2 and so on.

    Raises:
        ValueError: a class has no such image.
    """
    mistakes = [total - correct for correct, total in result.per_class]
    by_mistakes = sorted(range(len(mistakes)), key=lambda digit: (-mistakes[digit], digit))
    right = result.predictions == result.labels
    chosen = []
    for digit in range(len(mistakes)):
        wanted = ~right if digit in by_mistakes[:_WRONG_SAMPLES] else right
        candidates = torch.nonzero(wanted & (result.labels == digit)).flatten()
        if len(candidates) == 0:
            raise ValueError(
                f"expected classes with right and with misread images; got none for class {digit}"
            )
        chosen.append(int(candidates[0]))
    return chosen


def choose_shown(result: Evaluation, donor_labels: Tensor) -> list[int]:
    """Choose eight test images of a probe task to show: four that the network reads, four that it misreads.

    Images with another answer than their donor are taken in the order of the split until each half is full.
    No answer is shown more often than needed: of ten answers none twice, of three none more than thrice.

    Args:
        result: what the plain network makes of the test images.
        donor_labels: the right answers for the donors, ``(N,)``.

    Raises:
        ValueError: there are not enough such images.
    """
    classes = result.logits.shape[1]
    room = {True: SHOWN_IMAGES // 2, False: SHOWN_IMAGES // 2}
    of_answer = [-(-SHOWN_IMAGES // classes)] * classes
    chosen = []
    right = (result.predictions == result.labels).tolist()
    for index, (label, donor) in enumerate(zip(result.labels.tolist(), donor_labels.tolist(), strict=True)):
        if label != donor and room[right[index]] and of_answer[label]:
            room[right[index]] -= 1
            of_answer[label] -= 1
            chosen.append(index)
    if len(chosen) < SHOWN_IMAGES:
        raise ValueError(f"expected {SHOWN_IMAGES} images to show; the rule finds {len(chosen)}")
    return chosen


def shown_images(task: ProbeTask, test: Split, result: Evaluation) -> dict[str, Tensor]:
    """Return the test images that :func:`choose_shown` picks, with their donors, as they are published."""
    donors = task.donors_of(test)
    indices = choose_shown(result, donors.labels)
    shown = {"indices": torch.tensor(indices)}
    for prefix, split in (("", test), ("donor_", donors)):
        for name, value in split._asdict().items():
            shown[f"{prefix}{name}"] = value[indices]
    return shown
