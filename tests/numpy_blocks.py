"""The blocks once more, in NumPy and float64, written from the papers' equations alone.

Each function takes a feature map of shape ``(N, C, H, W)`` and the block's ``state_dict`` as arrays, and
returns the block's output. Nothing here knows ``attn_lib`` beyond the names of its parameters: where both
agree to 1e-10, a mistake would have to have been made twice, in two ways.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from torch import nn

Array = NDArray[np.float64]
Parameters = Mapping[str, Array]


def parameters_of(block: nn.Module) -> dict[str, Array]:
    """Return the state of ``block`` as float64 arrays."""
    return {name: value.detach().double().numpy() for name, value in block.state_dict().items()}


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def relu(x: Array) -> Array:
    return np.maximum(x, 0)


def linear(z: Array, p: Parameters, name: str) -> Array:
    """Apply a fully connected layer to the last axis."""
    return z @ p[f"{name}.weight"].T + p.get(f"{name}.bias", 0.0)


def mlp(z: Array, p: Parameters, name: str) -> Array:
    return linear(relu(linear(z, p, f"{name}.fc1")), p, f"{name}.fc2")


def se(x: Array, p: Parameters) -> Array:
    gates = sigmoid(mlp(x.mean(axis=(2, 3)), p, "mlp"))
    return x * gates[:, :, None, None]


def eca(x: Array, p: Parameters) -> Array:
    channels = x.shape[1]
    weights = p["conv.weight"][0, 0]
    k = len(weights)
    padded = np.pad(x.mean(axis=(2, 3)), ((0, 0), (k // 2, k // 2)))
    scores = sum(weights[i] * padded[:, i : i + channels] for i in range(k))
    return x * sigmoid(scores)[:, :, None, None]
