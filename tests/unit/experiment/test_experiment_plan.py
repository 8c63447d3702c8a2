"""The plan: everything in it, nothing twice, in order, and each run repeated by its own command."""

import dataclasses
import shlex

import pytest

from attn_lib.blocks import eca_kernel_size
from gate_by_gate.digit_resnet import digit_resnet
from gate_by_gate.experiment.__main__ import build_parser, run_of
from gate_by_gate.experiment.cluttered_digits import ClutteredDigits
from gate_by_gate.experiment.model import NetworkConfig, count_parameters
from gate_by_gate.experiment.plan import (
    BELOW_PLAIN,
    GROUPS,
    HEADLINE,
    SEEDS,
    WIDER,
    main_networks,
    planned_runs,
)
from gate_by_gate.experiment.training import TrainingConfig

# What the sliders of the book reach, and the ablations, written out.
SLIDERS = {
    *(f"se_r{r}_{bias}" for r in (2, 4, 8, 16) for bias in ("bias", "nobias")),
    *(f"eca_k{k}" for k in (1, 3, 5, 7, 9)),
    *(f"cbam_r{r}_k{k}" for r in (4, 8, 16) for k in (3, 5, 7)),
    *(f"bam_r{r}{dilation}" for r in (4, 8, 16) for dilation in ("_dilation1", "_dilation2", "")),
    *(f"coord_att_r{r}" for r in (2, 4, 8)),
    *(f"self_attention_{heads}r2" for heads in ("", "num_heads2_", "num_heads4_")),
}
ABLATIONS = {
    *(f"se_r4_bias_{change}" for change in ("max", "tanh", "relu")),
    *(f"se_r4_bias_{place}" for place in ("before_unit", "after_addition", "identity")),
    *(f"se_r4_bias_stages{stage}" for stage in (1, 2, 3)),
    "se_without_squeeze_r4_bias",
    *(f"eca_variant_{mixing}_k3" for mixing in ("none", "per_channel", "full")),
    "eca_variant_k3",
    "eca_variant_groups_groups4_k3",
    *(f"cbam_r4_k7_{change}" for change in ("avg", "max", "conv", "spatial_first", "parallel")),
    *(f"bam_r4_{change}" for change in ("product", "max", "channel", "spatial", "between_stages")),
    "coord_att_strip_r4",
    "coord_att_strip_width_r4",
}
PLAIN = {"plain", "plain_widths16x33x65", "plain_widths17x34x68", "plain_depths2x2x1"}
HEADLINE_NAMES = [
    "plain",
    "se_r4_bias",
    "eca_k3",
    "cbam_r4_k7",
    "bam_r4",
    "coord_att_r4",
    "self_attention_r2",
]


def names_of(group, seed=0):
    return [run.name for run in GROUPS[group](seed)]


def parameters_of(setting):
    return count_parameters(digit_resnet(**setting.as_keywords(ClutteredDigits())))


def test_every_slider_position_and_ablation_is_in_the_main_group():
    names = [setting.name for setting in main_networks()]
    assert set(names) >= PLAIN | SLIDERS | ABLATIONS
    assert len(names) == len(set(names))
    assert names_of("main", seed=3) == [f"{name}_seed3" for name in names]


def test_the_main_group_is_trained_on_the_published_task_with_the_published_budget():
    assert {(run.data, run.training) for run in GROUPS["main"](2)} == {(ClutteredDigits(), TrainingConfig())}


def test_the_headline_comes_first():
    assert [setting.name for setting in HEADLINE] == HEADLINE_NAMES
    assert main_networks()[:7] == list(HEADLINE)
    assert [one.run.network for one in planned_runs()[:7]] == list(HEADLINE)


def test_sliders_that_stay_away_would_repeat_a_network():
    """ECA's adaptive k is 3 at every width, and CoordAtt's 8 hidden channels are the floor from r = 8 on."""
    assert [eca_kernel_size(channels) for channels in ClutteredDigits.widths] == [3, 3, 3]
    sizes = {r: parameters_of(NetworkConfig("coord_att", {"reduction": r})) for r in (2, 4, 8, 16, 32)}
    assert sizes[2] > sizes[4] > sizes[8] == sizes[16] == sizes[32]


