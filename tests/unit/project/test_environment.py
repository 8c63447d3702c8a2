"""The environment is pinned as a whole: by hand, and what that needs in turn in the lock."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from itertools import product
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT
from tests.pins import pins, requirements

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
PLATFORMS = ("linux", "darwin", "win32")


REQUIREMENTS, LOCK = ROOT / "requirements.txt", ROOT / "requirements.lock"


def test_the_lock_has_every_pin_for_every_python_and_platform():
    for python, platform in product(PYTHONS, PLATFORMS):
        case = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": platform}
        lock = pins(LOCK, **case)
        chosen = pins(REQUIREMENTS, **case)
        assert len(lock) > len(chosen) > 30
        assert {name: lock.get(name) for name in chosen} == chosen, f"{case}: run make lock"


def needs(package: str, extras: tuple[str, ...]) -> Iterator[Requirement]:
    """What an installed package needs here, with some of its extras."""
    for text in requires(package) or ():
        requirement = Requirement(text)
        if requirement.marker is None or any(
            requirement.marker.evaluate({**default_environment(), "extra": extra}) for extra in ("", *extras)
        ):
            yield requirement


def test_nothing_that_the_environment_needs_is_left_to_chance():
    """Every package that a pin needs, and that needs in turn, is locked at the version that is installed."""
    lock = pins(LOCK)
    waiting = [need for need in requirements(REQUIREMENTS) if need.marker is None or need.marker.evaluate()]
    installed: dict[str, str] = {}
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while waiting:
        requirement = waiting.pop()
        package, extras = canonicalize_name(requirement.name), tuple(sorted(requirement.extras))
        if (package, extras) in seen:
            continue
        seen.add((package, extras))
        try:
            installed[package] = version(package).partition("+")[0]
        except PackageNotFoundError:
            installed[package] = "not installed: run make setup"
        else:
            waiting += needs(package, extras)
    assert len(installed) > 150
    assert {name: lock.get(name) for name in installed} == installed, "run make lock, then make setup"


@pytest.mark.parametrize("path", [REQUIREMENTS, LOCK], ids=lambda path: path.name)
def test_no_address_of_a_registry_is_written_down(path: Path):
    assert "://" not in path.read_text()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("numpy>=2", "expected one version; got numpy>=2"),
        ("numpy", "expected one version; got numpy"),
        ("numpy==2\nNumPy==3", "got two of numpy"),
    ],
)
def test_a_pin_that_is_none_or_twofold_is_refused(tmp_path: Path, lines: str, message: str):
    path = tmp_path / "requirements.txt"
    path.write_text(lines)
    with pytest.raises(AssertionError, match=message):
        pins(path)
