"""The examples in the docstrings of the blocks give what they print."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["bam", "cbam", "coord_att", "eca", "se", "self_attention"])
def test_examples_in_docstrings(name):
    result = doctest.testmod(importlib.import_module(f"attn_lib.blocks.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
