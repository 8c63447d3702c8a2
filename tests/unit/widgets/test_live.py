"""The live host: what a moved control computes, remembers and refuses."""

from __future__ import annotations

import pytest
from traitlets import TraitError

from gate_by_gate.widgets.controls import Control, place
from gate_by_gate.widgets.definition import Definition, Item, Panel, Part
from gate_by_gate.widgets.items.number import Number
from gate_by_gate.widgets.live import Explorer
from gate_by_gate.widgets.snippets import Code

A = Control("a", "first", (2, 3, 5), 3)
IMAGE = Control("image", "image", (0, 1), 0, "gallery")
QUERY = place("query", "query", (2, 3), "value", 1)
computed: list[tuple[object, object]] = []


def both(setting):
    computed.append((setting["a"], setting["query"]))
    return {"value": Number(setting["a"], f"{setting['a']}")}


DEFINITION = Definition(
    "toy",
    "Move it",
    (A, IMAGE, QUERY),
    (
        Panel(
            "one",
            "One",
            (Part("part", ("a",), (Item("value", Number),), both, view_controls=("query",)),),
        ),
    ),
    code=Code("a = {a}"),
)


class Toy(Explorer):
    """An explorer with a control that changes the view of a part alone."""

    definition = DEFINITION


@pytest.fixture(autouse=True)
def forget():
    computed.clear()


def test_a_part_is_computed_again_when_a_view_control_moves_and_remembered():
    toy = Toy()
    toy.query = 4
    toy.image = 1
    toy.query = 1
    assert computed == [(3, 1), (3, 4)]
    assert list(toy.parts["part"]) == ["3"]


def test_a_place_off_the_grid_is_refused():
    toy = Toy()
    with pytest.raises(TraitError, match="`query` must be between 0 and 5; got 6"):
        toy.query = 6
    assert toy.query == 1


def test_the_code_follows_every_move_also_to_values_that_no_page_offers():
    toy = Toy(a=5)
    assert toy.code == "a = 5"
    toy.a = 7
    assert toy.code == "a = 7"


def test_a_page_goes_back_to_where_the_explorer_opened():
    toy = Toy(a=5)
    assert toy.spec["start"] == {"a": 5, "image": 0, "query": 1}
    toy.a = 2
    assert toy.spec["start"]["a"] == 5  # a notebook
    assert toy.stored_values()["spec"]["start"]["a"] == 2  # a page shows what the cell showed


def test_a_page_computes_a_part_with_every_control_at_hand():
    DEFINITION.payload()
    assert computed == [(2, 1), (3, 1), (5, 1)]


def test_a_control_that_is_misspelt_is_refused_and_not_made():
    toy = Toy()
    with pytest.raises(AttributeError, match=r"out of a, image, query; got 'imgae'; did you mean 'image'\?$"):
        toy.imgae = 1
    with pytest.raises(AttributeError, match=r"got 'zoom'$"):
        toy.zoom = 2
    assert toy.setting == {"a": 3, "image": 0, "query": 1}
    toy.tab = "one"  # what every explorer has is no slip
