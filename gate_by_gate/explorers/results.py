"""The results explorer: what every setting reaches and what it costs, and any two settings side by side."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from attn_lib.blocks.arguments import check_choice
from gate_by_gate import results
from gate_by_gate.explorers.shared.samples import picked_stage
from gate_by_gate.explorers.shared.setting_names import family, order, title
from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.deferred import Deferred
from gate_by_gate.widgets.definition import Data, Definition, Item, Panel, Part, Setting
from gate_by_gate.widgets.items.chart import Axis, Chart, Point, Points, Ring
from gate_by_gate.widgets.items.contrast import Contrast, Difference, Member
from gate_by_gate.widgets.items.text import Text
from gate_by_gate.widgets.live import Explorer
from gate_by_gate.widgets.snippets import Code

# Seeds are compared with SciPy, which takes longer to import than all else that an explorer needs, so
# `comparison` is imported where something is compared.
if TYPE_CHECKING:
    from gate_by_gate.results.comparison import Map, Spread

__all__ = ["DEFINITION", "ResultsExplorer"]

GROUP = "main"
"""The runs on one task with one budget, which can be compared."""

PLAIN = "plain"


@dataclass(frozen=True)
class Network:
    """A network of the main comparison: one setting.

    Attributes:
        name: its runs' name without the seed.
        title: what a reader calls it.
        family: the block that it is about.
        parameters: how many more than the plain network.
        macs: multiply-accumulates for one image, more than the plain network's.
    """

    name: str
    title: str
    family: str
    parameters: int
    macs: int


@cache
def networks() -> dict[str, Network]:
    """Return every setting of the main comparison by name, in the order of the blocks."""
    records = {name: first_record(name) for name in results.settings(GROUP)}
    plain = records[PLAIN]
    found = [
        Network(
            name,
            title(run["setting"]),
            family(run["setting"]),
            run["parameters"] - plain["parameters"],
            run["macs"] - plain["macs"],
        )
        for name, run in records.items()
    ]
    found.sort(key=lambda one: order(records[one.name]["setting"]))
    return {one.name: one for one in found}


def first_record(setting: str) -> dict[str, Any]:
    """Return the record of a setting's first seed, for what is the same with every seed."""
    return results.record(f"{setting}_seed{results.seeds(setting)[0]}")


def seeds() -> list[int]:
    """Return every seed that some setting of the main comparison was run with."""
    return sorted({seed for name in networks() for seed in results.seeds(name)})


ACCURACY = "accuracy"
MEASURES = {ACCURACY: "test accuracy", "pointing": "pointing game", "energy": "energy in the box"}
MAPS = {"attention": "the block's own", "grad_cam": "Grad-CAM"}
COSTS = {
    "block": "the block",
    "parameters": "added parameters",
    "macs": "added multiply-accumulates",
    "time": "time, plain = 1",
}
BATCH = 50
"""The batch size whose times are shown: the time of a single image is mostly the framework's own."""

MEASURE = Control("measure", "up", tuple(MEASURES), ACCURACY, "menu", tuple(MEASURES.values()))
MAP = Control("map", "map", tuple(MAPS), "attention", "menu", tuple(MAPS.values()))
STAGE = Control("stage", "stage", (1, 2, 3), 2, "choice")
COST = Control("cost", "across", tuple(COSTS), "block", "menu", tuple(COSTS.values()))


def menu(name: str, label: str, default: str) -> Control:
    """Make a menu of all settings, under the names of their blocks."""
    return Control(
        name,
        label,
        Deferred(networks),
        default,
        "menu",
        Deferred(lambda: (one.title for one in networks().values())),
        Deferred(lambda: (one.family for one in networks().values())),
    )


FIRST = menu("first", "A", "se_r4_bias")
SECOND = menu("second", "B", PLAIN)


