"""Builds small books: the miniature one with the real configuration, and single pages for single modules."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.patience import HANG_SECONDS

ROOT = Path(__file__).parent.parent.parent
ENGINE = ROOT / "book" / "_ext"
MINI = Path(__file__).parent / "mini"


def environment(**variables: str) -> dict[str, str]:
    """This process's environment, without what GitHub or a publisher would have set in it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GITHUB_") and name != "BOOK_ADDRESS"
    }
    return {**kept, **variables}


def lay_out_mini_book(folder: Path) -> None:
    """Put the miniature chapters where the real book keeps its own, under the real configuration."""
    shutil.copytree(MINI, folder, dirs_exist_ok=True)
    shutil.copy(ROOT / "_config.yml", folder)
    for part in ("_ext", "_static", "_templates"):
        shutil.copytree(
            ROOT / "book" / part, folder / "book" / part, ignore=shutil.ignore_patterns("__pycache__")
        )
    # The configuration names pictures that explorers load.
    photographs = folder / "gate_by_gate" / "photographs"
    photographs.mkdir(parents=True)
    shutil.copy(ROOT / "gate_by_gate" / "photographs" / "astronaut.jpg", photographs)


def build_book(folder: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Build a Jupyter Book as `make book` does, into ``_build/html``."""
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", ".", "-n", "-W", "--keep-going"]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
    )


def build_page(
    folder: Path, source: str, extension: str, config: str = ""
) -> subprocess.CompletedProcess[str]:
    """Build one page of reStructuredText with one module of the engine and Sphinx's plainest theme."""
    (folder / "conf.py").write_text(
        f"import sys\nsys.path.append({str(ENGINE)!r})\nextensions = [{extension!r}]\n"
        f"html_theme = 'basic'\n{config}\n"
    )
    (folder / "index.rst").write_text(source)
    command = [sys.executable, "-m", "sphinx", "-n", "-W", "--keep-going", "-b", "html", ".", "html"]
    return subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=HANG_SECONDS
    )
