"""The explorer of a probe: a cue, the gates it opens, the answer, and what an intervention changes."""

from __future__ import annotations

from gate_by_gate.explorers.shared.interventions import code_of
from gate_by_gate.explorers.shared.probe import Probe
from gate_by_gate.explorers.shared.probe_parts import ProbeParts
from gate_by_gate.widgets.deferred import Deferred
from gate_by_gate.widgets.definition import Definition, Item, Panel, Part
from gate_by_gate.widgets.items.bars import Bars
from gate_by_gate.widgets.items.heatmap import Heatmap
from gate_by_gate.widgets.items.number import Number
from gate_by_gate.widgets.items.picture import Picture
from gate_by_gate.widgets.items.strips import Strips
from gate_by_gate.widgets.items.text import Text
from gate_by_gate.widgets.snippets import Code

__all__ = ["definition_of"]


CODE = """\
from gate_by_gate.explorers.shared.samples import trained_network
from attn_lib.inspection import attention_maps
from attn_lib.interventions import interventions_for
from gate_by_gate.results.probe_images import probe_images

images, network = probe_images("PROBE"), trained_network({network})
{lines}
answer = int(probabilities[{image}].argmax())
used = maps.get("layer{stage}.0.attention")  # the maps that it used, for all eight pictures
"""


def definition_of(probe: Probe) -> Definition:
    """Put the explorer of a probe together."""
    parts = ProbeParts(probe)
    counts = [
        Item("accuracy", Number, "right on test images"),
        Item("changed", Number, "with the intervention"),
    ]
    if probe.cued:
        counts.append(Item("follows", Number, "answers for the other cue"))
    counts.append(Item("blind", Number, "if it ignored the cue" if probe.cued else "by chance"))
    of_maps = ("network", "stage", "image")
    line = "; line: with the other cue" if probe.cued else ""
    drawn = (Item("map", Heatmap), Item("strips", Strips), Item("seen", Picture, "no map of places; it sees"))
    # What every network with gates has comes first: not all have a map of places.
    gates = [
        Part(
            "channels",
            of_maps,
            (Item("gates", Bars, f"gate of each channel, mean over places{line}"),),
            parts.channels,
        ),
        Part("places", of_maps, drawn, parts.places, "either"),
    ]
    if probe.cued:
        gates.append(Part("other_places", of_maps, drawn, parts.other_places, "either"))
    count = Part("count", ("network", "intervention"), tuple(counts), parts.count)
    return Definition(
        name=probe.name,
        question=probe.question,
        controls=(parts.network, parts.intervention, parts.stage, parts.image),
        panels=(
            Panel(
                "answer",
                "The answer",
                (
                    Part(
                        "look",
                        ("image", "intervention"),
                        (Item("picture", Picture, "it sees"),),
                        parts.look,
                        "main",
                    ),
                    Part(
                        "answer",
                        ("network", "image", "intervention"),
                        (
                            Item("prediction", Number, "it answers"),
                            Item("probability", Number, "with probability"),
                            Item("probabilities", Bars, "probability of each answer; line: before"),
                        ),
                        parts.read,
                        "side",
                    ),
                    Part(
                        "asked",
                        ("image", "intervention"),
                        (Item("asked", Text), Item("what", Text)),
                        parts.asked,
                        "side",
                    ),
                ),
            ),
            Panel("gates", "The gates", tuple(gates)),
            Panel("count", "All test images", (count,)),
        ),
        pictures=Deferred(parts.draw_all),
        code=Code(CODE.replace("PROBE", probe.name), {"lines": (("network", "intervention"), code_of)}),
    )
