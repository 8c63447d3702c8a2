"""Compares what an explorer shows in a browser with what its definition computes, at every setting."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from typing import Any

import pytest
import torch
from matplotlib import colormaps
from playwright.sync_api import Locator, Page

from gate_by_gate.widgets import embedding
from gate_by_gate.widgets.definition import Definition, Part
from gate_by_gate.widgets.wording import amount
from tests.browser import drawing_by_torch

FEW_BARS = 12
"""Up to so many bars are numbered, or named, below."""

READING = (Path(__file__).parent / "reading.js").read_text(encoding="utf-8")


def palette(name: str, steps: int) -> list[list[int]]:
    """Return the colours of a map at even steps, from matplotlib and not from the front end."""
    colours = [colormaps[name](step / (steps - 1))[:3] for step in range(steps)]
    return [[round(255 * channel) for channel in colour] for colour in colours]


def prepare(page: Page) -> None:
    """Load what reads explorers back from a page."""
    page.evaluate(READING)
    for reader in sorted(embedding.ITEMS.glob("*/read.js")):
        page.evaluate(f"() => {{ {reader.read_text(encoding='utf-8')} }}")
    palettes = {"plain": palette("viridis", 16), "signed": palette("RdBu_r", 15)}
    page.evaluate("(palettes) => { reading.palettes = palettes; }", palettes)


TOGETHER = 20
"""So many settings are read at once: what is read of one may take 200 kB, and of all of them gigabytes."""

MANY = 1000
"""So many settings of what changes a view are too many to visit for each of its settings."""

SHARE = 7
"""Of so many positions one is drawn by day. It is a prime, so that those have nearly every value of every
control beside many values of the others."""

STORED = """(figure, part) => {
    const explorer = attnLib.address.explorers.find(({ element }) => element.contains(figure));
    return JSON.stringify(explorer.values.parts[part]);
}"""
"""Gives the entries of a part, by their keys, as a page has unpacked them."""


def positions(definition: Definition, part: Part) -> Iterator[dict[str, Any]]:
    """Yield every combination of the controls that a part depends on, or that change its view.

    Two menus that change a view have thousands of pairs. The settings then share out a walk on which every
    entry of every menu comes up. A contrast is one table of all pairs, from which the page reads by place:
    in the first of its settings it is visited on several walks, with entries beside themselves and beside
    earlier and later ones. That the table is right at all pairs is for a test of its records.
    """
    axes = [definition.controls[name].values for name in part.view_controls]
    pairs = list(product(*axes))
    settings = list(definition.settings(part))
    contrasts = any(item.kind.kind == "contrast" for item in part.items)
    for at, setting in enumerate(settings):
        if len(pairs) < MANY:
            visited = pairs
        elif contrasts and at == 0:
            visited = [values for shift in (0, 7, 31, 61) for values in walk(axes, shift)]
        else:
            visited = walk(axes, 7)[at :: len(settings)]
        for values in visited:
            there = setting | dict(zip(part.view_controls, values, strict=True))
            # A page does not let a reader pick what there is not beside the other controls.
            if all(definition.controls[name].offers(there[name], there) for name in part.view_controls):
                yield there


def walk(axes: list[tuple[Any, ...]], shift: int) -> list[tuple[Any, ...]]:
    """Return as many settings as the longest axis has, in which every value of every axis comes up.

    Each axis is so many steps ahead of the one before.
    """
    steps = range(max(len(axis) for axis in axes))
    return [tuple(axis[(step + shift * at) % len(axis)] for at, axis in enumerate(axes)) for step in steps]


def visit(
    figure: Locator, definition: Definition, parts: list[Part], where: list[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Move the controls of parts of a panel to positions; yield each with what is read there.

    Args:
        figure: the explorer on the page.
        definition: its definition.
        parts: what is read at each position, in this order.
        where: the positions, of the controls that move these parts.
    """
    controls, ahead = definition.controls, iter(where)
    spec = {"panels": definition.spec()["panels"]}  # without the pictures, which may be large
    while together := list(islice(ahead, TOGETHER)):
        combinations = [
            [[name, controls[name].values.index(value)] for name, value in setting.items()]
            for setting in together
        ]
        # As one string each way: Playwright would walk over every number of it several times.
        seen = figure.evaluate(
            """(figure, asked) => {
                const { spec, parts, combinations } = JSON.parse(asked);
                return JSON.stringify(combinations.map((positions) => {
                    for (const [name, at] of positions) reading.set(figure, name, at);
                    return parts.map((part) => reading.read(figure, spec, part));
                }));
            }""",
            json.dumps({"spec": spec, "parts": [part.name for part in parts], "combinations": combinations}),
        )
        yield from zip(together, json.loads(seen), strict=True)


