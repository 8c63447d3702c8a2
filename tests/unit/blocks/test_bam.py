"""BAM: by hand, against NumPy, by formula, its combinations, and a batch of one."""

import math

import numpy as np
import pytest
import torch

from attn_lib import BAM
from attn_lib.blocks import BAMBranch, block_class
from tests import numpy_blocks
from tests.block_tools import count_parameters, randomise

COMBINATIONS = ["sum", "product", "max", "channel", "spatial"]


def bam(channels, *, combine, **keywords):
    """Both branches combined, or one of them alone."""
    return block_class("bam", {"combine": combine})(channels, combine=combine, **keywords)


def test_value_computed_by_hand():
    """Two channels of one row of five places.

    The channel branch turns the means 1 and 1 into the hidden unit 1 + 1 - 1 = 1 and the scores ln 2 and 0.
    The spatial branch scales the 5 at the end of channel 0 to ln 2, and its first dilated convolution fetches
    what is four places to the right: the first place scores ln 2, the others 0.
    """
    block = BAM(2, reduction=2, dilation=4).eval()
    with torch.no_grad():
        for value in block.parameters():
            value.zero_()
        for norm in (block.channel.norm, block.spatial.norm1, block.spatial.norm2, block.spatial.norm3):
            norm.weight.fill_(1)
            norm.running_var.fill_(1 - norm.eps)
        block.channel.fc1.weight.fill_(1)
        block.channel.fc1.bias.fill_(-1)
        block.channel.fc2.weight.copy_(torch.tensor([[math.log(2)], [0.0]]))
        block.spatial.reduce.weight[0, 0] = math.log(2) / 5
        block.spatial.context1.weight[0, 0, 1, 2] = 1
        block.spatial.context2.weight[0, 0, 1, 1] = 1
        block.spatial.score.weight.fill_(1)
    x = torch.tensor([[[[0.0, 0.0, 0.0, 0.0, 5.0]], [[1.0, 1.0, 1.0, 1.0, 1.0]]]])

    maps = block.attention(x)

    torch.testing.assert_close(maps["channel"].flatten(), torch.tensor([math.log(2), 0]))
    torch.testing.assert_close(maps["spatial"].flatten(), torch.tensor([math.log(2), 0, 0, 0, 0]))
    gates = torch.tensor([[[[4 / 5, 2 / 3, 2 / 3, 2 / 3, 2 / 3]], [[2 / 3, 1 / 2, 1 / 2, 1 / 2, 1 / 2]]]])
    torch.testing.assert_close(maps["combined"], gates)
    expected = torch.tensor([[[[0, 0, 0, 0, 25 / 3]], [[5 / 3, 3 / 2, 3 / 2, 3 / 2, 3 / 2]]]])
    torch.testing.assert_close(block(x), expected)


@pytest.mark.parametrize("combine", COMBINATIONS)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dilation", [1, 4])
def test_agrees_with_numpy_in_double_precision(combine, training, dilation):
    block = bam(11, reduction=3, dilation=dilation, combine=combine).double().train(training)
    parameters = numpy_blocks.parameters_of(randomise(block))
    x = torch.randn(2, 11, 5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(1))

    expected = numpy_blocks.bam(x.numpy(), parameters, training=training, dilation=dilation, combine=combine)

    np.testing.assert_allclose(block(x).detach().numpy(), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("height", "width"), [(3, 5), (7, 11), (11, 7), (1, 13), (13, 1), (1, 1)])
def test_every_place_of_a_map_that_is_not_square_counts(height, width):
    """The released code pools an H x H window; here it makes no difference which column comes last."""
    block = randomise(BAM(7, reduction=2)).eval()
    x = torch.randn(2, 7, height, width)
    moved = x.roll(1, dims=3)

    assert block(x).shape == x.shape
    torch.testing.assert_close(block.attention(x)["channel"], block.attention(moved)["channel"])


