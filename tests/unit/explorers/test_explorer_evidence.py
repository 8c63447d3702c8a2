"""The evidence explorer: its squares, its maps and its table agree with the network asked anew."""

import re

import pytest
import torch

from attn_lib.inspection import grad_cam
from gate_by_gate import imagenet
from gate_by_gate.explorers import evidence
from gate_by_gate.explorers.evidence import DEFINITION, EvidenceExplorer, corner, covered, framed, maps
from gate_by_gate.photographs import names, photographs
from tests.unit.explorers.explorer_code import run_code

DEFAULTS = DEFINITION.defaults


@pytest.fixture(scope="module")
def network():
    """A classifier of its own, in single precision."""
    return imagenet.classifier()


def picture(name):
    return imagenet.to_input(photographs([name], side=imagenet.SIDE))


def test_covering_the_tripod_takes_the_answer_away(network):
    record = DEFINITION.record(DEFAULTS)
    assert names()[DEFAULTS["photograph"]] == "cameraman"
    first, *_ = record["says"]["says"]["rows"]
    assert (first["name"], first["marked"]) == ("tripod", True)

    image = picture("cameraman")
    row, column = corner(int(framed("_blocks.15", 1)[2]))
    image[:, :, row : row + 96, column : column + 96] = 0
    with torch.no_grad():
        left = network(image).softmax(1)[0, 872].item()
    rows = record["left"]["left"]["rows"]
    assert [one["name"] for one in rows][:2] == ["nothing", "the framed square"]
    assert rows[1]["value"] == pytest.approx(left, abs=1e-3)
    assert rows[0]["value"] > 0.9 > 0.1 > rows[1]["value"]


def test_squares_lie_side_by_side_over_the_whole_picture():
    corners = [corner(place) for place in range(evidence.PLACES)]
    assert corners[:3] == [(0, 0), (0, 32), (0, 64)]
    assert corners[5] == (32, 0)
    assert corners[-1] == (128, 128)
    assert 128 + evidence.SQUARE == imagenet.SIDE


def test_maps_are_grad_cam_with_every_cell_on_its_pixel():
    """Cell i of the last stage is about pixel 32 i + 31, as a test of the backbone finds."""
    found = maps("_blocks.15", 2)
    raw = grad_cam(evidence.network(), evidence.inputs(), "_blocks.15", classes=evidence.guesses()[:, 1]).maps
    assert found.shape == (9, 224, 224)
    torch.testing.assert_close(found[:, 31::32, 31::32], raw)


def test_the_frame_holds_more_of_the_map_than_any_other_square():
    for layer in evidence.LAYERS:
        values = maps(layer, 1)
        chosen = framed(layer, 1)
        for index in range(9):
            sums = []
            for place in range(evidence.PLACES):
                row, column = corner(place)
                sums.append(values[index, row : row + 96, column : column + 96].sum().item())
            assert sums[int(chosen[index])] == pytest.approx(max(sums), rel=1e-9)


def test_the_table_counts_what_the_rankings_show():
    for guess in (1, 2, 3):
        setting = {**DEFAULTS, "guess": guess}
        table = DEFINITION.parts["all"].data(setting)
        below = 0
        for index, row in enumerate(table["table"]["rows"]):
            rows = DEFINITION.parts["left"].data({**setting, "photograph": index})["left"]["rows"]
            whole, here, mean, least = (one["value"] for one in rows)
            assert [cell["value"] for cell in row["cells"]][:3] == [whole, here, mean]
            assert least <= here
            below += row["cells"][1]["right"]
        assert table["below"]["value"] == below


def test_places_that_cost_less_are_counted_without_the_framed_one():
    index, layer = 2, "_blocks.15"
    number = int(evidence.guesses()[index, 0])
    values = covered()[index, :, number]
    *_, cheaper = evidence.left(index, layer, 1, "trained")
    assert cheaper == sum(value > values[framed(layer, 1)[index]] for value in values) == 24


def test_the_code_gives_the_numbers_on_screen():
    setting = {**DEFAULTS, "photograph": 5, "guess": 2, "layer": "_blocks.10", "by": "random"}
    found = run_code(DEFINITION, setting)
    rows = DEFINITION.record(setting)["left"]["left"]["rows"]
    assert [rows[0]["value"], rows[1]["value"]] == [
        round(found["before"].item(), 3),
        round(found["after"].item(), 3),
    ]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"photograph": 9}, r"`photograph` must be between 0 and 8; got photograph=9"),
        ({"guess": 4}, r"`guess` must be between 1 and 3; got guess=4"),
        ({"layer": "_blocks.3"}, r"`layer` must be one of .*got layer='_blocks\.3'"),
    ],
)
def test_what_there_is_not_is_refused(setting, message):
    with pytest.raises(Exception, match=message):
        EvidenceExplorer(**setting)


def test_a_random_classifier_has_the_features_and_another_map():
    """What comes before the last layer is the trained network's; the map of a class is of random weights."""
    trained, changed = evidence.network().state_dict(), evidence.random_classifier().state_dict()
    assert {name for name in trained if not torch.equal(trained[name], changed[name])} == {
        "_fc.weight",
        "_fc.bias",
    }
    assert (maps("_blocks.15", 1, "random") - maps("_blocks.15", 1)).abs().max() > 0.1
    with pytest.raises(ValueError, match=re.escape("must be one of ('trained', 'random'); got by='blind'")):
        maps("_blocks.15", 1, "blind")
