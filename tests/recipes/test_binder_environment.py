"""What Binder builds, without Docker: the steps that repo2docker prints, carried out in a fresh folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.browser.test_jupyterlab import version_of
from tests.conftest import ROOT
from tests.patience import HANG_SECONDS
from tests.recipes.copying import copy_tree

MEGABYTES = 1500
"""A reader waits for every one of them; PyTorch without CUDA has half."""

RUN_A_CHAPTER = """
import nbformat, sys
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, resources={"metadata": {"path": "book"}}).execute()
shown = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
print(sum("application/vnd.jupyter.widget-view+json" in data for data in shown), "widgets")
"""


def steps() -> list[str]:
    """Return the commands by which repo2docker installs what the repository names, behind Binder's own."""
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    lines = (printed.stdout + printed.stderr).replace("\\\n", " ").splitlines()
    return [line.removeprefix("RUN ") for line in lines if line.startswith("RUN ") and " install " in line]


def megabytes(folder: Path) -> float:
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def test_the_repository_is_installed_by_one_step_of_pip():
    ours = [step for step in steps() if "apt-get" not in step]
    assert ours == ['${KERNEL_PYTHON_PREFIX}/bin/pip install --no-cache-dir -r ".binder/requirements.txt"']


@pytest.mark.nightly  # it installs everything
def test_in_the_environment_of_binder_a_chapter_runs_and_its_widgets_are_live(tmp_path: Path):
    tree = copy_tree(tmp_path / "src")
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin" / "python"
    # Binder's own part, which comes from conda: the server.
    server = f"jupyterlab=={version_of('jupyterlab')}"
    subprocess.run([python, "-m", "pip", "install", "--quiet", server], check=True)
    before, start = megabytes(environment), time.monotonic()

    (step,) = [step for step in steps() if "apt-get" not in step]
    # A package index that cannot be reached is passed over soon.
    variables = os.environ | {"KERNEL_PYTHON_PREFIX": str(environment), "PIP_RETRIES": "1"}
    variables.pop("PIP_CONSTRAINT", None)
    subprocess.run(["bash", "-c", step], cwd=tree, env=variables, check=True, timeout=HANG_SECONDS)
    added = megabytes(environment) - before
    print(f"Binder's pip step: {added:,.0f} MB in {time.monotonic() - start:.0f} s")
    assert added < MEGABYTES

    subprocess.run([python, "-m", "pip", "check"], check=True)
    chapter = ["book/02_squeeze_and_excitation.ipynb"]
    run = subprocess.run(
        [python, "-c", RUN_A_CHAPTER, *chapter],
        cwd=tree,
        env={name: value for name, value in variables.items() if not name.startswith("GATE_BY_GATE_")},
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
    )
    assert run.returncode == 0, run.stderr
    (widgets,) = re.findall(r"(\d+) widgets", run.stdout)
    assert int(widgets) >= 2, "an explorer and an exercise at the least"
