"""The contents say how long a page takes and how many of its exercises are solved."""

from __future__ import annotations

import json
import re
from pathlib import Path

from book_engine.reading import annotated, measured
from docutils import nodes
from docutils.utils import new_document
from playwright.sync_api import expect

from tests.conftest import OpenPage

LINKS = (
    '<ul><li class="toctree-l1"><a class="reference internal" href="02_se.html">SE</a></li>'
    '<li class="current"><a class="current reference internal" href="#">ECA</a></li>'
    '<li><a class="reference internal" href="log.html">Log</a></li></ul>'
)


def test_each_entry_has_its_minutes_and_exercises_behind_it():
    known = {"02_se.html": ("02_se", 12, 4), "#": ("03_eca", 1, 0)}
    contents = annotated(LINKS, known.get)
    notes = re.findall(r"</a><span class=\"toc-note\"([^>]*)>([^<]*)</span>", contents)
    assert notes == [(' data-page="02_se" data-exercises="4"', "12 min"), ("", "1 min")]
    assert re.sub(r"<span.*?</span>", "", contents) == LINKS


def test_words_are_counted_without_code_and_exercises_by_their_hosts():
    page = new_document("page")
    page += nodes.title("", "", nodes.Text("A short title"))
    page += nodes.paragraph("", "", nodes.Text("Four words stand here."))
    page += nodes.literal_block("", "code = 1 + 2 + 3")
    host = '<div class="attn-host" data-widget="exercise"></div>'
    page += [nodes.raw("", host, format="html"), nodes.raw("", host, format="latex")]
    page += nodes.raw("", '<div data-widget="explorer">', format="html")
    assert measured(page) == (7, 1)


def test_a_chapter_has_minutes_in_the_contents(mini_book: Path, open_page: OpenPage):
    page = open_page(f"{mini_book.as_uri()}/book/opening.html")
    entry = page.get_by_role("navigation", name="Main").get_by_role("listitem").filter(has_text="A chapter")
    expect(entry.locator(".toc-note")).to_have_text(re.compile(r"^\d+ min$"))


def test_solved_exercises_are_counted_and_forgotten(mini_book: Path, open_page: OpenPage):
    answers = {
        "chapter": {"One?": {"given": "1", "right": True}, "Two?": {"given": "3", "right": False}},
        "opening": {"Other?": {"given": "1", "right": True}},
    }

    def with_exercises(page):
        page.route(
            "**/chapter.html",
            lambda route: route.fulfill(
                content_type="text/html",
                body=(mini_book / "book/chapter.html")
                .read_text("utf-8")
                .replace('class="toc-note"', 'class="toc-note" data-page="chapter" data-exercises="3"', 1),
            ),
        )

    page = open_page(f"{mini_book.as_uri()}/book/chapter.html", prepare=with_exercises)
    page.evaluate("answers => localStorage.setItem('gate-by-gate.answers', answers)", json.dumps(answers))
    page.reload()
    note = page.locator(".toc-note[data-exercises]")
    expect(note).to_have_text(re.compile(r"^\d+ min, 1/3$"))
    page.get_by_role("button", name="Forget my answers on this page").click()
    expect(note).to_have_text(re.compile(r"^\d+ min, 0/3$"))
    expect(page.get_by_role("button", name="Forget my answers on this page")).to_have_count(0)
    kept = page.evaluate("JSON.parse(localStorage.getItem('gate-by-gate.answers'))")
    assert kept == {"opening": answers["opening"]}
