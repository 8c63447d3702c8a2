"""The book in one PDF: complete, in order, with links that lead on, and the same from the same pages."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from book_engine.archive import checksum
from book_engine.pdf import BETWEEN_MARGINS, Chapter, chapters, lay_out, one_page, print_book
from playwright.sync_api import Browser
from pypdf import PdfReader

from gate_by_gate.widgets.texts import phrase
from tests.browser import chromium
from tests.browser.test_fit import CUT
from tests.browser.test_paper import LEAST_WHITE, Printed, holds, letters


@pytest.fixture(scope="module")
def printed(mini_book: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The miniature book as a PDF."""
    return as_pdf(mini_book, tmp_path_factory.mktemp("pdf") / "mini.pdf")


def as_pdf(book: Path, document: Path) -> Path:
    browser = chromium.find()
    if browser is None:
        pytest.fail(chromium.HELP)
    # It starts a Playwright of its own; in this thread there may be that of the fixture `browser`.
    with ThreadPoolExecutor(1) as thread:
        count = thread.submit(print_book, book, document, browser).result()
    assert count == len(PdfReader(document).pages)
    return document


def entries(outline: list[Any], depth: int = 0) -> Iterator[tuple[int, str]]:
    for entry in outline:
        if isinstance(entry, list):
            yield from entries(entry, depth + 1)
        else:
            yield depth, entry.title


def text_of(heading: str) -> str:
    """A heading of a page's HTML as the outline has it: without formulas' markup and the link to itself."""
    heading = re.sub(r'<a class="headerlink".*?</a>', "", heading, flags=re.DOTALL)
    return letters(re.sub(r"<[^>]+>|&\w+;", "", heading))


def sections(chapter: Chapter) -> list[str]:
    """The headings of a built page, of its text alone."""
    return [
        text_of(heading) for heading in re.findall(r"<h[12]\b[^>]*>(.*?)</h[12]>", chapter.article, re.DOTALL)
    ]


def links(pdf: PdfReader) -> Iterator[tuple[str, int | None]]:
    """Each link with its address, or the sheet that it leads to."""
    for page in pdf.pages:
        for reference in page.get("/Annots", []):
            link = reference.get_object()
            action = link.get("/A", {})
            if "/URI" in action:
                yield str(action["/URI"]), None
            else:
                target = link.get("/Dest", action.get("/D"))
                named = pdf.named_destinations.get(str(target)) if isinstance(target, str) else None
                yield str(target), pdf.get_destination_page_number(named) if named else -1


def check(book: Path, document: Path) -> PdfReader:
    """Compare what a document names and links with the pages that it was made from."""
    pdf = PdfReader(document)
    read = chapters(book)
    outline = list(entries(pdf.outline))
    assert [title for depth, title in outline if depth == 0] == [chapter.title for chapter in read]
    assert [letters(title) for depth, title in outline if depth < 2] == [
        heading for chapter in read for heading in sections(chapter)
    ]
    # The contents say on which sheet each chapter begins, and there it begins.
    contents = pdf.pages[0].extract_text()
    tops = [entry for entry in pdf.outline if not isinstance(entry, list)]
    for chapter, entry in zip(read, tops, strict=True):
        sheet = pdf.get_destination_page_number(entry)
        assert letters(f"{chapter.title}{sheet + 1}") in letters(contents), chapter.title
        assert letters(chapter.title) in letters(pdf.pages[sheet].extract_text())[:200], chapter.title
    everything = letters("".join(page.extract_text() for page in pdf.pages))
    replaced = phrase("no_script", question="").strip()  # by explorers, before the page is printed
    for chapter in read:
        for paragraph in re.findall(r"<p>([^<&]{40,})</p>", chapter.article):
            if not paragraph.endswith(replaced):
                assert holds(everything, paragraph), (chapter.name, paragraph)
    found = list(links(pdf))
    assert len([sheet for _, sheet in found if sheet is not None]) >= len(read)
    assert [address for address, sheet in found if sheet == -1 or address.startswith("file:")] == []
    return pdf


def test_the_document_has_every_page_in_order_with_an_outline_and_links(mini_book: Path, printed: Path):
    pdf = check(mini_book, printed)
    assert pdf.metadata is not None
    assert (pdf.metadata.title, pdf.metadata.author) == ("A miniature book", "The Gate by Gate authors")
    assert "/StructTreeRoot" in pdf.trailer["/Root"]  # who listens to it gets headings and tables
    assert [sheet.extract_text().split()[-1] for sheet in pdf.pages] == [
        str(number + 1) for number in range(len(pdf.pages))
    ]
    done = subprocess.run(["sha256sum", "--check", f"{printed.name}.sha256"], cwd=printed.parent, check=False)
    assert done.returncode == 0


def test_the_same_pages_make_the_same_document(mini_book: Path, printed: Path, tmp_path: Path):
    again = as_pdf(mini_book, tmp_path / "mini.pdf")
    assert checksum(again) == checksum(printed)


def test_names_of_two_chapters_do_not_meet_and_links_follow_them():
    def chapter(name: str, body: str) -> Chapter:
        article = f'<article class="bd-article"><h1>{name}<a class="headerlink"></a></h1>{body}</article>'
        return Chapter(name, f"<head><title>x</title></head><body>{article}</body>")

    body = (
        '<p id="top">a</p><a href="#top">b</a><a href="two.html#top">c</a><a href="two.html">d</a>'
        '<a href="#se:reduction=4">e</a><a href="https://x.org/#top">f</a><a href="../_s/one.ipynb">g</a>'
        '<label for="top"></label><script>"<a href=\\"#top\\" id=\\"top\\">"</script>'
    )
    page = one_page([chapter("one", body), chapter("two", body)])
    for name in ("one", "two", "one--top", "two--top"):
        assert page.count(f' id="{name}"') == 1
    for wanted in (
        '<a href="#one--top">b</a><a href="#two--top">c</a><a href="#two">d</a>',
        '<a href="#two--explorer-se">e</a><a href="https://x.org/#top">f</a><a>g</a><label for="two--top">',
        '<script>"<a href=\\"#top\\" id=\\"top\\">"</script>',
    ):
        assert wanted in page


def test_a_folder_without_a_book_is_refused(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match=r"expected a built book with an index\.html in "):
        chapters(tmp_path)


@pytest.mark.nightly
def test_the_whole_book_is_in_one_document(book: Path, browser: Browser, tmp_path: Path):
    """Its pages are looked at one by one in tests/browser/test_paper.py."""
    check(book, as_pdf(book, tmp_path / "book.pdf"))
    page = browser.new_page(viewport={"width": BETWEEN_MARGINS, "height": 1000})
    lay_out(page, book)
    assert page.evaluate(CUT, ".formula-inline, .attn-explorer *") == []
    assert min(Printed(page).white) > LEAST_WHITE
    page.close()
