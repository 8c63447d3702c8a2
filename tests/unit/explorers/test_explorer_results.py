"""The results explorer against the published records, NumPy and SciPy, for every pair of settings."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from traitlets import TraitError

from attn_lib.blocks import BLOCKS
from gate_by_gate import results
from gate_by_gate.explorers import ResultsExplorer
from gate_by_gate.explorers import results as explorer
from gate_by_gate.explorers.shared.setting_names import FAMILIES, family, order, title
from tests.unit.explorers.explorer_code import run_code

RECORDS = json.loads((Path(results.__file__).parent / "records.json").read_text(encoding="utf-8"))
MAIN = {name: run for name, run in RECORDS.items() if run["group"] == "main"}
SETTINGS = {name.rpartition("_seed")[0] for name in MAIN}
DEFINITION = explorer.DEFINITION
PARTS = DEFINITION.parts
HEADINGS = {
    "plain": "no block",
    "se": "SE",
    "eca": "ECA",
    "cbam": "CBAM",
    "bam": "BAM",
    "coord": "CoordAtt",
    "self": "self-attention",
}
"""What a run's name begins with, and whose it is."""


def setting(**changes: object) -> dict[str, object]:
    return DEFINITION.defaults | changes


def runs(name: str) -> dict[int, dict]:
    """Return the records of a setting by seed, straight from the file."""
    return {run["seed"]: run for one, run in MAIN.items() if one.rpartition("_seed")[0] == name}


def shares(name: str, moved: dict[str, object]) -> dict[int, float] | None:
    """Return what a setting reaches by seed, None if it has no such map."""
    found = {}
    for seed, run in runs(name).items():
        if moved["measure"] == "accuracy":
            found[seed] = run["test"]["correct"] / run["test"]["total"]
            continue
        score = run["localization"][f"layer{moved['stage']}"].get(moved["map"])
        if score is None:
            return None
        pointing = moved["measure"] == "pointing"
        found[seed] = score["hits"] / score["total"] if pointing else score["energy"]
    return found


def points(chart: dict) -> dict[str, tuple[str, dict]]:
    """Return every point of a chart with its series, by name."""
    return {point["name"]: (one["name"], point) for one in chart["series"] for point in one["points"]}


def percentages(text: str) -> list[float]:
    """Read the numbers of ``"83.1 %"`` or ``"81.9 to 84.3 %"``, which are rounded to tenths."""
    return [float(word) for word in text.removesuffix(" %").split(" to ")]


MEASURES = [setting(**published) for published in DEFINITION.settings(PARTS["pair"])]


def test_every_setting_of_the_main_comparison_is_in_both_menus_under_its_block():
    for control in (explorer.FIRST, explorer.SECOND):
        assert set(control.values) == SETTINGS
        assert len(set(control.texts)) == len(SETTINGS)
        headings = list(dict.fromkeys(control.groups))
        assert headings == list(FAMILIES)
        # Equal headings stand together.
        assert sorted(control.groups, key=headings.index) == list(control.groups)
        for value, heading in zip(control.values, control.groups, strict=True):
            assert heading == HEADINGS[value.split("_")[0]]


