"""Freezing: what is named trains, the rest does not, and the report says so."""

import pytest
import torch
import torch.nn.functional as F

from attn_lib.backbones import yolov4_tiny
from attn_lib.blocks import SE
from attn_lib.insertion import FreezeReport, freeze, insert_attention, insert_block, load_pretrained
from gate_by_gate.digit_resnet import digit_resnet
from tests.block_tools import count_parameters


def trainable(model):
    return {name for name, parameter in model.named_parameters() if parameter.requires_grad}


def test_everything_is_frozen_by_default():
    model = digit_resnet()
    report = freeze(model)
    assert trainable(model) == set()
    assert report.trainable == {}
    assert sum(report.frozen.values()) == 77_754


@pytest.mark.parametrize(
    ("except_for", "expected"),
    [
        ("fc", {"fc.weight", "fc.bias"}),
        ("fc.bias", {"fc.bias"}),
        (["layer3.0.bn2", "fc"], {"layer3.0.bn2.weight", "layer3.0.bn2.bias", "fc.weight", "fc.bias"}),
        ("*.downsample.0", {"layer2.0.downsample.0.weight", "layer3.0.downsample.0.weight"}),
        ("*.attention", {f"layer{i}.0.attention.conv.weight" for i in (1, 2, 3)}),
        (("*2.0.attention", "bn1"), {"layer2.0.attention.conv.weight", "bn1.weight", "bn1.bias"}),
        ("layer1.0.conv[12]", {"layer1.0.conv1.weight", "layer1.0.conv2.weight"}),
    ],
)
def test_what_is_named_trains(except_for, expected):
    model = digit_resnet(attention="eca")
    report = freeze(model, except_for=except_for)
    assert trainable(model) == set(report.trainable) == expected
    assert set(report.frozen) == {name for name, _ in model.named_parameters()} - expected


def test_a_name_is_not_the_beginning_of_another():
    """``layer1`` is not ``layer1x``, and ``bn1`` in a unit is not the ``bn1`` of the stem."""
    model = digit_resnet()
    model.layer1x = torch.nn.Linear(3, 5)
    freeze(model, except_for=["layer1", "bn1"])
    assert not model.layer1x.weight.requires_grad
    assert model.bn1.weight.requires_grad
    assert not model.layer2[0].bn1.weight.requires_grad


def test_any_iterable_of_names():
    model = digit_resnet()
    freeze(model, except_for=(name for name in ("fc", "bn1")))
    assert trainable(model) == {"fc.weight", "fc.bias", "bn1.weight", "bn1.bias"}


def test_freezing_again_starts_anew():
    model = digit_resnet()
    freeze(model, except_for="fc")
    freeze(model, except_for="conv1")
    assert trainable(model) == {"conv1.weight"}


