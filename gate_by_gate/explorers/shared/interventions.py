"""Interventions on the networks of a probe: the words for them, and what networks answer under them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from attn_lib.interventions import Used, interventions_for, with_maps
from gate_by_gate import results
from gate_by_gate.explorers.shared.samples import trained_network
from gate_by_gate.results.probe_images import probe_images

__all__ = ["NOTHING", "TURNED", "Intervention", "Outcome", "code_of", "interventions", "run_with"]

NOTHING = "none"
"""The intervention that changes nothing."""

TURNED = "turned"
"""The intervention that shows the network another picture, in which the cue points elsewhere."""


class Intervention(NamedTuple):
    """The words for an intervention."""

    name: str
    what: str
    """What it does, as a sentence."""


TOLD = {
    NOTHING: ("none", "Nothing is changed: the blocks use what they compute for this picture."),
    "frozen": ("mean gates", "Every block uses the mean of its maps over the eight pictures."),
    "opened": ("gates open, weights alike", "Every gate is 1; self-attention looks everywhere alike."),
    "without_max": ("no maximum", "The channel gates of CBAM see means alone."),
    "without_channel": ("channels open", "Every gate for a channel is 1; those for places stay."),
    "without_spatial": ("places open", "Every gate for a place is 1; those for channels stay."),
    "without_height": ("rows open", "Every gate for a row is 1; those for columns stay."),
    "without_width": ("columns open", "Every gate for a column is 1; those for rows stay."),
}
"""The words for the interventions that are the same for every probe."""

GIVEN = "The blocks are given the gates that they compute for the other picture."


def interventions(
    exchanged: str, turned: tuple[str, str] | None = None, others: tuple[str, ...] = ()
) -> dict[str, Intervention]:
    """Return the interventions that a probe offers, in order.

    Args:
        exchanged: the name for giving the blocks the gates for the other picture.
        turned: name and sentence for turning the cue; None for a probe without a cue.
        others: the names of others out of ``TOLD``, besides the mean.
    """
    cue = {} if turned is None else {TURNED: turned}
    told = {NOTHING: TOLD[NOTHING], **cue, "exchanged": (exchanged, GIVEN), "frozen": TOLD["frozen"]}
    return {
        name: Intervention(*words) for name, words in {**told, **{one: TOLD[one] for one in others}}.items()
    }


class Outcome(NamedTuple):
    """What a network makes of all pictures under an intervention."""

    probabilities: Tensor
    """``(pictures, answers)``"""
    used: Used
    """The maps that its blocks used; of length 1 where they are the same for all pictures."""


@cache
def run_with(network: str, intervention: str) -> Outcome | None:
    """Run a network of a probe on its pictures; ``None`` if the intervention does not apply to it.

    Args:
        network: the name of the run.
        intervention: ``"none"``, ``"turned"``, or one of :func:`attn_lib.interventions.interventions_for`.
    """
    model, images = trained_network(network), probe_images(results.record(network)["task"])
    suitable = interventions_for(model)
    if intervention in (NOTHING, TURNED):
        view = images.donors if intervention == TURNED else images.shown
        context: AbstractContextManager[Used] = with_maps(model, lambda name, own: own)
    elif intervention in suitable:
        shown, donors = (view.inputs().double() for view in (images.shown, images.donors))
        view, context = images.shown, suitable[intervention](shown, donors)
    else:
        return None
    with torch.no_grad(), context as used:
        probabilities = model(view.inputs().double()).softmax(dim=1)
    return Outcome(probabilities, used)


def code_of(network: str, intervention: str) -> str:
    """Write the code that runs a network under an intervention, or as it is, if that does not apply to it."""
    if intervention not in interventions_for(trained_network(network)):
        given = "donors" if intervention == TURNED else "shown"
        return (
            f"maps = attention_maps(network, images.{given}.inputs().double())\n"
            f"probabilities = network(images.{given}.inputs().double()).softmax(dim=1)"
        )
    return (
        "shown, donors = (pictures.inputs().double() for pictures in (images.shown, images.donors))\n"
        f'with interventions_for(network)["{intervention}"](shown, donors) as maps:\n'
        "    probabilities = network(shown).softmax(dim=1)"
    )
