"""The explorer of a probe: a cue, the gates it opens, the answer, and what an intervention changes."""

from __future__ import annotations

from gate_by_gate.explorers.shared.interventions import NOTHING, code_of
from gate_by_gate.explorers.shared.probe import Probe
from gate_by_gate.explorers.shared.probe_parts import STAGES, ProbeParts
from gate_by_gate.widgets.deferred import Deferred
from gate_by_gate.widgets.definition import Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.bars import Bars
from gate_by_gate.widgets.items.heatmap import Heatmap
from gate_by_gate.widgets.items.number import Number
from gate_by_gate.widgets.items.picture import Picture
from gate_by_gate.widgets.items.strips import Strips
from gate_by_gate.widgets.items.text import Text
from gate_by_gate.widgets.snippets import Code

__all__ = ["definition_of"]


def longest(parts: ProbeParts) -> tuple[Setting, ...]:
    """Return the settings with the longest sentences, one for each of the two sentences."""

    def length(setting: Setting, sentence: str) -> int:
        return len(str(parts.asked(setting)[sentence]))

    settings = [
        {"image": image, "intervention": intervention}
        for image in parts.image.values
        for intervention in parts.intervention.values
    ]
    first = max(settings, key=lambda setting: length(setting, "asked"))
    what = max(settings, key=lambda setting: length(setting, "what"))["intervention"]
    same = [setting for setting in settings if setting["intervention"] == what]
    return first, max(same, key=lambda setting: length(setting, "asked"))


def misread(parts: ProbeParts) -> Setting:
    """Return a setting whose answer is wrong, which takes more words than a right one.

    The plain network misreads half of the pictures; to ask every network would take long.
    """
    plain = parts.network.values[0]
    settings: list[Setting] = [
        {"network": plain, "intervention": NOTHING, "image": image} for image in parts.image.values
    ]
    words = [len(str(parts.read(one)["prediction"]["text"])) for one in settings]
    return {"network": plain, "image": settings[words.index(max(words))]["image"]}


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
    drawn = (Item("map", Heatmap), Item("strips", Strips))
    # Self-attention has a legend.
    tallest: Deferred[Setting] = Deferred(
        lambda: [
            {"network": name, "stage": STAGES[-1]}
            for name, config in parts.configs.items()
            if config["attention"] == "self_attention"
        ]
    )
    gates = [Part("places", of_maps, drawn, parts.places, "either", tallest_at=tallest)]
    if probe.cued:
        gates.append(Part("other_places", of_maps, drawn, parts.other_places, "either", tallest_at=tallest))
    gates.append(
        Part(
            "channels",
            of_maps,
            (Item("gates", Bars, f"gate of each channel, mean over places{line}"),),
            parts.channels,
            "half",
        )
    )
    return Definition(
        name=probe.name,
        title=probe.title,
        panels=(
            Panel("The network, and what is done to it", (parts.network, parts.intervention), ()),
            Panel(
                "A cue, and the answer" if probe.cued else "A picture, and the answer",
                (parts.image,),
                (
                    Part(
                        "asked",
                        ("image", "intervention"),
                        (Item("asked", Text), Item("what", Text)),
                        parts.asked,
                        tallest_at=Deferred(lambda: longest(parts)),
                    ),
                    Part(
                        "look",
                        ("image", "intervention"),
                        (Item("picture", Picture, "it sees"), Item("other", Picture, probe.other)),
                        parts.look,
                        "half",
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
                        "column",
                        tallest_at=Deferred(lambda: [misread(parts)]),
                    ),
                    Part(
                        "count",
                        ("network", "intervention"),
                        tuple(counts),
                        parts.count,
                        tallest_at=tuple({"intervention": one} for one in parts.intervention.values),
                    ),
                ),
            ),
            Panel(
                "The gates that the cue opens" if probe.cued else "The gates", (parts.stage,), tuple(gates)
            ),
        ),
        pictures=Deferred(parts.draw_all),
        code=Code(CODE.replace("PROBE", probe.name), {"lines": (("network", "intervention"), code_of)}),
    )
