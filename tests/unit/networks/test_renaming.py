"""Weights that others trained: every shipped rule, on a network of their names, shapes and arithmetic.

The networks below are written from what their repositories compute; their weights are drawn here.
"""

import re
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from attn_lib.backbones import mobilenet_v2, mobilenext, resnet18, resnet50, yolov4_tiny
from attn_lib.backbones.mobilenext import ROWS
from attn_lib.backbones.resnet import BasicBlock
from attn_lib.blocks import BAM, ECA, SE
from attn_lib.insertion import RENAMES, load_pretrained
from tests.block_tools import randomise


def pooled(x):
    return F.adaptive_avg_pool2d(x, 1)


class SqueezeExcitation(nn.Module):
    """Of linear layers without biases in a Sequential (senet.pytorch), or of 1x1 convolutions (timm)."""

    def __init__(self, channels, reduction=16, convolutions=False):
        super().__init__()
        hidden = channels // reduction
        if convolutions:
            self.fc1, self.fc2 = nn.Conv2d(channels, hidden, 1), nn.Conv2d(hidden, channels, 1)
        else:
            layers = [nn.Linear(channels, hidden, bias=False), nn.ReLU()]
            self.fc = nn.Sequential(*layers, nn.Linear(hidden, channels, bias=False))

    def forward(self, x):
        if hasattr(self, "fc"):
            return x * torch.sigmoid(self.fc(pooled(x).flatten(1)))[:, :, None, None]
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(pooled(x)))))


class EfficientChannelAttention(nn.Module):
    def __init__(self, channels, kernel_size=None):
        super().__init__()
        k = kernel_size or ECA(channels).kernel_size
        self.conv = nn.Conv1d(1, 1, k, padding=k // 2, bias=False)

    def forward(self, x):
        return x * torch.sigmoid(self.conv(pooled(x)[:, :, :, 0].mT).mT[..., None])


class AuthorsCBAM(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.ChannelGate, self.SpatialGate = nn.Module(), nn.Module()
        hidden = channels // 16
        layers = [nn.Flatten(), nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels)]
        self.ChannelGate.mlp = nn.Sequential(*layers)
        self.SpatialGate.spatial = nn.Module()
        self.SpatialGate.spatial.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)
        self.SpatialGate.spatial.bn = nn.BatchNorm2d(1, momentum=0.01)

    def forward(self, x):
        scores = self.ChannelGate.mlp(pooled(x)) + self.ChannelGate.mlp(F.adaptive_max_pool2d(x, 1))
        x = x * torch.sigmoid(scores)[:, :, None, None]
        both = torch.cat([x.amax(1, keepdim=True), x.mean(1, keepdim=True)], 1)
        spatial = self.SpatialGate.spatial
        return x * torch.sigmoid(spatial.bn(spatial.conv(both)))


class PortedCBAM(nn.Module):
    """Without biases and norm, and with the mean before the maximum; parts and layers by the names given."""

    def __init__(self, channels, reduction, channel, spatial, first, second):
        super().__init__()
        hidden = channels // reduction
        self.add_module(channel, nn.Module())
        self.add_module(spatial, nn.Module())
        self.parts = channel, spatial
        gate = self.get_submodule(channel)
        if "." in first:
            gate.fc = nn.Sequential(nn.Identity(), nn.ReLU(), nn.Identity())
        self.layers = f"{channel}.{first}", f"{channel}.{second}"
        self._put(self.layers[0], nn.Conv2d(channels, hidden, 1, bias=False))
        self._put(self.layers[1], nn.Conv2d(hidden, channels, 1, bias=False))
        self.get_submodule(spatial).conv1 = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def _put(self, name, layer):
        owner, _, attribute = name.rpartition(".")
        setattr(self.get_submodule(owner), attribute, layer)

    def forward(self, x):
        first, second = map(self.get_submodule, self.layers)
        scores = [second(F.relu(first(squeeze))) for squeeze in (pooled(x), F.adaptive_max_pool2d(x, 1))]
        x = x * torch.sigmoid(scores[0] + scores[1])
        both = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return x * torch.sigmoid(self.get_submodule(self.parts[1]).conv1(both))


