"""The workflows that test, publish and release, checked as far as one machine can."""

from __future__ import annotations

import json
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


def check_schema(*paths: Path, schema: str = "github-workflows") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    return subprocess.run([*command, *map(str, paths)], capture_output=True, text=True, timeout=HANG_SECONDS)


def test_the_workflows_are_valid():
    assert {"nightly.yml", "publish.yml", "release.yml", "test.yml", "weekly.yml"} <= {
        path.name for path in WORKFLOWS
    }
    checked = check_schema(*WORKFLOWS)
    assert checked.returncode == 0, checked.stdout


def test_a_misspelt_workflow_is_refused(tmp_path: Path):
    broken = tmp_path / "broken.yml"
    broken.write_text((ROOT / ".github/workflows/test.yml").read_text().replace("runs-on:", "run-on:"))
    checked = check_schema(broken)
    assert checked.returncode == 1
    assert "run-on" in checked.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_only_read_and_its_commands_are_make_targets(path: Path):
    content = workflow(path.name)
    assert content["permissions"] == {"contents": "read"}
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)
    for step in steps(content):
        if step.get("run", "").startswith("gh release create "):
            assert path.name == "release.yml"
        elif "run" in step:
            make, target = step["run"].split()
            assert make == "make"
            assert target in targets
        elif step["uses"].startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] == "false"


def test_actions_are_pinned_to_one_commit_whose_version_stands_beside_it():
    """A tag can be moved to other code, a commit cannot. All but the one that publishes are GitHub's own."""
    commits: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        for line in path.read_text().splitlines():
            if "uses:" in line and "./.github/" not in line:
                action = r"\s+(?:- )?uses: (actions/[a-z-]+|pypa/gh-action-pypi-publish)"
                found = re.fullmatch(rf"{action}@([0-9a-f]{{40}}) # v\d+\.\d+\.\d+", line)
                assert found, f"{path.name}: {line}"
                commits.setdefault(found[1], set()).add(found[2])
    assert len(commits) > 4
    assert {action: len(found) for action, found in commits.items() if len(found) > 1} == {}
    uses = [step["uses"] for step in steps(workflow("release.yml")) if "uses" in step]
    assert sum(use.startswith("pypa/") for use in uses) == 1


def test_the_rings_run_on_every_supported_python():
    """The quick one on main and before a release, everything at night; a pull request is tested on one."""
    content = workflow("test.yml")
    assert {"pull_request", "push", "workflow_call"} == set(content["on"])
    nightly = workflow("nightly.yml")
    assert {"schedule", "workflow_dispatch"} == set(nightly["on"])
    versions = nightly["jobs"]["nightly"]["strategy"]["matrix"]["python"]
    assert versions == ["3.10", "3.11", "3.12", "3.13"]
    assert f'requires-python = ">={versions[0]}"' in (ROOT / "pyproject.toml").read_text()
    asked = content["jobs"]["check"]["strategy"]["matrix"]["python"]
    lists = [json.loads(found) for found in re.findall(r"'(\[.*?\])'", asked)]
    assert lists == [versions, ["3.12"]]
    assert [step["run"] for step in steps(content) if "run" in step] == [
        "make check",
        "make test",
        "make zip",
        "make pdf",
    ]
    assert [step["run"] for step in steps(nightly) if "run" in step] == ["make nightly", "make audit"]


def test_the_book_that_was_tested_is_published_with_no_more_rights_than_that_takes():
    content = workflow("publish.yml")
    jobs = content["jobs"]
    assert content["on"]["push"] == {"branches": ["main"]}
    assert jobs["test"]["uses"] == "./.github/workflows/test.yml"
    assert jobs["deploy"]["needs"] == "test"
    assert [step["uses"].partition("@")[0] for step in jobs["deploy"]["steps"]] == ["actions/deploy-pages"]
    assert jobs["address"]["permissions"] == {"pages": "read"}
    assert jobs["deploy"]["permissions"] == {"pages": "write", "id-token": "write"}
    # Built once: by the tests, which leave it where deploy-pages looks for it.
    builds = [
        step for path in WORKFLOWS for step in steps(workflow(path.name)) if step.get("run") == "make book"
    ]
    assert builds == []
    (archive,) = (step for step in steps(workflow("test.yml")) if step.get("with", {}).get("name") == "book")
    assert archive["with"]["path"] == "_build/gate-by-gate.*"
    assert " _build/gate-by-gate.zip" in (ROOT / "Makefile").read_text()
    (upload,) = (step for step in steps(workflow("test.yml")) if "upload-pages" in step.get("uses", ""))
    assert upload["with"] == {"path": "_build/html"}
    assert "file://$(CURDIR)/_build/html/index.html" in (ROOT / "Makefile").read_text()


