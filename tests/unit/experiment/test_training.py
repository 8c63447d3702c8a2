"""One training run: it learns, it repeats itself, and a kill costs it nothing."""

import dataclasses
import math
import os

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gate_by_gate.experiment.cluttered_digits import ClutteredDigits, draw_layout, load_split, to_input
from gate_by_gate.experiment.evaluation import evaluate
from gate_by_gate.experiment.model import NetworkConfig, build_network
from gate_by_gate.experiment.training import TrainingConfig, data_order, save_atomically, train

DATA = ClutteredDigits(
    canvas=17, digit=13, fragments=1, fragment=5, train_images=211, validation_images=53, test_images=59
)
CONFIG = TrainingConfig(epochs=3, batch_size=23)
SE = NetworkConfig("se", {"reduction": 5})


@pytest.fixture(scope="module")
def splits():
    return load_split(DATA, "train"), load_split(DATA, "validation")


def trained(folder, splits, *, network=SE, config=CONFIG, seed=7, **options):
    model = build_network(network, DATA, seed=seed)
    curve = train(model, *splits, config, seed=seed, progress_file=folder / "progress.pt", **options)
    return model, curve


def assert_same_weights(one, other):
    assert one.state_dict().keys() == other.state_dict().keys()
    for name, value in one.state_dict().items():
        torch.testing.assert_close(value, other.state_dict()[name], rtol=0, atol=0, msg=name)


class KilledError(Exception):
    pass


def kill_after(epochs):
    def after_epoch(curve):
        if len(curve.train_loss) == epochs:
            raise KilledError

    return after_epoch


def test_a_tiny_run_learns(tmp_path):
    """Chance is a loss of ln 10 and an accuracy of 0.1; the validation digits were never seen in training."""
    easy = dataclasses.replace(DATA, fragments=0, train_images=601)
    splits = load_split(easy, "train"), load_split(easy, "validation")

    model, curve = trained(tmp_path, splits, config=TrainingConfig(epochs=8, batch_size=23))

    assert len(curve.train_loss) == len(curve.validation_accuracy) == len(curve.seconds) == 8
    assert curve.train_loss[0] > 0.8 * math.log(10)
    assert curve.train_loss[-1] < 0.2 * math.log(10)
    assert curve.validation_accuracy[-1] > 0.6
    assert curve.validation_accuracy[-1] == evaluate(model, splits[1]).accuracy


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tmp_path, splits):
    first, first_curve = trained(tmp_path / "first", splits)
    torch.manual_seed(12345)  # what happens elsewhere in the process does not matter
    second, second_curve = trained(tmp_path / "second", splits)
    other, other_curve = trained(tmp_path / "other", splits, seed=8)

    assert_same_weights(first, second)
    assert first_curve.train_loss == second_curve.train_loss
    assert first_curve.train_loss != other_curve.train_loss
    assert not torch.equal(first.fc.weight, other.fc.weight)


def test_a_network_in_evaluation_mode_is_trained_all_the_same(tmp_path, splits):
    expected, _ = trained(tmp_path / "expected", splits)
    model = build_network(SE, DATA, seed=7).eval()
    train(model, *splits, CONFIG, seed=7, progress_file=tmp_path / "progress.pt")
    assert_same_weights(model, expected)


@pytest.mark.parametrize("killed_after", [1, 2, 3])
def test_a_killed_run_ends_with_the_weights_of_an_uninterrupted_one(tmp_path, splits, killed_after):
    whole, whole_curve = trained(tmp_path / "whole", splits)
    with pytest.raises(KilledError):
        trained(tmp_path / "killed", splits, after_epoch=kill_after(killed_after))
    epochs_after = []

    resumed, resumed_curve = trained(
        tmp_path / "killed", splits, after_epoch=lambda curve: epochs_after.append(len(curve.train_loss))
    )

    assert epochs_after == list(range(killed_after + 1, 4))  # nothing lost, nothing run twice
    assert_same_weights(whole, resumed)
    assert whole_curve.train_loss == resumed_curve.train_loss
    assert whole_curve.validation_accuracy == resumed_curve.validation_accuracy


