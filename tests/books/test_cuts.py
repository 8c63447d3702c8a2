"""Nothing from a third party, nothing that no page needs, and a warning when the theme has moved on."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest
from book_engine.cuts import CUTS, POLICY, WIDGET_STATE, is_needless, leave_out

from tests.books.building import build_page

# What the two versions of the theme in use write into a page.
THEME_0_17 = """
<link href="../_static/styles/theme.css?digest=55c2" rel="stylesheet" />
<script defer src="../_static/scripts/fontawesome.js?digest=55c2"></script>
<link rel="preload" as="script" href="../_static/scripts/bootstrap.js?digest=55c2" />
<script src="../_static/searchtools.js"></script>
<script src="../_static/language_data.js"></script>
<script src="../searchindex.js"></script>
<script src="_static/scripts/bootstrap-table.js"></script>
"""
THEME_0_15 = """
<link href="../_static/vendor/fontawesome/6.5.2/css/all.min.css?digest=dfe6" rel="stylesheet" />
<link rel="preload" as="font" type="font/woff2" crossorigin
      href="../_static/vendor/fontawesome/6.5.2/webfonts/fa-solid-900.woff2" />
<script src="../_static/vendor/fontawesome/6.5.2/js/all.min.js?digest=dfe6"></script>
<script defer src="../_static/scripts/bootstrap.js"></script>
"""


@pytest.mark.parametrize(
    ("head", "counts"), [(THEME_0_17, [1, 1, 3, 0]), (THEME_0_15, [1, 1, 0, 1])], ids=["0.17", "0.15"]
)
def test_a_cut_takes_its_own_files_and_no_others(head, counts):
    found = []
    for cut in CUTS:
        head, count = leave_out(head, cut)
        found.append(count)
    assert found == counts
    assert re.findall(r"[\w.-]+\.(?:js|css|woff2)", head) in (
        ["theme.css", "bootstrap-table.js"],
        ["all.min.css"],
    )


@pytest.mark.parametrize(
    ("module", "warnings"),
    [
        (
            "cuts",
            ["no page loads the icon script to be cut", "no page loads the Bootstrap script to be cut"],
        ),
        ("icons", ["the theme has no icon font where it used to be"]),
    ],
)
def test_a_theme_with_nothing_to_cut_is_a_warning(tmp_path: Path, module, warnings):
    built = build_page(tmp_path, "Title\n=====\n", f"book_engine.{module}")
    assert built.returncode == 1
    assert re.findall(r"^WARNING: (.*)$", built.stderr, re.M) == warnings


def test_the_script_for_tabs_stays_where_there_are_tabs():
    tabs = SimpleNamespace(filename="design-tabs.js", attributes={})
    assert is_needless(tabs, '<div class="sd-card">')
    assert not is_needless(tabs, '<div class="sd-tab-set docutils">')
    assert not is_needless("_static/doctools.js", "")
    assert not is_needless(SimpleNamespace(filename=None, attributes={"body": "let x;"}), "")
    assert is_needless(SimpleNamespace(filename=None, attributes={"type": WIDGET_STATE}), "sd-tab-set")


class Loads(HTMLParser):
    """Collects what a browser would load for a page, and where its links lead."""

    SOURCES = ("src", "data", "poster", "srcset")

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids.add(values.get("id", ""))
        self.loaded += [values[name] for name in self.SOURCES if name in values and tag != "button"]
        if tag == "link" and values.get("rel") not in ("canonical", "next", "prev", "search", "index"):
            self.loaded.append(values["href"])
        elif "href" in values and values.get("rel") != "canonical":
            self.links.append(values["href"])


def pages(folder: Path) -> list[Path]:
    found = sorted(page for page in folder.rglob("*.html") if folder / "_static" not in page.parents)
    assert {page.name for page in found} >= {"chapter.html", "opening.html", "search.html", "genindex.html"}
    return found


def test_no_page_or_style_sheet_loads_anything_from_elsewhere(mini_book: Path):
    for page in pages(mini_book):
        for address in Loads(page).loaded:
            parts = urlsplit(address)
            assert parts.scheme in ("", "data"), (page.name, address)
            assert not parts.netloc, (page.name, address)
    sheets = sorted((mini_book / "_static").rglob("*.css"))
    assert any("/*! book.css */" in sheet.read_text("utf-8") for sheet in sheets)
    for sheet in sheets:
        css = sheet.read_text("utf-8")
        for address in re.findall(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""", css):
            assert not re.match(r"(https?:)?//", "".join(address)), (sheet.name, address)


def test_every_file_that_a_page_loads_or_links_to_is_there(mini_book: Path):
    seen = {page.resolve(): Loads(page) for page in pages(mini_book)}
    checked = 0
    for page, loads in seen.items():
        for address in [*loads.loaded, *loads.links]:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            assert target.is_file(), (page.name, address)
            if parts.fragment and target in seen and target.name != "search.html":
                assert unquote(parts.fragment) in seen[target].ids, (page.name, address)
            checked += 1
    assert checked > 80


@pytest.mark.parametrize(
    "trace",
    [
        "requirejs",
        "html-manager",
        "MathJax",
        "mathjax@",
        "thebe@",
        "THEBE",
        "unpkg",
        "jsdelivr",
        WIDGET_STATE,
    ],
)
def test_no_page_mentions_what_was_cut(mini_book: Path, trace):
    assert [page.name for page in pages(mini_book) if trace in page.read_text("utf-8")] == []


def test_the_miniature_chapter_does_show_a_widget(mini_book: Path):
    """The test above could not fail if there were no widget whose state would be written into the page."""
    assert "IntSlider(value=0, description='r')" in re.sub(
        r"<[^>]+>|&#39;",
        lambda m: "'" if m[0] == "&#39;" else "",
        (mini_book / "book/chapter.html").read_text(),
    )


def test_only_the_search_page_loads_the_search_index(mini_book: Path):
    users = [page.name for page in pages(mini_book) if "searchindex.js" in page.read_text("utf-8")]
    assert users == ["search.html"]


def test_what_no_page_loads_is_not_published(mini_book: Path):
    published = {path.name for path in (mini_book / "_static").rglob("*.js")}
    assert published >= {"pydata-sphinx-theme.js", "sphinx-book-theme.js", "searchtools.js"}
    assert not published & {"fontawesome.js", "all.min.js", "bootstrap.js"}


def test_every_page_states_the_policy_before_it_loads_anything(mini_book: Path):
    for page in pages(mini_book):
        if page.name == "index.html" and page.parent == mini_book:
            continue  # Jupyter Book's redirect to the first page, one line of its own
        head = page.read_text("utf-8")
        policy = head.index(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">')
        assert policy < min(head.index("<script"), head.index("<link")), page.name


def test_the_policy_lets_a_page_load_from_its_own_folder_alone():
    """Written out once more, so that a door that is opened by mistake is noticed."""
    doors = dict(directive.split(" ", 1) for directive in POLICY.split("; "))
    assert doors.pop("object-src") == "'none'"
    inline = {
        "script-src": "'self' 'unsafe-inline' 'wasm-unsafe-eval'",  # networks that run in the page
        "style-src": "'self' 'unsafe-inline'",
    }
    drawn = {"img-src": "'self' data:", "font-src": "'self' data:"}
    assert doors == {
        "default-src": "'self'",
        **inline,
        **drawn,
        "worker-src": "blob:",
        "base-uri": "'self'",
        "form-action": "'self' file:",
    }