@pytest.mark.parametrize(
    ("keywords", "expected"),
    [
        ({"attention": None}, ("no block", "plain")),
        ({"attention": None, "widths": [16, 33, 65]}, ("no block", "plain, wider: 16, 33, 65 channels")),
        ({"attention": None, "depths": [2, 2, 1]}, ("no block", "plain, deeper: 2, 2, 1 units")),
        ({"attention": "se", "reduction": 4, "bias": True}, ("SE", "SE, r = 4")),
        ({"attention": "se", "reduction": 8, "bias": False}, ("SE", "SE, r = 8, no bias")),
        ({"attention": "se", "reduction": 4, "gate": "relu"}, ("SE", "SE, r = 4, gate: ReLU")),
        ({"attention": "se", "reduction": 4, "stages": [1, 3]}, ("SE", "SE, r = 4, stage 1 and 3 alone")),
        ({"attention": "se_without_squeeze", "reduction": 4}, ("SE", "SE without its squeeze, r = 4")),
        ({"attention": "eca", "kernel_size": 5}, ("ECA", "ECA, k = 5")),
        ({"attention": "eca_variant", "kernel_size": 3}, ("ECA", "ECA, band, not shared")),
        ({"attention": "eca_variant", "mixing": "groups", "groups": 4}, ("ECA", "ECA, 4 groups")),
        (
            {"attention": "cbam", "reduction": 4, "pooling": "avg"},
            ("CBAM", "CBAM, r = 4, k = 7, mean alone"),
        ),
        ({"attention": "bam", "reduction": 16}, ("BAM", "BAM, r = 16, d = 4")),
        (
            {"attention": "bam", "reduction": 4, "placement": "between_stages"},
            ("BAM", "BAM, r = 4, d = 4, between stages"),
        ),
        ({"attention": "coord_att_strip", "reduction": 4}, ("CoordAtt", "CoordAtt, r = 4, rows alone")),
        ({"attention": "self_attention", "num_heads": 2}, ("self-attention", "self-attention, 2 heads")),
        ({"attention": "self_attention", "reduction": 2}, ("self-attention", "self-attention, 1 head")),
    ],
)
def test_a_setting_is_called_by_its_block_and_what_is_not_as_published(keywords, expected):
    assert (family(keywords), title(keywords)) == expected


def test_a_block_that_has_no_words_here_is_called_by_its_own_name(monkeypatch):
    class SimAM(torch.nn.Module):
        def __init__(self, channels: int, *, least: float = 1e-4) -> None:
            super().__init__()

    unknown = {"attention": "simam", "least": 0.5, "stages": [2]}
    assert (family(unknown), title(unknown)) == ("simam", "simam, stage 2 alone, least = 0.5")
    monkeypatch.setitem(BLOCKS, "simam", SimAM)
    assert (family(unknown), title(unknown)) == ("SimAM", "SimAM, stage 2 alone, least = 0.5")
    known = {"attention": "self_attention", "num_heads": 4}
    assert sorted([unknown, known], key=order) == [known, unknown]


def test_numbers_in_titles_are_sorted_as_numbers():
    several = [{"attention": "se", "reduction": r} for r in (16, 2, 8)] + [{"attention": None}]
    assert [title(one) for one in sorted(several, key=order)] == [
        "plain",
        "SE, r = 2",
        "SE, r = 8",
        "SE, r = 16",
    ]


@pytest.mark.parametrize(
    "moved", MEASURES, ids=lambda moved: f"{moved['measure']} {moved['map']} {moved['stage']}"
)
def test_every_point_is_the_mean_of_its_seeds_over_its_cost(moved: dict[str, object]):
    plain = MAIN["plain_seed0"]
    for cost in ("parameters", "macs"):
        chart = explorer.overview(moved | {"cost": cost})["chart"]
        drawn, ends = points(chart), (chart["y"]["low"], chart["y"]["high"])
        expected = {name: found for name in SETTINGS if (found := shares(name, moved)) is not None}
        titles = {explorer.networks()[name].title: name for name in expected}
        assert drawn.keys() == titles.keys()
        for called, (series, point) in drawn.items():
            name = titles[called]
            run, found = next(iter(runs(name).values())), np.array(list(expected[name].values()))
            assert series == explorer.networks()[name].family
            assert point["text"][0] == f"{run[cost] - plain[cost]:,}"
            assert percentages(point["text"][1]) == pytest.approx([100 * found.mean()], abs=0.051)
            assert point["y"] == pytest.approx(np.clip(100 * found.mean(), *ends), abs=0.051)
            if len(found) == 1:
                assert "low" not in point
                assert len(point["text"]) == 2
            else:
                # Not stats.t.interval, which warns where all seeds agree.
                low, high = found.mean() + stats.t.ppf([0.025, 0.975], len(found) - 1) * stats.sem(found)
                assert point["low"] == pytest.approx(np.clip(100 * low, *ends), abs=0.051)
                assert point["high"] == pytest.approx(np.clip(100 * high, *ends), abs=0.051)
                assert percentages(point["text"][2]) == pytest.approx([100 * low, 100 * high], abs=0.051)


