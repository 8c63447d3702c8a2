"""Comparisons of settings over their seeds: mean, spread, difference with interval, and corrected p-values.

The test is Welch's, for two independent samples of unequal spread. Runs with the same seed saw the same
images in the same order, but that does not make their accuracies go together: chapter 12 measures it. So
seeds are not paired, and :func:`paired` is there for comparison alone.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any, Literal

from gate_by_gate import results
from gate_by_gate.results.families import FAMILIES, Pair, family_of

try:
    import numpy as np
    from scipy import special, stats
except ModuleNotFoundError as error:
    raise ImportError("comparisons need SciPy: pip install -r requirements.txt") from error

__all__ = [
    "Comparison",
    "Map",
    "Spread",
    "accuracy",
    "compare",
    "compare_all",
    "energy",
    "error_over_groups",
    "holm",
    "paired",
    "permutation",
    "pointing",
    "welch",
]

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

    @cached_property
    def squared_error(self) -> float:
        """The squared standard error of the mean; of one seed there is none, and it raises."""
        return statistics.variance(self.values.values()) / len(self.values)

    @cached_property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the mean (Student's t, n - 1 degrees of freedom); nan for one seed.

        Whether two settings differ is not read off two of these, but off the interval of the difference.
        """
        low, high, _ = _t_test(list(self.values.values()))
        return low, high

    def __str__(self) -> str:
        return f"{self.mean:.1%} +- {self.std:.1%} (n={len(self.values)})"


@dataclass(frozen=True)
class Comparison:
    """The difference of two settings over their seeds.

    Attributes:
        mean: of the first minus that of the second; positive if the first is better.
        low: lower end of the 95 % confidence interval of that difference, uncorrected; nan, as the other end
            and the p-values, if either has one seed alone.
        high: its upper end.
        p_value: of the two-sided test that the difference is 0.
        adjusted: the p-value corrected by Holm for the other comparisons of its family (Holm, 1979). It is
            the p-value itself if there are no others.
        comparisons: how many there are in the family, this one included.
    """

    mean: float
    low: float
    high: float
    p_value: float
    adjusted: float
    comparisons: int = 1

    @property
    def verdict(self) -> str:
        """``"better"`` or ``"worse"`` if the corrected p-value is at most 5 %.

        Otherwise ``"not distinguishable here"``, which does not say that the two are equal. One seed has no
        p-value: ``"one seed: no verdict"``.
        """
        if math.isnan(self.adjusted):
            return "one seed: no verdict"
        if self.adjusted > 1 - CONFIDENCE + _ROUNDING:
            return "not distinguishable here"
        return "better" if self.mean > 0 else "worse"

    def __str__(self) -> str:
        mean, low, high = (f"{100 * value:+.1f}" for value in (self.mean, self.low, self.high))
        if math.isnan(self.p_value):
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
    """Compare the test accuracies of two settings by Welch's test.

    A pair out of :data:`gate_by_gate.results.families.FAMILIES` has its p-value corrected for its family; any
    other pair is a family of its own.

    Args:
        setting: the name of a run without its seed, such as ``"se_r4_bias"``.
        other: the setting that is subtracted.

    Raises:
        KeyError: a setting is not published.
    """
    found = welch(accuracy(setting), accuracy(other))
    family = family_of(setting, other)
    if family is None:
        return found
    adjusted = _adjusted(family)
    p_value = adjusted.get((setting, other), adjusted.get((other, setting), math.nan))
    return replace(found, adjusted=p_value, comparisons=len(adjusted))


def compare_all(pairs: Sequence[Pair]) -> list[Comparison]:
    """Compare pairs of settings that are a family of their own: their p-values are corrected together.

    Args:
        pairs: for each comparison a setting and the one that is subtracted.

    Raises:
        KeyError: a setting is not published.
    """
    found = [welch(accuracy(setting), accuracy(other)) for setting, other in pairs]
    adjusted = holm([one.p_value for one in found])
    return [
        replace(one, adjusted=p_value, comparisons=len(found))
        for one, p_value in zip(found, adjusted, strict=True)
    ]


@cache
def _adjusted(family: str) -> dict[Pair, float]:
    """Return the corrected p-value of every pair of a family."""
    pairs = FAMILIES[family]()
    return {pair: one.adjusted for pair, one in zip(pairs, compare_all(pairs), strict=True)}


