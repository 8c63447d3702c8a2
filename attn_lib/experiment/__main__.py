"""The command line of the experiment: ``python -m attn_lib.experiment --help``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from attn_lib.blocks import BLOCKS
from attn_lib.experiment.cluttered_digits import ClutteredDigits, dataset_sha256
from attn_lib.experiment.model import NetworkSetting, keyword_defaults
from attn_lib.experiment.publishing import CHECKPOINT_SEED, RESULTS_DIRECTORY, publish, publish_samples
from attn_lib.experiment.run import (
    Run,
    execute,
    execute_all,
    finished_epochs,
    finished_record,
    option,
    published_runs,
)
from attn_lib.experiment.training import TrainingSettings

__all__ = ["build_parser", "main", "run_of"]

_DESCRIPTION = """\
Train small residual networks, plain or with an attention block, to read a handwritten digit among pieces of
others, and publish what came out.

A run is repeatable: its seed fixes initial weights and data order, the images are the same bytes everywhere,
and it uses one thread. It can be stopped at any moment and goes on where it was when started again.
"""

_EXAMPLES = """\
examples:
  python -m attn_lib.experiment smoke                                   does it all work here? (seconds)
  python -m attn_lib.experiment run                                     the plain network
  python -m attn_lib.experiment run --attention se --reduction 4 --seed 1
  python -m attn_lib.experiment run --fragments 10 --epochs 8           another clutter, another budget
  python -m attn_lib.experiment all --workers 2                         every published run
  python -m attn_lib.experiment all --seeds 0 1 2                       the same with more seeds
  python -m attn_lib.experiment status                                  how far they are
  python -m attn_lib.experiment publish                                 test them; write attn_lib/results
"""

_SMOKE_DATA = ClutteredDigits(canvas=19, fragments=1, train_images=1_000)
_SMOKE_TRAINING = TrainingSettings(epochs=4, batch_size=25)


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line; the options of ``run`` follow from the settings' own fields."""
    parser = argparse.ArgumentParser(
        prog="python -m attn_lib.experiment",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="train one network", allow_abbrev=False)
    _add_runs_directory(run)
    run.add_argument("--seed", type=int, default=0, help="of initial weights and data order (default 0)")
    network = run.add_argument_group("network")
    network.add_argument("--attention", choices=list(BLOCKS), help="the block; none by default")
    for name, defaults in _all_block_keywords().items():
        described = ", ".join(f"{block} {default}" for block, default in defaults.items())
        _add_setting(network, name, next(iter(defaults.values())), f"default {described}")
    data = run.add_argument_group("data (ClutteredDigits)")
    for one in fields(ClutteredDigits):
        _add_setting(data, _data_option(one), one.default, f"default {one.default}")
    training = run.add_argument_group("budget (TrainingSettings)")
    for one in fields(TrainingSettings):
        _add_setting(training, one.name, one.default, f"default {one.default}")

    for name, summary in (
        ("all", "train every published run that has not finished"),
        ("status", "show how far every published run is"),
        ("publish", "evaluate the finished runs on the test split and write attn_lib/results"),
    ):
        command = commands.add_parser(name, help=summary, description=summary)
        _add_runs_directory(command)
        command.add_argument(
            "--seeds", type=int, nargs="+", default=[0], help="which seeds of them (default 0)"
        )
        if name == "all":
            command.add_argument("--workers", type=int, default=2, help="processes side by side (default 2)")
    commands.add_parser("data", help="print the SHA-256 of the published task's images, labels and boxes")
    commands.add_parser("smoke", help="train and publish two tiny networks in a temporary folder")
    return parser


def _add_runs_directory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), metavar="FOLDER", help="where runs are kept (default runs)"
    )


def _add_setting(group: argparse._ArgumentGroup, name: str, default: object, summary: str) -> None:
    """Add an option of the default's type; it is None in the namespace unless it is given."""
    if isinstance(default, bool):
        group.add_argument(option(name), action=argparse.BooleanOptionalAction, default=None, help=summary)
    else:
        # A default of None stands for a number that the block works out, such as ECA's kernel size.
        kind = int if default is None else type(default)
        group.add_argument(option(name), type=kind, metavar="VALUE", help=summary)


def _all_block_keywords() -> dict[str, dict[str, Any]]:
    """Gather the keywords of all blocks with their defaults by block; a shared one is one option."""
    gathered: dict[str, dict[str, Any]] = {}
    for block in BLOCKS:
        for name, default in keyword_defaults(block).items():
            gathered.setdefault(name, {})[block] = default
    return gathered


def _data_option(one: Field[Any]) -> str:
    """Name the option of a data setting; ``--seed`` alone is the run's."""
    return "data_seed" if one.name == "seed" else one.name


def run_of(arguments: argparse.Namespace) -> Run:
    """Turn the options of ``run`` into the run they describe."""
    given = {name: value for name, value in vars(arguments).items() if value is not None}
    keywords = {name: given[name] for name in _all_block_keywords() if name in given}
    data = {
        one.name: given[_data_option(one)] for one in fields(ClutteredDigits) if _data_option(one) in given
    }
    training = {one.name: given[one.name] for one in fields(TrainingSettings) if one.name in given}
    return Run(
        NetworkSetting(arguments.attention, keywords),
        ClutteredDigits(**data),
        TrainingSettings(**training),
        seed=arguments.seed,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out a command line; return the exit status."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if arguments.command == "data":
        print(dataset_sha256(ClutteredDigits()))
    elif arguments.command == "smoke":
        _smoke()
    elif arguments.command == "run":
        try:
            run = run_of(arguments)
        except (TypeError, ValueError) as error:
            parser.error(str(error))
        execute(run, arguments.runs)
    elif arguments.command == "all":
        execute_all(published_runs(arguments.seeds), arguments.runs, workers=arguments.workers)
    elif arguments.command == "status":
        _print_status(published_runs(arguments.seeds), arguments.runs)
    else:
        return _publish(published_runs(arguments.seeds), arguments.runs)
    return 0


def _print_status(runs: Sequence[Run], runs_directory: Path) -> None:
    for run in runs:
        line = f"{run.name:24}  epoch {finished_epochs(run, runs_directory):2d}/{run.training.epochs}"
        record = finished_record(run, runs_directory)
        if record is not None:
            validation = record["validation"]
            line += f"  validation accuracy {validation['correct'] / validation['total']:.4f}"
        print(line)


def _publish(runs: Sequence[Run], runs_directory: Path) -> int:
    unfinished = publish(runs, runs_directory)
    reference = Run(seed=CHECKPOINT_SEED)
    if reference in runs and reference.name not in unfinished:
        publish_samples(reference, runs_directory)
    print(f"written to {RESULTS_DIRECTORY}")
    for name in unfinished:
        print(f"{name}: not finished, not published", file=sys.stderr)
    return 1 if unfinished else 0


def _smoke() -> None:
    """Train, resume and publish in small, in a folder that is removed afterwards."""
    variants = (NetworkSetting(), NetworkSetting("se", {"reduction": 4}))
    runs = [Run(variant, _SMOKE_DATA, _SMOKE_TRAINING) for variant in variants]
    with tempfile.TemporaryDirectory() as folder:
        for run in runs:
            execute(run, Path(folder, "runs"))
        publish(runs, Path(folder, "runs"), Path(folder, "results"))


if __name__ == "__main__":
    sys.exit(main())