def moved_together(definition: Definition) -> list[tuple[list[Part], list[dict[str, Any]]]]:
    """Return the parts, together those of a panel that are to be seen at the same positions, and these."""
    groups: list[tuple[list[Part], list[dict[str, Any]]]] = []
    known: set[str] = set()
    for panel in definition.panels:
        alike: list[tuple[list[Part], list[dict[str, Any]]]] = []
        for part in panel.parts:
            if part.name in known:  # it stands in two panels, and is read in the first
                continue
            known.add(part.name)
            where = list(positions(definition, part))
            group = next((group for group, others in alike if others == where), None)
            if group is None:
                alike.append(([part], where))
            else:
                group.append(part)
        groups += alike
    return groups


def shared_out(where: list[dict[str, Any]], every: int) -> list[dict[str, Any]]:
    """Return one of so many positions, and the first at each value of a control that none of these has."""
    chosen = where[::every]
    met = {pair for position in chosen for pair in position.items()}
    for position in where:
        if not position.items() <= met:
            chosen.append(position)
            met |= position.items()
    return chosen


Known = dict[tuple[Any, ...], dict[str, Any]]
"""What was computed of one definition, by the part and the values of all controls that it depends on."""


def computed(definition: Definition, part: Part, setting: dict[str, Any], known: Known) -> dict[str, Any]:
    """Return what a part shows at a setting; what is known already is not computed again."""
    at = part.name, *(setting[name] for name in part.depends)
    if at not in known:
        known[at] = part.data(definition.defaults | setting)
    return known[at]


def compare_everything(
    figure: Locator, definition: Definition, every: int = 1, known: Known | None = None
) -> int:
    """Fail unless every part shows what was computed; return how many were compared.

    Args:
        figure: the explorer on the page.
        definition: its definition.
        every: of so many positions one is looked at; see :func:`shared_out`.
        known: what was computed of this definition for another comparison.
    """
    compared, known = 0, {} if known is None else known
    for parts, where in moved_together(definition):
        for setting, shown in visit(figure, definition, parts, shared_out(where, every)):
            for part, seen in zip(parts, shown, strict=True):
                compare(seen, computed(definition, part, setting, known), part, definition, setting)
                compared += 1
    return compared


def compare_stored(figure: Locator, definition: Definition, known: Known | None = None) -> int:
    """Fail unless a page has stored what is computed, for every part and setting; return for how many.

    Args:
        figure: the explorer on the page.
        definition: its definition.
        known: as in :func:`compare_everything`.
    """
    compared, known = 0, {} if known is None else known
    for name, part in definition.parts.items():
        stored = json.loads(figure.evaluate(STORED, name))
        settings = {part.key(setting): setting for setting in definition.settings(part)}
        assert stored.keys() == settings.keys(), f"part {name}"
        for key, setting in settings.items():
            assert stored[key] == computed(definition, part, setting, known), f"part {name} at {key}"
        compared += len(settings)
    return compared


