"""The files that pages load are joined, and nothing a reader sees or does depends on it."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest
from book_engine.joined import WAITING, one_script, one_sheet, runs
from book_engine.output import JOINED
from playwright.sync_api import Browser

from tests.front_end import declared_too_late


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        (["abc", "abc"], ["abc"]),
        (["abxc", "abc"], ["ab", "x", "c"]),  # what some pages have in between divides the others
        (["abc", "ac"], ["a", "b", "c"]),
        (["abx", "aby", "abxy"], ["ab", "x", "y"]),
        (["xy", "yx"], ["x", "y"]),  # no order is right for both
        (["ab", "cd", "", "ab"], ["ab", "cd"]),
        (["abcd", "cd"], ["ab", "cd"]),
    ],
)
def test_what_follows_each_other_on_the_same_pages_is_a_run(orders, expected):
    assert runs([list(order) for order in orders]) == [list(run) for run in expected]


def test_joined_sheets_say_what_they_said_where_they_were():
    sheets = {
        "styles/theme.css": '@charset "UTF-8";@import "../basic.css";p{top:0}',
        "basic.css": "ul{background:url(file.png)}/*# sourceMappingURL=basic.css.map */",
        "styles/deep.css": '@font-face{src:url( "../fonts/a.woff2" ),url(data:x),url(#y),url(https://z/a)}',
        "print.css": "p{color:red}",
    }
    assert one_sheet(["styles/theme.css", "styles/deep.css", "print.css|print"], sheets.__getitem__) == (
        '@charset "UTF-8";\n'
        '/*! styles/theme.css */\n/*! basic.css */ul{background:url("file.png")}p{top:0}\n'
        '/*! styles/deep.css */@font-face{src:url("fonts/a.woff2"),url(data:x),url(#y),url(https://z/a)}'
        "@media print{\n/*! print.css */p{color:red}}"
    )


def test_joined_scripts_run_one_by_one_and_one_that_fails_alone(browser: Browser, tmp_path: Path):
    groups = [
        ['"use strict"; const seen = window.seen = [1]', "(() => { seen.push(2) })()"],
        ["undeclared = 3 // no error where strictness has not leaked"],
        ["const seen = null // of this group alone", "window.seen.push(seen.length)"],
        ["window.seen.push(`${undeclared}  /* no comment */`)\n//# sourceMappingURL=x.map"],
    ]
    (tmp_path / "a.js").write_text(one_script(groups), "utf-8")
    (tmp_path / "a.html").write_text("<!doctype html><title>a</title><script src=a.js></script>")
    page = browser.new_page()
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto((tmp_path / "a.html").as_uri())
    assert page.evaluate("window.seen") == [1, 2, "3  /* no comment */"]
    assert len(failed) == 1
    assert "null" in failed[0]
    page.close()


def test_what_a_short_script_reads_before_it_is_declared_is_found(tmp_path: Path):
    script = tmp_path / "a.js"
    script.write_text(one_script([["function f() { const a = g(); const { b } = (h(a)); return [a, b]; }"]]))
    found = declared_too_late([script])
    assert len(found) == 1, "minify-go has mended what the test looks for: it can go"
    worker = "x" * 1000
    for text, count in (
        ("const a = 1, { b = a } = c, d = () => e, e = { a: b, b }.e;", 0),
        ("let { b = a } = c, a = 1;", 1),
        (f"f('const a = b, b = 1; // {worker}');", 1),
    ):
        script.write_text(text)
        assert len(declared_too_late([script])) == count, text


def test_no_short_script_reads_what_it_declares_later(mini_book: Path):
    assert declared_too_late(sorted(mini_book.rglob("*.js"))) == []


def test_every_page_loads_one_of_each_and_what_no_other_page_has(mini_book: Path):
    for name in ("book/chapter.html", "book/opening.html", "genindex.html"):
        text = (mini_book / name).read_text("utf-8")
        sheets = re.findall(r'<link\b[^>]*rel="stylesheet"[^>]*>', text)
        assert len([one for one in sheets if JOINED in one]) == len(sheets) >= 1, name
        scripts = re.findall(r'<script\b[^>]*\bsrc="([^"]+)"', text)
        assert len([one for one in scripts if JOINED in one]) == 1, name
        assert not [one for one in scripts if one.split("?")[0].rsplit("/", 1)[1] in chain(*WAITING)], name
        assert "<script>const DOCUMENTATION_OPTIONS=" in text, name
        assert 'rel="preload"' not in text, name
        assert "<!--" not in text, name


def test_the_search_page_keeps_the_scripts_that_it_needs_at_once(mini_book: Path):
    text = (mini_book / "search.html").read_text("utf-8")
    assert text.index("doctools.js") < text.index("searchtools.js")
    assert not re.search(rf'src="[^"]*{JOINED}', text)
