"""The folder of runs, and publishing from it: nothing run twice, lost, or published by mistake."""

import csv
import dataclasses
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import torch
from filelock import FileLock

from attn_lib.inspection import count_macs
from gate_by_gate.digit_resnet import digit_resnet
from gate_by_gate.experiment.cluttered_digits import ClutteredDigits, load_split, to_input
from gate_by_gate.experiment.evaluation import evaluate
from gate_by_gate.experiment.localization import localization
from gate_by_gate.experiment.model import NetworkConfig, count_parameters
from gate_by_gate.experiment.plan import PlannedRun
from gate_by_gate.experiment.publishing import publish, publish_samples
from gate_by_gate.experiment.run import (
    Run,
    execute,
    execute_all,
    finished_epochs,
    finished_record,
    finished_weights,
)
from gate_by_gate.experiment.tasks import task_sha256
from gate_by_gate.experiment.training import TrainingConfig
from tests.conftest import ROOT
from tests.patience import HANG_SECONDS

# A multiple of 8, so that a cell of every stage stands for whole pixels.
DATA = ClutteredDigits(
    canvas=16, digit=13, fragments=1, fragment=5, train_images=211, validation_images=53, test_images=59
)
TRAINING = TrainingConfig(epochs=3, batch_size=23)
TINY = [
    Run(NetworkConfig("se", {"reduction": 5}), DATA, TRAINING, seed=0),
    Run(NetworkConfig(), DATA, TRAINING, seed=1),
]
COMMAND = [sys.executable, "-m", "gate_by_gate.experiment"]


def silent(line):
    pass


def planned(*runs, group="main", has_checkpoint=True):
    return [PlannedRun(run, group, has_checkpoint) for run in runs]


