"""Comparisons over seeds: means, intervals, p-values and their corrections by hand, NumPy and SciPy."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from gate_by_gate import results
from gate_by_gate.results import comparison
from gate_by_gate.results.comparison import (
    Comparison,
    Spread,
    accuracy,
    compare,
    compare_all,
    energy,
    error_over_groups,
    holm,
    paired,
    permutation,
    pointing,
    welch,
)


def entry(seed, correct, total=1000):
    return {"seed": seed, "group": "main", "network": {}, "test": {"correct": correct, "total": total}}


RECORDS = {
    "plain_seed0": entry(0, 800),
    "plain_seed1": entry(1, 820),
    "plain_seed3": entry(3, 810),
    "se_r4_bias_seed0": entry(0, 810),
    "se_r4_bias_seed1": entry(1, 850),
    "se_r4_bias_seed2": entry(2, 999),
    "eca_k3_seed2": entry(2, 700),
    "eca_k3_fragments7_seed0": entry(0, 500),
}


@pytest.fixture
def records(monkeypatch):
    """Put a few made-up runs in the place of the published ones; their pairs are in no family."""
    monkeypatch.setattr(results, "_records", lambda: RECORDS)
    monkeypatch.setattr(comparison, "family_of", lambda setting, other: None)


def test_three_seeds_and_two_by_hand():
    """Of 0, 2, 4 and 1, 5: means 2 and 3, squared standard errors 4 / 3 and 4, so the error is sqrt(16 / 3).

    Welch and Satterthwaite's degrees of freedom are (16 / 3)**2 / ((4 / 3)**2 / 2 + 4**2 / 1) = 1.6842.
    """
    found = welch(Spread({0: 0, 1: 2, 2: 4}), Spread({0: 1, 4: 5}))
    reach = stats.t.ppf(0.975, 1.684210526) * math.sqrt(16 / 3)
    assert found.mean == -1
    assert (found.low, found.high) == pytest.approx((-1 - reach, -1 + reach))
    assert found.p_value == pytest.approx(2 * stats.t.sf(math.sqrt(3 / 16), 1.684210526))
    assert (found.adjusted, found.comparisons) == (found.p_value, 1)
    assert found.verdict == "not distinguishable here"


def test_a_comparison_is_of_all_seeds_that_either_has(records):
    found = compare("se_r4_bias")
    assert found.mean == pytest.approx((0.81 + 0.85 + 0.999) / 3 - 0.81)
    assert found == welch(accuracy("se_r4_bias"), accuracy("plain"))


def test_two_pairs_by_hand():
    """The differences are 0.01 and 0.03: mean 0.02, standard error 0.01.

    With one degree of freedom Student's t is Cauchy's distribution: its 97.5 % quantile is tan(0.475 pi), and
    2 standard errors or more have the probability 1 - 2 atan(2) / pi.
    """
    found = paired(Spread({0: 0.81, 1: 0.85, 2: 0.999}), Spread({0: 0.8, 1: 0.82, 3: 0.81}))
    reach = 0.01 * math.tan(0.475 * math.pi)
    assert found.mean == pytest.approx(0.02)
    assert (found.low, found.high) == (pytest.approx(0.02 - reach), pytest.approx(0.02 + reach))
    assert found.p_value == pytest.approx(1 - 2 * math.atan(2) / math.pi)
    assert found.verdict == "not distinguishable here"
    assert str(found) == "+2.0 [-10.7, +14.7] points: not distinguishable here"


def test_the_order_of_two_settings_turns_the_sign(records):
    forth, back = compare("se_r4_bias", "plain"), compare("plain", "se_r4_bias")
    assert (back.mean, back.low, back.high) == pytest.approx((-forth.mean, -forth.high, -forth.low))
    assert back.p_value == pytest.approx(forth.p_value)


def test_accuracies_by_hand(records):
    plain = accuracy("plain")
    assert plain.values == {0: 0.8, 1: 0.82, 3: 0.81}
    assert plain.mean == pytest.approx(0.81)
    assert plain.std == pytest.approx(0.01)
    assert str(plain) == "81.0% +- 1.0% (n=3)"


def test_a_name_that_begins_alike_is_another_setting(records):
    assert accuracy("eca_k3").values == {2: 0.7}


def test_one_seed_has_no_spread(records):
    assert math.isnan(accuracy("eca_k3").std)
    assert str(accuracy("eca_k3")) == "70.0% +- nan% (n=1)"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([0.84, 0.85, 0.83, 0.86, 0.82], [0.83, 0.85, 0.81, 0.84, 0.83]),
        ([0.84, 0.85, 0.83, 0.86, 0.82], [0.80, 0.82, 0.79, 0.83, 0.77]),
        ([0.70, 0.72, 0.69], [0.84, 0.85, 0.85]),
        ([0.7, 0.3, 0.5, 0.6, 0.2, 0.9, 0.4], [0.5, 0.8, 0.1, 0.7, 0.3, 0.2, 0.6]),
        ([0.8, 0.8005, 0.8], [0.79, 0.79, 0.7905]),  # apart by one image of 2,000
    ],
)
def test_agrees_with_the_t_tests_of_scipy(first, second):
    spreads = Spread(dict(enumerate(first))), Spread(dict(enumerate(second)))
    for found, expected in (
        (paired(*spreads), stats.ttest_rel(first, second)),
        (welch(*spreads), stats.ttest_ind(first, second, equal_var=False)),
    ):
        agrees(found, expected, first, second)


def agrees(found, expected, first, second, apart_by=0.0):
    interval = expected.confidence_interval(0.95)
    assert found.mean == pytest.approx(sum(first) / len(first) - sum(second) / len(second))
    assert found.p_value == pytest.approx(expected.pvalue)
    assert (found.low + apart_by, found.high + apart_by) == pytest.approx((interval.low, interval.high))
    # The interval excludes 0 exactly if the test rejects at 5 %.
    assert (found.verdict == "not distinguishable here") == (expected.pvalue > 0.05)


def test_against_a_quantity_without_spread_it_is_the_test_of_one_sample():
    first = [0.8, 0.8005, 0.81]
    expected = stats.ttest_1samp(first, 0.79)
    agrees(
        welch(Spread(dict(enumerate(first))), Spread({0: 0.79, 1: 0.79})),
        expected,
        first,
        [0.79],
        apart_by=0.79,
    )


def test_pairs_are_made_by_seed_and_not_by_place():
    first, second = Spread({2: 0.9, 0: 0.5, 1: 0.7}), Spread({0: 0.4, 1: 0.7, 2: 0.7, 3: 0.1})
    found = paired(first, second)
    assert found.mean == pytest.approx((0.1 + 0.0 + 0.2) / 3)


@pytest.mark.parametrize(
    ("mean", "adjusted", "verdict"),
    [
        (0.01, 0.04, "better"),
        (-0.01, 0.04, "worse"),
        (0.01, 0.05, "better"),
        (0.01, 0.051, "not distinguishable here"),
        (-0.01, 1.0, "not distinguishable here"),
        (0.01, math.nan, "one seed: no verdict"),
    ],
)
def test_a_verdict_is_of_the_corrected_p_value(mean, adjusted, verdict):
    found = Comparison(mean, mean - 0.005, mean + 0.005, p_value=0.01, adjusted=adjusted)
    assert found.verdict == verdict
    assert str(found).endswith(f"points: {verdict}")


@pytest.mark.parametrize("test", [welch, paired])
def test_equal_runs_are_not_distinguishable(test):
    same = Spread({0: 0.8, 1: 0.9, 2: 0.7})
    assert test(same, same).mean == 0
    assert test(same, same).p_value == 1
    assert test(same, same).verdict == "not distinguishable here"


def test_the_same_difference_with_every_seed_is_certain():
    """Halves and quarters, so that no rounding gives the differences a spread."""
    found = paired(Spread({0: 0.5, 1: 0.75, 2: 1.0}), Spread({0: 0.25, 1: 0.5, 2: 0.75}))
    assert found == Comparison(0.25, 0.25, 0.25, p_value=0.0, adjusted=0.0)
    assert found.verdict == "better"


def test_a_difference_that_is_the_same_but_for_rounding_is_certain():
    """In floating point 0.83 - 0.82 and 0.81 - 0.80 differ, by 1e-17; SciPy would warn and divide by that."""
    found = paired(Spread({0: 0.83, 1: 0.81, 2: 0.56}), Spread({0: 0.82, 1: 0.80, 2: 0.55}))
    assert (found.low, found.high, found.p_value) == (found.mean, found.mean, 0.0)
    assert Spread({0: 0.1 + 0.2, 1: 0.3}).interval == pytest.approx((0.3, 0.3), abs=1e-15)
    found = welch(Spread({0: 0.1 + 0.2, 1: 0.3}), Spread({0: 0.5, 1: 0.5}))
    assert (found.low, found.high, found.p_value) == (found.mean, found.mean, 0.0)
    assert welch(Spread({0: 0.1 + 0.2, 1: 0.3}), Spread({0: 0.3, 1: 0.3})).p_value == 1


def test_holm_by_hand():
    """Of four: 0.01 * 4, 0.015 * 3, 0.04 * 2 and 0.03 * 2, in order; none below a smaller one before."""
    assert holm([0.04, 0.01, 0.03, 0.015]) == pytest.approx([0.06, 0.04, 0.06, 0.045])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([0.2]) == [0.2]
    assert holm([]) == []
    adjusted = holm([0.01, math.nan, 0.02])
    assert (adjusted[0], adjusted[2]) == pytest.approx((0.03, 0.04))
    assert math.isnan(adjusted[1])


def test_exact_permutations_against_all_of_them_by_hand():
    first, second = [0.9, 0.8, 0.7], [0.75, 0.6, 0.5]
    values, mean = np.array(first + second), np.mean(first) - np.mean(second)
    apart = []
    for chosen in itertools.combinations(range(6), 3):
        one = np.isin(range(6), chosen)
        apart.append(values[one].mean() - values[~one].mean())
    signs = np.array(list(itertools.product((1, -1), repeat=3)))
    flipped = (signs * (np.array(first) - second)).mean(axis=1)
    spreads = [Spread(dict(enumerate(one))) for one in (first, second)]
    for pair_seeds, found in ((False, apart), (True, flipped)):
        share = np.mean(np.abs(found) >= mean - 1e-12)
        assert permutation(*spreads, pair_seeds=pair_seeds) == pytest.approx(share)


def test_with_five_seeds_a_paired_permutation_test_cannot_fall_below_five_per_cent():
    far = (
        Spread({seed: 0.9 + seed / 100 for seed in range(5)}),
        Spread({seed: seed / 100 for seed in range(5)}),
    )
    assert permutation(*far) == pytest.approx(2 / 252)
    assert permutation(*far, pair_seeds=True) == pytest.approx(2 / 32)


def test_the_error_of_a_mean_is_that_of_its_groups():
    """A hundred values that come in twenty groups of equals have the error of twenty: 0.5 / sqrt(20)."""
    groups = [i % 20 for i in range(100)]
    values = [group % 2 for group in groups]
    assert error_over_groups(values, groups) == pytest.approx(0.5 / math.sqrt(20), rel=0.05)
    assert error_over_groups(values, range(100)) == pytest.approx(0.5 / math.sqrt(100), rel=0.05)
    with pytest.raises(ValueError, match="expected a group for each of 3 values; got 2"):
        error_over_groups([1, 0, 1], [4, 4])


def test_unknown_settings_and_no_common_seed_are_refused(records):
    with pytest.raises(KeyError, match=r"expected a setting out of \['eca_k3', .*\]; got 'plane'"):
        compare("plane")
    with pytest.raises(KeyError, match="got 'plain_seed0'"):
        accuracy("plain_seed0")
    for test in (paired, lambda *both: permutation(*both, pair_seeds=True)):
        with pytest.raises(ValueError, match=r"expected a seed in common; got \[0, 1, 3\] and \[2\]"):
            test(accuracy("plain"), accuracy("eca_k3"))


def test_one_seed_has_a_difference_and_no_interval(records):
    by_pairs = paired(accuracy("se_r4_bias"), accuracy("eca_k3"))  # seed 2 alone
    assert by_pairs.mean == pytest.approx(0.299)
    found = compare("plain", "eca_k3")
    assert found.mean == pytest.approx(0.11)
    for one in (by_pairs, found):
        assert all(math.isnan(value) for value in (one.low, one.high, one.p_value, one.adjusted))
        assert one.verdict == "one seed: no verdict"
    assert str(found) == "+11.0 points: one seed: no verdict"


def test_p_values_of_a_list_are_corrected_together(records):
    pairs = [("se_r4_bias", "plain"), ("plain", "eca_k3"), ("plain", "se_r4_bias")]
    found = compare_all(pairs)
    alone = [compare(*pair) for pair in pairs]
    assert [one.p_value for one in found] == pytest.approx([one.p_value for one in alone], nan_ok=True)
    assert [one.comparisons for one in found] == [3, 3, 3]
    expected = [min(1, 3 * alone[0].p_value), math.nan, min(1, 3 * alone[2].p_value)]
    assert [one.adjusted for one in found] == pytest.approx(expected, nan_ok=True)


def test_the_interval_of_a_mean_by_hand(records):
    """Of 0.8, 0.82 and 0.81: standard error 0.01 / sqrt(3), and t of 2 degrees has a closed form.

    Its 97.5 % quantile is 2 (p - 1/2) sqrt(2 / (4 p (1 - p))) with p = 0.975.
    """
    quantile = 2 * 0.475 * math.sqrt(2 / (4 * 0.975 * 0.025))
    reach = quantile * 0.01 / math.sqrt(3)
    assert accuracy("plain").interval == pytest.approx((0.81 - reach, 0.81 + reach))
    assert all(math.isnan(end) for end in accuracy("eca_k3").interval)


LOCALIZED = {
    f"cbam_r4_k7_seed{seed}": entry(seed, 800)
    | {
        "localization": {
            "layer1": {"grad_cam": {"hits": 3, "total": 50, "energy": 0.25, "chance": 0.1}},
            "layer2": {
                "grad_cam": {"hits": 40 + seed, "total": 50, "energy": 0.5, "chance": 0.1},
                "attention": {"hits": 70 + seed, "total": 200, "energy": 0.125 * seed, "chance": 0.1},
            },
        }
    }
    for seed in (0, 3)
}


def test_localisation_by_hand(monkeypatch):
    monkeypatch.setattr(results, "_records", lambda: LOCALIZED)
    assert pointing("cbam_r4_k7", 2, "attention").values == {0: 0.35, 3: 0.365}
    assert pointing("cbam_r4_k7", 2, "grad_cam").values == {0: 0.8, 3: 0.86}
    assert pointing("cbam_r4_k7", 1, "grad_cam").values == {0: 0.06, 3: 0.06}
    assert energy("cbam_r4_k7", 2, "attention").values == {0: 0.0, 3: 0.375}
    assert energy("cbam_r4_k7", 1, "grad_cam").values == {0: 0.25, 3: 0.25}


def test_a_map_that_was_not_scored_is_refused(monkeypatch):
    monkeypatch.setattr(results, "_records", lambda: LOCALIZED | RECORDS)
    for setting, stage, of in [
        ("cbam_r4_k7", 1, "attention"),
        ("cbam_r4_k7", 3, "grad_cam"),
        ("plain", 1, "grad_cam"),
    ]:
        for score in (pointing, energy):
            message = f"expected a setting with {of!r} scored in stage {stage}; got {setting!r}"
            with pytest.raises(ValueError, match=message):
                score(setting, stage, of)
