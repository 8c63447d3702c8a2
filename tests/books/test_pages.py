"""The miniature book in a real browser: from a folder, on a phone, in the dark, by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import assert_accessible
from tests.conftest import OpenPage
from tests.patience import PAGE_SECONDS
from tests.serving import served

PHONE, DESK = 375, 1280
CHAPTER = "book/chapter.html"


@pytest.fixture(scope="session")
def served_book(mini_book: Path) -> Iterator[str]:
    """The address of the miniature book on a web server, as a reader on the network meets it."""
    with served(mini_book) as server:
        yield server.address


def overflow(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def background(page: Page, selector: str) -> str:
    return page.locator(selector).first.evaluate("e => getComputedStyle(e).backgroundColor")


@pytest.mark.chromium
@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        *((CHAPTER, width, scheme) for width in (DESK, PHONE) for scheme in ("light", "dark")),
        ("book/opening.html", DESK, "light"),
        ("book/opening.html", PHONE, "dark"),
        ("search.html?q=gate", DESK, "dark"),
        ("search.html?q=gate", PHONE, "light"),
        ("genindex.html", DESK, "light"),
    ],
)
def test_a_page_is_clean_fits_and_has_no_accessibility_violation(
    mini_book: Path, open_page: OpenPage, name: str, width: int, scheme: str
):
    page = open_page(f"{mini_book.as_uri()}/{name}", width=width, scheme=scheme)
    page.evaluate("document.fonts.ready")
    assert overflow(page) == 0
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    assert_accessible(page)


def test_a_page_works_the_same_from_a_server(served_book: str, open_page: OpenPage):
    page = open_page(f"{served_book}/{CHAPTER}")
    page.evaluate("document.fonts.ready")
    loaded = "[...document.fonts].filter(face => face.status === 'loaded').map(face => face.family)"
    assert any("Book Math" in family for family in page.evaluate(loaded))


def test_the_front_door_leads_to_the_first_chapter(mini_book: Path, open_page: OpenPage):
    page = open_page(f"{mini_book.as_uri()}/index.html")
    page.wait_for_url("**/book/opening.html")


def test_formulas_are_mathml_in_their_own_font(mini_book: Path, open_page: OpenPage):
    page = open_page(f"{mini_book.as_uri()}/{CHAPTER}")
    page.evaluate("document.fonts.ready")
    formulas = page.locator("main math")
    assert formulas.count() == 9
    for index in range(9):
        box = formulas.nth(index).evaluate(
            "e => ({alt: e.getAttribute('alttext'), font: getComputedStyle(e).fontFamily,"
            " hidden: !!e.closest('details:not([open])'), width: e.getBoundingClientRect().width})"
        )
        assert box["alt"]
        assert "equation" not in box["alt"]
        assert box["font"].startswith('"Book Math"')
        assert box["hidden"] or box["width"] > 10
    assert page.evaluate("document.fonts.check('16px \"Book Math\"', '\U0001d465∑')")
    # A parenthesis around a fraction stretches over it, which takes the larger glyphs of the font.
    stretched = page.locator("math[alttext*=softmax] mo").filter(has_text="(").last
    assert stretched.bounding_box()["height"] > 40


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_numbers_stand_on_the_right_of_their_formulas(mini_book: Path, open_page: OpenPage, width: int):
    page = open_page(f"{mini_book.as_uri()}/{CHAPTER}", width=width)
    numbers = page.locator(".formula .eqno")
    assert [re.match(r"\(\d\)", text)[0] for text in numbers.all_inner_texts()] == ["(1)", "(2)"]
    for index in range(2):
        number = numbers.nth(index).bounding_box()
        formula = page.locator(".formula:has(.eqno) .formula-box").nth(index).bounding_box()
        assert formula["x"] + formula["width"] <= number["x"]
        assert number["x"] + number["width"] <= width
    page.get_by_role("link", name="(2)").first.click()
    assert page.url.endswith("#equation-eq-wide")


@pytest.mark.chromium
def test_a_wide_formula_scrolls_in_its_box_by_keyboard_and_is_not_cut_off(
    mini_book: Path, open_page: OpenPage
):
    page = open_page(f"{mini_book.as_uri()}/{CHAPTER}", width=PHONE)
    wide = page.locator("#equation-eq-wide .formula-box")
    narrow = page.locator("#equation-eq-squeeze .formula-box")
    table = page.locator(".pst-scrollable-table-container:has(table)")
    inline = page.locator(".formula-inline:has([alttext*=tfrac])")
    for box in (wide, table, inline):
        expect(box).to_have_js_property("tabIndex", 0)
        assert box.evaluate("e => e.scrollWidth > e.clientWidth")
        start = box.evaluate(
            "e => e.firstElementChild.getBoundingClientRect().left - e.getBoundingClientRect().left"
        )
        assert start >= 0
        box.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("e => e.scrollLeft > 0", arg=box.element_handle())
    expect(narrow).to_have_js_property("tabIndex", -1)


def test_a_formula_in_a_line_stands_on_the_line(mini_book: Path, open_page: OpenPage):
    """On a phone an inline formula may scroll too; its letters must stay level with the words beside it."""
    page = open_page(f"{mini_book.as_uri()}/{CHAPTER}", width=PHONE)
    offsets = page.evaluate(
        """() => [...document.querySelectorAll("p .formula-inline")].map(formula => {
            const mark = document.createElement("span");
            mark.style.cssText = "display:inline-block;width:1px;height:0";
            formula.after(mark);
            const letter = formula.querySelector("math").firstElementChild;
            const inside = document.createElementNS("http://www.w3.org/1998/Math/MathML", "mspace");
            inside.setAttribute("height", "0");
            formula.querySelector("math").append(inside);
            const offset = inside.getBoundingClientRect().bottom - mark.getBoundingClientRect().bottom;
            const sameLine = Math.abs(offset) < 12;
            mark.remove(); inside.remove();
            return sameLine ? offset : null;
        }).filter(offset => offset !== null)"""
    )
    assert len(offsets) >= 2
    assert all(abs(offset) <= 2 for offset in offsets), offsets


def test_every_icon_is_drawn_and_in_the_font(mini_book: Path, open_page: OpenPage):
    fonts = {
        path.name.split("-")[1]: set(TTFont(path).getBestCmap() or {})
        for path in mini_book.glob("_static/vendor/fontawesome/**/*.woff2")
    }
    for width in (DESK, PHONE):
        page = open_page(f"{mini_book.as_uri()}/{CHAPTER}", width=width)
        icons = page.evaluate(
            """() => [...document.querySelectorAll("[class*=fa-], .admonition-title")].flatMap(e =>
                ["::before", "::after"].map(pseudo => [e, getComputedStyle(e, pseudo)])
            ).filter(([e, style]) => style.fontFamily.includes("Font Awesome") && e.checkVisibility()
                && !["none", "normal"].includes(style.content)
            ).map(([e, style]) => ({name: e.className, content: style.content.slice(1, -1),
                family: style.fontFamily, weight: style.fontWeight, size: parseFloat(style.fontSize),
                width: e.getBoundingClientRect().width, height: e.getBoundingClientRect().height}))"""
        )
        names = " ".join(icon["name"] for icon in icons)
        for name in ("fa-rocket", "fa-github", "fa-download", "fa-bars", "fa-magnifying-glass", "admonition"):
            assert name in names, width
        for icon in icons:
            font = (
                "brands" if "Brands" in icon["family"] else "solid" if icon["weight"] == "900" else "regular"
            )
            assert len(icon["content"]) == 1, icon
            assert ord(icon["content"]) in fonts[font], icon
            assert icon["width"] >= 10, icon
            assert icon["height"] > 0, icon
            assert icon["size"] >= 10, icon


@pytest.mark.chromium
def test_dark_mode_is_there_before_the_first_paint(mini_book: Path, open_page: OpenPage, browser: Browser):
    context = browser.new_context(color_scheme="dark")
    context.set_default_timeout(1000 * PAGE_SECONDS)
    page = context.new_page()
    page.add_init_script(
        """new MutationObserver(() => {
            if (document.body) window.first ??= document.documentElement.dataset.theme;
        }).observe(document, {childList: true, subtree: true});"""
    )
    page.goto(f"{mini_book.as_uri()}/{CHAPTER}")
    assert page.evaluate("window.first") == "dark"
    context.close()


def test_the_theme_button_goes_round_and_is_remembered(mini_book: Path, open_page: OpenPage):
    page = open_page(f"{mini_book.as_uri()}/{CHAPTER}")
    button = page.locator("button.theme-switch-button")
    seen = []
    for _ in range(3):
        button.click()
        seen.append(
            page.evaluate("[document.documentElement.dataset.mode, document.documentElement.dataset.theme]")
        )
    assert sorted(seen) == [["auto", "light"], ["dark", "dark"], ["light", "light"]]
    while page.evaluate("document.documentElement.dataset.mode") != "dark":
        button.click()
    assert background(page, "body") == "rgb(20, 23, 27)"
    # An output in HTML keeps the page's ground, and so does a figure: it is another one.
    assert background(page, ".text_html:has(#html-output)") == "rgba(0, 0, 0, 0)"
    assert (
        page.locator(".cell_output img:visible").count() == page.locator(".cell_output img.only-dark").count()
    )
    assert background(page, ".cell_output img.only-dark") == "rgba(0, 0, 0, 0)"
    page.goto(f"{mini_book.as_uri()}/book/opening.html")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_search_finds_a_page_from_any_page(mini_book: Path, open_page: OpenPage, width: int):
    page = open_page(f"{mini_book.as_uri()}/{CHAPTER}", width=width)
    page.get_by_role("button", name="Search").locator("visible=true").first.click()
    field = page.locator("#pst-search-dialog input[type=search], form.bd-search input").locator(
        "visible=true"
    )
    field.first.fill("quotation")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=quotation*")
    result = page.locator("#search-results a").first
    expect(result).to_have_text("A miniature book")
    result.click()
    page.wait_for_url("**/book/opening.html*")


def test_on_a_phone_the_contents_open_and_close_by_keyboard(mini_book: Path, open_page: OpenPage):
    page = open_page(f"{mini_book.as_uri()}/{CHAPTER}", width=PHONE)
    entry = page.get_by_role("navigation", name="Main").get_by_role("link", name="A miniature book")
    expect(entry).not_to_be_in_viewport()
    page.locator("button.primary-toggle, label.primary-toggle").locator("visible=true").first.click()
    expect(entry).to_be_in_viewport()
    entry.click()
    page.wait_for_url("**/book/opening.html")


def test_what_is_folded_unfolds(mini_book: Path, open_page: OpenPage):
    page = open_page(f"{mini_book.as_uri()}/{CHAPTER}")
    for title, hidden in (
        ("Solution", "It halves the features"),
        ("Code", "import matplotlib.pyplot"),
        ("A riddle", "What does a gate of 0.5 do?"),
    ):
        text = page.locator("main p, main pre").filter(has_text=hidden)
        expect(text).not_to_be_visible()
        page.locator("summary, .admonition.dropdown > .admonition-title").filter(
            has_text=re.compile(rf"^\s*{title}\s*$")
        ).click()
        expect(text).to_be_visible()


def test_the_browser_refuses_what_the_policy_forbids(mini_book: Path, browser: Browser):
    page = browser.new_page()
    page.set_default_timeout(1000 * PAGE_SECONDS)
    page.goto(f"{mini_book.as_uri()}/{CHAPTER}")
    refused = page.evaluate(
        """() => Promise.all(["script", "img", "iframe", "link"].map(name => new Promise(resolve => {
            const element = document.createElement(name);
            const address = `https://${name}.example.org/x`;
            addEventListener("securitypolicyviolation", event => {
                if (event.blockedURI.includes(`//${name}.`)) resolve(name);
            });
            if (name === "link") element.rel = "stylesheet";
            element[name === "link" ? "href" : "src"] = address;
            document.body.append(element);
        })))"""
    )
    assert refused == ["script", "img", "iframe", "link"]
    page.close()
