"""The images of the probes that the package carries, and the counts under interventions beside them."""

from functools import cache

import pytest
import torch

from attn_lib.interventions import interventions_for
from gate_by_gate import results
from gate_by_gate.digit_resnet import digit_resnet
from gate_by_gate.experiment.evaluation import evaluate
from gate_by_gate.experiment.example_images import SHOWN_IMAGES, shown_images
from gate_by_gate.experiment.intervention_counts import count_interventions
from gate_by_gate.experiment.plan import SHOWN_PROBES
from gate_by_gate.experiment.predictions import EXPERIMENTS
from gate_by_gate.experiment.probe_tasks import PROBE_TASKS
from gate_by_gate.experiment.publishing import probe_references
from gate_by_gate.results import probe_images

# As in test_results.py: an image may change sides where its two best classes are as good as equal.
TOLERATED_IMAGES = 1

CHECKPOINTS = [name for name in results.checkpoint_names() if results.record(name)["group"] == "probes"]


@cache
def split_of(probe):
    return EXPERIMENTS[probe].task.make("test")


def network_of(name):
    network = digit_resnet(**results.record(name)["network"])
    network.load_state_dict(results.state_dict(name))
    return network.eval()


def test_every_shown_probe_has_its_images():
    assert tuple(probe_images.probe_names()) == SHOWN_PROBES


@pytest.mark.parametrize("probe", SHOWN_PROBES)
def test_the_images_are_test_images_that_follow_the_written_rule(probe):
    images, test = probe_images.probe_images(probe), split_of(probe)
    donors = EXPERIMENTS[probe].task.donors_of(test)
    for view, split in ((images.shown, test), (images.donors, donors)):
        for field in probe_images.LabelledImages._fields:
            assert torch.equal(getattr(view, field), getattr(split, field)[images.indices])
    assert len(images.indices) == SHOWN_IMAGES
    assert (images.shown.labels != images.donors.labels).all()
    assert images.shown.images.dtype == torch.uint8
    torch.testing.assert_close(images.shown.inputs() * 255, images.shown.images.float())

    plain = network_of(probe_references()[probe].name)
    with torch.no_grad():
        right = plain(images.shown.inputs()).argmax(dim=1) == images.shown.labels
    assert int(right.sum()) == SHOWN_IMAGES // 2
    rule = shown_images(EXPERIMENTS[probe].task, test, evaluate(plain, test))
    assert torch.equal(images.indices, rule["indices"])


def test_an_unknown_probe_is_refused():
    with pytest.raises(KeyError, match=r"expected a probe out of .*'row_cue'.*; got 'row'"):
        probe_images.probe_images("row")


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_every_probe_network_with_weights_has_counts_of_its_interventions(name):
    record = results.record(name)
    counts = record["interventions"]
    cued = PROBE_TASKS[record["task"]].has_cue
    assert list(counts) == [*(["turned"] if cued else []), *interventions_for(network_of(name))]
    for intervention, count in counts.items():
        assert ("other" in count) == (cued and intervention in ("turned", "exchanged"))
        assert count["total"] == record["test"]["total"]
        assert all(0 <= value <= count["total"] for value in count.values())


def test_counts_stand_beside_weights_and_nowhere_else():
    assert [name for name in results.names() if "interventions" in results.record(name)] == CHECKPOINTS


@pytest.mark.parametrize("probe", PROBE_TASKS)
def test_counts_are_found_again(probe):
    """Of every probe's networks the one with the most interventions, since each takes seconds."""
    of_probe = [name for name in CHECKPOINTS if results.record(name)["task"] == probe]
    name = max(of_probe, key=lambda one: len(results.record(one)["interventions"]))
    recorded = results.record(name)["interventions"]
    found = count_interventions(network_of(name), EXPERIMENTS[probe].task, split_of(probe))
    assert found.keys() == recorded.keys()
    for intervention, count in found.items():
        assert count.keys() == recorded[intervention].keys()
        for key, value in count.items():
            assert abs(value - recorded[intervention][key]) <= TOLERATED_IMAGES, (intervention, key)
