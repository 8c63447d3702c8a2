"""Builds the book with only some chapters executed, which takes seconds: ``make book CHAPTER=03``.

Every page is there, so that a warning is an error as in the whole build; the other chapters keep the outputs
that are stored in them. This draft stands in ``_build/draft``, apart from the book that ``make book`` builds
from nothing and that the tests look at.

A second build reads and writes only pages whose text has changed, and executes a chapter only if a result of
it may have changed. Its results are kept in MyST-NB's own cache, which knows a chapter by its code alone and
would show old numbers after a change of a block: so the draft is begun anew as soon as anything changes that
a chapter computes from, or that a page is made by.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import nbformat
import yaml

from tests.notebooks.front_ends import CHAPTERS
from tests.notebooks.store_outputs import named

DRAFT = Path("_build", "draft")

SOURCES = (
    *("attn_lib", "gate_by_gate", "benchmarks", "requirements.lock"),  # what a chapter imports or reads
    *("book/_ext", "book/_static", "book/_templates", "_config.yml", "_toc.yml"),  # what makes a page
)
"""All that a chapter's page depends on beside the texts: files, and folders with all that is in them."""


def fingerprint(root: Path, names: Iterable[str]) -> str:
    """Return a hash of the names and contents of files, and of the files in folders.

    Raises:
        FileNotFoundError: one of them does not exist.
    """
    digest = hashlib.sha256()
    for path in (root / name for name in names):
        if not path.exists():
            raise FileNotFoundError(f"expected a file or a folder; got {path}")
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(root)}\0".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def code(chapter: Path) -> str:
    """Return the code cells of a chapter, with their tags, which the cache gives back as they were."""
    cells = nbformat.read(chapter, as_version=4).cells
    return repr([(cell.source, cell.metadata) for cell in cells if cell.cell_type == "code"])


def keep_only(folder: Path, condition: str) -> None:
    """Remove a folder unless it was made under the same condition; note the condition beside it."""
    note = folder.with_suffix(".made_for")
    if not note.exists() or note.read_text(encoding="utf-8") != condition:
        shutil.rmtree(folder, ignore_errors=True)
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(condition, encoding="utf-8")


def prepare(root: Path, chapters: list[Path]) -> Path:
    """Throw away what is stale of a draft; return the configuration to build it with."""
    names = [chapter.name for chapter in chapters]
    # The environment decides, too: the Python, and what is said in it about publishing and language.
    told = {name: os.environ.get(name) for name in ("BOOK_ADDRESS", "GATE_BY_GATE_LANGUAGE")}
    keep_only(root / DRAFT, repr((fingerprint(root, SOURCES), names, sys.version, told)))
    cache = root / DRAFT / "executed"
    keep_only(cache, repr([code(chapter) for chapter in chapters]))
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    others = [path.name for path in sorted(chapters[0].parent.glob("*.ipynb")) if path not in chapters]
    config["execute"] |= {"execute_notebooks": "cache", "cache": str(cache), "exclude_patterns": others}
    # Named beside the configuration, which stands elsewhere now.
    extensions = config["sphinx"]["local_extensions"]
    extensions.update({name: str(root / folder) for name, folder in extensions.items()})
    written = root / DRAFT / "_config.yml"
    written.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return written


def build(root: Path, chapters: list[Path]) -> int:
    """Build a draft of the book with some chapters executed; return the status of jupyter-book."""
    config = prepare(root, chapters)
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    options = ["-q", "-n", "-W", "--keep-going", "--config", str(config), "--path-output", str(root / DRAFT)]
    return subprocess.run([jupyter_book, "build", ".", *options], cwd=root, check=False).returncode


def main(beginnings: list[str]) -> int:
    """Build a draft of the chapters whose names begin so, and say where it is."""
    start = time.monotonic()
    chapters = named(beginnings)
    status = build(CHAPTERS.parent, chapters)
    if status == 0:
        pages = CHAPTERS.parent / DRAFT / "_build" / "html" / "book"
        print(f"After {time.monotonic() - start:.0f} s, with the other chapters as they are stored:")
        for chapter in chapters:
            print(f"  {(pages / chapter.name).with_suffix('.html').as_uri()}")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
