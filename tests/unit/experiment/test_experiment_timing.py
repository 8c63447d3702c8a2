"""Networks take turns with the plain one; ratios, quartiles and milliseconds are those of the turns."""

import json
import os
import re
from datetime import date
from pathlib import Path

import pytest
import torch
from torch import nn

from gate_by_gate.experiment import timing
from gate_by_gate.experiment.__main__ import main
from gate_by_gate.experiment.cluttered_digits import ClutteredDigits
from gate_by_gate.experiment.model import NetworkConfig
from gate_by_gate.experiment.timing import PASSES, publish_timings, time_in_turns, timings


class Sleeper(nn.Module):
    """Moves a clock on by the next of its times, over and over, and says that it ran."""

    def __init__(self, name, clock, *seconds):
        super().__init__()
        self.name, self.clock, self.seconds, self.calls = name, clock, seconds, 0

    def forward(self, x):
        assert not self.training
        assert not torch.is_grad_enabled()
        assert torch.get_num_threads() == 1
        self.clock.now += self.seconds[self.calls % len(self.seconds)]
        self.calls += 1
        self.clock.order.append(self.name)
        return x


class Clock:
    def __init__(self):
        self.now, self.order = 0.0, []

    def __call__(self):
        return self.now


X = torch.zeros(7, 1, 3, 5)


def test_ratios_are_taken_within_a_round_and_times_are_of_one_image():
    clock = Clock()
    # The first time of each is that of the round which is not counted.
    network = Sleeper("network", clock, 100, 2, 9, 8, 10, 12)
    plain = Sleeper("plain", clock, 1000, 1, 3, 4, 20, 6)
    found = time_in_turns({"network": network}, plain, X, rounds=5, clock=clock)
    # Ratios 2, 3, 2, 1/2, 2; the ratio of the medians would be 9/4.
    assert found == {"network": {"milliseconds": round(9000 / 7, 4), "ratio": 2, "quartiles": [2, 2]}}


def test_quartiles_lie_within_what_was_seen():
    clock = Clock()
    network, plain = Sleeper("network", clock, 5, 2, 3), Sleeper("plain", clock, 1)
    found = time_in_turns({"network": network}, plain, X, rounds=2, clock=clock)
    assert found["network"]["ratio"] == 2.5
    assert found["network"]["quartiles"] == [2.25, 2.75]


def test_every_network_has_its_turn_next_to_the_plain_one_on_either_side():
    clock, rounds = Clock(), []
    networks = {name: Sleeper(name, clock, 1) for name in ("a", "b")}

    def after_round():
        rounds.append("".join(clock.order))
        clock.order.clear()

    time_in_turns(networks, Sleeper("p", clock, 1), X, rounds=3, clock=clock, after_round=after_round)
    assert rounds == ["apbp", "papb", "apbp", "papb"]


def test_several_passes_are_timed_as_one():
    clock = Clock()
    network, plain = Sleeper("network", clock, 4), Sleeper("plain", clock, 2)
    found = time_in_turns({"network": network}, plain, X, rounds=2, passes=3, clock=clock)
    assert network.calls == plain.calls == 3 * 3
    assert found["network"] == {"milliseconds": round(4000 / 7, 4), "ratio": 2, "quartiles": [2, 2]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rounds": 1}, "`rounds` must be at least 2, since one has no quartiles; got 1"),
        ({"rounds": 2, "passes": 0}, "`passes` must be at least 1; got 0"),
    ],
)
def test_counts_that_measure_nothing_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        time_in_turns({}, nn.Identity(), X, **arguments)


TINY = (NetworkConfig(widths=(2, 3, 5)), NetworkConfig("eca", {"kernel_size": 3}, widths=(2, 3, 5)))
TASK = ClutteredDigits(canvas=20)


def test_every_setting_is_timed_for_every_size_of_a_batch(capsys):
    found = timings(TINY, TASK, rounds=2)
    assert list(found) == [setting.name for setting in TINY]
    for by_batch in found.values():
        assert list(by_batch) == [str(batch) for batch in PASSES]
        for one in by_batch.values():
            assert one["milliseconds"] > 0
            assert 0 < one["quartiles"][0] <= one["ratio"] <= one["quartiles"][1]


def test_what_is_written_says_how_it_was_measured(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(timing, "ClutteredDigits", lambda: TASK)
    path = tmp_path / "timings.json"
    publish_timings(TINY, path, rounds=2)
    text = path.read_text(encoding="utf-8")
    record = json.loads(text)
    assert record["command"] == "python -m gate_by_gate.experiment time --rounds 2"
    assert record["date"] == date.today().isoformat()
    assert record["cpu"]
    assert re.fullmatch(r"\S+ \S+", record["platform"])
    assert record["versions"]["torch"] == torch.__version__
    assert (record["threads"], record["rounds"]) == (1, 2)
    assert len(record["load"]) == 2
    assert record["passes"] == {str(batch): passes for batch, passes in PASSES.items()}
    assert list(record["settings"]) == sorted(setting.name for setting in TINY)
    # A line for every setting, so that two measurements can be compared line by line.
    assert sum(name in line for name in record["settings"] for line in text.splitlines()) == len(TINY)


def test_the_load_is_left_open_where_the_system_does_not_count_it(monkeypatch):
    assert timing._load() >= 0
    monkeypatch.delattr(os, "getloadavg")
    assert timing._load() is None


def test_the_command_times_the_main_group(monkeypatch, capsys):
    asked = {}
    monkeypatch.setattr(
        "gate_by_gate.experiment.__main__.publish_timings",
        lambda settings, path, rounds: asked.update(settings=settings, path=path, rounds=rounds),
    )
    monkeypatch.setattr("gate_by_gate.experiment.__main__.main_networks", lambda: TINY)
    monkeypatch.setattr("gate_by_gate.experiment.__main__.RESULTS_DIRECTORY", Path("somewhere"))
    assert main(["time", "--rounds", "3"]) == 0
    assert asked == {"settings": TINY, "path": Path("somewhere", "timings.json"), "rounds": 3}
    assert capsys.readouterr().out == f"written to {Path('somewhere', 'timings.json')}\n"


def test_the_command_refuses_too_few_rounds(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["time", "--rounds", "1"])
    assert exit_.value.code == 2
    assert "`rounds` must be at least 2" in capsys.readouterr().err
