"""What is published of the probes: counts under interventions, and the images that are shown."""

import json

import pytest
import torch
from torch import nn

from attn_lib.interventions import without_max
from gate_by_gate.experiment.__main__ import main
from gate_by_gate.experiment.cluttered_digits import Split
from gate_by_gate.experiment.evaluation import Evaluation, evaluate
from gate_by_gate.experiment.model import NetworkSetting, build_network
from gate_by_gate.experiment.plan import SHOWN_PROBES, PlannedRun, planned_runs
from gate_by_gate.experiment.probes import ColourCount, ColourCue, FrameCue, MatchingPair, Probe, RowCue
from gate_by_gate.experiment.probing import (
    SHOWN_IMAGES,
    choose_shown,
    count_interventions,
    donors_of,
    shown_images,
)
from gate_by_gate.experiment.publishing import probe_references, publish, publish_probe_images
from gate_by_gate.experiment.run import Run, execute_all, finished_weights
from gate_by_gate.experiment.training import TrainingSettings

SIZES = {"train_images": 101, "validation_images": 31, "test_images": 257}
TASKS = [task(**SIZES) for task in (ColourCue, FrameCue, RowCue, MatchingPair, ColourCount)]


@pytest.mark.parametrize("task", TASKS[:3], ids=lambda task: task.name)
def test_a_donor_differs_in_nothing_but_the_cue(task):
    test = task.make("test")
    donors = donors_of(task, test)
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
    donors = donors_of(task, test)
    for own, given in zip(test, donors, strict=True):
        assert torch.equal(given[:-1], own[1:])
        assert torch.equal(given[-1], own[0])


class CornerGate(nn.Module):
    """Opens the channels that are bright in the upper left corner."""

    def attention(self, x):
        return {"channel": x[:, :, :1, :1]}

    def forward(self, x):
        return x * self.attention(x)["channel"]


class OnePixelReader(nn.Module):
    """Answers with the brightness of the lower right pixel, as far as the gate lets it through."""

    def __init__(self):
        super().__init__()
        self.gate = CornerGate()

    def forward(self, x):
        brightness = self.gate(x)[:, :, 1, 1].sum(dim=1)
        return -(torch.arange(10) - 255 * brightness[:, None]).abs()


class OnePixel(Probe):
    """Two numbers in the channels of one pixel, and a corner that says which of them to read."""

    name = "one_pixel"
    numbers = torch.tensor([[2, 4], [6, 6], [1, 9], [8, 0], [3, 5]])
    asked = torch.tensor([0, 0, 1, 1, 0])

    def _fits(self):
        return True

    def make(self, split, *, turn=0):
        asked, each = (self.asked + turn) % 2, torch.arange(5)
        images = torch.zeros(5, 2, 2, 2, dtype=torch.uint8)
        images[:, :, 1, 1] = self.numbers
        images[each, asked, 0, 0] = 255
        boxes = torch.tensor([[1, 1, 1, 1]]).expand(5, -1)
        return Split(images, self.numbers[each, asked], boxes, boxes)


class OnePixelWithoutCue(OnePixel):
    has_cue = False


def test_interventions_counted_by_hand():
    """Own answers 2 6 9 0 3, for the other corner 4 6 1 8 5.

    The mean gate is 0.6 for the first channel and 0.4 for the second: 2.8, 6, 4.2, 4.8 and 3.8 are read as
    3, 6, 4, 5 and 4. Both gates open give 6, 12 (read as 9), 10 (9), 8 and 8.
    """
    task = OnePixel()
    assert count_interventions(OnePixelReader(), task, task.make("test")) == {
        "turned": {"correct": 5, "total": 5, "other": 1},
        "exchanged": {"correct": 1, "total": 5, "other": 5},
        "frozen": {"correct": 1, "total": 5},
        "opened": {"correct": 1, "total": 5},
    }


def test_without_a_cue_there_is_no_other_answer():
    """The next image's gates open the channels 0, 1, 1, 0 and 0: read are 2, 6, 9, 8 and 3."""
    task = OnePixelWithoutCue()
    counts = count_interventions(OnePixelReader(), task, task.make("test"))
    assert list(counts) == ["exchanged", "frozen", "opened"]
    assert counts["exchanged"] == {"correct": 4, "total": 5}


def test_a_network_without_a_block_can_only_be_shown_another_cue():
    task = OnePixel()
    counts = count_interventions(nn.Sequential(nn.Flatten(), nn.Linear(8, 10)), task, task.make("test"))
    assert list(counts) == ["turned"]


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
    shown, donors = shown_images(task, test, result), donors_of(task, test)

    indices = shown["indices"]
    assert len(indices) == SHOWN_IMAGES
    for name in ("images", "labels", "boxes", "cues"):
        assert torch.equal(shown[name], getattr(test, name)[indices])
        assert torch.equal(shown[f"donor_{name}"], getattr(donors, name)[indices])
    assert (shown["labels"] != shown["donor_labels"]).all()
    assert int((guesses == test.labels)[indices].sum()) == SHOWN_IMAGES // 2
    assert shown["labels"].bincount().max() <= (1 if task.classes == 10 else 3)


# Publishing

