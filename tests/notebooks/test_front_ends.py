"""Every chapter is stored so that each front end shows it: see ``front_ends``."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from gate_by_gate.explorers import EXPLORERS
from tests.notebooks.front_ends import (
    CHAPTERS,
    cells,
    cited,
    folds,
    link_widgets,
    plain,
    prose,
    published,
    slug,
    targets,
)
from tests.patience import HANG_SECONDS

NOTEBOOKS = sorted(CHAPTERS.glob("*.ipynb"))
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]*)\)")
AUTHORS_AND_YEAR = re.compile(r"\(?[A-Z][a-z]+(?: et al\.| and [A-Z][a-z]+),? \(?\d{4}\)")


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def chapter(request: pytest.FixtureRequest) -> tuple[str, NotebookNode]:
    return request.param.name, nbformat.read(request.param, as_version=4)


def links(notebook: NotebookNode) -> list[tuple[str, str]]:
    """Return the words and the target of every link."""
    return [link for cell in cells(notebook) for link in LINK.findall(prose(cell.source))]


def problems(file: str, notebook: NotebookNode) -> list[str]:
    """Return what some front end would not show as the page does, with what to do about it."""
    found = []
    for cell in cells(notebook):
        text = cell.source
        found += [f"a directive: {line}" for line in re.findall(r"^(?:`{3,}|:{3,})\{.*", text, re.MULTILINE)]
        found += [f"a role: {role}" for role in re.findall(r"\{[\w:]+\}`[^`]*`", text)]
        found += [f"a label: {label}" for label in re.findall(r"^\([\w-]+\)=", text, re.MULTILINE)]
    labels = [
        label
        for cell in cells(notebook)
        for label in re.findall(r"^\$\$ \((\S+)\)$", cell.source, re.MULTILINE)
    ]
    for text, target in links(notebook):
        name, _, fragment = target.partition("#")
        if not text.strip():
            found.append(f"a link without words: {target}")
        elif target.startswith("https://"):
            if AUTHORS_AND_YEAR.fullmatch(text) and f"[{text}]({target})" not in cited().values():
                found.append(f"a citation of nothing in references.bib: {text}")
        elif fragment in labels and not name:
            if re.fullmatch(r"\(\d+\)", text) and text != f"({labels.index(fragment) + 1})":
                found.append(f"the number of another equation: {text} for {fragment}")
        elif name and name not in targets().titles:
            found.append(f"a link to no page: {target}")
        elif fragment and fragment not in targets().slugs[name or file]:
            found.append(f"a link to no heading: {target}")
    for cell in notebook.cells:
        if cell.metadata.get("jupyter", {}) != folds(cell):
            found.append(f"not folded as its tags say: {cell.source[:40]!r}")
        for output in cell.get("outputs", []):
            images = {mime for mime in output.get("data", {}) if mime.startswith("image/")}
            if images not in (set(), {"image/svg+xml", "image/png"}):
                found.append(f"a figure that is not stored as both SVG and PNG: {cell.source[:40]!r}")
    linked = copy.deepcopy(notebook)
    link_widgets(file, linked)
    for cell, other in zip(notebook.cells, linked.cells, strict=True):
        if cell != other:
            found.append(f"a widget without a link to its page: {cell.source[:40]!r}")
    return found


def test_a_chapter_is_stored_so_that_every_front_end_shows_it(chapter: tuple[str, NotebookNode]):
    assert problems(*chapter) == [], "run `make outputs`, or `python -m tests.notebooks.front_ends`"


def test_a_chapter_is_written_as_it_stands(chapter: tuple[str, NotebookNode]):
    file, notebook = chapter
    before = [cell.source for cell in cells(notebook)]
    plain(file, notebook)
    assert [cell.source for cell in cells(notebook)] == before


WRITTEN = """\
(shapes)=
## Shapes: `(N, C)`

```{math}
:label: mini-gate
g = \\sigma(x)
```

```{math}
a = b
```

