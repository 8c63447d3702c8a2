"""Probe tasks: donors that differ in nothing but the cue, and pieces that fit on the canvas."""

import pytest
import torch

from gate_by_gate.experiment.probe_tasks import (
    ColourCount,
    ColourCue,
    EqualPair,
    FrameCue,
    JitteredRowCue,
    MatchingPair,
    RowCue,
)

SIZES = {"train_images": 101, "validation_images": 31, "test_images": 257}
CUED, UNCUED = (ColourCue, FrameCue, RowCue, JitteredRowCue), (MatchingPair, EqualPair, ColourCount)


@pytest.mark.parametrize("task", [task(**SIZES) for task in CUED], ids=lambda task: task.name)
def test_a_donor_differs_in_nothing_but_the_cue(task):
    test = task.make("test")
    donors = task.donors_of(test)
    changed = test.images != donors.images
    assert changed.flatten(1).any(dim=1).all()
    for n, (own, given) in enumerate(zip(test.cues.tolist(), donors.cues.tolist(), strict=True)):
        for x, y, width, height in (own, given):
            changed[n, :, y : y + height, x : x + width] = False
    assert not changed.any()
    assert not torch.equal(test.labels, donors.labels)


@pytest.mark.parametrize(
    ("task", "settings"),
    [
        (ColourCue, {"digit": 21}),
        (ColourCue, {"cue": 29}),
        (FrameCue, {"digit": 13}),
        (FrameCue, {"cue": 13}),
        (RowCue, {"digit": 21}),
        (RowCue, {"mark": 13}),
        (JitteredRowCue, {"rows": 10}),
        (JitteredRowCue, {"columns": 15}),
        (MatchingPair, {"difference": 10}),
        (MatchingPair, {"bits": 8}),
        (EqualPair, {"difference": 9}),
        (EqualPair, {"white": 10}),
        (EqualPair, {"cell": 3}),
        (ColourCount, {"mean": 6}),
        (ColourCount, {"step": 3}),
        (ColourCount, {"square": 5}),
    ],
)
def test_pieces_that_cannot_lie_on_the_canvas_are_refused(task, settings):
    """Drawing places for them would never end."""
    (name, value) = next(iter(settings.items()))
    with pytest.raises(
        ValueError, match=rf"expected pieces that fit on .* pixels; got \{{.*'{name}': {value}"
    ):
        task(**settings)


@pytest.mark.parametrize("task", [*CUED, *UNCUED])
def test_a_size_below_one_is_refused(task):
    with pytest.raises(ValueError, match="`digit` must be at least 1; got digit=0"):
        task(digit=0)


@pytest.mark.parametrize(
    ("task", "settings"),
    [
        (ColourCue, {"digit": 16}),
        (FrameCue, {"digit": 12}),
        (RowCue, {"digit": 20}),
        (JitteredRowCue, {"rows": 9, "columns": 14}),
        (MatchingPair, {"bits": 6}),
        (EqualPair, {"bits": 4, "difference": 8}),
        (ColourCount, {"mean": 3, "square": 8, "grid": 3}),
    ],
)
def test_the_largest_pieces_that_are_taken_find_places(task, settings):
    assert len(task(**settings, train_images=7).make("train").images) == 7


@pytest.mark.parametrize("task", [task(**SIZES) for task in UNCUED], ids=lambda task: task.name)
def test_a_donor_without_a_cue_is_the_next_image(task):
    test = task.make("test")
    donors = task.donors_of(test)
    for own, given in zip(test, donors, strict=True):
        assert torch.equal(given[:-1], own[1:])
        assert torch.equal(given[-1], own[0])


def test_a_jittered_mark_lies_beside_its_digit_and_out_of_its_sight():
    test = JitteredRowCue(**SIZES).make("test")
    marks, digits = test.cues, test.boxes
    assert (marks[:, 1] >= digits[:, 1]).all()
    assert (marks[:, 1] + marks[:, 3] <= digits[:, 1] + digits[:, 3]).all()
    # A place of the last stage sees 23 pixels across: at most the black between a mark and a digit.
    assert (digits[:, 0] - marks[:, 0] - marks[:, 2]).min() >= 23


def test_how_a_stride_cuts_a_jittered_mark_says_nothing_of_the_digit():
    """Each remainder of the stride, 4, comes about equally often, whatever the digit's is."""
    train = JitteredRowCue().make("train")
    found = torch.zeros(4, 4, 4)
    found.index_put_(
        (train.boxes[:, 1] % 4, train.cues[:, 1] % 4, train.cues[:, 0] % 4),
        torch.tensor(1.0),
        accumulate=True,
    )
    shares = found / found.sum(dim=(1, 2), keepdim=True)
    torch.testing.assert_close(shares, torch.full((4, 4, 4), 1 / 16), rtol=0, atol=0.02)
    fixed = RowCue().make("train")
    assert ((fixed.cues - fixed.boxes)[:, 1] % 4 == 0).all()  # what one network found there