def test_a_network_that_did_not_learn_stands_at_the_edge_and_is_named():
    """Quartiles 84 and 87 %: what lies more than three times three points below is far out."""
    values = [0.10, 0.83, 0.84, 0.85, 0.86, 0.87, 0.88]
    low, high = explorer.fences_of(values)
    assert (low, high) == (pytest.approx(0.835 - 3 * 0.03), pytest.approx(0.865 + 3 * 0.03))
    shown = explorer.overview(setting())
    chart, ends = shown["chart"], shown["chart"]["y"]
    means = {name: float(np.mean(list(shares(name, setting()).values()))) for name in SETTINGS}
    far = {name for name, mean in means.items() if not ends["low"] <= 100 * mean <= ends["high"]}
    assert far == {name for name, mean in means.items() if mean < explorer.fences_of(list(means.values()))[0]}
    for name in SETTINGS:
        assert (f"{explorer.networks()[name].title} (" in shown["note"]["text"]) == (name in far)
    assert ends["high"] - ends["low"] < 30
    assert all(ends["low"] <= point["y"] <= ends["high"] for _, point in points(chart).values())


def test_costs_stand_in_order_on_their_axis_and_nothing_at_its_low_end():
    for cost in ("parameters", "macs"):
        chart = explorer.overview(setting(cost=cost))["chart"]
        by_cost = sorted(
            (int(point["text"][0].replace(",", "")), point["x"]) for _, point in points(chart).values()
        )
        least = min(value for value, _ in by_cost if value > 0)
        for value, x in by_cost:
            assert chart["x"]["low"] < x < chart["x"]["high"]
            if value == 0:
                assert x < least
            else:  # as far as several points of one cost are moved apart
                assert x == pytest.approx(value, rel=0.25)
        zero = next(place for place, text in chart["x"]["ticks"] if text == "0")
        assert zero < least
        # No two points are drawn in the same place.
        assert len({(p["x"], p["y"]) for _, p in points(chart).values()}) == len(points(chart))


def test_settings_stand_block_by_block_each_in_a_place_of_its_own():
    chart = explorer.overview(setting(cost="block"))["chart"]
    drawn = {name: point["x"] for name, (_, point) in points(chart).items()}
    ordered = [one.title for one in explorer.networks().values() if one.title in drawn]
    assert sorted(drawn, key=drawn.get) == ordered
    assert len(set(drawn.values())) == len(drawn)
    families = [series for series, _ in points(chart).values()]
    assert len(chart["x"]["ticks"]) == len(set(families))
    assert all(chart["x"]["low"] < x < chart["x"]["high"] for x in drawn.values())


def test_times_are_the_measured_ratios():
    ratios = {one.title: results.timing(one.name)[50].ratio for one in explorer.networks().values()}
    # Two networks may have been measured alike.
    placed = explorer.side_by_side(ratios)
    for name, (_, point) in points(explorer.overview(setting(cost="time"))["chart"]).items():
        assert point["text"][0] == f"{ratios[name]:.2f}"
        assert point["x"] == pytest.approx(placed[name], rel=1e-3)


def test_points_of_one_cost_are_moved_apart_evenly():
    moved = explorer.side_by_side({"a": 100.0, "b": 7.0, "c": 100.0, "d": 100.0})
    assert moved == {"a": 95.24, "b": 7.0, "c": 100.0, "d": 105.0}
    assert explorer.side_by_side({"a": 1.0, "b": 1.0}) == {"a": 0.9759, "b": 1.025}


