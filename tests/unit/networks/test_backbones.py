"""What holds for every backbone: slots are wired, blocks go where they are said to go, mistakes are named."""

import copy

import pytest
import torch
from torch import nn

from attn_lib.backbones import (
    efficientnet_lite0,
    mobilenet_v2,
    mobilenext,
    resnet18,
    resnet34,
    resnet50,
    resnet101,
    yolov4_tiny,
)
from attn_lib.backbones.backbone import put_attention
from attn_lib.backbones.efficientnet_lite0 import MBConv
from attn_lib.backbones.mobilenet_v2 import InvertedResidual
from attn_lib.backbones.mobilenext import Sandglass
from attn_lib.backbones.resnet import BasicBlock, Bottleneck, ResNet
from attn_lib.backbones.yolov4_tiny import CSPUnit
from attn_lib.blocks import BLOCKS, CBAM, SE
from gate_by_gate.digit_resnet import digit_resnet
from tests.block_tools import count_parameters, small_reduction


def small_resnet(**attention):
    """ResNet-18's kind, narrow and of uneven depth."""
    model = ResNet(BasicBlock, (1, 2, 1, 3), (5, 7, 11, 13), num_classes=17)
    return with_attention(model, **attention)


def small_bottleneck_resnet(**attention):
    """ResNet-50's kind, narrow and of uneven depth."""
    model = ResNet(Bottleneck, (2, 1, 3, 2), (3, 5, 7, 11), num_classes=17)
    return with_attention(model, **attention)


def with_attention(model, *, attention=None, placement=None, stages=None, **block_keywords):
    put_attention(model, attention, placement=placement, stages=stages, block_keywords=block_keywords)
    return model


NETWORKS = {
    "resnet": (small_resnet, (2, 3, 37, 41)),
    "bottleneck resnet": (small_bottleneck_resnet, (2, 3, 37, 41)),
    "digit_resnet": (digit_resnet, (2, 1, 23, 29)),
    "efficientnet_lite0": (efficientnet_lite0, (2, 3, 37, 41)),
    "mobilenet_v2": (mobilenet_v2, (2, 3, 37, 41)),
    "mobilenext": (mobilenext, (2, 3, 37, 41)),
    "yolov4_tiny": (yolov4_tiny, (2, 3, 32, 96)),
}
PLACEMENTS = {
    "resnet": ["residual", "before_unit", "after_addition", "identity"],
    "bottleneck resnet": ["residual", "before_unit", "after_addition", "identity", "after_3x3"],
    "digit_resnet": ["residual", "before_unit", "after_addition", "identity"],
    "efficientnet_lite0": ["residual", "before_unit", "after_addition", "hidden"],
    "mobilenet_v2": ["residual", "before_unit", "after_addition", "hidden"],
    "mobilenext": [
        "residual",
        "before_unit",
        "after_addition",
        "after_first_depthwise",
        "after_last_depthwise",
    ],
    "yolov4_tiny": ["neck", "backbone_outputs", "upsample"],
}
ONCE_A_STAGE = ["between_stages", "before_last_unit"]
CASES = [
    (network, placement)
    for network, placements in PLACEMENTS.items()
    for placement in [*placements, *(ONCE_A_STAGE if network != "yolov4_tiny" else [])]
]


class Probe(nn.Module):
    """Scales by a learnt factor, and insists on the channels it was built for."""

    def __init__(self, channels):
        super().__init__()
        self.channels = channels
        self.factor = nn.Parameter(torch.tensor(0.9))

    def forward(self, x):
        assert x.shape[1] == self.channels
        return x * self.factor


def total(output):
    """A number that depends on every output of a network."""
    outputs = output if isinstance(output, tuple) else (output,)
    return sum((y * torch.linspace(-1, 1, y.numel()).view_as(y)).sum() for y in outputs)


@pytest.mark.parametrize(("network", "placement"), CASES)
def test_every_slot_is_wired_with_its_channels(network, placement):
    build, shape = NETWORKS[network]
    torch.manual_seed(0)
    # In eval mode: a norm in training mode undoes any scale of what comes before it.
    model = build(attention=Probe, placement=placement).eval()

    probes = {name: m for name, m in model.named_modules() if isinstance(m, Probe)}
    assert {name: probe.channels for name, probe in probes.items()} == model.places(placement)

    total(model(torch.rand(shape))).backward()
    for name, probe in probes.items():
        assert probe.factor.grad is not None, name
        assert probe.factor.grad != 0, name


