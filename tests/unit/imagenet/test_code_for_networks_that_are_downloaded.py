"""The code of chapter 9 for networks that are downloaded runs on networks of the same names."""

import re
import sys
from types import ModuleType

import nbformat
import pytest
import torch
from torch import nn

from attn_lib.backbones import resnet50
from attn_lib.insertion import load_pretrained
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def snippets():
    notebook = nbformat.read(ROOT / "book/09_into_a_pretrained_network.ipynb", as_version=4)
    (cell,) = (cell for cell in notebook.cells if cell.id == "lite9-online")
    return re.findall(r"```python\n(.*?)```", cell.source, re.DOTALL)


def test_a_resnet_with_se_of_timm(snippets, monkeypatch):
    torch.manual_seed(0)
    source = resnet50(attention="se")
    theirs = {name.replace(".attention.mlp.", ".se."): value for name, value in source.state_dict().items()}
    assert "layer1.0.se.fc1.weight" in theirs
    timm = ModuleType("timm")
    made = []

    class Theirs:
        def state_dict(self):
            return theirs

    timm.create_model = lambda name, *, pretrained: made.append((name, pretrained)) or Theirs()
    monkeypatch.setitem(sys.modules, "timm", timm)

    namespace = {"resnet50": resnet50, "load_pretrained": load_pretrained}
    exec(snippets[0], namespace)

    assert made == [("seresnet50", True)]
    loaded = namespace["network"].state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in source.state_dict().items())


class SqueezeExcitation(nn.Module):
    """torchvision's, with its names."""

    def __init__(self, channels, squeezed):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)
        self.activation = nn.ReLU()
        self.scale_activation = nn.Hardsigmoid()

    def forward(self, x):
        return x * self.scale_activation(self.fc2(self.activation(self.fc1(self.avgpool(x)))))


class Mobile(nn.Module):
    """A MobileNetV3 of two units, of which the second has SE."""

    def __init__(self):
        super().__init__()
        first, second = nn.Module(), nn.Module()
        first.block = nn.Sequential(nn.Conv2d(3, 5, 3, 2))
        second.block = nn.Sequential(nn.Conv2d(5, 7, 3, 2), SqueezeExcitation(7, 2))
        self.features = nn.ModuleList([first, second])

    def forward(self, x):
        for unit in self.features:
            x = unit.block(x)
        return x


def test_a_mobilenet_v3_of_torchvision(snippets, monkeypatch):
    package, models = ModuleType("torchvision"), ModuleType("torchvision.models")
    models.mobilenet_v3_large = lambda *, weights: Mobile()
    package.models = models
    monkeypatch.setitem(sys.modules, "torchvision", package)
    monkeypatch.setitem(sys.modules, "torchvision.models", models)

    namespace = {"torch": torch}
    exec(snippets[1], namespace)

    (gate,) = namespace["gates"].values()
    assert list(namespace["gates"]) == ["features.1.block.1.scale_activation"]
    assert gate.shape == (1, 7, 1, 1)
    assert ((gate >= 0) & (gate <= 1)).all()
