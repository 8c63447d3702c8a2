"""How much a reader downloads on the first visit to a page."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

from book_engine.output import JOINED
from playwright.sync_api import Browser

from tests.browser import chromium
from tests.conftest import OpenPage
from tests.patience import PAGE_SECONDS
from tests.serving import as_sent, served

# Of the 250 kB of a first visit to a chapter, what the engine may take; the rest is for text and explorers.
# Measured with version 1.3 of the theme: 51 kB in 7 requests. As Jupyter Book comes: 2,367 kB in 42.
ENGINE_BYTES = 55_000
ENGINE_REQUESTS = 8


def test_the_engine_keeps_to_its_share_of_the_budget(mini_book: Path, browser: Browser):
    # Without its windows, a browser has no place for the icon of a page, and does not ask for it.
    whole = browser.browser_type.launch(
        executable_path=chromium.find_whole(), args=list(chromium.ARGUMENTS), timeout=1000 * PAGE_SECONDS
    )
    page = whole.new_page()
    page.set_default_timeout(1000 * PAGE_SECONDS)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(f"{mini_book.as_uri()}/book/chapter.html")
    page.evaluate("document.fonts.ready")
    page.wait_for_load_state("networkidle")
    whole.close()

    files = {Path(unquote(urlsplit(url).path)) for url in requests}
    assert all(mini_book in path.parents for path in files)
    own = {mini_book / "book" / "chapter.html"} | {path for path in files if path.parent.name == "_images"}
    assert len(own) == 3  # the page and its two figures
    sizes = {path.relative_to(mini_book).as_posix(): len(as_sent(path.read_bytes())) for path in files - own}

    assert {"_static/fonts/stix-two-math.woff2", "_static/favicon.svg"} <= set(sizes)
    assert sorted(Path(name).suffix for name in sizes if JOINED in name) == [".css", ".js"]
    assert sum(sizes.values()) <= ENGINE_BYTES, sorted(sizes.items(), key=lambda item: -item[1])
    assert len(sizes) <= ENGINE_REQUESTS, sorted(sizes)


def test_a_server_sends_what_a_page_loads_and_notes_it(mini_book: Path, open_page: OpenPage):
    with served(mini_book) as server:
        page = open_page(f"{server.address}/book/chapter.html?v=1")
        page.wait_for_load_state("networkidle")
        sent = {unquote(urlsplit(path).path).lstrip("/"): size for path, size in server.sent}
        sizes = page.evaluate(
            "() => performance.getEntriesByType('resource').map((one) => [one.name, one.encodedBodySize])"
        )
        count = len(server.sent)
        ahead = Request(f"{server.address}/book/opening.html", headers={"Sec-Purpose": "prefetch"})
        urlopen(ahead).close()
        assert len(server.sent) == count, "what is fetched ahead is no part of a visit"
    assert sent == {name: len(as_sent((mini_book / name).read_bytes())) for name in sent}
    assert len(sent) == len(server.sent) >= 5
    found = {unquote(urlsplit(name).path).lstrip("/"): size for name, size in sizes}
    assert found.items() <= sent.items(), "the browser has received as much"
