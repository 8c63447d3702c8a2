"""Probe tasks: donors that differ in nothing but the cue, and pieces that fit on the canvas."""

import pytest
import torch

from gate_by_gate.experiment.probe_tasks import (
    ColourCount,
    ColourCue,
    FrameCue,
    MatchingPair,
    RowCue,
)

SIZES = {"train_images": 101, "validation_images": 31, "test_images": 257}
TASKS = [task(**SIZES) for task in (ColourCue, FrameCue, RowCue, MatchingPair, ColourCount)]


@pytest.mark.parametrize("task", TASKS[:3], ids=lambda task: task.name)
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
        (MatchingPair, {"difference": 10}),
        (MatchingPair, {"bits": 8}),
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


@pytest.mark.parametrize("task", [ColourCue, FrameCue, RowCue, MatchingPair, ColourCount])
def test_a_size_below_one_is_refused(task):
    with pytest.raises(ValueError, match="`digit` must be at least 1; got digit=0"):
        task(digit=0)


@pytest.mark.parametrize(
    ("task", "settings"),
    [
        (ColourCue, {"digit": 16}),
        (FrameCue, {"digit": 12}),
        (RowCue, {"digit": 20}),
        (MatchingPair, {"bits": 6}),
        (ColourCount, {"mean": 3, "square": 8, "grid": 3}),
    ],
)
def test_the_largest_pieces_that_are_taken_find_places(task, settings):
    assert len(task(**settings, train_images=7).make("train").images) == 7


@pytest.mark.parametrize("task", TASKS[3:], ids=lambda task: task.name)
def test_a_donor_without_a_cue_is_the_next_image(task):
    test = task.make("test")
    donors = task.donors_of(test)
    for own, given in zip(test, donors, strict=True):
        assert torch.equal(given[:-1], own[1:])
        assert torch.equal(given[-1], own[0])
