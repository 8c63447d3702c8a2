"""Records print as tables of at most a screen, and what a user passes by mistake is named."""

import numpy as np
import pytest
import torch
from torch import nn

from attn_lib.backbones import resnet18, resnet50
from attn_lib.blocks import CBAM, SE
from attn_lib.inspection import (
    attention_maps,
    count_macs,
    count_parameters,
    count_parameters_by_block,
    grad_cam,
    overlay,
    record_blocks,
    spatial_map,
    trace_shapes,
)


def test_every_record_fits_on_a_screen():
    """At most 24 lines of 160 characters, as ``print`` and as a notebook show it."""
    model, x = resnet50(attention="cbam").eval(), torch.zeros(1, 3, 64, 64)
    records = [
        count_parameters(model),
        count_parameters_by_block(model),
        count_macs(model, x),
        trace_shapes(model, x),
        attention_maps(model, x),
        record_blocks(model, x),
        record_blocks(model, x)["layer1.0.attention"],
        grad_cam(model, x, "layer4", classes=3),
    ]
    for record in records:
        for text in (str(record), repr(record)):
            assert len(text.splitlines()) <= 24, text
            assert max(map(len, text.splitlines())) <= 160, text
            assert "tensor(" not in text


def test_a_count_prints_its_parts_with_their_formulas():
    assert str(count_parameters(SE(64))).splitlines() == [
        "parameters of  number  formula",
        "(the SE)          580",
        "mlp.fc1           260  4 × 64 + 4 = 260",
        "mlp.fc2           320  64 × 4 + 64 = 320",
    ]
    assert repr(count_parameters(SE(64))) == "ParameterCount('', SE, total=580, trainable=580)"


def test_a_count_of_a_network_prints_its_children():
    lines = str(count_parameters(resnet18())).splitlines()
    assert [line.split()[0] for line in lines[2:]] == [
        "conv1",
        "bn1",
        "layer1",
        "layer2",
        "layer3",
        "layer4",
        "fc",
    ]
    assert sum(int(line.split()[1].replace(",", "")) for line in lines[2:]) == 11_689_512


def test_multiply_accumulates_print_by_part():
    model = nn.Sequential(nn.Conv2d(3, 5, 1), nn.Flatten(), nn.Linear(5 * 6, 7))
    assert str(count_macs(model, torch.zeros(1, 3, 2, 3))).splitlines() == [
        "multiply-accumulates  convolution  linear  matmul",
        "(the model)                    90     210       0",
        "0                              90       0       0",
        "1                               0       0       0",
        "2                               0     210       0",
    ]


def test_records_by_name_are_dicts_and_traces_are_tuples():
    model, x = nn.Sequential(nn.Conv2d(3, 16, 1), CBAM(16)), torch.zeros(2, 3, 5, 7)
    maps = attention_maps(model, x)
    assert isinstance(maps, dict)
    assert repr(maps) == "1  channel (2, 16, 1, 1), spatial (2, 1, 5, 7)"
    assert isinstance(trace_shapes(model, x), tuple)
    assert str(trace_shapes(model, x)).splitlines()[1:3] == [
        "(the model)         Sequential         (2, 3, 5, 7)   (2, 16, 5, 7)",
        "0                   Conv2d             (2, 3, 5, 7)   (2, 16, 5, 7)",
    ]
    assert repr(attention_maps(nn.Linear(3, 5), torch.zeros(2, 3))) == "none"


# Inputs


class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.block, self.fc = nn.Conv2d(3, 16, 1), SE(16), nn.Linear(16, 5)

    def forward(self, image, other):
        return self.fc(self.block(self.conv(image) + other).mean((2, 3)))


def test_a_tuple_is_several_inputs():
    model, inputs = TwoInputs(), (torch.randn(2, 3, 7, 11), torch.randn(2, 16, 7, 11))
    assert list(attention_maps(model, inputs)) == list(record_blocks(model, inputs)) == ["block"]
    assert count_macs(model, inputs).whole.convolution == 2 * 3 * 16 * 7 * 11
    assert trace_shapes(model, inputs)[0].inputs == ((2, 3, 7, 11), (2, 16, 7, 11))
    found = grad_cam(model, inputs, "conv", classes=3, upsample=True)
    assert found.maps.shape == (2, 7, 11)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ((1, 3, 64, 64), r"got a tuple with a int\. An input of this shape is torch.zeros\(1, 3, 64, 64\)"),
        (torch.Size([1, 3, 8, 8]), r"An input of this shape is torch.zeros\(1, 3, 8, 8\)"),
        ([torch.zeros(1, 3, 8, 8)], r"a Tensor, or a tuple of Tensors for several inputs; got a list$"),
        ((torch.zeros(1, 3, 8, 8), "mask"), "got a tuple with a str$"),
        (np.zeros((1, 3, 8, 8)), "got a ndarray$"),
        (None, "got a NoneType$"),
    ],
)
def test_what_is_no_input_is_named(x, message):
    model = nn.Sequential(nn.Conv2d(3, 16, 1), SE(16), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    for ask in (attention_maps, record_blocks, count_macs, trace_shapes):
        with pytest.raises(TypeError, match=message):
            ask(model, x)
    with pytest.raises(TypeError, match=message):
        grad_cam(model, x, "0")


def test_the_maps_of_a_whole_network_are_no_map():
    model, x = nn.Sequential(CBAM(16), SE(16)), torch.zeros(2, 16, 5, 7)
    with pytest.raises(TypeError, match=r"got those of 2 blocks\. Choose one: maps\['0'\]"):
        spatial_map(model[0], attention_maps(model, x), (5, 7))


# Grad-CAM of what is no classifier


class Segmenter(nn.Module):
    def __init__(self):
        super().__init__()
        self.features, self.head = nn.Conv2d(3, 7, 3, padding=1), nn.Conv2d(7, 5, 1, bias=False)

    def forward(self, x):
        return {"out": self.head(self.features(x))}


def test_a_score_explains_any_number_of_the_output():
    """The evidence for the sum of a class's map, worked out: the head has one weight for every channel."""
    torch.manual_seed(0)
    model, x = Segmenter(), torch.randn(2, 3, 11, 13)

    for one_for_all in (False, True):
        axes = (0, 1, 2) if one_for_all else (1, 2)
        found = grad_cam(model, x, "features", score=lambda y, axes=axes: y["out"][:, 4].sum(axes))
        evidence = torch.relu((model.head.weight[4, :, 0, 0, None, None] * model.features(x)).sum(1))
        torch.testing.assert_close(found.maps, evidence)
        assert found.classes is None
        assert found.scores.shape == (() if one_for_all else (2,))


class Tokens(nn.Module):
    """A class token, and one for every patch of 2 x 2 pixels."""

    def __init__(self):
        super().__init__()
        self.patch, self.norm = nn.Conv2d(3, 8, 2, 2), nn.LayerNorm(8)
        self.mix, self.head = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), nn.Linear(8, 5)

    def forward(self, x):
        tokens = self.patch(x).flatten(2).mT
        tokens = torch.cat([torch.ones_like(tokens[:, :1]), tokens], dim=1)
        return self.head(self.mix(self.norm(tokens))[:, 0])