@pytest.mark.parametrize(("wider", "like"), [(WIDER[0], "se_r4_bias"), (WIDER[1], "bam_r4")])
def test_a_wider_network_has_about_as_many_more_parameters_as_a_block_brings(wider, like):
    """To within a tenth; widths are whole numbers."""
    plain, by_name = parameters_of(NetworkConfig()), {one.name: one for one in HEADLINE}
    assert parameters_of(wider) - plain == pytest.approx(parameters_of(by_name[like]) - plain, rel=0.1)


def test_the_robustness_group_changes_one_thing_at_a_time_and_keeps_the_number_of_steps():
    usual, budget = ClutteredDigits(), TrainingConfig()
    runs = GROUPS["robustness"](4)

    conditions = list(dict.fromkeys((run.data, run.training) for run in runs))
    found = [(data.fragments, data.train_images, training.max_learning_rate) for data, training in conditions]
    assert found == [
        (7, 15_000, 0.01),
        (21, 15_000, 0.01),
        (14, 5_000, 0.01),
        (14, 45_000, 0.01),
        (14, 15_000, 0.003),
    ]
    for data, training in conditions:
        restored = dataclasses.replace(data, fragments=usual.fragments, train_images=usual.train_images)
        assert restored == usual
        same = {"epochs": budget.epochs, "max_learning_rate": budget.max_learning_rate}
        assert dataclasses.replace(training, **same) == budget
        assert training.epochs * data.train_images == budget.epochs * usual.train_images
        of_this = [run.network for run in runs if (run.data, run.training) == (data, training)]
        gentler = training.max_learning_rate < budget.max_learning_rate
        assert of_this == ([HEADLINE[0], *BELOW_PLAIN] if gentler else [*HEADLINE, WIDER[1]])


def test_no_two_runs_share_a_name():
    names = [one.run.name for one in planned_runs()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("group", GROUPS)
def test_every_command_of_the_plan_means_its_run(group):
    parser, planned = build_parser(), planned_runs([group])
    assert planned
    for one in planned:
        words = shlex.split(one.run.command)
        assert words[:4] == ["python", "-m", "gate_by_gate.experiment", "run"]
        assert run_of(parser.parse_args(words[3:])) == one.run


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_has_the_same_settings_with_every_seed(group):
    """And only the seed tells the names apart: what pairs is found by its name."""
    first = [name.removesuffix("_seed0") for name in names_of(group)]
    for seed in SEEDS:
        assert names_of(group, seed) == [f"{name}_seed{seed}" for name in first]
        assert {run.seed for run in GROUPS[group](seed)} == {seed}


@pytest.mark.parametrize("group", GROUPS)
def test_every_network_of_the_plan_can_be_built(group):
    for run in GROUPS[group](0):
        network = digit_resnet(**run.network.as_keywords(run.data))
        assert network.fc.out_features == run.data.classes
        assert network.conv1.in_channels == run.data.channels


def test_runs_come_seed_by_seed_and_group_by_group():
    planned = planned_runs()
    assert [one.run for one in planned] == [
        run for seed in SEEDS for group in GROUPS for run in GROUPS[group](seed)
    ]
    assert [one.group for one in planned] == [
        group for seed in SEEDS for group in GROUPS for _ in GROUPS[group](seed)
    ]


def test_a_part_of_the_plan():
    part = planned_runs(["robustness"], [3, 1])
    assert [one.run for one in part] == GROUPS["robustness"](3) + GROUPS["robustness"](1)
    assert {one.group for one in part} == {"robustness"}
    assert planned_runs(["main"], []) == []
    two = planned_runs(["main", "robustness"], [3, 1], ["eca_k3", "plain_fragments7"])
    names = ["eca_k3_seed3", "plain_fragments7_seed3", "eca_k3_seed1", "plain_fragments7_seed1"]
    assert [one.run.name for one in two] == names


def test_the_weights_of_the_main_group_are_published_and_those_of_the_robustness_group_are_not():
    assert {one.has_checkpoint for one in planned_runs(["main"], [0])} == {True}
    assert {one.has_checkpoint for one in planned_runs(["robustness"], [0])} == {False}


def test_unknown_groups_and_settings_are_refused():
    with pytest.raises(ValueError, match=r"`settings` must be out of .*eca_k3, .*; got 'eca_k3_seed0'"):
        planned_runs(["main"], [0], ["plain", "eca_k3_seed0"])
    with pytest.raises(ValueError, match=r"`groups` must be out of main, .*robustness.*; got 'sliders'"):
        planned_runs(["main", "sliders"])
