"""Files of weights: read without running code, and what is wrong with those that are none."""

from __future__ import annotations

import os
import pickle
import re
from pathlib import Path

import torch

__all__ = ["read_file"]


def read_file(path: str | os.PathLike[str]) -> object:
    """Read what ``torch.save`` wrote, as far as it is tensors and plain containers.

    Raises:
        ValueError: the file is something else, or holds objects that reading would have to run code for.
    """
    file = Path(path)
    kind = _kind_of(file)
    if kind is not None:
        raise ValueError(f"{file} must be a file that torch.save wrote; got {kind}")
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        classes = re.findall(r"GLOBAL (\S+) was not an allowed global", str(error))
        if classes:
            raise ValueError(
                f"{file} must hold tensors by name alone; got a {classes[0]} in it, which takes running code "
                "to read. If you trust where it comes from, read it yourself and pass the state dict in it: "
                f"torch.load({file.name!r}, map_location='cpu', weights_only=False), or, if that is a whole "
                "model, its .state_dict()"
            ) from error
        raise ValueError(
            f"{file} must be a file that torch.save wrote; got one that cannot be read "
            f"({file.stat().st_size:,} bytes). Is its download complete?"
        ) from error


def _kind_of(file: Path) -> str | None:
    """Say what a file is, if its first bytes show that torch.save has not written it."""
    with file.open("rb") as opened:
        start = opened.read(512)
    if not start:
        return "an empty file. Download it again"
    if start.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer, which stands for the file. `git lfs pull` fetches it"
    if start.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return "an HTML page, which a server sends in place of the file. Download it in a browser"
    if file.suffix == ".safetensors":
        return "a safetensors file. Pass safetensors.torch.load_file(path)"
    if all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in start):
        return "a text file"
    return None
