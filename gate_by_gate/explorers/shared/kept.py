"""Keeps what takes long to compute, for the other processes that a run of all tests consists of."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache, wraps
from inspect import signature
from pathlib import Path
from typing import ParamSpec, cast

import torch
from torch import Tensor

__all__ = ["FOLDER_VARIABLE", "kept"]

FOLDER_VARIABLE = "GATE_BY_GATE_KEPT"
"""The environment variable that names the folder. Without it nothing is read from a file, or written."""

P = ParamSpec("P")


def kept(compute: Callable[P, Tensor]) -> Callable[P, Tensor]:
    """Make a function compute its tensor once for each set of arguments; their repr tells them apart.

    Like :func:`functools.cache`; and while `make test` runs, which names an empty folder, also once for the
    kernels that execute the chapters, the workers that test them, and the notebooks that are opened live.
    """

    @wraps(compute)
    def found(*args: P.args, **kwargs: P.kwargs) -> Tensor:
        folder = os.environ.get(FOLDER_VARIABLE)
        if not folder:
            return compute(*args, **kwargs)
        bound = signature(compute).bind(*args, **kwargs)
        bound.apply_defaults()
        name = f"{compute.__module__}.{compute.__qualname__}{bound.args}{bound.kwargs}"
        path = Path(folder, hashlib.sha256(name.encode()).hexdigest()).with_suffix(".pt")
        if path.exists():
            tensor: Tensor = torch.load(path, weights_only=True)
            return tensor
        tensor = compute(*args, **kwargs)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written beside it and moved there at once: another process may look for it now.
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            torch.save(tensor, file)
        os.replace(file.name, path)
        return tensor

    return cast("Callable[P, Tensor]", cache(found))
