"""Localisation of trained networks: known maps and boxes by hand, and one pass against one for each stage."""

import pytest
import torch
from torch import nn

from attn_lib.inspection import grad_cam, record_blocks, spatial_map
from gate_by_gate.digit_resnet import digit_resnet
from gate_by_gate.experiment import localization as module
from gate_by_gate.experiment.cluttered_digits import Split, to_input
from gate_by_gate.experiment.localization import STAGES, grad_cams, localization, spatial_maps
from tests.block_tools import randomise


class Pointer(nn.Module):
    """Attends to every place as bright as it is, and changes nothing."""

    def attention(self, x):
        return {"spatial": x}

    def spatial_map(self, maps):
        return maps["spatial"].mean(dim=1)

    def forward(self, x):
        return x


class Flat(Pointer):
    """Has a map of places that is the same everywhere."""

    def attention(self, x):
        return {"spatial": torch.full_like(x, 0.5)}


class ForChannels(Pointer):
    """Has one gate for all places."""

    def attention(self, x):
        return {"channel": x.mean(dim=(2, 3), keepdim=True)}

    def spatial_map(self, maps):
        return None


class Known(nn.Module):
    """Halves the side of a picture before the second and the third stage; the score is the mean brightness.

    The other class has the negative score, so that the first is predicted.
    """

    def __init__(self, *blocks):
        super().__init__()
        self.layer1 = nn.Sequential(blocks[0])
        self.layer2 = nn.Sequential(nn.MaxPool2d(2), blocks[1])
        self.layer3 = nn.Sequential(nn.MaxPool2d(2), blocks[2])

    def forward(self, x):
        mean = self.layer3(self.layer2(self.layer1(x))).mean(dim=(1, 2, 3))
        return torch.stack([mean, -mean], dim=1)


def known_split():
    """Two pictures of 12 x 20 with a bright and a dim pixel: one box holds the bright, the other the dim."""
    images = torch.zeros(2, 1, 12, 20, dtype=torch.uint8)
    images[:, 0, 4, 8] = 255
    images[:, 0, 8, 16] = 51  # 0.2
    boxes = torch.tensor([[5, 3, 7, 5], [13, 8, 4, 4]])  # x, y, width, height
    return Split(images, torch.tensor([0, 1]), boxes)


def test_known_maps_by_hand():
    """The bright pixel is hit in one picture of two; of 1 + 0.2 there are 1 and 0.2 inside.

    The boxes have 35 and 16 of 240 pixels. In the second stage the even pixels stand for cells: rows 4 and 6
    and columns 6, 8 and 10 lie in the first box, rows 8 and 10 and columns 14 and 16 in the second: 6 and 4
    of 60. In the third, where every fourth pixel counts, it is row 4, column 8, and row 8, column 16: 1 of
    15 each. The score is one mean of one channel, so Grad-CAM is proportional to the stage's own map.
    """
    score = {"hits": 1, "total": 2, "energy": 0.5}
    chances = {"layer1": (35 + 16) / 480, "layer2": 10 / 120, "layer3": 1 / 15}

    found = localization(Known(Pointer(), Pointer(), Pointer()), known_split())

    for stage, chance in chances.items():
        expected = {**score, "chance": pytest.approx(chance, abs=0.00006)}  # four decimals
        assert found[stage] == {"attention": expected, "grad_cam": expected}
    assert tuple(found) == STAGES


def test_a_flat_map_hits_nothing_and_has_the_energy_of_chance():
    found = localization(Known(Flat(), Pointer(), Flat()), known_split())

    for stage in ("layer1", "layer3"):
        flat = found[stage]["attention"]
        assert flat["hits"] == 0
        assert flat["energy"] == flat["chance"] == found[stage]["grad_cam"]["chance"]
    assert found["layer2"]["attention"]["hits"] == 1


def test_grad_cam_of_a_score_that_falls_with_brightness_finds_nothing():
    """Both gradients are negative then, and what the ReLU leaves is a map of zeros."""

    class Dark(Known):
        def forward(self, x):
            return -super().forward(x).abs()[:, :1]

    found = localization(Dark(Flat(), Flat(), Flat()), known_split())["layer1"]["grad_cam"]
    assert (found["hits"], found["energy"]) == (0, found["chance"])


def test_two_maps_in_one_stage_are_refused():
    split = known_split()
    network = Known(nn.Sequential(Pointer(), Pointer()), nn.Identity(), nn.Identity())
    with pytest.raises(
        ValueError,
        match=r"expected one block with a spatial map in each stage; got \['layer1.0.0', 'layer1.0.1'\]",
    ):
        spatial_maps(network, split.images)


def test_stages_that_tell_no_places_apart_have_grad_cam_alone():
    found = localization(Known(ForChannels(), Pointer(), nn.Identity()), known_split())
    assert {stage: sorted(scores) for stage, scores in found.items()} == {
        "layer1": ["grad_cam"],
        "layer2": ["attention", "grad_cam"],
        "layer3": ["grad_cam"],
    }


