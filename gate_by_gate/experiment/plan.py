"""The plan: every run of the experiment, by group and in the order in which they are trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gate_by_gate.experiment.cluttered_digits import ClutteredDigits
from gate_by_gate.experiment.model import NetworkSetting
from gate_by_gate.experiment.predictions import (
    EXPERIMENTS,
    FIRST_RATE,
    FIRST_ROUND,
    FOLLOW_UP,
    Prediction,
    ProbeExperiment,
)
from gate_by_gate.experiment.reference import BAM, CBAM, COORD_ATT, ECA, PLAIN, SE, SELF_ATTENTION
from gate_by_gate.experiment.run import Run
from gate_by_gate.experiment.training import TrainingSettings

__all__ = [
    "GROUPS",
    "HEADLINE",
    "LATE",
    "SEEDS",
    "SHOWN_PROBES",
    "TAKEN_APART",
    "PlannedRun",
    "main_settings",
    "planned_runs",
    "probe_setting",
]

SEEDS = (0, 1, 2, 3, 4)
"""The seeds that every setting is trained with; settings with the same seed pair."""


@dataclass(frozen=True)
class PlannedRun:
    """A run and what is published of it.

    Args:
        run: what is trained.
        group: the part of the plan that it belongs to.
        has_checkpoint: whether the weights of its first seed are published.
    """

    run: Run
    group: str
    has_checkpoint: bool


HEADLINE = (PLAIN, SE, ECA, CBAM, BAM, COORD_ATT, SELF_ATTENTION)
"""The plain network and one setting of every block: what the chapters compare first."""

WIDER = (NetworkSetting(widths=(16, 33, 65)), NetworkSetting(widths=(17, 34, 68)))
"""Wider networks without a block: 2,898 parameters more (SE adds 2,828) and 9,925 more (BAM adds 10,559)."""

LATE = (CBAM, COORD_ATT, SELF_ATTENTION)
"""The blocks that read fewer digits than the plain network in the main group: is it the learning rate?"""


def _grid(base: NetworkSetting, **axes: Sequence[Any]) -> list[NetworkSetting]:
    """Return ``base`` with every combination of the given values of its keywords."""
    settings = [base]
    for name, values in axes.items():
        settings = [setting.varied(**{name: value}) for setting in settings for value in values]
    return settings


def main_settings() -> list[NetworkSetting]:
    """Return the settings of the main comparison: the headline, then every slider position and ablation."""
    settings = [
        *HEADLINE,
        *WIDER,
        # Slider positions.
        *_grid(SE, reduction=(2, 4, 8, 16), bias=(True, False)),
        *_grid(ECA, kernel_size=(1, 3, 5, 7, 9)),
        *_grid(CBAM, reduction=(4, 8, 16), kernel_size=(3, 5, 7)),
        *_grid(BAM, reduction=(4, 8, 16), dilation=(1, 2, 4)),
        *_grid(COORD_ATT, reduction=(2, 4, 8)),
        *_grid(SELF_ATTENTION, num_heads=(1, 2, 4)),
        # The SE journal paper's ablations: squeeze, excitation, place and stage, and no squeeze at all.
        SE.varied(squeeze="max"),
        *_grid(SE, gate=("tanh", "relu")),
        *(replace(SE, placement=place) for place in ("before_unit", "after_addition", "identity")),
        *(replace(SE, stages=(stage,)) for stage in (1, 2, 3)),
        NetworkSetting("se_without_squeeze", {"reduction": 4}),
        # The ECA paper's, table 2: which channels a gate sees, and whether gates share their weights.
        *_grid(NetworkSetting("eca_variant"), mixing=("none", "per_channel", "full", "band")),
        NetworkSetting("eca_variant", {"mixing": "groups", "groups": 4}),
        # The CBAM paper's: pooling, spatial descriptor and order.
        *_grid(CBAM, pooling=("avg", "max")),
        CBAM.varied(descriptor="conv"),
        *_grid(CBAM, order=("spatial_first", "parallel")),
        # The BAM paper's: how the branches are combined, either alone, and the place between stages, there
        # also against one more residual unit.
        *_grid(BAM, combine=("product", "max", "channel", "spatial")),
        replace(BAM, placement="between_stages"),
        NetworkSetting(depths=(2, 2, 1)),
        # The CoordAtt paper's: either strip alone.
        *_grid(NetworkSetting("coord_att_strip", {"reduction": 4}), strip=("height", "width")),
    ]
    # The headline settings come up again among the sliders.
    unique: list[NetworkSetting] = []
    for setting in settings:
        if setting not in unique:
            unique.append(setting)
    return unique


def _main(seed: int) -> list[Run]:
    return [Run(setting, seed=seed) for setting in main_settings()]


def _robustness(seed: int) -> list[Run]:
    """The headline with other clutter and other numbers of images, and the late blocks at a gentler rate.

    All take as many steps as in the main group. With the headline goes the larger of the wider networks,
    because a lead of BAM may be one of size there, too.
    """
    usual, budget = ClutteredDigits(), TrainingSettings()
    changes = [(replace(usual, fragments=fragments), budget) for fragments in (7, 21)]
    for images, epochs in ((5_000, 18), (45_000, 2)):
        changes.append((replace(usual, train_images=images), replace(budget, epochs=epochs)))
    settings = (*HEADLINE, WIDER[1])
    runs = [Run(setting, data, training, seed=seed) for data, training in changes for setting in settings]
    gentle = replace(budget, max_learning_rate=3e-3)
    return runs + [Run(setting, usual, gentle, seed=seed) for setting in (PLAIN, *LATE)]


def _probes(seed: int) -> list[Run]:
    return [
        Run(prediction.network, experiment.task, experiment.training, seed=seed)
        for experiments in (EXPERIMENTS, FIRST_ROUND, FIRST_RATE, FOLLOW_UP)
        for experiment in experiments.values()
        for prediction in experiment.predictions
    ]


def probe_setting(experiment: ProbeExperiment, prediction: Prediction) -> str:
    """Return the name under which the results keep a network of a probe, without its seed."""
    run = Run(prediction.network, experiment.task, experiment.training)
    return run.name.rpartition("_seed")[0]


GROUPS: dict[str, Callable[[int], list[Run]]] = {
    "main": _main,
    "probes": _probes,
    "robustness": _robustness,
}
"""The groups of runs by name; each is a function of the seed."""

SHOWN_PROBES = ("colour_cue", "frame_cue", "row_cue", "matching_pair")
"""The probes whose networks are shown at work; of the others the counts are enough."""

TAKEN_APART = (
    "colour_cue_se_r4_bias_train_images24000_epochs8_max_learning_rate0.003_seed1",
    "row_cue_self_attention_r2_stages2_seed3",
    *(
        f"colour_count_{network}_epochs8_max_learning_rate0.005_seed0"
        for network in ("plain", "se_r4_bias", "cbam_r4_k7", "coord_att_r4")
    ),
)
"""Other runs of probes whose weights are published, because the book looks into them."""


def _has_checkpoint(run: Run, group: str) -> bool:
    shown = [EXPERIMENTS[name] for name in SHOWN_PROBES]
    return group == "main" or any(
        (run.data, run.training) == (one.task, one.training)
        and run.network in [prediction.network for prediction in one.predictions]
        for one in shown
    )


def planned_runs(
    groups: Sequence[str] = tuple(GROUPS), seeds: Sequence[int] = SEEDS
) -> list[PlannedRun]:  # fmt: skip
    """Return the runs of ``groups``, all of one seed before those of the next.

    Raises:
        ValueError: no group has that name.
    """
    for group in groups:
        if group not in GROUPS:
            raise ValueError(f"`groups` must be out of {', '.join(GROUPS)}; got {group!r}")
    return [
        PlannedRun(run, group, _has_checkpoint(run, group))
        for seed in seeds
        for group in groups
        for run in GROUPS[group](seed)
    ]
