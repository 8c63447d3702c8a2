"""Networks with blocks go through PyTorch's tools: backbones, and other networks by ``insert_block``."""

import copy
import io

import onnxruntime
import pytest
import torch
from torch import nn
from torch.ao.quantization import QConfigMapping, default_qconfig
from torch.ao.quantization.quantize_fx import convert_fx, fuse_fx, prepare_fx

from attn_lib.backbones import mobilenet_v2, mobilenext, resnet18, resnet50, yolov4_tiny
from attn_lib.backbones.slots import Slotted, slot_name
from attn_lib.blocks import BLOCKS
from attn_lib.insertion import insert_block
from tests.block_tools import build_block, randomise

deprecated_by_torch = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
BACKBONES = [resnet18, mobilenet_v2, mobilenext, yolov4_tiny]
NAMES = list(BLOCKS)


def assert_close(found, expected):
    """To one hundred thousandth of the largest value: a network adds up many."""
    both = zip(*[(y,) if isinstance(y, torch.Tensor) else y for y in (found, expected)], strict=True)
    for y, z in both:
        torch.testing.assert_close(y, z, rtol=1e-3, atol=1e-5 * z.abs().max().item())


def fill_every_slot(model, first):
    """Put a block into every slot of a backbone, and another one into the next; return the slots by block."""
    owners = [module for module in model.modules() if isinstance(module, Slotted)]
    slots = {}
    for number, owner in enumerate(owners, start=first):
        for at, (slot, channels) in enumerate(owner.slots.items(), start=number):
            name = NAMES[at % len(NAMES)]
            setattr(owner, slot_name(slot), randomise(build_block(name, channels)).eval())
            slots.setdefault(name, []).append((owner, slot_name(slot)))
    return slots


@pytest.mark.slow
@pytest.mark.parametrize("build", BACKBONES)
@deprecated_by_torch
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_every_backbone_is_traced_with_every_block(build):
    """Bare, and with all blocks side by side in every slot there is; one with few slots is filled again.

    A block that is traced wrongly makes the whole output wrong: a network for each would show no more.
    """
    torch.manual_seed(0)
    model, x = build().eval(), torch.randn(1, 3, 64, 96)
    assert_traced(model, x)
    seen = set()
    while seen != set(NAMES):
        slots = fill_every_slot(model, first=len(seen))
        assert_traced(model, x)
        for name in slots.keys() - seen:
            assert_matters(model, x, slots[name])
        seen |= slots.keys()


def assert_matters(model, x, slots):
    """Without the blocks of these slots the output is another, by more than a trace may be off."""
    with torch.no_grad():
        expected = model(x)
        blocks = [getattr(owner, name) for owner, name in slots]
        for owner, name in slots:
            setattr(owner, name, None)
        found = model(x)
    for (owner, name), block in zip(slots, blocks, strict=True):
        setattr(owner, name, block)
    with pytest.raises(AssertionError):
        assert_close(found, expected)


def assert_traced(model, x):
    with torch.no_grad():
        expected = model(x)
    assert_close(torch.jit.trace(model, x, check_trace=False)(x), expected)
    assert_close(torch.fx.symbolic_trace(model)(x), expected)


@pytest.mark.parametrize("build", [mobilenext, mobilenet_v2, resnet50])
def test_modules_are_registered_in_the_order_in_which_they_run(build):
    """A summary, or a rule that pairs two networks by position, reads them in this order."""
    with torch.device("meta"):
        model, x = build(attention="se").eval(), torch.zeros(1, 3, 64, 64)
    ran = []
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(lambda *_, name=name: ran.append(name))
    model(x)
    skips = [name for name in ran if ".downsample." in name]  # on the other branch
    registered = [name for name, module in model.named_modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    assert [n for n in ran if n not in skips] == [n for n in registered if n not in skips]


class Unit(nn.Module):
    """A residual unit as torchvision builds it: its layers by these names, one ReLU for both calls."""

    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(out)) + x)


def foreign(blocks):
    """A network of another library that holds blocks, each behind the module that it is named by."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 13, 3, padding=1), Unit(13), Unit(13), nn.Conv2d(13, 7, 1))
    for name, block in blocks.items():
        insert_block(model, name, randomise(block))
    return model.eval()


@torch.no_grad()
def exported(model, x):
    return torch.export.export(model, (x,)).module()(x)


def traced(model, x):
    return torch.jit.trace(model, x)(x)


def symbolically_traced(model, x):
    return torch.fx.symbolic_trace(model)(x)


def fused(model, x):
    return fuse_fx(model)(x)


def prepared_for_quantisation(model, x):
    return prepare_fx(model, QConfigMapping().set_global(default_qconfig), (x,))(x)


def copied(model, x):
    return copy.deepcopy(model)(x)


def synchronised(model, x):
    return nn.SyncBatchNorm.convert_sync_batchnorm(model)(x)


def vmapped(model, x):
    return torch.func.vmap(model)(x[:, None])[:, 0]


def exported_to_onnx_the_older_way(model, x):
    file = io.BytesIO()
    torch.onnx.export(model, (x,), file, dynamo=False, input_names=["x"])
    (y,) = onnxruntime.InferenceSession(file.getvalue()).run(None, {"x": x.numpy()})
    return torch.from_numpy(y)


TOOLS = [
    exported,
    traced,
    symbolically_traced,
    fused,
    prepared_for_quantisation,
    copied,
    synchronised,
    vmapped,
    exported_to_onnx_the_older_way,
]


@pytest.mark.slow
@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("attention", BLOCKS)
@deprecated_by_torch
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::torch.jit.TracerWarning")
def test_a_block_in_a_foreign_network_is_kept_by_every_tool(attention, tool):
    """Behind a norm, an activation that is called twice, and a whole unit.

    Whoever fuses a norm into its convolution would lose a hook on the norm without a word. The three stand in
    one network, which would compute something else without any of them.
    """
    hosts = ("2.bn2", "1.relu", "1")
    model = foreign({name: build_block(attention, 13) for name in hosts})
    x = torch.randn(2, 3, 11, 17, generator=torch.Generator().manual_seed(0))
    expected = model(x)
    for name in hosts:
        without = copy.deepcopy(model)
        without.get_submodule(f"{name}.attention").forward = lambda x: x
        assert not torch.allclose(without(x), expected, rtol=0.01, atol=0.01), name
    assert_close(tool(model, x), expected)


@deprecated_by_torch
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", ["1.bn2", "1.conv2", "1.relu", "1"])
def test_a_quantised_network_keeps_the_block(name):
    model = foreign({name: build_block("se", 13)})
    x = torch.randn(5, 3, 11, 17, generator=torch.Generator().manual_seed(0))
    prepared = prepare_fx(copy.deepcopy(model), QConfigMapping().set_global(default_qconfig), (x,))
    prepared(x)
    error = convert_fx(prepared)(x) - model(x)
    assert error.pow(2).mean() < 0.02 * model(x).pow(2).mean()