TASK = ColourCue(train_images=211, validation_images=53, test_images=257)
TRAINING = TrainingSettings(epochs=1, batch_size=23)
TINY = [Run(NetworkSetting("cbam", {"reduction": 3}), TASK, TRAINING, seed=seed) for seed in (0, 1)]
REFERENCE = Run(NetworkSetting(), TASK, TRAINING)


def silent(line):
    pass


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    execute_all([*TINY, REFERENCE], folder, workers=1, report=silent)
    return folder


def trained(run, finished):
    network = build_network(run.network, run.data, seed=run.seed)
    network.load_state_dict(finished_weights(run, finished))
    return network.eval()


@pytest.mark.parametrize("has_checkpoint", [True, False])
def test_interventions_are_published_with_the_weights(tmp_path, finished, has_checkpoint):
    planned = [PlannedRun(run, "probes", has_checkpoint) for run in TINY]
    publish(planned, finished, tmp_path, report=silent)
    records = json.loads((tmp_path / "records.json").read_text())

    assert "interventions" not in records[TINY[1].name]
    assert ("interventions" in records[TINY[0].name]) == has_checkpoint
    if has_checkpoint:
        network, test = trained(TINY[0], finished), TASK.make("test")
        found = records[TINY[0].name]["interventions"]
        assert list(found) == [
            "turned",
            *("exchanged", "frozen", "opened", "without_max", "without_channel", "without_spatial"),
        ]
        assert found == count_interventions(network, TASK, test)
        with without_max(network):
            assert found["without_max"] == {"correct": evaluate(network, test).correct, "total": 257}


def test_the_published_weights_share_one_storage_for_each_type(tmp_path, finished):
    run = TINY[0]
    publish([PlannedRun(run, "probes", has_checkpoint=True)], finished, tmp_path, report=silent)
    path = tmp_path / "checkpoints" / f"{run.name}.pt"

    weights, trained_ones = torch.load(path, weights_only=True), finished_weights(run, finished)

    assert list(weights) == list(trained_ones)
    for name, value in trained_ones.items():
        assert torch.equal(weights[name], value)
        assert weights[name].dtype == value.dtype
        assert weights[name].is_contiguous()
    assert len({value.untyped_storage().data_ptr() for value in weights.values()}) == 2
    assert path.stat().st_size < (finished / run.name / "weights.pt").stat().st_size - 5_000


def test_the_images_of_probes_are_published_beside_each_other(tmp_path, finished, monkeypatch):
    asked = []

    def half_right(network, split):
        asked.append(network.state_dict())
        guesses = (split.labels + torch.arange(len(split.labels)) % 2) % 10
        return result_of(split.labels.tolist(), guesses.tolist(), 10)

    monkeypatch.setattr("gate_by_gate.experiment.publishing.evaluate", half_right)
    publish_probe_images({"first": REFERENCE}, finished, tmp_path)
    publish_probe_images({"second": REFERENCE}, finished, tmp_path)
    images = torch.load(tmp_path / "probe_images.pt", weights_only=True)

    test, plain = TASK.make("test"), trained(REFERENCE, finished)
    expected = shown_images(TASK, test, half_right(plain, test))
    assert all(torch.equal(asked[0][name], value) for name, value in plain.state_dict().items())
    assert list(images) == ["first", "second"]
    for shown in images.values():
        assert shown.keys() == expected.keys()
        assert all(torch.equal(shown[name], value) for name, value in expected.items())


def test_images_of_another_task_are_refused(tmp_path, finished):
    with pytest.raises(TypeError, match="must be runs on probes; got that of plain_seed3"):
        publish_probe_images({"digits": Run(seed=3)}, finished, tmp_path)


def test_the_images_are_chosen_by_plain_runs_of_the_plan():
    planned = {one.run.name: one for one in planned_runs(["probes"], [0])}
    references = probe_references()
    assert tuple(references) == SHOWN_PROBES
    for probe, run in references.items():
        assert planned[run.name].run == run
        assert planned[run.name].has_checkpoint
        assert run.network == NetworkSetting()
        assert run.data.name == probe


@pytest.mark.parametrize("unfinished", [[], [probe_references()["frame_cue"].name]])
def test_the_command_publishes_the_images_of_probes_whose_plain_run_is_published(
    tmp_path, monkeypatch, unfinished
):
    given = []
    monkeypatch.setattr("gate_by_gate.experiment.__main__.publish", lambda planned, runs: unfinished)
    monkeypatch.setattr(
        "gate_by_gate.experiment.__main__.publish_probe_images",
        lambda references, runs: given.append((list(references), runs)),
    )
    status = main(["publish", "--runs", str(tmp_path), "--seeds", "0", "--groups", "probes"])
    assert status == len(unfinished)
    finished = [name for name in SHOWN_PROBES if not (unfinished and name == "frame_cue")]
    assert given == [(finished, tmp_path)]


def test_without_probes_the_command_leaves_their_images_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("gate_by_gate.experiment.__main__.publish", lambda planned, runs: [])
    monkeypatch.setattr("gate_by_gate.experiment.__main__.publish_samples", lambda run, runs: None)
    monkeypatch.setattr(
        "gate_by_gate.experiment.__main__.publish_probe_images",
        lambda references, runs: pytest.fail("called without a probe"),
    )
    assert main(["publish", "--runs", str(tmp_path), "--seeds", "0", "--groups", "main"]) == 0
