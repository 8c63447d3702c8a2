"""The front-end modules: put into one file each, for a notebook, and into one script, for a page."""

from __future__ import annotations

import re

import pytest

from gate_by_gate.widgets import embedding, sphinx_ext
from gate_by_gate.widgets.definition import LAYOUTS

MODULES = ("explorer", "exercise")


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_one_file_without_imports(name: str):
    source = embedding.module_source(name)
    assert not re.search(r"^\s*import\b", source, re.MULTILINE)
    assert source.count("export ") == 1
    assert source.rstrip().endswith("export default { render };")
    # What two of its files import stands in it once.
    assert source.count("function make(") == 1


def test_a_page_gets_one_classic_script():
    script = sphinx_ext.bundle()
    assert not re.search(r"^\s*(import|export)\b", script, re.MULTILINE)
    for name in MODULES:
        # Under its own name, whatever it is called in the shortened script.
        assert re.search(rf"attnLib\.widgets\.{name}=\{{render(:\w+)?\}}", script)


def test_a_page_gets_no_comments():
    assert "// Draws an explorer." in embedding.module_source("explorer")
    assert "// Draws an explorer." not in sphinx_ext.bundle()


def test_no_element_of_an_item_has_the_class_of_a_layout():
    for drawing in embedding.ITEMS.glob("*/draw.js"):
        classes = re.findall(r"\battn-(\w+)(?![\w-])", drawing.read_text(encoding="utf-8"))
        assert not set(classes) & set(LAYOUTS), drawing


@pytest.fixture
def static(tmp_path, monkeypatch):
    monkeypatch.setattr(embedding, "STATIC", tmp_path)
    monkeypatch.setattr(embedding, "ITEMS", tmp_path / "items")

    def write(**files: str) -> None:
        for name, source in files.items():
            (tmp_path / f"{name}.js").write_text(source, encoding="utf-8")

    return write


END = "export default { render };\n"


def test_what_is_imported_stands_before_what_imports_it(static):
    static(
        low="export const a = 2;\n",
        middle='import { a } from "./low.js";\nexport function b() { return a; }\n',
        top='import { b } from "./middle.js";\nimport { a } from "./low.js";\nfunction render() {}\n' + END,
    )
    assert embedding.module_source("top") == (
        f"const a = 2;\n\nfunction b() {{ return a; }}\n\nfunction render() {{}}\n{END}"
    )


def test_a_name_that_two_files_declare_is_refused(static):
    static(
        low="export const a = 2;\nlet drawn = 0;\n",
        top=f'import {{ a }} from "./low.js";\nlet drawn = 1;\n{END}',
    )
    with pytest.raises(ValueError, match=r"the files of top\.js declare more than once: drawn"):
        embedding.module_source("top")


@pytest.mark.parametrize("line", ['import * as low from "./low.js";', "export { a as b };", "import 'x';"])
def test_another_form_of_import_or_export_is_refused(static, line: str):
    static(top=f"{line}\nfunction render() {{}}\n{END}")
    with pytest.raises(ValueError, match=r"top\.js must export `{ render }` as its default and nothing else"):
        embedding.module_source("top")
