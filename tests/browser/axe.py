"""The axe accessibility rules, run in an open page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Without `preload`: axe would fetch the style sheets anew, which a browser refuses on file://.
# What is in order is only counted: naming every such element takes longer than all the rules.
OPTIONS = {"preload": False, "resultTypes": ["violations"]}


def assert_accessible(page: Page) -> None:
    """Fail with axe's report if a page violates one of its rules."""
    results = Axe().run(page, options=OPTIONS)
    assert len(results.response["passes"]) >= 10, "axe has found hardly anything to check"
    assert results.violations_count == 0, f"{page.url}\n{results.generate_report()}"
