"""The command line of the experiment: ``python -m gate_by_gate.experiment --help``.

Options are derived here and not by tyro or jsonargparse, because those read the fields of a class, whereas
``--reduction`` belongs to every block with such a keyword, and because the published commands are fixed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from attn_lib.blocks import BLOCKS, VARIANTS, keyword_defaults
from gate_by_gate.experiment.cluster import execute_on_cluster
from gate_by_gate.experiment.cluttered_digits import ClutteredDigits
from gate_by_gate.experiment.model import NetworkConfig
from gate_by_gate.experiment.plan import GROUPS, SEEDS, PlannedRun, main_networks, planned_runs
from gate_by_gate.experiment.publishing import (
    CHECKPOINT_SEED,
    RESULTS_DIRECTORY,
    probe_references,
    publish,
    publish_probe_images,
    publish_samples,
)
from gate_by_gate.experiment.reruns import write_reruns
from gate_by_gate.experiment.run import (
    Run,
    execute,
    execute_all,
    finished_epochs,
    finished_record,
    option,
)
from gate_by_gate.experiment.sweep import pending_runs, publish_sweep, sweep_progress
from gate_by_gate.experiment.tasks import TASKS, Task, task_sha256
from gate_by_gate.experiment.timing import ROUNDS, publish_timings
from gate_by_gate.experiment.training import TrainingConfig

__all__ = ["build_parser", "main", "run_of"]

_DESCRIPTION = """\
Train small residual networks, plain or with an attention block, to read a handwritten digit among pieces of
others, and publish what came out.

A run is repeatable on one machine: its seed fixes initial weights and data order, the images are the same
bytes everywhere, and it uses one thread. On another processor it rounds otherwise, and ends elsewhere. It can
be stopped at any moment and goes on where it was when started again.
"""

_EXAMPLES = """\
examples:
  python -m gate_by_gate.experiment smoke                            does it all work here? (seconds)
  python -m gate_by_gate.experiment run                              the plain network
  python -m gate_by_gate.experiment run --attention se --reduction 4 --seed 1
  python -m gate_by_gate.experiment run --fragments 10 --epochs 8    another clutter, another budget
  python -m gate_by_gate.experiment run --task colour_cue --cue 8 --attention cbam
  python -m gate_by_gate.experiment all --workers 2                  every run of the plan (hours)
  python -m gate_by_gate.experiment all --groups main --seeds 0      a part of it
  python -m gate_by_gate.experiment all --settings plain eca_k3      two networks, every seed
  python -m gate_by_gate.experiment status                           how far they are
  python -m gate_by_gate.experiment publish                          test them; write gate_by_gate/results
  python -m gate_by_gate.experiment sweep --workers 2                every network at its own budget (hours)
  python -m gate_by_gate.experiment sweep --scheduler tcp://HOST:8786  the same on several machines, by Dask
  python -m gate_by_gate.experiment sweep --status                   how far that is; --publish keeps it
  python -m gate_by_gate.experiment time                             time per image of every network (minutes)
  python -m gate_by_gate.experiment reruns                           how far does rounding carry? (an hour)
