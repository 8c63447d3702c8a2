"""The explorers of the probes: a cue, the gates it opens, the answer, and what an intervention changes."""

from __future__ import annotations

from collections.abc import Callable

import torch

from gate_by_gate.explorers.shared.probe_records import STAGES, ProbeRecords
from gate_by_gate.explorers.shared.probe_words import NOTHING
from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.encoding import picture
from gate_by_gate.widgets.snippets import Code

__all__ = ["COLOUR_CUE", "FRAME_CUE", "MATCHING_PAIR", "ROW_CUE", "definition_of"]


def longest(asked: Callable[[Setting], Data], image: Control, intervention: Control) -> tuple[Setting, ...]:
    """Return the settings whose sentences are the longest, for the longest of each sentence."""

    def length(setting: Setting, sentence: str) -> int:
        return len(str(asked(setting)[sentence]))

    settings = [{"image": i, "intervention": one} for i in image.values for one in intervention.values]
    first = max(settings, key=lambda setting: length(setting, "asked"))
    what = max(settings, key=lambda setting: length(setting, "what"))["intervention"]
    same = [setting for setting in settings if setting["intervention"] == what]
    return first, max(same, key=lambda setting: length(setting, "asked"))


def misread(records: ProbeRecords) -> Setting:
    """Return a setting whose answer is wrong, which takes more words than a right one.

    The plain network misreads half of the pictures; to ask every network would make the import slow.
    """
    plain = records.network.values[0]
    settings: list[Setting] = [
        {"network": plain, "intervention": NOTHING, "image": image} for image in records.image.values
    ]
    words = [len(str(records.read(one)["prediction"]["text"])) for one in settings]  # type: ignore[index]
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


def definition_of(records: ProbeRecords) -> Definition:
    """Put the explorer of a probe together."""
    words = records.words
    counts = [
        Item("accuracy", "number", "right on test images"),
        Item("changed", "number", "with the intervention"),
    ]
    if words.cued:
        counts.append(Item("follows", "number", "answers for the other cue"))
    counts.append(Item("blind", "number", "if it ignored the cue" if words.cued else "by chance"))
    of_maps = ("network", "stage", "image")
    line = "; line: with the other cue" if words.cued else ""
    drawn = (Item("map", "heatmap"), Item("strips", "strips"))
    # Self-attention has a legend.
    looking = [name for name in records.network.values if "self_attention" in str(name)]
    room = tuple({"network": name, "stage": STAGES[-1]} for name in looking)
    gates = [Part("places", of_maps, drawn, records.places, "either", room=room)]
    if words.cued:
        gates.append(Part("other_places", of_maps, drawn, records.other_places, "either", room=room))
    gates.append(
        Part(
            "channels",
            of_maps,
            (Item("gates", "bars", f"gate of each channel, mean over places{line}"),),
            records.channels,
            "half",
        )
    )
    everything = torch.cat([records.images.shown.images, records.images.donors.images])
    return Definition(
        name=records.probe,
        title=words.title,
        panels=(
            Panel("The network, and what is done to it", (records.network, records.intervention), ()),
            Panel(
                "A cue, and the answer" if words.cued else "A picture, and the answer",
                (records.image,),
                (
                    Part(
                        "asked",
                        ("image", "intervention"),
                        (Item("asked", "text"), Item("what", "text")),
                        records.asked,
                        room=longest(records.asked, records.image, records.intervention),
                    ),
                    Part(
                        "look",
                        ("image", "intervention"),
                        (Item("picture", "picture", "it sees"), Item("other", "picture", words.other)),
                        records.look,
                        "half",
                    ),
                    Part(
                        "answer",
                        ("network", "image", "intervention"),
                        (
                            Item("prediction", "number", "it answers"),
                            Item("probability", "number", "with probability"),
                            Item("probabilities", "bars", "probability of each answer; line: before"),
                        ),
                        records.read,
                        "column",
                        room=(misread(records),),
                    ),
                    Part(
                        "count",
                        ("network", "intervention"),
                        tuple(counts),
                        records.count,
                        room=tuple({"intervention": one} for one in records.intervention.values),
                    ),
                ),
            ),
            Panel(
                "The gates that the cue opens" if words.cued else "The gates", (records.stage,), tuple(gates)
            ),
        ),
        pictures=tuple(picture(image if len(image) == 3 else image[0]) for image in everything),
        code=Code(
            CODE.replace("PROBE", records.probe), {"lines": (("network", "intervention"), records.lines)}
        ),
    )


COLOUR_CUE, FRAME_CUE, ROW_CUE, MATCHING_PAIR = (
    definition_of(ProbeRecords(probe)) for probe in ("colour_cue", "frame_cue", "row_cue", "matching_pair")
)