def compare(
    seen: dict[str, Any],
    expected: dict[str, Any],
    part: Part,
    definition: Definition,
    setting: dict[str, Any],
) -> None:
    """Fail unless every item shows what was computed, texts, bars, maps and charts."""
    if "missing" in expected:
        assert seen == {"missing": expected["missing"]}
        return
    for item in part.items:
        shown, data = seen[item.name], expected[item.name]
        if data is None:
            assert shown is None
            continue
        if item.kind.kind == "picture":
            compare_picture(shown, data, definition)
        elif item.kind.kind == "bars":
            compare_bars(shown, data, expected, setting)
        elif item.kind.kind == "heatmap":
            compare_heatmap(shown, data, definition, setting)
        elif item.kind.kind == "cutout":
            compare_cutout(shown, data, definition)
        elif item.kind.kind == "strips":
            for side in ("height", "width"):
                compare_levels(shown[side], data[side]["shape"], data[side]["hex"])
            compare_heatmap(shown["product"], data["product"], definition, setting)
        elif item.kind.kind == "contrast":
            compare_contrast(shown, data, setting)
        elif item.kind.kind == "chart":
            compare_chart(shown, data, definition, setting)
        elif item.kind.kind == "computation":
            compare_computation(shown, data, setting)
        elif item.kind.kind == "drawing":
            compare_drawing(shown, data, setting)
        elif item.kind.kind == "chain":
            compare_chain(shown, data, setting)
        else:
            assert shown == data, f"item {item.name} of part {part.name}"


def compare_marks(shown: dict[str, Any], marks: list[dict[str, Any]]) -> None:
    fields = [mark for mark in marks if mark["style"] == "field"]
    assert shown["rects"] == [mark["at"] for mark in fields if mark["shape"] == "rect"]
    assert shown["points"] == [at for mark in fields if mark["shape"] == "points" for at in mark["at"]]


def compare_legend(shown: list[str], marks: list[dict[str, Any]], frame: str = "", spot: str = "") -> None:
    assert shown == [label for label in (frame, *(mark["label"] for mark in marks), spot) if label]


def compare_inset(shown: dict[str, Any], drawn: dict[str, Any], definition: Definition) -> None:
    if "inset" in drawn:
        assert base64.b64decode(shown["inset"]) == planes(definition.pictures[drawn["inset"]])
    else:
        assert shown["inset"] is None


def planes(picture: dict[str, Any]) -> bytes:
    """Return red, green and blue of a picture, which are the same where it is grey."""
    return base64.b64decode(picture["data"]) * (1 if picture.get("colour") else 3)


def compare_under(shown: str, picture: dict[str, Any]) -> None:
    """Fail unless it is that picture: by name if it is a file of its own, else pixel by pixel."""
    if "file" in picture:
        assert shown == picture["name"]
    else:
        assert base64.b64decode(shown) == planes(picture)


def compare_picture(shown: dict[str, Any], data: dict[str, Any], definition: Definition) -> None:
    picture = definition.pictures[data["index"]]
    assert shown["alt"] == data["alt"]
    assert shown["shape"] == picture["shape"]
    compare_under(shown["planes"], picture)
    assert shown["box"] == (data["box"] and pytest.approx(data["box"], abs=1e-3))
    marks = data.get("marks", [])
    compare_marks(shown["fields"], marks)
    compare_legend(shown["legend"], marks, frame=data["frame"])
    compare_inset(shown, data, definition)


def compare_cutout(shown: dict[str, Any], data: dict[str, Any], definition: Definition) -> None:
    assert (shown["alt"], shown["shape"]) == (data["alt"], data["shape"])
    compare_under(shown["picture"], definition.pictures[data["index"]])
    before, now = (cells_of_runs(data[name]) for name in ("before", "now"))
    letters = {(False, False): "g", (False, True): "h", (True, False): "i", (True, True): "j"}
    assert shown["cells"] == "".join(letters[pair] for pair in zip(before, now, strict=True))


