"""Controls, definitions and payloads: the contract between the records and the front end."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace

import pytest

from gate_by_gate.widgets.controls import Control, key_of, place
from gate_by_gate.widgets.definition import Definition, Item, Panel, Part, some_of
from gate_by_gate.widgets.items.number import Number
from gate_by_gate.widgets.items.text import Text
from gate_by_gate.widgets.snippets import Code

A = Control("a", "first", (2, 3, 5), 3)
B = Control("b", "second", (True, False), False, "choice", ("on", "off"))
C = Control("c", "third", ("x", "y"), "x", "choice")
VALUE = (Item("value", Text),)


def definition() -> Definition:
    product = Part(
        "product", ("a", "c"), (Item("value", Text, "times"),), lambda s: {"value": Text(f"{s['a']}{s['c']}")}
    )
    flag = Part("flag", ("b",), (Item("value", Text),), lambda s: {"value": Text(str(s["b"]))})
    return Definition(
        "toy", "Move it", (A, C, B), (Panel("one", "One", (product,)), Panel("two", "Two", (flag,)))
    )


def test_a_payload_grows_with_the_sum_of_its_parts():
    payload = definition().payload()
    assert {name: len(entries) for name, entries in payload["parts"].items()} == {"product": 6, "flag": 2}


def test_a_part_that_stands_in_two_panels_is_stored_once():
    part = Part("p", ("a",), VALUE, lambda s: {"value": Text(str(s["a"]))})
    panels = (Panel("one", "One", (replace(part, layout="brief"),)), Panel("two", "Two", (part,)))
    toy = Definition("toy", "Move it", (A,), panels)
    assert list(toy.payload()["parts"]) == ["p"]
    assert [panel["parts"][0]["layout"] for panel in toy.spec()["panels"]] == ["brief", "wide"]
    other = replace(part, compute=lambda s: {"value": Text("another thing")})
    with pytest.raises(ValueError, match="parts of toy must have different names; got twice: p"):
        Definition("toy", "Move it", (A,), (panels[0], Panel("two", "Two", (other,))))


def test_a_payload_holds_the_record_of_every_combination_of_controls():
    toy = definition()
    parts = toy.payload()["parts"]
    for a, b, c in itertools.product(A.values, B.values, C.values):
        setting = {"a": a, "b": b, "c": c}
        stored = {name: parts[name][part.key(setting)] for name, part in toy.parts.items()}
        assert stored == toy.record(setting)


def test_values_that_there_are_not_beside_others_are_not_stored():
    head = Control("head", "head", (2, 3, 5), 2, "choice", within=("a", {2: (2,), 3: (2, 3)}))
    part = Part("p", ("a", "head"), VALUE, lambda s: {"value": Text(f"{s['a']}{s['head']}")})
    toy = Definition("toy", "Move it", (A, head), (Panel("one", "One", (part,)),))
    assert list(toy.payload()["parts"]["p"]) == ["2|2", "3|2", "3|3", "5|2", "5|3", "5|5"]
    assert toy.spec()["controls"]["head"]["within"] == {"control": "a", "values": {"2": [2], "3": [2, 3]}}


def test_values_within_those_of_no_control_are_refused():
    part = Part("p", ("c",), VALUE, lambda s: {"value": Text(str(s["c"]))})
    with pytest.raises(ValueError, match=r"`within` of 'c' must name controls out of \['c'\]; got size"):
        Definition("toy", "Move it", (replace(C, within=("size", {})),), (Panel("one", "One", (part,)),))
    with pytest.raises(ValueError, match="`within` is for a 'choice'; got a, a 'range'"):
        replace(A, within=("b", {}))


def test_a_control_that_does_not_matter_multiplies_no_entries():
    part = Part(
        "p",
        ("a", "b"),
        VALUE,
        lambda s: {"value": Text(str(s["b"] and s["a"]))},
        irrelevant_when={"a": ("b", (False,))},
    )
    toy = Definition("toy", "Move it", (A, B), (Panel("one", "One", (part,)),))
    parts = toy.payload()["parts"]
    assert {key: data["value"]["text"] for key, data in parts["p"].items()} == {
        "2|true": "2",
        "3|true": "3",
        "5|true": "5",
        "false": "False",
    }
    for a, b in itertools.product(A.values, B.values):
        setting = {"a": a, "b": b}
        assert parts["p"][part.key(setting)] == part.data(setting)
    assert toy.spec()["panels"][0]["parts"][0]["irrelevant_when"] == {"a": {"control": "b", "in": [False]}}


def test_only_what_a_part_depends_on_can_be_irrelevant_to_it():
    with pytest.raises(
        ValueError, match=r"`irrelevant_when` must name controls out of \('a',\); got \['a', 'b'\]"
    ):
        Part("p", ("a",), (), lambda s: {}, irrelevant_when={"a": ("b", (False,))})


def test_a_key_is_written_as_javascript_writes_json():
    assert key_of(("a", "b", "c"), {"a": 16, "b": True, "c": "x"}) == '16|true|"x"'


def test_a_payload_is_json():
    payload = definition().payload()
    assert json.loads(json.dumps(payload)) == payload


def test_the_spec_names_controls_panels_and_items_in_order():
    spec = definition().spec()
    assert list(spec["controls"]) == ["a", "c", "b"]
    assert spec["controls"]["b"] == {
        "name": "b",
        "label": "second",
        "style": "choice",
        "values": [True, False],
        "texts": ["on", "off"],
    }
    assert [panel["controls"] for panel in spec["panels"]] == [["a", "c"], ["b"]]
    assert spec["panels"][0]["parts"] == [
        {
            "name": "product",
            "depends": ["a", "c"],
            "view_controls": [],
            "irrelevant_when": {},
            "layout": "wide",
            "holds": [],
            "room": [0, 0],
            "items": [{"name": "value", "kind": "text", "label": "times"}],
        }
    ]


def test_a_control_reads_as_its_values_unless_it_is_given_texts():
    assert A.spec()["texts"] == ["2", "3", "5"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"default": 7}, r"`default` of a must be one of \(2, 3\); got 7"),
        ({"style": "dial"}, r"`style` must be one of \('range', .*'menu'\); got 'dial'"),
        ({"texts": ("two",)}, "a has 2 values but 1 texts"),
        ({"style": "place"}, "a 'place', and nothing else, needs `grid` and `on`; got a"),
        ({"grid": (1, 2), "on": "map"}, "a 'place', and nothing else, needs `grid` and `on`; got a"),
        (
            {"style": "place", "grid": (1, 2), "on": "map"},
            r"the values of a must number the cells of its \(1, 2\) grid",
        ),
    ],
)
def test_a_control_that_cannot_be_drawn_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Control(**{"name": "a", "label": "first", "values": (2, 3), "default": 2} | arguments)


@pytest.mark.parametrize(
    "arguments", [{"style": "menu", "groups": ("one",)}, {"style": "choice", "groups": ("one", "two")}]
)
def test_headings_are_for_menus_one_for_each_value(arguments):
    with pytest.raises(ValueError, match="`groups` must name one heading for each value of a 'menu'; got a"):
        Control(**{"name": "a", "label": "first", "values": (2, 3), "default": 2} | arguments)


def test_a_menu_takes_what_it_offers_and_nothing_else():
    menu = Control("m", "pick", ("x", "y"), "x", "menu", ("an x", "a y"), ("letters", "others"))
    assert menu.spec()["groups"] == ["letters", "others"]
    assert "groups" not in A.spec()
    menu.check("y")
    with pytest.raises(ValueError, match=r"`m` must be one of \('x', 'y'\); got 'z'"):
        menu.check("z")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"layout": "broad"}, ValueError, r"`layout` of part 'p' must be one of \['wide', .*\]; got 'broad'"),
        ({"items": VALUE * 2}, ValueError, "items of part 'p' must have different names; got twice: value"),
    ],
)
def test_a_part_that_cannot_be_shown_is_refused_when_it_is_made(arguments, error, message):
    with pytest.raises(error, match=message):
        Part(**{"name": "p", "depends": (), "items": (), "compute": dict} | arguments)


def test_a_kind_that_does_not_exist_is_refused_when_the_item_is_made():
    with pytest.raises(
        TypeError, match=r"`kind` of item 'gates' must be a class of widgets\.items; got 'barz'"
    ):
        Item("gates", "barz")
    with pytest.raises(
        TypeError, match=r"`kind` of item 'gates' must be a class of widgets\.items; got <class"
    ):
        Item("gates", dict)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"depends": ("d",)}, r"part 'p' must name controls out of \['a', 'b'\]; got d"),
        ({"view_controls": ("c", "d")}, r"part 'p' must name controls out of \['a', 'b'\]; got c, d"),
        ({"code": Code("f({d})")}, r"the code must name controls out of \['a', 'b'\]; got d"),
        ({"on": "map"}, r"control 'q' must stand on one item of \[\]; got map"),
        ({"controls": (A, B, A)}, "controls of toy must have different names; got twice: a"),
        ({"controls": (A, B, Control("tab", "tab", (1, 2), 1))}, "controls of toy .* got twice: tab"),
        ({"twice": True}, "parts of toy must have different names; got twice: p"),
        ({"panels": 2}, "panels of toy must have different names; got twice: one"),
    ],
)
def test_a_definition_that_names_what_is_not_there_is_refused_when_it_is_made(names, message):
    part = Part("p", names.get("depends", ()), (), dict, view_controls=names.get("view_controls", ()))
    controls = names.get("controls", (A, B))
    if "on" in names:
        controls = (*controls, place("q", "pick", (2, 3), names["on"], 0))
    parts = (part,) * (1 + names.get("twice", False))
    panels = (Panel("one", "One", parts),) * names.get("panels", 1)
    with pytest.raises(ValueError, match=message):
        Definition("toy", "Move it", controls, panels, code=names.get("code"))


def test_above_a_panel_stand_the_controls_that_move_it():
    def part(name: str, depends: tuple[str, ...], view: tuple[str, ...] = ()) -> Part:
        return Part(name, depends, (), dict, view_controls=view)

    panels = (
        Panel("one", "One", (part("p", ("c",)), part("q", (), ("a",)))),
        Panel("two", "Two", (part("r", ("b",)),)),
    )
    toy = Definition("toy", "Move it", (A, B, C), panels)
    assert [toy.controls_of(panel) for panel in toy.panels] == [["a", "c"], ["b"]]


@pytest.mark.parametrize(("held", "moved"), [("a", "['one', 'two']"), ("b", "['two']")])
def test_a_part_holds_only_what_moves_it_and_no_other_panel(held: str, moved: str):
    parts = Part("p", ("a",), (), dict, holds=(held,)), Part("q", ("a", "b"), (), dict)
    message = f"part 'p' can hold only what moves it, and no other panel; {held!r} moves panels {moved}"
    panels = Panel("one", "One", parts[:1]), Panel("two", "Two", parts[1:])
    with pytest.raises(ValueError, match=re.escape(message)):
        Definition("toy", "Move it", (A, B), panels)


def test_two_parts_share_what_is_computed():
    def compute(setting):
        return {"missing": "no"} if setting["a"] == 2 else {"value": Text("v"), "other": Text("o")}

    part = Part("p", ("a",), VALUE, some_of(compute, "value"))
    assert part.data({"a": 3}) == {"value": {"text": "v"}}
    assert part.data({"a": 2}) == {"missing": "no"}


@pytest.mark.parametrize(
    ("computed", "error", "message"),
    [
        ({"values": Text("")}, ValueError, r"part 'p' must compute items \['value'\]; got \['values'\]"),
        ({}, ValueError, r"part 'p' must compute items \['value'\]; got \[\]"),
        ({"value": Number(3, "3")}, TypeError, "item 'value' of part 'p' must be Text or None; got Number"),
        ({"value": "three"}, TypeError, "item 'value' of part 'p' must be Text or None; got str"),
    ],
)
def test_a_part_computes_the_items_that_it_says(computed, error, message):
    with pytest.raises(error, match=message):
        Part("p", (), VALUE, lambda s: computed).data({})


def test_an_item_may_be_absent_and_a_part_may_say_why_nothing_is_there():
    assert Part("p", (), VALUE, lambda s: {"value": None}).data({}) == {"value": None}
    assert Part("p", (), VALUE, lambda s: {"missing": "no"}).data({}) == {"missing": "no"}


def test_a_place_numbers_the_cells_of_its_grid_row_by_row():
    query = place("query", "pick", (2, 3), "map", 4)
    spec = query.spec()
    assert spec["values"] == [0, 1, 2, 3, 4, 5]
    assert (spec["texts"][0], spec["texts"][4]) == ("row 0, column 0", "row 1, column 1")
    assert (spec["grid"], spec["on"]) == ([2, 3], "map")


def test_a_place_off_the_grid_is_refused():
    place("query", "pick", (2, 3), "map", 4).check(5)
    A.check(7)  # a slider leaves it to the block
    with pytest.raises(ValueError, match="`query` must be between 0 and 5; got 6"):
        place("query", "pick", (2, 3), "map", 4).check(6)


CODE = Code("f({a}, on={b})  # {kind}", {"kind": ("b", lambda on: "on" if on else "off")})


def test_code_is_filled_with_python_literals():
    assert CODE({"a": 7, "b": True}) == "f(7, on=True)  # on"
    assert CODE({"a": "x", "b": False}) == "f('x', on=False)  # off"


def test_a_page_gets_the_text_of_every_published_value():
    assert CODE.spec({"a": A, "b": B}) == {
        "template": "f({a}, on={b})  # {kind}",
        "fields": {
            "a": {"depends": ["a"], "texts": {"2": "2", "3": "3", "5": "5"}},
            "b": {"depends": ["b"], "texts": {"true": "True", "false": "False"}},
            "kind": {"depends": ["b"], "texts": {"true": "on", "false": "off"}},
        },
    }


def test_a_field_of_code_may_depend_on_several_controls():
    code = Code("f({call})", {"call": (("b", "a"), lambda on, a: f"a={a}" if on else "")})
    assert code({"a": 7, "b": True}) == "f(a=7)"
    assert code({"a": 7, "b": False}) == "f()"
    assert code.spec({"a": A, "b": B})["fields"]["call"] == {
        "depends": ["b", "a"],
        "texts": {"true|2": "a=2", "true|3": "a=3", "true|5": "a=5"}
        | {"false|2": "", "false|3": "", "false|5": ""},
    }


def test_code_with_an_unknown_field_is_refused():
    with pytest.raises(KeyError, match="depth"):
        Code("{depth}").spec({"a": A})