def records_in(folder):
    return json.loads((folder / "records.json").read_text())


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of runs after both tiny ones have finished."""
    folder = tmp_path_factory.mktemp("runs")
    execute_all(TINY, folder, workers=1, report=silent)
    return folder


# The folder of runs


def test_a_finished_run_leaves_a_record_and_weights_and_nothing_else(finished):
    run = TINY[0]
    record = finished_record(run, finished)

    assert sorted(path.name for path in (finished / run.name).iterdir()) == ["record.json", "weights.pt"]
    assert record["setting"] == {"attention": "se", "reduction": 5, "bias": True}
    assert record["command"] == run.command
    assert (record["seed"], record["data"], record["training"]) == (0, vars(DATA), vars(TRAINING))
    assert {"python", "torch", "numpy", "scikit-learn"} == set(record["versions"])
    curve = record["learning_curve"]
    assert len(curve["train_loss"]) == len(curve["validation_accuracy"]) == 3
    assert record["training_seconds"] > 0
    assert "test" not in record

    weights = finished_weights(run, finished)
    assert {value.dtype for value in weights.values()} == {torch.float16, torch.int64}
    network = digit_resnet(**record["network"])
    network.load_state_dict(weights)
    # What was counted is the network with rounded weights, which is the one that can be published.
    again = evaluate(network, load_split(DATA, "validation"))
    assert record["validation"] == {"correct": again.correct, "total": 53}
    assert record["parameters"] == count_parameters(network)
    assert record["data_sha256"] == task_sha256(DATA)


def test_a_finished_run_is_not_run_again(finished):
    lines = []
    before = (finished / TINY[0].name / "weights.pt").stat().st_mtime_ns
    record = execute(TINY[0], finished, lines.append)
    assert lines == [f"{TINY[0].name}: finished before"]
    assert record == finished_record(TINY[0], finished)
    assert (finished / TINY[0].name / "weights.pt").stat().st_mtime_ns == before


def test_training_leaves_the_number_of_threads_alone(tmp_path):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        run = dataclasses.replace(TINY[1], training=TrainingConfig(epochs=1, batch_size=101))
        execute(run, tmp_path, silent)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_two_workers_find_what_one_finds(tmp_path, finished):
    lines = []
    records = execute_all(TINY, tmp_path, workers=2, report=lines.append)

    seen = sorted(line.split("  train loss")[0] for line in lines)
    assert seen == sorted(f"{run.name}: epoch {epoch:2d}/3" for run in TINY for epoch in (1, 2, 3))
    for run, record in zip(TINY, records, strict=True):
        assert record["command"] == run.command
        expected, weights = finished_weights(run, finished), finished_weights(run, tmp_path)
        for name, value in expected.items():
            torch.testing.assert_close(weights[name], value, rtol=0, atol=0, msg=f"{run.name} {name}")


def test_without_a_report_a_bar_counts_the_epochs_that_are_left(tmp_path, finished, capsys):
    """One of the two runs has finished before: its three epochs are not counted again."""
    shutil.copytree(finished / TINY[0].name, tmp_path / TINY[0].name)
    execute_all(TINY, tmp_path, workers=1)
    out, err = capsys.readouterr()
    assert "3/3" in err
    assert "6/6" not in err
    lines = out.splitlines()
    assert lines[0] == f"{TINY[0].name}: finished before"
    assert [line.split("  train loss")[0] for line in lines[1:]] == [
        f"{TINY[1].name}: epoch {epoch:2d}/3" for epoch in (1, 2, 3)
    ]


def test_a_process_killed_in_the_middle_goes_on_where_it_was(tmp_path):
    """A kill that cannot be caught, at whatever it is doing; the weights are those of a run never killed."""
    run = dataclasses.replace(TINY[0], training=TrainingConfig(epochs=17, batch_size=23))
    command = [*COMMAND, *shlex.split(run.command)[3:], "--runs", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        first_line = process.stdout.readline()
        process.kill()
    assert first_line.startswith(f"{run.name}: epoch  1/17")
    assert 1 <= finished_epochs(run, tmp_path) < 17
    lines = []

    execute(run, tmp_path, lines.append)
    execute(run, tmp_path / "never killed", silent)

    assert 1 <= len(lines) < 17
    expected, weights = finished_weights(run, tmp_path / "never killed"), finished_weights(run, tmp_path)
    for name, value in expected.items():
        torch.testing.assert_close(weights[name], value, rtol=0, atol=0, msg=name)


def test_the_workers_of_a_killed_process_do_not_train_on(tmp_path):
    """They would, beside those of the next start, in the same folders: each run twice, and both writing."""
    script = tmp_path / "two_workers.py"
    script.write_text(
        "from dataclasses import replace\n"
        "from pathlib import Path\n"
        "from gate_by_gate.experiment.run import execute_all, print_line\n"
        "from gate_by_gate.experiment.training import TrainingConfig\n"
        "from tests.unit.experiment.test_experiment_runs import TINY\n"
        "if __name__ == '__main__':\n"
        "    budget = TrainingConfig(epochs=10_000, batch_size=23)\n"
        "    runs = [replace(run, training=budget) for run in TINY]\n"
        f"    execute_all(runs, Path({str(tmp_path)!r}), workers=2, report=print_line)\n"
    )
    process = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    with ThreadPoolExecutor(1) as reader:
        try:
            first_line = process.stdout.readline()
            process.kill()
            # Workers hold the other end of this pipe: it ends when the last of them is gone.
            reader.submit(process.stdout.read).result(timeout=HANG_SECONDS)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            process.stdout.close()
    assert "epoch  1/10000" in first_line


def test_a_folder_that_holds_another_run_is_refused(tmp_path, finished):
    other = dataclasses.replace(TINY[1], seed=2)
    (tmp_path / other.name).mkdir()
    record = json.loads((finished / TINY[1].name / "record.json").read_text())
    (tmp_path / other.name / "record.json").write_text(json.dumps(record))
    with pytest.raises(
        ValueError, match=r"expected a run with the command .*--seed 2 in .*; got .*--seed 1$"
    ):
        execute(other, tmp_path, silent)


def test_a_record_of_another_budget_is_refused_and_the_budget_named(tmp_path, finished):
    record = json.loads((finished / TINY[1].name / "record.json").read_text())
    record["training"]["weight_decay"] = 0.5
    (tmp_path / TINY[1].name).mkdir()
    (tmp_path / TINY[1].name / "record.json").write_text(json.dumps(record))
    with pytest.raises(
        ValueError, match=r"expected a run with the training \{.*; got \{.*'weight_decay': 0.5"
    ):
        execute(TINY[1], tmp_path, silent)


def test_progress_on_other_images_is_not_gone_on_with(tmp_path, monkeypatch):
    """As if the code that draws the images had changed between a kill and the next start."""

    class KilledError(Exception):
        pass

    def kill(line):
        raise KilledError

    run = TINY[1]
    with pytest.raises(KilledError):
        execute(run, tmp_path, kill)
    monkeypatch.setattr("gate_by_gate.experiment.run.task_sha256", lambda task: "0123")
    with pytest.raises(ValueError, match=r"expected a run with \{.*'data_sha256': '0123'.*; got \{"):
        execute(run, tmp_path, silent)
    monkeypatch.undo()
    assert execute(run, tmp_path, silent)["data_sha256"] == task_sha256(DATA)


def test_a_run_that_another_process_is_training_is_refused(tmp_path):
    with (
        FileLock(tmp_path / f".{TINY[1].name}.lock"),
        ThreadPoolExecutor(1) as other,
        pytest.raises(RuntimeError, match=f"another process is training {TINY[1].name} in "),
    ):
        other.submit(execute, TINY[1], tmp_path, silent).result()


def test_a_run_that_fails_ends_the_others_that_have_not_begun(tmp_path):
    too_small = dataclasses.replace(DATA, train_images=TRAINING.batch_size - 1)
    others = [dataclasses.replace(TINY[1], seed=seed) for seed in range(9)]
    with pytest.raises(ValueError, match="expected at least one batch of 23 images; got 22 images"):
        execute_all(
            [dataclasses.replace(TINY[1], data=too_small), *others], tmp_path, workers=2, report=silent
        )
    assert finished_record(others[-1], tmp_path) is None


def test_what_a_kill_between_the_record_and_its_end_left_is_cleared_away(tmp_path, finished):
    folder = shutil.copytree(finished / TINY[1].name, tmp_path / TINY[1].name)
    (folder / "progress.pt").write_bytes(b"left")
    execute(TINY[1], tmp_path, silent)
    assert not (folder / "progress.pt").exists()


# Publishing


@pytest.fixture(scope="module")
def published(finished, tmp_path_factory):
    """The folder of results after both runs have been published as runs of the main group."""
    folder = tmp_path_factory.mktemp("results")
    publish(planned(*TINY), finished, folder, report=silent)
    return folder


def published_network(record, folder):
    network = digit_resnet(**record["network"])
    network.load_state_dict(
        torch.load(folder / "checkpoints" / record["checkpoint"]["file"], weights_only=True)
    )
    return network.eval()


def test_publishing_stores_test_counts_and_the_weights_of_seed_0(tmp_path, finished):
    unfinished = Run(NetworkConfig(), DATA, TRAINING, seed=5)

    missing = publish(planned(*TINY, unfinished), finished, tmp_path, report=silent)

    assert missing == [unfinished.name]
    records = records_in(tmp_path)
    assert list(records) == sorted(run.name for run in TINY)
    se, plain = TINY
    assert records[plain.name]["checkpoint"] is None
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == [f"{se.name}.pt"]
    result = evaluate(published_network(records[se.name], tmp_path), load_split(DATA, "test"))
    expected = {
        "correct": result.correct,
        "total": 59,
        "per_class": [list(pair) for pair in result.per_class],
    }
    assert records[se.name]["test"] == expected


def test_publishing_keeps_all_that_the_finished_run_has_recorded(published, finished):
    for run in TINY:
        record = finished_record(run, finished)
        assert record.items() <= records_in(published)[run.name].items()


def test_publishing_says_what_a_network_costs_and_where_it_points(published):
    se, plain = (records_in(published)[run.name] for run in TINY)
    network, test = published_network(se, published), load_split(DATA, "test")

    assert (se["task"], se["group"]) == ("cluttered_digits", "main")
    assert se["macs"] == count_macs(network, torch.zeros(1, 1, 16, 16)).total
    assert se["macs"] > plain["macs"] > 0
    assert se["localization"] == localization(network, test)
    assert plain["localization"].keys() == {"layer1", "layer2", "layer3"}


def test_publishing_stores_the_mean_gate_of_every_class(published):
    """Only for the seed whose weights are published, and rounded to three decimals."""
    se, plain = (records_in(published)[run.name] for run in TINY)
    network, test = published_network(se, published), load_split(DATA, "test")
    with torch.no_grad():
        x = network.maxpool(network.relu(network.bn1(network.conv1(to_input(test.images)))))
        unit = network.layer1[0]
        hidden = unit.bn2(unit.conv2(unit.relu(unit.bn1(unit.conv1(x)))))
        gates = torch.sigmoid(unit.attention.mlp(hidden.mean(dim=(2, 3))))
    expected = torch.stack([gates[test.labels == digit].mean(dim=0) for digit in range(10)])

    found = {block: torch.tensor(rows) for block, rows in se["class_gates"].items()}

    assert {block: tuple(rows.shape) for block, rows in found.items()} == {
        f"layer{stage}.0.attention": (10, channels) for stage, channels in ((1, 16), (2, 32), (3, 64))
    }
    torch.testing.assert_close(found["layer1.0.attention"], expected, rtol=0, atol=0.00051)
    assert "class_gates" not in plain


@pytest.mark.parametrize(("group", "has_checkpoint"), [("robustness", False), ("probes", True)])
def test_other_groups_are_counted_and_not_localised(tmp_path, finished, group, has_checkpoint):
    publish(planned(*TINY, group=group, has_checkpoint=has_checkpoint), finished, tmp_path, report=silent)
    records = records_in(tmp_path)
    for run in TINY:
        assert records[run.name]["group"] == group
        assert records[run.name]["test"]["total"] == 59
        assert not {"localization", "class_gates"} & records[run.name].keys()
    stored = [f"{TINY[0].name}.pt"] if has_checkpoint else []  # of seed 0 alone
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == stored
    assert [record["checkpoint"] is not None for record in records.values()] == [
        name == TINY[0].name and has_checkpoint for name in records
    ]


def test_the_table_says_what_the_records_say(published):
    records = records_in(published)
    with (published / "table.csv").open(newline="") as file:
        rows = {row["run"]: row for row in csv.DictReader(file)}

    assert list(rows) == sorted(records)
    for name, row in rows.items():
        record = records[name]
        expected = {
            "run": name,
            "group": "main",
            "setting": name.removesuffix(f"_seed{record['seed']}"),
            "attention": record["setting"]["attention"] or "none",
            **{key: str(record[key]) for key in ("seed", "parameters", "macs")},
            **{key: str(record["test"][key]) for key in ("correct", "total")},
        }
        for stage in ("layer1", "layer2", "layer3"):
            score = record["localization"][stage]["grad_cam"]
            for key in ("hits", "total", "energy"):
                expected[f"{stage}_grad_cam_{key}"] = str(score[key])
        assert row == expected


def test_every_run_is_one_line_of_the_records(published):
    """In the order of their names, not in that of publishing: SE was first."""
    text = (published / "records.json").read_bytes().decode()
    first, *lines, last, end = text.split("\n")
    assert (first, last, end) == ("{", "}", "")
    assert lines[0].startswith(f'"{TINY[1].name}": {{"setting":{{"attention":null')
    assert lines[1].startswith(f'"{TINY[0].name}": {{"setting":{{"attention":"se","reduction":5')
    alone = [json.loads("{" + line.removesuffix(",") + "}") for line in lines]
    assert {name: record for run in alone for name, record in run.items()} == records_in(published)


def test_publishing_again_keeps_what_is_published(tmp_path, finished):
    publish(planned(TINY[0]), finished, tmp_path, report=silent)
    publish(planned(TINY[1]), finished, tmp_path, report=silent)
    assert set(records_in(tmp_path)) == {run.name for run in TINY}
    assert len((tmp_path / "table.csv").read_text().splitlines()) == 3


@pytest.fixture
def evaluated(monkeypatch):
    """The networks that are evaluated on the test split, one entry for each."""
    calls = []

    def counted(network, split):
        calls.append(network)
        return evaluate(network, split)

    monkeypatch.setattr("gate_by_gate.experiment.publishing.evaluate", counted)
    return calls


def test_what_is_published_is_not_evaluated_again(tmp_path, finished, evaluated):
    publish(planned(*TINY), finished, tmp_path, report=silent)
    assert len(evaluated) == 2
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    lines = []

    publish(planned(*TINY), finished, tmp_path, report=lines.append)

    assert len(evaluated) == 2
    assert lines == []
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_run_that_was_trained_again_is_evaluated_again(tmp_path, finished, evaluated):
    publish(planned(*TINY), finished, tmp_path / "results", report=silent)
    runs = shutil.copytree(finished, tmp_path / "runs")
    path = runs / TINY[1].name / "record.json"
    record = json.loads(path.read_text())
    record["training_seconds"] += 1
    path.write_text(json.dumps(record))
    lines = []

    publish(planned(*TINY), runs, tmp_path / "results", report=lines.append)

    assert len(evaluated) == 3
    (line,) = lines
    assert line.startswith(f"{TINY[1].name}: test accuracy 0.")
    assert records_in(tmp_path / "results")[TINY[1].name]["training_seconds"] == record["training_seconds"]


def test_a_run_whose_weights_the_plan_now_shows_is_published_again(tmp_path, finished):
    run = TINY[0]
    publish(planned(run, has_checkpoint=False), finished, tmp_path, report=silent)
    assert records_in(tmp_path)[run.name]["checkpoint"] is None
    publish(planned(run, group="robustness"), finished, tmp_path, report=silent)
    record = records_in(tmp_path)[run.name]
    assert record["group"] == "robustness"
    assert (tmp_path / "checkpoints" / record["checkpoint"]["file"]).exists()


def test_a_run_on_other_data_is_not_published(tmp_path, finished):
    run = TINY[1]
    record = json.loads((finished / run.name / "record.json").read_text())
    (tmp_path / run.name).mkdir()
    (tmp_path / run.name / "record.json").write_text(json.dumps({**record, "data_sha256": "0123"}))
    with pytest.raises(
        ValueError, match=f"expected {run.name} to be trained on data [0-9a-f]{{64}}; got 0123"
    ):
        publish(planned(run), tmp_path, tmp_path / "results", report=silent)
    assert not (tmp_path / "results" / "records.json").exists()


def test_published_samples_are_the_chosen_test_images(tmp_path, finished, monkeypatch):
    chosen = [3, 1, 4, 15, 9, 2, 6, 5, 35, 8]
    monkeypatch.setattr("gate_by_gate.experiment.publishing.choose_samples", lambda result: chosen)
    publish_samples(TINY[0], finished, tmp_path)
    test = load_split(DATA, "test")

    samples = torch.load(tmp_path / "sample_images.pt", weights_only=True)

    assert samples["indices"].tolist() == chosen
    assert torch.equal(samples["images"], test.images[chosen])
    assert torch.equal(samples["labels"], test.labels[chosen])
    assert torch.equal(samples["boxes"], test.boxes[chosen])