def test_spatial_branch_sees_four_dilations_plus_one_places():
    """The gradient of one score reaches exactly the places that the docstring promises."""
    dilation, side = 3, 19
    branch = randomise(BAM(5, reduction=1, dilation=dilation)).eval().spatial
    for layer in (branch.norm1, branch.norm2, branch.norm3):
        torch.nn.init.constant_(layer.bias, 9)  # keeps every ReLU open
    x = torch.randn(1, 5, side, side, requires_grad=True)

    branch(x)[0, 0, side // 2, side // 2].backward()

    places = x.grad.abs().sum(dim=(0, 1)).nonzero()
    assert (places.amax(0) - places.amin(0) + 1).tolist() == [4 * dilation + 1, 4 * dilation + 1]


@pytest.mark.parametrize(("channels", "reduction"), [(256, 16), (13, 3), (7, 7)])
def test_parameter_count_follows_the_formula(channels, reduction):
    hidden = channels // reduction
    norm = 2 * hidden
    channel = (channels + 1) * hidden + norm + (hidden + 1) * channels
    spatial = (channels + 1) * hidden + norm + 2 * ((9 * hidden + 1) * hidden + norm) + hidden + 1

    def count(combine):
        return count_parameters(bam(channels, reduction=reduction, combine=combine))

    assert [count(combine) for combine in COMBINATIONS] == [channel + spatial] * 3 + [channel, spatial]


def test_printed_parameter_count_at_256_channels():
    assert count_parameters(BAM(256)) == 17361


def test_parameter_names_are_those_of_shipped_checkpoints():
    norm = {
        "weight": (4,),
        "bias": (4,),
        "running_mean": (4,),
        "running_var": (4,),
        "num_batches_tracked": (),
    }
    layers = {
        "channel.fc1": {"weight": (4, 13), "bias": (4,)},
        "channel.norm": norm,
        "channel.fc2": {"weight": (13, 4), "bias": (13,)},
        "spatial.reduce": {"weight": (4, 13, 1, 1), "bias": (4,)},
        "spatial.norm1": norm,
        "spatial.context1": {"weight": (4, 4, 3, 3), "bias": (4,)},
        "spatial.norm2": norm,
        "spatial.context2": {"weight": (4, 4, 3, 3), "bias": (4,)},
        "spatial.norm3": norm,
        "spatial.score": {"weight": (1, 4, 1, 1), "bias": (1,)},
    }
    expected = {
        f"{layer}.{name}": shape for layer, shapes in layers.items() for name, shape in shapes.items()
    }
    assert {n: tuple(v.shape) for n, v in BAM(13, reduction=3).state_dict().items()} == expected


@pytest.mark.parametrize("combine", ["sum", "channel"])
def test_one_sample_cannot_be_normalised_in_training(combine):
    one_sample = torch.randn(1, 7, 3, 5)
    block = bam(7, reduction=2, combine=combine)
    with pytest.raises(
        ValueError, match=r"at least 2 values per channel; got 1\. .*drop_last=True.*\.eval\(\)"
    ):
        block(one_sample)

    assert block.eval()(one_sample).shape == one_sample.shape


def test_spatial_branch_alone_trains_on_one_sample_unless_it_is_one_place():
    block = BAMBranch(7, reduction=2, combine="spatial")
    assert block(torch.randn(1, 7, 3, 5)).shape == (1, 7, 3, 5)
    with pytest.raises(ValueError, match=r"at least 2 values per channel; got 1\."):
        block(torch.randn(1, 7, 1, 1))


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"channels": 8}, ValueError, "between 1 and `channels`; got reduction=16 for channels=8"),
        ({"channels": -1}, ValueError, "`channels` must be at least 1; got channels=-1"),
        ({"channels": "32"}, TypeError, "`channels` must be an int; got '32' of type str"),
        ({"reduction": 0}, ValueError, "got reduction=0 for channels=32"),
        ({"dilation": 0}, ValueError, "`dilation` must be at least 1; got dilation=0"),
        ({"dilation": 4.0}, TypeError, "`dilation` must be an int; got 4.0 of type float"),
        ({"dilation": True}, TypeError, "`dilation` must be an int; got True of type bool"),
        ({"combine": "add"}, ValueError, "`combine` must be one of 'sum', .*; got combine='add'"),
        ({"combine": None}, TypeError, "`combine` must be one of .*; got None of type NoneType"),
    ],
)
def test_wrong_arguments_are_named(keywords, error, message):
    with pytest.raises(error, match=message):
        BAM(**{"channels": 32, **keywords})


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"channels": 8}, ValueError, "between 1 and `channels`; got reduction=16 for channels=8"),
        ({"dilation": 0}, ValueError, "`dilation` must be at least 1; got dilation=0"),
        ({"combine": "sum"}, ValueError, "`combine` must be one of 'channel', 'spatial'; got combine='sum'"),
    ],
)
def test_wrong_arguments_of_one_branch_are_named(keywords, error, message):
    with pytest.raises(error, match=message):
        BAMBranch(**{"channels": 32, **keywords})
