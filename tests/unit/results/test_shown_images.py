"""The published images: test images of cluttered digits and of probe tasks, chosen by the written rules."""

from functools import cache

import pytest
import torch

from gate_by_gate import results
from gate_by_gate.experiment import ClutteredDigits, evaluate, to_input
from gate_by_gate.experiment.cluttered_digits import digits_alone
from gate_by_gate.experiment.example_images import SHOWN_IMAGES, choose_samples, shown_images
from gate_by_gate.experiment.plan import SHOWN_PROBES
from gate_by_gate.experiment.predictions import EXPERIMENTS
from gate_by_gate.experiment.publishing import probe_references
from gate_by_gate.results import probe_images


@cache
def digits():
    return ClutteredDigits().make("test")


def test_sample_images_are_those_of_the_test_split():
    samples, test = results.sample_images(), digits()

    assert samples.images.dtype == torch.uint8
    assert samples.images.shape == (10, 1, 40, 40)
    assert samples.labels.tolist() == list(range(10))
    assert torch.equal(samples.images, test.images[samples.indices])
    assert torch.equal(samples.labels, test.labels[samples.indices])
    assert torch.equal(samples.boxes, test.boxes[samples.indices])
    assert torch.equal(samples.digits, digits_alone(ClutteredDigits(), "test")[samples.indices])
    for image, digit, (x, y, width, height) in zip(
        samples.images, samples.digits, samples.boxes.tolist(), strict=True
    ):
        assert (image[0, y : y + height, x : x + width] >= digit).all()  # the brighter pixel wins
    torch.testing.assert_close(samples.inputs(), to_input(samples.images), rtol=0, atol=0)


def test_sample_images_follow_the_written_rule():
    samples = results.sample_images()
    network = results.trained_network("plain_seed0")
    with torch.no_grad():
        predictions = network(samples.inputs()).argmax(dim=1)

    assert (predictions != samples.labels).sum() == 3
    assert samples.indices.tolist() == choose_samples(evaluate(network, digits()))


def test_every_shown_probe_task_has_its_images():
    assert tuple(probe_images.probe_names()) == SHOWN_PROBES


@pytest.mark.parametrize("probe", SHOWN_PROBES)
def test_the_images_of_a_probe_task_are_test_images_that_follow_the_written_rule(probe):
    images, task = probe_images.probe_images(probe), EXPERIMENTS[probe].task
    test = task.make("test")
    donors = task.donors_of(test)
    for view, split in ((images.shown, test), (images.donors, donors)):
        for field in probe_images.LabelledImages._fields:
            assert torch.equal(getattr(view, field), getattr(split, field)[images.indices])
    assert len(images.indices) == SHOWN_IMAGES
    assert (images.shown.labels != images.donors.labels).all()
    assert images.shown.images.dtype == torch.uint8
    torch.testing.assert_close(images.shown.inputs() * 255, images.shown.images.float())

    plain = results.trained_network(probe_references()[probe].name)
    with torch.no_grad():
        right = plain(images.shown.inputs()).argmax(dim=1) == images.shown.labels
    assert int(right.sum()) == SHOWN_IMAGES // 2
    rule = shown_images(task, test, evaluate(plain, test))
    assert torch.equal(images.indices, rule["indices"])


def test_an_unknown_probe_task_is_refused():
    with pytest.raises(KeyError, match=r"expected a probe out of .*'row_cue'.*; got 'row'"):
        probe_images.probe_images("row")