def cells_of_runs(text: str) -> list[bool]:
    """Return the cells of a mask: runs of not marked, then marked, and so on, each counted in base 26."""
    cells: list[bool] = []
    for turn, written in enumerate(re.findall("[a-z]*[A-Z]", text)):
        length = 0
        for digit in written.lower():
            length = 26 * length + ord(digit) - ord("a")
        cells += [turn % 2 == 1] * length
    return cells


def compare_bars(
    shown: dict[str, Any], data: dict[str, Any], expected: dict[str, Any], setting: dict[str, Any]
) -> None:
    assert shown["alt"] == data["alt"]
    low, high = data["low"], data["high"]
    assert (shown["low"], shown["high"]) == (low, high)
    order = list(range(len(data["values"])))
    sort = data.get("sort")
    if sort and setting[sort["control"]] == sort["when"]:
        by = expected[sort["by"]]["values"]
        order.sort(key=lambda channel: -by[channel])
    for bar, channel in zip(shown["bars"], order, strict=True):
        # The bar spans from zero to its value on a scale whose top is 0 and bottom 1.
        ends = high - (high - low) * bar["top"], high - (high - low) * (bar["top"] + bar["height"])
        assert sorted(ends) == pytest.approx(sorted((0, data["values"][channel])), abs=1e-6)
        assert bar["banded"] == (channel in data.get("band", []))
    before = [data["before"][channel] for channel in order] if "before" in data else []
    assert shown["before"] == pytest.approx([(high - value) / (high - low) for value in before], abs=1e-6)
    names = data.get("names", range(len(order)))
    numbered = [str(names[channel]) for channel in order]
    assert shown["names"] == (numbered if len(order) <= FEW_BARS else [])


def compare_levels(shown: dict[str, Any], shape: list[int], hex_digits: str) -> None:
    assert shown["off"] <= 2, "a colour of the map is not in its palette"
    assert (shown["shape"], shown["hex"]) == (shape, hex_digits)


def compare_heatmap(
    shown: dict[str, Any], data: dict[str, Any], definition: Definition, setting: dict[str, Any]
) -> None:
    size = math.prod(data["shape"])
    at, text = 0, ""
    if "pick" in data:
        control = definition.controls[data["pick"]]
        at = control.values.index(setting[data["pick"]])
        text = str(control.spec()["texts"][at])
    start = size * at if len(data["hex"]) > size else 0
    compare_levels(shown, data["shape"], data["hex"][start : start + size])
    for name in ("alt", "caption"):
        assert shown[name] == data[name].replace("{}", text)
    high = data["high"][at] if isinstance(data["high"], list) else data["high"]
    assert (shown["low"], shown["high"]) == (data["low"], high)
    assert shown["signed"] == data.get("signed", False)
    assert shown["spots"] == ([data["spots"][at]] if "spots" in data else [])
    name, value = data.get("sets", (None, None))
    assert (shown["sets"], shown["set"]) == ("sets" in data, "sets" in data and setting[name] == value)
    over = data.get("over")
    marks = (over or data).get("marks", [])
    compare_marks(shown["fields"], marks)
    compare_legend(shown["legend"], marks, frame=(over or {}).get("frame", ""), spot=data.get("spot", ""))
    compare_inset(shown, over or {}, definition)
    if over is None:
        assert shown["under"] is None
    else:
        compare_under(shown["under"], definition.pictures[over["index"]])
        assert shown["box"] == (pytest.approx(over["box"], abs=1e-3) if "box" in over else None)


def share(axis: dict[str, Any], value: float) -> float:
    """Return where a value lies along an axis."""
    low, high = axis["low"], axis["high"]
    if axis["log"]:
        return math.log(value / low) / math.log(high / low)
    return (value - low) / (high - low)