def test_tokens_are_a_map_on_their_grid():
    torch.manual_seed(0)
    model, x = Tokens().eval(), torch.randn(2, 3, 6, 10)
    found = grad_cam(model, x, "norm", classes=3, grid=(3, 5), upsample=True)
    assert found.maps.shape == (2, 6, 10)

    tokens = (
        model.norm(torch.cat([torch.ones(2, 1, 8), model.patch(x).flatten(2).mT], dim=1))
        .detach()
        .requires_grad_()
    )
    (gradient,) = torch.autograd.grad(model.head(model.mix(tokens)[:, 0])[:, 3].sum(), tokens)
    weights = gradient[:, 1:].mean(1, keepdim=True)
    expected = torch.relu((weights * tokens[:, 1:]).sum(2)).unflatten(1, (3, 5))
    torch.testing.assert_close(grad_cam(model, x, "norm", classes=3, grid=(3, 5)).maps, expected)


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"classes": "cat"}, TypeError, "`classes` must be an int or one int per image; got 'cat'"),
        ({"classes": 3, "score": lambda y: y.sum()}, TypeError, "`classes` and `score` exclude each other"),
        ({"score": lambda y: 3.0}, TypeError, "`score` must return a Tensor; got float"),
        ({"score": lambda y: y}, ValueError, r"or one for each image \(2\); got \(2, 5\)"),
        (
            {"layer": "norm"},
            ValueError,
            r"must return a map .*\(2, 16, 8\)\. Tokens .* need their `grid`",
        ),
        ({"layer": "patch", "grid": (3, 5)}, ValueError, r"must return tokens .*as `grid` says; got \(2, 8"),
        ({"layer": "norm", "grid": (4, 5)}, ValueError, r"no more than 16 places; got \(4, 5\)"),
    ],
)
def test_wrong_wishes_of_grad_cam_are_named(keywords, error, message):
    with pytest.raises(error, match=message):
        grad_cam(Tokens(), torch.randn(2, 3, 6, 10), **{"layer": "patch", **keywords})


def test_an_output_that_is_no_classifiers_needs_a_score():
    with pytest.raises(TypeError, match=r"got dict\. `score` says what of it to explain"):
        grad_cam(Segmenter(), torch.randn(2, 3, 5, 7), "features")


# Overlay


def test_an_overlay_covers_where_the_map_is_high():
    image, heat = torch.full((1, 3, 2, 4), 0.5), torch.tensor([[[0.0, 8.0]]]).repeat(1, 2, 1)
    found = overlay(image, heat, opacity=0.5)
    assert found.shape == (1, 3, 2, 4)
    torch.testing.assert_close(found[..., 0], torch.full((1, 3, 2), 0.5))  # a map of 0
    torch.testing.assert_close(found[..., 2], torch.full((1, 3, 2), 0.75))  # half of white
    torch.testing.assert_close(found[0, :, 0, 1], torch.tensor([0.625, 0.5, 0.375]))  # a quarter
    assert overlay(image[:, :1], torch.zeros(1, 1, 2)).shape == (1, 3, 2, 4)


@pytest.mark.parametrize(
    ("images", "keywords", "message"),
    [
        (torch.rand(2, 3, 4, 4), {}, r"must be \(1, 3 or 1, H, W\), one for each map; got \(2, 3, 4, 4\)"),
        (torch.rand(1, 4, 4, 3), {}, r"must be \(1, 3 or 1, H, W\).*got \(1, 4, 4, 3\)"),
        (torch.full((1, 3, 4, 4), 255.0), {}, r"values in \[0, 1\]; got 255 to 255.*divide bytes by 255"),
        (torch.rand(1, 3, 4, 4), {"opacity": 2}, r"`opacity` must be in \[0, 1\]; got 2"),
    ],
)
def test_wrong_overlays_are_named(images, keywords, message):
    with pytest.raises(ValueError, match=message):
        overlay(images, torch.ones(1, 2, 2), **keywords)
