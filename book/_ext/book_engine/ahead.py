"""Ahead: the chapters are executed two at a time, while the pages of others are read.

MyST-NB executes a chapter when it reads it, one after the other, and most kernels keep one processor busy.
Here all that are to be executed are begun before; MyST-NB finds what came of each when it comes to it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
from myst_nb.core.execute import direct
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util.typing import ExtensionMetadata

__all__ = ["AT_ONCE", "Ahead"]

AT_ONCE = 2
"""So many kernels run at a time: one may take more than a gigabyte."""

THREADS = "OMP_NUM_THREADS"
"""How many threads a kernel computes with; on one processor they would wait for each other."""

Execute = Callable[..., Any]
Key = tuple[str, tuple[str, ...]]


def key(notebook: NotebookNode, folder: str) -> Key:
    """Return what decides what a notebook computes: where it runs, and its code."""
    return folder, tuple(cell.source for cell in notebook.cells if cell.cell_type == "code")


class Ahead:
    """A function that executes notebooks, and begins with those that it will be asked for.

    Args:
        execute: what executes one, as ``jupyter_cache.executors.utils.single_nb_execution`` does: in place.
    """

    def __init__(self, execute: Execute) -> None:
        self.execute = execute
        self.expected: list[Path] = []
        self.begun: dict[Key, tuple[NotebookNode, Future[Any]]] = {}
        self.pool: ThreadPoolExecutor | None = None
        self.set_threads = False

    def expect(self, app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
        """Note which notebooks are going to be read, in this order."""
        paths = [Path(env.doc2path(name)) for name in docnames]
        left_out = app.config.nb_execution_excludepatterns
        self.expected = [
            path
            for path in paths
            if path.suffix == ".ipynb" and not any(path.match(pattern) for pattern in left_out)
        ]
        if THREADS not in os.environ:
            os.environ[THREADS] = str(max(1, (os.cpu_count() or 1) // AT_ONCE))
            self.set_threads = True

    def __call__(self, nb: NotebookNode, cwd: str, **options: Any) -> Any:
        """Execute a notebook in place, or wait until that is done, and return what ``execute`` returns."""
        if self.pool is None:
            self.pool = ThreadPoolExecutor(AT_ONCE)
            for path in self.expected:
                self.begin(self.pool, path, options)
        copy, run = self.begun.pop(key(nb, cwd), (None, None))
        if copy is None or run is None:
            return self.execute(nb, cwd=cwd, **options)
        result = run.result()
        nb.metadata = copy.metadata
        for cell, executed in zip(nb.cells, copy.cells, strict=True):
            if cell.cell_type == "code":
                cell.update(executed)
        return result

    def begin(self, pool: ThreadPoolExecutor, path: Path, options: dict[str, Any]) -> None:
        """Have a notebook executed in its folder."""
        notebook = nbformat.read(path, as_version=4)
        folder = os.path.abspath(path.parent)
        run = pool.submit(self.execute, notebook, cwd=folder, **options)
        self.begun[key(notebook, folder)] = notebook, run

    def end(self, app: Sphinx, error: Exception | None) -> None:
        """Begin no more, and leave the environment as it was."""
        if self.pool is not None:
            self.pool.shutdown(cancel_futures=True)
        if self.set_threads:
            os.environ.pop(THREADS, None)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Put an :class:`Ahead` in the place of the function that MyST-NB executes notebooks with.

    Raises:
        ExtensionError: MyST-NB has no such function any more.
    """
    if not hasattr(direct, "single_nb_execution"):
        raise ExtensionError("book_engine.ahead: myst_nb has no single_nb_execution to replace")
    ahead = Ahead(direct.single_nb_execution)
    direct.single_nb_execution = ahead
    app.connect("env-before-read-docs", ahead.expect)
    app.connect("build-finished", ahead.end)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
