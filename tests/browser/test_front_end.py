"""The front end alone, on a bare page: labels that are hostile, several explorers, exercises."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from gate_by_gate.widgets import embedding
from gate_by_gate.widgets.controls import Control
from gate_by_gate.widgets.definition import Definition, Item, Panel, Part
from gate_by_gate.widgets.exercises import Exercise, choose, predict
from gate_by_gate.widgets.items.number import Number
from gate_by_gate.widgets.items.text import Text
from gate_by_gate.widgets.snippets import Code
from tests.browser.bare_page import explorer_html, write_page
from tests.conftest import OpenPage

HOSTILE = "</script><img src=x onerror=alert(1)> \"quoted\" 'α' & 注意力"


def toy(name: str) -> str:
    """Return the HTML of a small explorer whose every label is hostile."""
    control = Control("a", HOSTILE, (2, 3, 5), 3, texts=("2", HOSTILE, "5"))
    part = Part(
        "sum",
        ("a",),
        (Item("value", Number, HOSTILE), Item("said", Text)),
        lambda s: {"value": Number(s["a"], f"{s['a']}"), "said": Text(HOSTILE)},
    )
    definition = Definition(
        name, HOSTILE, (control,), (Panel("one", HOSTILE, (part,)),), code=Code(f"# {HOSTILE}\na = {{a}}")
    )
    return explorer_html(definition)


def submit(page: Page, given: str) -> None:
    """Write a prediction and send it by the keyboard."""
    page.get_by_label("Your prediction").fill(given)
    page.keyboard.press("Enter")


def test_a_hostile_label_is_shown_as_text(tmp_path: Path, open_page: OpenPage):
    page = open_page(write_page(tmp_path, toy("hostile")))
    expect(page.locator("figcaption")).to_have_text(HOSTILE)
    expect(page.locator("[data-name=said]")).to_have_text(HOSTILE)
    expect(page.locator("[data-control=a]")).to_have_attribute("aria-valuetext", HOSTILE)
    page.get_by_text("the code for this setting").click()
    expect(page.locator(".attn-code code")).to_have_text(f"# {HOSTILE}\na = 3")
    assert page.locator("img:not([role])").count() == 0


def test_two_explorers_on_a_page_do_not_touch_each_other(tmp_path: Path, open_page: OpenPage):
    page = open_page(write_page(tmp_path, toy("one"), toy("one")))
    first, second = (page.locator("[data-control=a]").nth(i) for i in range(2))
    first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("output[data-name=value]")).to_have_text(["5", "3"])
    second.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("output[data-name=value]")).to_have_text(["5", "2"])
    ids = page.locator("[id]").evaluate_all("(elements) => elements.map((element) => element.id)")
    assert len(ids) == len(set(ids))


def exercise_html(exercise: Exercise) -> str:
    return embedding.page_html(exercise.module, exercise.stored_values(), repr(exercise))


def test_a_prediction_is_checked(tmp_path: Path, open_page: OpenPage):
    exercise = predict(
        "How many?",
        8464,
        because="Both layers.",
        hints={8192: "The weights alone.", 1024: "One thousand is far off."},
        unit="parameters",
    )
    page = open_page(write_page(tmp_path, exercise_html(exercise)))
    answer, feedback = page.get_by_label("Your prediction"), page.get_by_role("status")
    for given, said in [
        ("", "Type a number first."),
        ("many", "Type a number first."),
        ("0x2110", "Type a number first."),
        ("8192", "Not quite. The weights alone."),
        ("9000", "Not quite. It is less."),
        ("-3", "Not quite. It is more."),
        ("8464", "Right. Both layers."),
        ("8,464", "Right. Both layers."),
        ("8 464.0", "Right. Both layers."),
        ("1,024", "Not quite. One thousand is far off."),
        ("8464 parameters", "Right. Both layers."),
        ("8.464e3", "Right. Both layers."),
        ("8.5k", "Right. Both layers."),
        ("8k", "Right. Both layers."),
        ("9k", "Not quite. It is less."),
        ("8,46 k", "Right. Both layers."),
        ("0.0085M", "Right. Both layers."),
        ("2**13", "Not quite. The weights alone."),
        ("92^2", "Right. Both layers."),
        ("-2**2", "Not quite. It is more."),
        ("2**", "Type a number first."),
        ("k", "Type a number first."),
    ]:
        answer.fill(given)
        page.get_by_role("button", name="Check").click()
        expect(feedback).to_have_text(said)


def test_answers_are_remembered_until_they_are_forgotten(tmp_path: Path, open_page: OpenPage):
    number = predict("How many?", 8464, because="Both layers.", hints={8192: "The weights alone."})
    choice = choose("Which?", {"this": "Yes, this.", "that": "No."}, "this")
    page = open_page(write_page(tmp_path, exercise_html(number), exercise_html(choice)))
    submit(page, "8192")
    page.get_by_label("this", exact=True).check()
    page.reload()
    expect(page.get_by_label("Your prediction")).to_have_value("8192")
    expect(page.get_by_label("this", exact=True)).to_be_checked()
    said = page.get_by_role("status")
    expect(said).to_have_text(["Not quite. The weights alone.", "Right. Yes, this."])
    page.evaluate("localStorage.clear(); document.dispatchEvent(new CustomEvent('attn-forget-answers'))")
    expect(said).to_have_text(["", ""])
    expect(page.get_by_label("Your prediction")).to_have_value("")
    expect(page.get_by_label("this", exact=True)).not_to_be_checked()
    page.reload()
    expect(said).to_have_text(["", ""])


def test_a_browser_that_may_not_remember_still_checks_answers(tmp_path: Path, open_page: OpenPage):
    page = open_page(
        write_page(tmp_path, exercise_html(predict("How many?", 3, because="Three."))),
        prepare=lambda page: page.add_init_script(
            "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no') }})"
        ),
    )
    submit(page, "3")
    expect(page.get_by_role("status")).to_have_text("Right. Three.")


def test_a_prediction_may_be_near(tmp_path: Path, open_page: OpenPage):
    exercise = predict("What ratio?", 0.5, within=0.05, because="Half.", hints={1: "No change?"})
    page = open_page(write_page(tmp_path, exercise_html(exercise)))
    for given, said in [
        ("0.45", "Right. Half."),
        ("0,45", "Right. Half."),
        ("0.56", "Not quite. It is less."),
        ("1", "Not quite. No change?"),
    ]:
        submit(page, given)
        expect(page.get_by_role("status")).to_have_text(said)


def test_a_decimal_comma_may_stand_before_three_digits(tmp_path: Path, open_page: OpenPage):
    exercise = predict("What share?", 0.125, because="An eighth.", hints={-0.375: "No share is negative."})
    page = open_page(write_page(tmp_path, exercise_html(exercise)))
    for given, said in [
        ("0,125", "Right. An eighth."),
        ("−0,375", "Not quite. No share is negative."),
        ("125", "Not quite. It is less."),
    ]:
        submit(page, given)
        expect(page.get_by_role("status")).to_have_text(said)


def test_a_choice_is_checked(tmp_path: Path, open_page: OpenPage):
    exercise = choose("Which?", {"this": "Yes, this.", HOSTILE: "No."}, "this")
    page = open_page(write_page(tmp_path, exercise_html(exercise)))
    page.get_by_label(HOSTILE).check()
    expect(page.get_by_role("status")).to_have_text("Not quite. No.")
    page.get_by_label("this", exact=True).check()
    expect(page.get_by_role("status")).to_have_text("Right. Yes, this.")