@pytest.mark.parametrize("attention", BLOCKS)
@pytest.mark.parametrize(
    "network", ["resnet", "efficientnet_lite0", "mobilenet_v2", "yolov4_tiny", "digit_resnet"]
)
def test_every_block_trains_in_every_backbone(network, attention):
    build, shape = NETWORKS[network]
    torch.manual_seed(0)
    model = build(attention=attention, **small_reduction(attention))

    total(model(torch.rand(shape))).backward()

    blocks = [m for m in model.modules() if isinstance(m, BLOCKS[attention])]
    assert blocks
    for block in blocks:
        assert all(parameter.grad is not None for parameter in block.parameters())


@pytest.mark.parametrize(
    ("build", "attention", "names"),
    [
        (resnet18, "se", [f"layer{i}.{j}.attention" for i in (1, 2, 3, 4) for j in (0, 1)]),
        (resnet18, "bam", [f"layer{i}.1.attention_after_addition" for i in (1, 2, 3)]),
        (resnet50, "bam", [f"layer{i}.attention_after_addition" for i in ("1.2", "2.3", "3.5")]),
        (resnet50, "self_attention", ["layer3.5.attention_before_unit"]),
        (efficientnet_lite0, "se", [f"_blocks.{i}.attention" for i in range(16)]),
        (efficientnet_lite0, "coord_att", [f"_blocks.{i}.attention_hidden" for i in range(16)]),
        (efficientnet_lite0, "bam", [f"_blocks.{i}.attention_after_addition" for i in (2, 4, 10)]),
        (efficientnet_lite0, "self_attention", ["_blocks.10.attention_before_unit"]),
        (mobilenet_v2, "eca", [f"features.{i}.attention" for i in range(1, 18)]),
        (mobilenet_v2, "coord_att", [f"features.{i}.attention_hidden" for i in range(2, 18)]),
        (mobilenet_v2, "bam", [f"features.{i}.attention_after_addition" for i in (3, 6, 13)]),
        (mobilenet_v2, "self_attention", ["features.13.attention_before_unit"]),
        (mobilenext, "se", [f"features.{i}.attention" for i in range(1, 21)]),
        (
            mobilenext,
            "coord_att",
            [
                f"features.{i}.attention_after_first_depthwise"
                for i in range(1, 21)
                if i not in (3, 6, 9, 13, 17)
            ],
        ),
        (mobilenext, "bam", [f"features.{i}.attention_after_addition" for i in (2, 5, 12)]),
        (yolov4_tiny, "bam", ["attention_fine", "attention_coarse", "attention_upsample"]),
        (digit_resnet, "bam", [f"layer{i}.0.attention" for i in (1, 2, 3)]),
        (digit_resnet, "self_attention", [f"layer{i}.0.attention" for i in (1, 2, 3)]),
    ],
)
def test_blocks_go_where_their_authors_put_them(build, attention, names):
    with torch.device("meta"):
        model = build(attention=attention)
    found = [name for name, module in model.named_modules() if isinstance(module, BLOCKS[attention])]
    assert sorted(found) == sorted(names)


@pytest.mark.parametrize(
    ("build", "placement", "stages", "names"),
    [
        (resnet34, "residual", [3], [f"layer3.{i}.attention" for i in range(6)]),
        (resnet34, "residual", (4, 1, 4), [f"layer{s}.{i}.attention" for s in (1, 4) for i in range(3)]),
        (resnet34, "between_stages", [4], ["layer4.2.attention_after_addition"]),
        (resnet34, None, range(1, 2), [f"layer1.{i}.attention" for i in range(3)]),
        (mobilenet_v2, "hidden", [1, 2], ["features.2.attention_hidden", "features.3.attention_hidden"]),
        (mobilenext, "residual", [8], ["features.20.attention"]),
        (efficientnet_lite0, "hidden", [7, 1], ["_blocks.0.attention_hidden", "_blocks.15.attention_hidden"]),
    ],
)
def test_some_stages_only(build, placement, stages, names):
    with torch.device("meta"):
        model = build(attention="se", reduction=2, placement=placement, stages=stages)
    assert [name for name, module in model.named_modules() if isinstance(module, SE)] == names


