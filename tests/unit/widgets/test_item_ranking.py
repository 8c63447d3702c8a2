"""A ranking: what it stores and refuses."""

import pytest

from gate_by_gate.widgets.items.ranking import Ranking, Share


def test_a_row_is_rounded_and_reads_in_per_cent():
    assert Share("tripod", 0.94049, marked=True) == {
        "name": "tripod",
        "value": 0.94,
        "text": "94.0 %",
        "marked": True,
    }
    assert "marked" not in Share("harmonica", 0.0125)


def test_a_ranking_keeps_the_order_that_it_is_given():
    assert Ranking([Share("b", 0.25), Share("a", 0.5)]) == {
        "rows": [
            {"name": "b", "value": 0.25, "text": "25.0 %"},
            {"name": "a", "value": 0.5, "text": "50.0 %"},
        ]
    }


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan")])
def test_what_is_no_share_is_refused(value):
    with pytest.raises(ValueError, match=r"expected a share from 0 to 1; got .* for 'kite'"):
        Share("kite", value)


def test_an_empty_ranking_is_refused():
    with pytest.raises(ValueError, match=r"expected at least one row; got none"):
        Ranking([])
