"""MobileNetV2 and MobileNeXt: names, shapes and counts by rule, and their units written out."""

import pytest
import torch
import torch.nn.functional as F

from attn_lib.backbones import mobilenet_v2, mobilenext
from attn_lib.backbones.mobilenet_v2 import InvertedResidual
from attn_lib.backbones.mobilenext import Sandglass
from tests.backbone_tools import Affine, norm_entries, put
from tests.block_tools import count_parameters, randomise


def torchvision_entries():
    """Names and shapes of torchvision's MobileNetV2, in its order."""

    def convolution(name, shape, norm):
        yield f"{name}.weight", shape
        yield from norm_entries(norm, shape[0])

    yield from convolution("features.0.0", (32, 3, 3, 3), "features.0.1")
    channels, number = 32, 1
    for expansion, out, units in [
        (1, 16, 1),
        (6, 24, 2),
        (6, 32, 3),
        (6, 64, 4),
        (6, 96, 3),
        (6, 160, 3),
        (6, 320, 1),
    ]:
        for _ in range(units):
            conv, hidden, layer = f"features.{number}.conv", channels * expansion, 0
            if expansion > 1:
                yield from convolution(f"{conv}.0.0", (hidden, channels, 1, 1), f"{conv}.0.1")
                layer = 1
            yield from convolution(f"{conv}.{layer}.0", (hidden, 1, 3, 3), f"{conv}.{layer}.1")
            yield from convolution(f"{conv}.{layer + 1}", (out, hidden, 1, 1), f"{conv}.{layer + 2}")
            channels, number = out, number + 1
    yield from convolution("features.18.0", (1280, 320, 1, 1), "features.18.1")
    yield "classifier.1.weight", (1000, 1280)
    yield "classifier.1.bias", (1000,)


def test_mobilenet_v2_names_and_shapes_are_torchvisions():
    with torch.device("meta"):
        model = mobilenet_v2()
    found = [(name, tuple(value.shape)) for name, value in model.state_dict().items()]
    assert found == list(torchvision_entries())
    assert count_parameters(model) == 3_504_872


def test_mobilenet_v2_halves_the_sides_where_the_paper_does():
    model = mobilenet_v2().eval()
    x = torch.zeros(1, 3, 224, 224)
    sides = []
    with torch.no_grad():
        for layer in model.features:
            x = layer(x)
            sides.append(x.shape[2])
    assert sides == [112] * 2 + [56] * 2 + [28] * 3 + [14] * 7 + [7] * 5


def batch_norm(state, name, x):
    mean, var, scale, shift = (
        state[f"{name}.{e}"] for e in ("running_mean", "running_var", "weight", "bias")
    )
    return F.batch_norm(x, mean, var, scale, shift)


@pytest.mark.parametrize("placement", [None, "residual", "before_unit", "hidden", "after_addition"])
@pytest.mark.parametrize(
    ("in_channels", "stride", "expansion"),
    [(7, 1, 6), (7, 2, 6), (5, 1, 6), (7, 1, 1)],
    ids=["identity", "stride 2", "other width", "no expansion"],
)
def test_inverted_residual_by_hand(in_channels, stride, expansion, placement):
    if placement == "hidden" and expansion == 1:
        assert "hidden" not in InvertedResidual(in_channels, 7, stride=stride, expansion=1).slots
        return
    unit = randomise(InvertedResidual(in_channels, 7, stride=stride, expansion=expansion)).eval()
    state = dict(unit.state_dict())
    x = torch.randn(2, in_channels, 11, 13)
    at = dict.fromkeys(["before_unit", "hidden", "residual", "after_addition"], lambda y: y)
    if placement:
        at[placement] = put(unit, placement, Affine())

    start = at["before_unit"](x)
    y, layer = start, 0
    if expansion > 1:
        y = batch_norm(state, "conv.0.1", F.conv2d(y, state["conv.0.0.weight"])).clamp(0, 6)
        layer = 1
    depthwise = F.conv2d(y, state[f"conv.{layer}.0.weight"], stride=stride, padding=1, groups=y.shape[1])
    y = at["hidden"](batch_norm(state, f"conv.{layer}.1", depthwise).clamp(0, 6))
    y = batch_norm(state, f"conv.{layer + 2}", F.conv2d(y, state[f"conv.{layer + 1}.weight"]))
    y = at["residual"](y)
    expected = at["after_addition"](start + y if stride == 1 and in_channels == 7 else y)

    torch.testing.assert_close(unit(x), expected)