@dataclass(frozen=True)
class Measure:
    """What is measured: the accuracy, or where one kind of map points in one stage.

    Attributes:
        name: one of ``MEASURES``.
        of: one of ``MAPS``; nothing for the accuracy.
        stage: of the network; nothing for the accuracy.
    """

    name: str
    of: Map | None = None
    stage: int | None = None

    def of_setting(self, setting: str) -> Spread | None:
        """Return what was measured of a setting; None if it has no such map."""
        from gate_by_gate.results import comparison

        if self.of is None or self.stage is None:
            return comparison.accuracy(setting)
        score = {"pointing": comparison.pointing, "energy": comparison.energy}[self.name]
        try:
            return score(setting, self.stage, self.of)
        except ValueError:
            return None


def picked_measure(setting: Setting) -> Measure:
    """Return the measure that a setting names.

    Raises:
        ValueError: there is no such measure, map or stage.
    """
    name = check_choice("measure", setting["measure"], tuple(MEASURES))
    of, stage = check_choice("map", setting["map"], tuple(MAPS)), picked_stage(setting)
    return Measure(name) if name == ACCURACY else Measure(name, of, stage)  # type: ignore[arg-type]


@cache
def measured(measure: Measure) -> dict[str, Spread]:
    """Return what was measured of every setting that has the measure, by setting."""
    spreads = {name: measure.of_setting(name) for name in networks()}
    return {name: spread for name, spread in spreads.items() if spread is not None}


def overview(setting: Setting) -> Data:
    """Draw every setting as a point: what it reaches over what it costs."""
    measure = picked_measure(setting)
    cost = check_choice("cost", setting["cost"], tuple(COSTS))
    return {"chart": draw(measure, cost), "note": Text(explain(measure, cost))}


@cache
def draw(measure: Measure, cost: str) -> Chart:
    """Draw the points, one series for each block."""
    across = costs(cost)
    spreads = {name: spread for name, spread in measured(measure).items() if name in across}
    places = {name: across[name].x for name in spreads}
    positions = places if cost == "block" else side_by_side(places)
    families = list(dict.fromkeys(one.family for one in networks().values()))
    members: dict[str, list[Point]] = {name: [] for name in families}
    axis = measure_axis(measure)
    for name, spread in spreads.items():
        interval = drawn(spread.interval, axis)
        members[networks()[name].family].append(
            Point(
                positions[name],
                within(100 * spread.mean, axis),
                (across[name].text, percent(spread.mean)),
                interval=interval,
                interval_text=percents(spread.interval) if interval else "",
                name=networks()[name].title,
            )
        )
    best, worst = (pick(spreads, key=lambda name: spreads[name].mean) for pick in (max, min))
    return Chart(
        cost_axis(cost),
        axis,
        [Points(name, points, families.index(name)) for name, points in members.items() if points],
        f"{len(spreads)} settings by {COSTS[cost]} and {describe(measure)}: from "
        f"{percent(spreads[worst].mean)} ({networks()[worst].title}) to {percent(spreads[best].mean)} "
        f"({networks()[best].title}).",
        rings=[Ring("first", "A"), Ring("second", "B")],
    )


def within(value: float, axis: Axis) -> float:
    """Return where a percentage is drawn: at its value, or at the end of the axis that it lies outside of."""
    return round(min(max(value, float(axis.low)), float(axis.high)), 1)


def drawn(interval: tuple[float, float], axis: Axis) -> tuple[float, float] | None:
    """Return the part of an interval that the axis holds, in per cent."""
    low, high = interval
    return None if math.isnan(low) else (within(100 * low, axis), within(100 * high, axis))


def percent(share: float) -> str:
    """Write a share as a percentage."""
    return f"{100 * share:.1f} %"


def percents(ends: tuple[float, float]) -> str:
    """Write an interval of shares."""
    low, high = ends
    return "one seed" if math.isnan(low) else f"{100 * low:.1f} to {100 * high:.1f} %"


