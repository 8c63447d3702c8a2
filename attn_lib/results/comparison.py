"""Comparing settings over seeds: mean, spread, and the paired difference with its confidence interval."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from scipy.stats import t as student_t

from attn_lib import results

__all__ = ["Comparison", "Spread", "accuracy", "compare", "paired"]

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Spread:
    """A quantity over seeds.

    Attributes:
        values: by seed.
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

    def __str__(self) -> str:
        return f"{self.mean:.1%} +- {self.std:.1%} (n={len(self.values)})"


@dataclass(frozen=True)
class Comparison:
    """The difference of two settings over the seeds that both have.

    Seeds pair: with the same seed both saw the same images in the same order and started from the same
    weights in every layer that they share, so the difference varies less than either accuracy.

    Attributes:
        mean: of the differences; positive if the first is better.
        low: lower end of the 95 % confidence interval of that mean (Student's t, n - 1 degrees of freedom).
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

        One comparison in twenty of equals excludes 0 by chance, so of sixty some do.
        """
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "not distinguishable here"

    def __str__(self) -> str:
        mean, low, high = (f"{100 * value:+.1f}" for value in (self.mean, self.low, self.high))
        return f"{mean} [{low}, {high}] points: {self.verdict}"


def accuracy(setting: str) -> Spread:
    """Return the share of test images that ``setting`` reads rightly, for every seed that is published.

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


def compare(setting: str, other: str = "plain") -> Comparison:
    """Compare the test accuracies of two settings, seed by seed.

    Raises:
        KeyError: a setting is not published.
        ValueError: they share fewer than two seeds.
    """
    return paired(accuracy(setting), accuracy(other))


def paired(first: Spread, second: Spread) -> Comparison:
    """Compare two quantities seed by seed.

    Raises:
        ValueError: they share fewer than two seeds.
    """
    seeds = sorted(first.values.keys() & second.values.keys())
    if len(seeds) < 2:
        raise ValueError(f"expected at least two seeds in common; got {seeds}")
    differences = [first.values[seed] - second.values[seed] for seed in seeds]
    mean = statistics.fmean(differences)
    error = statistics.stdev(differences) / math.sqrt(len(seeds))
    reach = float(student_t.ppf((1 + CONFIDENCE) / 2, len(seeds) - 1)) * error
    if error == 0:
        p_value = 1.0 if mean == 0 else 0.0
    else:
        p_value = 2 * float(student_t.sf(abs(mean) / error, len(seeds) - 1))
    return Comparison(mean, mean - reach, mean + reach, p_value, len(seeds))
