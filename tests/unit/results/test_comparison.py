"""Comparisons over seeds: mean, interval and p-value by hand and against SciPy's paired t-test."""

import math

import pytest
from scipy import stats

from gate_by_gate import results
from gate_by_gate.results.comparison import Comparison, Spread, accuracy, compare, energy, paired, pointing


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
    monkeypatch.setattr(results, "_records", lambda: RECORDS)


def test_two_seeds_by_hand(records):
    """Of seeds 0 and 1, which both have, the differences are 0.01 and 0.03: mean 0.02, standard error 0.01.

    With one degree of freedom Student's t is Cauchy's distribution: its 97.5 % quantile is tan(0.475 pi), and
    2 standard errors or more have the probability 1 - 2 atan(2) / pi.
    """
    found = compare("se_r4_bias")
    reach = 0.01 * math.tan(0.475 * math.pi)
    assert found.mean == pytest.approx(0.02)
    assert (found.low, found.high) == (pytest.approx(0.02 - reach), pytest.approx(0.02 + reach))
    assert found.p_value == pytest.approx(1 - 2 * math.atan(2) / math.pi)
    assert found.seeds == 2
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
        ([0.8, 0.8005, 0.8], [0.79, 0.79, 0.79]),  # apart by one image of 2,000
    ],
)
def test_agrees_with_the_paired_t_test_of_scipy(first, second):
    expected = stats.ttest_rel(first, second)
    interval = expected.confidence_interval(0.95)

    found = paired(Spread(dict(enumerate(first))), Spread(dict(enumerate(second))))

    assert found.mean == pytest.approx(sum(first) / len(first) - sum(second) / len(second))
    assert found.p_value == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.seeds == len(first)
    # The interval excludes 0 exactly if the test rejects at 5 %.
    assert (found.verdict == "not distinguishable here") == (expected.pvalue > 0.05)


def test_pairs_are_made_by_seed_and_not_by_place():
    first, second = Spread({2: 0.9, 0: 0.5, 1: 0.7}), Spread({0: 0.4, 1: 0.7, 2: 0.7, 3: 0.1})
    found = paired(first, second)
    assert found.seeds == 3
    assert found.mean == pytest.approx((0.1 + 0.0 + 0.2) / 3)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.01, 0.02, "better"),
        (-0.02, -0.01, "worse"),
        (-0.01, 0.02, "not distinguishable here"),
        (0.0, 0.02, "not distinguishable here"),
        (-0.02, 0.0, "not distinguishable here"),
    ],
)
def test_verdicts(low, high, verdict):
    found = Comparison((low + high) / 2, low, high, p_value=0.5, seeds=5)
    assert found.verdict == verdict
    assert str(found).endswith(f"points: {verdict}")


def test_equal_runs_are_not_distinguishable():
    same = Spread({0: 0.8, 1: 0.9, 2: 0.7})
    assert paired(same, same) == Comparison(0.0, 0.0, 0.0, p_value=1.0, seeds=3)
    assert paired(same, same).verdict == "not distinguishable here"


def test_the_same_difference_with_every_seed_is_certain():
    """Halves and quarters, so that no rounding gives the differences a spread."""
    found = paired(Spread({0: 0.5, 1: 0.75, 2: 1.0}), Spread({0: 0.25, 1: 0.5, 2: 0.75}))
    assert found == Comparison(0.25, 0.25, 0.25, p_value=0.0, seeds=3)
    assert found.verdict == "better"


def test_a_difference_that_is_the_same_but_for_rounding_is_certain():
    """In floating point 0.83 - 0.82 and 0.81 - 0.80 differ, by 1e-17; SciPy would warn and divide by that."""
    found = paired(Spread({0: 0.83, 1: 0.81, 2: 0.56}), Spread({0: 0.82, 1: 0.80, 2: 0.55}))
    assert (found.low, found.high, found.p_value) == (found.mean, found.mean, 0.0)
    assert Spread({0: 0.1 + 0.2, 1: 0.3}).interval == pytest.approx((0.3, 0.3), abs=1e-15)


def test_unknown_settings_and_no_common_seed_are_refused(records):
    with pytest.raises(KeyError, match=r"expected a setting out of \['eca_k3', .*\]; got 'plane'"):
        compare("plane")
    with pytest.raises(KeyError, match="got 'plain_seed0'"):
        accuracy("plain_seed0")
    with pytest.raises(ValueError, match=r"expected a seed in common; got \[0, 1, 3\] and \[2\]"):
        compare("plain", "eca_k3")


def test_one_pair_has_a_difference_and_no_interval(records):
    found = compare("se_r4_bias", "eca_k3")  # seed 2 alone
    assert found.mean == pytest.approx(0.299)
    assert all(math.isnan(value) for value in (found.low, found.high, found.p_value))
    assert found.seeds == 1
    assert found.verdict == "one seed: no verdict"
    assert str(found) == "+29.9 points: one seed: no verdict"


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