def test_without_a_map_of_places_the_network_is_not_run_for_every_image(monkeypatch):
    monkeypatch.setattr(module, "_BATCH", 1)
    network, calls = Known(ForChannels(), nn.Identity(), ForChannels()), []
    network.register_forward_hook(lambda *_: calls.append(1))
    assert spatial_maps(network, known_split().images) == {}
    assert len(calls) == 1


def test_grad_cam_counts_the_first_500_images():
    split = known_split()
    many = Split(*(value.repeat(251, *(1,) * (value.dim() - 1)) for value in split[:3]))
    found = localization(Known(Pointer(), Pointer(), Pointer()), many)["layer3"]
    assert (found["grad_cam"]["hits"], found["grad_cam"]["total"]) == (250, 500)
    assert (found["attention"]["hits"], found["attention"]["total"]) == (251, 502)


# Against the functions of ``attn_lib.inspection``, which do one thing at a time

NETWORKS = {
    "plain": {},
    "se": {"attention": "se", "reduction": 4},
    "cbam": {"attention": "cbam", "reduction": 4},
    "bam": {"attention": "bam", "reduction": 4},
    "bam between stages": {"attention": "bam", "reduction": 4, "placement": "between_stages"},
    "strips": {"attention": "coord_att", "reduction": 4},
    "self-attention": {"attention": "self_attention", "num_heads": 2},
    "one stage": {"attention": "se_without_squeeze", "reduction": 4, "stages": (2,)},
}


@pytest.fixture
def images(monkeypatch):
    """Thirteen pictures in batches of 5, the last one smaller."""
    monkeypatch.setattr(module, "_BATCH", 5)
    generator = torch.Generator().manual_seed(3)
    return torch.randint(256, (13, 1, 24, 16), generator=generator, dtype=torch.uint8)


def network_of(name):
    return randomise(digit_resnet(**NETWORKS[name]), seed=7).eval()


@pytest.mark.parametrize("name", NETWORKS)
def test_one_pass_finds_the_grad_cam_of_every_stage(name, images):
    network = network_of(name)
    found = grad_cams(network, images)
    assert tuple(found) == STAGES
    for stage in STAGES:
        # In the same batches, since sums in another order differ by more in a network of random weights.
        expected = torch.cat([grad_cam(network, to_input(few), stage).maps for few in images.split(5)])
        scale = expected.max()
        assert scale > 0
        torch.testing.assert_close(found[stage] / scale, expected / scale, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_maps_are_those_of_the_recorded_blocks(name, images):
    network, expected = network_of(name), {}
    for block, seen in record_blocks(network, to_input(images)).items():
        size = (seen.input.shape[2], seen.input.shape[3])
        places = spatial_map(network.get_submodule(block), seen.maps, size)
        if places is not None:
            expected[block.split(".")[0]] = places

    found = spatial_maps(network, images)

    stages = {"plain": (), "se": (), "bam between stages": STAGES[:2], "one stage": STAGES[1:2]}
    assert tuple(found) == tuple(expected) == stages.get(name, STAGES)
    for stage, maps in found.items():
        torch.testing.assert_close(maps, expected[stage], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_left_as_it_was(training, images):
    """Modes, hooks, gradients and frozen parameters; a caller without gradients does not matter."""
    network = network_of("cbam").train(training).requires_grad_(requires_grad=False)
    network.layer1.eval()
    modes = [one.training for one in network.modules()]
    before = {name: value.clone() for name, value in network.state_dict().items()}

    with torch.no_grad():
        assert grad_cams(network, images)["layer1"].max() > 0
        spatial_maps(network, images)

    assert [one.training for one in network.modules()] == modes
    assert all(not one._forward_hooks and not one._forward_pre_hooks for one in network.modules())
    assert all(value.grad is None and not value.requires_grad for value in network.parameters())
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


@pytest.mark.parametrize("function", [grad_cams, spatial_maps])
def test_hooks_are_removed_and_modes_restored_after_an_error(function, images):
    network = network_of("cbam").train()
    with pytest.raises(RuntimeError, match="to have 1 channels, but got 3"):
        function(network, images.expand(-1, 3, -1, -1))
    assert all(one.training for one in network.modules())
    assert all(not one._forward_hooks and not one._forward_pre_hooks for one in network.modules())


def test_the_predicted_class_is_explained_though_another_be_the_label(images):
    """The bias decides: with it on class 3, every image's map is that of class 3."""
    network = network_of("plain")
    network.fc.bias.data[3] += 1e6
    expected = grad_cam(network, to_input(images[:5]), "layer2", classes=3).maps
    assert expected.max() > 0
    torch.testing.assert_close(grad_cams(network, images)["layer2"][:5], expected, rtol=1e-4, atol=1e-5)
