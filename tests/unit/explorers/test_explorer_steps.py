"""The blocks at work, step by step: every number against the arithmetic that is written beside it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest
import torch

from attn_lib.blocks import CBAM
from gate_by_gate.explorers import EXPLORERS
from gate_by_gate.explorers.shared.worksheet import (
    added,
    convolution,
    equals,
    example_block,
    number,
    own,
    weighted_sum,
)
from gate_by_gate.widgets.definition import Data

NAMES = [name for name in EXPLORERS if name.endswith("_steps")]
FUNCTIONS: dict[str, Callable[..., float]] = {
    "ReLU": lambda t: max(t, 0.0),
    "σ": lambda t: 1 / (1 + math.exp(-t)),
    "δ": lambda t: t * min(max(t + 3, 0.0), 6.0) / 6,
    "max": max,
    "root": math.sqrt,
}


def steps_of(name: str, **setting: object) -> Data:
    definition = EXPLORERS[name].definition
    data: Data = definition.parts["steps"].data(definition.defaults | setting)["steps"]
    return data


def evaluate(text: str) -> float:
    """Compute what stands before the last ``=`` or ``≈`` of a working."""
    text = re.split(r" [=≈] ", text)[-2].replace("−", "-").replace("·", "*").replace("√3", "root(3)")
    text = re.sub(r"(-?[\d.]+) \(\d+ products\)", r"\1", text)
    return float(eval(text, {"__builtins__": {}}, FUNCTIONS))


def test_there_is_one_for_each_block_of_the_book():
    assert [f"{name}_steps" for name in ("bam", "cbam", "coord_att", "eca", "se", "self_attention")] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_number_is_what_its_working_comes_to(name: str):
    checked = 0
    for grid in steps_of(name)["grids"].values():
        for value, working in zip(grid["values"], grid.get("workings", ()), strict=False):
            result = float(re.split(r" [=≈] ", working)[-1].replace("−", "-"))
            # Cells have a decimal or two, and a working shows its factors with three.
            assert value == pytest.approx(result, abs=0.051), working
            if "numbers)" in working:
                continue  # the largest of more numbers than are listed
            assert evaluate(working) == pytest.approx(result, abs=0.011), working
            checked += 1
    assert checked >= 30


@pytest.mark.parametrize("name", NAMES)
def test_a_working_that_says_equals_is_exact(name: str):
    exact = [
        working
        for grid in steps_of(name)["grids"].values()
        for working in grid.get("workings", ())
        if " = " in working and "numbers)" not in working
    ]
    assert exact
    for working in exact:
        result = float(re.split(r" [=≈] ", working)[-1].replace("−", "-"))
        assert evaluate(working) == pytest.approx(result, abs=1e-3), working


@pytest.mark.parametrize("name", NAMES)
def test_every_number_of_a_step_says_where_it_comes_from(name: str):
    data = steps_of(name)
    for step in data["steps"]:
        operands = {operand for row in step["operands"] for operand in row}
        for result in (name for row in step["results"] for name in row):
            grid = data["grids"][result]
            assert set(grid.get("sources", {})) <= operands
            assert bool(operands) == bool(grid.get("workings"))
    used = {source for grid in data["grids"].values() for source in grid.get("sources", {})}
    shown = {name for step in data["steps"] for row in step["operands"] for name in row}
    assert used == shown, "a grid that nothing is computed from is not shown as if it were"


def last(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the input of a block and its output, as they are shown."""
    data = steps_of(name)
    x, y = data["grids"]["x"], data["grids"][data["steps"][-1]["results"][-1][-1]]
    return tuple(torch.tensor(grid["values"]).reshape(grid["shape"]) for grid in (x, y))  # type: ignore[return-value]


def test_what_the_texts_say_of_the_channels_is_so():
    """One channel passes, one is closed and one is halved."""
    for name in ("se_steps", "cbam_steps", "coord_att_steps"):
        x, y = last(name)
        passed, closed = y[0].max() / x[0].max(), y[1].mean() / x[1].mean()
        assert passed > 0.85, name
        assert closed < 0.1, name
    x, y = last("se_steps")
    assert torch.equal(y[2], x[2] / 2)
    x, y = last("bam_steps")
    assert ((y >= x) & (y <= 2 * x)).all()
    grids = steps_of("cbam_steps")["grids"]
    assert grids["z_mean"]["values"][:2] == [2, 2], "spot and clutter have the same mean"
    assert grids["z_max"]["values"][:2] == [8, 3]
    assert grids["h"]["values"] == [0, 2.5], "the means leave the unit silent, the maxima do not"


