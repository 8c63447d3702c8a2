"""The benchmarks compare like with like, and their arithmetic is right. timm is not needed here."""

import math

import pytest
import torch

from attn_lib.blocks import BLOCKS, ECAVariant
from benchmarks import __main__ as benchmarks
from benchmarks.__main__ import PASSES, give_weights
from benchmarks.pages import medians
from benchmarks.textbook import TEXTBOOK
from benchmarks.timing import Comparison, compare, forward, forward_and_backward
from tests.block_tools import randomise


def test_the_blocks_with_a_textbook_form_have_a_floor():
    assert TEXTBOOK.keys() == PASSES.keys() <= BLOCKS.keys()


def test_a_block_without_a_textbook_form_is_measured_against_itself(monkeypatch):
    monkeypatch.setitem(BLOCKS, "new", ECAVariant)
    monkeypatch.setattr(benchmarks, "timm_peers", dict)
    row = benchmarks.measure("new", (2, 13, 3, 5), training=False, budget=0)
    assert row["ratio"].keys() == {"again"}
    assert benchmarks.line(row).split()[0] == "new"
    assert benchmarks.line(row).count(" - ") + benchmarks.line(row).endswith(" -") >= 2


@pytest.mark.parametrize("name", TEXTBOOK)
@pytest.mark.parametrize("training", [False, True])
def test_the_textbook_form_computes_what_the_block_does(name, training):
    block, textbook = randomise(BLOCKS[name](32)), TEXTBOOK[name](32)
    give_weights(block, textbook)
    x = torch.randn(3, 32, 5, 7, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(textbook.train(training)(x), block.train(training)(x))


def test_contestants_take_turns_and_are_timed_one_by_one():
    now = 0.0
    order = []

    def contestant(name, seconds):
        def step():
            nonlocal now
            now += seconds
            order.append(name)

        return step

    times = compare(
        {"slow": contestant("slow", 3), "quick": contestant("quick", 2)}, budget=100, clock=lambda: now
    )

    assert set(times.seconds["slow"]) == {3}
    assert set(times.seconds["quick"]) == {2}
    assert len(times.seconds["slow"]) == len(times.seconds["quick"]) == len(order) // 2 - 2 == 18
    rounds = {tuple(order[i : i + 2]) for i in range(0, len(order), 2)}
    assert rounds == {("slow", "quick"), ("quick", "slow")}


def test_a_ratio_is_the_median_of_the_rounds_and_not_the_ratio_of_the_medians():
    times = Comparison({"a": [2, 9, 8, 10, 12], "b": [1, 3, 4, 20, 6]})
    assert times.median("a") == 9
    assert times.ratio("a", "b") == {"median": 2, "lower": 1.25, "upper": 2.5}


def test_steps_run_without_and_with_gradients():
    block = BLOCKS["cbam"](32)
    x = torch.randn(3, 32, 5, 7)

    forward(block, x)()
    assert not block.training
    assert all(parameter.grad is None for parameter in block.parameters())

    step = forward_and_backward(block, x, torch.ones_like(x))
    step()
    once = block.spatial.conv.weight.grad.clone()
    step()
    assert block.training
    assert math.isclose(once.norm(), block.spatial.conv.weight.grad.norm(), rel_tol=1e-5)
    assert x.grad is None


def test_the_median_of_each_score_is_told_with_the_range_of_the_first():
    runs = [[90, 100, 96, 100], [95, 97, 96, 100], [80, 98, 96, 100]]
    assert medians(runs) == ["90 (80-95)", "98", "96", "100"]
    assert medians(runs[:1]) == ["90", "100", "96", "100"]