"""

_SMOKE_DATA = ClutteredDigits(canvas=24, fragments=1, train_images=1_000)
_SMOKE_TRAINING = TrainingConfig(epochs=4, batch_size=25)


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the command line; the options of ``run`` follow from the fields of its parts."""
    parser = argparse.ArgumentParser(
        prog="python -m gate_by_gate.experiment",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="train one network", allow_abbrev=False)
    _add_runs_directory(run)
    run.add_argument("--seed", type=int, default=0, help="of initial weights and data order (default 0)")
    network = run.add_argument_group("network")
    network.add_argument("--attention", choices=list(BLOCKS | VARIANTS), help="the block; none by default")
    network.add_argument("--placement", help="where in a unit it sits (default: end of the residual branch)")
    for name, meaning in (
        ("stages", "the stages with a block (default: all)"),
        ("widths", "channels of the stages (default: the task's)"),
        ("depths", "units in each stage (default: one)"),
    ):
        network.add_argument(option(name), type=int, nargs="+", metavar="N", help=meaning)
    for name, defaults in _defaults_by_name({b: keyword_defaults(b) for b in BLOCKS | VARIANTS}).items():
        _add_option(network, name, defaults)
    data = run.add_argument_group("data")
    data.add_argument("--task", choices=list(TASKS), default="cluttered_digits", help="what to learn")
    for name, defaults in _defaults_by_name({task: _data_defaults(task) for task in TASKS}).items():
        _add_option(data, name, defaults)
    training = run.add_argument_group("budget")
    for one in fields(TrainingConfig):
        _add_option(training, one.name, {"budget": one.default})

    for name, summary in (
        ("all", "train every run of the plan that has not finished"),
        ("status", "show how far every run of the plan is"),
        ("publish", "evaluate the finished runs on the test split and write gate_by_gate/results"),
    ):
        command = commands.add_parser(name, help=summary, description=summary)
        _add_runs_directory(command)
        command.add_argument(
            "--groups",
            nargs="+",
            choices=list(GROUPS),
            default=list(GROUPS),
            help="which parts of it (default all)",
        )
        command.add_argument(
            "--seeds", type=int, nargs="+", default=list(SEEDS), help="which seeds (default 0 to 4)"
        )
        command.add_argument(
            "--settings",
            nargs="+",
            metavar="NAME",
            help="which settings, by the names of their runs without the seed (default all)",
        )
        if name == "all":
            _add_workers(command)
    summary = "train what is missing of the sweep: the choice of budgets on validation images, then the test"
    sweep = commands.add_parser("sweep", help=summary, description=summary)
    _add_runs_directory(sweep)
    action = sweep.add_mutually_exclusive_group()
    action.add_argument("--status", action="store_true", help="train nothing, show how far it is")
    action.add_argument(
        "--publish", action="store_true", help="train nothing, add what has finished to sweep.json"
    )
    _add_workers(sweep)
    summary = "time every network of the main group in turns with the plain one; write timings.json"
    timing = commands.add_parser("time", help=summary, description=f"{summary}. Best on a quiet machine.")
    timing.add_argument(
        "--rounds", type=int, default=ROUNDS, help="how often each has its turn (default %(default)s)"
    )
    summary = "repeat two runs from weights that differ in their last bits; write reruns.json"
    repeat = commands.add_parser("reruns", help=summary, description=summary)
    _add_runs_directory(repeat)
    repeat.add_argument(
        "--count", type=int, default=10, help="how often, besides once unchanged (default %(default)s)"
    )
    commands.add_parser("data", help="print the SHA-256 of the published task's images, labels and boxes")
    commands.add_parser("smoke", help="train and publish two tiny networks in a temporary folder")
    return parser


def _add_runs_directory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), metavar="FOLDER", help="where runs are kept (default runs)"
    )


def _add_workers(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, default=2, help="processes side by side (default 2)")
    where.add_argument(
        "--scheduler", metavar="ADDRESS", help="train on the workers of this Dask scheduler, see cluster.py"
    )


def _add_option(group: argparse._ArgumentGroup, name: str, defaults: dict[str, Any]) -> None:
    """Add the option of one keyword or field, of its default's type; left out, it is None in the namespace.

    Args:
        group: where the option is listed.
        name: the keyword or field.
        defaults: its default for each block or task that has it.
    """
    default = next(iter(defaults.values()))
    if len(set(defaults.values())) == 1:
        summary = f"default {default}"
    else:
        summary = "default " + ", ".join(f"{owner} {value}" for owner, value in defaults.items())
    if isinstance(default, bool):
        group.add_argument(option(name), action=argparse.BooleanOptionalAction, default=None, help=summary)
    else:
        # A default of None stands for a number that the block works out, such as ECA's kernel size.
        kind = int if default is None else type(default)
        group.add_argument(option(name), type=kind, metavar="VALUE", help=summary)


def _defaults_by_name(by_owner: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Turn ``{owner: {name: default}}`` into ``{name: {owner: default}}``: a shared name is one option."""
    gathered: dict[str, dict[str, Any]] = {}
    for owner, defaults in by_owner.items():
        for name, default in defaults.items():
            gathered.setdefault(name, {})[owner] = default
    return gathered


def _data_defaults(task: str) -> dict[str, Any]:
    """Return the defaults of a task's fields by the names of their options."""
    return {_data_option(one): one.default for one in fields(TASKS[task])}


def _data_option(one: Field[Any]) -> str:
    """Return the option of a task's field; its seed is ``data_seed``, since ``seed`` is the run's."""
    return "data_seed" if one.name == "seed" else one.name


def run_of(arguments: argparse.Namespace) -> Run:
    """Return the run that the options of the command ``run`` describe.

    Raises:
        TypeError: the block or the task has no such option.
        ValueError: a value is out of its range.
    """
    given = {name: value for name, value in vars(arguments).items() if value is not None}
    of_blocks = _defaults_by_name({block: keyword_defaults(block) for block in BLOCKS | VARIANTS})
    keywords = {name: given[name] for name in of_blocks if name in given}
    architecture = {name: tuple(given[name]) for name in ("stages", "widths", "depths") if name in given}
    network = NetworkConfig(arguments.attention, keywords, placement=arguments.placement, **architecture)
    training = {one.name: given[one.name] for one in fields(TrainingConfig) if one.name in given}
    return Run(network, _task_of(arguments.task, given), TrainingConfig(**training), seed=arguments.seed)


def _task_of(name: str, given: dict[str, Any]) -> Task:
    known = {_data_option(one): one.name for one in fields(TASKS[name])}
    others = {option for task in TASKS for option in _data_defaults(task)} - known.keys()
    for foreign in sorted(others & given.keys()):
        raise TypeError(f"the task {name} takes {list(known)}; got {foreign!r}")
    return TASKS[name](**{field: given[key] for key, field in known.items() if key in given})


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out a command line; return the exit status."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if arguments.command == "data":
        print(task_sha256(ClutteredDigits()))
    elif arguments.command == "smoke":
        _smoke()
    elif arguments.command == "run":
        try:
            run = run_of(arguments)
        except (TypeError, ValueError) as error:
            parser.error(str(error))
        execute(run, arguments.runs)
    elif arguments.command == "reruns":
        path = RESULTS_DIRECTORY / "reruns.json"
        write_reruns(range(arguments.count + 1), arguments.runs, path)
        print(f"written to {path}")
    elif arguments.command == "sweep":
        _sweep(arguments)
    elif arguments.command == "time":
        path = RESULTS_DIRECTORY / "timings.json"
        try:
            publish_timings(main_networks(), path, rounds=arguments.rounds)
        except ValueError as error:
            parser.error(str(error))
        print(f"written to {path}")
    else:
        try:
            planned = planned_runs(arguments.groups, arguments.seeds, arguments.settings)
        except ValueError as error:
            parser.error(str(error))
        if arguments.command == "publish":
            return _publish(planned, arguments.runs)
        if arguments.command == "all":
            _train([one.run for one in planned], arguments)
        else:
            _print_status(planned, arguments.runs)
    return 0


def _print_status(planned: Sequence[PlannedRun], runs_directory: Path) -> None:
    done = 0
    for one in planned:
        run = one.run
        line = f"{run.name:48}  epoch {finished_epochs(run, runs_directory):2d}/{run.training.epochs}"
        record = finished_record(run, runs_directory)
        if record is not None:
            done += 1
            validation = record["validation"]
            line += f"  validation accuracy {validation['correct'] / validation['total']:.4f}"
        print(line)
    print(f"{done} of {len(planned)} runs finished")


def _publish(planned: Sequence[PlannedRun], runs_directory: Path) -> int:
    unfinished = publish(planned, runs_directory)
    published = [one.run for one in planned if one.run.name not in unfinished]
    reference = Run(seed=CHECKPOINT_SEED)
    if reference in published:
        publish_samples(reference, runs_directory)
    references = {probe: run for probe, run in probe_references().items() if run in published}
    if references:
        publish_probe_images(references, runs_directory)
    print(f"written to {RESULTS_DIRECTORY}")
    for name in unfinished:
        print(f"{name}: not finished, not published", file=sys.stderr)
    return 1 if unfinished else 0


def _train(runs: Sequence[Run], arguments: argparse.Namespace) -> None:
    """Train runs on this machine, or on those of a scheduler."""
    if arguments.scheduler is None:
        execute_all(runs, arguments.runs, workers=arguments.workers)
    else:
        execute_on_cluster(runs, arguments.runs, arguments.scheduler)


def _sweep(arguments: argparse.Namespace) -> None:
    """Train, show or publish the runs of the sweep."""
    if arguments.publish:
        publish_sweep(arguments.runs)
    elif not arguments.status:
        # The fresh runs are known when those of the choice have finished.
        while runs := pending_runs(arguments.runs):
            _train(runs, arguments)
    for part, done, total in sweep_progress(arguments.runs):
        print(f"{part}: {done} of {total} runs finished")


def _smoke() -> None:
    """Train and publish two tiny networks in a folder that is removed afterwards."""
    networks = (NetworkConfig(), NetworkConfig("se", {"reduction": 4}))
    runs = [Run(network, _SMOKE_DATA, _SMOKE_TRAINING) for network in networks]
    with tempfile.TemporaryDirectory() as folder:
        for run in runs:
            execute(run, Path(folder, "runs"))
        planned = [PlannedRun(run, "main", has_checkpoint=True) for run in runs]
        publish(planned, Path(folder, "runs"), Path(folder, "results"))


if __name__ == "__main__":
    sys.exit(main())
