"""Style sheets for paper: light mode's colours in both modes."""

from __future__ import annotations

from pathlib import Path

import pytest
from book_engine.paper import light_on_paper

from tests.conftest import OpenPage


@pytest.mark.parametrize(
    ("css", "changed"),
    [
        (".a{color:red}", ".a{color:red}"),
        (
            'html[data-theme="dark"] .a,.b{color:red}',
            '.b{color:red}@media not print{html[data-theme="dark"] .a{color:red}}',
        ),
        (
            "html[data-theme=light] .a{color:red}.b{color:blue}",
            "html[data-theme=light] .a{color:red}.b{color:blue}"
            "@media print{html[data-theme=dark] .a{color:red}}",
        ),
        (
            '@media (width>9px){:is(.a,.b)[data-bs-theme="light"]{--c:1}}',
            '@media (width>9px){:is(.a,.b)[data-bs-theme="light"]{--c:1}}'
            "@media print{@media (width>9px){:is(.a,.b)[data-bs-theme=dark]{--c:1}}}",
        ),
        ("@font-face{font-family:x}", "@font-face{font-family:x}"),
    ],
)
def test_rules_of_light_mode_hold_on_paper_and_those_of_dark_mode_do_not(css: str, changed: str):
    assert light_on_paper(css) == changed


COLOURS = """(names) => names.map((name) => getComputedStyle(document.querySelector(name))).map(
    ({ color, backgroundColor }) => color + backgroundColor)"""
COLOURED = ["body", ".bd-article h1", ".bd-article p", ".highlight .k", ".admonition"]


def test_paper_has_the_colours_of_light_mode_in_both(mini_book: Path, open_page: OpenPage):
    found = {}
    for scheme in ("light", "dark"):
        page = open_page(f"{mini_book.as_uri()}/book/chapter.html", scheme=scheme)
        found[scheme, "screen"] = page.evaluate(COLOURS, COLOURED)
        page.emulate_media(media="print")
        found[scheme, "print"] = page.evaluate(COLOURS, COLOURED)
    assert found["dark", "print"] == found["light", "print"]
    assert all(a != b for a, b in zip(found["dark", "screen"], found["dark", "print"], strict=True))
