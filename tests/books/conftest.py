"""The miniature book, built once for all tests of the engine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.books.building import ENGINE, build_book, lay_out_mini_book

# Jupyter Book finds the engine in the same way.
sys.path.append(str(ENGINE))

# The miniature chapter is executed by its book; it is no notebook for nbval.
collect_ignore = ["mini"]

PUBLISHING = {
    "GITHUB_REPOSITORY": "ada/gates",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REF_NAME": "trunk",
    "BOOK_ADDRESS": "https://ada.github.io/gates",
}


@pytest.fixture(scope="session")
def mini_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the miniature book, built as GitHub would build it for the fork ``ada/gates``."""
    folder = tmp_path_factory.mktemp("mini")
    lay_out_mini_book(folder)
    built = build_book(folder, PUBLISHING)
    if built.returncode:
        pytest.fail(f"the miniature book does not build:\n{built.stdout}\n{built.stderr}")
    return folder


@pytest.fixture(scope="session")
def mini_book(mini_source: Path) -> Path:
    """The built pages of the miniature book."""
    return mini_source / "_build" / "html"
