"""The whose-gates explorer: masks, gates and overlaps, computed here without interventions."""

from __future__ import annotations

import pytest
import torch
import traitlets

from attn_lib.inspection import attention_maps
from gate_by_gate.explorers.whose_gates import (
    ALL,
    DEFINITION,
    DONOR,
    WhoseGatesExplorer,
    donated,
    own_masks,
    pictures,
)
from gate_by_gate.photographs import names
from gate_by_gate.segmenter import selfie_segmenter
from gate_by_gate.segmenter.interventions import BLOCKS
from tests.browser.comparing import cells_of_runs
from tests.unit.explorers.explorer_code import run_code

OPENING = DEFINITION.defaults
NAMES = names()


@torch.no_grad()
def mask_by_hooks(photograph: str, donor: str) -> torch.Tensor:
    """The mask of a photograph while unit8's SE scales by the donor's gates: two passes and a hook."""
    network, gates = selfie_segmenter(), []
    block = network.unit8.attention
    handle = block.mlp.register_forward_hook(lambda mlp, inputs, scores: gates.append(scores.sigmoid()))
    network(pictures()[NAMES.index(donor), None])
    handle.remove()
    block.register_forward_hook(lambda se, inputs, output: inputs[0] * gates[0].view(1, -1, 1, 1))
    return network(pictures()[NAMES.index(photograph), None])[0, 0]


@pytest.mark.parametrize(("photograph", "donor"), [("astronaut", "temple"), ("raccoon", "cat")])
def test_mask_and_numbers_are_those_of_the_network_with_the_gates_put_in_by_hand(photograph, donor):
    setting = {**OPENING, "photograph": NAMES.index(photograph), "donor": str(NAMES.index(donor))}
    now = mask_by_hooks(photograph, donor) > 0.5
    before = mask_by_hooks(photograph, photograph) > 0.5
    record = DEFINITION.record(setting)
    assert record["numbers"]["marked"]["value"] == pytest.approx(now.float().mean().item(), abs=6e-4)
    expected = ((now & before).sum() / (now | before).sum()).item()
    assert record["numbers"]["overlap"]["value"] == pytest.approx(expected, abs=6e-4)

    squares = now.view(64, 4, 64, 4).float().mean(dim=(1, 3)) > 0.5
    assert cells_of_runs(record["mask"]["mask"]["now"]) == squares.flatten().tolist()


def test_it_opens_where_one_block_takes_the_suit_away():
    record = DEFINITION.record(OPENING)
    assert (NAMES[OPENING["photograph"]], NAMES[int(OPENING["donor"])]) == ("astronaut", "temple")
    assert record["numbers"]["overlap"]["value"] == pytest.approx(0.473, abs=0.005)
    assert record["mask"]["mask"]["alt"].startswith("astronaut: the network marks 26 % of the photograph")


@pytest.mark.parametrize("block", [ALL, "unit8.attention", "head", "decoder2.attention"])
def test_a_photographs_own_gates_change_nothing(block):
    for index in (0, 7):
        mask = donated(str(index), block)[index]
        assert torch.allclose(mask, own_masks()[index], atol=1e-4)


def test_the_gates_that_are_shown_are_those_of_the_donor():
    shown = DEFINITION.record({**OPENING, "donor": "0"})["used"]["used"]["values"]
    gates = attention_maps(selfie_segmenter(), pictures()[:1])["unit8.attention"]["channel"]
    assert shown == pytest.approx(gates.flatten().tolist(), abs=0.006)
    assert len(shown) == 96
    opened = DEFINITION.record({**OPENING, "donor": "open", "block": "head"})
    assert set(opened["used"]["used"]["values"]) == {1}
    mean = DEFINITION.record({**OPENING, "donor": "mean"})["used"]["used"]["values"]
    every = [DEFINITION.record({**OPENING, "donor": str(i)})["used"]["used"]["values"] for i in range(9)]
    assert mean == pytest.approx(torch.tensor(every).mean(dim=0).tolist(), abs=0.011)


def test_all_blocks_at_once_show_no_gates():
    record = DEFINITION.record({**OPENING, "block": ALL})
    assert record["used"] == {
        "missing": "All ten blocks are given their gates. Choose one of them to see these."
    }


@pytest.mark.slow
def test_the_table_has_the_overlap_of_every_photograph_and_block():
    table = DEFINITION.record(OPENING)["table"]["table"]
    assert [row["label"] for row in table["rows"]] == list(NAMES)
    assert [column["name"] for column in table["columns"]] == [ALL, *BLOCKS]
    for name, block in (("astronaut", "unit8.attention"), ("raccoon", "unit7.attention"), ("cat", ALL)):
        setting = {**OPENING, "photograph": NAMES.index(name), "block": block}
        cell = table["rows"][NAMES.index(name)]["cells"][[ALL, *BLOCKS].index(block)]
        assert cell["value"] == DEFINITION.record(setting)["numbers"]["overlap"]["value"]


@pytest.mark.parametrize(
    ("control", "value", "message"),
    [
        ("photograph", 9, "between 0 and 8; got photograph=9"),
        ("donor", "median", "got donor='median'"),
        ("block", "unit2.attention", "got 'unit2.attention'"),
    ],
)
def test_a_wrong_value_is_refused_in_words(control, value, message):
    with pytest.raises(traitlets.TraitError, match=message):
        WhoseGatesExplorer(**{control: value})


def test_every_donor_has_a_text():
    assert list(DONOR.spec()["texts"]) == [*NAMES, "their mean", "none: all open"]


@pytest.mark.parametrize("block", [ALL, "unit8.attention"])
def test_the_code_computes_the_overlap(block):
    setting = {**OPENING, "block": block}
    shown = DEFINITION.record(setting)["numbers"]["overlap"]["value"]
    assert run_code(DEFINITION, setting)["agreement"].item() == pytest.approx(shown, abs=6e-4)
