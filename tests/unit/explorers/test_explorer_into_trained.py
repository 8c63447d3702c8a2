"""The into-trained explorer: as the identity equal to the last bit, as built what the package gives."""

import itertools
from inspect import unwrap

import pytest
import torch

from gate_by_gate import imagenet
from gate_by_gate.explorers import IntoTrainedExplorer
from gate_by_gate.explorers.into_trained import BLOCKS, DEFINITION, PLACEMENT, STAGES, with_block
from gate_by_gate.explorers.shared.classified import inputs, network, scores
from tests.unit.explorers.explorer_code import run_code

DEFAULTS = DEFINITION.defaults


@pytest.mark.parametrize("block", BLOCKS)
def test_started_as_the_identity_every_score_is_equal_to_the_last_bit(block):
    """A page stores one entry for all of these, because they are the same."""
    for placement, units in itertools.product(PLACEMENT.values, (1, 16)):
        assert torch.equal(with_block(block, placement, units, "identity"), scores())


def test_self_attention_is_the_identity_as_built():
    assert torch.equal(with_block("self_attention", "residual", 16, "built"), scores())


def test_units_are_counted_from_the_end():
    for units, stages in STAGES.items():
        places = network().places("residual", list(stages))
        assert list(places) == [f"_blocks.{unit}.attention" for unit in range(16 - units, 16)]


def test_it_opens_where_every_photograph_is_a_shower_curtain():
    record = DEFINITION.record(DEFAULTS)
    assert record["answers"]["before"]["rows"][0] == {
        "name": "espresso",
        "value": pytest.approx(0.94, abs=0.005),
        "text": "94.1 %",
        "marked": True,
    }
    assert record["answers"]["after"]["rows"][0]["name"] == "shower curtain"
    assert record["nine"] == {
        "kept": {"value": 0, "text": "0 of 9"},
        "different": {"value": 1, "text": "1: shower curtain"},
    }


def test_the_answer_as_trained_is_marked_where_it_is_left():
    rows = DEFINITION.parts["answers"].data({**DEFAULTS, "start": "identity"})["after"]["rows"]
    assert [row.get("marked", False) for row in rows] == [True, False, False, False, False]
    assert DEFINITION.parts["nine"].data({**DEFAULTS, "start": "identity"})["kept"]["value"] == 9


def test_the_code_gives_the_answers_on_screen():
    setting = {**DEFAULTS, "photograph": 3, "block": "eca", "placement": "residual", "units": 1}
    answers = run_code(DEFINITION, setting)["answers"]
    rows = DEFINITION.parts["answers"].data(setting)["after"]["rows"]
    assert [(row["name"], row["value"]) for row in rows] == [
        (answer.name, pytest.approx(answer.probability, abs=6e-4)) for answer in answers
    ]


def test_the_trained_network_stays_as_it_was():
    before = {name: value.clone() for name, value in network().state_dict().items()}
    unwrap(with_block)("se", "hidden", 1, "built")
    after = network().state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(value, before[name]) for name, value in after.items())
    assert inputs().shape == (9, 3, imagenet.SIDE, imagenet.SIDE)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"photograph": -1}, r"`photograph` must be between 0 and 8; got photograph=-1"),
        ({"block": "sse"}, r"`block` must be one of .*got 'sse'"),
        ({"placement": "middle"}, r"`placement` must be one of .*got 'middle'"),
        ({"units": 3}, r"`units` must be one of \(1, 8, 16\); got units=3"),
        ({"start": "warm"}, r"`start` must be one of \('built', 'identity'\); got start='warm'"),
    ],
)
def test_what_there_is_not_is_refused(setting, message):
    with pytest.raises(Exception, match=message):
        IntoTrainedExplorer(**setting)