def compare_chart(
    shown: dict[str, Any], data: dict[str, Any], definition: Definition, setting: dict[str, Any]
) -> None:
    x, y, series = data["x"], data["y"], data["series"]
    here = data.get("here")
    if here and "pick" in here:
        here = here["at"][str(setting[here["pick"]])]
    assert shown["alt"] == data["alt"]
    assert sorted(shown["labels"]) == sorted((x["label"], y["label"]))
    for name, axis in (("x", x), ("y", y)):
        assert [text for _, text in shown["ticks"][name]] == [text for _, text in axis["ticks"]]
        places = [place for place, _ in shown["ticks"][name]]
        assert places == pytest.approx([share(axis, value) for value, _ in axis["ticks"]], abs=1e-4)

    def at(point: dict[str, Any]) -> list[float]:
        return [share(x, point["x"]), share(y, point["y"])]

    def flat(points: list[list[float]]) -> list[float]:
        return [side for point in points for side in point]

    lines = [one for one in series if one["kind"] != "points"]
    for drawn, one in zip(shown["lines"], lines, strict=True):
        assert drawn["steps"] == (one["kind"] == "step")
        # SVG counts from the top; a step goes to the next point first across and then up or down.
        path = [side for point in one["points"] for side in (at(point)[0], 1 - at(point)[1])]
        assert drawn["path"] == pytest.approx(path, abs=1e-6)
    dots = [at(point) for one in series if one["kind"] != "step" for point in one["points"]]
    assert flat(shown["dots"]) == pytest.approx(flat(dots), abs=1e-4)
    every = [point for one in series for point in one["points"]]
    rings = [at(point) for point in every if point.get("marked")]
    picked = [
        (ring["label"], point)
        for ring in data.get("rings", [])
        for point in every
        if point.get("name") == text_of(definition, ring["pick"], setting)
    ]
    rings += [at(point) for _, point in picked]
    rings += [at(here)] if here else []
    assert shown["letters"] == [letter for letter, _ in picked]
    assert flat(shown["rings"]) == pytest.approx(flat(rings), abs=1e-4)
    intervals = [[share(x, p["x"]), share(y, p["low"]), share(y, p["high"])] for p in every if "low" in p]
    assert flat(shown["intervals"]) == pytest.approx(flat(intervals), abs=1e-4)
    assert shown["legend"] == ([one["name"] for one in series] if len(series) > 1 else [])
    if picked:
        assert shown["said"] == "; ".join(f"{letter}: {point['text'][1]}" for letter, point in picked)
    wide = any("low" in point for point in every)
    assert shown["rows"] == [
        [point.get("name", one["name"]), *point["text"], *([""] if wide and len(point["text"]) < 3 else [])]
        for one in series
        for point in one["points"]
    ]
    if here:
        assert shown["said"] == here["text"]


def text_of(definition: Definition, name: str, setting: dict[str, Any]) -> str:
    """Return how a reader sees where a control stands."""
    control = definition.controls[name]
    return str(control.spec()["texts"][control.values.index(setting[name])])