def test_the_published_address_comes_from_the_run():
    jobs = workflow("publish.yml")["jobs"]
    assert jobs["address"]["outputs"] == {"book": "${{ steps.pages.outputs.base_url }}"}
    assert jobs["test"]["with"] == {"book_address": "${{ needs.address.outputs.book }}"}
    (test,) = (step for step in steps(workflow("test.yml")) if step.get("run") == "make test")
    assert test["env"] == {"BOOK_ADDRESS": "${{ inputs.book_address }}"}
    for path in WORKFLOWS:
        assert "github.com" not in path.read_text()


def test_a_tag_releases_what_was_tested_built_and_tried_and_no_secret_is_kept():
    content = workflow("release.yml")
    jobs = content["jobs"]
    assert content["on"] == {"push": {"tags": ["v*"]}}
    assert jobs["test"] == {"uses": "./.github/workflows/test.yml"}
    assert jobs["build"]["needs"] == "test"
    assert jobs["publish"]["needs"] == "build"
    commands = [step.get("run") for step in jobs["build"]["steps"]]
    assert [command for command in commands if command] == ["make package", "make try-package"]
    assert "permissions" not in jobs["build"]
    # Where the right to publish is, no code of the repository runs.
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert [step["uses"].partition("@")[0] for step in jobs["publish"]["steps"]] == [
        "actions/download-artifact",
        "pypa/gh-action-pypi-publish",
    ]
    # On the page of the release stands the book that was tested.
    assert jobs["book"]["permissions"] == {"contents": "write"}
    fetch, attach = jobs["book"]["steps"]
    assert fetch["with"] == {"name": "book", "path": "book/"}
    names = ("gate-by-gate.zip", "gate-by-gate.pdf")
    files = [file for name in names for file in (f"book/{name}", f"book/{name}.sha256")]
    assert attach["run"].split()[-4:] == files
    *_, made, printed, upload, _ = steps(workflow("test.yml"))
    assert (made["run"], printed["run"]) == ("make zip", "make pdf")
    assert upload["with"]["path"] == "_build/gate-by-gate.*"
    assert "secrets." not in (ROOT / ".github/workflows/release.yml").read_text()


def test_what_moves_on_outside_is_reported_every_week_and_known_weaknesses_every_night():
    weekly = workflow("weekly.yml")
    assert {"schedule", "workflow_dispatch"} == set(weekly["on"])
    assert [step["run"] for step in steps(weekly) if "run" in step] == ["make weekly"]
    assert "--strict" in (ROOT / "Makefile").read_text().partition("\naudit:")[2].partition("\n\n")[0]


def test_dependabot_looks_after_every_kind_of_pin():
    path = ROOT / ".github/dependabot.yml"
    checked = check_schema(path, schema="dependabot")
    assert checked.returncode == 0, checked.stdout
    updates = yaml.safe_load(path.read_text())["updates"]
    kinds = {"pip", "github-actions"} | ({"npm"} if (ROOT / "package.json").exists() else set())
    assert {update["package-ecosystem"] for update in updates} == kinds


@pytest.mark.slow
def test_the_forms_for_issues_are_valid_and_ask_for_what_a_maintainer_needs():
    forms = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("[0-9]*.yml"))
    assert len(forms) == 3
    for schema, paths in (
        ("github-issue-forms", forms),
        ("github-issue-config", [ROOT / ".github/ISSUE_TEMPLATE/config.yml"]),
    ):
        checked = check_schema(*paths, schema=schema)
        assert checked.returncode == 0, checked.stdout
    for form in forms:
        asked = [part for part in yaml.safe_load(form.read_text())["body"] if part.get("validations")]
        assert any(part["validations"]["required"] for part in asked), form.name
