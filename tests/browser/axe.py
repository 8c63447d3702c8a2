"""The axe accessibility rules, run in an open page."""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Without `preload`: axe would fetch the style sheets anew, which a browser refuses on file://.
# What is in order is only counted: naming every such element takes longer than all the rules.
OPTIONS = {"preload": False, "resultTypes": ["violations"]}
CONTRAST = "color-contrast"
# Left out by axe as an experiment: who speaks to a page says what stands on a button.
NAMED_AS_READ = "label-content-name-mismatch"

# Axe takes a millisecond or more for the contrast of a text, and a page with much code has ten thousand.
# Those of one colour and size on one background have the same, so it is shown one of them.
ALIKE = Path(__file__).with_name("alike.js").read_text(encoding="utf-8")

# In Firefox axe 4.12 finds no place for the letters of a formula, and breaks the whole rule off there.
WITHOUT_FORMULAS = {"exclude": [["math"]]}


def violations(page: Page) -> list[AxeResults]:
    """Return the results of what a page violates, with axe's report; there are none on a page in order."""
    rules = Axe().run(
        page, options=OPTIONS | {"rules": {CONTRAST: {"enabled": False}, NAMED_AS_READ: {"enabled": True}}}
    )
    page.evaluate(ALIKE)
    page.evaluate("() => alike.hide()")
    browser = page.context.browser
    in_firefox = browser is not None and browser.browser_type.name == "firefox"
    contrast = Axe().run(
        page, context=WITHOUT_FORMULAS if in_firefox else None, options=OPTIONS | {"runOnly": [CONTRAST]}
    )
    page.evaluate("() => alike.show()")
    assert len(rules.response["passes"]) >= 10, "axe has found hardly anything to check"
    assert contrast.response["passes"] or contrast.violations_count, "axe has found no text"
    return [results for results in (rules, contrast) if results.violations_count]


def assert_accessible(page: Page) -> None:
    """Fail with axe's report if a page violates one of its rules."""
    found = violations(page)
    assert not found, "\n".join([page.url, *(results.generate_report() for results in found)])
