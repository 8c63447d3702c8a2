"""The segmenter as a network of the house: its shapes, its blocks, its gates."""

from __future__ import annotations

import re

import pytest
import torch

import gate_by_gate.segmenter as room
from attn_lib import SE
from attn_lib.inspection import attention_maps
from attn_lib.interventions import opened, with_maps
from gate_by_gate.photographs import photographs
from gate_by_gate.segmenter import PooledGate, SelfieSegmenter, SkipGate, selfie_segmenter
from gate_by_gate.segmenter.network import SameConv2d

BLOCKS = {
    "unit1.attention": 16,
    "unit4.attention": 96,
    "unit5.attention": 128,
    "unit6.attention": 128,
    "unit7.attention": 96,
    "unit8.attention": 96,
    "head": 128,
    "decoder3.attention": 24,
    "decoder2.attention": 16,
    "decoder1.attention": 16,
}


def test_six_of_its_ten_blocks_are_se():
    network = SelfieSegmenter()
    gates = attention_maps(network, torch.rand(2, 3, 48, 80))
    assert {name: tuple(maps["channel"].shape) for name, maps in gates.items()} == {
        name: (2, channels, 1, 1) for name, channels in BLOCKS.items()
    }
    kinds = [type(network.get_submodule(name)) for name in BLOCKS]
    assert kinds == [SE] * 6 + [PooledGate] + [SkipGate] * 3


@torch.no_grad()
def test_its_own_gates_given_back_change_nothing_and_open_ones_do():
    network, picture = selfie_segmenter(), photographs(["astronaut"])
    mask = network(picture)
    with with_maps(network, lambda name, own: own):
        assert torch.equal(network(picture), mask)
    with opened(network) as used:
        assert (network(picture) - mask).abs().max() > 0.5
    assert list(used) == list(BLOCKS)
    assert all((maps["channel"] == 1).all() for maps in used.values())


WRONG_SHAPES = [(3, 256, 256), (1, 1, 256, 256), (1, 3, 250, 256), (1, 3, 256, 8), (1, 3, 0, 16)]


@pytest.mark.parametrize("shape", WRONG_SHAPES)
def test_an_input_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match=re.escape(f"multiples of 16; got {shape}")):
        SelfieSegmenter()(torch.zeros(shape))


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path, monkeypatch):
    other = tmp_path / "weights.pt"
    other.write_bytes(b"something else")
    monkeypatch.setattr(room, "WEIGHTS", other)
    with pytest.raises(ValueError, match=r"expected .*weights\.pt with SHA-256 2b8c2d4d.*; got [0-9a-f]{64}"):
        selfie_segmenter()


def test_the_pooled_gate_by_hand():
    block = PooledGate(2, 1)
    with torch.no_grad():
        block.features.weight.copy_(torch.tensor([1.0, -1.0]).view(1, 2, 1, 1))
        block.features.bias.fill_(1)
        block.gate.weight.copy_(torch.tensor([[1.0, 2.0]]))
        block.gate.bias.fill_(-5)
        x = torch.tensor([[1.0, 3.0], [2.0, 0.0]]).view(1, 2, 1, 2)  # means 2 and 1, so the score is -1
        gate = 1 / (1 + torch.tensor(1.0).exp())
        assert torch.allclose(block.attention(x)["channel"].flatten(), gate)
        assert torch.allclose(block(x).flatten(), torch.tensor([0.0, 4.0]) * gate)


def test_the_skip_gate_by_hand():
    block = SkipGate(1)
    with torch.no_grad():
        block.fc1.weight.fill_(2), block.fc1.bias.fill_(-1)
        block.fc2.weight.fill_(-1), block.fc2.bias.fill_(3)
        # The mean of the sum is 4, so the score is -4.
        x = torch.tensor([[1.0, 5.0], [3.0, -1.0]]).view(1, 2, 1, 2)
        gate = 1 / (1 + torch.tensor(4.0).exp())
        assert torch.allclose(block.attention(x)["channel"].flatten(), gate)
        assert torch.allclose(block(x).flatten(), torch.tensor([1.0, 5.0]) * gate + torch.tensor([3.0, -1.0]))


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "first"),
    [(8, 3, 2, 0), (7, 3, 2, 1), (8, 5, 2, 1), (8, 5, 1, 2), (7, 1, 1, 0)],
)
def test_same_padding_puts_the_odd_zero_last(size, kernel, stride, first):
    """By hand: with a kernel that is 1 at its first place, the output starts ``first`` places before."""
    layer = SameConv2d(1, 1, kernel, stride, bias=False)
    with torch.no_grad():
        layer.weight.zero_()[0, 0, 0, 0] = 1
        ramp = torch.arange(1.0, size + 1).expand(1, 1, size, size)
        row = layer(ramp)[0, 0, -1]
    places = [stride * index - first for index in range(-(-size // stride))]
    assert row.tolist() == [place + 1 if place >= 0 else 0 for place in places]
