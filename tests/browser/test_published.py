"""The published pages, opened from disk: every value of every control, against what attn_lib computes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate_by_gate.explorers import EXPLORERS
from tests.browser.comparing import compare_everything, prepare
from tests.browser.stepping import pages_with_explorers
from tests.conftest import OpenPage


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_position_of_every_explorer_shows_what_attn_lib_computes(
    book: Path, open_page: OpenPage, name: str
):
    definition = EXPLORERS[name].definition
    compared = 0
    for path in pages_with_explorers(book):
        if f'"name":"{name}"' not in path.read_text(encoding="utf-8"):
            continue
        page = open_page(path.as_uri())
        prepare(page)
        for figure in page.locator(f"figure.attn-explorer[data-ready=true][data-explorer={name}]").all():
            compared += compare_everything(figure, definition)
        page.close()  # a page that stays open keeps its memory
    assert compared, f"{name} is on no page"
    print(f"{compared} settings compared")
