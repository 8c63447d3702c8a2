"""Rules for what is on no page go; what a reader sees stays as it was."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import myst_nb
import pydata_sphinx_theme
import pytest
import sphinx_book_theme
import sphinx_design
from book_engine.stylesheets import Vocabulary, keep_rules
from playwright.sync_api import Browser, Page, Route

from tests.patience import PAGE_SECONDS

WORDS = Vocabulary(['<p id="top" class="note w-1/2">', 'button.classList.add("tip-" + side, "open")'])


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        ("p{color:red}", "p{color:red}"),
        (".note{color:red}.gone{color:blue}", ".note{color:red}"),
        ("#top .note,.note .gone{color:red}", "#top .note{color:red}"),
        ("#bottom{color:red}", ""),
        (".open>.note.gone{color:red}", ""),
        # A name that a script puts together from its beginning.
        (".tip-left:before,.tap-left{top:1px}", ".tip-left:before{top:1px}"),
        # What stands in brackets does not have to be there, and its commas separate no rules.
        (".note:not(.gone){color:red}", ".note:not(.gone){color:red}"),
        (".gone:is(.note,:not(.open,p)),p:is(a,:not(b)){top:0}", "p:is(a,:not(b)){top:0}"),
        ('[data-x=".gone"],a[href$=".gone"].note{top:0}', '[data-x=".gone"],a[href$=".gone"].note{top:0}'),
        (r".w-1\/2{top:0}.w-1\/3{top:1px}", r".w-1\/2{top:0}"),
        ("@media print{.note{top:0}.gone{top:0}}", "@media print{.note{top:0}}"),
        ("@media print{.gone{top:0}}p{top:0}", "p{top:0}"),
        ("@supports (x:y){@media print{.gone{top:0}}}", ""),
        ("@font-face{font-family:X;src:url(gone.woff2)}", "@font-face{font-family:X;src:url(gone.woff2)}"),
        ("@keyframes gone{from{top:0}to{top:1px}}", "@keyframes gone{from{top:0}to{top:1px}}"),
        ('@charset "UTF-8";@import "gone.css";', '@charset "UTF-8";@import "gone.css";'),
        ("/*! Licence .gone */.gone{top:0}/* gone */p{top:0}", "/*! Licence .gone */p{top:0}"),
        ('p:after{content:"}.gone{"}.note{top:0}', 'p:after{content:"}.gone{"}.note{top:0}'),
    ],
)
def test_a_rule_stays_if_what_it_names_may_be_there(css, kept):
    assert keep_rules(css, WORDS) == kept
    assert keep_rules(kept, WORDS) == kept


ORIGINALS = {
    path.name: path
    for package in (pydata_sphinx_theme, sphinx_book_theme, sphinx_design, myst_nb)
    for path in Path(package.__file__).parent.rglob("*.css")
}


def original(address: str) -> Path | None:
    """The style sheet as its package ships it; MyST-NB puts a hash into the name."""
    name = Path(urlsplit(address).path).name
    return ORIGINALS.get("mystnb.css" if name.startswith("mystnb.") else name)


# Where everything is and how it looks: one line for each element, and for what is drawn before and after it.
# Pictures would be shorter, but two pictures of the same page differ by a shade here and there.
LOOK = """() => {
    const names = [
        "display", "position", "inset", "z-index", "float", "visibility", "opacity", "overflow", "content",
        "margin", "padding", "border", "border-radius", "box-shadow", "outline", "background", "color",
        "font", "letter-spacing", "text-align", "text-decoration", "text-transform", "white-space",
        "vertical-align", "list-style", "flex", "flex-flow", "align-items", "justify-content", "gap",
        "grid-template", "transform", "filter", "cursor", "max-width", "min-width", "max-height", "fill",
    ];
    const look = (element, pseudo) => {
        const style = getComputedStyle(element, pseudo);
        if (pseudo && ["none", "normal"].includes(style.content)) return [];
        const {x, y, width, height} = element.getBoundingClientRect();
        const values = names.map(name => `${name}: ${style.getPropertyValue(name)}`);
        return [[element.tagName, element.className, pseudo, x, y, width, height, ...values].join(" | ")];
    };
    document.getAnimations().forEach(animation => animation.finish());
    return [...document.querySelectorAll("*")]
        .flatMap(element => [null, "::before", "::after"].flatMap(pseudo => look(element, pseudo)));
}"""


def visit(browser: Browser, address: str, width: int, scheme: str, replace: bool) -> list[list[str]]:
    """The look of a page as it comes, and then with everything on it opened that opens."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(1000 * PAGE_SECONDS)
    page = context.new_page()
    replaced: list[str] = []

    def serve_original(route: Route) -> None:
        path = original(route.request.url)
        if path is None:
            route.continue_()
        else:
            replaced.append(path.name)
            route.fulfill(path=path)

    if replace:
        page.route("**/*.css*", serve_original)
    page.goto(address)
    page.evaluate("document.fonts.ready")
    # What is laid out only when it comes near the screen is there or not, as the browser finds the time.
    page.add_style_tag(content="* { content-visibility: visible !important; }")
    looks = []
    for opened in (as_it_comes, scroll_and_unfold, open_search):
        opened(page)
        looks.append(page.evaluate(LOOK))
    if replace:
        assert {"pydata-sphinx-theme.css", "sphinx-book-theme.css", "mystnb.css"} <= set(replaced)
    context.close()
    return looks


def as_it_comes(page: Page) -> None:
    """Do nothing to the page."""


def scroll_and_unfold(page: Page) -> None:
    page.evaluate("document.body.classList.add('scrolled')")  # as the theme's script does
    for title in page.locator("main summary, main .admonition.dropdown > .admonition-title").all():
        title.click()


def open_search(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.locator("form.bd-search input").locator("visible=true").first.wait_for()


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [("chapter", 1280, "light"), ("chapter", 375, "dark"), ("opening", 1280, "dark")],
)
def test_a_page_looks_the_same_with_the_style_sheets_as_they_were(
    mini_book: Path, browser: Browser, name: str, width: int, scheme: str
):
    address = (mini_book / "book" / f"{name}.html").as_uri()
    cut = visit(browser, address, width, scheme, replace=False)
    whole = visit(browser, address, width, scheme, replace=True)
    assert cut[0] != cut[1] != cut[2]  # each step opened something
    for now, before in zip(cut, whole, strict=True):
        assert [pair for pair in zip(now, before, strict=True) if pair[0] != pair[1]] == []