def half_width(spread: Spread) -> str:
    """Write how far the interval of a mean reaches to either side."""
    reach = spread.interval[1] - spread.mean
    return "one seed" if math.isnan(reach) else f"± {100 * reach:.1f} %"


@dataclass(frozen=True)
class Cost:
    """A cost as it is drawn: where along the axis, and how a reader sees it."""

    x: float
    text: str


def costs(name: str) -> dict[str, Cost]:
    """Return the cost of every setting whose cost is known.

    Zero lies nowhere on a logarithmic axis: it stands at the axis's low end.
    """
    if name == "block":
        return {
            one: Cost(at, network.family) for at, (one, network) in enumerate(networks().items(), start=1)
        }
    if name == "time":
        return {one: cost for one in networks() if (cost := time_of(one)) is not None}
    added = {
        setting: one.parameters if name == "parameters" else one.macs for setting, one in networks().items()
    }
    return {setting: Cost(max(value, ZERO_AT[name]), f"{value:,}") for setting, value in added.items()}


ZERO_AT = {"parameters": 1, "macs": 10}
"""Where zero is drawn on a logarithmic axis: below the least that a block adds."""


def time_of(setting: str) -> Cost | None:
    """Return a network's time over that of the plain one; None if it was not timed."""
    try:
        ratio = results.timing(setting)[BATCH].ratio
    except KeyError:
        return None
    return Cost(ratio, f"{ratio:.2f}")


STEP = 1.05
"""Of points of equal cost, each is drawn so many times further along, or their lines would coincide."""


def side_by_side(positions: dict[str, float]) -> dict[str, float]:
    """Move points that have the same position along the axis apart, evenly to both sides."""
    together: dict[float, list[str]] = defaultdict(list)
    for name, x in positions.items():
        together[x].append(name)
    return {
        name: float(f"{x * STEP ** (at - (len(names) - 1) / 2):.4g}")
        for x, names in together.items()
        for at, name in enumerate(names)
    }


TICKS: dict[str, list[tuple[float, str]]] = {
    "parameters": [(1, "0"), (10, "10"), (100, "100"), (1_000, "1 k"), (10_000, "10 k")],
    "macs": [(10, "0"), (1_000, "1 k"), (10_000, "10 k"), (100_000, "100 k"), (1_000_000, "1 M")],
    "time": [(1, "1"), (1.5, "1.5"), (2, "2"), (3, "3"), (5, "5"), (10, "10"), (20, "20")],
}
SCALES = {
    "parameters": "added parameters (log)",
    "macs": "added multiply-accumulates (log)",
    "time": "time, plain = 1 (log)",
}


def cost_axis(cost: str) -> Axis:
    """Make the horizontal axis, with room on both sides."""
    positions = [one.x for one in costs(cost).values()]
    if cost == "block":
        # Each block's name stands in the middle of its settings.
        members: dict[str, list[float]] = defaultdict(list)
        for one in costs(cost).values():
            members[one.text].append(one.x)
        # Of few settings, so there is little room; the legend names both by their symbols.
        short = {"CoordAtt": "Coord", "self-attention": ""}
        middles: list[tuple[float, str]] = [
            (statistics.mean(at), short.get(name, name)) for name, at in members.items()
        ]
        return Axis("settings, block by block", 0, len(positions) + 1, middles)
    low, high = min(positions) / 1.4, max(positions) * 1.4
    ticks = [(x, text) for x, text in TICKS[cost] if low <= x <= high]
    return Axis(SCALES[cost], low, high, ticks, log=True)


def measure_axis(measure: Measure) -> Axis:
    """Make the axis of the measure, in per cent.

    It holds the points and their intervals, but not those far out: one network that did not learn would
    press all others into a line.
    """
    spreads = measured(measure).values()
    fences = fences_of([spread.mean for spread in spreads])
    ends = [end for spread in spreads for end in (spread.mean, *spread.interval)]
    # Not a number, the end of no interval, is in no range either.
    shown = [100 * min(max(end, 0), 1) for end in ends if fences[0] <= end <= fences[1]]
    low, high = min(shown), max(shown)
    step = next((step for step in (0.5, 1, 2, 5, 10, 20) if (high - low) / step <= 8), 20)
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = [(step * at, f"{step * at:g} %") for at in range(first, last + 1)]
    return Axis(describe(measure), step * first, step * last, ticks)


def fences_of(values: Sequence[float]) -> tuple[float, float]:
    """Return the least and the largest value that is not far out, by Tukey's outer fences (1977).

    They lie outside the quartiles by three times the quartiles' distance.
    """
    lower, _, upper = statistics.quantiles(values, method="inclusive")
    if lower == upper:
        return -math.inf, math.inf
    return lower - 3 * (upper - lower), upper + 3 * (upper - lower)


def off_axis(measure: Measure) -> list[str]:
    """Name the settings whose mean lies outside the axis."""
    axis = measure_axis(measure)
    far = [
        f"{networks()[name].title} ({percent(spread.mean)})"
        for name, spread in measured(measure).items()
        if within(100 * spread.mean, axis) != round(100 * spread.mean, 1)
    ]
    return [f"Far out, and drawn at the edge: {', '.join(far)}."] if far else []


def describe(measure: Measure) -> str:
    """Name a measure with the map that it is of: ``"pointing game, Grad-CAM of stage 2"``."""
    what = MEASURES[measure.name]
    if measure.of is None:
        return what
    return f"{what}, {'own map' if measure.of == 'attention' else 'Grad-CAM'} in stage {measure.stage}"


@cache
def explain(measure: Measure, cost: str) -> str:
    """Say what is drawn, of how many settings and seeds, and which of them are not to be seen."""
    says = [*say_measure(measure), say_seeds(measured(measure).values()), *off_axis(measure)]
    return " ".join([*says, *say_cost(measure, cost)])


def say_measure(measure: Measure) -> list[str]:
    """Say what is measured, and by which settings."""
    if measure.of is None:
        total = first_record(PLAIN)["test"]["total"]
        return [f"The share of {total:,} test images that are read correctly."]
    scored = measured(measure)
    score = first_record(next(iter(scored)))["localization"][f"layer{measure.stage}"][measure.of]
    on, chance = f"{score['total']:,} test images", percent(score["chance"])
    says = {
        "pointing": f"The share of {on} on which the largest value of a map lies in the digit's box; a place "
        f"picked at random does on {chance}.",
        "energy": f"The share of a map that lies in the digit's box, mean over {on}; of a flat map it is "
        f"{chance}.",
    }[measure.name]
    if measure.of == "grad_cam":
        return [says, "The map is Grad-CAM of what the stage returns, which every network has."]
    without = len(networks()) - len(scored)
    return [
        says,
        f"The map is the block's own, mean over channels or heads; {without} of {len(networks())} settings "
        "have none here, since their gates treat all places alike: for these there is Grad-CAM.",
    ]


def say_seeds(spreads: Iterable[Spread]) -> str:
    """Say what a point stands for, and the line through it."""
    counts = sorted({len(spread.values) for spread in spreads})
    if counts == [1]:
        return "A point is one seed, so there are no intervals yet."
    span = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"A point is the mean of {span} seeds, its line the 95 % interval of that mean."


def say_cost(measure: Measure, cost: str) -> list[str]:
    """Say how a cost was found, and of how many settings it is not known."""
    if cost == "block":
        return ["Every setting has its place beside those of the same block."]
    if cost != "time":
        counted = ["Multiply-accumulates are counted for one image."] if cost == "macs" else []
        return [
            "Settings of equal cost stand side by side; what adds nothing stands at the left end, at 0.",
            *counted,
        ]
    how = results.timing_conditions()
    left_out = len(measured(measure)) - len(measured(measure).keys() & costs(cost).keys())
    missing = [f"{left_out} settings were not timed."] if left_out else []
    return [
        f"Processor time of a forward pass of {BATCH} images over that of the plain network, which took "
        f"turns with it: median of {how['rounds']} rounds on one thread ({how['cpu']}).",
        *missing,
    ]