def compare_contrast(shown: dict[str, Any], data: dict[str, Any], setting: dict[str, Any]) -> None:
    values = [member["value"] for member in data["members"]]
    places = [values.index(setting[name]) if setting[name] in values else None for name in data["pick"]]
    first, second = [None if place is None else data["members"][place] for place in places]
    mean = reach = None
    if first is None or second is None:
        verdict = data["absent"][2 if first is second else 0 if first is None else 1]
    elif first is second:
        mean, verdict = 0, data["verdicts"]["same"]
    else:
        low, high = sorted(places)
        mean, reach = data["pairs"][low][2 * (high - low - 1) :][:2]
        mark = data["marks"][low][high - low - 1]
        if places[0] > places[1] and mean is not None:
            mean, mark = -mean, {"+": "-", "-": "+"}.get(mark, mark)
        verdict = data["verdicts"][mark]
    assert shown["verdict"] == verdict
    difference = [
        "–" if mean is None else f"{mean / 10:+.1f}".replace("-", "−") if mean else "0.0",
        "–" if reach is None else f"± {reach / 10:.1f}",
    ]
    columns = [
        [member["text"], member["interval"], *("–" if v is None else f"{v:.1f} %" for v in member["seeds"])]
        if member
        else ["–"] * (2 + len(data["seeds"]))
        for member in (first, second)
    ]
    heads = ["mean", "interval", *(f"seed {seed}" for seed in data["seeds"])]
    difference += [""] * len(data["seeds"])
    assert shown["rows"] == [list(row) for row in zip(heads, *columns, difference, strict=True)]
    compare_seeds(shown, data, first, second)

    # From minus to plus the first span that holds the interval, with zero in the middle.
    needed = (abs(mean or 0) + (reach or 0)) / 10
    span = next(span for span in data["spans"] if needed <= span)
    assert shown["scale"] == [[0, f"−{span}"], [0.5, "0"], [1, f"+{span}"]]
    if mean is None:
        assert shown["difference"] == []
    else:
        assert shown["difference"] == [[pytest.approx(0.5 + mean / 20 / span, abs=1e-4)]]
    if reach is None:
        assert shown["interval"] == []
    else:
        ends = [0.5 + (mean + side * reach) / 20 / span for side in (-1, 1)]
        assert shown["interval"] == [pytest.approx(ends, abs=1e-4)]


def compare_seeds(
    shown: dict[str, Any], data: dict[str, Any], first: dict[str, Any] | None, second: dict[str, Any] | None
) -> None:
    """Compare the lines, a quarter to three quarters across; the extremes are a tenth from the edge."""
    ends = [
        [member["seeds"][i] if member else None for member in (first, second)]
        for i in range(len(data["seeds"]))
    ]
    values = [value for pair in ends for value in pair if value is not None]
    low, high = (min(values), max(values)) if values else (0, 0)

    def up(value: float) -> float:
        return 0.1 + 0.8 * (value - low) / (high - low) if high > low else 0.5

    dots = [[x, up(v)] for pair in ends for x, v in zip((0.25, 0.75), pair, strict=True) if v is not None]
    assert shown["dots"] == [pytest.approx(dot, abs=1e-4) for dot in dots]
    lines = [[0.25, up(a), 0.75, up(b)] for a, b in ends if a is not None and b is not None]
    assert shown["lines"] == [pytest.approx(line, abs=1e-4) for line in lines]
    assert shown["label"] == f"every seed: {data['label']}"
    marked = sorted({low, high}) if values else []
    assert shown["ends"] == [[pytest.approx(up(v), abs=1e-4), f"{v:.1f} %"] for v in marked]


def compare_computation(shown: dict[str, Any], data: dict[str, Any], setting: dict[str, Any]) -> None:
    """Compare the step that is shown and, of each number computed, what lights up and what is said."""
    grids, step = data["grids"], data["steps"][setting[data["pick"]]]
    for name in ("says", "operation", "operands", "results"):
        assert shown[name] == step[name]
    assert shown["reel"] == [
        " ".join(dict.fromkeys(grids[name]["symbol"] for row in one["results"] for name in row))
        for one in data["steps"]
    ]
    names = [name for row in (*step["operands"], *step["results"]) for name in row]
    assert shown["grids"] == {
        name: {
            "alt": grids[name]["alt"],
            "label": grids[name]["label"],
            "planes": grids[name].get("planes", []),
            "values": [f"{value:g}".replace("-", "−") for value in grids[name]["values"]],
        }
        for name in names
    }
    results = [name for row in step["results"] for name in row]
    assert list(shown["computed"]) == results
    for name in results:
        grid, computed = grids[name], shown["computed"][name]
        assert [int(number) for number in computed] == list(range(len(grid["values"])))
        for number, (said, lit) in computed.items():
            at = int(number)
            sources = {source: sorted({*places[at]}) for source, places in grid.get("sources", {}).items()}
            assert lit == {source: places for source, places in sources.items() if places}
            working = grid["workings"][at] if "workings" in grid else f"{grid['values'][at]:g}"
            assert said.endswith(f": {working}".replace("-", "−"))
            assert said.startswith(grid["symbol"])


