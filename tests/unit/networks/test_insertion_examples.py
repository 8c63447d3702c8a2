"""The examples in the docstrings of the backbones and of insertion give what they print."""

import doctest
import importlib

import pytest
import torch
from torch import nn

from attn_lib.backbones import resnet18
from attn_lib.blocks import SE


@pytest.mark.parametrize(
    "name",
    [
        "backbones.resnet",
        "backbones.efficientnet_lite0",
        "backbones.mobilenet_v2",
        "backbones.mobilenext",
        "backbones.yolov4_tiny",
        "insertion",
        "insertion.identity",
        "insertion.placing",
    ],
)
def test_examples_in_docstrings(name, tmp_path, monkeypatch):
    # By name: in the package, a file and the function in it that share a name are both `mobilenet_v2`.
    module = importlib.import_module(f"attn_lib.{name}")
    monkeypatch.chdir(tmp_path)
    torch.save(resnet18().state_dict(), "resnet18.pth")

    result = doctest.testmod(module, extraglobs={"SE": SE, "nn": nn, "torch": torch, "resnet18": resnet18})

    assert result.attempted > 0
    assert result.failed == 0
