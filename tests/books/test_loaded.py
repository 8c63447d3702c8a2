"""What no page loads is not published, and what some page may load is."""

from __future__ import annotations

from pathlib import Path

from book_engine.loaded import loaded
from playwright.sync_api import Browser

from tests.patience import PAGE_SECONDS

STATIC = {
    "page.js": 'import("beside.js"); load(`${root}_static/networks/${name}.js`); url(`_static/one.json`)',
    "beside.js": "",
    "other.js": "page.js; _static/no-such-folder/",
    "networks/a.js": "",
    "networks/b.js": "",
    "one.json": "",
    "page.js.map": "",
    "styles/sheet.css": '@import "more.css"; p { background: url( "../dot.png?v=1#x" ), url(data:,) }',
    "styles/more.css": "",
    "styles/alone.css": "p { background: url(../alone.png) }",
    "dot.png": "",
    "alone.png": "",
    "a b.jpg": "",
    "template.html": '<script src="_static/other.js"></script>',
    "fonts/font-OFL.txt": "",
}

PAGE = """<link rel="stylesheet" href="../_static/styles/sheet.css?v=3">
<script src="../_static/page.js"></script>
<img src="../_static/a%20b.jpg">"""


def test_what_is_named_is_loaded_and_nothing_else(tmp_path: Path):
    for name, text in STATIC.items():
        file = tmp_path / "_static" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "page.html").write_text(PAGE)
    found = {file.relative_to((tmp_path / "_static").resolve()).as_posix() for file in loaded(tmp_path)}
    assert STATIC.keys() - found == {
        *("other.js", "page.js.map", "styles/alone.css", "alone.png", "template.html"),
    }
    assert found <= STATIC.keys()


def test_the_miniature_book_publishes_what_its_pages_load_alone(mini_book: Path, browser: Browser):
    static = mini_book / "_static"
    published = {file for file in static.rglob("*") if file.is_file()}
    assert {file.suffix for file in published} <= {".css", ".js", ".png", ".svg", ".txt", ".woff2", ".jpg"}
    assert {file.resolve() for file in published} == loaded(mini_book)
    assert not [folder for folder in static.rglob("*") if folder.is_dir() and not any(folder.iterdir())]
    # A page that lost something would say so.
    failed: list[str] = []
    # What is shown at any address, 404.html, loads from where the book is published.
    for path in sorted(set(mini_book.rglob("*.html")) - {mini_book / "404.html"}):
        page = browser.new_page()
        page.set_default_timeout(1000 * PAGE_SECONDS)
        page.on("requestfailed", lambda request: failed.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_load_state("networkidle")
        page.close()
    assert failed == []
