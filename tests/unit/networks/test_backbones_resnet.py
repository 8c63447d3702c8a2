"""ResNet: torchvision's names and shapes by rule, and the forward pass written out."""

import pytest
import torch
import torch.nn.functional as F

from attn_lib.backbones import ResNet, resnet18, resnet34, resnet50, resnet101
from attn_lib.backbones.resnet import BasicBlock, Bottleneck
from gate_by_gate.digit_resnet import digit_resnet
from tests.backbone_tools import Affine, norm_entries, put
from tests.block_tools import count_parameters, randomise


def torchvision_entries(depths, bottleneck):
    """Names and shapes of torchvision's ResNet, in its order."""
    yield "conv1.weight", (64, 3, 7, 7)
    yield from norm_entries("bn1", 64)
    channels = 64
    for stage, depth in enumerate(depths, start=1):
        width = 32 * 2**stage
        out = 4 * width if bottleneck else width
        if bottleneck:
            convolutions = [(width, 1), (width, 3), (out, 1)]
        else:
            convolutions = [(width, 3), (width, 3)]
        for index in range(depth):
            unit = f"layer{stage}.{index}"
            before = channels
            for number, (after, side) in enumerate(convolutions, start=1):
                yield f"{unit}.conv{number}.weight", (after, before, side, side)
                yield from norm_entries(f"{unit}.bn{number}", after)
                before = after
            if index == 0 and channels != out:
                yield f"{unit}.downsample.0.weight", (out, channels, 1, 1)
                yield from norm_entries(f"{unit}.downsample.1", out)
            channels = out
    yield "fc.weight", (1000, channels)
    yield "fc.bias", (1000,)


@pytest.mark.parametrize(
    ("build", "depths", "bottleneck", "parameters"),
    [
        (resnet18, (2, 2, 2, 2), False, 11_689_512),
        (resnet34, (3, 4, 6, 3), False, 21_797_672),
        (resnet50, (3, 4, 6, 3), True, 25_557_032),
        (resnet101, (3, 4, 23, 3), True, 44_549_160),
    ],
)
def test_names_and_shapes_are_torchvisions(build, depths, bottleneck, parameters):
    with torch.device("meta"):
        model = build()
    found = [(name, tuple(value.shape)) for name, value in model.state_dict().items()]
    assert found == list(torchvision_entries(depths, bottleneck))
    assert count_parameters(model) == parameters


def test_strides_are_torchvisions():
    """The first unit of layers 2 to 4 halves the sides, a bottleneck by its 3x3 convolution."""
    with torch.device("meta"):
        basic, bottleneck = resnet18(), resnet50()
    for stage in (1, 2, 3, 4):
        stride = (1, 1) if stage == 1 else (2, 2)
        first, second = basic.get_submodule(f"layer{stage}")[:2]
        assert first.conv1.stride == stride
        assert first.conv2.stride == second.conv1.stride == second.conv2.stride == (1, 1)
        first = bottleneck.get_submodule(f"layer{stage}")[0]
        assert first.conv2.stride == first.downsample[0].stride == stride
        assert first.conv1.stride == first.conv3.stride == (1, 1)
    assert basic.conv1.stride == (2, 2)