By {eq}`mini-gate`, {cite:t}`hu2018squeeze` and others {cite:p}`jain2019attention`, see [](03_eca),
[`here`](02_squeeze_and_excitation.ipynb#the-definition) and `[](code)`.

```python
x = [f](y)
```"""
PLAIN = """\
## Shapes: `(N, C)`

$$
g = \\sigma(x)
$$ (mini-gate)

\\begin{equation*}
a = b
\\end{equation*}

By [(1)](#mini-gate), [Hu et al. (2018)](https://arxiv.org/abs/1709.01507) and others \
[(Jain and Wallace, 2019)](https://arxiv.org/abs/1902.10186), see [Efficient Channel Attention](03_eca.ipynb),
[`here`](02_squeeze_and_excitation.ipynb#the-definition) and `[](code)`.

```python
x = [f](y)
```"""


def test_what_only_a_book_shows_is_written_so_that_all_show_it():
    notebook = new_notebook(cells=[new_markdown_cell(WRITTEN)])
    plain("new.ipynb", notebook)
    assert notebook.cells[0].source == PLAIN
    assert problems("new.ipynb", notebook) == []


def test_an_equation_of_another_chapter_has_no_number_here():
    notebook = new_notebook(cells=[new_markdown_cell("See {eq}`se-squeeze`.")])
    with pytest.raises(
        ValueError, match=r"new\.ipynb: expected an equation of this chapter; got {eq}`se-squeeze`"
    ):
        plain("new.ipynb", notebook)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("```{note}\nRead.\n```", "a directive: ```{note}"),
        ("See {cite:t}`hu2018squeeze`.", "a role: {cite:t}`hu2018squeeze`"),
        ("(here)=\n## There", "a label: (here)="),
        ("[](03_eca.ipynb)", "a link without words: 03_eca.ipynb"),
        ("[ECA](03_eca)", "a link to no page: 03_eca"),
        ("[ECA](03_eca.ipynb#nowhere)", "a link to no heading: 03_eca.ipynb#nowhere"),
        ("$$\na\n$$ (one)\n\n[(2)](#one)", "the number of another equation: (2) for one"),
        (
            "[Hu et al. (2019)](https://arxiv.org/abs/1709.01507)",
            "a citation of nothing in references.bib: Hu et al. (2019)",
        ),
    ],
)
def test_what_a_front_end_cannot_show_is_found(source: str, problem: str):
    assert problems("00_opening.ipynb", new_notebook(cells=[new_markdown_cell(source)])) == [problem]


def test_an_answer_that_is_not_folded_is_found():
    cell = new_code_cell("answer = 42", metadata={"tags": ["hide-cell"]})
    notebook = new_notebook(cells=[cell])
    assert problems("new.ipynb", notebook) == ["not folded as its tags say: 'answer = 42'"]
    cell.metadata["jupyter"] = {"source_hidden": True, "outputs_hidden": True}
    assert problems("new.ipynb", notebook) == []


def test_a_widget_without_a_link_to_its_page_is_found():
    shown = [
        new_output("execute_result", {"text/plain": text})
        for text in (
            "SelfAttentionExplorer(image=0, heads=1)",
            "Is 2 < 3? [0123abcd]",
            "BlockPlayground('self_attention')",
            "Explorer(",
        )
    ]
    notebook = new_notebook(cells=[new_code_cell("show()", outputs=shown)])
    assert problems("07_self.ipynb", notebook) == ["a widget without a link to its page: 'show()'"]
    link_widgets("07_self.ipynb", notebook)
    assert problems("07_self.ipynb", notebook) == []
    explorer, exercise, playground, other = (output.data.get("text/html") for output in shown)
    page = "https://gate-by-gate.github.io/gate-by-gate/book/07_self.html"
    assert f'<a href="{page}#self_attention:">' in explorer
    assert exercise.startswith("<p>Is 2 &lt; 3? Answer it where")
    assert f'<a href="{page}">' in exercise
    assert "BlockPlayground('self_attention')</code> is live where" in playground
    assert f'<a href="{page}">' in playground
    assert other is None


def test_what_nbconvert_makes_of_a_chapter_names_the_address_of_each_explorer(tmp_path: Path):
    chapter = "11_what_each_block_can_see"
    convert = [sys.executable, "-m", "nbconvert", "--to", "html", "--output-dir", str(tmp_path)]
    subprocess.run([*convert, str(CHAPTERS / f"{chapter}.ipynb")], check=True, timeout=HANG_SECONDS)
    page = (tmp_path / f"{chapter}.html").read_text(encoding="utf-8")
    named = re.findall(rf'<a href="{re.escape(published(f"book/{chapter}.html"))}#(\w+):">', page)
    assert len(named) == 4
    assert set(named) <= set(EXPLORERS)


@pytest.mark.parametrize(
    ("heading", "fragment"),
    [
        ("Why divide by the root of d_k?", "why-divide-by-the-root-of-d-k"),
        ("The package: `attn_lib`", "the-package-attn-lib"),
        ("Why 1 +", "why-1"),
    ],
)
def test_a_fragment_is_the_words_of_its_heading(heading: str, fragment: str):
    assert slug(heading) == fragment
