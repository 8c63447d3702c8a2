"""The colour-cue explorer: a probe whose cue is a small coloured square."""

from __future__ import annotations

from gate_by_gate.explorers.shared.interventions import interventions
from gate_by_gate.explorers.shared.probe import DIGITS, Probe, colour_of_the_cue
from gate_by_gate.explorers.shared.probe_explorer import definition_of
from gate_by_gate.widgets.live import Explorer

__all__ = ["DEFINITION", "PROBE", "ColourCueExplorer"]

PROBE = Probe(
    name="colour_cue",
    question="Change the gates: is the digit of the right colour still read?",
    opens="colour_cue_cbam_r4_k7_train_images24000_epochs8_max_learning_rate0.003_seed0",
    answers=DIGITS,
    things=3,
    scene="Three handwritten digits, one red, one green and one blue, and a small square",
    asked_for=colour_of_the_cue,
    cue=lambda colour: f"the cue: a {colour} square",
    asked=lambda colour, answer: f"The square is {colour}, so the {colour} digit is asked for: {answer}.",
    interventions=interventions(
        "gates for another square",
        ("another square", "The square has another colour; no gate is touched."),
        ("without_max",),
    ),
)

DEFINITION = definition_of(PROBE)


class ColourCueExplorer(Explorer):
    """The probe with a small cue: what its networks answer, and what an intervention changes."""

    definition = DEFINITION
    room = (39.8, 50.0, 48.6)
