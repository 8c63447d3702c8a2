"""The built book as files: its links, its pictures, its weight, and the notebooks it is made of."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from gate_by_gate.explorers import EXPLORERS
from tests.conftest import ROOT, OpenPage
from tests.front_end import declared_too_late
from tests.serving import as_sent

FIRST_VISIT_BYTES = 250_000

SETTING = re.compile(r"\w+:")
"""How an address begins that sets an explorer: `#se:reduction=4`."""


class Page(HTMLParser):
    """The links, anchors and images of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.images: list[dict[str, str | None]] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if attributes.get("id"):
            self.anchors.add(attributes["id"])
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        if tag == "img":
            self.images.append(attributes)


@pytest.fixture(scope="session")
def pages(book: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(book.rglob("*.html"))}


def chapters() -> list[Path]:
    """Return the notebooks that the table of contents names."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))

    def files(entry: dict[str, object]) -> list[str]:
        nested = [files(child) for key in ("parts", "chapters", "sections") for child in entry.get(key, [])]
        own = [str(entry[key]) for key in ("root", "file") if key in entry]
        return own + [name for names in nested for name in names]

    return [path for name in files(toc) if (path := ROOT / f"{name}.ipynb").exists()]


def test_every_link_inside_the_book_leads_somewhere(pages: dict[Path, Page], book: Path):
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_relative_to(book.resolve()) or not target.exists():
                broken.append(f"{path.name}: {link}")
            elif SETTING.match(parts.fragment):
                continue  # followed, with what it sets, by tests/browser/test_prose_that_drives.py
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                broken.append(f"{path.name}: {link} (no such anchor)")
    assert broken == []


def test_every_page_is_one_click_from_how_to_install_and_cite(pages: dict[Path, Page], book: Path):
    for path, page in pages.items():
        if path.name != "index.html" and "_static" not in path.parts:
            assert any(link.endswith("install_and_cite.html") for link in page.links) or (
                path.stem == "install_and_cite"
            ), path.name


def test_every_figure_of_a_chapter_has_a_text(pages: dict[Path, Page]):
    """A figure says what it shows; the logo beside the book's name adds nothing, and has an empty text."""
    figures = [
        (path.name, image)
        for path, page in pages.items()
        for image in page.images
        if "_images/" in (image.get("src") or "")
    ]
    assert figures
    # MyST-NB's own fallback is the name of the file.
    assert [name for name, image in figures if " " not in (image.get("alt") or "")] == []


def test_the_table_of_contents_names_every_notebook():
    assert sorted(chapters()) == sorted((ROOT / "book").glob("*.ipynb"))


@pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem)
def test_a_notebook_is_stored_with_its_outputs_and_nothing_of_one_run(path: Path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert code, "a chapter without code has nothing to check"
    assert all(cell["execution_count"] for cell in code), "run `make outputs`"
    assert "widgets" not in notebook["metadata"], "the state of widgets is stored: use `make outputs`"
    for cell in code:
        streams = [output["name"] for output in cell["outputs"] if output["output_type"] == "stream"]
        assert len(streams) == len(set(streams)), "a stream is stored in pieces: use `make outputs`"
    mimes = {mime for cell in code for output in cell["outputs"] for mime in output.get("data", {})}
    assert "application/vnd.jupyter.widget-view+json" not in mimes, "a widget is stored: use `make outputs`"


def sent(path: Path) -> int:
    """Return the bytes of a file as a server sends it."""
    return len(as_sent(path.read_bytes()))


def all_that_may_be_loaded(path: Path, book: Path) -> set[Path]:
    """Return a page with every file of the book that it, its style sheets or its explorers name."""
    text = path.read_text(encoding="utf-8")
    sources = re.findall(r"""<(?:script|img)\b[^>]*?\bsrc="([^"]+)\"""", text)
    sources += re.findall(r"""<link\b[^>]*\brel="(?:stylesheet|icon)"[^>]*?\bhref="([^"]+)\"""", text)
    files = {(path.parent / unquote(urlsplit(source).path)).resolve() for source in sources}
    for sheet in [file for file in files if file.suffix == ".css"]:
        for address in re.findall(r"""url\(["']?([^"')]+\.\w+)["']?\)""", sheet.read_text(encoding="utf-8")):
            files.add((sheet.parent / address).resolve())
    files |= {(book / address).resolve() for address in set(re.findall(r'"(_static/pictures/[^"]+)"', text))}
    return {path} | {file for file in files if file.is_file()}


def loaded(path: Path, open_page: OpenPage) -> set[Path]:
    """Return what a browser loads of a page that nobody scrolls."""
    requested: list[str] = []
    page = open_page(
        path.as_uri(), prepare=lambda page: page.on("request", lambda request: requested.append(request.url))
    )
    page.evaluate("document.fonts.ready")
    page.wait_for_load_state("networkidle")
    page.close()
    return {Path(unquote(urlsplit(url).path)).resolve() for url in requested if url.startswith("file:")}


def test_the_first_visit_to_a_page_is_light(book: Path, open_page: OpenPage):
    """Most pages are with all that they may ever load; what a browser loads of the others is measured."""
    heavy = []
    for path in sorted([*book.glob("book/*.html"), book / "search.html", book / "genindex.html"]):
        files = all_that_may_be_loaded(path, book)
        if over := sum(map(sent, files)) > FIRST_VISIT_BYTES:
            seen = loaded(path, open_page)
            # A playground loads its networks once it is seen. Each of them has a bound of its own, which
            # tests/browser/test_playground_networks.py keeps.
            networks = {file for file in seen if file.parent.name == "networks"}
            assert not networks or "playground" in path.name
            seen -= networks
            # What the search page writes into itself aside, nothing is loaded that was not foreseen.
            assert seen <= files, sorted(seen - files)
            files = seen
        total = sum(map(sent, files))
        print(f"{path.name}: {total:,} bytes in {len(files)} files{', measured' if over else ''}")
        if total > FIRST_VISIT_BYTES:
            heavy.append(f"{path.name}: {total:,} bytes")
    assert heavy == []


def test_no_script_reads_what_it_declares_later(book: Path):
    scripts = sorted(book.glob("_static/**/*.js"))
    assert len(scripts) > 10
    assert declared_too_late(scripts) == []


UNNAMED = {
    ".buildinfo": "for the next build",
    "objects.inv": "for books that link to this one",
    "_static/plus.png": "the script of the index writes its name",
    "_static/fonts/stix-two-math-OFL.txt": "the licence of the font beside it",
}
"""Files that no page names, and what they are for."""

PUBLISHED = ("sitemap.xml", "robots.txt", "404.html", "_images/previews/*")
"""What a book that knows its address has beside them."""


def test_every_file_of_the_book_is_reached_from_its_first_page(pages: dict[Path, Page], book: Path):
    root = book.resolve()
    reached: set[Path] = set()
    waiting = [*root.glob("*.html")]
    while waiting:
        path = waiting.pop()
        if path in reached or not path.is_file():
            continue
        reached.add(path)
        if path.suffix != ".html":
            continue
        text = path.read_text(encoding="utf-8")
        addresses = [*pages[book / path.relative_to(root)].links, *re.findall(r"; url=([^\"]+)", text)]
        waiting += [path.parent / unquote(urlsplit(one).path) for one in addresses if "//" not in one]
        waiting = [one.resolve() for one in waiting]
        waiting += all_that_may_be_loaded(path, root)
        networks = " ".join(re.findall(r'data-loads="([^"]*)"', text)).split()
        waiting += [root / "_static" / "networks" / f"{name}.js" for name in networks]
        waiting += [root / address for address in re.findall(r"_static/playground\.js", text)]
    files = {file.relative_to(root) for file in root.rglob("*") if file.is_file()}
    lost = files - {file.relative_to(root) for file in reached} - set(map(Path, UNNAMED))
    assert [file for file in sorted(lost) if not any(map(file.match, PUBLISHED))] == []


def test_the_page_of_the_package_lists_every_explorer_with_its_controls(book: Path):
    page = (book / "book" / "appendix_c_api.html").read_text(encoding="utf-8")
    for explorer in EXPLORERS.values():
        for name in (explorer.__name__, *(f"{explorer.__name__}.{c}" for c in explorer.definition.controls)):
            assert f'id="gate_by_gate.explorers.{name}"' in page, name
