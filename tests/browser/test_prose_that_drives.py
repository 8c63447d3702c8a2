"""Sentences that set an explorer: every link leads to a setting that there is, and to its number."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, unquote

import pytest
from playwright.sync_api import Locator, Page, expect

from gate_by_gate.explorers import EXPLORERS
from gate_by_gate.widgets.controls import Value
from tests.browser.stepping import pages_with_explorers
from tests.conftest import ROOT, OpenPage

LEAST_PAGES = 13
"""At least so many pages have sentences that set an explorer."""

LEAST_NUMBERS = 50
"""So many of these sentences at least state a number that the explorer then shows."""


CHAPTERS = sorted(
    path.stem for path in (ROOT / "book").glob("*.ipynb") if "Explorer(" in path.read_text(encoding="utf-8")
)
"""The chapters that show explorers."""


def written_links(path: Path) -> list[str]:
    """Return the links of a page that set an explorer, as they are written."""
    return re.findall(r"""<a\b[^>]*\bhref="#\w+:[^>]*>""", path.read_text(encoding="utf-8"))


def links(page: Page) -> list[Locator]:
    """Return the links of a page that set one of its explorers."""
    found = page.locator("article a[href^='#']")
    addresses = found.evaluate_all("(links) => links.map((link) => link.getAttribute('href'))")
    return [link for link, address in zip(found.all(), addresses, strict=True) if re.match(r"#\w+:", address)]


STANDING = """(figure) => Object.fromEntries([
    ["tab", figure.querySelector("[role=tab][aria-selected=true]")?.dataset.tab],
    ...[...figure.querySelectorAll("[data-control]")].map((control) => [
        control.dataset.control,
        control.matches("select") ? control.querySelector("option:checked").innerText
            : control.matches("input") ? control.getAttribute("aria-valuetext")
            : control.querySelector("label:has(:checked)").textContent,
    ]),
])"""
"""Gives what every control of an explorer shows as its value, as a reader sees it; of the tab, its name."""


def in_address(value: Value) -> str:
    """Write the value of a control as JavaScript does in an address."""
    return str(value).lower() if isinstance(value, bool) else str(value)


LET_TASKS_RUN = "() => new Promise((resolve) => setTimeout(() => setTimeout(resolve)))"
"""Returns when the browser has told explorers of a new address; a click returns before that."""


def follow(page: Page, link: Locator) -> None:
    """Follow a link; fail unless the explorer then stands where it says and shows what is stated."""
    address, said = str(link.get_attribute("href")), link.inner_text()
    name, _, setting = address.removeprefix("#").partition(":")
    definition = EXPLORERS[name].definition
    figure = page.locator(f"figure[data-explorer={name}]")
    link.click()
    page.evaluate(LET_TASKS_RUN)
    expect(figure).to_be_in_viewport()
    wanted = {key: in_address(value) for key, value in definition.defaults.items()}
    wanted["tab"] = definition.panels[0].name
    given = dict(parse_qsl(unquote(setting)))
    assert given.keys() <= wanted.keys(), f"{address} names what {name} does not have"
    standing = figure.evaluate(STANDING)
    for key, value in (wanted | given).items():
        if key == "tab":
            if len(definition.panels) > 1:
                assert standing[key] == value, address
            continue
        control = definition.controls[key]
        published = {
            in_address(one): text for one, text in zip(control.values, control.spec()["texts"], strict=True)
        }
        assert value in published, f"{address}: {key} has no value {value}"
        assert standing[key] == published[value], address
    if shows := link.get_attribute("data-shows"):
        exact, text = shown(figure, shows)
        rounded = first_number(text)
        assert states(said, exact) or states(said, rounded), f"{said!r} states neither {exact} nor {rounded}"


CELL = """(figure, [row, column]) => {
    const heads = (cells) => [...cells].map((cell) => cell.textContent);
    const tables = [...figure.querySelectorAll("table")].filter((table) => table.checkVisibility());
    return tables.flatMap((table) => {
        const at = heads(table.tHead.rows[0].cells).indexOf(column);
        const rows = [...table.tBodies[0].rows].filter(({ cells }) => cells[0].textContent === row);
        return at < 1 ? [] : rows.map(({ cells: { [at]: cell } }) => [
            cell.querySelector("output")?.dataset.value ?? cell.textContent,
            cell.textContent,
        ]);
    });
}"""
"""Finds the entries of all tables in view that stand in a row and a column of these headings."""


def shown(figure: Locator, what: str) -> tuple[str, str]:
    """Return what an explorer shows under a name: the value, and the text that a reader sees.

    The name is that of a number, or, of an entry of a table, its headings: ``ECA: parameters`` stands in the
    row ``ECA`` and the column ``parameters``.
    """
    row, _, column = what.rpartition(": ")
    if not row:
        number = figure.locator(f"output[data-name={what}]")
        return str(number.get_attribute("data-value")), str(number.text_content())
    found = figure.evaluate(CELL, [row, column])
    assert len(found) == 1, f"expected one entry {what!r} in view; got {found}"
    ((exact, text),) = found
    return exact, text


def first_number(text: str) -> str:
    """Return the first number of a text, as a reader sees it."""
    found = re.search(r"\d[\d,]*(?:\.\d+)?", text)
    assert found, f"expected a number; got {text!r}"
    return found[0]


def states(sentence: str, number: str) -> bool:
    """Tell whether a sentence has a number, and not only as a part of a longer one."""
    return bool(re.search(rf"(?<![\w.,]){re.escape(number)}(?![\w]|[.,]\d)", sentence))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_sentence_that_sets_an_explorer_finds_what_it_says(
    book: Path, open_page: OpenPage, chapter: str
):
    path = book / "book" / f"{chapter}.html"
    page = open_page(path.as_uri())
    found = links(page)
    assert len(found) == len(written_links(path))
    for link in found:
        follow(page, link)


def test_many_sentences_set_an_explorer_and_no_page_is_left_out(book: Path):
    pages = pages_with_explorers(book)
    assert {path.parent for path in pages} == {book / "book"}
    assert {path.stem for path in pages} <= set(CHAPTERS)
    written = [written_links(path) for path in pages]
    assert sum(map(bool, written)) >= LEAST_PAGES
    assert sum("data-shows=" in link for of_page in written for link in of_page) >= LEAST_NUMBERS


def test_back_leads_from_a_setting_to_where_the_reader_was(book: Path, open_page: OpenPage):
    page = open_page((book / "book/02_squeeze_and_excitation.html").as_uri())
    first = page.locator("article a[href='#se:reduction=8']")
    first.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    first.click()
    reduction = page.get_by_label("reduction r")
    expect(reduction).to_have_attribute("aria-valuetext", "8")
    page.evaluate("history.back()")
    expect(reduction).to_have_attribute("aria-valuetext", "16")
    page.wait_for_function("before => Math.abs(scrollY - before) < 5", arg=before)


def test_a_link_that_is_followed_twice_leads_there_twice(book: Path, open_page: OpenPage):
    page = open_page((book / "book/02_squeeze_and_excitation.html").as_uri())
    link, figure = page.locator("article a[href='#se:reduction=8']"), page.locator("figure[data-explorer=se]")
    link.click()
    expect(figure).to_be_in_viewport()
    page.evaluate("scrollTo(0, 0)")
    expect(figure).not_to_be_in_viewport()
    link.click()
    expect(figure).to_be_in_viewport()
