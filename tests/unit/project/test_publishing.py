"""The workflows that test, publish and release, checked as far as one machine can."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

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
