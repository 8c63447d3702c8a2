"""What the explorer of a probe shows: its pictures, the answers of its networks, and the gates they used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from attn_lib.inspection import spatial_map
from gate_by_gate import results
from gate_by_gate.explorers.shared.block_maps import (
    draw_channel_gates,
    draw_spatial_gates,
    hundredths,
    looks_from,
)
from gate_by_gate.explorers.shared.interventions import NOTHING, TURNED, run_with
from gate_by_gate.explorers.shared.probe import Probe
from gate_by_gate.explorers.shared.samples import trained_network
from gate_by_gate.explorers.shared.setting_names import family, order, title
from gate_by_gate.results.probe_images import LabelledImages, ProbeImages, probe_images
from gate_by_gate.widgets.controls import Control, Value
from gate_by_gate.widgets.deferred import Deferred
from gate_by_gate.widgets.definition import Data, Setting
from gate_by_gate.widgets.items.bars import Bars
from gate_by_gate.widgets.items.encoded import round_off
from gate_by_gate.widgets.items.heatmap import Heatmap
from gate_by_gate.widgets.items.marks import Rectangle, Under
from gate_by_gate.widgets.items.number import Number
from gate_by_gate.widgets.items.picture import Picture, pixels
from gate_by_gate.widgets.items.text import Text

__all__ = ["STAGES", "ProbeParts"]

STAGES = (1, 2)
"""The stages whose maps are shown."""

PICTURES = 8
"""How many test images of a probe are published."""


class ProbeParts:
    """The controls of the explorer of one probe, and the functions that compute its parts.

    Args:
        probe: the probe.
    """

    def __init__(self, probe: Probe) -> None:
        self.probe = probe
        self.network = Control(
            "network",
            "network",
            Deferred(lambda: self.configs),
            probe.opens,
            "menu",
            Deferred(lambda: map(title, self.configs.values())),
            Deferred(lambda: map(family, self.configs.values())),
        )
        self.intervention = Control(
            "intervention",
            "intervention",
            tuple(probe.interventions),
            NOTHING,
            "menu",
            tuple(one.name for one in probe.interventions.values()),
        )
        pictures = range(PICTURES)
        self.image = Control(
            "image", "test image", pictures, 0, "gallery", Deferred(lambda: map(self.tile, pictures))
        )
        self.stage = Control("stage", "stage", STAGES, STAGES[0], "choice")

    @cached_property
    def images(self) -> ProbeImages:
        """The pictures, and for each another one, the donor."""
        return probe_images(self.probe.name)

    @cached_property
    def configs(self) -> dict[str, dict[str, Any]]:
        """The config of every network of the probe whose weights are published, by the name of its run.

        A menu names settings, so there is one network of each: that of the first seed.
        """
        records = {name: results.record(name) for name in results.checkpoint_names()}
        of_probe = {
            name: one["setting"]
            for name, one in records.items()
            if (one["task"], one["seed"]) == (self.probe.name, 0)
        }
        return dict(sorted(of_probe.items(), key=lambda item: order(item[1])))

    # What the controls pick

    def network_name(self, setting: Setting) -> str:
        """Return the run of the picked network."""
        return str(self.checked("network", setting, self.network.values))

    def intervention_name(self, setting: Setting) -> str:
        """Return the picked intervention."""
        return str(self.checked("intervention", setting, self.intervention.values))

    def index(self, setting: Setting) -> int:
        """Return the picked picture."""
        return int(self.checked("image", setting, self.image.values))

    def block_name(self, setting: Setting) -> str:
        """Return the block of the picked stage."""
        return f"layer{self.checked('stage', setting, STAGES)}.0.attention"

    @staticmethod
    def checked(name: str, setting: Setting, values: Sequence[Value]) -> Value:
        """Return what a setting picks.

        Raises:
            ValueError: it is not among the values.
        """
        if setting[name] not in values:
            raise ValueError(f"`{name}` must be one of {tuple(values)}; got {setting[name]!r}")
        return setting[name]

    # The two pictures

    def seen(self, intervention: str) -> LabelledImages:
        """Return the pictures that a network sees."""
        return self.images.donors if intervention == TURNED else self.images.shown

    def unseen(self, intervention: str) -> LabelledImages:
        """Return the other pictures, with the other cue."""
        return self.images.shown if intervention == TURNED else self.images.donors

    def thing(self, view: LabelledImages, index: int) -> str:
        """Return the word for what is asked for in a picture: a colour, or upper or lower."""
        return self.probe.asked_for(self.images, view, index)

    def answer(self, view: LabelledImages, index: int) -> str:
        """Return what the right answer is called."""
        return self.probe.answers[int(view.labels[index])]

    def tile(self, index: int) -> str:
        """Name a picture in few words."""
        thing, answer = self.thing(self.images.shown, index), self.answer(self.images.shown, index)
        return thing if thing == answer else f"{thing} {answer}"

    def number_of(self, view: LabelledImages, index: int) -> int:
        """Return the number of a picture among those of the page."""
        return 2 * index + (view is self.images.donors)

    def draw(self, view: LabelledImages, index: int) -> Picture:
        """Give a picture with the box of what is asked for, and that of the cue."""
        thing, box = self.thing(view, index), view.boxes[index].tolist()
        x, y, width, height = view.cues[index].tolist()
        cue = self.probe.cue(thing)
        alt = (
            f"{self.probe.scene}. {self.probe.asked(thing, self.answer(view, index))} A frame marks it, at "
            f"column {box[0]} and row {box[1]}; a dashed one {cue}, at column {x} and row {y}."
        )
        marks = [Rectangle(x, y, width, height, cue)]
        return Picture(self.number_of(view, index), alt, box, "what is asked for", marks)

    def draw_all(self) -> Iterator[Data]:
        """Give every picture as a page stores it, each before its donor.

        Most differ in the cue alone, and a page compresses what is alike best where it is close together.
        """
        for pair in zip(self.images.shown.images, self.images.donors.images, strict=True):
            for image in pair:
                yield pixels(image if len(image) == 3 else image[0])

    # The parts

    def asked(self, setting: Setting) -> Data:
        """Say what is right, and what the intervention does."""
        index, intervention = self.index(setting), self.intervention_name(setting)
        view = self.seen(intervention)
        asked = self.probe.asked(self.thing(view, index), self.answer(view, index))
        return {"asked": Text(asked), "what": Text(self.probe.interventions[intervention].what)}

    def look(self, setting: Setting) -> Data:
        """Give the picture that the network sees."""
        index, intervention = self.index(setting), self.intervention_name(setting)
        return {"picture": self.draw(self.seen(intervention), index)}

    def read(self, setting: Setting) -> Data:
        """Say what the network answers, how sure it is of every answer, and what it answered before."""
        name, index, intervention = (
            self.network_name(setting),
            self.index(setting),
            self.intervention_name(setting),
        )
        outcome, untouched = run_with(name, intervention), run_with(name, NOTHING)
        if outcome is None or untouched is None:
            return self.unsuitable(name)
        probabilities, answers = hundredths(outcome.probabilities[index]), self.probe.answers
        before = None if intervention == NOTHING else hundredths(untouched.probabilities[index])
        guess = int(outcome.probabilities[index].argmax())
        sure = round_off(probabilities[guess].item())
        return {
            "prediction": Number(guess, self.verdict(guess, index, intervention)),
            "probability": Number(sure, f"{sure:.2f}"),
            "probabilities": Bars(
                probabilities,
                0,
                1,
                f"Probability of each of {len(answers)} answers, largest for {answers[guess]}.",
                what="answer",
                before=before,
                names=() if answers[0] == "0" else answers,
            ),
        }

    def verdict(self, guess: int, index: int, intervention: str) -> str:
        """Say whether an answer is right; if it is the one that the other cue asks for, say that."""
        view, other, word = self.seen(intervention), self.unseen(intervention), self.probe.answers[guess]
        if guess == int(view.labels[index]):
            return f"✓ {word}: right"
        if self.probe.cued and guess == int(other.labels[index]):
            return f"✗ {word}: the {self.thing(other, index)} one"
        return f"✗ {word}: wrong"

    def count(self, setting: Setting) -> Data:
        """Say how often the network is right on the whole test split, as trained and now."""
        record = results.record(self.network_name(setting))
        blind = self.probe.blind
        data: Data = {
            "accuracy": share(record["test"]["correct"], record["test"]["total"]),
            "changed": None,
            "blind": Number(round_off(blind), f"{100 * blind:.1f} %"),
        }
        if self.probe.cued:
            data["follows"] = None
        counts = record["interventions"].get(self.intervention_name(setting))
        if counts is not None:
            data["changed"] = share(counts["correct"], counts["total"])
            if "other" in counts:
                data["follows"] = share(counts["other"], counts["total"])
        return data

    def channels(self, setting: Setting) -> Data:
        """Give the gate of every channel, for the picture and, if a cue was turned, for the one beside it."""
        maps = self.maps(setting, NOTHING)
        if "missing" in maps:
            return dict(maps)
        other = self.maps(setting, TURNED) if self.probe.cued else None
        return draw_channel_gates(maps, other, self.index(setting))

    def places(self, setting: Setting) -> Data:
        """Give the gates of the places over the picture."""
        return self.places_of(setting, NOTHING, "this cue: " if self.probe.cued else "")

    def other_places(self, setting: Setting) -> Data:
        """Give the gates of the places over the picture with the other cue."""
        return self.places_of(setting, TURNED, "the other: ")

    def places_of(self, setting: Setting, intervention: str, whose: str) -> Data:
        """Give the map of the places over a picture, or, if there is none, the picture itself."""
        drawn = self.map_of(setting, intervention, whose)
        seen = self.draw(self.seen(intervention), self.index(setting)) if "missing" in drawn else None
        return {name: drawn.get(name) for name in ("map", "strips")} | {"seen": seen}

    def map_of(self, setting: Setting, intervention: str, whose: str) -> Data:
        """Give the gates of the places, two strips, or where one place looks, over a picture."""
        maps = self.maps(setting, intervention)
        if "missing" in maps:
            return dict(maps)
        index, stage, view = self.index(setting), int(setting["stage"]), self.seen(intervention)
        height, width = (side >> stage for side in view.images.shape[2:])
        number, box = self.number_of(view, index), view.boxes[index].tolist()
        if "weights" not in maps:
            block = trained_network(self.network_name(setting)).get_submodule(self.block_name(setting))
            gates = spatial_map(block, maps, (height, width))
            return draw_spatial_gates(maps, gates, index, Under(number, box), whose)
        # The place in the middle of what is asked for; without a cue, of one of two equal patterns.
        x, y, across, down = (view.boxes if self.probe.cued else view.cues)[index].tolist()
        row, column = (y + down // 2) >> stage, (x + across // 2) >> stage
        looks = looks_from(maps["weights"], index, (row, column), (height, width))
        mark = Rectangle(column << stage, row << stage, 1 << stage, 1 << stage, "the place that looks")
        drawn = Heatmap(
            looks,
            f"{whose}where one place looks",
            f"Where the place in row {row}, column {column} looks, among {height} by {width} places.",
            scale=(0.0, max(looks.max().item(), 0.001)),
            over=Under(number, box, [mark]),
        )
        return {"map": drawn, "strips": None}

    def maps(self, setting: Setting, intervention: str) -> Mapping[str, Any]:
        """Return the maps of the picked block, or say why there are none."""
        outcome, block = run_with(self.network_name(setting), intervention), self.block_name(setting)
        assert outcome is not None  # for the type checker: a look at either picture suits every network
        if not outcome.used:
            return {"missing": "The plain network has no gates."}
        if block not in outcome.used:
            return {"missing": f"This network has no block in stage {setting['stage']}."}
        return outcome.used[block]

    @staticmethod
    def unsuitable(name: str) -> Data:
        """Say that an intervention does not apply to a network."""
        return {"missing": f"Not for {title(results.record(name)['setting'])}: it has nothing of the kind."}


def share(part: int, total: int) -> Number:
    """Write a share of the test images."""
    return Number(round_off(part / total), f"{100 * part / total:.1f} %")
