"""Runs as a reader names them: settings, readable names, commands that mean them, and the command line."""

import shlex
import subprocess
import sys
import time

import pytest

from attn_lib.backbones import digit_resnet
from attn_lib.blocks import BLOCKS
from attn_lib.experiment.__main__ import build_parser, main, run_of
from attn_lib.experiment.cluttered_digits import ClutteredDigits
from attn_lib.experiment.model import NetworkSetting
from attn_lib.experiment.run import Run, published_runs
from attn_lib.experiment.training import TrainingSettings

COMMAND = [sys.executable, "-m", "attn_lib.experiment"]


@pytest.mark.parametrize(
    ("run", "name", "command"),
    [
        (Run(), "plain_seed0", "--seed 0"),
        (
            Run(NetworkSetting("se", {"reduction": 4, "bias": False}), seed=2),
            "se_r4_nobias_seed2",
            "--attention se --reduction 4 --no-bias --seed 2",
        ),
        (Run(NetworkSetting("se")), "se_r16_bias_seed0", "--attention se --reduction 16 --bias --seed 0"),
        (Run(NetworkSetting("eca")), "eca_kauto_seed0", "--attention eca --seed 0"),
        (
            Run(NetworkSetting("eca", {"gamma": 3})),
            "eca_kauto_gamma3_seed0",
            "--attention eca --gamma 3 --seed 0",
        ),
        (
            Run(data=ClutteredDigits(fragments=10, seed=5), training=TrainingSettings(epochs=7), seed=3),
            "plain_fragments10_data_seed5_epochs7_seed3",
            "--fragments 10 --data-seed 5 --epochs 7 --seed 3",
        ),
        (
            Run(training=TrainingSettings(max_learning_rate=0.001)),
            "plain_max_learning_rate0.001_seed0",
            "--max-learning-rate 0.001 --seed 0",
        ),
    ],
)
def test_a_run_has_a_readable_name_and_a_command_that_means_it(run, name, command):
    assert run.name == name
    assert run.command == f"python -m attn_lib.experiment run {command}"
    assert run_of(build_parser().parse_args(shlex.split(run.command)[3:])) == run


@pytest.mark.parametrize("attention", BLOCKS)
def test_every_block_can_be_run_by_its_name(attention):
    run = Run(NetworkSetting(attention, {}))
    assert run_of(build_parser().parse_args(shlex.split(run.command)[3:])) == run


def test_a_command_without_options_is_the_published_plain_run():
    assert run_of(build_parser().parse_args(["run"])) == published_runs([0])[0]


def test_the_published_runs():
    names = [run.name for run in published_runs([0, 1])]
    settings = [f"se_r{reduction}_{bias}" for reduction in (2, 4, 8, 16) for bias in ("bias", "nobias")]
    assert names == [f"{setting}_seed{seed}" for seed in (0, 1) for setting in ("plain", *settings)]
    assert all(
        (run.data, run.training) == (ClutteredDigits(), TrainingSettings()) for run in published_runs()
    )


def test_keywords_that_are_not_given_are_the_defaults_of_the_block():
    assert NetworkSetting("se", {"reduction": 4}) == NetworkSetting("se", {"bias": True, "reduction": 4})
    assert NetworkSetting("se", {"reduction": 4}) != NetworkSetting("se", {"bias": False, "reduction": 4})
    network = digit_resnet(**NetworkSetting("se", {"reduction": 4}).as_keywords())
    assert network.layer2[0].attention.reduction == 4


def test_unknown_blocks_and_keywords_are_refused():
    with pytest.raises(ValueError, match=r"`attention` must be None or one of 'se', .*; got 'sse'"):
        NetworkSetting("sse")
    with pytest.raises(TypeError, match=r"'se' takes the keywords \['reduction', 'bias'.*\]; got 'ratio'"):
        NetworkSetting("se", {"ratio": 4})
    with pytest.raises(TypeError, match=r"the plain network takes the keywords \[\]; got 'reduction'"):
        NetworkSetting(None, {"reduction": 4})


def test_help_explains_itself():
    done = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True)
    for word in ("run", "all", "status", "publish", "smoke", "data", "--attention se --reduction 4 --seed 1"):
        assert word in done.stdout


def test_the_smoke_run_trains_and_publishes_in_less_than_a_minute(capsys):
    """Processor time, so that a busy machine does not count; about 8 s were seen."""
    started = time.process_time()
    assert main(["smoke"]) == 0
    assert time.process_time() - started < 60
    lines = capsys.readouterr().out.splitlines()
    accuracies = [float(line.split()[-1]) for line in lines if "test accuracy" in line]
    assert len(accuracies) == 2
    assert min(accuracies) > 0.2  # chance is 0.1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--reduction", "4"], "the plain network takes the keywords []; got 'reduction'"),
        (["run", "--epochs", "0"], "`epochs` must be at least 1; got epochs=0"),
        (["run", "--canvas", "9"], "1 <= fragment <= digit <= canvas; got fragment=9, digit=14, canvas=9"),
        (["run", "--attention", "sse"], "invalid choice: 'sse'"),
        ([], "required: COMMAND"),
    ],
)
def test_mistakes_on_the_command_line_are_named(arguments, message, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert message in capsys.readouterr().err


def test_status_shows_how_far_the_published_runs_are(tmp_path, capsys):
    assert main(["status", "--runs", str(tmp_path), "--seeds", "4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(published_runs([4]))
    assert lines[0].split() == ["plain_seed4", "epoch", "0/14"]


def test_data_prints_the_hash_of_the_published_task(capsys):
    assert main(["data"]) == 0
    assert len(capsys.readouterr().out.strip()) == 64
