"""The frame-cue explorer: a probe whose cue is a coloured frame around the picture, which every mean sees."""

from __future__ import annotations

from gate_by_gate.explorers.shared.interventions import interventions
from gate_by_gate.explorers.shared.probe import DIGITS, Probe, colour_of_the_cue
from gate_by_gate.explorers.shared.probe_explorer import definition_of
from gate_by_gate.widgets.live import Explorer

__all__ = ["DEFINITION", "PROBE", "FrameCueExplorer"]

PROBE = Probe(
    name="frame_cue",
    question="Change the gates: is the digit in the frame's colour still read?",
    opens="frame_cue_se_r4_bias_epochs16_max_learning_rate0.001_seed0",
    answers=DIGITS,
    things=2,
    scene="A red and a green handwritten digit in the middle of a frame",
    asked_for=colour_of_the_cue,
    cue=lambda colour: f"the cue: a {colour} frame",
    asked=lambda colour, answer: f"The frame is {colour}, so the {colour} digit is asked for: {answer}.",
    interventions=interventions(
        "gates for the other frame",
        ("other frame", "The frame has the other colour; no gate is touched."),
        ("without_max",),
    ),
)

DEFINITION = definition_of(PROBE)


class FrameCueExplorer(Explorer):
    """The probe with a cue that every mean sees: what its networks answer, what interventions change."""

    definition = DEFINITION
    room = (39.8, 50.0, 48.6)
