"""PDF: the whole built book as one document, with its contents, an outline and links that lead on in it.

``make pdf`` runs ``python -m book_engine.pdf _build/html _build/gate-by-gate.pdf BROWSER``. The chapters are
put behind each other into one page, in the order of the book, and Chromium prints that by the book's style
sheet for paper, so that a chapter looks as it does when a reader prints it. It is printed twice: only then it
is known on which sheet a chapter begins, which the contents say. The same pages make the same document, byte
for byte.
"""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Page, sync_playwright
from pypdf import PdfWriter
from pypdf.generic import Destination, DictionaryObject, NameObject, TextStringObject

from book_engine.archive import checksum

__all__ = ["Chapter", "chapters", "lay_out", "one_page", "print_book"]

NAME = "whole-book.html"
"""The page of all chapters, which exists while it is printed."""

BETWEEN_MARGINS = 688
"""CSS pixels of A4 between the margins of the style sheet: 210 mm less 2 × 14 mm."""

_SCRIPTS = re.compile(r"(<script\b.*?</script>)", re.DOTALL)
_TAG = re.compile(r"""<[a-zA-Z](?:[^"'>]|"[^"]*"|'[^']*')*>""")
_ID = re.compile(r'(\s(?:id|for|aria-labelledby|aria-describedby|aria-controls)=")([^"]+)(")')
_HREF = re.compile(r'(\s(?:href|xlink:href)=")([^"]*)(")')
_CELL = re.compile(rb"\(node\d{8}\)")
_SETTING = re.compile(r"([\w.]+):")

STYLE = """
.whole-book > * + * { break-before: page; }
.whole-contents { font-size: 1.05rem; }
.whole-contents ol { list-style: none; margin: 2rem 0; padding: 0; }
.whole-contents li { display: flex; gap: .5rem; margin: .45rem 0; }
.whole-contents li::after { content: attr(data-sheet); order: 3; width: 3em; text-align: right; }
.whole-contents li > span { flex: 1; border-bottom: 1px dotted; opacity: .5; }
.whole-title { margin: 6rem 0 .5rem; font-size: 2.6rem; font-weight: 700; line-height: 1.2; }
"""

FOOTER = (
    '<div style="width: 100%; font: 8px sans-serif; text-align: center; color: #555">'
    '<span class="pageNumber"></span></div>'
)

# Everything is drawn when it comes near, so all of it comes near. An explorer is where its address leads.
DRAW_ALL = """async () => {
    const rest = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    for (const image of document.images) image.loading = "eager";
    for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
        scrollTo(0, y);
        await rest();
    }
    scrollTo(0, 0);
    await Promise.all([...document.images].filter((one) => one.checkVisibility()).map((one) => one.decode()));
    await document.fonts.ready;
    for (const chapter of document.querySelectorAll("[data-chapter]")) {
        const met = {};
        for (const figure of chapter.querySelectorAll("figure[data-explorer]")) {
            const name = figure.dataset.explorer;
            met[name] = (met[name] ?? 0) + 1;
            figure.id = `${chapter.dataset.chapter}--explorer-${name}${met[name] > 1 ? `.${met[name]}` : ""}`;
        }
    }
    for (const link of document.querySelectorAll('.whole-book a[href^="#"]')) {
        const target = link.getAttribute("href").slice(1);
        if (!document.getElementById(target)) link.setAttribute("href", `#${target.split("--")[0]}`);
    }
}"""


NUMBER = """(sheets) => document.querySelectorAll(".whole-contents li")
    .forEach((line, at) => { line.dataset.sheet = sheets[at]; })"""

HEADINGS = """() => [...document.querySelectorAll(".whole-book :is(h1, h2, h3, h4, h5, h6)")]
    .filter((heading) => heading.checkVisibility())
    .map((heading) => [...heading.childNodes].filter((node) => !node.matches?.(".headerlink"))
        .map((node) => node.textContent).join("").replace(/\\s+/g, " ").trim())"""

EARLIEST = "D:19800101000000Z"
"""The date of every document, as of what is in the archive."""


