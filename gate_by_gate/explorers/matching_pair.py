"""The matching-pair explorer: a probe without a cue, which asks for the pattern that is unlike two others."""

from __future__ import annotations

from gate_by_gate.explorers.shared.interventions import interventions
from gate_by_gate.explorers.shared.probe import COLOURS, Probe
from gate_by_gate.explorers.shared.probe_explorer import definition_of
from gate_by_gate.results.probe_images import LabelledImages, ProbeImages
from gate_by_gate.widgets.live import Explorer

__all__ = ["DEFINITION", "PROBE", "MatchingPairExplorer"]


def colour_of_the_odd_one(images: ProbeImages, view: LabelledImages, index: int) -> str:
    """Name the colour of the frame of the pattern that is unlike the others."""
    return COLOURS[int(view.labels[index])]


PROBE = Probe(
    name="matching_pair",
    question="Change the network: which one finds the odd pattern out?",
    opens="matching_pair_cbam_r4_k7_epochs10_max_learning_rate0.005_seed0",
    answers=COLOURS,
    things=3,
    scene="Three small patterns of black and white squares, framed in red, green and blue",
    asked_for=colour_of_the_odd_one,
    cue=lambda colour: "one of the two equal patterns",
    asked=lambda colour, answer: f"Two patterns are equal; the one with the {colour} frame is the odd one.",
    interventions=interventions(
        "weights of another picture",
        None,
        ("opened", "without_max", "without_channel", "without_spatial"),
    ),
)

DEFINITION = definition_of(PROBE)


class MatchingPairExplorer(Explorer):
    """The probe with two equal patterns: what its networks answer, and what an intervention changes."""

    definition = DEFINITION
    room = (41.0, 50.0, 48.6)
