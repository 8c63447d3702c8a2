"""The trained networks of the digits' playgrounds: for each block those that its keywords choose among."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gate_by_gate.experiment import reference
from gate_by_gate.experiment.model import NetworkConfig
from gate_by_gate.results.families import REFERENCE
from gate_by_gate.widgets.controls import Control, key_of

__all__ = ["CHOICES", "NETWORKS", "SETTINGS", "Choice"]

NETWORKS = {setting: title for title, setting in REFERENCE.items()}
"""What each reference network is called, by its setting: the plain one and one for every block."""

LABELS = {"reduction": "r", "kernel_size": "k", "dilation": "d", "num_heads": "heads"}
"""What the keywords of the blocks are called on the page, as in the chapters."""


@dataclass(frozen=True)
class Choice:
    """Trained networks with one block, told apart by keywords of it.

    Args:
        network: the one that is shown at first.
        trained: for each keyword the values that were trained, all with all.
    """

    network: NetworkConfig
    trained: Mapping[str, Sequence[int]]

    @property
    def controls(self) -> tuple[Control, ...]:
        """A control for each keyword; it stands at the value of the first network."""
        return tuple(
            Control(name, LABELS[name], tuple(values), self.network.keywords[name], "choice")
            for name, values in self.trained.items()
        )

    @property
    def settings(self) -> dict[str, str]:
        """The setting of the experiment by the key of the controls' values."""
        found = {}
        for values in itertools.product(*self.trained.values()):
            keywords = dict(zip(self.trained, values, strict=True))
            found[key_of(self.trained, keywords)] = self.network.varied(**keywords).name
        return found

    def spec(self, *, alone: bool = False) -> dict[str, Any]:
        """Describe it to the front end.

        Args:
            alone: whether the first network is the only one that can be had.
        """
        if alone:
            return {"controls": [], "settings": {"": self.network.name}}
        return {"controls": [control.spec() for control in self.controls], "settings": self.settings}


CHOICES = {
    "plain": Choice(reference.PLAIN, {}),
    "SE": Choice(reference.SE, {"reduction": (2, 4, 8, 16)}),
    "ECA": Choice(reference.ECA, {"kernel_size": (1, 3, 5, 7, 9)}),
    "CBAM": Choice(reference.CBAM, {"reduction": (4, 8, 16), "kernel_size": (3, 5, 7)}),
    "BAM": Choice(reference.BAM, {"reduction": (4, 8, 16), "dilation": (1, 2, 4)}),
    "CoordAtt": Choice(reference.COORD_ATT, {"reduction": (2, 4, 8)}),
    "self-attention": Choice(reference.SELF_ATTENTION, {"num_heads": (1, 2, 4)}),
}
"""The choice for each card of a playground, by its title."""

SETTINGS = tuple(setting for choice in CHOICES.values() for setting in choice.settings.values())
"""All that a reader can choose, as settings of the experiment."""