@dataclass(frozen=True)
class Chapter:
    """A built page of the book.

    Attributes:
        name: the name of its file, without the ending.
        text: its HTML.
    """

    name: str
    text: str

    @property
    def title(self) -> str:
        """What its first heading says."""
        heading = re.search(r"<h1>(.*?)<a class=\"headerlink\"", self.text, re.DOTALL)
        return html.unescape(re.sub(r"<[^>]+>", "", heading[1])).strip() if heading else self.name

    @property
    def article(self) -> str:
        """What stands on it beside what leads around."""
        begin = self.text.index(">", self.text.index('<article class="bd-article"')) + 1
        return self.text[begin : self.text.rindex("</article>")]


def chapters(book: Path) -> list[Chapter]:
    """Read the pages of a built book in their order: from the first on, each names the next.

    Raises:
        FileNotFoundError: there is no built book in the folder.
        ValueError: the pages do not all lie in one folder.
    """
    if not (book / "index.html").is_file():
        raise FileNotFoundError(f"expected a built book with an index.html in {book}; run `make book`")
    front = (book / "index.html").read_text("utf-8")
    refresh = re.search(r'http-equiv="Refresh" content="0; url=([^"]+)"', front)
    path = book / refresh[1] if refresh else book / "index.html"
    found: list[Chapter] = []
    while True:
        text = path.read_text("utf-8")
        found.append(Chapter(path.stem, text))
        following = re.search(r'<link rel="next"[^>]*\bhref="([^"]+)"', text)
        if not following:
            return found
        if "/" in following[1]:
            raise ValueError(f"expected all pages in the folder of the first; got {following[1]}")
        path = path.parent / following[1]


def _address(href: str, chapter: str, known: set[str], online: str) -> str | None:
    """Return where a link of a chapter leads in the document; ``None`` if to a file that stays away."""
    parts = urlsplit(href)
    if parts.scheme or parts.netloc:
        return href
    name = Path(unquote(parts.path)).stem if parts.path else chapter
    if name not in known or not parts.path.endswith((".html", "")) or "/" in parts.path:
        return f"{online}{parts.path.removeprefix('../')}" if online else None
    fragment = unquote(parts.fragment)
    if setting := _SETTING.match(fragment):
        return f"#{name}--explorer-{setting[1]}"
    return f"#{name}--{fragment}" if fragment else f"#{name}"


def _moved(chapter: Chapter, known: set[str], online: str) -> str:
    """Return the article of a chapter with names that no other has, and links that lead to those."""

    def link(match: re.Match[str]) -> str:
        address = _address(html.unescape(match[2]), chapter.name, known, online)
        return "" if address is None else f"{match[1]}{html.escape(address)}{match[3]}"

    def names(match: re.Match[str]) -> str:
        return match[1] + " ".join(f"{chapter.name}--{name}" for name in match[2].split()) + match[3]

    pieces = _SCRIPTS.split(chapter.article)
    for at in range(0, len(pieces), 2):
        pieces[at] = _TAG.sub(lambda tag: _HREF.sub(link, _ID.sub(names, tag[0])), pieces[at])
    return "".join(pieces)


def one_page(book: list[Chapter]) -> str:
    """Put the chapters behind each other into one page, with their contents before them.

    Head and frame are those of the first page, with every file that another one loads.
    """
    first = book[0].text
    known = {chapter.name for chapter in book}
    canonical = re.search(r'<link rel="canonical" href="([^"]+)"', first)
    online = canonical[1].rsplit("/", 2)[0] + "/" if canonical else ""
    loads = r'<link rel="stylesheet"[^>]*>|<script\b[^>]*\bsrc="[^"]*"[^>]*></script>'
    heads = [chapter.text[: chapter.text.index("</head>")] for chapter in book]
    there = set(re.findall(loads, heads[0]))
    others = dict.fromkeys(one for head in heads[1:] for one in re.findall(loads, head) if one not in there)
    title = book[0].title
    subtitle = re.search(rf"<strong>{re.escape(html.escape(title))}</strong>([^<]*)</span>", first)
    author = re.search(r'<p class="component-author">\s*(.*?)\s*</p>', first, re.DOTALL)
    lines = "".join(
        f'<li><a href="#{chapter.name}">{html.escape(chapter.title)}</a><span></span></li>'
        for chapter in book
    )
    article = (
        f'<div class="whole-contents"><p class="whole-title">{html.escape(title)}</p>'
        f"<p>{subtitle[1].strip() if subtitle else ''}</p><p>{author[1] if author else ''}</p>"
        f"<ol>{lines}</ol></div>"
    )
    for chapter in book:
        moved = _moved(chapter, known, online)
        article += f'<div data-chapter="{chapter.name}" id="{chapter.name}">{moved}</div>'
    begin = first.index(">", first.index('<article class="bd-article"')) + 1
    page = first[:begin] + f'<div class="whole-book">{article}</div>' + first[first.rindex("</article>") :]
    page = page.replace("</head>", f"{''.join(others)}<style>@media print {{{STYLE}}}</style></head>", 1)
    return re.sub(
        r"<title>.*?</title>", f"<title>{html.escape(title)}</title>", page, count=1, flags=re.DOTALL
    )


