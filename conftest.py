"""What every way of starting pytest has to know, from whichever folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbval.plugin import IPyNbFile


def pytest_configure(config: pytest.Config) -> None:
    """Tell nbval where its patterns stand; as an option they would be looked for where one stands oneself."""
    config.option.nbval_sanitize_with = str(Path(__file__).parent / "tests" / "notebooks" / "sanitize.cfg")


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Have nbval compare the text of an output, not its HTML, which differs between a notebook and a page."""
    if isinstance(collector, IPyNbFile):
        collector.skip_compare += ("text/html",)
