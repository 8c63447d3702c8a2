"""Controls, definitions and payloads: the contract between the records and the front end."""

from __future__ import annotations

import itertools
import json

import pytest

from gate_by_gate.explorers import EXPLORERS
from gate_by_gate.widgets.controls import Control, key_of, place
from gate_by_gate.widgets.definition import Definition, Item, Panel, Part
from gate_by_gate.widgets.snippets import Code

A = Control("a", "first", (2, 3, 5), 3)
B = Control("b", "second", (True, False), False, "choice", ("on", "off"))
C = Control("c", "third", ("x", "y"), "x", "choice")


def definition() -> Definition:
    product = Part(
        "product", ("a", "c"), (Item("value", "number", "times"),), lambda s: {"value": f"{s['a']}{s['c']}"}
    )
    flag = Part("flag", ("b",), (Item("value", "text"),), lambda s: {"value": s["b"]})
    return Definition("toy", "A toy", (Panel("one", (A, C), (product,)), Panel("two", (B,), (flag,))))


def test_a_payload_grows_with_the_sum_of_its_parts():
    payload = definition().payload()
    assert {name: len(entries) for name, entries in payload["parts"].items()} == {"product": 6, "flag": 2}


def test_a_payload_holds_the_record_of_every_combination_of_controls():
    toy = definition()
    parts = toy.payload()["parts"]
    for a, b, c in itertools.product(A.values, B.values, C.values):
        setting = {"a": a, "b": b, "c": c}
        stored = {name: parts[name][part.key(setting)] for name, part in toy.parts.items()}
        assert stored == toy.record(setting)


def test_a_control_that_does_not_matter_multiplies_no_entries():
    part = Part("p", ("a", "b"), (), lambda s: {"value": s["b"] and s["a"]}, ignores={"a": ("b", (False,))})
    toy = Definition("toy", "A toy", (Panel("one", (A, B), (part,)),))
    parts = toy.payload()["parts"]
    assert {key: data["value"] for key, data in parts["p"].items()} == {
        "2|true": 2,
        "3|true": 3,
        "5|true": 5,
        "false": False,
    }
    for a, b in itertools.product(A.values, B.values):
        setting = {"a": a, "b": b}
        assert parts["p"][part.key(setting)] == part.compute(setting)
    assert toy.spec()["panels"][0]["parts"][0]["ignores"] == {"a": {"while": "b", "in": [False]}}


def test_a_part_ignores_only_what_it_depends_on():
    with pytest.raises(ValueError, match=r"`ignores` must name controls out of \('a',\); got \['a', 'b'\]"):
        Part("p", ("a",), (), lambda s: {}, ignores={"a": ("b", (False,))})


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
            "follows": [],
            "ignores": {},
            "layout": "wide",
            "room": [],
            "items": [{"name": "value", "kind": "number", "label": "times"}],
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
        ({"style": "place"}, "a 'place', and nothing else, needs `grid` and `over`; got a"),
        ({"grid": (1, 2), "over": "image"}, "a 'place', and nothing else, needs `grid` and `over`; got a"),
        (
            {"style": "place", "grid": (1, 2), "over": "image"},
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


def test_room_is_kept_by_the_key_of_a_published_setting():
    part = Part("p", ("a", "b"), (), lambda s: {"value": [s["a"], s["b"]]}, room=({"a": 5}, {"b": True}))
    toy = Definition("toy", "A toy", (Panel("one", (A, B), (part,)),))
    room = toy.spec()["panels"][0]["parts"][0]["room"]
    assert room == ["5|false", "3|true"]
    assert toy.rooms(part) == {"5|false": {"value": [5, False]}, "3|true": {"value": [3, True]}}
    assert set(room) <= toy.payload()["parts"]["p"].keys()


@pytest.mark.parametrize("name", EXPLORERS)
def test_what_room_is_kept_for_is_published(name: str):
    definition = EXPLORERS[name].definition
    for part in definition.parts.values():
        published = {part.key(definition.defaults | one) for one in definition.settings(part)}
        assert {part.key({**definition.defaults, **one}) for one in part.room} <= published


def test_a_place_numbers_the_cells_of_its_grid_row_by_row():
    query = place("query", "pick", (2, 3), "image", 4)
    spec = query.spec()
    assert spec["values"] == [0, 1, 2, 3, 4, 5]
    assert (spec["texts"][0], spec["texts"][4]) == ("row 0, column 0", "row 1, column 1")
    assert (spec["grid"], spec["over"]) == ([2, 3], "image")


def test_a_place_off_the_grid_is_refused():
    place("query", "pick", (2, 3), "image", 4).check(5)
    A.check(7)  # a slider leaves it to the block
    with pytest.raises(ValueError, match="`query` must be between 0 and 5; got 6"):
        place("query", "pick", (2, 3), "image", 4).check(6)


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