def lay_out(page: Page, book: Path) -> None:
    """Open the page of all chapters of a built book, with everything on it drawn, as for paper."""
    read = chapters(book)
    folder = next(path for path in book.rglob(f"{read[0].name}.html")).parent
    text = one_page(read)
    page.set_viewport_size({"width": BETWEEN_MARGINS, "height": 1000})
    page.set_default_timeout(0)
    page.route(f"**/{NAME}", lambda route: route.fulfill(body=text, content_type="text/html"))
    page.goto(f"{folder.resolve().as_uri()}/{NAME}")
    page.emulate_media(media="print", color_scheme="light")
    page.evaluate(DRAW_ALL)


def _print(page: Page, document: Path) -> PdfWriter:
    page.pdf(
        path=document,
        format="A4",
        prefer_css_page_size=True,
        print_background=True,
        outline=True,
        tagged=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER,
    )
    return PdfWriter(clone_from=document)


def _entries(outline: list[Any]) -> Iterator[Destination]:
    """Yield every entry of an outline, in its order."""
    for entry in outline:
        if isinstance(entry, list):
            yield from _entries(entry)
        else:
            yield entry


def _first_sheets(pdf: PdfWriter) -> list[int]:
    """Return the number of the sheet on which each chapter of the outline begins."""
    tops = [entry for entry in pdf.outline if not isinstance(entry, list)]
    return [(pdf.get_destination_page_number(entry) or 0) + 1 for entry in tops]


def _name(pdf: PdfWriter, headings: list[str]) -> None:
    """Give the entries of the outline their headings: Chromium leaves a space out where a heading wraps.

    Raises:
        ValueError: there are not as many of these as of those.
    """
    entries = list(_entries(pdf.outline))
    if len(entries) != len(headings):
        raise ValueError(f"expected an outline of {len(headings)} headings; got {len(entries)}")
    for entry, heading in zip(entries, headings, strict=True):
        cast("DictionaryObject", entry.node)[NameObject("/Title")] = TextStringObject(heading)


def _numbered(pdf: bytes) -> bytes:
    """Number the cells of tables anew, which Chromium calls by numbers that depend on what ran before."""
    names = {name: at for at, name in enumerate(sorted(set(_CELL.findall(pdf))))}
    return _CELL.sub(lambda match: b"(node%08d)" % names[match[0]], pdf)


def print_book(book: Path, document: Path, browser: str) -> int:
    """Print a built book into a PDF, and write its checksum beside it.

    Args:
        book: the folder that holds ``index.html``.
        document: the file to write.
        browser: the path of a Chromium.

    Returns:
        The number of its sheets.

    Raises:
        ValueError: the outline does not name every chapter and section, as after a change of the browser.
    """
    read = chapters(book)
    author = re.search(r'"component-author">\s*By (.*?)\s*</p>', read[0].text, re.DOTALL)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        page = chromium.new_page()
        lay_out(page, book)
        sheets = _first_sheets(_print(page, document))
        if len(sheets) != len(read):
            raise ValueError(f"expected an outline of {len(read)} chapters; got {len(sheets)}")
        page.evaluate(NUMBER, sheets)
        pdf = _print(page, document)
        headings = page.evaluate(HEADINGS)
        chromium.close()
    _name(pdf, headings)
    pdf.metadata = {
        "/Title": read[0].title,
        "/Author": html.unescape(author[1]) if author else "",
        "/CreationDate": EARLIEST,
        "/ModDate": EARLIEST,
    }
    pdf._ID = None  # else it would be another one each time
    pdf.root_object[NameObject("/PageMode")] = NameObject("/UseOutlines")
    pdf.write(document)
    document.write_bytes(_numbered(document.read_bytes()))
    checksum(document)
    return len(pdf.pages)


if __name__ == "__main__":
    count = print_book(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
    print(f"{sys.argv[2]}: {count} sheets")