def test_mobilenext_counts_by_hand():
    """Each row: channels in, in the middle, out; depthwise convolutions on the wide ends where there are."""
    units = [
        # (in, middle, out, first depthwise, last depthwise), from the paper's table and the released code
        (32, 16, 96, True, True),
        (96, 32, 144, True, True),
        (144, 32, 192, False, True),
        *[(192, 32, 192, True, True)] * 2,
        (192, 48, 288, False, True),
        *[(288, 48, 288, True, True)] * 2,
        (288, 64, 384, False, False),
        *[(384, 64, 384, True, True)] * 3,
        (384, 96, 576, False, True),
        *[(576, 96, 576, True, True)] * 3,
        (576, 160, 960, False, False),
        *[(960, 160, 960, True, True)] * 2,
        (960, 208, 1280, True, True),
    ]
    depthwise = lambda channels: 9 * channels + 2 * channels  # noqa: E731
    expected = 27 * 32 + 2 * 32 + 1280 * 1000 + 1000
    for start, middle, end, first, last in units:
        expected += start * middle + 2 * middle + middle * end + 2 * end
        expected += first * depthwise(start) + last * depthwise(end)

    with torch.device("meta"):
        model = mobilenext()

    assert count_parameters(model) == expected == 3_535_416
    assert len(model.features) == 1 + len(units)


def test_mobilenext_halves_the_sides_and_adds_where_the_released_code_does():
    model = mobilenext().eval()
    x = torch.zeros(1, 3, 224, 224)
    sides = []
    with torch.no_grad():
        for layer in model.features:
            x = layer(x)
            sides.append(x.shape[2])
    assert sides == [112] + [56] * 2 + [28] * 3 + [14] * 7 + [7] * 8
    with_identity = [i for i, unit in enumerate(model.features) if i and unit.use_identity]
    assert with_identity == [4, 5, 7, 8, 10, 11, 12, 14, 15, 16, 18, 19]


@pytest.mark.parametrize(
    "placement",
    [None, "residual", "before_unit", "after_first_depthwise", "after_last_depthwise", "after_addition"],
)
@pytest.mark.parametrize(("first", "last"), [(True, True), (False, True), (False, False)])
def test_sandglass_by_hand(first, last, placement):
    identity = first and last
    in_channels = 11 if identity else 5
    stride = 2 if last and not identity else 1
    unit = Sandglass(
        in_channels, 11, 3, stride=stride, first_depthwise=first, last_depthwise=last, use_identity=identity
    )
    state = dict(randomise(unit).eval().state_dict())
    absent = {"after_first_depthwise": not first, "after_last_depthwise": not last}
    assert [place for place, missing in absent.items() if missing] == [
        p for p in absent if p not in unit.slots
    ]
    if placement and absent.get(placement):
        return
    x = torch.randn(2, in_channels, 7, 13)
    places = ["before_unit", "after_first_depthwise", "after_last_depthwise", "residual", "after_addition"]
    at = dict.fromkeys(places, lambda y: y)
    if placement:
        at[placement] = put(unit, placement, Affine())

    start = y = at["before_unit"](x)
    if first:
        y = F.conv2d(y, state["first.0.weight"], padding=1, groups=in_channels)
        y = at["after_first_depthwise"](batch_norm(state, "first.1", y).clamp(0, 6))
    y = batch_norm(state, "reduce.1", F.conv2d(y, state["reduce.0.weight"]))
    y = batch_norm(state, "expand.1", F.conv2d(y, state["expand.0.weight"])).clamp(0, 6)
    if last:
        y = F.conv2d(y, state["last.0.weight"], stride=stride, padding=1, groups=11)
        y = at["after_last_depthwise"](batch_norm(state, "last.1", y))
    y = at["residual"](y)
    expected = at["after_addition"](start + y if identity else y)

    torch.testing.assert_close(unit(x), expected)


@pytest.mark.parametrize("build", [mobilenet_v2, mobilenext])
def test_classifier_reads_the_mean_of_the_last_map(build):
    model = build(num_classes=7).eval()
    x = torch.rand(2, 3, 33, 67)
    with torch.no_grad():
        features = model.features(x)
        expected = F.linear(features.flatten(2).mean(2), model.classifier[1].weight, model.classifier[1].bias)
        torch.testing.assert_close(model(x), expected)
    assert model.classifier[0].p == 0.2
    assert 0.009 < model.classifier[1].weight.std() < 0.011
    assert not model.classifier[1].bias.any()
