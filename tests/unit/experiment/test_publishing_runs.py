"""Publishing from the folder of runs: what is stored, what is evaluated again, and what is refused."""

import csv
import json
import shutil

import pytest
import torch

from attn_lib.inspection import count_macs
from gate_by_gate.digit_resnet import digit_resnet
from gate_by_gate.experiment.cluttered_digits import load_split, to_input
from gate_by_gate.experiment.evaluation import evaluate
from gate_by_gate.experiment.localization import localization
from gate_by_gate.experiment.model import NetworkConfig
from gate_by_gate.experiment.plan import PlannedRun
from gate_by_gate.experiment.publishing import publish, publish_samples
from gate_by_gate.experiment.run import (
    Run,
    finished_record,
)
from tests.tiny_runs import DATA, TINY, TRAINING, silent


def planned(*runs, group="main", has_checkpoint=True):
    return [PlannedRun(run, group, has_checkpoint) for run in runs]


def records_in(folder):
    return json.loads((folder / "records.json").read_text())


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
    assert samples["digits"].shape == (len(chosen), TINY[0].data.digit, TINY[0].data.digit)