class AuthorsBAM(nn.Module):
    def __init__(self, channels):
        super().__init__()
        h = channels // 16
        layers = {"fc_0": nn.Linear(channels, h), "bn_1": nn.BatchNorm1d(h), "relu_1": nn.ReLU()}
        self.channel_att, self.spatial_att = nn.Module(), nn.Module()
        self.channel_att.gate_c = numbered("gate_c_", layers | {"fc_final": nn.Linear(h, channels)})
        layers = {
            "conv_reduce0": nn.Conv2d(channels, h, 1),
            "bn_reduce0": nn.BatchNorm2d(h),
            "relu": nn.ReLU(),
        }
        for i in range(2):
            layers |= {f"conv_di_{i}": nn.Conv2d(h, h, 3, padding=4, dilation=4)}
            layers |= {f"bn_di_{i}": nn.BatchNorm2d(h), f"relu_di_{i}": nn.ReLU()}
        self.spatial_att.gate_s = numbered("gate_s_", layers | {"conv_final": nn.Conv2d(h, 1, 1)})

    def forward(self, x):
        channel = self.channel_att.gate_c(pooled(x).flatten(1))[:, :, None, None]
        return x * (1 + torch.sigmoid(channel * self.spatial_att.gate_s(x)))


def numbered(prefix, layers):
    sequential = nn.Sequential()
    for name, layer in layers.items():
        sequential.add_module(prefix + name, layer)
    return sequential


def theirs_in_a_resnet(build, name, block):
    """A ResNet, whose own names are everybody's, with a block behind every branch as its unit's ``name``.

    If the block has no layer of its own, its parts stand in the unit themselves: ``name`` is then None.
    """
    model = build(num_classes=7)
    for unit in [module for module in model.modules() if hasattr(module, "attend") and module is not model]:
        last = unit.bn2 if isinstance(unit, BasicBlock) else unit.bn3
        attention = block(last.num_features)
        if name is None:
            for part, module in attention.named_children():
                unit.add_module(part, module)
        else:
            unit.add_module(name, attention)
        last.register_forward_hook(lambda module, inputs, output, attention=attention: attention(output))
    return model


def theirs_between_stages(build):
    model = build(num_classes=7)
    for number, channels in enumerate((64, 128, 256), start=1):
        bam = AuthorsBAM(channels)
        model.add_module(f"bam{number}", bam)
        stage = model.get_submodule(f"layer{number}")
        stage.register_forward_hook(lambda module, inputs, output, bam=bam: bam(output))
    return model


def flat(*layers):
    """A Sequential of layers, with every Sequential among them written out."""
    return nn.Sequential(
        *(one for layer in layers for one in (layer if isinstance(layer, nn.Sequential) else [layer]))
    )


def norm_of(convolution, activation=nn.ReLU6):
    return nn.Sequential(convolution, nn.BatchNorm2d(convolution.out_channels), activation())


class FlatUnit(nn.Module):
    def __init__(self, conv, identity):
        super().__init__()
        self.conv, self.identity = conv, identity

    def forward(self, x):
        return x + self.conv(x) if self.identity else self.conv(x)