def test_a_kill_while_the_progress_is_written_leaves_the_last_whole_one(tmp_path):
    path = tmp_path / "folder" / "progress.pt"
    save_atomically({"epoch": 1}, path)

    class Unsaveable:
        def __reduce__(self):
            raise KilledError

    with pytest.raises(KilledError):
        save_atomically({"weights": torch.zeros(1009), "epoch": Unsaveable()}, path)

    assert torch.load(path, weights_only=True) == {"epoch": 1}


def test_a_kill_just_before_a_file_is_whole_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "progress.pt"
    save_atomically({"epoch": 1}, path)

    def kill(*paths):
        raise KilledError

    monkeypatch.setattr(os, "replace", kill)
    with pytest.raises(KilledError):
        save_atomically({"epoch": 2}, path)
    assert torch.load(path, weights_only=True) == {"epoch": 1}


@pytest.mark.parametrize(
    ("config", "seed"),
    [(dataclasses.replace(CONFIG, epochs=5), 7), (CONFIG, 8)],
    ids=["another budget", "another seed"],
)
def test_progress_of_another_run_is_refused(tmp_path, splits, config, seed):
    with pytest.raises(KilledError):
        trained(tmp_path, splits, after_epoch=kill_after(1))
    with pytest.raises(ValueError, match=r"expected a run with \{.*\} in .*progress\.pt; got \{"):
        trained(tmp_path, splits, config=config, seed=seed)


def test_the_first_step_is_that_of_adamw_by_hand(tmp_path, splits):
    """In the first step Adam's averages cancel: a weight decays, then moves by rate * g / (|g| + eps).

    The cycle begins at a 25th of its peak: 0.001.
    """
    config = TrainingConfig(epochs=1, batch_size=23, max_learning_rate=0.025, weight_decay=0.5)
    reference, model = build_network(SE, DATA, seed=7).train(), build_network(SE, DATA, seed=7)
    batch = data_order(211, seed=7, epoch=0)[:23]
    F.cross_entropy(reference(to_input(splits[0].images[batch])), splits[0].labels[batch]).backward()
    gradient, before = reference.fc.weight.grad, reference.fc.weight.detach()
    seen = []
    model.fc.register_forward_pre_hook(lambda module, args: seen.append(module.weight.detach().clone()))

    train(model, *splits, config, seed=7, progress_file=tmp_path / "progress.pt")

    torch.testing.assert_close(seen[0], before, rtol=0, atol=0)
    expected = before * (1 - 0.001 * 0.5) - 0.001 * gradient / (gradient.abs() + 1e-8)
    torch.testing.assert_close(seen[1], expected, rtol=0, atol=1e-6)


def test_the_learning_rate_climbs_in_the_share_of_steps_that_is_the_warmup(tmp_path, splits, monkeypatch):
    """Of 3 epochs of 9 steps: from a 25th of the peak up to it, then down, along halves of a cosine.

    The climb ends 27 * warmup - 1 steps after the first: 11.15 for the one share, 2.4 for the other.
    """
    rates = []
    step = torch.optim.AdamW.step

    def record(optimizer, *args, **kwargs):
        rates.append(optimizer.param_groups[0]["lr"])
        return step(optimizer, *args, **kwargs)

    monkeypatch.setattr(torch.optim.AdamW, "step", record)
    for warmup in (0.45, 3.4 / 27):
        rates.clear()
        config = dataclasses.replace(CONFIG, max_learning_rate=0.025, warmup=warmup)
        trained(tmp_path / str(warmup), splits, network=NetworkConfig(), config=config)

        peak_at = 27 * warmup - 1
        expected = []
        for k in range(27):
            if k <= peak_at:
                low, high, share = 0.001, 0.025, 1 - k / peak_at
            else:
                low, high, share = 0.001 / 1e4, 0.025, (k - peak_at) / (26 - peak_at)
            expected.append(low + (high - low) * (1 + math.cos(math.pi * share)) / 2)
        assert rates == pytest.approx(expected, rel=1e-9)
        assert rates.index(max(rates)) in (math.floor(peak_at), math.ceil(peak_at))