def compare_drawing(shown: dict[str, Any], data: dict[str, Any], setting: dict[str, Any]) -> None:
    """Compare a drawing that the reader has left as it was."""
    assert shown["label"] == data["label"]
    assert "".join(map(str, shown["map"])) == data["maps"][json.dumps(setting[data["pick"]])]
    compare_drawn(shown, data, setting)


def compare_drawn(shown: dict[str, Any], data: dict[str, Any], setting: dict[str, Any]) -> None:
    """Compare what is shown of a drawing with what PyTorch computes from it."""
    assert shown["pressed"] == [value == 1 for value in shown["map"]]
    computed = drawing_by_torch.compute(data, torch.tensor(shown["map"]).reshape(data["shape"]), setting)
    assert list(shown["results"]) == list(computed)
    for operation in data["operations"]:
        read, result = shown["results"][operation["name"]], computed[operation["name"]]
        assert (read["label"], read["columns"]) == (operation["label"], result.shape[1])
        values = [float(text.replace("−", "-")) for text in read["values"]]
        # A number is rounded where it is shown, and one half may go either way.
        reach = 0.5001 * 10 ** -operation["decimals"]
        assert values == pytest.approx(result.flatten().tolist(), abs=reach)


BAR_ROOM = 1.3
"""A bar of a chain has room for so many times the largest cost that a stage has of its own."""


def compare_chain(shown: dict[str, Any], data: dict[str, Any], setting: dict[str, Any]) -> None:
    """Compare the boxes, the slots and what fills them, the bars on their scale, and their sums."""
    assert (shown["caption"], shown["keyed"]) == (data["caption"], any(data["filled"]))
    for drawn, stage, filled in zip(shown["stages"], data["stages"], data["filled"], strict=True):
        repeats = stage["repeats"]
        assert (drawn["name"], drawn["times"]) == (stage["name"], f"× {repeats}" if repeats > 1 else "")
        assert drawn["skips"] == stage["skips"]
        assert sorted(drawn["slots"]) == sorted(stage["slots"])
        assert drawn["filled"] == [filled] * bool(filled)
    for side in ("width", "height"):
        # The largest box says how many shares of the drawing a whole box has.
        largest = max(range(len(shown["stages"])), key=lambda at: data["stages"][at][side])
        whole = shown["stages"][largest][side] / data["stages"][largest][side]
        expected = [whole * stage[side] for stage in data["stages"]]
        assert [stage[side] for stage in shown["stages"]] == pytest.approx(expected, abs=1e-4)
    told = []
    for column, (name, expected) in zip(shown["columns"], data["columns"].items(), strict=True):
        costs = expected.get("costs") or expected["by"][str(setting[data["pick"]])]
        own, added = costs["own"], costs["added"]
        most = max(BAR_ROOM * max(own), *(sum(pair) for pair in zip(own, added, strict=True)))
        for bar, mine, more in zip(column["costs"], own, added, strict=True):
            assert bar["texts"] == [amount(mine), f"+{amount(more)}" if more else ""]
            assert bar["shares"] == pytest.approx([mine / most, more / most], abs=1e-4)
        whole, extra = sum(own) + sum(added), sum(added)
        # Two digits, but never as a power of ten.
        share = f"{float(f'{100 * extra / sum(own):.2g}'):,.9f}".rstrip("0").rstrip(".")
        assert column["label"] == expected["label"]
        assert column["sums"] == {
            name: {"value": whole, "text": f"{whole:,}"},
            f"added_{name}": {"value": extra, "text": f"+{extra:,} ({share} %)" if extra else "+0"},
        }
        told += [f"{part['text']}" for part in column["sums"].values()]
    assert all(text in shown["alt"] for text in (data["caption"], *told))
