"""A release of ``attn_lib``, dry: what is built is small and complete, and does what the READMEs show."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest
import yaml

import attn_lib
from tests.recipes.copying import ROOT, copy_tree, run
from tests.recipes.examples import check

READMES = ("README.md", "attn_lib/README.md")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with a version of its own, in which ``make package`` has been run."""
    tree = copy_tree(tmp_path_factory.mktemp("tree"))
    package = tree / "attn_lib/__init__.py"
    package.write_text(
        re.sub(r'^__version__ = ".*"$', '__version__ = "7.11.13"', package.read_text(), flags=re.M)
    )
    printed = run("RELEASE=v7.11.13 make package", tree)
    assert printed.count("PASSED") == 2, printed
    return tree


@pytest.fixture(scope="module")
def wheel(tree: Path) -> Path:
    (wheel,) = (tree / "dist").glob("*.whl")
    return wheel


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_string(archive.read(name).decode())


def test_the_wheel_is_below_150_kb_and_needs_torch_alone(wheel: Path):
    assert wheel.name == "attn_lib-7.11.13-py3-none-any.whl"  # the version is written in one place
    assert wheel.stat().st_size < 150_000
    assert metadata(wheel).get_all("Requires-Dist") == ["torch>=2.6"]
    assert metadata(wheel).get_all("Provides-Extra") is None


def test_the_page_of_the_package_is_complete_and_depends_on_no_folder(wheel: Path):
    """PyPI shows the README by itself: a relative picture or link would lead nowhere there."""
    page = metadata(wheel)
    assert page["Author"] == "The Gate by Gate authors"
    assert page["License-Expression"] == "MIT"
    urls = dict(line.split(", ") for line in page.get_all("Project-URL"))
    assert set(urls) == {"Homepage", "Documentation", "Issues", "Source", "Changelog"}
    versions = {line.rpartition(" ")[2] for line in page.get_all("Classifier") if ":: 3." in line}
    assert versions == {"3.10", "3.11", "3.12", "3.13"}
    targets = re.findall(r"\]\(([^)]+)\)", page.get_payload())
    assert len(targets) >= 2
    assert [target for target in targets if not target.startswith("https://")] == []
    assert all(target.startswith("https://") for target in urls.values())


def test_the_wheel_holds_every_module_of_attn_lib_and_nothing_else(tree: Path, wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    modules = {path.relative_to(tree).as_posix() for path in (tree / "attn_lib").rglob("*.py")}
    assert "attn_lib/blocks/se.py" in modules
    assert names == modules | {"attn_lib/py.typed"}


def test_a_tag_that_is_not_the_version_is_refused(tree: Path):
    with pytest.raises(
        AssertionError, match=r"The release is v7\.11\.14, and attn_lib.__version__ is another"
    ):
        run("RELEASE=v7.11.14 make package", tree)


def test_the_source_archive_holds_the_package_and_no_test(tree: Path, tmp_path: Path):
    (archive,) = (tree / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {"attn_lib/blocks/se.py", "attn_lib/README.md", "LICENSE", "pyproject.toml"} <= names
    assert {name.partition("/")[0] for name in names if "/" in name} == {"attn_lib", "attn_lib.egg-info"}


def test_the_wheel_in_an_environment_of_its_own_does_what_the_readmes_show(wheel: Path, tmp_path: Path):
    """Torch is lent by this environment, through a path that no other package is found by: it is large."""
    fresh = tmp_path / "fresh"
    venv.create(fresh, with_pip=False, symlinks=True)
    python = fresh / "bin/python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index", "--no-deps"]
    subprocess.run([*install, "--quiet", str(wheel)], check=True, capture_output=True)
    (site,) = fresh.glob("lib/python*/site-packages")
    # A plain line adds a folder, and leaves the .pth files in it, that of the editable install too, unread.
    (site / "lent.pth").write_text(sysconfig.get_path("purelib"))

    done = subprocess.run(
        [python, "-I", "tests/recipes/examples.py", *READMES], cwd=ROOT, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.count(str(site / "attn_lib/__init__.py")) == len(READMES)
    assert "0 values" not in done.stdout
    missing = subprocess.run([python, "-I", "-c", "import gate_by_gate"], capture_output=True, text=True)
    assert "No module named 'gate_by_gate'" in missing.stderr


def test_an_example_with_a_wrong_value_is_refused():
    block = "- In a list:\n\n  ```python\n  x = {0}\n  x + 1  # 2: a value\n  ```\n"
    assert check(block.format(1)) == 1
    with pytest.raises(AssertionError, match="expected 3, the value of 'x"):
        check(block.format(2))


def test_the_version_is_said_alike_where_it_is_said_again():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    (released, *_) = re.findall(r"^## \[(\d.*?)\] - (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert (citation["version"], str(citation["date-released"])) == released
    assert attn_lib.__version__ == citation["version"]
