"""The plan: every run of the experiment, by group and in the order in which they are trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gate_by_gate.experiment.cluttered_digits import ClutteredDigits
from gate_by_gate.experiment.model import NetworkConfig
from gate_by_gate.experiment.predictions import (
    EXPERIMENTS,
    FIRST_RATE,
    FIRST_ROUND,
    FOLLOW_UP,
    LATER_TASKS,
    MAXIMUM,
    Prediction,
    ProbeExperiment,
)
from gate_by_gate.experiment.reference import BAM, CBAM, COORD_ATT, ECA, PLAIN, SE, SELF_ATTENTION, WIDER
from gate_by_gate.experiment.run import Run
from gate_by_gate.experiment.training import TrainingConfig

__all__ = [
    "BELOW_PLAIN",
    "EXTRA_CHECKPOINTS",
    "GROUPS",
    "HEADLINE",
    "SEEDS",
    "SHOWN_PROBES",
    "PlannedRun",
    "main_networks",
    "planned_runs",
    "probe_setting",
]

SEEDS = (0, 1, 2, 3, 4)
"""The seeds with which every network is trained."""


@dataclass(frozen=True)
class PlannedRun:
    """A run of the plan, its group, and whether its weights are published.

    Args:
        run: what is trained.
        group: the part of the plan that it belongs to.
        has_checkpoint: whether the weights are published if this is the run of the first seed.
    """

    run: Run
    group: str
    has_checkpoint: bool


HEADLINE = (PLAIN, SE, ECA, CBAM, BAM, COORD_ATT, SELF_ATTENTION)
"""The plain network and one network for each block, which the chapters compare first."""

BELOW_PLAIN = (CBAM, COORD_ATT, SELF_ATTENTION)
"""Networks that read fewer digits than the plain one in the main group; trained again at a gentler rate."""


def _grid(base: NetworkConfig, **axes: Sequence[Any]) -> list[NetworkConfig]:
    """Return copies of ``base``, one for every combination of the given values of its keywords."""
    networks = [base]
    for name, values in axes.items():
        networks = [network.varied(**{name: value}) for network in networks for value in values]
    return networks


def main_networks() -> list[NetworkConfig]:
    """Return the networks of the main comparison: the headline, settings of the sliders, ablations."""
    networks = [
        *HEADLINE,
        *WIDER,
        # Settings of the sliders.
        *_grid(SE, reduction=(2, 4, 8, 16), bias=(True, False)),
        *_grid(ECA, kernel_size=(1, 3, 5, 7, 9)),
        *_grid(CBAM, reduction=(4, 8, 16), kernel_size=(3, 5, 7)),
        *_grid(BAM, reduction=(4, 8, 16), dilation=(1, 2, 4)),
        *_grid(COORD_ATT, reduction=(2, 4, 8)),
        *_grid(SELF_ATTENTION, num_heads=(1, 2, 4)),
        # The SE journal paper's ablations: squeeze, excitation, placement and stage, and no squeeze at all.
        SE.varied(squeeze="max"),
        *_grid(SE, gate=("tanh", "relu")),
        *(replace(SE, placement=name) for name in ("before_unit", "after_addition", "identity")),
        *(replace(SE, stages=(stage,)) for stage in (1, 2, 3)),
        NetworkConfig("se_without_squeeze", {"reduction": 4}),
        # The ECA paper's, table 2: which channels a gate sees, and whether gates share their weights.
        *_grid(NetworkConfig("eca_variant"), mixing=("none", "per_channel", "full", "band")),
        NetworkConfig("eca_variant", {"mixing": "groups", "groups": 4}),
        # The CBAM paper's: pooling, spatial descriptor and order.
        *_grid(CBAM, pooling=("avg", "max")),
        CBAM.varied(descriptor="conv"),
        *_grid(CBAM, order=("spatial_first", "parallel")),
        # The BAM paper's: how the branches are combined, either alone, and the placement between stages,
        # there also against one more residual unit.
        *_grid(BAM, combine=("product", "max", "channel", "spatial")),
        replace(BAM, placement="between_stages"),
        NetworkConfig(depths=(2, 2, 1)),
        # The CoordAtt paper's: either strip alone.
        *_grid(NetworkConfig("coord_att_strip", {"reduction": 4}), strip=("height", "width")),
    ]
    # The headline's networks come up again among the sliders.
    unique: list[NetworkConfig] = []
    for network in networks:
        if network not in unique:
            unique.append(network)
    return unique


def _main(seed: int) -> list[Run]:
    return [Run(network, seed=seed) for network in main_networks()]


def _robustness(seed: int) -> list[Run]:
    """Return runs of the headline with other clutter and other numbers of images, and some at a gentler rate.

    All take as many steps as in the main group. With the headline goes the larger of the wider networks,
    because a lead of BAM may be one of size there, too.
    """
    usual, budget = ClutteredDigits(), TrainingConfig()
    changes = [(replace(usual, fragments=fragments), budget) for fragments in (7, 21)]
    for images, epochs in ((5_000, 18), (45_000, 2)):
        changes.append((replace(usual, train_images=images), replace(budget, epochs=epochs)))
    networks = (*HEADLINE, WIDER[1])
    runs = [Run(network, data, training, seed=seed) for data, training in changes for network in networks]
    gentle = replace(budget, max_learning_rate=3e-3)
    return runs + [Run(network, usual, gentle, seed=seed) for network in (PLAIN, *BELOW_PLAIN)]


def _probes(seed: int) -> list[Run]:
    return [
        Run(prediction.network, experiment.task, experiment.training, seed=seed)
        for experiments in (EXPERIMENTS, FIRST_ROUND, FIRST_RATE, FOLLOW_UP, MAXIMUM, LATER_TASKS)
        for experiment in experiments.values()
        for prediction in experiment.predictions
    ]


def probe_setting(experiment: ProbeExperiment, prediction: Prediction) -> str:
    """Return the name of the setting that a prediction is about, by which the results know its runs."""
    return Run(prediction.network, experiment.task, experiment.training).setting


GROUPS: dict[str, Callable[[int], list[Run]]] = {
    "main": _main,
    "probes": _probes,
    "robustness": _robustness,
}
"""The groups of runs by name, each as a function from a seed to its runs."""

SHOWN_PROBES = ("colour_cue", "frame_cue", "row_cue", "matching_pair")
"""The probe tasks of which the book shows images and maps; of the others it shows counts alone."""

EXTRA_CHECKPOINTS = (
    "colour_cue_se_r4_bias_train_images24000_epochs8_max_learning_rate0.003_seed1",
    "row_cue_self_attention_r2_stages2_seed3",
    *(
        f"colour_count_{network}_epochs8_max_learning_rate0.005_seed0"
        for network in ("plain", "se_r4_bias", "cbam_r4_k7", "coord_att_r4")
    ),
)
"""Names of further runs on probe tasks whose weights are published, because the book looks into them."""


def _has_checkpoint(run: Run, group: str) -> bool:
    shown = [EXPERIMENTS[name] for name in SHOWN_PROBES]
    return group == "main" or any(
        (run.data, run.training) == (one.task, one.training)
        and run.network in [prediction.network for prediction in one.predictions]
        for one in shown
    )


def planned_runs(
    groups: Sequence[str] = tuple(GROUPS),
    seeds: Sequence[int] = SEEDS,
    settings: Sequence[str] | None = None,
) -> list[PlannedRun]:
    """Return the planned runs of some groups, all runs of one seed before those of the next.

    Args:
        groups: their names.
        seeds: their seeds.
        settings: the names of settings, such as ``"se_r4_bias"``, if not all of the groups are meant.

    Raises:
        ValueError: no group has that name, or no run of these groups has that setting.
    """
    for group in groups:
        if group not in GROUPS:
            raise ValueError(f"`groups` must be out of {', '.join(GROUPS)}; got {group!r}")
    planned = [
        PlannedRun(run, group, _has_checkpoint(run, group))
        for seed in seeds
        for group in groups
        for run in GROUPS[group](seed)
    ]
    if settings is None:
        return planned
    known = {one.run.setting for one in planned}
    for setting in settings:
        if setting not in known:
            raise ValueError(f"`settings` must be out of {', '.join(sorted(known))}; got {setting!r}")
    return [one for one in planned if one.run.setting in settings]
