"""A live explorer in Notebook 7: a key that is meant for it reaches it, and no command of the notebook."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from gate_by_gate.explorers import se
from tests.browser.jupyterlab import jupyterlab
from tests.browser.test_live import RUN_ALL, SOURCE, WAIT_MS

CELLS = "() => jupyterapp.shell.currentWidget.content.widgets.length"


@pytest.mark.nightly
def test_the_keys_of_a_slider_are_its_own(browser: Browser, tmp_path: Path):
    with jupyterlab(tmp_path, application="notebook") as server:
        server.write_notebook("keys.ipynb", SOURCE, "1 + 1")
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        page.set_default_timeout(WAIT_MS)
        page.goto(f"{server.url}/notebooks/keys.ipynb")
        page.wait_for_function("() => globalThis.jupyterapp?.shell.currentWidget?.sessionContext")
        page.evaluate(RUN_ALL)
        page.locator(".attn-explorer[data-ready=true]").wait_for()

        reduction = page.locator("[data-control=reduction]")
        values = se.REDUCTION.values
        at = values.index(se.DEFINITION.defaults["reduction"])
        reduction.focus()
        page.keyboard.press("ArrowLeft")
        expect(reduction).to_have_attribute("aria-valuetext", str(values[at - 1]))
        page.keyboard.press("ArrowRight")
        expect(reduction).to_have_attribute("aria-valuetext", str(values[at]))
        for key in "dd":
            page.keyboard.press(key)
        expect(reduction).to_be_focused()
        assert page.evaluate(CELLS) == 2

        # The same keys outside the explorer: a cell is deleted, so the test above could fail.
        page.evaluate("() => jupyterapp.commands.execute('notebook:enter-command-mode')")
        page.locator(".jp-Notebook").evaluate("(element) => element.focus()")
        for key in "dd":
            page.keyboard.press(key)
        page.wait_for_function(f"() => ({CELLS})() === 1")
        page.close()
