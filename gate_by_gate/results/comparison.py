"""Comparisons of settings over their seeds: mean, spread, and paired difference with confidence interval."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from gate_by_gate import results

try:
    from scipy import stats
except ModuleNotFoundError as error:
    raise ImportError("comparisons need SciPy: pip install -r requirements.txt") from error

__all__ = ["Comparison", "Map", "Spread", "accuracy", "compare", "energy", "paired", "pointing"]

CONFIDENCE = 0.95

_ROUNDING = 1e-12
"""Values that differ by less are equal; they are shares of images, which floating point holds to 1e-16."""

Map = Literal["attention", "grad_cam"]
"""The map whose localisation is scored: the block's own spatial map, or Grad-CAM of its stage's output."""


@dataclass(frozen=True)
class Spread:
    """A quantity that was measured once with each seed.

    Attributes:
        values: the quantity by seed.
    """

    values: dict[int, float]

    @property
    def mean(self) -> float:
        """The mean over the seeds."""
        return statistics.fmean(self.values.values())

    @property
    def std(self) -> float:
        """The standard deviation over the seeds (n - 1); nan for one seed."""
        return statistics.stdev(self.values.values()) if len(self.values) > 1 else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the mean (Student's t, n - 1 degrees of freedom); nan for one seed.

        Whether two settings differ is not read off two of these: :func:`compare` pairs their seeds, and so
        sees smaller differences.
        """
        low, high, _ = _t_test(list(self.values.values()))
        return low, high

    def __str__(self) -> str:
        return f"{self.mean:.1%} +- {self.std:.1%} (n={len(self.values)})"


@dataclass(frozen=True)
class Comparison:
    """The difference of two settings over the seeds that both have.

    Seeds pair: with the same seed both saw the same images in the same order and started from the same
    weights in every layer that they share, so the difference varies less than either accuracy.

    Attributes:
        mean: of the differences; positive if the first is better.
        low: lower end of the 95 % confidence interval of that mean (Student's t, n - 1 degrees of freedom);
            nan, as the other end and the p-value, if there was one pair alone.
        high: its upper end.
        p_value: of the two-sided paired t-test that the mean is 0.
        seeds: how many pairs there were.
    """

    mean: float
    low: float
    high: float
    p_value: float
    seeds: int

    @property
    def verdict(self) -> str:
        """``"better"`` or ``"worse"`` if the interval excludes 0, else ``"not distinguishable here"``.

        One comparison in twenty of equals excludes 0 by chance, so of sixty some do. One pair has no
        interval: ``"one seed: no verdict"``.
        """
        if self.seeds == 1:
            return "one seed: no verdict"
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "not distinguishable here"

    def __str__(self) -> str:
        mean, low, high = (f"{100 * value:+.1f}" for value in (self.mean, self.low, self.high))
        if self.seeds == 1:
            return f"{mean} points: {self.verdict}"
        return f"{mean} [{low}, {high}] points: {self.verdict}"


def accuracy(setting: str) -> Spread:
    """Return the test accuracy of a setting with every published seed.

    Args:
        setting: the name of a run without its seed, such as ``"se_r4_bias"``.

    Raises:
        KeyError: no run of that setting is published.
    """
    values = {}
    for seed in results.seeds(setting):
        test = results.record(f"{setting}_seed{seed}")["test"]
        values[seed] = test["correct"] / test["total"]
    return Spread(values)


def pointing(setting: str, stage: int, of: Map) -> Spread:
    """Return the score of a map in the pointing game, the share of peaks in the digit's box, for every seed.

    Args:
        setting: the name of a run of the main comparison without its seed.
        stage: 1, 2 or 3.
        of: the map: ``"attention"`` of the block, or ``"grad_cam"`` of what the stage returns.

    Raises:
        KeyError: no run of that setting is published.
        ValueError: it has no such map.
    """
    scores = _localization(setting, stage, of)
    return Spread({seed: score["hits"] / score["total"] for seed, score in scores.items()})


def energy(setting: str, stage: int, of: Map) -> Spread:
    """Return the share of a map that lies in the digit's box, as a mean over test images, for every seed.

    Arguments and errors are those of :func:`pointing`.
    """
    return Spread({seed: score["energy"] for seed, score in _localization(setting, stage, of).items()})


def _localization(setting: str, stage: int, of: Map) -> dict[int, dict[str, Any]]:
    scores = {}
    for seed in results.seeds(setting):
        stages = results.record(f"{setting}_seed{seed}").get("localization", {})
        score = stages.get(f"layer{stage}", {}).get(of)
        if score is None:
            raise ValueError(f"expected a setting with {of!r} scored in stage {stage}; got {setting!r}")
        scores[seed] = score
    return scores


def compare(setting: str, other: str = "plain") -> Comparison:
    """Compare the test accuracies of two settings, seed by seed.

    Args:
        setting: the name of a run without its seed, such as ``"se_r4_bias"``.
        other: the setting that is subtracted.

    Raises:
        KeyError: a setting is not published.
        ValueError: they share no seed.
    """
    return paired(accuracy(setting), accuracy(other))


def paired(first: Spread, second: Spread) -> Comparison:
    """Compare two quantities seed by seed, with Student's t for the interval of the mean difference.

    Args:
        first: one quantity.
        second: the one that is subtracted.

    Raises:
        ValueError: they share no seed.
    """
    seeds = sorted(first.values.keys() & second.values.keys())
    if not seeds:
        raise ValueError(f"expected a seed in common; got {sorted(first.values)} and {sorted(second.values)}")
    differences = [first.values[seed] - second.values[seed] for seed in seeds]
    return Comparison(statistics.fmean(differences), *_t_test(differences), len(seeds))


def _t_test(values: Sequence[float]) -> tuple[float, float, float]:
    """Return both ends of the confidence interval of a mean, and the p-value of the t-test that it is 0.

    Of differences this is the paired t-test. One value has neither: all three are nan.
    """
    if len(values) == 1:
        return math.nan, math.nan, math.nan
    mean = statistics.fmean(values)
    if max(values) - min(values) < _ROUNDING:  # SciPy would divide by this spread
        return mean, mean, 1.0 if abs(mean) < _ROUNDING else 0.0
    found = stats.ttest_1samp(values, 0)
    interval = found.confidence_interval(CONFIDENCE)
    return float(interval.low), float(interval.high), float(found.pvalue)
