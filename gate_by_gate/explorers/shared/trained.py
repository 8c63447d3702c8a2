"""The trained networks that an explorer shows: what one reads, and what its block in the picked stage did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from attn_lib.inspection import BlockRecord
from gate_by_gate.explorers.shared.samples import image_index, observe, picked_stage, reading
from gate_by_gate.widgets.definition import Data, Item, Setting
from gate_by_gate.widgets.items.number import Number

__all__ = ["READING", "Trained"]

READING = (
    Item("prediction", Number, "it reads"),
    Item("probability", Number, "with probability"),
    Item("accuracy", Number, "right on test images"),
)
"""The items of :meth:`Trained.read`."""


@dataclass(frozen=True)
class Trained:
    """The networks behind an explorer's controls.

    Args:
        network_name: names the run that a setting shows, whether there is one or not.
        why_missing: says in a sentence why there is none; a control may hold a value that was not trained.
    """

    network_name: Callable[[Setting], str]
    why_missing: Callable[[Setting], str]

    def missing(self, setting: Setting) -> Data:
        """Say why there is nothing to show."""
        return {"missing": self.why_missing(setting)}

    def read(self, setting: Setting) -> Data:
        """Say what the network reads in the picked image, and how often it is right."""
        name = self.network_name(setting)
        observed = observe(name)
        if observed is None:
            return self.missing(setting)
        return reading(name, observed.probabilities, image_index(setting))

    def block(self, setting: Setting) -> BlockRecord | None:
        """Return what the block of the picked stage did to the sample images; None if no network is there."""
        stage = picked_stage(setting)
        observed = observe(self.network_name(setting))
        return observed.blocks[f"layer{stage}.0.attention"] if observed else None
