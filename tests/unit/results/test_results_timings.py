"""The published times: of networks of the main group, measured as the experiment measures today."""

import json
import shlex

import pytest

from gate_by_gate import results
from gate_by_gate.experiment.__main__ import build_parser
from gate_by_gate.experiment.plan import HEADLINE, WIDER, main_networks
from gate_by_gate.experiment.timing import PASSES
from gate_by_gate.results import Timing, timings

SETTINGS = list(json.loads(timings._PATH.read_text(encoding="utf-8"))["settings"])


def test_the_networks_that_the_book_compares_by_their_time_are_timed():
    """A network that is added to the main group later is shown without a time until all are timed anew."""
    assert {network.name for network in (*HEADLINE, *WIDER)} <= set(SETTINGS)
    assert set(SETTINGS) <= {network.name for network in main_networks()}
    assert sorted(SETTINGS) == SETTINGS


def test_a_ratio_lies_between_its_quartiles():
    for setting in SETTINGS:
        found = results.timing(setting)
        assert list(found) == list(PASSES), setting
        for one in found.values():
            assert 0 < one.quartiles[0] <= one.ratio <= one.quartiles[1], setting
            assert one.milliseconds > 0, setting


def test_the_plain_network_takes_as_long_as_itself():
    """Other work on the machine may disturb a round, but hardly the median of them."""
    for one in results.timing("plain").values():
        assert one.ratio == pytest.approx(1, abs=0.15)


def test_a_batch_is_quicker_by_the_image():
    for setting in SETTINGS:
        alone, fifty = results.timing(setting).values()
        assert fifty.milliseconds < alone.milliseconds, setting


def test_the_conditions_say_how_it_was_measured():
    conditions = results.timing_conditions()
    assert conditions.keys() == {
        "command", "date", "cpu", "platform", "versions", "threads", "load", "rounds", "passes",
    }  # fmt: skip
    arguments = build_parser().parse_args(shlex.split(conditions["command"])[3:])
    assert (arguments.command, arguments.rounds) == ("time", conditions["rounds"])
    assert conditions["passes"] == {str(batch): passes for batch, passes in PASSES.items()}
    assert conditions["threads"] == 1


def test_times_are_read_as_they_are_written(tmp_path, monkeypatch):
    path = tmp_path / "timings.json"
    one = {"milliseconds": 1.5, "ratio": 1.25, "quartiles": [1.125, 1.375]}
    path.write_text(json.dumps({"cpu": "A Core", "settings": {"se": {"1": one, "50": one}}}))
    monkeypatch.setattr(timings, "_PATH", path)
    timings._timings.cache_clear()
    try:
        expected = Timing(ratio=1.25, quartiles=(1.125, 1.375), milliseconds=1.5)
        assert results.timing("se") == {1: expected, 50: expected}
        assert results.timing_conditions() == {"cpu": "A Core"}
        with pytest.raises(KeyError, match=r"expected a setting out of \['se'\]; got 'se_seed0'"):
            results.timing("se_seed0")
    finally:
        timings._timings.cache_clear()
