"""The published pages, opened from disk: every value of every control, against what attn_lib computes.

What a page stores is compared at every setting, by day and at night. What it draws from that is compared at
every setting at night, and by day at a share of them, in which every value of every control comes up.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gate_by_gate.explorers import EXPLORERS
from tests.browser.comparing import SHARE, Known, compare_everything, compare_stored, prepare
from tests.browser.stepping import pages_with_explorers
from tests.conftest import OpenPage


@pytest.mark.parametrize(
    "every", [SHARE, pytest.param(1, marks=pytest.mark.nightly)], ids=["a share drawn", "all drawn"]
)
@pytest.mark.parametrize("name", EXPLORERS)
def test_every_explorer_stores_and_shows_what_attn_lib_computes(
    book: Path, open_page: OpenPage, name: str, every: int
):
    definition = EXPLORERS[name].definition
    stored = compared = 0
    known: Known = {}
    for path in pages_with_explorers(book):
        if f'"name":"{name}"' not in path.read_text(encoding="utf-8"):
            continue
        page = open_page(path.as_uri())
        prepare(page)
        for figure in page.locator(f"figure.attn-explorer[data-ready=true][data-explorer={name}]").all():
            stored += compare_stored(figure, definition, known)
            compared += compare_everything(figure, definition, every, known)
        page.close()  # a page that stays open keeps its memory
    assert compared, f"{name} is on no page"
    print(f"{stored} settings compared as stored, {compared} as shown")
