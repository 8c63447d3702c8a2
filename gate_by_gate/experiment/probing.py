"""What is published of a probe beside its accuracy: counts under interventions, and images to show."""

from __future__ import annotations

from contextlib import nullcontext

import torch
from torch import Tensor, nn

from attn_lib.interventions import Intervention, interventions_for
from gate_by_gate.experiment.cluttered_digits import Split, to_input
from gate_by_gate.experiment.evaluation import Evaluation
from gate_by_gate.experiment.probes import Probe

__all__ = ["SHOWN_IMAGES", "choose_shown", "count_interventions", "donors_of", "shown_images"]

SHOWN_IMAGES = 8
"""Images of a probe that are published; the plain network misreads half of them."""

_BATCH = 250


def donors_of(task: Probe, test: Split) -> Split:
    """Return for every test image its donor: the one that another answer is right for.

    It differs from the image in nothing but the cue, which points to the next digit; where there is no cue,
    it is the next image.
    """
    if task.has_cue:
        return task.make("test", turn=1)
    return Split(*(value.roll(-1, dims=0) for value in test if value is not None))


def count_interventions(network: nn.Module, task: Probe, test: Split) -> dict[str, dict[str, int]]:
    """Count what a trained network gets right while something is done to it, or to the cue.

    - ``"turned"``: the network is as it was and sees the donors; ``correct`` counts the answers that *their*
      cue asks for, ``other`` those that the image's own cue asked for;
    - ``"exchanged"``: its blocks use the attention that they have for the donors; ``correct`` counts the
      answers for the image's own cue, ``other`` those for the donor's;
    - the others of :func:`attn_lib.interventions.interventions_for`; frozen maps are the means over 250
      images at a time.

    Args:
        network: in eval mode.
        task: a probe.
        test: its test split.

    Returns:
        ``correct`` and ``total`` by the intervention's name; with ``other`` where a cue was turned.
    """
    donors = donors_of(task, test)
    counts = {}
    if task.has_cue:
        counts["turned"] = _count(_answers(network, donors, donors), donors.labels, test.labels)
    for name, intervention in interventions_for(network).items():
        answers = _answers(network, test, donors, intervention)
        other = donors.labels if task.has_cue and name == "exchanged" else None
        counts[name] = _count(answers, test.labels, other)
    return counts


@torch.no_grad()
def _answers(
    network: nn.Module, shown: Split, donors: Split, intervention: Intervention | None = None
) -> Tensor:
    answers = []
    for images, given in zip(shown.images.split(_BATCH), donors.images.split(_BATCH), strict=True):
        with nullcontext({}) if intervention is None else intervention(to_input(given)):
            answers.append(network(to_input(images)).argmax(dim=1))
    return torch.cat(answers)


def _count(answers: Tensor, labels: Tensor, other: Tensor | None) -> dict[str, int]:
    count = {"correct": int((answers == labels).sum()), "total": len(labels)}
    if other is not None:
        count["other"] = int((answers == other).sum())
    return count


def choose_shown(result: Evaluation, donor_labels: Tensor) -> list[int]:
    """Choose the test images that are shown: half of them read correctly, half misread.

    They are taken in the order of the split, each that has another answer than its donor, until a half is
    full; no answer is shown more often than it takes for all of them to be shown alike.

    Args:
        result: what the plain network makes of the test images.
        donor_labels: the answers that are right for the donors, ``(N,)``.

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


def shown_images(task: Probe, test: Split, result: Evaluation) -> dict[str, Tensor]:
    """Return the images that :func:`choose_shown` picks, with their donors, as they are published."""
    donors = donors_of(task, test)
    indices = choose_shown(result, donors.labels)
    shown = {"indices": torch.tensor(indices)}
    for prefix, split in (("", test), ("donor_", donors)):
        for name, value in split._asdict().items():
            shown[f"{prefix}{name}"] = value[indices]
    return shown
