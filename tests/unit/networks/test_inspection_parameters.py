"""Parameter counts: by parameter, part and block, as formula and number."""

import pytest
import torch
import torchinfo
from torch import nn

from attn_lib import ECA, SE
from attn_lib.inspection import count_parameters, count_parameters_by_block


def network() -> nn.Sequential:
    model = nn.Sequential(
        nn.Conv2d(3, 13, 3, bias=False),
        nn.BatchNorm2d(13),
        SE(13, reduction=5),
        nn.Sequential(nn.Conv2d(13, 17, 1), ECA(17)),
        nn.Flatten(),
        nn.LazyLinear(19),
    )
    model(torch.zeros(2, 3, 5, 7))
    return model


def test_an_se_block_as_formula_and_number():
    count = count_parameters(SE(256, reduction=16))

    assert count.formula == "16 × 256 + 16 + 256 × 16 + 256 = 8464"
    assert (count.name, count.type, count.total) == ("", "SE", 8464)
    assert {name: (part.type, part.formula) for name, part in count.parts.items()} == {
        "mlp.fc1": ("Linear", "16 × 256 + 16 = 4112"),
        "mlp.fc2": ("Linear", "256 × 16 + 256 = 4352"),
    }
    weight, bias = count.parts["mlp.fc1"].parameters
    assert (weight.name, weight.part, weight.shape, weight.count) == (
        "mlp.fc1.weight",
        "mlp.fc1",
        (16, 256),
        4096,
    )
    assert weight.formula == "16 × 256 = 4096"
    assert bias.formula == "16"


def test_a_model_by_part_counted_by_hand():
    count = count_parameters(network())
    assert {name: part.total for name, part in count.parts.items()} == {
        "0": 13 * 3 * 3 * 3,
        "1": 13 + 13,
        "2.mlp.fc1": 2 * 13 + 2,
        "2.mlp.fc2": 13 * 2 + 13,
        "3.0": 17 * 13 + 17,
        "3.1.conv": 3,
        "5": 19 * 17 * 3 * 5 + 19,
    }
    assert count.parts["0"].formula == "13 × 3 × 3 × 3 = 351"
    assert count.total == sum(part.total for part in count.parts.values())


def test_blocks_are_counted_under_their_names():
    blocks = count_parameters_by_block(network())
    assert {name: (block.type, block.total) for name, block in blocks.items()} == {
        "2": ("SE", 67),
        "3.1": ("ECA", 3),
    }
    assert blocks["2"].parameters[0].name == "2.mlp.fc1.weight"
    assert count_parameters_by_block(SE(13, reduction=5))[""].total == 67


def test_frozen_and_trainable_parameters_are_told_apart():
    model = network()
    model[0].requires_grad_(False)
    model[5].bias.requires_grad_(False)

    count = count_parameters(model)

    assert count.frozen == 351 + 19
    assert count.trainable == count.total - 351 - 19
    assert [parameter.name for parameter in count.parameters if not parameter.trainable] == [
        "0.weight",
        "5.bias",
    ]


def test_totals_agree_with_torch_and_torchinfo():
    model = network()
    model[0].requires_grad_(False)
    count = count_parameters(model)
    summary = torchinfo.summary(model, input_size=(2, 3, 5, 7), verbose=0)

    assert count.total == sum(p.numel() for p in model.parameters()) == summary.total_params
    assert count.trainable == summary.trainable_params
    assert [p.name for p in count.parameters] == [name for name, _ in model.named_parameters()]
    assert [p.shape for p in count.parameters] == [tuple(p.shape) for p in model.parameters()]


def test_a_shared_parameter_counts_once_under_its_first_name():
    model = nn.Sequential(nn.Linear(5, 7, bias=False), nn.Linear(5, 7, bias=False))
    model[1].weight = model[0].weight
    count = count_parameters(model)
    assert [parameter.name for parameter in count.parameters] == ["0.weight"]
    assert count.total == 35


def test_blocks_that_share_count_as_if_each_stood_alone():
    first, second = SE(13, reduction=5), SE(13, reduction=5)
    second.mlp = first.mlp
    model = nn.Sequential(first, second)
    assert count_parameters(model).total == 67
    assert [block.total for block in count_parameters_by_block(model).values()] == [67, 67]


def test_scalars_and_empty_models_have_a_formula_too():
    model = nn.Module()
    assert count_parameters(model).formula == "0"
    assert count_parameters(model).total == 0
    assert count_parameters(model).parts == {}
    model.gain = nn.Parameter(torch.tensor(0.0))
    assert count_parameters(model).formula == "1"
    assert count_parameters(model).parameters[0].part == ""


def test_a_compiled_model_has_the_names_and_type_of_the_plain_one():
    model = network()
    assert count_parameters(torch.compile(model, backend="eager")) == count_parameters(model)


def test_an_uninitialised_parameter_has_no_count_yet():
    with pytest.raises(RuntimeError, match="uninitialized parameter"):
        count_parameters(nn.LazyLinear(19))
