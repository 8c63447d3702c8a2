"""What publishes the book and starts it on Binder, checked as far as one machine can."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement

from tests.conftest import ROOT
from tests.patience import HANG_SECONDS

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def workflow(name: str) -> dict[str, Any]:
    # BaseLoader keeps every scalar a string: to YAML 1.1 the key `on` would be True, and 3.10 would be 3.1.
    return yaml.load((ROOT / ".github" / "workflows" / name).read_text(), Loader=yaml.BaseLoader)


def steps(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in content["jobs"].values() for step in job.get("steps", [])]


def check_schema(*paths: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    return subprocess.run([*command, *map(str, paths)], capture_output=True, text=True, timeout=HANG_SECONDS)


def test_the_workflows_are_valid():
    assert [path.name for path in WORKFLOWS] == ["publish.yml", "test.yml"]
    checked = check_schema(*WORKFLOWS)
    assert checked.returncode == 0, checked.stdout


def test_a_misspelt_workflow_is_refused(tmp_path: Path):
    broken = tmp_path / "broken.yml"
    broken.write_text((ROOT / ".github/workflows/test.yml").read_text().replace("runs-on:", "run-on:"))
    checked = check_schema(broken)
    assert checked.returncode == 1
    assert "run-on" in checked.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_githubs_own_at_a_major_version_and_commands_are_make_targets(path: Path):
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
    for step in steps(workflow(path.name)):
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
        else:
            make, target = step["run"].split()
            assert make == "make"
            assert target in targets


def test_the_tests_run_on_every_supported_python():
    content = workflow("test.yml")
    assert {"pull_request", "push", "workflow_call"} == set(content["on"])
    versions = content["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert versions == ["3.10", "3.11", "3.12", "3.13"]
    assert f'requires-python = ">={versions[0]}"' in (ROOT / "pyproject.toml").read_text()
    assert "make test" in [step.get("run") for step in steps(content)]


def test_the_book_is_published_only_after_the_tests_and_with_no_more_rights_than_that_takes():
    content = workflow("publish.yml")
    jobs = content["jobs"]
    assert content["on"]["push"] == {"branches": ["main"]}
    assert jobs["test"] == {"uses": "./.github/workflows/test.yml"}
    assert jobs["build"]["needs"] == "test"
    assert jobs["deploy"]["needs"] == "build"
    assert content["permissions"] == workflow("test.yml")["permissions"] == {"contents": "read"}
    assert "write" not in jobs["build"]["permissions"].values()
    assert jobs["deploy"]["permissions"] == {"pages": "write", "id-token": "write"}


def test_what_is_uploaded_is_what_make_book_writes():
    upload = next(step for step in steps(workflow("publish.yml")) if "upload-pages" in step.get("uses", ""))
    assert upload["with"]["path"] == "_build/html"
    assert "file://$(CURDIR)/_build/html/index.html" in (ROOT / "Makefile").read_text()


def test_the_published_address_comes_from_the_run():
    (build,) = (step for step in steps(workflow("publish.yml")) if step.get("run") == "make book")
    assert build["env"] == {"BOOK_ADDRESS": "${{ steps.pages.outputs.base_url }}"}
    for path in WORKFLOWS:
        assert "github.com" not in path.read_text()


def pins(path: Path) -> dict[str, Requirement]:
    """The pinned packages of a requirements file by name, for the Python that Binder runs."""
    found = {}
    for line in path.read_text().splitlines():
        line = line.split("#")[0].strip()
        if line and not line.startswith("-"):
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"python_version": "3.11"}):
                found[requirement.name] = requirement
    return found


def version(requirement: Requirement) -> str:
    (specifier,) = requirement.specifier
    assert specifier.operator == "=="
    return specifier.version


def test_binder_has_the_versions_that_the_book_is_tested_with():
    binder, book = pins(ROOT / ".binder/requirements.txt"), pins(ROOT / "requirements.txt")
    assert {"torch", "numpy", "ipywidgets"} <= set(binder)
    assert {name: version(pin).removesuffix("+cpu") for name, pin in binder.items()} == {
        name: version(book[name]) for name in binder
    }


def test_binder_takes_pytorch_without_cuda_and_no_tool_that_only_builds_or_tests():
    binder = pins(ROOT / ".binder/requirements.txt")
    assert version(binder["torch"]).endswith("+cpu")
    assert "--extra-index-url https://download.pytorch.org/whl/cpu" in (
        (ROOT / ".binder/requirements.txt").read_text().splitlines()
    )
    assert not set(binder) & {"jupyter-book", "sphinx", "pytest", "playwright", "ruff", "mypy"}


def imported_by(notebook: Path) -> set[str]:
    """The packages that the code cells of a notebook import, by the names they are imported under."""
    found = set()
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type != "code":
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
    installed = {name.replace("-", "_") for name in pins(ROOT / ".binder/requirements.txt")}
    installed |= {
        "attn_lib",
        "gate_by_gate",
        "sklearn",
        "IPython",
    }  # from `-e .`; from scikit-learn; of every kernel
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
    assert "Building conda environment for python=3.11" in log
    # The package itself is among the requirements, so they can be installed only once it has been copied.
    assert -1 < log.find("COPY --chown=0:0 src/ ${REPO_DIR}/") < log.find('-r ".binder/requirements.txt"')
