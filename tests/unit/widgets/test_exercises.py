"""Exercises: what they ask, what they refuse, and how they are published."""

from __future__ import annotations

import json
import re

import pytest

from gate_by_gate.widgets import embedding
from gate_by_gate.widgets.exercises import choose, predict


def ask(**changes):
    arguments = {"question": "How many?", "answer": 8464, "because": "Count both layers."} | changes
    return predict(arguments.pop("question"), arguments.pop("answer"), **arguments)


def test_a_prediction_carries_question_answer_and_hints():
    exercise = ask(hints={8192: "These are the weights alone."}, unit="parameters", within=1)
    assert exercise.spec == {
        "kind": "number",
        "question": "How many?",
        "answer": 8464,
        "within": 1,
        "unit": "parameters",
        "hints": [{"value": 8192, "text": "These are the weights alone."}],
        "because": "Count both layers.",
    }


def test_a_hint_for_a_right_answer_is_refused():
    with pytest.raises(ValueError, match="a hint is given for 8460, which is right: the answer is 8464"):
        ask(within=5, hints={8460: "no"})


def test_a_negative_tolerance_is_refused():
    with pytest.raises(ValueError, match="`within` must be at least 0; got -1"):
        ask(within=-1)


def test_a_choice_without_its_answer_is_refused():
    with pytest.raises(ValueError, match=r"`answer` must be one of \['yes', 'no'\]; got 'maybe'"):
        choose("Is it?", {"yes": "It is.", "no": "It is."}, "maybe")


def test_the_text_changes_with_the_answer_but_does_not_tell_it():
    first, second = repr(ask()), repr(ask(answer=8465))
    assert first != second
    assert "8464" not in first
    assert first == repr(ask())
    assert re.fullmatch(r"How many\? \[[0-9a-f]{8}\]", first)


def test_a_stored_output_is_the_text_alone(monkeypatch):
    monkeypatch.setenv(embedding.OUTPUT_VARIABLE, "text")
    exercise = ask()
    assert exercise._repr_mimebundle_() == {"text/plain": repr(exercise)}


def test_a_live_output_is_the_widget_with_the_same_text(monkeypatch):
    monkeypatch.delenv(embedding.OUTPUT_VARIABLE, raising=False)
    exercise = ask()
    data, _ = exercise._repr_mimebundle_()
    assert data["text/plain"] == repr(exercise)
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == exercise.model_id


def test_a_page_holds_the_values_and_no_label_can_leave_them(monkeypatch):
    monkeypatch.setenv(embedding.OUTPUT_VARIABLE, "page")
    hostile = "</script><script>alert('α \"quoted\" & <b>bold</b> 注意力')</script>"
    page = ask(question=hostile)._repr_mimebundle_()["text/html"]
    stored = re.search(r'<script type="application/json">(.*?)</script>', page)[1]
    assert json.loads(stored)["spec"]["question"] == hostile
    assert page.count("<script") == page.count("</script>") == 2


def test_an_unknown_output_mode_is_refused(monkeypatch):
    monkeypatch.setenv(embedding.OUTPUT_VARIABLE, "paper")
    with pytest.raises(ValueError, match="GATE_BY_GATE_OUTPUT must be 'live', 'page' or 'text'; got 'paper'"):
        embedding.output_mode()
