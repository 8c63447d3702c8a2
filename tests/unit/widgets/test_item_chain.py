"""A chain: what it stores and refuses."""

from __future__ import annotations

import pytest

from gate_by_gate.widgets.items.chain import Chain, Column, Costs, Place, Stage

PLACES = {"front": Place((0.1, 0.4), "in front", "front")}


def chain(stages: list[Stage], costs: Costs | dict[int, Costs]) -> Chain:
    return Chain(stages, PLACES, [Column("weights", "weights", costs)], "one", 1, sets="where", pick="size")


def test_a_chain_stores_what_fills_its_stages_apart_from_them():
    stages = [Stage("first", 1, 0.5), Stage("second", 0.25, 1, 3, True, ("front",), "front")]
    stored = chain(stages, {2: Costs([3, 5], [0, 7])})
    assert stored["filled"] == ["", "front"]
    assert stored["stages"][1] == {
        "name": "second", "width": 0.25, "height": 1, "repeats": 3, "skips": True, "slots": ["front"],
    }  # fmt: skip
    assert stored["places"] == {"front": {"at": [0.1, 0.4], "text": "in front", "value": "front"}}
    assert stored["columns"] == {
        "weights": {"label": "weights", "by": {"2": {"own": [3, 5], "added": [0, 7]}}}
    }


def test_what_does_not_go_together_is_refused():
    with pytest.raises(ValueError, match=r"expected shares between 0 and 1; got 1\.5 and 1"):
        Stage("first", 1.5, 1)
    with pytest.raises(ValueError, match=r"places out of \['front'\]; got \['roof'\]"):
        chain([Stage("first", 1, 1, filled="roof")], Costs([3], [0]))
    with pytest.raises(ValueError, match="expected 1 costs in each column; got 2 and 1"):
        chain([Stage("first", 1, 1)], {2: Costs([3, 5], [0])})
