"""MediaPipe's selfie segmentation as a network of PyTorch, with its published weights.

Next to this file lie

- ``network.py``: the network, with :class:`attn_lib.SE` inside;
- ``weights.pt``: its weights, a state dict in half precision as they were published;
- ``convert.py``: makes the weights from MediaPipe's file, by ``python -m gate_by_gate.segmenter.convert``;
- ``origin.json``: where that file comes from, and the checksums of both;
- ``LICENSE`` and ``NOTICE``: the terms of the weights, which are not those of the rest.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

from gate_by_gate.segmenter.network import PooledGate, SelfieSegmenter, SkipGate

__all__ = ["WEIGHTS", "PooledGate", "SelfieSegmenter", "SkipGate", "origin", "selfie_segmenter"]

WEIGHTS = Path(__file__).parent / "weights.pt"
"""The file of the weights."""


def origin() -> dict[str, Any]:
    """Return where the weights come from: ``origin.json``.

    Its entries: ``package``, ``version``, ``registry`` and ``licence``; ``file``, its ``description``,
    ``bytes`` and ``sha256``; and of the ``weights``, ``bytes`` and ``sha256``.
    """
    read: dict[str, Any] = json.loads((Path(__file__).parent / "origin.json").read_text(encoding="utf-8"))
    return read


def selfie_segmenter() -> SelfieSegmenter:
    """Build MediaPipe's selfie segmentation with its published weights, in eval mode.

    It computes in single precision with weights that were rounded to half precision when they were published.

    Shape:
        ``(N, 3, 256, 256)``, red, green and blue from 0 to 1, to ``(N, 1, 256, 256)`` in (0, 1).

    Raises:
        ValueError: the file of the weights is not the one of ``origin.json``.

    Example:
        >>> selfie_segmenter()(torch.zeros(2, 3, 256, 256)).shape
        torch.Size([2, 1, 256, 256])
    """
    expected, got = origin()["weights"]["sha256"], sha256(WEIGHTS.read_bytes()).hexdigest()
    if got != expected:
        raise ValueError(f"expected {WEIGHTS} with SHA-256 {expected}; got {got}")
    # The weights that a new network draws are replaced: no random number of the reader's changes.
    with torch.random.fork_rng(devices=[]):
        network = SelfieSegmenter()
    network.load_state_dict(torch.load(WEIGHTS, weights_only=True))
    return network.eval()
