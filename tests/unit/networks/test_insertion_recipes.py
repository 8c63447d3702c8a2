"""The recipes of the README on networks built as those of torchvision, timm and Ultralytics' YOLO are.

The networks are stand-ins: the same kinds of modules under the same names, run and fused in the same ways.
"""

import copy

import pytest
import torch
from torch import nn

from attn_lib.blocks import BLOCKS
from attn_lib.insertion import freeze, insert_block, start_as_identity
from attn_lib.inspection import attention_maps, grad_cam
from tests.block_tools import build_block, randomise

every_block = pytest.mark.parametrize("attention", BLOCKS)


class Conv(nn.Module):
    """Convolution, norm and SiLU. Fused, it has no norm any more, and another ``forward``."""

    def __init__(self, inputs, outputs, kernel=1, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.act = nn.SiLU()

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))

    def forward_fuse(self, x):
        return self.act(self.conv(x))


class C2f(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.cv1, self.cv2 = Conv(channels, channels), Conv(3 * channels // 2, channels)
        self.m = nn.ModuleList([Conv(channels // 2, channels // 2, 3)])

    def forward(self, x):
        parts = list(self.cv1(x).chunk(2, 1))
        parts.extend(layer(parts[-1]) for layer in self.m)
        return self.cv2(torch.cat(parts, 1))


class Concat(nn.Module):
    def forward(self, parts):
        return torch.cat(parts, 1)


class YOLO(nn.Module):
    """Layers in a Sequential that is not called: each says by ``f`` whose output it takes."""

    def __init__(self):
        super().__init__()
        layers = [
            (-1, Conv(3, 16, 3, 2)),
            (-1, C2f(16)),
            (-1, Conv(16, 32, 3, 2)),
            (-1, C2f(32)),
            (-1, nn.Upsample(scale_factor=2)),
            ([-1, 1], Concat()),
            (-1, nn.Conv2d(48, 7, 1)),
        ]
        self.model = nn.Sequential(*(layer for _, layer in layers))
        for number, (source, layer) in enumerate(layers):
            layer.f, layer.i = source, number

    def forward(self, x):
        outputs = []
        for layer in self.model:
            if layer.f != -1:
                x = [x if source == -1 else outputs[source] for source in layer.f]
            x = layer(x)
            outputs.append(x)
        return x

    def fuse(self):
        for module in self.modules():
            if isinstance(module, Conv) and hasattr(module, "bn"):
                module.conv = torch.nn.utils.fusion.fuse_conv_bn_eval(module.conv, module.bn)
                del module.bn
                module.forward = module.forward_fuse
        return self


def network():
    torch.manual_seed(0)
    model = YOLO()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.1, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
        elif isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    return model.eval()


HOSTS = {"model.1": 16, "model.3": 32, "model.3.cv2": 32, "model.2": 32}


@every_block
@pytest.mark.parametrize("name", HOSTS)
def test_a_yolo_takes_a_block_and_keeps_its_output_at_first(attention, name):
    x = torch.randn(2, 3, 24, 40)
    plain, model = network(), network()
    names = list(plain.state_dict())
    insert_block(model, name, start_as_identity(build_block(attention, HOSTS[name]), HOSTS[name]))

    assert torch.equal(model(x), plain(x))
    assert [entry for entry in model.state_dict() if entry in names] == names
    assert next(iter(attention_maps(model, x))).startswith(f"{name}.attention")


@every_block
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning", "ignore::DeprecationWarning")
def test_fusing_averaging_and_export_of_a_yolo_keep_the_block(attention):
    """At every host in one network, which would compute something else without any of them."""
    x = torch.randn(2, 3, 24, 40)
    model = network()
    for name, channels in HOSTS.items():
        insert_block(model, name, randomise(build_block(attention, channels)))
    model.eval()
    expected = model(x)
    for name in HOSTS:
        without = copy.deepcopy(model)
        without.get_submodule(f"{name}.attention").forward = lambda x: x
        assert (expected - without(x)).abs().max() > 0.02, name

    average = copy.deepcopy(model)  # the exponential moving average starts as a copy, and follows by entries
    with torch.no_grad():
        for entry, value in average.state_dict().items():
            if value.is_floating_point():
                value.mul_(0.5).add_(model.state_dict()[entry], alpha=0.5)
    torch.testing.assert_close(average(x), expected)

    fused = copy.deepcopy(model).fuse()
    torch.testing.assert_close(fused(x), expected, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(torch.jit.trace(fused, x)(x), expected, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(torch.export.export(fused, (x,)).module()(x), expected, rtol=1e-3, atol=1e-4)


def test_a_detector_is_trained_and_looked_at():
    """Only the block trains; then a map of what speaks for one number of the raw output."""
    model, x = network(), torch.randn(2, 3, 24, 40)
    insert_block(model, "model.3", start_as_identity(build_block("cbam", 32), 32))
    report = freeze(model, except_for="*.attention")
    assert report.trainable.keys() == {name for name, _ in model.named_parameters() if ".attention." in name}

    model.train()
    model(x).square().mean().backward()
    assert model.get_submodule("model.3.attention").gain.grad.abs() > 0

    for sign in (1, -1):  # what speaks for it, and what against it
        found = grad_cam(
            model, x, "model.1", score=lambda y, sign=sign: sign * y[:, 4].sum((1, 2)), upsample=True
        )
        assert found.maps.shape == (2, 24, 40)
        assert found.scores.shape == (2,)


class TimmUnit(nn.Module):
    """A unit as timm builds it: any class will do that takes channels, and where the parameters are."""

    def __init__(self, channels, attn_layer, device=None, dtype=None):
        super().__init__()
        where = {"device": device, "dtype": dtype}
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False, **where)
        self.bn2 = nn.BatchNorm2d(channels, **where)
        self.se = attn_layer(channels, **where)

    def forward(self, x):
        return torch.relu(x + self.se(self.bn2(self.conv2(x))))


@pytest.mark.parametrize("attention", ["se", "eca", "cbam", "bam", "coord_att", "self_attention"])
def test_a_block_is_a_layer_for_timm(attention):
    unit = TimmUnit(32, BLOCKS[attention], device="cpu", dtype=torch.float64)
    assert unit(torch.randn(2, 32, 5, 7, dtype=torch.float64)).shape == (2, 32, 5, 7)