@pytest.mark.slow
@pytest.mark.parametrize(
    "moved", MEASURES, ids=lambda moved: f"{moved['measure']} {moved['map']} {moved['stage']}"
)
def test_every_difference_has_the_interval_of_welchs_test(moved: dict[str, object]):
    data = explorer.compare(moved)["contrast"]
    reached = {name: shares(name, moved) for name in explorer.networks()}
    names = [name for name, found in reached.items() if found is not None]
    assert [member["value"] for member in data["members"]] == names
    assert data["pick"] == ["first", "second"]
    for member in data["members"]:
        found = reached[member["value"]]
        mean = 100 * np.mean(list(found.values()))
        assert percentages(member["text"]) == pytest.approx([mean], abs=0.051)
        assert member["seeds"] == [
            pytest.approx(100 * found[seed], abs=0.051) if seed in found else None for seed in data["seeds"]
        ]
    for i, first in enumerate(names):
        assert len(data["marks"][i]) == len(names) - 1 - i
        assert len(data["pairs"][i]) == 2 * len(data["marks"][i])
        for at, second in enumerate(names[i + 1 :]):
            a, b = reached[first], reached[second]
            a, b = np.array(list(a.values())), np.array(list(b.values()))
            apart = a.mean() - b.mean()
            mean, reach = data["pairs"][i][2 * at : 2 * at + 2]
            mark = data["marks"][i][at]
            assert mean == pytest.approx(1000 * apart, abs=0.51)
            if min(len(a), len(b)) == 1:
                assert (reach, mark) == (None, "1")
                continue
            half = half_width_by_welch(a, b)
            assert reach == pytest.approx(1000 * half, abs=0.51)
            if abs(abs(apart) - half) > 1e-12:
                assert mark == ("=" if abs(apart) < half else "+" if apart > 0 else "-")


def half_width_by_welch(a: np.ndarray, b: np.ndarray) -> float:
    """Return how far the 95 % interval reaches, with Welch and Satterthwaite's degrees of freedom."""
    errors = [one.var(ddof=1) / len(one) for one in (a, b)]
    freedom = sum(errors) ** 2 / sum(
        error**2 / (len(one) - 1) for error, one in zip(errors, (a, b), strict=True)
    )
    return stats.t.ppf(0.975, freedom) * math.sqrt(sum(errors))


CONFIGS = {
    "plain": {"attention": None},
    "se_r4_bias": {"attention": "se", "reduction": 4, "bias": True},
    "eca_k3": {"attention": "eca", "kernel_size": 3},
    "cbam_r4_k7": {"attention": "cbam", "reduction": 4, "kernel_size": 7},
    "simam": {"attention": "simam"},
}
"""Three blocks of the book, and one that nothing here knows."""


@pytest.fixture
def publish(monkeypatch):
    """Put other records in the place of the published ones: how many of 1,000 images are right, by run."""

    def forget() -> None:
        for cached in (
            explorer.networks,
            explorer.measured,
            explorer.contrasted,
            explorer.draw,
            explorer.explain,
        ):
            cached.cache_clear()

    def put(right: dict[str, dict[int, int]]) -> None:
        records = {
            f"{name}_seed{seed}": {
                "seed": seed,
                "group": "main",
                "setting": CONFIGS[name],
                "network": {},
                "parameters": 7 + list(CONFIGS).index(name),
                "macs": 11,
                "test": {"correct": correct, "total": 1000},
            }
            for name, by_seed in right.items()
            for seed, correct in by_seed.items()
        }
        monkeypatch.setattr(results, "_records", lambda: records)
        forget()

    yield put
    monkeypatch.undo()
    forget()


def test_seeds_flow_in_as_they_come(publish):
    """By hand: SE is 0.055 ahead of plain; the standard errors are 0.015 / sqrt(3) and 0.01 / sqrt(3).

    Welch and Satterthwaite's degrees of freedom are (9 + 4)**2 / (9**2 + 4**2) * 2 = 3.4845.
    """
    publish(
        {
            "plain": {0: 800, 1: 820, 2: 810},
            "se_r4_bias": {0: 850, 1: 880, 2: 865},
            "eca_k3": {0: 805},
            "cbam_r4_k7": {4: 700},
        }
    )
    data = explorer.compare(setting())["contrast"]
    reach = round(1000 * stats.t.ppf(0.975, 3.4845) * math.sqrt((0.015**2 + 0.01**2) / 3))
    assert data["marks"] == ["-11", "11", "1", ""]
    assert data["pairs"] == [[-55, reach, 5, None, 110, None], [60, None, 165, None], [105, None], []]
    assert [member["seeds"] for member in data["members"]] == [
        [80.0, 82.0, 81.0, None],
        [85.0, 88.0, 86.5, None],
        [80.5, None, None, None],
        [None, None, None, 70.0],
    ]
    assert [member["interval"] for member in data["members"]][1:] == [
        "± 3.7 %",
        "one seed",
        "one seed",
    ]
    shown = explorer.overview(setting())
    assert "A point is the mean of 1 to 3 seeds, its line the 95 % interval" in shown["note"]["text"]
    drawn = points(shown["chart"])
    assert "low" in drawn["SE, r = 4"][1]
    assert "low" not in drawn["ECA, k = 3"][1]


