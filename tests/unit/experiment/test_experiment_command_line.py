"""Runs as a reader names them: settings, readable names, commands that mean them, and the command line."""

import re
import shlex

import pytest

from attn_lib.blocks import BLOCKS, VARIANTS
from gate_by_gate.experiment.__main__ import build_parser, main, run_of
from gate_by_gate.experiment.cluttered_digits import ClutteredDigits
from gate_by_gate.experiment.model import NetworkConfig
from gate_by_gate.experiment.plan import GROUPS, planned_runs
from gate_by_gate.experiment.run import Run
from gate_by_gate.experiment.tasks import TASKS
from gate_by_gate.experiment.training import TrainingConfig


@pytest.mark.parametrize(
    ("run", "name", "command"),
    [
        (Run(), "plain_seed0", "--seed 0"),
        (
            Run(NetworkConfig("se", {"reduction": 4, "bias": False}), seed=2),
            "se_r4_nobias_seed2",
            "--attention se --reduction 4 --no-bias --seed 2",
        ),
        (Run(NetworkConfig("se")), "se_r16_bias_seed0", "--attention se --reduction 16 --bias --seed 0"),
        (Run(NetworkConfig("eca")), "eca_kauto_seed0", "--attention eca --seed 0"),
        (
            Run(NetworkConfig("eca", {"gamma": 1.5})),
            "eca_kauto_gamma1.5_seed0",
            "--attention eca --gamma 1.5 --seed 0",
        ),
        (
            Run(NetworkConfig("eca_variant", {"mixing": "groups", "groups": 4}), seed=1),
            "eca_variant_groups_groups4_k3_seed1",
            "--attention eca_variant --mixing groups --groups 4 --kernel-size 3 --seed 1",
        ),
        (
            Run(NetworkConfig("bam", {"reduction": 4}, placement="between_stages", stages=(1,))),
            "bam_r4_between_stages_stages1_seed0",
            "--attention bam --placement between_stages --stages 1 --reduction 4 --seed 0",
        ),
        (
            Run(NetworkConfig(widths=(16, 33, 65), depths=(2, 2, 1))),
            "plain_widths16x33x65_depths2x2x1_seed0",
            "--widths 16 33 65 --depths 2 2 1 --seed 0",
        ),
        (
            Run(data=ClutteredDigits(fragments=10, seed=5), training=TrainingConfig(epochs=7), seed=3),
            "plain_fragments10_data_seed5_epochs7_seed3",
            "--fragments 10 --data-seed 5 --epochs 7 --seed 3",
        ),
        (
            Run(training=TrainingConfig(max_learning_rate=0.001)),
            "plain_max_learning_rate0.001_seed0",
            "--max-learning-rate 0.001 --seed 0",
        ),
    ],
)
def test_a_run_has_a_readable_name_and_a_command_that_means_it(run, name, command):
    assert run.name == name
    assert run.command == f"python -m gate_by_gate.experiment run {command}"
    assert run_of(build_parser().parse_args(shlex.split(run.command)[3:])) == run


@pytest.mark.parametrize("attention", BLOCKS | VARIANTS)
def test_every_block_can_be_run_by_its_name(attention):
    run = Run(NetworkConfig(attention, {}))
    assert run_of(build_parser().parse_args(shlex.split(run.command)[3:])) == run


@pytest.mark.parametrize("task", TASKS)
def test_every_task_can_be_learnt_by_its_name(task):
    run = Run(data=TASKS[task](seed=5))
    assert run.name == ("" if task == "cluttered_digits" else f"{task}_") + "plain_data_seed5_seed0"
    assert run_of(build_parser().parse_args(shlex.split(run.command)[3:])) == run


def test_a_command_without_options_is_the_published_plain_run():
    assert run_of(build_parser().parse_args(["run"])) == planned_runs(["main"], [0])[0].run


def test_help_explains_itself(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--help"])
    assert exit_.value.code == 0
    text = capsys.readouterr().out
    words = [
        "run",
        "all",
        "status",
        "publish",
        "time",
        "smoke",
        "data",
        "--attention se --reduction 4 --seed 1",
    ]
    for word in words:
        assert word in text


def examples():
    """The commands that the help shows, each without its comment."""
    help_ = build_parser().format_help()
    commands = [line.split("  ")[1] for line in help_.splitlines() if line.startswith("  python -m")]
    return [shlex.split(command)[3:] for command in commands]


def test_the_examples_of_the_help_are_commands():
    assert len(examples()) >= 6
    for arguments in examples():
        parsed = build_parser().parse_args(arguments)
        if parsed.command == "run":
            assert run_of(parsed).name.endswith(f"seed{parsed.seed}")


@pytest.mark.slow
def test_the_smoke_run_trains_and_publishes(capsys):
    assert main(["smoke"]) == 0
    lines = capsys.readouterr().out.splitlines()
    accuracies = [float(line.split()[-1]) for line in lines if "test accuracy" in line]
    assert len(accuracies) == 2
    assert min(accuracies) > 0.2  # chance is 0.1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--reduction", "4"], "the plain network takes the keywords []; got 'reduction'"),
        (["run", "--epochs", "0"], "`epochs` must be at least 1; got epochs=0"),
        (["run", "--canvas", "9"], "1 <= fragment <= digit <= canvas; got fragment=7, digit=14, canvas=9"),
        (["run", "--attention", "sse"], "invalid choice: 'sse'"),
        (["run", "--task", "colour_cue", "--canvas", "40"], "the task colour_cue takes ["),
        (["run", "--cue", "8"], "the task cluttered_digits takes ["),
        (["all", "--groups", "sliders"], "invalid choice: 'sliders'"),
        (["status", "--settings", "plane"], "`settings` must be out of "),
        ([], "required: COMMAND"),
    ],
)
def test_mistakes_on_the_command_line_are_named(arguments, message, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert message in capsys.readouterr().err


def test_status_shows_how_far_the_planned_runs_are(tmp_path, capsys):
    assert main(["status", "--runs", str(tmp_path), "--seeds", "4", "--groups", "main"]) == 0
    lines = capsys.readouterr().out.splitlines()
    planned = planned_runs(["main"], [4])
    assert [line.split() for line in lines[:-1]] == [[one.run.name, "epoch", "0/6"] for one in planned]
    assert lines[-1] == f"0 of {len(planned)} runs finished"


def test_status_shows_the_whole_plan_unless_told_otherwise(tmp_path, capsys):
    assert main(["status", "--runs", str(tmp_path)]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()[:-1]]
    assert names == [one.run.name for one in planned_runs(list(GROUPS))]


def test_publishing_says_what_is_not_finished(tmp_path, capsys, monkeypatch):
    asked = {}

    def publish(planned, runs_directory):
        asked.update(planned=planned, runs=runs_directory)
        return ["plain_seed1"]

    monkeypatch.setattr("gate_by_gate.experiment.__main__.publish", publish)
    assert main(["publish", "--runs", str(tmp_path), "--seeds", "1", "--groups", "main"]) == 1
    assert asked == {"planned": planned_runs(["main"], [1]), "runs": tmp_path}
    assert capsys.readouterr().err == "plain_seed1: not finished, not published\n"


def test_data_prints_the_hash_of_the_published_task(capsys):
    assert main(["data"]) == 0
    assert re.fullmatch("[0-9a-f]{64}", capsys.readouterr().out.strip())
