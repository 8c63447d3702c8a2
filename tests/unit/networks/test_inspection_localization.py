"""The pointing game and the energy inside a box, against values worked out by hand."""

import pytest
import torch
from torch import nn

from attn_lib import BAM, CBAM, ECA, SE, CoordAtt, SelfAttention2d
from attn_lib.blocks import BAMBranch, CoordAttStrip, SEWithoutSqueeze
from attn_lib.inspection import energy_inside, enlarge, pointing_hits, share_inside, spatial_map

# A 2 x 3 map over an image of 10 x 21 pixels: cells stand for rows 0 and 5, columns 0, 7 and 14.
SIZE = (10, 21)
MAP = torch.tensor([[[1.0, 2.0, 4.0], [3.0, 9.0, 1.0]]])


@pytest.mark.parametrize(
    ("box", "hit", "energy", "share"),
    [
        ((7, 5, 1, 1), True, 9 / 20, 1 / 6),
        ((8, 5, 6, 1), False, 0, 0),
        ((0, 0, 8, 6), True, 15 / 20, 4 / 6),
        ((7, 0, 14, 5), False, 6 / 20, 2 / 6),
        ((0, 0, 21, 10), True, 1, 1),
    ],
)
def test_values_by_hand(box, hit, energy, share):
    boxes = torch.tensor([box])
    assert pointing_hits(MAP, boxes, SIZE).tolist() == [hit]
    assert energy_inside(MAP, boxes, SIZE).item() == pytest.approx(energy)
    assert share_inside(MAP, boxes, SIZE).item() == pytest.approx(share)


def test_images_of_a_batch_do_not_mix():
    maps = torch.stack([MAP[0], MAP[0].flip(1)])
    boxes = torch.tensor([[7, 5, 1, 1], [0, 0, 7, 1]])
    assert pointing_hits(maps, boxes, SIZE).tolist() == [True, False]
    assert energy_inside(maps, boxes, SIZE).tolist() == pytest.approx([9 / 20, 4 / 20])


def test_a_flat_map_points_nowhere_and_has_the_energy_of_chance():
    boxes = torch.tensor([[0, 0, 8, 6]])
    for level in (0.0, 0.5):
        flat = torch.full((1, 2, 3), level)
        assert not pointing_hits(flat, boxes, SIZE).any()
        assert energy_inside(flat, boxes, SIZE).item() == pytest.approx(4 / 6)


def test_one_number_is_a_square():
    maps, boxes = torch.eye(5)[None], torch.tensor([[8, 8, 1, 1]])
    assert energy_inside(maps, boxes, 40).item() == pytest.approx(1 / 5)


@pytest.mark.parametrize("function", [pointing_hits, energy_inside, share_inside])
def test_wrong_shapes(function):
    boxes = torch.zeros(1, 4)
    with pytest.raises(ValueError, match=r"`maps` must be \(N, H, W\); got \(2, 3\)"):
        function(MAP[0], boxes, SIZE)
    with pytest.raises(ValueError, match=r"`boxes` must be \(1, 4\), one for each map; got \(2, 4\)"):
        function(MAP, torch.zeros(2, 4), SIZE)
    with pytest.raises(ValueError, match="multiple of its map's; got 11 and 2"):
        function(MAP, boxes, (11, 21))


def test_a_negative_map_has_no_energy():
    with pytest.raises(ValueError, match="at least 0 everywhere; got -1"):
        energy_inside(MAP - 2, torch.zeros(1, 4), SIZE)


X = torch.randn(3, 16, 5, 7, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("block", [SE(16), ECA(16), BAMBranch(16)])
def test_gates_of_channels_tell_no_places_apart(block):
    assert spatial_map(block, block.eval().attention(X), (5, 7)) is None


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (CBAM(16), lambda maps: maps["spatial"][:, 0]),
        (BAM(16), lambda maps: maps["combined"].mean(dim=1)),
        (CoordAtt(16), lambda maps: (maps["height"] * maps["width"]).mean(dim=1)),
        (CoordAttStrip(16), lambda maps: maps["height"].mean(dim=1).repeat(1, 1, 7)),
        (CoordAttStrip(16, strip="width"), lambda maps: maps["width"].mean(dim=1).repeat(1, 5, 1)),
        (SEWithoutSqueeze(16), lambda maps: maps["channel"].mean(dim=1)),
    ],
)
def test_gates_of_places(block, expected):
    maps = block.eval().attention(X)
    assert torch.equal(spatial_map(block, maps, (5, 7)), expected(maps))


def test_of_self_attention_it_is_the_attention_received():
    block = SelfAttention2d(16, num_heads=2)
    weights = block.attention(X)["weights"].detach()
    received = spatial_map(block, {"weights": weights}, (5, 7))
    assert received.shape == (3, 5, 7)
    assert received[1, 2, 3] == pytest.approx(weights[1, :, :, 2 * 7 + 3].mean().item())
    assert received.sum(dim=(1, 2)).tolist() == pytest.approx([1, 1, 1])


def test_a_block_that_cannot_be_asked_for_its_spatial_map_is_refused():
    with pytest.raises(TypeError, match=r"method `spatial_map\(maps\)`.*; Identity has none"):
        spatial_map(nn.Identity(), {"spatial": torch.ones(1, 1, 5, 7)}, (5, 7))


@pytest.mark.parametrize(("size", "step"), [((12, 40), (4, 8)), ((11, 37), (4, 8)), ((3, 5), (1, 1))])
def test_an_enlarged_map_has_every_cell_on_its_pixel(size, step):
    maps = torch.randn(2, 3, 5, dtype=torch.float64)
    big = enlarge(maps, size)
    assert big.shape == (2, *size)
    torch.testing.assert_close(big[:, :: step[0], :: step[1]], maps)


def test_between_the_cells_an_enlarged_map_is_linear_and_behind_the_last_one_level():
    maps = torch.tensor([[[1.0, 5.0], [2.0, 10.0]]])
    expected = [[1, 2, 3, 4, 5, 5, 5, 5], [2, 4, 6, 8, 10, 10, 10, 10]]
    assert enlarge(maps, (2, 8)).tolist() == [expected]
    assert enlarge(maps, 4)[0, 1].tolist() == [1.5, 4.5, 7.5, 7.5]
    assert enlarge(maps, 4)[0, 3].tolist() == [2, 6, 10, 10]


def test_the_pixel_of_a_cell_is_the_middle_of_what_it_sees():
    network = nn.Sequential(*(nn.Conv2d(1, 1, 3, stride=2, padding=1) for _ in range(3)))
    image = torch.zeros(1, 1, 37, 43, requires_grad=True)
    out = network(image)
    out[0, 0, 2, 3].backward()
    seen = image.grad[0, 0].nonzero()
    middle = (seen.amin(dim=0) + seen.amax(dim=0)) // 2
    cell = torch.zeros(1, *out.shape[2:])
    cell[0, 2, 3] = 1
    peak = enlarge(cell, (37, 43)).flatten().argmax().item()
    assert divmod(peak, 43) == tuple(middle.tolist())


def test_an_enlargement_says_what_does_not_fit():
    with pytest.raises(ValueError, match=r"`maps` must be \(N, H, W\); got \(3, 5\)"):
        enlarge(torch.zeros(3, 5), (6, 10))
    with pytest.raises(ValueError, match="no smaller than its map; got 4 pixels for 5 places"):
        enlarge(torch.zeros(1, 3, 5), (6, 4))