def apply(state, name, x, *, norm=None, stride=1):
    """Convolve by the weights called ``name`` and normalise by those called ``norm``, from a state dict."""
    weight = state[f"{name}.weight"]
    x = F.conv2d(x, weight, stride=stride, padding=weight.shape[2] // 2)
    mean, var, scale, shift = (
        state[f"{norm}.{e}"] for e in ("running_mean", "running_var", "weight", "bias")
    )
    return F.batch_norm(x, mean, var, scale, shift)


def unit_by_hand(state, x, *, sides, stride, stride_at, **at):
    """A residual unit, with ``at[placement]`` applied where the name of the placement says."""
    nothing = lambda y: y  # noqa: E731
    x = at.get("before_unit", nothing)(x)
    out = x
    for number in range(1, sides + 1):
        out = apply(
            state, f"conv{number}", out, norm=f"bn{number}", stride=stride if number == stride_at else 1
        )
        if number < sides:
            out = out.relu()
        if number == 2 and sides == 3:
            out = at.get("after_3x3", nothing)(out)
    out = at.get("residual", nothing)(out)
    if "downsample.0.weight" in state:
        x = apply(state, "downsample.0", x, norm="downsample.1", stride=stride)
    out = (out + at.get("identity", nothing)(x)).relu()
    return at.get("after_addition", nothing)(out)


@pytest.mark.parametrize("in_channels", [5, 7], ids=["projected", "plain"])
@pytest.mark.parametrize("placement", [None, "residual", "before_unit", "identity", "after_addition"])
def test_basic_block_by_hand(placement, in_channels):
    unit = randomise(BasicBlock(in_channels, 7, stride=2 if in_channels == 5 else 1)).eval()
    state = dict(unit.state_dict())
    x = torch.randn(2, in_channels, 11, 13)
    block = {placement: put(unit, placement, Affine())} if placement else {}

    expected = unit_by_hand(state, x, sides=2, stride=unit.conv1.stride[0], stride_at=1, **block)

    torch.testing.assert_close(unit(x), expected)


@pytest.mark.parametrize("in_channels", [5, 12], ids=["projected", "plain"])
@pytest.mark.parametrize(
    "placement", [None, "residual", "before_unit", "identity", "after_addition", "after_3x3"]
)
def test_bottleneck_by_hand(placement, in_channels):
    unit = randomise(Bottleneck(in_channels, 3, stride=2 if in_channels == 5 else 1)).eval()
    state = dict(unit.state_dict())
    x = torch.randn(2, in_channels, 11, 13)
    block = {placement: put(unit, placement, Affine())} if placement else {}

    expected = unit_by_hand(state, x, sides=3, stride=unit.conv2.stride[0], stride_at=2, **block)

    torch.testing.assert_close(unit(x), expected)


def test_whole_network_by_hand():
    model = randomise(ResNet(BasicBlock, (1, 2), (5, 7), num_classes=11)).eval()
    state = dict(model.state_dict())
    x = torch.randn(2, 3, 37, 41)

    def unit(name, x, stride):
        own = {key.removeprefix(f"{name}."): value for key, value in state.items() if key.startswith(name)}
        return unit_by_hand(own, x, sides=2, stride=stride, stride_at=1)

    y = F.max_pool2d(apply(state, "conv1", x, norm="bn1", stride=2).relu(), 3, 2, 1)
    y = unit("layer2.1", unit("layer2.0", unit("layer1.0", y, 1), 2), 1)
    expected = y.mean((2, 3)) @ state["fc.weight"].T + state["fc.bias"]

    torch.testing.assert_close(model(x), expected)


def test_digit_resnet_by_hand():
    model = randomise(digit_resnet(num_classes=7, in_channels=2, widths=(3, 5, 11))).eval()
    state = dict(model.state_dict())
    x = torch.randn(2, 2, 23, 29)

    y = apply(state, "conv1", x, norm="bn1", stride=2).relu()
    for stage, stride in [(1, 1), (2, 2), (3, 2)]:
        name = f"layer{stage}.0."
        own = {key.removeprefix(name): value for key, value in state.items() if key.startswith(name)}
        y = unit_by_hand(own, y, sides=2, stride=stride, stride_at=1)
    expected = y.mean((2, 3)) @ state["fc.weight"].T + state["fc.bias"]

    torch.testing.assert_close(model(x), expected)


def test_digit_resnet_counts_by_hand():
    """Stem, three units (two 3x3 convolutions, norms, a projection where the width changes), classifier."""
    stem = 9 * 16 + 2 * 16
    first = 2 * 9 * 16 * 16 + 4 * 16
    second = 9 * 16 * 32 + 9 * 32 * 32 + 4 * 32 + (16 * 32 + 2 * 32)
    third = 9 * 32 * 64 + 9 * 64 * 64 + 4 * 64 + (32 * 64 + 2 * 64)
    classifier = 64 * 10 + 10
    assert count_parameters(digit_resnet()) == stem + first + second + third + classifier == 77_754


def test_digit_resnet_puts_blocks_where_the_experiment_reads_them():
    model = digit_resnet(attention="se", reduction=4)
    for stage, channels in [(1, 16), (2, 32), (3, 64)]:
        assert model.get_submodule(f"layer{stage}.0").attention.channels == channels


def test_any_image_size():
    model = resnet18(num_classes=5, attention="eca").eval()
    for height, width in [(1, 1), (1, 67), (33, 2)]:
        assert model(torch.zeros(1, 3, height, width)).shape == (1, 5)


def test_depths_and_widths_must_agree():
    with pytest.raises(ValueError, match=r"must be equally long; got 3 and 4 stages"):
        ResNet(BasicBlock, (1, 1, 1))


def test_nothing_works_in_place():
    """What a hook read from a layer is still there after the pass."""
    model = digit_resnet(attention="se", reduction=4)
    read = {}
    for name, module in model.named_modules():
        if name:
            module.register_forward_hook(
                lambda module, inputs, output, name=name: read.update({name: (output, output.clone())})
            )
    model(torch.randn(3, 1, 23, 29))
    for name, (output, copy) in read.items():
        assert torch.equal(output, copy), name
