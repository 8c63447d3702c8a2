"""The examples in the docstrings give what they print."""

import doctest
import importlib

import pytest
import torch
from torch import nn

from attn_lib import SE


@pytest.mark.parametrize("name", ["attention_maps", "flops", "grad_cam", "parameters", "shapes"])
def test_examples_in_docstrings(name):
    # By name: in the package, a file and the function in it that share a name are both `attention_maps`.
    module = importlib.import_module(f"attn_lib.inspection.{name}")
    result = doctest.testmod(module, extraglobs={"SE": SE, "nn": nn, "torch": torch})
    assert result.attempted > 0
    assert result.failed == 0
