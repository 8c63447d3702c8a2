"""What every way of starting pytest has to know, from whichever folder."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Tell nbval where its patterns stand; as an option they would be looked for where one stands oneself."""
    config.option.nbval_sanitize_with = str(Path(__file__).parent / "tests" / "notebooks" / "sanitize.cfg")