def test_stages_without_a_placement_override_the_usual_ones():
    with torch.device("meta"):
        model = resnet18(attention="self_attention", stages=[4])
    assert model.layer4[1].attention_before_unit is not None
    assert model.layer3[1].attention_before_unit is None


def test_on_the_meta_device_no_weight_is_drawn_and_in_memory_each_is(monkeypatch):
    drawn = []
    for name in ("kaiming_normal_", "normal_"):
        monkeypatch.setattr(nn.init, name, lambda weight, **_: drawn.append(weight))
    with torch.device("meta"):
        model = mobilenet_v2()
    assert drawn == []

    model.to_empty(device="cpu")
    model.initialise_convolutions()
    model.initialise_classifier()
    layers = [module for module in model.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    assert [id(weight) for weight in drawn] == [id(layer.weight) for layer in layers]


@pytest.mark.parametrize("network", NETWORKS)
def test_the_same_seed_gives_the_same_network_around_any_block(network):
    build, _ = NETWORKS[network]
    torch.manual_seed(7)
    bare = build().state_dict()
    torch.manual_seed(7)
    with_blocks = build(attention="cbam", reduction=2).state_dict()

    assert set(bare) < set(with_blocks)
    for name, value in bare.items():
        assert torch.equal(value, with_blocks[name]), name


@pytest.mark.parametrize(
    "build",
    [resnet18, resnet50, efficientnet_lite0, mobilenet_v2, mobilenext, yolov4_tiny, digit_resnet],
)
def test_convolutions_start_with_the_spread_that_keeps_gradients_alike(build):
    """He et al.'s fan out: the variance is 2 over the window times the *outputs*, and biases are zero.

    A standard deviation out of n values is off by 1 / sqrt(2 n), 2 % for the smallest that is looked at.
    """
    torch.manual_seed(0)
    uneven = 0
    for name, conv in build().named_modules():
        if not isinstance(conv, nn.Conv2d):
            continue
        assert conv.bias is None or not conv.bias.any(), name
        if conv.weight.numel() >= 1_250 and conv.groups == 1:
            window = conv.kernel_size[0] * conv.kernel_size[1]
            expected = (2 / (window * conv.out_channels)) ** 0.5
            assert conv.weight.std().item() == pytest.approx(expected, rel=0.1), name
            uneven += conv.in_channels != conv.out_channels
    assert uneven, "fan in and fan out differ somewhere"


def test_a_backbone_leaves_the_initialisation_of_its_blocks_alone():
    """Also that of a layer such as the backbone's own, which is drawn anew when a backbone is built."""

    def constant(channels):
        block = nn.Conv2d(channels, channels, 1)
        nn.init.constant_(block.weight, 0.5)
        return block

    for build in (small_resnet, mobilenet_v2):
        for block in (
            m for m in build(attention=constant).modules() if isinstance(m, nn.Conv2d) and m.bias is not None
        ):
            assert torch.equal(block.weight, torch.full_like(block.weight, 0.5))


def test_keywords_reach_the_named_block():
    assert resnet18(attention="se", reduction=8, bias=False).layer4[0].attention.mlp.fc1.weight.shape == (
        64,
        512,
    )


def test_a_class_or_any_callable_builds_the_block():
    with torch.device("meta"):
        by_class = resnet18(attention=CBAM)
        by_callable = resnet18(attention=lambda channels: CBAM(channels, reduction=channels // 3))
        by_name = resnet18(attention="cbam")
    assert count_parameters(by_class) == count_parameters(by_name)
    assert by_callable.layer2[0].attention.reduction == 42


def test_a_network_can_be_copied_with_its_blocks():
    model = digit_resnet(attention="coord_att").eval()
    x = torch.rand(3, 1, 23, 29)
    assert torch.equal(copy.deepcopy(model)(x), model(x))


@pytest.mark.parametrize("network", ["bottleneck resnet", "mobilenext", "yolov4_tiny"])
def test_state_dict_survives_a_file(network, tmp_path):
    build, _ = NETWORKS[network]
    model, other = build(attention="se", reduction=2), build(attention="se", reduction=2)
    torch.save(model.state_dict(), tmp_path / "weights.pt")

    other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))

    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (small_bottleneck_resnet(attention="se", reduction=3, placement="after_3x3"), (2, 3, 37, 41)),
        (MBConv(5, 7, kernel=5, stride=2, expansion=6), (2, 5, 7, 11)),
        (InvertedResidual(5, 5, stride=1, expansion=6), (2, 5, 7, 11)),
        (Sandglass(13, 13, 3), (2, 13, 7, 11)),
        (CSPUnit(10), (2, 10, 7, 11)),
    ],
    ids=["resnet", "mbconv", "inverted residual", "sandglass", "csp"],
)
def test_compiles_as_one_graph(model, shape):
    x = torch.rand(shape)
    compiled = torch.compile(model.eval(), fullgraph=True, backend="eager")
    with torch.no_grad():
        torch.testing.assert_close(compiled(x), model(x))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"attention": "sse"}, ValueError, r"must name a block, one of 'se', 'eca'.*; got 'sse'"),
        ({"attention": 3}, TypeError, r"a name, a callable or None; got 3 of type int"),
        ({"attention": lambda channels: channels}, TypeError, r"must build an nn.Module; got int for "),
        ({"reduction": 16}, TypeError, r"need `attention` to be a name; got reduction with None"),
        ({"attention": SE, "bias": False}, TypeError, r"need `attention` to be a name; got bias with <class"),
        ({"attention": "se", "depth": 3}, TypeError, r"unexpected keyword argument 'depth'"),
        (
            {"attention": "se", "placement": "middle"},
            ValueError,
            r"`placement` must be one of .*got placement='middle'",
        ),
        ({"attention": "se", "placement": 1}, TypeError, r"`placement` must be one of .*got 1 of type int"),
        ({"placement": "residual"}, TypeError, r"need `attention`; got placement='residual', stages=None"),
    ],
)
@pytest.mark.parametrize(
    "build", [small_resnet, efficientnet_lite0, mobilenet_v2, mobilenext, yolov4_tiny, digit_resnet]
)
def test_wrong_arguments_are_named(build, arguments, error, message):
    with torch.device("meta"), pytest.raises(error, match=message):
        build(**arguments)


