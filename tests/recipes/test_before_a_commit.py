"""What is looked at before a commit: every file by the tools that it concerns, as in ``make check``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.recipes.copying import ROOT, copy_tree, run

PRE_COMMIT = "PRE_COMMIT_HOME=$PWD/.venv/hooks .venv/bin/pre-commit"


def test_every_python_file_and_chapter_is_linted():
    """A folder may have rules of its own; none is left out."""
    ruff = Path(sys.executable).with_name("ruff")
    linted = subprocess.run([ruff, "check", "--show-files"], cwd=ROOT, capture_output=True, text=True)
    tracked = subprocess.run(
        ["git", "ls-files", "*.py", "*.ipynb"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = {(ROOT / name) for name in tracked.stdout.splitlines() if (ROOT / name).exists()}
    assert len(files) > 100
    assert files - {Path(line) for line in linted.stdout.splitlines()} == set()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_tree(tmp_path_factory.mktemp("tree"))


def test_the_tree_passes_its_own_hooks(tree: Path):
    printed = run(f"{PRE_COMMIT} run --all-files", tree)
    assert printed.count("Passed") == (tree / ".pre-commit-config.yaml").read_text().count("- id:")


@pytest.mark.parametrize(
    ("name", "text", "hook", "message"),
    [
        ("attn_lib/new.py", '"""New."""\n\nimport os\n', "ruff", "F401"),
        ("book/_ext/book_engine/new.py", "import os\n", "ruff", "D100"),
        ("tests/new.py", "x  =  1\n", "ruff-format", "1 file reformatted"),
        ("book/new.md", "It recieves the color.\n", "typos", "`recieves` should be `receives`"),
    ],
)
def test_a_commit_with_a_fault_is_refused(tree: Path, name: str, text: str, hook: str, message: str):
    (tree / name).write_text(text)
    printed = run(f"git add {name}; ! {PRE_COMMIT} run; git rm --quiet --force --cached {name}", tree)
    assert f"- hook id: {hook}\n" in printed
    assert message in printed
