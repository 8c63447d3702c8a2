"""Finding: what search engines, previews of links and readers who are lost see of the book.

Every page has a description: its own first sentences, if it has any. Where the book knows its address, it has
a list of its pages, for search engines, and a page for addresses that are none.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

__all__ = ["description", "sitemap"]

LONGEST = 160
"""Characters of a description that search engines show."""

NOT_FOUND = "404"

MADE_BY_SPHINX = {
    "search": (
        "Search",
        "Look for a word in all chapters and in the API. The search runs in the page; nothing is sent.",
    ),
    "genindex": ("Index", "All names of the API, from A to Z."),
    "py-modindex": ("Modules", "All modules of the API."),
}
"""Titles and descriptions of the pages that have no text of their own."""


def description(doctree: nodes.document) -> str:
    """Return the beginning of a page's first paragraph, up to a whole word."""
    first = next(iter(doctree.findall(nodes.paragraph)), None)
    text = " ".join(first.astext().split()) if first else ""
    if len(text) <= LONGEST:
        return text
    return text[: LONGEST - 2].rsplit(" ", 1)[0].rstrip(",;:") + " …"


def sitemap(address: str, names: list[str]) -> str:
    """Return the list of pages that search engines read."""
    places = "".join(f"<url><loc>{address}{name}.html</loc></url>" for name in names)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{places}</urlset>\n'
    )


def _describe(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if doctree is None:
        title, text = MADE_BY_SPHINX.get(pagename, ("", ""))
    else:
        title, text = app.env.titles[pagename].astext(), description(doctree)
    tags = ""
    if text:
        title, text = html.escape(title), html.escape(text)
        tags = (
            f'<meta name="description" content="{text}">'
            f'<meta property="og:title" content="{title}">'
            f'<meta property="og:description" content="{text}">'
        )
    if pagename == NOT_FOUND and app.config.html_baseurl:
        # It is shown at any address, so what it links to must not depend on that.
        tags += f'<base href="{html.escape(app.config.html_baseurl)}">'
    context["metatags"] = context.get("metatags", "") + tags


def _not_found(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    if app.config.html_baseurl:
        body = (
            "<h1>No page here</h1><p>The address may be old or misspelt. The contents and the search lead "
            f'to every page; <a href="{app.config.root_doc}.html">the opening</a> is a good one.</p>'
        )
        yield NOT_FOUND, {"title": "No page here", "body": body}, "page.html"


def _list_pages(app: Sphinx, error: Exception | None) -> None:
    if not error and app.builder.name == "html" and app.config.html_baseurl:
        names = sorted(app.env.found_docs)
        Path(app.outdir, "sitemap.xml").write_text(sitemap(app.config.html_baseurl, names), "utf-8")
        # Read where the book has a host of its own; on a shared one, one tells search engines of the list.
        robots = f"User-agent: *\nAllow: /\nSitemap: {app.config.html_baseurl}sitemap.xml\n"
        Path(app.outdir, "robots.txt").write_text(robots, "utf-8")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Describe every page, and write the three files that only a published book has."""
    app.connect("html-page-context", _describe)
    app.connect("html-collect-pages", _not_found)
    app.connect("build-finished", _list_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
