"""A copy of the tree in which a recipe of CONTRIBUTING.md is carried out; the tree itself stays as it is.

A recipe's commands stand in its ``console`` blocks, each after a ``$``; one may go on after a backslash.
What it prints may follow in the block, for the reader: it is not compared.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from gate_by_gate.explorers.shared.kept import FOLDER_VARIABLE

ROOT = Path(__file__).parent.parent.parent
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
APART = ("PYTEST_", "GIT_", FOLDER_VARIABLE)
"""How the environment variables begin that are about this tree, and not about its copy."""


def recipe(title: str, text: str | None = None) -> list[str]:
    """Return the commands of a section, in order.

    Args:
        title: the section's heading, without its number signs, as ``"Add a block"``.
        text: the document; CONTRIBUTING.md by default.

    Raises:
        ValueError: there is no such section, or it has no command.
    """
    commands: list[str] = []
    heading, fence, goes_on = "", "", False
    for line in (CONTRIBUTING.read_text(encoding="utf-8") if text is None else text).splitlines():
        if line.startswith("```"):
            fence = "" if fence else line
        elif not fence and line.startswith("#"):
            heading = line.lstrip("#").strip()
        elif heading == title and fence == "```console":
            if goes_on:
                commands[-1] += f"\n{line}"
            elif line.startswith("$ "):
                commands.append(line.removeprefix("$ "))
            else:
                continue  # what the command before it prints
            goes_on = line.endswith("\\")
    if not commands:
        raise ValueError(
            f"expected a section of CONTRIBUTING.md with commands, lines that begin with $; got {title!r}"
        )
    return commands


def copy_tree(folder: Path) -> Path:
    """Copy what git tracks, and what it would, into an empty folder, and make a repository of it.

    The copy's ``.venv`` is this environment, and counts as ready, and so are the ``node_modules``: ``make``
    installs nothing there. What mypy knows about the tree comes along, and what Python has compiled of it, so
    that they look only at what a recipe changes.
    """
    listed = _git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():  # a file that was deleted is listed until that is committed
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for copied in [one for one in folder.rglob("*") if one.is_dir()]:
        compiled = ROOT / copied.relative_to(folder) / "__pycache__"
        if compiled.is_dir():
            # Without what a worker is writing at the moment.
            shutil.copytree(compiled, copied / "__pycache__", ignore=shutil.ignore_patterns("*.pyc.*"))
    environment = folder / ".venv"
    environment.mkdir()
    for part in Path(sys.prefix).iterdir():
        if part.name != ".ready":
            (environment / part.name).symlink_to(part)
    _git(folder, "init", "--quiet")
    if (ROOT / "node_modules").is_dir():  # what checks the front end, installed as its lock says
        (folder / "node_modules").symlink_to(ROOT / "node_modules")
        (folder / ".git/info/exclude").write_text("node_modules\n")
    if (ROOT / ".mypy_cache").is_dir():
        shutil.copytree(ROOT / ".mypy_cache", folder / ".mypy_cache")
    _git(folder, "add", "--all")
    _git(folder, "-c", "user.name=-", "-c", "user.email=-", "commit", "--quiet", "--message", "The tree")
    (environment / ".ready").touch()
    return folder


def run(command: str, tree: Path, *, timeout: float = 1800) -> str:
    """Run a shell command at the root of a copy, where its own packages are the ones that are imported.

    Args:
        command: as a reader would type it.
        tree: the copy.
        timeout: in seconds; it only ends a command that hangs.

    Returns:
        What it printed.

    Raises:
        AssertionError: it failed; the message holds what it printed.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(APART)}
    environment |= {
        "PYTHONPATH": str(tree),  # before the place where this environment has its editable install
        "PATH": f"{tree / '.venv' / 'bin'}{os.pathsep}{environment['PATH']}",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=tree,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, f"{command}\n\n{done.stdout}"
    return done.stdout


def follow(title: str, tree: Path) -> list[str]:
    """Carry out the commands of a section in a copy, and return what each printed."""
    return [run(command, tree) for command in recipe(title)]


def touched(tree: Path) -> list[str]:
    """Return the files of a copy that have been added, changed or removed since it was made."""
    entries = filter(None, _git(tree, "status", "--porcelain", "-z", "--untracked-files=all").split("\0"))
    return sorted(entry[3:] for entry in entries)


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout
