"""Reads what a requirements file pins."""

from __future__ import annotations

from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def requirements(path: Path) -> list[Requirement]:
    """The requirements of a file, without its options."""
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def pins(path: Path, **environment: str) -> dict[str, str]:
    """The one version of every package that a requirements file asks for.

    Args:
        path: the file.
        environment: what is other than here, as markers name it: ``python_version="3.10"``.
    """
    found: dict[str, str] = {}
    for requirement in requirements(path):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            exact = [pin.version for pin in requirement.specifier if pin.operator == "=="]
            assert len(exact) == 1, f"expected one version; got {requirement}"
            package = canonicalize_name(requirement.name)
            assert package not in found, f"expected one pin; got two of {package} for {environment}"
            found[package] = exact[0]
    return found
