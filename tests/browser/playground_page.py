"""A bare page with the playground's script, its networks, and what PyTorch computes to compare them with."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import torch
from rjsmin import jsmin
from torch import Tensor

from gate_by_gate.playground.bundle import STATIC, page_script
from gate_by_gate.playground.deliveries import delivery_script, exported
from gate_by_gate.widgets.embedding import style_sheet

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
        f'<meta name="viewport" content="width=device-width"><style>{style}</style>'
        f"<script>{page_script(jsmin) if script else ''}</script>"
        f"<body><main><h1>playground</h1>{body}</main></body></html>",
        encoding="utf-8",
    )
    return path


def coded(values: Tensor) -> str:
    return base64.b64encode(values.to(torch.float32).contiguous().numpy().astype("<f4").tobytes()).decode()


def write_expected(folder: Path, setting: str, inputs: Tensor) -> None:
    """Write inputs, and every tensor that the reference returns for them, as a script beside the page."""
    network = exported(setting)
    ran = [network.run(x[None]) for x in inputs]
    expected = {}
    for name, value in ran[0].items():
        every = 25 if value.numel() > LARGE else 1
        expected[name] = {"every": every, "values": coded(torch.stack([one[name] for one in ran[::every]]))}
    data = {"count": len(inputs), "inputs": coded(inputs), "expected": expected}
    (folder / f"{setting}.expected.js").write_text(f"globalThis.expected = {json.dumps(data)};")
