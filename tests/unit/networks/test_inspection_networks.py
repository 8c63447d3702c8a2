"""Inspection of the package's own blocks and backbones."""

import pytest
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from attn_lib.backbones import mobilenet_v2, mobilenext, resnet18, resnet50, yolov4_tiny
from attn_lib.blocks import BLOCKS
from attn_lib.inspection import (
    attention_maps,
    count_macs,
    count_parameters,
    count_parameters_by_block,
    grad_cam,
    is_block,
    record_blocks,
    trace_shapes,
)
from gate_by_gate.digit_resnet import digit_resnet

# The maps of the blocks that are known here, for an input of N, C, H, W = 2, 37, 5, 7.
MAPS = {
    "se": {"channel": (2, 37, 1, 1)},
    "eca": {"channel": (2, 37, 1, 1)},
    "cbam": {"channel": (2, 37, 1, 1), "spatial": (2, 1, 5, 7)},
    "bam": {"channel": (2, 37, 1, 1), "spatial": (2, 1, 5, 7), "combined": (2, 37, 5, 7)},
    "coord_att": {"height": (2, 37, 5, 1), "width": (2, 37, 1, 7)},
    "self_attention": {"weights": (2, 1, 35, 35)},
}


def pytorch_macs(model: nn.Module, x: torch.Tensor) -> int:
    """PyTorch's own counter, on the written-out form of attention: it does not know every fused one."""
    model.eval()
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        model(x)
    return counter.get_total_flops() // 2


@pytest.mark.parametrize("name", BLOCKS)
def test_every_block_is_read_by_its_own_method(name):
    torch.manual_seed(0)
    block = BLOCKS[name](37)
    x = torch.randn(2, 37, 5, 7)

    assert is_block(block)
    record = record_blocks(block, x)[""]
    block.eval()
    with torch.no_grad():
        torch.testing.assert_close(record.maps, block.attention(x))
        torch.testing.assert_close(record.output, block(x))
    assert torch.equal(record.input, x)

    trace = trace_shapes(block, x)
    shapes = {key: tuple(value.shape) for key, value in record.maps.items()}
    assert trace[0].maps == shapes == MAPS.get(name, shapes)
    assert trace[0].inputs == trace[0].outputs == ((2, 37, 5, 7),)


@pytest.mark.parametrize("name", BLOCKS)
def test_every_block_is_counted(name):
    block = BLOCKS[name](37)
    x = torch.randn(2, 37, 5, 7)
    assert count_parameters(block).total == sum(parameter.numel() for parameter in block.parameters())
    macs = count_macs(block, x).total
    assert macs == pytorch_macs(block, x)
    assert (macs > 0) == any(True for _ in block.parameters())


@pytest.mark.parametrize("name", BLOCKS)
def test_every_block_inside_a_network(name):
    model = digit_resnet(widths=(37, 41, 43), attention=name)
    x = torch.randn(2, 1, 23, 19)
    names = ["layer1.0.attention", "layer2.0.attention", "layer3.0.attention"]

    maps = attention_maps(model, x)
    assert [key for key in maps if key in names] == names
    if name in MAPS:
        assert list(maps["layer2.0.attention"]) == list(MAPS[name])

    without = count_parameters(digit_resnet(widths=(37, 41, 43))).total
    by_block = count_parameters_by_block(model)
    assert count_parameters(model).total == without + sum(by_block[key].total for key in names)

    macs = count_macs(model, x)
    assert macs.total == pytorch_macs(model, x)
    inside = sum(macs.within(key).total for key in names)
    assert macs.total - inside == count_macs(digit_resnet(widths=(37, 41, 43)), x).total

    cam = grad_cam(model, x, "layer2.0.attention", upsample=True)
    assert cam.maps.shape == (2, 23, 19)


@pytest.mark.parametrize(
    ("build", "printed"),
    [
        (resnet18, 1.8e9),  # He et al. 2016, table 1
        (resnet50, 4.09e9),  # 3.8e9 in that table, with the stride on the first 1x1 convolution of a unit
        (mobilenet_v2, 300e6),  # Sandler et al. 2018, table 4
    ],
)
def test_printed_costs_of_whole_networks_without_computing_them(build, printed):
    """On the meta device only shapes are computed, so a large network costs no time and no memory."""
    with torch.device("meta"):
        count = count_macs(build(), torch.empty(1, 3, 224, 224))
    assert count.layers == pytest.approx(printed, rel=0.01)
    assert count.layers == count.total


@pytest.mark.parametrize("build", [resnet50, mobilenet_v2, mobilenext, yolov4_tiny])
def test_every_backbone_costs_what_pytorch_counts(build):
    with torch.device("meta"):
        model, x = build(), torch.empty(2, 3, 224, 224)
        assert count_macs(model, x).total == pytorch_macs(model, x)
