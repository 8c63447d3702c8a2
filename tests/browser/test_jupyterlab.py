"""The chapters as a reader finds them in JupyterLab on a fresh account, before running anything.

``python -m tests.browser.test_jupyterlab [FOLDER]`` prints what is counted, chapter by chapter.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from gate_by_gate.explorers import EXPLORERS
from tests.browser import chromium
from tests.browser.jupyterlab import jupyterlab
from tests.conftest import ROOT
from tests.notebooks.front_ends import cells
from tests.notebooks.test_front_ends import LINK
from tests.patience import HANG_SECONDS

CHAPTERS = sorted(path.name for path in (ROOT / "book").glob("*.ipynb"))
SCRIPT = Path(__file__).with_name("chapters.js").read_text(encoding="utf-8")


def settled(page: Page) -> list[Any]:
    """Return what is seen of the open chapter, and the fragments that lead into it, a moment later."""
    page.wait_for_timeout(1000)
    return page.evaluate("() => [chapters.survey(), chapters.fragments()]")


def sets_an_explorer(fragment: str, code: str) -> bool:
    """Say whether a link sets an explorer that the code of its notebook makes; test_live.py follows one."""
    name = fragment.partition(":")[0]
    return name in EXPLORERS and f"{EXPLORERS[name].__name__}(" in code


def survey(page: Page, url: str, book: Path, chapters: list[str]) -> dict[str, Counter[str]]:
    """Open chapters of a folder; return for each what is there and what is wrong."""
    page.add_init_script(SCRIPT)
    pages = {path.name for path in book.iterdir()}
    seen: dict[str, dict[str, Any]] = {}
    fragments: dict[str, list[str]] = {}
    page.goto(f"{url}/lab")
    page.wait_for_function("() => globalThis.jupyterapp?.restored", timeout=1000 * HANG_SECONDS)
    for name in chapters:
        page.evaluate("(path) => chapters.open(path)", f"book/{name}")
        page.wait_for_function("() => chapters.drawn()", timeout=1000 * HANG_SECONDS)
        # References are resolved after the text is there: what is seen counts once it has come to rest.
        before, now = None, settled(page)
        while now != before:
            before, now = now, settled(page)
        seen[name], fragments[name] = now
        page.evaluate("() => chapters.close()")  # so that no other tab is drawn

    counted = {}
    for name, found in seen.items():
        count = counted[name] = Counter({key: value for key, value in found.items() if key != "links"})
        notebook = nbformat.read(book / name, as_version=4)
        texts = [cell.source for cell in cells(notebook)]
        code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
        # What the text has and nothing is drawn of.
        written = re.compile(r"^\$\$\n|^\\begin\{equation\*\}|^```\{math\}", re.MULTILINE)
        count["formulas as text"] = sum(len(written.findall(text)) for text in texts) - count["formulas"]
        links = found["links"]
        count["links"] = len(links)
        count["links as text"] = max(0, sum(len(LINK.findall(text)) for text in texts) - len(links))
        for words, target, fragment in links:
            count["empty links"] += not words
            if target is not None:
                there = not target or target in pages
                known = fragments.get(target or name, [])
                found_there = fragment in known or (not target and sets_an_explorer(fragment, code))
                count["dead links"] += not there or bool(fragment and known and not found_there)
    return counted


WRONG = (
    *("fences", "roles", "labels", "formulas as text", "links as text", "empty links", "dead links"),
    *("missing", "answers"),
)


@contextmanager
def opened(folder: Path, book: Path, python: str = sys.executable) -> Iterator[tuple[str, Path]]:
    """Serve a copy of the chapters from a JupyterLab on a fresh account."""
    shutil.copytree(book, folder / "book", ignore=shutil.ignore_patterns("_*", ".*"))
    # Cells out of sight are drawn, too.
    settings = folder / "config" / "lab" / "user-settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    with jupyterlab(folder, python) as lab:
        yield lab.url, folder / "book"


def check(
    browser: Browser,
    folder: Path,
    chapters: list[str] = CHAPTERS,
    *,
    least: int,
    python: str = sys.executable,
) -> None:
    """Fail unless chapters show everything right, and at least so many formulas, links and figures."""
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    with opened(folder, ROOT / "book", python) as (url, book):
        counted = survey(page, url, book, chapters)
    page.close()
    total = sum(counted.values(), Counter())
    # There is something to be seen of everything that is counted.
    assert min(total["formulas"], total["links"], total["figures"]) >= least
    assert {name: +Counter({key: count[key] for key in WRONG}) for name, count in counted.items()} == {
        name: Counter() for name in chapters
    }


# What a chapter writes for one front end alone, tests/notebooks/test_front_ends.py finds without a browser.
FEW = [
    "02_squeeze_and_excitation.ipynb",
    "12_the_experiment.ipynb",
    "appendix_b_the_papers_in_one_page.ipynb",
]


@pytest.mark.slow
def test_chapters_show_in_jupyterlab_what_their_pages_show(browser: Browser, tmp_path: Path):
    check(browser, tmp_path, FEW, least=3)


@pytest.mark.nightly
def test_every_chapter_shows_in_jupyterlab_what_its_page_shows(browser: Browser, tmp_path: Path):
    check(browser, tmp_path, least=31)


def version_of(package: str) -> str:
    """Return the version that Binder will install: the one repo2docker pins for its Python."""
    python = (ROOT / ".binder" / "runtime.txt").read_text().strip().removeprefix("python-")
    # Found, not imported: what it imports warns.
    (package_folder,) = find_spec("repo2docker").submodule_search_locations
    locks = Path(package_folder, "buildpacks", "conda")
    lock = (locks / f"environment.py-{python}-linux-64.lock").read_text()
    (version,) = re.findall(rf"/{package}-(\d[\d.]*)-", lock)
    return version


def pinned(package: str) -> str:
    """Return the requirement of a package that Binder installs as the book pins it."""
    (line,) = re.findall(
        rf"^{package}==\S+", (ROOT / ".binder" / "requirements.txt").read_text(), re.MULTILINE
    )
    return line


@pytest.mark.nightly
def test_every_chapter_shows_in_the_jupyterlab_of_binder_what_its_page_shows(
    browser: Browser, tmp_path: Path
):
    python = tmp_path / "environment" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "environment"], check=True)
    packages = [f"jupyterlab=={version_of('jupyterlab')}", pinned("jupyterlab-myst"), pinned("anywidget")]
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    (tmp_path / "lab").mkdir()
    check(browser, tmp_path / "lab", least=31, python=str(python))


def main(book: Path) -> None:
    """Print a table of what is counted."""
    with (
        tempfile.TemporaryDirectory() as folder,
        opened(Path(folder), book) as (url, copy),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=list(chromium.ARGUMENTS))
        counted = survey(browser.new_page(viewport={"width": 1280, "height": 1400}), url, copy, CHAPTERS)
        browser.close()
    counted["all"] = sum(counted.values(), Counter())
    columns = ("formulas", "links", "figures", *WRONG)
    print("chapter".ljust(10), *(f"{column:>{max(6, len(column))}}" for column in columns))
    for name, count in counted.items():
        print(name[:10].ljust(10), *(f"{count[column]:>{max(6, len(column))}}" for column in columns))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "book")
