"""The block chooser: what it counts is what whole networks have, and what it says follows from the table."""

from __future__ import annotations

import pytest
import torch

from attn_lib.backbones import mobilenet_v2, resnet50
from attn_lib.inspection import count_macs, count_parameters
from gate_by_gate.book_blocks import BOOK_BLOCKS
from gate_by_gate.explorers.block_chooser import BUDGETS, CARRIES, DEFINITION, answer, cost

BUILDERS = {"mobilenet_v2": mobilenet_v2, "resnet50": resnet50}


@pytest.mark.parametrize("block", BOOK_BLOCKS)
@pytest.mark.parametrize("network", BUILDERS)
def test_the_costs_are_the_differences_of_whole_networks(network: str, block: str):
    image = torch.zeros(1, 3, 224, 224, device="meta")
    last = {"mobilenet_v2": (6, 7), "resnet50": (4,)}[network]  # the stages with maps of 7 x 7
    with torch.device("meta"):
        bare = BUILDERS[network]()
        filled = {
            "authors": BUILDERS[network](attention=block),
            "small": BUILDERS[network](attention=block, placement="residual", stages=last),
        }
    for where, model in filled.items():
        added = (
            count_parameters(model).total - count_parameters(bare).total,
            count_macs(model, image).total - count_macs(bare, image).total,
        )
        assert cost(network, block, where) == added


def choice(**setting: object) -> tuple[str, dict[str, list[object]]]:
    data = DEFINITION.parts["choice"].data(DEFINITION.defaults | setting)
    return data["answer"]["text"], {row["label"]: row["cells"] for row in data["table"]["rows"]}


def test_it_answers_the_question_of_the_chapter():
    """A mobile network at 7 x 7, with less than 0.2 M parameters to spare, and two places to compare."""
    said, rows = choice(need="pair", network="mobilenet_v2", where="small", budget=200_000)
    assert said == "Nothing fits. What would carry it for the least is self-attention, with 358 k."
    assert rows["self-attention"][1] == {"value": 358_400, "text": "358 k", "right": False}
    said, _ = choice(need="maximum", network="mobilenet_v2", where="small", budget=200_000)
    assert said == "What is left: CBAM (23.6 k)."


def test_what_is_left_carries_the_evidence_and_fits():
    for need, carriers in CARRIES.items():
        for budget in BUDGETS:
            said, rows = choice(need=need, budget=budget)
            fitting = [label for label, cells in rows.items() if cells[0]["right"] and cells[1]["right"]]
            assert len([cells for cells in rows.values() if cells[0]["right"]]) == len(carriers)
            assert said.startswith("What is left" if fitting else "Nothing fits")
            assert all(label in said for label in fitting)


def test_the_cheapest_comes_first():
    assert answer({"bam": 30, "se": 20, "cbam": 40}, 30) == "What is left: SE (20) and BAM (30)."
    assert (
        answer({"bam": 30, "se": 20}, 10) == "Nothing fits. What would carry it for the least is SE, with 20."
    )
