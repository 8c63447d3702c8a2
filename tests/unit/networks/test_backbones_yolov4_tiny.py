"""YOLOv4-tiny: parameters against the released network layer by layer, shapes, wiring."""

import pytest
import torch
import torch.nn.functional as F

from attn_lib.backbones import yolov4_tiny
from attn_lib.backbones.yolov4_tiny import CSPUnit
from tests.block_tools import count_parameters, randomise


def test_counts_agree_with_the_released_network():
    """Convolutions of ``yolov4-tiny.cfg``: (side, in, out), each with a norm; the two outputs have a bias.

    A Keras port of the released weights prints 6,056,606 trainable parameters, and OpenVINO's model zoo
    6.0535 M: it folds each norm into a bias, so that the 3,104 scales are gone.
    """
    normed = [
        *[(3, 3, 32), (3, 32, 64)],
        *[(3, 64, 64), (3, 32, 32), (3, 32, 32), (1, 64, 64)],
        *[(3, 128, 128), (3, 64, 64), (3, 64, 64), (1, 128, 128)],
        *[(3, 256, 256), (3, 128, 128), (3, 128, 128), (1, 256, 256)],
        *[(3, 512, 512), (1, 512, 256), (3, 256, 512), (1, 256, 128), (3, 384, 256)],
    ]
    outputs = [(512, 255), (256, 255)]
    scales = sum(out for _, _, out in normed)
    weights = sum(side**2 * start * end for side, start, end in normed)
    expected = weights + 2 * scales + sum(start * end + end for start, end in outputs)

    with torch.device("meta"):
        parameters = count_parameters(yolov4_tiny())

    assert parameters == expected == 6_056_606
    assert scales == 3_104
    assert round((parameters - scales) / 1e6, 4) == 6.0535


@pytest.mark.parametrize(("classes", "anchors", "predictions"), [(80, 3, 255), (20, 3, 75), (1, 5, 30)])
def test_shapes_of_both_outputs(classes, anchors, predictions):
    model = yolov4_tiny(classes, num_anchors=anchors).eval()
    with torch.no_grad():
        coarse, fine = model(torch.zeros(2, 3, 64, 96))
    assert coarse.shape == (2, predictions, 2, 3)
    assert fine.shape == (2, predictions, 4, 6)


def test_shapes_at_the_size_of_the_paper():
    with torch.device("meta"):
        coarse, fine = yolov4_tiny(attention="cbam")(torch.zeros(1, 3, 416, 416))
    assert coarse.shape == (1, 255, 13, 13)
    assert fine.shape == (1, 255, 26, 26)


def convolution(state, name, x):
    """A convolution, its norm and leaky ReLU, from a state dict."""
    weight = state[f"{name}.0.weight"]
    y = F.conv2d(x, weight, padding=weight.shape[2] // 2)
    mean, var, scale, shift = (
        state[f"{name}.1.{e}"] for e in ("running_mean", "running_var", "weight", "bias")
    )
    return F.leaky_relu(F.batch_norm(y, mean, var, scale, shift), 0.1)


def test_csp_unit_by_hand():
    """The second half of the channels goes through two convolutions; the newer result comes first."""
    unit = randomise(CSPUnit(10)).eval()
    state = dict(unit.state_dict())
    x = torch.randn(2, 10, 7, 13)

    whole = convolution(state, "conv1", x)
    first = convolution(state, "conv2", whole[:, 5:])
    second = convolution(state, "conv3", first)
    features = convolution(state, "conv4", torch.cat([second, first], 1))
    pooled = F.max_pool2d(torch.cat([whole, features], 1), 2)

    for found, expected in zip(unit(x), (pooled, features), strict=True):
        torch.testing.assert_close(found, expected)
    assert pooled.shape == (2, 20, 3, 6)


class Gain(torch.nn.Module):
    def __init__(self, gain):
        super().__init__()
        self.gain = gain

    def forward(self, x):
        return self.gain * x


def test_neck_by_hand():
    """Each place of attention changes what follows it and nothing else."""
    model = yolov4_tiny(2).eval()
    gains = {"fine": 0.5, "coarse": 0.25, "upsample": 2.0}
    for place, gain in gains.items():
        setattr(model, f"attention_{place}", Gain(gain))
    x = torch.rand(1, 3, 32, 64)

    with torch.no_grad():
        y, _ = model.csp1(model.stem(x))
        y, _ = model.csp2(y)
        y, fine = model.csp3(y)
        coarse = model.reduce(0.25 * model.last(y))
        upsampled = 2 * model.lateral(coarse).repeat_interleave(2, 2).repeat_interleave(2, 3)
        expected = model.coarse_head(coarse), model.fine_head(torch.cat([upsampled, 0.5 * fine], 1))

        for found, value in zip(model(x), expected, strict=True):
            torch.testing.assert_close(found, value)


@pytest.mark.parametrize(
    ("placement", "channels"),
    [("neck", [256, 512, 128]), ("backbone_outputs", [256, 512]), ("upsample", [128])],
)
def test_attention_sees_the_channels_of_its_place(placement, channels):
    with torch.device("meta"):
        assert list(yolov4_tiny().places(placement).values()) == channels


def test_added_parameters_of_the_variants_that_articles_teach():
    """No block, SE, CBAM and ECA at 256, 512 and 128 channels, each counted from its formula."""
    widths = (256, 512, 128)
    se = sum(2 * c * (c // 16) + c + c // 16 for c in widths)
    added = {None: 0, "se": se, "cbam": se + 3 * (2 * 49 + 2), "eca": 5 + 5 + 5}
    for attention, expected in added.items():
        with torch.device("meta"):
            assert count_parameters(yolov4_tiny(attention=attention)) - 6_056_606 == expected


@pytest.mark.parametrize("shape", [(1, 3, 63, 64), (1, 3, 64, 48)])
def test_sides_must_be_multiples_of_32(shape):
    with torch.device("meta"):
        model = yolov4_tiny()
        with pytest.raises(ValueError, match=r"H and W to be multiples of 32; got \(1, 3, "):
            model(torch.zeros(shape))


def test_wrong_numbers_are_named():
    with pytest.raises(ValueError, match=r"`num_classes` must be at least 1; got num_classes=0"):
        yolov4_tiny(0)
    with pytest.raises(TypeError, match=r"`num_anchors` must be an int; got 3.0 of type float"):
        yolov4_tiny(num_anchors=3.0)