@pytest.mark.parametrize("build", [resnet18, efficientnet_lite0, mobilenet_v2, mobilenext])
@pytest.mark.parametrize(
    ("stages", "error", "message"),
    [
        ([0, 2], ValueError, r"`stages` must be within 1 .. \d; got \(0, 2\)"),
        ([9], ValueError, r"`stages` must be within 1 .. \d; got \(9,\)"),
        ([], ValueError, r"no unit of `stages`=\(\) has the placement 'residual'"),
        (3, TypeError, r"`stages` must be a list of numbers, such as \[3\]; got 3"),
        ("3", TypeError, r"`stages` must be a list of numbers, such as \[3\]; got '3'"),
    ],
)
def test_wrong_stages_are_named(build, stages, error, message):
    with torch.device("meta"), pytest.raises(error, match=message):
        build(attention="se", stages=stages)


def test_a_placement_that_a_network_lacks_is_named():
    with torch.device("meta"):
        with pytest.raises(
            ValueError, match=r"'between_stages', 'before_last_unit'; got placement='after_3x3'"
        ):
            resnet18(attention="se", placement="after_3x3")
        with pytest.raises(ValueError, match=r"got placement='identity'"):
            mobilenet_v2(attention="se", placement="identity")
        with pytest.raises(ValueError, match=r"no unit of `stages`=\(1,\) has the placement 'hidden'"):
            mobilenet_v2(attention="se", placement="hidden", stages=[1])
        with pytest.raises(
            ValueError, match=r"'neck', 'backbone_outputs', 'upsample'; got placement='residual'"
        ):
            yolov4_tiny(attention="se", placement="residual")
        with pytest.raises(ValueError, match=r"`stages` must be None for YOLOv4-tiny; got \[2\]"):
            yolov4_tiny().places("neck", [2])


def test_a_block_that_is_too_narrow_says_so():
    with pytest.raises(ValueError, match=r"got reduction=32 for channels=16"):
        digit_resnet(attention="se", reduction=32)


def test_wider_resnets_share_the_units():
    with torch.device("meta"):
        assert count_parameters(resnet101().layer4) == count_parameters(resnet50().layer4)
        assert count_parameters(resnet34().layer4[1]) == count_parameters(resnet18().layer4[1])