def test_without_the_spot_the_unit_of_se_is_silent_and_every_gate_is_one_half():
    grids = steps_of("se_steps", spot=False)["grids"]
    assert grids["x"]["planes"][0] == "0: nothing"
    assert not any(grids["x"]["values"][:16])
    assert grids["h"]["workings"] == ["ReLU(2 · 0 − 1 · 2 + 1 · 1) = 0"]
    assert grids["s"]["values"] == [0.5, 0.5, 0.5]
    told = [step["says"] for step in steps_of("se_steps", spot=False)["steps"]]
    assert (
        sum(one != other["says"] for one, other in zip(told, steps_of("se_steps")["steps"], strict=True)) == 4
    )


def test_the_news_goes_from_one_corner_to_the_other():
    x, y = last("self_attention_steps")
    assert (x[2, 0, 0].item(), x[2, 1, 2].item()) == (0, 8)
    assert y[2, 0, 0].item() == 4
    weights = steps_of("self_attention_steps")["grids"]["a"]["values"]
    assert weights[0] == weights[5] == 0.49


def test_weights_are_set_and_all_others_are_zero():
    block = example_block(
        lambda: CBAM(3, reduction=3, kernel_size=3), {"channel.mlp.fc2.weight": [1.0, -1.0, 0.5]}
    )
    assert not block.training
    assert block.channel.mlp.fc2.weight.flatten().tolist() == [1, -1, 0.5]
    assert not block.channel.mlp.fc1.weight.any()
    values = torch.tensor([[[[0.3, -0.7]]]])
    torch.testing.assert_close(block.spatial.norm(values), values)
    with pytest.raises(KeyError, match="no_such_layer"):
        example_block(lambda: CBAM(3, reduction=3), {"no_such_layer": [0.0]})


def test_a_convolution_reads_its_taps_and_nothing_beyond_the_edge():
    of_map, of_weights = convolution(5, 7, dilation=2)
    read = of_map((0, 1, 6), (1, 5, 7))
    assert read == [(0, 1, 4), (0, 1, 6), (0, 3, 4), (0, 3, 6)]
    assert of_weights((0, 1, 6), (1, 3, 3)) == [(0, 1, 0), (0, 1, 1), (0, 2, 0), (0, 2, 1)]
    assert len(of_map((0, 2, 3), (2, 5, 7))) == 18


def test_the_same_place_where_a_side_is_one_is_that_of_all():
    assert own((2, 3, 4), (3, 5, 7)) == [(2, 3, 4)]
    assert own((2, 3, 4), (3, 1, 1)) == [(2, 0, 0)]
    assert own((2, 3, 4), (1, 5, 7)) == [(0, 3, 4)]


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(2.0, 3, "2"), (-0.5, 3, "−0.5"), (1.23456, 3, "1.235"), (-0.0001, 2, "0"), (10.0, 0, "10")],
)
def test_numbers_are_written_without_needless_zeros(value: float, decimals: int, text: str):
    assert number(value, decimals) == text


def test_what_is_rounded_is_not_called_equal():
    assert equals(2.25) == "= 2.25"
    assert equals(0.1 + 0.2) == "= 0.3"
    assert equals(2.2571) == "≈ 2.26"


def test_sums_have_the_signs_of_their_terms():
    assert added([(2, "2"), (-1, "1"), (0, "0")]) == "2 − 1 + 0"
    assert added([(-2, "2"), (3, "3")]) == "−2 + 3"


def test_a_long_sum_of_products_is_told_in_short():
    read = {"x": [1.0, 2, 3, 4, 5, 6], "w": [0.5, -1, 0, 2, 1, 1], "b": [-3.0]}
    assert weighted_sum("x", "w", "b", "ReLU")(14.5, read) == "ReLU(17.5 (5 products) − 3) = 14.5"
    few = {"x": [-2.0, 5], "w": [-1.0, 0.25], "b": [-3.0]}
    assert weighted_sum("x", "w", "b")(0.25, few) == "−1 · (−2) + 0.25 · 5 − 3 = 0.25"
    assert weighted_sum("x", "w")(0, {"x": [2.0], "w": [0.0]}) == "0 = 0"