class AuthorsCoordAtt(nn.Module):
    def __init__(self, channels):
        super().__init__()
        hidden = max(8, channels // 32)
        self.conv1, self.bn1 = nn.Conv2d(channels, hidden, 1), nn.BatchNorm2d(hidden)
        self.conv2, self.conv3 = nn.Conv2d(hidden, channels, 1), nn.Conv2d(hidden, channels, 1)

    def forward(self, x):
        rows, columns = x.mean(3, keepdim=True), x.mean(2, keepdim=True).mT
        y = F.hardswish(self.bn1(self.conv1(torch.cat([rows, columns], 2))))
        rows, columns = y.split([x.shape[2], x.shape[3]], 2)
        return x * torch.sigmoid(self.conv2(rows)) * torch.sigmoid(self.conv3(columns.mT))


class Classifier(nn.Module):
    def __init__(self, features, conv, classes, channels=1280):
        super().__init__()
        self.features = features
        if conv is not None:
            self.conv = conv
        self.classifier = nn.Sequential(nn.Dropout(0.1), nn.Linear(channels, classes))

    def forward(self, x):
        x = self.features(x)
        x = self.conv(x) if hasattr(self, "conv") else x
        return self.classifier(x.mean((2, 3)))


def theirs_mobilenet_v2_with_coord_att():
    rows = [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ]
    layers, width = [norm_of(nn.Conv2d(3, 32, 3, 2, 1, bias=False))], 32
    for expansion, channels, units, stride in rows:
        for index in range(units):
            hidden, step = width * expansion, stride if index == 0 else 1
            expand = [norm_of(nn.Conv2d(width, hidden, 1, bias=False))] if expansion > 1 else []
            depthwise = norm_of(nn.Conv2d(hidden, hidden, 3, step, 1, groups=hidden, bias=False))
            attention = [AuthorsCoordAtt(hidden)] if expansion > 1 else []
            project = [nn.Conv2d(hidden, channels, 1, bias=False), nn.BatchNorm2d(channels)]
            unit = flat(*expand, depthwise, *attention, *project)
            layers.append(FlatUnit(unit, step == 1 and width == channels))
            width = channels
    return Classifier(nn.Sequential(*layers), norm_of(nn.Conv2d(320, 1280, 1, bias=False)), 7)


def theirs_mobilenet_v2_with_eca():
    """Torchvision's names, and behind each unit's last norm an ECA as one more layer of its Sequential."""
    model = mobilenet_v2(num_classes=7)
    for unit in [module for module in model.modules() if hasattr(module, "attend")]:
        channels = unit.conv[-1].num_features
        unit.conv.append(EfficientChannelAttention(channels, kernel_size=1 if channels <= 96 else 3))
    return model


def theirs_mobilenext():
    layers, width = [norm_of(nn.Conv2d(3, 32, 3, 2, 1, bias=False))], 32
    for row in ROWS:
        for index in range(row.units):
            step, out, same = row.stride if index == 0 else 1, row.channels, width == row.channels
            hidden = width // row.reduction
            if hidden < out / 6:
                hidden = (-(-out // 6) + 8) // 16 * 16
            both = same or row.reduction == 2 or (row.units == 1 and step == 1)
            parts = [norm_of(nn.Conv2d(width, width, 3, 1, 1, groups=width, bias=False))] if both else []
            parts += [nn.Conv2d(width, hidden, 1, bias=False), nn.BatchNorm2d(hidden)]
            parts += [norm_of(nn.Conv2d(hidden, out, 1, bias=False))]
            if both or step == 2:
                parts += [nn.Conv2d(out, out, 3, step, 1, groups=out, bias=False), nn.BatchNorm2d(out)]
            layers.append(FlatUnit(flat(*parts), same))
            width = out
    return Classifier(nn.Sequential(*layers), None, 7)


class BasicConv(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return F.leaky_relu(self.bn(self.conv(x)), 0.1)


class PortedYOLOv4Tiny(nn.Module):
    def __init__(self, attention=None):
        super().__init__()
        self.backbone, self.upsample = nn.Module(), nn.Module()
        self.backbone.conv1, self.backbone.conv2 = BasicConv(3, 32, 3, 2), BasicConv(32, 64, 3, 2)
        for number, c in enumerate((64, 128, 256), start=1):
            body = nn.Module()
            body.conv1, body.conv4 = BasicConv(c, c, 3), BasicConv(c, c, 1)
            body.conv2, body.conv3 = BasicConv(c // 2, c // 2, 3), BasicConv(c // 2, c // 2, 3)
            self.backbone.add_module(f"resblock_body{number}", body)
        self.backbone.conv3 = BasicConv(512, 512, 3)
        self.conv_for_P5 = BasicConv(512, 256, 1)
        self.yolo_headP5 = nn.Sequential(BasicConv(256, 512, 3), nn.Conv2d(512, 75, 1))
        self.upsample.upsample = nn.Sequential(BasicConv(256, 128, 1), nn.Upsample(scale_factor=2))
        self.yolo_headP4 = nn.Sequential(BasicConv(384, 256, 3), nn.Conv2d(256, 75, 1))
        if attention is not None:
            self.feat1_att, self.feat2_att = attention(256), attention(512)
            self.upsample_att = attention(128)

    def attend(self, name, x):
        return self.get_submodule(name)(x) if hasattr(self, name) else x

    def forward(self, x):
        x = self.backbone.conv2(self.backbone.conv1(x))
        for number in (1, 2, 3):
            body = self.backbone.get_submodule(f"resblock_body{number}")
            x = body.conv1(x)
            first = body.conv2(x.chunk(2, 1)[1])
            fine = body.conv4(torch.cat([body.conv3(first), first], 1))
            x = F.max_pool2d(torch.cat([x, fine], 1), 2)
        coarse = self.conv_for_P5(self.attend("feat2_att", self.backbone.conv3(x)))
        fine = self.attend("feat1_att", fine)
        up = self.attend("upsample_att", self.upsample.upsample(coarse))
        return torch.cat(
            [y.flatten(1) for y in (self.yolo_headP5(coarse), self.yolo_headP4(torch.cat([up, fine], 1)))], 1
        )


def ours_yolo(**keywords):
    return yolov4_tiny(20, **keywords)


def eca_of_the_authors(channels):
    """The sizes that the README passes for ResNet-50: 3, 5, 5, 7 by stage."""
    return {256: 3, 512: 5, 1024: 5, 2048: 7}[channels]


ported = partial(PortedCBAM, reduction=16, channel="ca", spatial="sa")
no_biases = {"bias": False, "spatial_norm": False}
in_units = partial(theirs_in_a_resnet, resnet18)
CIRCULATING = {
    "CBAM-ResNet-50 of its authors": (
        "attention-module",
        lambda: theirs_in_a_resnet(resnet50, "cbam", AuthorsCBAM),
        lambda: resnet50(7, attention="cbam"),
    ),
    "BAM-ResNet-18 of its authors": (
        "attention-module",
        lambda: theirs_between_stages(resnet18),
        lambda: resnet18(7, attention="bam", combine="product"),
    ),
    "CBAM-ResNet-18 of a port, older": (
        "CBAM.PyTorch",
        lambda: in_units(None, partial(ported, first="fc1", second="fc2")),
        lambda: resnet18(7, attention="cbam", **no_biases),
    ),
    "CBAM-ResNet-18 of a port, newer": (
        "CBAM.PyTorch",
        lambda: in_units(None, partial(ported, first="fc.0", second="fc.2")),
        lambda: resnet18(7, attention="cbam", **no_biases),
    ),
    "ECA-ResNet-50 of its authors": (
        "ECANet",
        lambda: theirs_in_a_resnet(
            resnet50, "eca", lambda c: EfficientChannelAttention(c, eca_of_the_authors(c))
        ),
        lambda: resnet50(7, attention=lambda c: ECA(c, eca_of_the_authors(c))),
    ),
    "ECA-MobileNetV2 of its authors": (
        "ECANet",
        theirs_mobilenet_v2_with_eca,
        lambda: mobilenet_v2(7, attention=lambda c: ECA(c, 1 if c <= 96 else 3)),
    ),
    "SE-ResNet-18 of senet.pytorch": (
        "senet.pytorch",
        lambda: in_units("se", SqueezeExcitation),
        lambda: resnet18(7, attention="se", bias=False),
    ),
    "SE-ResNet-18 of timm": (
        "timm",
        lambda: in_units("se", partial(SqueezeExcitation, convolutions=True)),
        lambda: resnet18(7, attention="se"),
    ),
    "ECA-ResNet-18 of timm": (
        "timm",
        lambda: in_units("se", EfficientChannelAttention),
        lambda: resnet18(7, attention="eca"),
    ),
    "an SE block of torchvision": (
        "torchvision",
        lambda: nn.Sequential(nn.Conv2d(3, 32, 1), SqueezeExcitation(32, convolutions=True)),
        lambda: nn.Sequential(nn.Conv2d(3, 32, 1), SE(32)),
    ),
    "MobileNetV2 with CoordAtt of its authors": (
        "CoordAttention",
        theirs_mobilenet_v2_with_coord_att,
        lambda: mobilenet_v2(7, attention="coord_att"),
    ),
    "MobileNeXt of its authors": ("MobileNeXt", theirs_mobilenext, lambda: mobilenext(7)),
    "YOLOv4-tiny of a port": ("yolov4-tiny-pytorch", PortedYOLOv4Tiny, ours_yolo),
    "YOLOv4-tiny of a port, SE": (
        "yolov4-tiny-pytorch",
        lambda: PortedYOLOv4Tiny(SqueezeExcitation),
        lambda: ours_yolo(attention="se", bias=False),
    ),
    "YOLOv4-tiny of a port, ECA": (
        "yolov4-tiny-pytorch",
        lambda: PortedYOLOv4Tiny(EfficientChannelAttention),
        lambda: ours_yolo(attention="eca"),
    ),
    "YOLOv4-tiny of a port, CBAM": (
        "yolov4-tiny-pytorch",
        lambda: PortedYOLOv4Tiny(
            partial(
                PortedCBAM,
                reduction=8,
                channel="channelattention",
                spatial="spatialattention",
                first="fc1",
                second="fc2",
            )
        ),
        lambda: ours_yolo(attention="cbam", reduction=8, **no_biases),
    ),
}


@pytest.mark.parametrize(("rules", "build_theirs", "build_ours"), CIRCULATING.values(), ids=CIRCULATING)
def test_weights_of_others_give_the_output_of_their_network(rules, build_theirs, build_ours):
    torch.manual_seed(0)
    theirs, ours = build_theirs().eval(), build_ours().eval()
    for module in theirs.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.running_mean, -0.1, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.1, 0.1)
    saved = {f"module.{name}": value for name, value in theirs.state_dict().items()}

    report = load_pretrained(ours, saved, rename=rules)

    assert report.complete, str(report)
    x = torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        expected, found = theirs(x), ours(x)
    if not isinstance(found, torch.Tensor):
        found = torch.cat([y.flatten(1) for y in found], 1)
    assert expected.std() > 1e-4
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5 * expected.abs().max().item())


def test_every_rule_is_tried():
    assert {rules for rules, *_ in CIRCULATING.values()} == set(RENAMES)


def test_what_fits_too_little_is_refused_with_the_rules_that_would_fit():
    torch.manual_seed(0)
    source = theirs_mobilenet_v2_with_coord_att().state_dict()
    with pytest.raises(ValueError, match=r"got 8 of 490.*With rename='CoordAttention', 490 would fit"):
        load_pretrained(mobilenet_v2(7, attention="coord_att"), source)


def test_rules_of_ones_own():
    source = randomise(nn.Sequential(nn.Conv2d(3, 5, 1), nn.BatchNorm2d(5))).state_dict()
    saved = {re.sub(r"^(\d)", r"net.layers\1", name): value for name, value in source.items()}
    for rename in ({r"^net\.layers": ""}, lambda name: name.removeprefix("net.layers")):
        model = nn.Sequential(nn.Conv2d(3, 5, 1), nn.BatchNorm2d(5))
        assert load_pretrained(model, saved, rename=rename).complete
        assert torch.equal(model[0].weight, source["0.weight"])


@pytest.mark.parametrize(
    ("rename", "error", "message"),
    [
        ("senet", ValueError, r"one of 'attention-module', .*; got 'senet'; did you mean 'senet.pytorch'"),
        (3, TypeError, "a name, a dict of regular expressions or a function of a name; got 3"),
        ({r"^.*$": "weight"}, ValueError, "keep names apart; got 'weight' twice, the second from 'bias'"),
    ],
)
def test_wrong_rules_are_named(rename, error, message):
    with pytest.raises(error, match=message):
        load_pretrained(nn.Linear(3, 5), nn.Linear(3, 5).state_dict(), rename=rename)


def test_a_product_of_scores_is_what_the_authors_released():
    """The rules load the weights of BAM; that its release multiplies the branches is said when building."""
    assert BAM(16, combine="product").combination == "product"
