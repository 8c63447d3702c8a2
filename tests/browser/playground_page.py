"""A bare page with the playground's script, its networks, and what PyTorch computes to compare them with."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import torch
from torch import Tensor

from gate_by_gate.playground.bundle import STATIC, page_script
from gate_by_gate.playground.deliveries import delivery_script
from gate_by_gate.widgets.embedding import style_sheet
from gate_by_gate.widgets.sphinx_ext import shorten
from tests.unit.playground.exact import run_exactly

LARGE = 10_000
"""Numbers from which a tensor counts as large: it is compared on every 25th input."""

COMPARE = (Path(__file__).parent / "playground_compare.js").read_text(encoding="utf-8")


def write_page(
    folder: Path, *settings: str, body: str = "", theme: str = "light", script: bool = True
) -> Path:
    """Write a page that can run the networks of some settings; return its path.

    Args:
        folder: where the page and its networks lie.
        settings: the networks.
        body: what the page shows.
        theme: ``"light"`` or ``"dark"``.
        script: whether the page has the script of the playgrounds from the start.
    """
    networks = folder / "_static" / "networks"
    networks.mkdir(parents=True)
    for setting in settings:
        (networks / f"{setting}.js").write_text(delivery_script(setting), encoding="utf-8")
    style = style_sheet() + (STATIC / "playground.css").read_text(encoding="utf-8")
    path = folder / "page.html"
    path.write_text(
        f'<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8"><title>playground</title>'
        f'<meta name="viewport" content="width=device-width"><style>body {{ font-family: sans-serif }}'
        f"{style}</style>"
        f"<script>{page_script(shorten) if script else ''}</script>"
        f"<body><main><h1>playground</h1>{body}</main></body></html>",
        encoding="utf-8",
    )
    return path


def coded(values: Tensor) -> str:
    return base64.b64encode(values.to(torch.float32).contiguous().numpy().astype("<f4").tobytes()).decode()


def write_expected(folder: Path, setting: str, inputs: Tensor, *, part: int = 0, large: int = LARGE) -> None:
    """Write inputs, and every tensor that the reference returns for them, as a script beside the page.

    PyTorch computes in double precision. Its own logits in single precision may be 8e-5 from those, of noise
    that makes them as large as 140: nearly all that the page may differ by.

    Args:
        folder: of the page.
        setting: the network.
        inputs: numbers from 0 to 1; or bytes, which the network is given over 255.
        part: a number of these inputs, if they are some of many.
        large: the numbers from which a tensor is large.
    """
    are_bytes = inputs.dtype == torch.uint8
    ran = [run_exactly(setting, x[None].float() / 255 if are_bytes else x[None]) for x in inputs]
    expected = {}
    for name, value in ran[0].items():
        every = 25 if value.numel() > large else 1
        expected[name] = {"every": every, "values": coded(torch.stack([one[name] for one in ran[::every]]))}
    images = base64.b64encode(inputs.numpy().tobytes()).decode() if are_bytes else coded(inputs)
    data = {"count": len(inputs), "bytes": are_bytes, "inputs": images, "expected": expected}
    (folder / f"{setting}.{part}.expected.js").write_text(f"globalThis.expected = {json.dumps(data)};")
