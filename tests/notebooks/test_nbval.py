"""``pytest --nbval`` finds what it needs, wherever one stands."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.patience import HANG_SECONDS


@pytest.mark.slow
def test_a_chapter_is_compared_from_its_own_folder():
    chapter = ROOT / "book" / "appendix_b_the_papers_in_one_page.ipynb"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", str(chapter)]
    run = subprocess.run(command, cwd=chapter.parent, capture_output=True, text=True, timeout=HANG_SECONDS)
    assert run.returncode == 0, run.stdout
    assert " passed" in run.stdout
