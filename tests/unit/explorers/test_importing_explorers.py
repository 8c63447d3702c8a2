"""How explorers are found by name, and that importing one loads, reads and computes nothing that can wait."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import gate_by_gate.explorers as package
from gate_by_gate.explorers import EXPLORERS
from gate_by_gate.explorers.shared import samples
from gate_by_gate.widgets.live import Explorer
from tests.conftest import ROOT

FOLDER = ROOT / "gate_by_gate" / "explorers"
CLASSES = {name: explorer.__name__ for name, explorer in EXPLORERS.items()}

WATCH = """
import json, sys
import torch, anywidget
from torch.utils._python_dispatch import TorchDispatchMode

opened, computed = [], []
sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "open" else None)

class Watch(TorchDispatchMode):
    def __torch_dispatch__(self, operator, types, args=(), kwargs=None):
        computed.append(str(operator))
        return operator(*args, **(kwargs or {}))

with Watch():
    STATEMENT
print(json.dumps({"opened": opened, "computed": computed, "modules": list(sys.modules)}))
"""


def watched(statement: str) -> dict[str, list[str]]:
    """Run a statement in a fresh Python behind torch and anywidget; tell what it opens, computes, loads."""
    program = WATCH.replace("STATEMENT", statement)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=300
    )
    return json.loads(done.stdout)


def results_read(opened: list[str]) -> set[str]:
    """The files with results of the experiment among those that were opened."""
    files = {Path(file) for file in opened if file.startswith(str(ROOT / "gate_by_gate" / "results"))}
    return {file.name for file in files if file.suffix not in (".py", ".pyc")}


def test_importing_one_explorer_loads_no_other_reads_no_result_and_computes_no_tensor():
    seen = watched("from gate_by_gate.explorers import SEExplorer")
    assert {f"gate_by_gate.explorers.{name}" for name in EXPLORERS} & set(seen["modules"]) == {
        "gate_by_gate.explorers.se"
    }
    assert not {"scipy", "sklearn", "matplotlib"} & set(seen["modules"])
    assert (results_read(seen["opened"]), seen["computed"]) == (set(), [])


@pytest.mark.slow
def test_importing_every_explorer_reads_no_result_and_computes_no_tensor():
    seen = watched("from gate_by_gate.explorers import *")
    assert {f"gate_by_gate.explorers.{name}" for name in EXPLORERS} <= set(seen["modules"])
    assert not {"scipy", "sklearn", "matplotlib"} & set(seen["modules"])
    assert (results_read(seen["opened"]), seen["computed"]) == (set(), [])


@pytest.mark.slow
def test_what_is_read_and_computed_is_seen():
    """The tests above could not fail if ``watched`` were blind."""
    seen = watched(
        "from gate_by_gate.explorers import ResultsExplorer, SEExplorer; ResultsExplorer(); SEExplorer()"
    )
    assert {"records.json", "sample_images.pt"} <= results_read(seen["opened"])
    assert seen["computed"]
    assert "scipy" in seen["modules"]


def test_every_file_holds_one_explorer_and_is_found_by_its_name():
    files = {file.stem for file in FOLDER.glob("*.py")} - {"__init__"}
    assert set(EXPLORERS) == files
    assert len(EXPLORERS) == len(files) >= 14
    for name, explorer in EXPLORERS.items():
        assert explorer.__module__ == f"gate_by_gate.explorers.{name}"
        assert explorer.definition.name == name
        assert getattr(package, explorer.__name__) is explorer
    assert set(CLASSES.values()) | {"EXPLORERS"} == set(package.__all__)
    assert set(package.__all__) <= set(dir(package))


def test_a_name_that_no_file_has_is_refused():
    with pytest.raises(
        AttributeError, match=r"module 'gate_by_gate\.explorers' has no attribute 'SeExplorer'"
    ):
        package.SeExplorer  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'SwinExplorer' from "):
        from gate_by_gate.explorers import SwinExplorer  # noqa: F401
    assert "swin" not in EXPLORERS
    with pytest.raises(KeyError, match=r"expected an explorer out of \['bam', .*'whose_gates'\]; got 'swin'"):
        EXPLORERS["swin"]


def test_a_file_without_an_explorer_or_with_two_is_refused(tmp_path, monkeypatch):
    (tmp_path / "empty.py").write_text("from gate_by_gate.widgets.live import Explorer\n", encoding="utf-8")
    source = (FOLDER / "gate_swap.py").read_text(encoding="utf-8")
    (tmp_path / "twice.py").write_text(
        f"{source}\n\nclass Second(Explorer):\n    definition = DEFINITION\n", encoding="utf-8"
    )
    monkeypatch.setattr(package, "__path__", [str(tmp_path)])
    for name in ("empty", "twice"):
        with pytest.raises(TypeError, match=rf"{name}.py must hold one class of an explorer; got \["):
            EXPLORERS[name]
        monkeypatch.delitem(sys.modules, f"gate_by_gate.explorers.{name}")


def test_without_anywidget_the_error_names_what_to_install(monkeypatch):
    program = (
        "import sys; sys.modules['anywidget'] = None\n"
        "try:\n    from gate_by_gate.explorers import SEExplorer\n"
        "except ImportError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stdout.strip() == "explorers and exercises need anywidget: pip install -r requirements.txt"


@pytest.mark.slow
@pytest.mark.parametrize("explorer", EXPLORERS.values(), ids=EXPLORERS)
def test_every_control_is_a_trait_with_its_default(explorer: type[Explorer]):
    definition = explorer.definition
    own = set(explorer.class_traits(sync=True)) - set(Explorer.class_traits(sync=True))
    assert own == {"tab", *definition.controls}
    live = explorer()
    assert {name: getattr(live, name) for name in definition.controls} == definition.defaults
    assert set(definition.controls) <= set(live.traits(sync=True))


def test_what_is_known_of_the_sample_images_without_reading_them_is_true_of_them():
    images = samples.samples()
    assert images.images.shape == (samples.IMAGES, 1, samples.IMAGE_SIDE, samples.IMAGE_SIDE)
    assert images.labels.tolist() == list(range(samples.IMAGES))
    assert images.digits.shape[0] == samples.IMAGES
    assert len(samples.PICTURES) == 2 * samples.IMAGES
