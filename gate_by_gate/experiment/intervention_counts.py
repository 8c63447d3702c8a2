"""How many answers of a trained network are right while something is done to its gates, or to the cue."""

from __future__ import annotations

from contextlib import nullcontext

import torch
from torch import Tensor, nn

from attn_lib.interventions import Intervention, interventions_for
from gate_by_gate.experiment.cluttered_digits import Split, to_input
from gate_by_gate.experiment.probe_tasks import ProbeTask

__all__ = ["count_interventions"]

_BATCH = 250


def count_interventions(network: nn.Module, task: ProbeTask, test: Split) -> dict[str, dict[str, int]]:
    """Count the right answers of a trained network under each intervention on its gates or on the cue.

    - ``"turned"``: the network is as it was and sees the donors; ``correct`` counts the answers that *their*
      cue asks for, ``other`` those that the image's own cue asked for;
    - ``"exchanged"``: its blocks use the attention that they have for the donors; ``correct`` counts the
      answers for the image's own cue, ``other`` those for the donor's;
    - the others of :func:`attn_lib.interventions.interventions_for`; frozen maps are
      :func:`attn_lib.interventions.mean_maps` over 250 images at a time.

    Args:
        network: in eval mode.
        task: a probe task.
        test: its test split.

    Returns:
        ``correct`` and ``total`` by the intervention's name; with ``other`` where a cue was turned.
    """
    donors = task.donors_of(test)
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
        x = to_input(images)
        with nullcontext({}) if intervention is None else intervention(x, to_input(given)):
            answers.append(network(x).argmax(dim=1))
    return torch.cat(answers)


def _count(answers: Tensor, labels: Tensor, other: Tensor | None) -> dict[str, int]:
    count = {"correct": int((answers == labels).sum()), "total": len(labels)}
    if other is not None:
        count["other"] = int((answers == other).sum())
    return count
