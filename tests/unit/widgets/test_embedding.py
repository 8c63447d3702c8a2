"""What a page stores of an explorer: every entry once, under keys that are told by their axes."""

from __future__ import annotations

import itertools
import json
import re

import pytest

from gate_by_gate.widgets.embedding import LONG, by_key, pack, page_html, share


def unpack(packed):
    axes, keys = packed.get("axes"), packed.get("keys")
    names = keys if keys is not None else ["|".join(pieces) for pieces in itertools.product(*axes)]
    entries = [entry for group in packed["of"] for entry in rows(group)]
    return {name: entries[at] for name, at in zip(names, packed["at"], strict=True)}


def rows(store):
    if isinstance(store, list):
        return store
    (first, stored), *_ = store.items()
    if first.startswith("/"):
        return divided(stored, int(first[1:]))
    return [dict(zip(store, row, strict=True)) for row in zip(*map(rows, store.values()), strict=True)]


def divided(value, factor):
    return [divided(one, factor) for one in value] if isinstance(value, list) else value / factor


def test_crossed_keys_are_stored_as_their_axes_and_equal_entries_once():
    entries = {f'{a}|"{b}"': {"value": a * (b == "x")} for a in (2, 3, 5) for b in ("x", "y")}
    assert pack(entries) == {
        "axes": [["2", "3", "5"], ['"x"', '"y"']],
        "of": [{"value": [2, 0, 3, 5]}],
        "at": [0, 1, 2, 1, 3, 1],
    }


@pytest.mark.parametrize(
    "keys",
    [
        ["2|true", "2|false", "3"],  # a control that does not matter at 3
        ["2|true", "3|false"],
        ['"a|b"|1', '"a|c"|1'],  # a value with the sign that joins
        ['"a|b"|1', '"a|c"|2', '"d"|1'],
        ["", "1"],
        [""],
        ["1"],
        [],
    ],
)
def test_whatever_the_keys_are_they_come_back(keys):
    entries = {key: {"text": [key]} for key in keys}
    assert unpack(pack(entries)) == entries
    assert list(unpack(pack(entries))) == keys


def test_keys_in_another_order_than_that_of_their_axes_are_stored_as_they_are():
    entries = {key: {} for key in ("1|1", "2|1", "1|2", "2|2")}
    assert pack(entries)["keys"] == list(entries)
    assert unpack(pack(entries)) == entries


@pytest.mark.parametrize(
    ("values", "stored"),
    [
        ([{"a": 2, "b": 3}, {"a": 5, "b": 7}], {"a": [2, 5], "b": [3, 7]}),
        ([{"a": {"b": 2}}, {"a": {"b": 3}}], {"a": {"b": [2, 3]}}),
        ([{"a": {"b": 2}}, {"a": {"c": 3}}], {"a": [{"b": 2}, {"c": 3}]}),
        ([{"a": 2}, {"a": 3, "b": 5}], [{"a": 2}, {"a": 3, "b": 5}]),
        ([{"a": {"b": 2}}, {"a": None}], {"a": [{"b": 2}, None]}),
        ([{"a": [{"b": 2}]}, {"a": []}], {"a": [[{"b": 2}], []]}),
        ([{"a": {}}, {"a": {}}], {"a": [{}, {}]}),
        ([2, {"a": 3}], [2, {"a": 3}]),
        ([{"a": 0.25}, {"a": 3}], {"a": {"/100": [25, 300]}}),
        ([{"a": [0.1, -2.5]}, {"a": []}], {"a": {"/10": [[1, -25], []]}}),
        ([{"a": [[0.007], [0]]}], {"a": {"/1000": [[[7], [0]]]}}),
        ([{"a": 0.1234}, {"a": 3}], {"a": [0.1234, 3]}),
        ([{"a": 0.5}, {"a": True}], {"a": [0.5, True]}),
        ([{"a": 0.5}, {"a": "0.5"}], {"a": [0.5, "0.5"]}),
        ([{"a": [0.5, None]}], {"a": [[0.5, None]]}),
        ([0.5, 2], {"/10": [5, 20]}),
        ([{}], [{}]),
        ([], []),
    ],
)
def test_what_has_the_same_keys_is_stored_by_key_and_comes_back(values, stored):
    assert by_key(values) == stored
    assert rows(stored) == values


def test_every_thousandth_comes_back_as_it_was():
    values = [number / 1000 for number in range(-2000, 2001)]
    assert list(by_key(values)) == ["/1000"]
    assert rows(by_key(values)) == values


def test_what_has_the_same_keys_stands_together():
    entries = {
        "1": {"a": 1, "b": {"c": 2}},
        "2": {"missing": "no"},
        "3": {"a": 5, "b": {"c": 3}},
        "4": {"a": 6, "b": None},
        "5": {"missing": "no"},
        "6": {"a": 7, "b": {"d": 0}},
    }
    assert pack(entries) == {
        "axes": [["1", "2", "3", "4", "5", "6"]],
        "of": [
            {"a": [1, 5], "b": {"c": [2, 3]}},
            {"missing": ["no"]},
            {"a": [6], "b": [None]},
            {"a": [7], "b": {"d": [0]}},
        ],
        "at": [0, 2, 1, 3, 2, 4],
    }
    assert unpack(pack(entries)) == entries


def test_a_page_holds_the_packed_parts_and_leaves_other_values_alone():
    values = {"parts": {"one": {"1": {"a": 1}, "2": {"a": 1}}}, "spec": {"parts": 3}}
    html = page_html("explorer", values, "text")
    stored = json.loads(re.search(r"<script[^>]*>(.*?)</script>", html)[1])
    assert stored == {
        "parts": {"one": {"axes": [["1", "2"]], "of": [{"a": [1]}], "at": [0, 0]}},
        "spec": {"parts": 3},
    }
    assert list(values["parts"]["one"]) == ["1", "2"]


def spread(value, shared):
    if isinstance(value, str):
        return shared[int(value[1:])] if value.startswith("=") else value
    if isinstance(value, list):
        return [spread(one, shared) for one in value]
    return {name: spread(one, shared) for name, one in value.items()} if isinstance(value, dict) else value


def test_a_long_text_of_several_parts_is_stored_once_and_comes_back():
    twice, thrice, once, short = "a" * LONG, "b" * (LONG + 7), "c" * LONG, "d" * (LONG - 1)
    parts = {
        "one": {"1": {"hex": twice, "n": [3, None, 0.5]}, "2": {"hex": thrice}},
        "two": {"1": [{"hex": thrice}, {"hex": once}, short, short, thrice, twice]},
    }
    stored, shared = share(parts)
    assert shared == [twice, thrice]
    assert stored["two"]["1"] == [{"hex": "=1"}, {"hex": once}, short, short, "=1", "=0"]
    assert spread(stored, shared) == parts
    html = page_html("explorer", {"parts": {"one": {"1": {"a": twice}}, "two": {"2": {"b": twice}}}}, "text")
    assert html.count(twice) == 1
    assert share({"one": [once]}) == ({"one": [once]}, [])


def test_a_text_that_could_stand_for_a_shared_one_is_refused():
    with pytest.raises(ValueError, match="stand for a shared one; got '=12'"):
        share({"one": {"1": {"text": "=12"}}})