MARKS = {
    "better": "+",
    "worse": "-",
    "not distinguishable here": "=",
    "one seed: no verdict": "1",
}

# Any of thousands of pairs can be picked here, so what is said is of this pair alone: no verdict on a block.
VERDICTS = {
    "+": "A is ahead in this pair: the interval lies above zero.",
    "-": "A is behind in this pair: the interval lies below zero.",
    "=": "Not distinguishable here: the interval of the difference holds zero.",
    "1": "One seed alone: a difference without an interval, so no verdict.",
    "same": "A and B are the same setting.",
}


def compare(setting: Setting) -> Data:
    """Contrast any two settings."""
    measure = picked_measure(setting)
    return {"contrast": contrasted(measure)}


@cache
def contrasted(measure: Measure) -> Contrast:
    """Contrast all pairs of the settings that have the measure."""
    from gate_by_gate.results.comparison import welch

    spreads = measured(measure)
    names, run_seeds = list(spreads), seeds()

    def difference(first: int, second: int) -> Difference:
        found = welch(spreads[names[first]], spreads[names[second]])
        return Difference(found.mean, found.high - found.mean, MARKS[found.verdict])

    members = [
        Member(
            name, percent(spread.mean), half_width(spread), [spread.values.get(seed) for seed in run_seeds]
        )
        for name, spread in spreads.items()
    ]
    where = f"in stage {measure.stage}: see Grad-CAM"
    absent = (f"A has no map of its own {where}.", f"B has no map of its own {where}.")
    return Contrast(
        ("first", "second"),
        run_seeds,
        members,
        difference,
        VERDICTS,
        (*absent, f"Neither has a map of its own {where}."),
        describe(measure),
    )


def write_measure(name: Any, of: Any, stage: Any) -> str:
    """Write the arguments after the name of a setting: none for the accuracy."""
    return "" if name == ACCURACY else f", {stage}, {of!r}"


CODE = Code(
    """\
from gate_by_gate.results.comparison import {function}, welch

first = {function}({first}{arguments})
second = {function}({second}{arguments})
difference = welch(first, second)
print(first, second, difference, sep="\\n")
""",
    {
        "function": ("measure", str),
        "arguments": (("measure", "map", "stage"), write_measure),
    },
)

WHILE_ACCURACY = dict.fromkeys(("map", "stage"), ("measure", (ACCURACY,)))
"""When a control does not matter: the accuracy is of no map."""


PAIR = Part(
    "pair",
    ("measure", "map", "stage"),
    (Item("contrast", Contrast, "A, B, and A − B in points; intervals are of 95 %"),),
    compare,
    view_controls=("first", "second"),
    irrelevant_when=WHILE_ACCURACY,
)
"""A and B with every seed, and what their difference comes to; that alone also stands above all settings."""

DEFINITION = Definition(
    name="results",
    question="Pick two settings: does one read more digits than the other?",
    controls=(FIRST, SECOND, MEASURE, MAP, STAGE, COST),
    panels=(
        Panel(
            "overview",
            "All settings",
            (
                replace(PAIR, layout="brief"),
                Part(
                    "overview",
                    ("measure", "map", "stage", "cost"),
                    (
                        Item("chart", Chart, "one point for each setting"),
                        Item("note", Text),
                    ),
                    overview,
                    "full",
                    view_controls=("first", "second"),
                    irrelevant_when=WHILE_ACCURACY,
                ),
            ),
        ),
        Panel(
            "pair",
            "A and B, every seed",
            (PAIR,),
        ),
    ),
    code=CODE,
)


class ResultsExplorer(Explorer):
    """Where the result stands: every setting of the main comparison, and any two side by side."""

    definition = DEFINITION
    room = (47.9, 68.1, 66.7)
