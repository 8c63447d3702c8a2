"""The test images that are shown, chosen by the written rules."""

import pytest
import torch
from torch import nn

from gate_by_gate.experiment.evaluation import Evaluation
from gate_by_gate.experiment.example_images import SHOWN_IMAGES, choose_samples, choose_shown, shown_images
from gate_by_gate.experiment.probe_tasks import (
    ColourCount,
    ColourCue,
    FrameCue,
    MatchingPair,
    RowCue,
)

SIZES = {"train_images": 101, "validation_images": 31, "test_images": 257}
TASKS = [task(**SIZES) for task in (ColourCue, FrameCue, RowCue, MatchingPair, ColourCount)]


def result_of(labels, predictions, classes):
    logits = nn.functional.one_hot(torch.tensor(predictions), classes).float()
    return Evaluation(logits=logits, labels=torch.tensor(labels))


def test_shown_images_by_hand():
    """Of three answers none is shown more than three times, of right and wrong none more than four times."""
    labels = [0, 0, 0, 0, 1, 1, 2, 1, 2, 0, 2, 1]
    donors = [1, 1, 0, 1, 1, 2, 0, 0, 0, 2, 1, 0]
    guesses = [0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 1]
    # Images 2 and 4 have their donors' answers; the fourth 0 is one too many.
    assert choose_shown(result_of(labels, guesses, 3), torch.tensor(donors)) == [0, 1, 3, 5, 6, 7, 8, 10]


def test_too_few_images_to_show_are_refused():
    labels = [0, 1, 2] * 4  # all of them read correctly
    donors = torch.tensor([1, 2, 0] * 4)
    with pytest.raises(ValueError, match="expected 8 images to show; the rule finds 4"):
        choose_shown(result_of(labels, labels, 3), donors)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_shown_images_are_test_images_with_their_donors(task):
    test = task.make("test")
    guesses = (test.labels + torch.arange(len(test.labels)) % 2) % task.classes  # every second one is wrong
    result = result_of(test.labels.tolist(), guesses.tolist(), task.classes)
    shown, donors = shown_images(task, test, result), task.donors_of(test)

    indices = shown["indices"]
    assert len(indices) == SHOWN_IMAGES
    for name in ("images", "labels", "boxes", "cues"):
        assert torch.equal(shown[name], getattr(test, name)[indices])
        assert torch.equal(shown[f"donor_{name}"], getattr(donors, name)[indices])
    assert (shown["labels"] != shown["donor_labels"]).all()
    assert int((guesses == test.labels)[indices].sum()) == SHOWN_IMAGES // 2
    assert shown["labels"].bincount().max() <= (1 if task.classes == 10 else 3)


def test_samples_by_hand():
    """Mistakes by class: 1, 0, 2, 1, 1. Classes 2, 0 and 3 are shown mistaken, 1 and 4 read correctly."""
    labels = [0, 0, 1, 2, 2, 2, 3, 3, 4, 4]
    predictions = [0, 1, 1, 2, 0, 1, 0, 3, 2, 4]
    assert choose_samples(result_of(labels, predictions, 5)) == [1, 2, 4, 6, 9]


def test_a_class_without_a_mistake_to_show_is_named():
    with pytest.raises(ValueError, match="got none for class 2"):
        choose_samples(result_of([0, 0, 1, 1, 2, 3], [0, 1, 0, 1, 2, 3], 4))
