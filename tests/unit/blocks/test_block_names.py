"""Names of blocks: which class a name and keywords stand for, and what it may be given."""

import pytest
import torch

from attn_lib.backbones import resnet18
from attn_lib.blocks import (
    BAM,
    BLOCKS,
    CBAM,
    SE,
    VARIANTS,
    BAMBranch,
    CBAMVariant,
    SEVariant,
    block_class,
    keyword_defaults,
)
from gate_by_gate import results
from gate_by_gate.digit_resnet import digit_resnet


@pytest.mark.parametrize(
    ("name", "keywords", "expected"),
    [
        ("se", {}, SE),
        ("se", {"reduction": 4, "bias": False}, SE),
        ("se", {"squeeze": "max"}, SEVariant),
        ("se", {"gate": "sigmoid"}, SEVariant),
        ("cbam", {"reduction": 4, "kernel_size": 3}, CBAM),
        ("cbam", {"kernel_size": 7, "pooling": "avg"}, CBAMVariant),
        ("cbam", {"descriptor": "conv"}, CBAMVariant),
        ("cbam", {"order": "parallel"}, CBAMVariant),
        ("cbam", {"spatial_norm": False}, CBAMVariant),
        ("bam", {"combine": "sum"}, BAM),
        ("bam", {"combine": "product"}, BAM),
        ("bam", {"combine": "channel"}, BAMBranch),
        ("bam", {"dilation": 2, "combine": "spatial"}, BAMBranch),
    ],
)
def test_a_keyword_of_an_ablation_switches_to_the_variant(name, keywords, expected):
    assert block_class(name, keywords) is expected
    network = resnet18(attention=name, **keywords)
    assert {type(network.get_submodule(name)) for name in _blocks(network)} == {expected}


def _blocks(network):
    return [
        name for name, module in network.named_modules() if name.rpartition(".")[2].startswith("attention")
    ]


def test_every_other_name_is_the_class_of_its_table():
    for name, block in (BLOCKS | VARIANTS).items():
        assert block_class(name, {}) is block


def test_an_unknown_name_is_refused_with_those_that_there_are():
    for ask in (lambda: block_class("sse", {}), lambda: keyword_defaults("sse")):
        with pytest.raises(
            ValueError, match=r"must name a block, one of 'se', .*'coord_att_strip'; got 'sse'"
        ):
            ask()


def test_the_keywords_of_a_name_are_those_of_the_block_and_then_of_its_ablations():
    assert list(keyword_defaults("cbam").items()) == [
        ("reduction", 16),
        ("kernel_size", 7),
        ("bias", True),
        ("pooling", "both"),
        ("descriptor", "pool"),
        ("order", "channel_first"),
        ("maximum", "shared"),
        ("spatial_norm", True),
        ("released_start", False),
    ]
    assert list(keyword_defaults("se")) == ["reduction", "bias", "squeeze", "gate"]
    assert keyword_defaults("bam") == {"reduction": 16, "dilation": 4, "combine": "sum"}
    assert keyword_defaults(None) == {}


def test_published_ablations_are_built_from_their_records_and_take_their_weights(subtests):
    """Their records name the block, not the variant. One seed of each: names and shapes are those trained."""
    shown = {name.rpartition("_seed")[0]: name for name in reversed(results.checkpoint_names())}
    built = set()
    for name in shown.values():
        network = results.record(name)["network"]
        attention = network["attention"]
        if attention not in BLOCKS or block_class(attention, network) is BLOCKS[attention]:
            continue
        built.add(block_class(attention, network))
        with subtests.test(name):
            with torch.device("meta"):
                model = digit_resnet(**network)
            expected = {key: value.shape for key, value in results.state_dict(name).items()}
            assert {key: value.shape for key, value in model.state_dict().items()} == expected
    assert built == {SEVariant, CBAMVariant, BAMBranch}
