"""Rules for what is on no page go; what a reader sees stays as it was."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import myst_nb
import pydata_sphinx_theme
import pytest
import sphinx_book_theme
import sphinx_design
from book_engine.joined import one_sheet
from book_engine.stylesheets import Vocabulary, keep_read, keep_rules, names_only, variables_read
from playwright.sync_api import Browser, Page, Route

from tests.patience import PAGE_SECONDS

WORDS = Vocabulary(['<p id="top" class="note w-1/2"><a>', 'button.classList.add("tip-" + side, "open")'])


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
        # What nothing holds is looked for nowhere.
        (".note:not(:has(b.gone)),p:not(:has(a)){top:0}", ".note:not(b.gone),p:not(:has(a)){top:0}"),
        # An element that is on no page; one that a script may make; what is no element.
        ("hr,p hr,button{top:0}", "button{top:0}"),
        ("*,p::before,:root,p:hover{top:0}", "*,p::before,:root,p:hover{top:0}"),
    ],
)
def test_a_rule_stays_if_what_it_names_may_be_there(css, kept):
    assert keep_rules(css, WORDS) == kept
    assert keep_rules(kept, WORDS) == kept


@pytest.mark.parametrize(
    ("page", "there", "gone"),
    [
        ('<p class="a-note" id=top>a table</p>', ["p", "a-note", "top"], ["table", "a"]),
        (
            '<img alt="a table" title=\'gone > by\' class="x" aria-label="tip">',
            ["img", "x"],
            ["table", "tip"],
        ),
        ('<input value="a > b" class="after">', ["after"], []),
        # Folded code waits in tags; a script may hold any name.
        ('<noscript><pre class="k">for</pre></noscript>', ["pre", "k"], ["for"]),
        ("<script>make('mark', `<kbd>`)</script>", ["mark", "kbd"], []),
        ("<p>1 < 2</p><b>x</b>", ["p", "b"], ["2", "x"]),
    ],
)
def test_the_words_of_a_page_are_no_names(page, there, gone):
    known = Vocabulary([names_only(page)])
    assert [name for name in there if not known.knows(name)] == []
    assert [name for name in gone if known.knows(name)] == []


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        ("p{--a:1px;--b:2px;top:var(--a)}", "p{--a:1px;top:var(--a)}"),
        ("p{--b:2px}", ""),
        ("@media print{p{--b:2px}}a{--a:0}", "a{--a:0}"),
        ("p{/* why */top:0;--b:url(x;y)}", "p{top:0}"),
        ("p{top:0;&:hover{--b:1px}}", "p{top:0;&:hover{--b:1px}}"),
        ("@font-face{font-family:X}", "@font-face{font-family:X}"),
        ("/*! Licence */p{top:0 !important}", "/*! Licence */p{top:0 !important}"),
    ],
)
def test_a_variable_stays_that_is_read(css, kept):
    assert keep_read(css, {"--a"}) == kept


def test_a_variable_is_read_with_or_without_a_default():
    assert variables_read("p{top:var(--a);left:var( --b , var(--c))}--d:1") == {"--a", "--b", "--c"}
    assert Vocabulary(['getPropertyValue("--e")', '<p style="--f:1">--']).variables == {"--e", "--f", "--"}


ORIGINALS = {
    path.name: path
    for package in (pydata_sphinx_theme, sphinx_book_theme, sphinx_design, myst_nb)
    for path in Path(package.__file__).parent.rglob("*.css")
}


PIECE = re.compile(r"/\*!\s*([\w./-]+\.css)\s*\*/")


def with_originals(joined: str, replaced: list[str]) -> str:
    """A joined style sheet with each of its sheets as its package ships it; notes whose it has replaced."""
    head, *pieces = PIECE.split(joined)
    texts = [head]
    for path, css in zip(pieces[::2], pieces[1::2], strict=True):
        name = Path(path).name
        name = "mystnb.css" if name.startswith("mystnb.") else name  # MyST-NB puts a hash into it
        if name in ORIGINALS:
            replaced.append(name)
            shipped = ORIGINALS[name].read_text("utf-8")
            # What it imports follows as a piece of its own.
            css = one_sheet([path], lambda asked, path=path, css=shipped: css if asked == path else "")
        texts.append(css)
    return "".join(texts)


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

    def serve_originals(route: Route) -> None:
        sheet = Path(unquote(urlsplit(route.request.url).path))
        css = with_originals(sheet.read_text("utf-8"), replaced)
        route.fulfill(body=css, content_type="text/css")

    if replace:
        page.route("**/*.css*", serve_originals)
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