def test_the_data_order_is_a_permutation_that_depends_on_seed_and_epoch_alone():
    order = data_order(101, seed=3, epoch=5)
    assert order.sort().values.tolist() == list(range(101))
    assert order.tolist() == data_order(101, seed=3, epoch=5).tolist()
    assert order.tolist() != data_order(101, seed=3, epoch=6).tolist()
    assert order.tolist() != data_order(101, seed=5, epoch=3).tolist()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_data_order_has_nothing_to_do_with_what_the_images_show(seed):
    """Were both drawn from one stream, an epoch would be sorted by digit and undo what it taught."""
    images, layout = ClutteredDigits().train_images, draw_layout(ClutteredDigits(), "train")
    for epoch in range(TrainingConfig().epochs):
        order = data_order(images, seed=seed, epoch=epoch).numpy()
        for drawn in (layout.digits, layout.digit_positions[:, 0], layout.fragments[:, 0]):
            correlation = np.corrcoef(np.arange(images), drawn[order])[0, 1]
            assert abs(correlation) < 5 / images**0.5  # five standard deviations of independent draws


def test_every_variant_sees_the_same_batches_and_the_last_incomplete_one_is_dropped(tmp_path, splits):
    """211 images make 9 batches of 23, and 4 images are left over."""
    seen = {}
    for name, network in (("plain", NetworkConfig()), ("se", SE)):
        batches = seen[name] = []
        model = build_network(network, DATA, seed=7)
        model.conv1.register_forward_pre_hook(
            lambda module, args, batches=batches, model=model: (
                batches.append(args[0].clone()) if model.training else None
            )
        )
        config = TrainingConfig(epochs=1, batch_size=23)
        train(model, *splits, config, seed=7, progress_file=tmp_path / f"{name}.pt")

    assert [len(batch) for batch in seen["plain"]] == [23] * 9
    for plain, se in zip(seen["plain"], seen["se"], strict=True):
        torch.testing.assert_close(plain, se, rtol=0, atol=0)


def test_variants_start_from_the_same_weights_and_leave_the_global_generator_alone():
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    plain, se = build_network(NetworkConfig(), DATA, seed=7), build_network(SE, DATA, seed=7)
    torch.testing.assert_close(torch.rand(3), expected, rtol=0, atol=0)

    for name, value in plain.state_dict().items():
        torch.testing.assert_close(se.state_dict()[name], value, rtol=0, atol=0)
    assert isinstance(se.layer3[0].attention, nn.Module)


def test_too_few_images_for_a_batch_are_refused(tmp_path, splits):
    with pytest.raises(ValueError, match="expected at least one batch of 223 images; got 211 images"):
        trained(tmp_path, splits, config=TrainingConfig(epochs=1, batch_size=223))


def test_a_climb_of_exactly_one_step_is_refused(tmp_path, splits):
    """211 images are 2 batches of 100, and half of 2 steps is one."""
    config = TrainingConfig(epochs=1, batch_size=100, warmup=0.5)
    with pytest.raises(ValueError, match=r"expected `warmup` to be less or more than one step; got 0.5 of 2"):
        trained(tmp_path, splits, config=config)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"epochs": 0}, "`epochs` must be at least 1; got epochs=0"),
        ({"batch_size": 0}, "`batch_size` must be at least 1; got batch_size=0"),
        ({"max_learning_rate": 0.0}, r"`max_learning_rate` must be positive; got 0\.0"),
        ({"max_learning_rate": math.nan}, "`max_learning_rate` must be positive; got nan"),
        ({"warmup": 0.0}, r"`warmup` must be between 0 and 1; got warmup=0\.0"),
        ({"warmup": 1.0}, r"`warmup` must be between 0 and 1; got warmup=1\.0"),
        ({"weight_decay": -0.1}, r"`weight_decay` must be at least 0; got -0\.1"),
    ],
)
def test_hyperparameters_out_of_range_is_refused(keywords, message):
    with pytest.raises(ValueError, match=message):
        TrainingConfig(**keywords)