def test_a_published_setting_of_an_unknown_block_is_drawn_and_compared(publish):
    publish({"plain": {0: 800, 1: 820}, "simam": {0: 840, 1: 850}, "se_r4_bias": {0: 850, 1: 860}})
    assert list(explorer.networks()) == ["plain", "se_r4_bias", "simam"]
    name, point = points(explorer.overview(setting(cost="parameters"))["chart"])["simam"]
    assert (name, point["text"]) == ("simam", ["4", "84.5 %", "78.1 to 90.9 %"])
    assert explorer.compare(setting())["contrast"]["members"][-1]["text"] == "84.5 %"


def test_a_network_that_was_not_timed_is_left_out_and_counted(monkeypatch):
    def timing(name: str):
        if name == "plain":
            raise KeyError(name)
        return real(name)

    real = results.timing
    monkeypatch.setattr(results, "timing", timing)
    explorer.draw.cache_clear()
    explorer.explain.cache_clear()
    shown = explorer.overview(setting(cost="time"))
    assert "plain" not in points(shown["chart"])
    assert len(points(shown["chart"])) == len(SETTINGS) - 1
    assert shown["note"]["text"].endswith("1 settings were not timed.")
    explorer.draw.cache_clear()
    explorer.explain.cache_clear()


def test_the_note_says_what_chance_is_and_who_has_no_map():
    own = explorer.overview(setting(measure="pointing", stage=2))["note"]["text"]
    without = sum(shares(name, setting(measure="pointing", stage=2)) is None for name in SETTINGS)
    assert 0 < without < len(SETTINGS)
    assert f"{without} of {len(SETTINGS)} settings have none here" in own
    chance = MAIN["cbam_r4_k7_seed0"]["localization"]["layer2"]["attention"]["chance"]
    assert f"a place picked at random does on {100 * chance:.1f} %" in own
    cam = explorer.overview(setting(measure="energy", map="grad_cam", stage=3))["note"]["text"]
    assert "mean over 500 test images" in cam
    assert "which every network has" in cam


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"first": "se_r5_bias"}, r"`first` must be one of \(.*'plain'.*\); got 'se_r5_bias'"),
        ({"measure": "luck"}, "`measure` must be one of .*; got .*luck"),
        ({"map": "mine"}, "`map` must be one of .*; got .*mine"),
        ({"cost": "euros"}, "`cost` must be one of .*; got .*euros"),
        ({"stage": 4}, r"`stage` must be one of \(1, 2, 3\); got stage=4"),
    ],
)
def test_what_is_on_no_list_is_refused(changes, message):
    with pytest.raises(TraitError, match=message):
        ResultsExplorer(**changes)


@pytest.mark.slow
def test_the_code_of_every_setting_computes_what_is_shown(capsys):
    """Every measure, and every setting as A and as B at the accuracy."""
    names = list(explorer.networks())
    moves = [
        *MEASURES,
        *(setting(first=a, second=b) for a, b in zip(names, names[1:] + names[:1], strict=True)),
    ]
    for moved in moves:
        data = explorer.compare(moved)["contrast"]
        members = {member["value"]: member for member in data["members"]}
        if not {moved["first"], moved["second"]} <= members.keys():
            moved = moved | {"first": "cbam_r4_k7", "second": "bam_r4"}
        found = run_code(DEFINITION, moved)
        for which in ("first", "second"):
            assert members[moved[which]]["text"] == f"{100 * found[which].mean:.1f} %"
        i, j = (list(members).index(moved[which]) for which in ("first", "second"))
        low, high = min(i, j), max(i, j)
        mean = data["pairs"][low][2 * (high - low - 1)] * (1 if i < j else -1)
        assert mean == pytest.approx(1000 * found["difference"].mean, abs=0.51)
        said = capsys.readouterr().out
        assert re.search(re.escape(found["difference"].verdict), said)