def welch(first: Spread, second: Spread) -> Comparison:
    """Compare two quantities by Welch's t-test, which takes their seeds as independent.

    Args:
        first: one quantity.
        second: the one that is subtracted.
    """
    a, b = list(first.values.values()), list(second.values.values())
    mean = first.mean - second.mean
    if min(len(a), len(b)) == 1:
        return Comparison(mean, math.nan, math.nan, math.nan, math.nan)
    if max(max(a) - min(a), max(b) - min(b)) < _ROUNDING:  # SciPy would divide by these spreads
        return _certain(mean)
    # By hand, because SciPy warns if one of the two has no spread, which does no harm here; and by the bare
    # functions behind `stats.t`, because an explorer shows thousands of pairs.
    errors = first.squared_error, second.squared_error
    freedom = sum(errors) ** 2 / (errors[0] ** 2 / (len(a) - 1) + errors[1] ** 2 / (len(b) - 1))
    error = math.sqrt(sum(errors))
    reach = error * float(special.stdtrit(freedom, (1 + CONFIDENCE) / 2))
    p_value = 2 * float(special.stdtr(freedom, -abs(mean) / error))
    return Comparison(mean, mean - reach, mean + reach, p_value, p_value)


def paired(first: Spread, second: Spread) -> Comparison:
    """Compare two quantities by the paired t-test, over the seeds that both have.

    Args:
        first: one quantity.
        second: the one that is subtracted.

    Raises:
        ValueError: they share no seed.
    """
    differences = _differences(first, second)
    low, high, p_value = _t_test(differences)
    return Comparison(statistics.fmean(differences), low, high, p_value, p_value)


def permutation(first: Spread, second: Spread, *, pair_seeds: bool = False) -> float:
    """Return the p-value of the exact permutation test: all relabellings are tried, and no shape is assumed.

    The smallest value that it can take is set by their number. Of five seeds each there are 252 ways to say
    which five are the first's: 2 / 252 = 0.008. If seeds are paired, there are 32 ways to choose the signs of
    the differences: 2 / 32 = 0.0625, so that such a test can never fall below 5 %.

    Args:
        first: one quantity.
        second: the one that is subtracted.
        pair_seeds: whether to exchange the two within a seed alone.

    Raises:
        ValueError: seeds are to be paired and the two share none.
    """
    if pair_seeds:
        differences = _differences(first, second)
        found = stats.permutation_test(
            (differences,), np.mean, permutation_type="samples", n_resamples=np.inf, vectorized=True
        )
    else:
        found = stats.permutation_test(
            (list(first.values.values()), list(second.values.values())),
            lambda a, b, axis: np.mean(a, axis=axis) - np.mean(b, axis=axis),
            permutation_type="independent",
            n_resamples=np.inf,
            vectorized=True,
        )
    return float(found.pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for their number, after Holm (1979).

    The smallest of m is multiplied by m, the next by m - 1, and so on; none may fall below one that was
    smaller before, or exceed 1. The chance that any of m true null hypotheses is rejected then stays below
    the level, whatever the dependence of the tests. A p-value that is nan stays nan, and counts as a test.
    """
    order = sorted(
        (i for i, p_value in enumerate(p_values) if not math.isnan(p_value)), key=lambda i: p_values[i]
    )
    adjusted = [math.nan] * len(p_values)
    largest = 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = largest
    return adjusted


def error_over_groups(values: Sequence[float], groups: Sequence[int]) -> float:
    """Return the standard error of a mean whose values come in groups, by the bootstrap over groups.

    Test images that show one handwritten digit are read rightly or wrongly together, so they are fewer
    witnesses than their number. The bootstrap draws whole groups, 9,999 times from a fixed seed.

    Args:
        values: such as 1 for each test image that is read rightly and 0 for the others.
        groups: what the images are of: equal numbers for values that belong together.

    Raises:
        ValueError: there is not one group for each value.
    """
    if len(values) != len(groups):
        raise ValueError(f"expected a group for each of {len(values)} values; got {len(groups)}")
    _, place = np.unique(np.asarray(groups), return_inverse=True)
    sums, sizes = np.bincount(place, weights=np.asarray(values, dtype=float)), np.bincount(place)
    found = stats.bootstrap(
        (sums, sizes),
        lambda total, size, axis: total.sum(axis=axis) / size.sum(axis=axis),
        paired=True,
        vectorized=True,
        method="percentile",
        batch=500,
        random_state=np.random.default_rng(0),
    )
    return float(found.standard_error)


def _differences(first: Spread, second: Spread) -> list[float]:
    """Return the differences over the seeds that both have."""
    seeds = sorted(first.values.keys() & second.values.keys())
    if not seeds:
        raise ValueError(f"expected a seed in common; got {sorted(first.values)} and {sorted(second.values)}")
    return [first.values[seed] - second.values[seed] for seed in seeds]


def _certain(mean: float) -> Comparison:
    """Return the comparison of quantities that do not vary: their difference is beyond doubt."""
    p_value = 1.0 if abs(mean) < _ROUNDING else 0.0
    return Comparison(mean, mean, mean, p_value, p_value)


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
