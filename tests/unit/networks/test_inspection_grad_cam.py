"""Grad-CAM: by hand, from the definition in float64, and on models that make it hard."""

import pytest
import torch
from torch import nn

from attn_lib import SE
from attn_lib.inspection import enlarge, grad_cam


class Tiny(nn.Module):
    """Two channels that copy and negate the image; class scores are sums over the map, weighted by place."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Conv2d(1, 2, 1, bias=False)
        self.head = nn.Linear(8, 2, bias=False)
        with torch.no_grad():
            self.features.weight.copy_(torch.tensor([1.0, -1.0]).reshape(2, 1, 1, 1))
            self.head.weight.copy_(
                torch.tensor(
                    [[1.0, 2.0, 3.0, 6.0, 1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, -8.0, 4.0, 0.0, 0.0, 0.0]]
                )
            )

    def forward(self, x):
        return self.head(self.features(x).flatten(1))


IMAGE = torch.tensor([[[[1.0, -2.0], [0.0, 5.0]]]])
# Class 0: channel weights are the means (1 + 2 + 3 + 6) / 4 = 3 and 1: relu(3 x - x) = relu(2 x).
# Class 1: -8 / 4 = -2 and 4 / 4 = 1: relu(-2 x - x) = relu(-3 x).
CAM = {0: [[2.0, 0.0], [0.0, 10.0]], 1: [[0.0, 6.0], [0.0, 0.0]]}
# Scores: class 0 is 1 - 4 + 30 - (1 - 2 + 5) = 23, class 1 is -40 - 4 = -44.
SCORE = {0: 23.0, 1: -44.0}


@pytest.mark.parametrize("target", [0, 1])
def test_a_tiny_network_by_hand(target):
    cam = grad_cam(Tiny(), IMAGE, "features", classes=target)
    torch.testing.assert_close(cam.maps, torch.tensor([CAM[target]]))
    assert cam.classes.tolist() == [target]
    assert cam.scores.tolist() == [SCORE[target]]
    assert not cam.normalized


def test_the_predicted_class_is_taken_for_each_image():
    cam = grad_cam(Tiny(), torch.cat([IMAGE, -IMAGE]), "features")
    assert cam.classes.tolist() == [0, 1]
    assert cam.scores.tolist() == [23.0, 44.0]
    # For the negated image, class 1 is relu(3 x): its only positive places are those of x.
    torch.testing.assert_close(cam.maps, torch.tensor([CAM[0], [[3.0, 0.0], [0.0, 15.0]]]))


@pytest.mark.parametrize(
    "classes", [[1, 0], (1, 0), torch.tensor([1, 0]), torch.tensor([1, 0], dtype=torch.int32)]
)
def test_a_class_for_each_image(classes):
    cam = grad_cam(Tiny(), torch.cat([IMAGE, IMAGE]), "features", classes=classes)
    torch.testing.assert_close(cam.maps, torch.tensor([CAM[1], CAM[0]]))


def test_normalized_maps_peak_at_one_and_empty_ones_stay_empty():
    images = torch.cat([IMAGE, torch.zeros(1, 1, 2, 2)])
    cam = grad_cam(Tiny(), images, "features", classes=0, normalize=True)
    assert cam.normalized
    torch.testing.assert_close(cam.maps, torch.tensor([[[0.2, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]]))


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 13, 3),
        nn.BatchNorm2d(13),
        nn.ReLU(inplace=True),
        SE(13, reduction=5),
        nn.Conv2d(13, 7, 3, stride=2),
        nn.Dropout(0.5),
        nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(7, 5),
    )


@pytest.mark.parametrize("layer", [0, 1, 2, 3, 4, 6])
def test_agrees_with_the_definition_one_image_at_a_time(layer):
    """The gradient of the score by every single activation, by central differences in float64."""
    model = network().double()
    x = torch.randn(2, 3, 11, 7, dtype=torch.float64)
    cam = grad_cam(model, x, str(layer), classes=[3, 1])

    model.eval()
    head = model[layer + 1 :]
    step = 1e-6
    for image, target in enumerate([3, 1]):
        with torch.no_grad():
            activation = model[: layer + 1](x[image : image + 1]).clone()
            shifts = step * torch.eye(activation.numel(), dtype=x.dtype).reshape(-1, *activation.shape[1:])
            # Clones, because the head's first layer may work in place.
            rise = (
                head((activation + shifts).clone())[:, target]
                - head((activation - shifts).clone())[:, target]
            )
            alpha = (rise / (2 * step)).reshape(activation.shape[1:]).mean(dim=(1, 2))
            expected = torch.relu((alpha[:, None, None] * activation[0]).sum(dim=0))
        torch.testing.assert_close(cam.maps[image], expected, rtol=1e-6, atol=1e-7)
    assert cam.maps.max() > 1e-4, "a comparison of zeros would show nothing"


def test_upsampling_is_aligned_and_to_the_size_of_the_image():
    model = network()
    x = torch.randn(2, 3, 11, 7)
    coarse = grad_cam(model, x, "4")
    fine = grad_cam(model, x, "4", upsample=True)
    assert coarse.maps.shape == (2, 4, 2)
    assert fine.maps.shape == (2, 11, 7)
    torch.testing.assert_close(fine.maps, enlarge(coarse.maps, (11, 7)))
    peaks = grad_cam(model, x, "4", upsample=True, normalize=True).maps.amax(dim=(1, 2))
    torch.testing.assert_close(peaks, torch.ones(2))


def test_a_layer_is_given_by_name_or_as_a_module():
    model = network()
    x = torch.randn(2, 3, 11, 7)
    assert torch.equal(grad_cam(model, x, model[4]).maps, grad_cam(model, x, "4").maps)


def test_parameters_modes_and_hooks_are_left_as_they_were():
    model = network()
    model[1].eval()
    for number, parameter in enumerate(model.parameters()):
        parameter.grad = torch.full_like(parameter, float(number))
    x = torch.randn(2, 3, 11, 7, requires_grad=True)
    statistics = model[1].running_mean.clone()
    modes = [module.training for module in model.modules()]

    grad_cam(model, x, "4")

    for number, parameter in enumerate(model.parameters()):
        assert torch.equal(parameter.grad, torch.full_like(parameter, float(number)))
        assert parameter.requires_grad
    assert x.grad is None
    assert [module.training for module in model.modules()] == modes
    assert torch.equal(model[1].running_mean, statistics)
    assert not any(module._forward_hooks for module in model.modules())


def test_frozen_parameters_and_disabled_gradients_change_nothing():
    model = network()
    x = torch.randn(2, 3, 11, 7)
    expected = grad_cam(model, x, "4").maps
    for trainable in (True, False):
        model.requires_grad_(trainable)
        assert torch.equal(grad_cam(model, x, "4").maps, expected)
        with torch.no_grad():
            assert torch.equal(grad_cam(model, x, "4").maps, expected)
        with torch.inference_mode():
            assert torch.equal(grad_cam(model, x, "4").maps, expected)
            assert torch.equal(grad_cam(model, x.clone(), "4").maps, expected)
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_a_compiled_model_gives_the_maps_of_the_plain_one():
    model = network().eval()
    x = torch.randn(2, 3, 11, 7)
    expected = grad_cam(model, x, "4").maps
    compiled = torch.compile(model, backend="eager")
    compiled(x)
    torch.testing.assert_close(grad_cam(compiled, x, "4").maps, expected)


class Model(nn.Module):
    """A layer, and whatever a test does with what it returns."""

    def __init__(self, use, layer=None):
        super().__init__()
        self.layer = layer or nn.Conv2d(1, 2, 1)
        self.unused = nn.Conv2d(1, 2, 1)
        self.use = use

    def forward(self, x):
        return self.use(self, x)


class Returns(nn.Module):
    def __init__(self, output):
        super().__init__()
        self.output = output

    def forward(self, x):
        return self.output


def pooled(model, x):
    return model.layer(x).mean(dim=(2, 3))


@pytest.mark.parametrize(
    ("model", "keywords", "error", "message"),
    [
        (Model(pooled), {"layer": "layers"}, ValueError, "got 'layers'; did you mean 'layer'?"),
        (Model(pooled), {"layer": "x"}, ValueError, "`layer` must name a module of the model; got 'x'$"),
        (Model(pooled), {"layer": 3}, TypeError, "`layer` must be a module or the name of one; got 3"),
        (
            Model(pooled),
            {"layer": nn.ReLU()},
            ValueError,
            "must be a module of the model; got ReLU, which is not",
        ),
        (
            Model(pooled),
            {"layer": "unused"},
            ValueError,
            "'unused' must be called once in a forward pass; got 0",
        ),
        (
            Model(lambda m, x: (m.layer(x) + m.layer(x)).mean(dim=(2, 3))),
            {},
            ValueError,
            "'layer' must be called once in a forward pass; got 2 calls",
        ),
        (Model(pooled, Returns((1, 2))), {}, TypeError, "layer 'layer' must return a Tensor; got tuple"),
        (
            Model(pooled, Returns(torch.zeros(3, 7))),
            {},
            ValueError,
            r"layer 'layer' must return a map \(N, C, H, W\); got \(3, 7\)",
        ),
        (Model(lambda m, x: [m.layer(x)]), {}, TypeError, "model must return a Tensor of scores; got list"),
        (
            Model(lambda m, x: m.layer(x)),
            {},
            ValueError,
            r"model must return scores \(3, classes\); got \(3, 2, 5, 7\)",
        ),
        (
            Model(lambda m, x: m.layer(x).mean(dim=(0, 2, 3))[None]),
            {},
            ValueError,
            r"model must return scores \(3, classes\); got \(1, 2\)",
        ),
        (
            Model(lambda m, x: pooled(m, x).detach()),
            {},
            ValueError,
            "scores do not depend on layer 'layer' in a differentiable way",
        ),
        (
            Model(lambda m, x: (m.layer(x), m.unused(x).mean(dim=(2, 3)))[1]),
            {},
            ValueError,
            "scores do not depend on layer 'layer' in a differentiable way",
        ),
        (Model(pooled), {"classes": 2}, ValueError, r"`classes` must be in 0 .. 1; got 2"),
        (
            Model(pooled),
            {"classes": [0, 1, -1]},
            ValueError,
            r"`classes` must be in 0 .. 1; got \[0, 1, -1\]",
        ),
        (Model(pooled), {"classes": [0, 1]}, ValueError, r"an int or one int per image \(3\); got \[0, 1\]"),
        (
            Model(pooled),
            {"classes": [[0, 1, 0]]},
            ValueError,
            r"one int per image \(3\); got \[\[0, 1, 0\]\]",
        ),
        (Model(pooled), {"classes": 1.0}, TypeError, "an int or one int per image; got 1.0"),
        (Model(pooled), {"classes": True}, TypeError, "an int or one int per image; got True"),
    ],
)
def test_mistakes_are_named_and_leave_no_hook(model, keywords, error, message):
    with pytest.raises(error, match=message):
        grad_cam(model, torch.randn(3, 1, 5, 7), **{"layer": "layer", **keywords})
    assert not any(module._forward_hooks for module in model.modules())
    assert all(module.training for module in model.modules())
