"""What several chapters use: settings by their blocks, trained networks, and tables that compare settings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from gate_by_gate import results
from gate_by_gate.digit_resnet import DigitResNet
from gate_by_gate.explorers.shared import setting_names
from gate_by_gate.explorers.shared.setting_names import BLOCK_NAMES
from gate_by_gate.results.comparison import Comparison, accuracy, compare
from gate_by_gate.results.families import REFERENCE, WIDER
from gate_by_gate.tables import Interval, Table

__all__ = [
    "BLOCK_NAMES",
    "DIFFERENCE",
    "REFERENCE",
    "WIDER",
    "compared",
    "comparison_table",
    "setting_title",
    "trained",
    "written_p",
]

DIFFERENCE = {"difference, points": "+.1f", "p": "", "p, Holm": "", "verdict": ""}
"""The columns for a difference of accuracies, which :func:`compared` fills.

They are its mean with the 95 % interval, its p-value, that corrected for its family, and what follows.
"""


def trained(setting: str, seed: int = 0) -> DigitResNet:
    """Return the published network of a setting, in evaluation mode."""
    return results.trained_network(f"{setting}_seed{seed}")


def setting_title(setting: str) -> str:
    """Return the name of a setting in words: ``"CBAM, r = 4, k = 7"``."""
    return setting_names.title(results.record(f"{setting}_seed0")["setting"])


def compared(found: Comparison | None) -> tuple[Interval | None, str | None, str | None, str | None]:
    """Return the cells below ``DIFFERENCE`` in a table: empty ones if nothing was compared."""
    if found is None:
        return None, None, None, None
    verdict = "not clear" if found.verdict == "not distinguishable here" else found.verdict
    interval = Interval(100 * found.mean, 100 * found.low, 100 * found.high)
    return interval, written_p(found.p_value), written_p(found.adjusted), verdict


def written_p(p_value: float) -> str:
    """Write a p-value with three decimals, a smaller one as ``"< 0.001"``; none as nothing."""
    if math.isnan(p_value):
        return ""
    if p_value >= 0.001:
        return f"{p_value:.3f}"
    return "< 0.001"


def comparison_table(
    settings: Iterable[str],
    other: str = "plain",
    *,
    name: Callable[[str], str] = setting_title,
    headings: Mapping[str, str] | None = None,
) -> Table:
    """Return a table of settings: what they add, what they read, and how they compare with another.

    Args:
        settings: the settings, in the order of the rows.
        other: the setting that is subtracted; its own row has no difference.
        name: what to call a setting.
        headings: for a setting the heading that it and those after it stand under.
    """
    parameters = results.record(f"{other}_seed0")["parameters"]
    rows: list[list[object] | str] = []
    seeds = set()
    for setting in settings:
        if headings and setting in headings:
            rows.append(headings[setting])
        found = accuracy(setting)
        seeds.add(len(found.values))
        added = results.record(f"{setting}_seed0")["parameters"] - parameters
        difference = None if setting == other else compare(setting, other)
        rows.append([name(setting), added, found.mean, *compared(difference)])
    return Table(
        {"setting": "", "parameters added": "+,d", "right": ".1%", **DIFFERENCE},
        rows,
        caption=f"{' or '.join(map(str, sorted(seeds)))} seeds each; the difference is to {name(other)}",
    )
