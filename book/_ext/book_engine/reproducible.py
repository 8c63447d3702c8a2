"""Reproducible: the same chapters make the same pages, byte for byte.

Matplotlib writes the date into an SVG, and random names of its parts. The kernels that execute the chapters
inherit an environment in which it does neither.
"""

from __future__ import annotations

import os
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

__all__ = ["ENVIRONMENT"]

ENVIRONMENT = {
    "SOURCE_DATE_EPOCH": "0",
    "MATPLOTLIBRC": str(Path(__file__).with_name("matplotlibrc")),
}


class Surroundings:
    """The environment of one build."""

    def __init__(self) -> None:
        self.before: dict[str, str | None] = {}

    def set(self, app: Sphinx) -> None:
        """Set what makes figures the same; a date that a packager has set stays."""
        for name, value in ENVIRONMENT.items():
            self.before[name] = os.environ.get(name)
            os.environ.setdefault(name, value)

    def restore(self, app: Sphinx, error: Exception | None) -> None:
        """Leave the environment as it was."""
        for name, value in self.before.items():
            if value is None:
                os.environ.pop(name, None)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Set the environment once Sphinx has read the date, which it writes into the copyright."""
    surroundings = Surroundings()
    app.connect("builder-inited", surroundings.set)
    app.connect("build-finished", surroundings.restore)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
