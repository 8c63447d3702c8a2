"""Reports once a week what has moved on outside: ``python -m tests.weekly`` writes ``_build/weekly.md``.

Newer versions of what is pinned, and links to elsewhere that lead nowhere. It is a report: nothing here is a
fault of the book's, so nothing of it fails. What could not be asked, as without a network, is said.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import nbformat

from tests.pins import requirements

ROOT = Path(__file__).parent.parent
SECONDS = 20
_LINK = re.compile(r"https?://[^\s<>\"'`)\]}|\\]+")


def texts(root: Path) -> list[tuple[str, str]]:
    """Return the name and the words of every page, guide and notebook."""
    found = [
        (path.name, path.read_text("utf-8"))
        for folder in ("", "attn_lib", "book")
        for pattern in ("*.md", "*.bib", "*.cff")
        for path in sorted((root / folder).glob(pattern))
    ]
    for path in sorted((root / "book").glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        found.append((path.name, "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")))
    return found


def links(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return every address outside that the texts link to, with the first text that does."""
    found: dict[str, str] = {}
    for name, text in named:
        for address in _LINK.findall(text):
            found.setdefault(address.rstrip(".,;:*_").partition("#")[0], name)
    return {address: name for address, name in found.items() if "localhost" not in address}


def answer(address: str) -> str:
    """Ask for an address; return what is wrong with it, or nothing."""
    try:
        request = Request(address, headers={"User-Agent": "Mozilla/5.0 (weekly check of links)"})
        with urlopen(request, timeout=SECONDS):
            return ""
    except HTTPError as error:
        return f"answers {error.code}"
    except (URLError, OSError, ValueError) as error:
        return f"could not be asked: {getattr(error, 'reason', error)}"


def newer(pinned: set[str]) -> list[str]:
    """Return a line for each pinned package of this environment that has a newer release."""
    command = [sys.executable, "-m", "pip", "list", "--outdated", "--format=json"]
    asked = subprocess.run(command, capture_output=True, text=True)
    if asked.returncode:
        return ["The registry could not be asked."]
    outdated = [package for package in json.loads(asked.stdout) if package["name"].lower() in pinned]
    return [f"{one['name']} {one['version']}: {one['latest_version']} is out" for one in outdated]


def report(versions: list[str], broken: list[str]) -> str:
    """Return the report, in Markdown."""
    parts = []
    for title, lines in (("Newer versions", versions), ("Links to look at", broken)):
        parts += [f"## {title}\n", *[f"- {line}" for line in lines or ["none"]], ""]
    return "\n".join(parts)


def main() -> None:
    """Write the report, print it, and put it on the page of the workflow's run."""
    pinned = {one.name.lower() for one in requirements(ROOT / "requirements.txt")}
    found = links(texts(ROOT))
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(answer, found))
    broken = [
        f"{address} ({name}) {said}"
        for (address, name), said in zip(found.items(), answers, strict=True)
        if said
    ]
    written = report(newer(pinned), broken)
    folder = ROOT / "_build"
    folder.mkdir(exist_ok=True)
    (folder / "weekly.md").write_text(written, "utf-8")
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        Path(summary).write_text(written, "utf-8")
    print(written)


if __name__ == "__main__":
    main()
