"""The counting probe: its images, and what a network can make of them before it has learned anything."""

import itertools

import numpy as np
import pytest
import torch
from scipy.optimize import linprog

from attn_lib.inspection import attention_maps
from gate_by_gate.experiment import to_input
from gate_by_gate.experiment.predictions import EXPERIMENTS
from gate_by_gate.experiment.probe_tasks import CLEAR, ColourCount
from tests.unit.experiment.random_networks import random_network

TASK = ColourCount(train_images=101, validation_images=31, test_images=601)
PITCH = TASK.square + CLEAR
STARTS = [CLEAR + place * PITCH for place in range(TASK.grid)]  # first pixels of the places along a side
CASES = [(7, 4, 4), (4, 7, 4), (4, 4, 7), (3, 6, 6), (6, 3, 6), (6, 6, 3)]


def squares_of(images):
    """Find the square of every place: which colours it has, ``(N, 4, 4, 3)``."""
    return images[:, :, STARTS][:, :, :, STARTS].movedim(1, -1) > 0


def test_corners_are_those_of_the_places_row_by_row():
    assert TASK.corners().tolist() == [[x, y] for y in (10, 24, 38, 52) for x in (10, 24, 38, 52)]


def test_two_colours_come_equally_often_and_the_third_is_the_answer():
    test = TASK.make("test")
    counts = squares_of(test.images).sum(dim=(1, 2)).tolist()
    assert {tuple(one) for one in counts} == set(CASES)
    assert [max(range(3), key=lambda c: abs(one[c] - 5)) for one in counts] == test.labels.tolist()


def test_nothing_lies_on_an_image_but_whole_squares():
    images = TASK.make("test").images
    squares = squares_of(images)
    assert squares.sum(dim=-1).max() == 1  # one colour at most in each place
    assert set(images.unique().tolist()) == {0, 255}
    assert torch.equal((images > 0).sum(dim=(1, 2, 3)), squares.sum(dim=(1, 2, 3)) * TASK.square**2)


def test_every_place_has_every_colour_and_nothing_about_equally_often():
    squares = squares_of(ColourCount().make("train").images).double().mean(dim=0)
    torch.testing.assert_close(squares, torch.full((4, 4, 3), 5 / 16, dtype=torch.float64), rtol=0, atol=0.02)


def test_boxes_are_of_the_odd_colour_and_cues_of_another():
    test = TASK.make("test")
    each = torch.arange(len(test.labels))
    for boxes, same in ((test.boxes, True), (test.cues, False)):
        x, y, width, height = boxes.T
        assert (width == 4).all()
        assert (height == 4).all()
        colour = test.images[each, :, y, x].argmax(dim=1)
        assert ((colour == test.labels) == same).all()
        assert (test.images[each, colour, y, x] == 255).all()


def test_splits_share_no_image():
    seen = [{one.tobytes() for one in ColourCount().make(s).images.numpy()} for s in ("train", "test")]
    assert not seen[0] & seen[1]


def test_turning_a_cue_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="`turn` must be 0, since no cue points to a colour; got turn=1"):
        TASK.make("test", turn=1)


def sum_over_squares(model, images):
    """Add up what each square of an image, alone on black, changes of the answer to a black image."""
    blank = torch.zeros_like(images[:1])
    total = torch.zeros(len(images), 3, dtype=torch.float64)
    for y, x in itertools.product(STARTS, repeat=2):
        alone = torch.zeros_like(images)
        here = (..., slice(y, y + TASK.square), slice(x, x + TASK.square))
        alone[here] = images[here]
        total += model(alone) - model(blank)
    return model(blank) + total


@pytest.mark.parametrize(
    ("attention", "keywords", "adds"),
    [(None, {}, True), ("se", {"reduction": 4}, False), ("coord_att", {"reduction": 4}, False)],
)
def test_without_a_block_a_networks_answers_are_sums_over_the_squares(attention, keywords, adds):
    """Whatever its weights are: no cell sees two squares, or a square and the edge."""
    images = to_input(TASK.make("test").images[:20]).double()
    model = random_network(TASK, attention, **keywords)
    with torch.no_grad():
        expected, found = sum_over_squares(model, images), model(images)
    assert torch.allclose(found, expected, rtol=1e-9, atol=1e-9) == adds


def test_and_they_do_not_depend_on_where_the_squares_lie():
    images = to_input(TASK.make("test").images[:20]).double()
    # Whole rows and columns of places change places, with the black beside them.
    moved = images.clone()
    moved[..., CLEAR : CLEAR + 2 * PITCH, :] = images[..., CLEAR : CLEAR + 2 * PITCH, :].roll(PITCH, dims=-2)
    assert not torch.equal(moved, images)
    for model in (
        random_network(TASK),
        random_network(TASK, "se", reduction=4),
        random_network(TASK, "se", reduction=4, squeeze="max"),
    ):
        with torch.no_grad():
            torch.testing.assert_close(model(moved), model(images), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("squeeze", "alike"), [("max", True), ("avg", False)])
def test_a_maximum_gives_every_image_the_same_gates(squeeze, alike):
    images = to_input(TASK.make("test").images[:20]).double()
    maps = attention_maps(random_network(TASK, "se", reduction=4, squeeze=squeeze), images)
    gates = maps["layer1.0.attention"]["channel"]
    assert torch.allclose(gates, gates[:1].expand_as(gates), rtol=1e-12, atol=1e-12) == alike


def most_cases_for_sums():
    """Find the largest number of cases that sums of weighted counts can get right, by trying every subset."""
    points = np.array([(*case, 1) for case in CASES], dtype=float)
    answers = [0, 1, 2, 0, 1, 2]
    for size in range(len(CASES), 0, -1):
        for chosen in itertools.combinations(range(len(CASES)), size):
            rows = []
            for case in chosen:
                for other in {0, 1, 2} - {answers[case]}:
                    row = np.zeros((3, 4))
                    row[other], row[answers[case]] = points[case], -points[case]
                    rows.append(row.ravel())  # the other answer is smaller by 1 at least
            found = linprog(np.zeros(12), A_ub=np.array(rows), b_ub=-np.ones(len(rows)), bounds=(None, None))
            if found.success:
                return size
    return 0


def test_sums_get_four_cases_of_six_at_most():
    assert most_cases_for_sums() == 4
    assert EXPERIMENTS["colour_count"].blind == 4 / 6