def test_counts_are_of_numbers_not_tensors():
    model = digit_resnet(attention="se", reduction=4)
    report = freeze(model, except_for=["*.attention", "fc"])
    blocks = sum(2 * c * (c // 4) + c + c // 4 for c in (16, 32, 64))
    assert sum(report.trainable.values()) == blocks + 64 * 10 + 10
    assert sum(report.trainable.values()) + sum(report.frozen.values()) == count_parameters(model)
    assert sum(report.frozen.values()) == 77_754 - 650


def test_frozen_parameters_stay_and_named_ones_move():
    torch.manual_seed(0)
    model = digit_resnet()
    insert_attention(model, "cbam", reduction=4, as_identity=True)
    report = freeze(model, except_for=["*.attention", "fc"])
    before = {name: value.clone() for name, value in model.named_parameters()}
    optimizer = torch.optim.SGD((p for p in model.parameters() if p.requires_grad), lr=0.5)
    for _ in range(3):
        optimizer.zero_grad()
        F.cross_entropy(model(torch.randn(7, 1, 23, 29)), torch.arange(7)).backward()
        optimizer.step()
    for name, value in model.named_parameters():
        assert torch.equal(value, before[name]) == (name in report.frozen), name


def test_frozen_norms_that_still_move_are_listed():
    """The trap: in training mode a frozen norm goes on averaging, until it is put into eval mode."""
    torch.manual_seed(0)
    model = digit_resnet(attention="cbam", reduction=4)
    report = freeze(model, except_for=["*.attention", "layer3.0.bn1.bias"])
    norms = {name: m for name, m in model.named_modules() if isinstance(m, torch.nn.BatchNorm2d)}
    trains = {name for name in norms if "attention" in name} | {"layer3.0.bn1"}
    assert set(report.moving_norms) == set(norms) - trains
    assert len(report.moving_norms) == 8

    model.train()
    for name in report.moving_norms:
        norms[name].eval()
    before = {name: norm.running_mean.clone() for name, norm in norms.items()}
    model(torch.randn(7, 1, 23, 29))
    assert {
        name for name, norm in norms.items() if not torch.equal(norm.running_mean, before[name])
    } == trains


@pytest.mark.parametrize("name", ["fcc", "layer4", "attention", "*.attention", ""])
def test_a_name_that_fits_nothing_is_an_error(name):
    model = digit_resnet()
    freeze(model, except_for="fc")
    with pytest.raises(ValueError, match=r"must name parameters of the model; got '.*', which fits none"):
        freeze(model, except_for=["conv1", name])
    assert trainable(model) == {"fc.weight", "fc.bias"}


def test_the_report_prints_well():
    with torch.device("meta"):
        model = yolov4_tiny(attention="eca")
    report = freeze(model, except_for="attention_*")
    assert repr(report) == "FreezeReport(trainable=15, frozen=6056606)"
    assert str(report).splitlines() == [
        "trains  15 of 6,056,621 parameters",
        "        in tensors  3: attention_fine.conv.weight, attention_coarse.conv.weight, "
        "attention_upsample.conv.weight",
        "frozen  6,056,606 parameters",
        "        norms whose running statistics still move  19: stem.0.1, stem.1.1, csp1.conv1.1, "
        "... (16 more)",
    ]


def test_an_empty_report():
    report = FreezeReport(trainable={}, frozen={"weight": 3}, moving_norms=())
    assert str(report).splitlines()[:2] == ["trains  0 of 3 parameters", "        in tensors  0"]


def test_what_is_frozen_without_weights_is_named():
    """The two reports together: a block that was put in after the load is random, and here it is frozen."""
    model = digit_resnet()
    report = load_pretrained(model, digit_resnet().state_dict())
    insert_block(model, "layer3.0.bn2", SE(64))
    insert_attention(model, "eca", stages=[1])

    frozen = freeze(model, except_for=["fc", "layer1.0.attention"], loaded=report)

    layers = [f"layer3.0.bn2.attention.mlp.{entry}" for entry in ("fc1.weight", "fc1.bias")]
    assert list(frozen.never_loaded[:2]) == layers
    assert len(frozen.never_loaded) == 4
    assert "random, since never loaded  4: layer3.0.bn2" in str(frozen)
    assert "random" not in str(freeze(model, except_for=["*attention", "fc"], loaded=report))


@pytest.mark.parametrize(
    ("except_for", "error", "message"),
    [
        (None, TypeError, r"a name or several, such as \['fc'\]; got None"),
        ("layer9", ValueError, r"got 'layer9', which fits none; did you mean 'layer\d' or"),
        ("FC", ValueError, r"got 'FC', which fits none; did you mean 'fc'\?"),
        ([3], TypeError, r"must hold names; got int$"),
    ],
)
def test_wrong_exceptions_are_named(except_for, error, message):
    with pytest.raises(error, match=message):
        freeze(digit_resnet(), except_for=except_for)


def test_a_module_in_place_of_its_name_is_told_its_name():
    model = digit_resnet()
    for except_for in (model.fc, [model.fc]):
        with pytest.raises(TypeError, match=r"must hold names; got Linear\. It is called 'fc'"):
            freeze(model, except_for=except_for)
    with pytest.raises(TypeError, match=r"a module's name; got BatchNorm2d\. It is called 'layer1.0.bn2'"):
        insert_block(model, model.layer1[0].bn2, SE(16))
