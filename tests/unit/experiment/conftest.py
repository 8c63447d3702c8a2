"""The tiny runs, trained once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate_by_gate.experiment.run import execute_all
from tests.tiny_runs import TINY, silent


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of runs after both tiny ones have finished. No test changes it."""
    folder = tmp_path_factory.mktemp("finished")
    execute_all(TINY, folder, workers=1, report=silent)
    return folder
