"""The families of comparisons: their pairs are published, and each is in one family alone."""

from __future__ import annotations

import pytest

from gate_by_gate import results
from gate_by_gate.experiment.plan import planned_runs
from gate_by_gate.results.comparison import compare, compare_all
from gate_by_gate.results.families import FAMILIES, family_of


def test_no_pair_is_in_two_families_or_twice_in_one():
    pairs = [frozenset(pair) for family in FAMILIES.values() for pair in family()]
    assert len(pairs) == len(set(pairs))


def test_every_pair_is_published():
    pairs = {setting for family in FAMILIES.values() for pair in family() for setting in pair}
    assert pairs <= set(results.settings())


def test_every_setting_of_the_plan_but_the_probes_is_in_a_family():
    compared = {
        setting
        for name, pairs in FAMILIES.items()
        if name != "probes"
        for pair in pairs()
        for setting in pair
    }
    planned = {one.run.setting for one in planned_runs(("main", "robustness"), seeds=(0,))}
    assert compared == planned & set(results.settings())


@pytest.mark.parametrize("family", FAMILIES)
def test_a_pair_is_corrected_for_its_family_in_either_order(family):
    pairs = FAMILIES[family]()
    expected = compare_all(pairs)[-1]
    setting, other = pairs[-1]
    assert compare(setting, other) == expected
    turned = compare(other, setting)
    assert (turned.adjusted, turned.comparisons) == (expected.adjusted, len(pairs))
    assert turned.mean == pytest.approx(-expected.mean)
    assert (family_of(setting, other), family_of(other, setting)) == (family, family)


def test_a_pair_of_no_family_stands_alone():
    assert family_of("eca_k3", "se_r4_bias") is None
    found = compare("eca_k3", "se_r4_bias")
    assert (found.adjusted, found.comparisons) == (found.p_value, 1)
