"""What starts the book on Binder, checked as far as one machine can."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import nbformat

from tests.conftest import ROOT
from tests.notebooks.front_ends import COLAB_ID
from tests.patience import HANG_SECONDS
from tests.pins import pins

BINDER = ROOT / ".binder/requirements.txt"
PYTHON = (ROOT / ".binder/runtime.txt").read_text().strip().removeprefix("python-")


def test_binder_has_the_versions_that_the_book_is_tested_with():
    binder = pins(BINDER)
    book = pins(ROOT / "requirements.txt", python_version=PYTHON, python_full_version=f"{PYTHON}.0")
    assert {"torch", "numpy", "ipywidgets"} <= set(binder)
    assert binder == {**{name: book[name] for name in binder}, "torch": f"{book['torch']}+cpu"}


def test_binder_takes_pytorch_without_cuda_and_no_tool_that_only_builds_or_tests():
    binder = pins(BINDER)
    assert binder["torch"].endswith("+cpu")
    assert "--extra-index-url https://download.pytorch.org/whl/cpu" in BINDER.read_text().splitlines()
    assert not set(binder) & {"jupyter-book", "sphinx", "pytest", "playwright", "ruff", "mypy"}


def imported_by(notebook: Path) -> set[str]:
    """The packages that the code cells of a notebook import, by the names they are imported under."""
    found = set()
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type != "code" or cell.get("id") == COLAB_ID:  # what Colab lacks is there on Binder
            continue
        source = "\n".join(
            line for line in cell.source.splitlines() if not line.lstrip().startswith(("%", "!"))
        )
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names)


def test_binder_has_what_the_chapters_import():
    installed = {name.replace("-", "_") for name in pins(BINDER)}
    installed |= {"attn_lib", "gate_by_gate"}  # `-e .` finds both
    installed |= {"sklearn", "IPython"}  # scikit-learn, and what every kernel has
    chapters = sorted((ROOT / "book").glob("*.ipynb"))
    assert chapters
    for chapter in chapters:
        assert imported_by(chapter) <= installed, chapter.name


def test_imports_are_found(tmp_path: Path):
    """The test above could not fail if no import were seen."""
    cells = [
        nbformat.v4.new_code_cell("%matplotlib inline\nimport os, torch.nn as nn"),
        nbformat.v4.new_code_cell("def late():\n    from sklearn.datasets import load_digits"),
        nbformat.v4.new_markdown_cell("import pandas"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "chapter.ipynb")
    assert imported_by(tmp_path / "chapter.ipynb") == {"torch", "sklearn"}


def test_repo2docker_finds_the_binder_folder_its_python_and_installs_the_package_last():
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=HANG_SECONDS)
    log = found.stdout + found.stderr
    assert found.returncode == 0, log
    assert f"Building conda environment for python={PYTHON}" in log
    # The package itself is among the requirements, so they can be installed only once it has been copied.
    assert -1 < log.find("COPY --chown=0:0 src/ ${REPO_DIR}/") < log.find('-r ".binder/requirements.txt"')
