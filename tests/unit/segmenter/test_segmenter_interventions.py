"""The segmenter with given gates, and the overlap of two masks."""

from __future__ import annotations

import pytest
import torch

from gate_by_gate.photographs import photographs
from gate_by_gate.segmenter import selfie_segmenter
from gate_by_gate.segmenter.interventions import BLOCKS, gates_of, outputs_of, overlap, segment_with


def test_overlap_by_hand():
    first = torch.tensor([[0.9, 0.6, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]]).view(2, 1, 2, 2)
    second = torch.tensor([[0.6, 0.1, 0.7, 0.1], [0.0, 0.0, 0.0, 0.5]]).view(2, 1, 2, 2)
    assert overlap(first, second).tolist() == pytest.approx([1 / 3, 1])  # of nothing with nothing: they agree
    assert overlap(first, torch.zeros(2, 1, 2, 2)).tolist() == [0, 1]


def test_the_blocks_are_those_of_the_network_in_order():
    assert tuple(gates_of(selfie_segmenter(), torch.rand(1, 3, 32, 48))) == BLOCKS


@torch.no_grad()
def test_a_block_behind_one_that_was_given_gates_computes_its_own_from_what_reaches_it():
    network, pictures = selfie_segmenter(), photographs(["astronaut", "temple"])
    given = {name: gates[1:] for name, gates in gates_of(network, pictures).items()}
    alone = segment_with(network, pictures[:1], given, ["unit8.attention"])

    network.unit8.attention.register_forward_hook(lambda se, x, y: x[0] * given["unit8.attention"])
    assert torch.allclose(alone, network(pictures[:1]), atol=1e-6)
    assert not torch.allclose(alone, segment_with(network, pictures[:1], given), atol=0.1)


@pytest.mark.parametrize("blocks", [*([name] for name in BLOCKS), BLOCKS, []])
def test_what_comes_before_the_first_changed_block_need_not_be_computed_again(blocks):
    network, pictures = selfie_segmenter(), torch.rand(2, 3, 32, 48)
    given = gates_of(network, pictures.flip(0))
    known = outputs_of(network, pictures)
    assert list(known) == [name for name, _ in network.named_children()]
    whole = segment_with(network, pictures, given, blocks)
    assert torch.equal(segment_with(network, pictures, given, blocks, known), whole)
    assert torch.equal(segment_with(network, pictures, given, blocks), whole), "it computes again afterwards"
    if blocks:
        other = outputs_of(network, 1 - pictures)
        assert not torch.equal(segment_with(network, pictures, given, blocks, other), whole), "it is taken"


def test_a_block_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"got \['unit2.attention'\]"):
        segment_with(selfie_segmenter(), torch.rand(1, 3, 16, 16), {}, ["unit2.attention"])
