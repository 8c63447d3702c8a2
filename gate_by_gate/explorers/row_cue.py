"""The row-cue explorer: a probe whose cue is a mark at the left edge, in the row of one of two digits."""

from __future__ import annotations

from gate_by_gate.explorers.shared.interventions import interventions
from gate_by_gate.explorers.shared.probe import DIGITS, Probe
from gate_by_gate.explorers.shared.probe_explorer import definition_of
from gate_by_gate.results.probe_images import LabelledImages, ProbeImages
from gate_by_gate.widgets.live import Explorer

__all__ = ["DEFINITION", "PROBE", "RowCueExplorer"]


def upper_or_lower(images: ProbeImages, view: LabelledImages, index: int) -> str:
    """Say whether the upper or the lower of two digits is asked for; the donor asks for the other one."""
    upper = min(one.boxes[index, 1].item() for one in (images.shown, images.donors))
    return "upper" if view.boxes[index, 1] == upper else "lower"


PROBE = Probe(
    name="row_cue",
    question="Change the gates: is the digit beside the mark still read?",
    opens="row_cue_coord_att_r4_seed0",
    answers=DIGITS,
    things=2,
    scene="Two handwritten digits on the right, one below the other, and a mark at the left edge",
    asked_for=upper_or_lower,
    cue=lambda which: f"the cue: a mark beside the {which} digit",
    asked=lambda which, answer: f"The mark is beside the {which} digit, so that is asked for: {answer}.",
    interventions=interventions(
        "gates for the other mark",
        ("mark moved", "The mark stands beside the other digit; no gate is touched."),
        ("without_height", "without_width"),
    ),
)

DEFINITION = definition_of(PROBE)


class RowCueExplorer(Explorer):
    """The probe with a cue along a row: what its networks answer, and what an intervention changes."""

    definition = DEFINITION
    room = (38.2, 50.0, 48.6)
