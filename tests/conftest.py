"""Fixtures that several folders of tests share: a browser, pages that must stay clean, and the built book."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import chromium, firefox
from tests.patience import PAGE_SECONDS

ROOT = Path(__file__).parent.parent
# Firefox says so of a formula of which it has read a part, and draws it once it has the rest.
HALF_READ = re.compile(r"Incorrect number of children for <m\w+/> tag")
OpenPage = Callable[..., Page]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests of the pages run in Firefox, as `make firefox` has them."""
    parser.addoption("--firefox", action="store_true", help="open pages in Firefox instead of Chromium")


def pytest_collection() -> None:
    """Let Python not look for what is not used any more while tests are imported and collected.

    All of it stays until the end. To go through it again and again takes a quarter of the collection's time.
    """
    gc.disable()


def pytest_collection_finish() -> None:
    """Let Python look again, less often, and only among what the tests make from here on."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


@pytest.hookimpl(tryfirst=True)  # before pytest selects by marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what looks at the built book, which `make test` runs once it is built.

    Raises:
        pytest.UsageError: a unit test does, which `make test` would not find: it looks for them elsewhere.
    """
    for item in items:
        if "book" in getattr(item, "fixturenames", ()):
            if item.path.is_relative_to(ROOT / "tests" / "unit"):
                raise pytest.UsageError(f"a unit test must do without the built book: {item.nodeid}")
            item.add_marker("book")


@pytest.fixture(scope="session")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """One headless browser for the whole run."""
    kind = firefox if request.config.getoption("firefox") else chromium
    path = kind.find()
    if path is None:
        pytest.fail(kind.HELP)
    with sync_playwright() as playwright:
        running = kind.launch(playwright, path)
        expect.set_options(timeout=1000 * PAGE_SECONDS)
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Open pages that are closed after the test, which fails if any of them logged an error.

    A console error, an uncaught exception, a failed request and a request to anywhere but the page's own
    origin all count: a published page must do without a network. ``prepare`` is called with the page before
    it goes anywhere.
    """
    problems: list[str] = []
    contexts = []

    def open_one(
        url: str,
        *,
        width: int = 1280,
        height: int = 900,
        scheme: str = "light",
        prepare: Callable[[Page], object] = lambda page: None,
        **options: object,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, **options
        )
        context.set_default_timeout(1000 * PAGE_SECONDS)
        contexts.append(context)
        page = context.new_page()
        own = url.split("/", 3)[:3]
        page.on("console", lambda m: problems.append(f"console: {m.text}") if m.type == "error" else None)
        page.on(
            "pageerror",
            lambda error: problems.append(f"exception: {error}") if not HALF_READ.match(str(error)) else None,
        )
        page.on("requestfailed", lambda request: problems.append(f"failed request: {request.url}"))
        page.on(
            "request",
            lambda request: (
                problems.append(f"third party: {request.url}")
                if request.url.split("/", 3)[:3] != own and not request.url.startswith(("data:", "blob:"))
                else None
            ),
        )
        prepare(page)
        page.goto(url)
        return page

    yield open_one
    seen = list(problems)  # closing a page may break off a request, which is nobody's fault
    for context in contexts:
        context.close()
    assert seen == []


@pytest.fixture(scope="session")
def book() -> Path:
    """The folder of the built book."""
    html = ROOT / "_build" / "html"
    if not (html / "index.html").exists():
        pytest.fail("the book is not built: run `make book` first (`make test` does)")
    return html
