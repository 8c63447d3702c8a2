"""What several chapters use."""

from __future__ import annotations

import math

import pytest

from gate_by_gate import results
from gate_by_gate.book_blocks import BOOK_BLOCKS
from gate_by_gate.chapters import (
    REFERENCE,
    WIDER,
    compared,
    comparison_table,
    setting_title,
    trained,
    written_p,
)
from gate_by_gate.results.comparison import compare
from gate_by_gate.tables import Interval


def test_every_block_of_the_book_has_a_setting_that_is_published():
    attention = [results.record(f"{setting}_seed0")["setting"]["attention"] for setting in REFERENCE.values()]
    assert attention == [None, *BOOK_BLOCKS]


def test_a_wider_network_has_about_as_many_parameters_as_the_one_with_the_block():
    for block, wider in WIDER.items():
        sizes = [results.record(f"{name}_seed0")["parameters"] for name in (wider, REFERENCE[block])]
        assert sizes[0] == pytest.approx(sizes[1], rel=0.01)


def test_a_table_compares_each_setting_with_the_plain_network_but_for_itself():
    table = comparison_table(["plain", "bam_r4", "eca_k3"], headings={"bam_r4": "BAM"})
    assert [row if isinstance(row, str) else row[0] for row in table.rows] == [
        "plain",
        "BAM",
        "BAM, r = 4, d = 4",
        "ECA, k = 3",
    ]
    plain, _, bam, _ = table.rows
    assert plain[1:] == [0, pytest.approx(0.863, abs=5e-4), None, None, None, None]
    found = compare("bam_r4")
    assert (
        bam[1] == results.record("bam_r4_seed0")["parameters"] - results.record("plain_seed0")["parameters"]
    )
    assert bam[3:] == [
        Interval(100 * found.mean, 100 * found.low, 100 * found.high),
        f"{found.p_value:.3f}",
        f"{found.adjusted:.3f}",
        "not clear",
    ]
    assert table.caption == "5 seeds each; the difference is to plain"


def test_a_verdict_is_given_in_a_word_or_two():
    assert compared(compare("eca_k3"))[-1] == "not clear"
    assert compared(compare("eca_variant_none_k3", "eca_k3"))[-1] == "worse"
    assert compared(None) == (None, None, None, None)


@pytest.mark.parametrize(
    ("p_value", "text"),
    [(1.0, "1.000"), (0.0234, "0.023"), (0.001, "0.001"), (3e-8, "< 0.001"), (math.nan, "")],
)
def test_a_p_value_is_written_with_three_decimals(p_value, text):
    assert written_p(p_value) == text


def test_names_and_networks_are_those_of_the_records():
    assert setting_title("cbam_r8_k3") == "CBAM, r = 8, k = 3"
    assert type(trained("se_r4_bias").layer1[0].attention).__name__ == "SE"
