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


def conv2d(x: Array, p: Parameters, name: str, dilation: int = 1) -> Array:
    """Convolve with zeros beyond the border, so that H and W stay."""
    weight = p[f"{name}.weight"]
    side = weight.shape[-1]
    height, width = x.shape[2:]
    border = dilation * (side // 2)
    padded = np.pad(x, ((0, 0), (0, 0), (border, border), (border, border)))
    result = (
        np.zeros((len(x), len(weight), height, width)) + p.get(f"{name}.bias", np.zeros(1))[:, None, None]
    )
    for i in range(side):
        for j in range(side):
            window = padded[:, :, i * dilation :, j * dilation :][:, :, :height, :width]
            result += np.einsum("oc,nchw->nohw", weight[:, :, i, j], window)
    return result


def batch_norm(x: Array, p: Parameters, name: str, *, training: bool) -> Array:
    """Normalise every channel (axis 1), by this batch or by the running statistics."""
    column = (-1,) + (1,) * (x.ndim - 2)
    if training:
        other = tuple(axis for axis in range(x.ndim) if axis != 1)
        mean, variance = x.mean(other), x.var(other)
    else:
        mean, variance = p[f"{name}.running_mean"], p[f"{name}.running_var"]
    normalised = (x - mean.reshape(column)) / np.sqrt(variance.reshape(column) + 1e-5)
    return normalised * p[f"{name}.weight"].reshape(column) + p[f"{name}.bias"].reshape(column)


def se(x: Array, p: Parameters, *, squeeze: str = "avg", gate: str = "sigmoid") -> Array:
    squeezed = {"avg": np.mean, "max": np.max}[squeeze](x, axis=(2, 3))
    gates = {"sigmoid": sigmoid, "tanh": np.tanh, "relu": relu}[gate](mlp(squeezed, p, "mlp"))
    return x * gates[:, :, None, None]


def se_without_squeeze(x: Array, p: Parameters) -> Array:
    result = np.empty_like(x)
    for i, j in np.ndindex(x.shape[2:]):
        result[:, :, i, j] = x[:, :, i, j] * sigmoid(mlp(x[:, :, i, j], p, "mlp"))
    return result


def eca(x: Array, p: Parameters) -> Array:
    channels = x.shape[1]
    weights = p["conv.weight"][0, 0]
    k = len(weights)
    padded = np.pad(x.mean(axis=(2, 3)), ((0, 0), (k // 2, k // 2)))
    scores = sum(weights[i] * padded[:, i : i + channels] for i in range(k))
    return x * sigmoid(scores)[:, :, None, None]


def eca_variant(x: Array, p: Parameters, mixing: str) -> Array:
    """Fill the matrix of the means in with the weights of the pattern, entry by entry."""
    channels = x.shape[1]
    matrix = np.zeros((channels, channels))
    if mixing == "none":
        matrix += np.eye(channels)
    elif mixing in ("per_channel", "band"):
        weights = p["mix.weight"]
        for row, tap in np.ndindex(weights.shape):
            column = row + tap - weights.shape[1] // 2
            if 0 <= column < channels:
                matrix[row, column] = weights[row, tap]
    else:
        weights = p["mix.conv.weight"][:, :, 0]
        side = weights.shape[1]
        for row, column in np.ndindex(weights.shape):
            matrix[row, row // side * side + column] = weights[row, column]
    return x * sigmoid(x.mean(axis=(2, 3)) @ matrix.T)[:, :, None, None]


def cbam(
    x: Array,
    p: Parameters,
    *,
    training: bool = False,
    pooling: str = "both",
    descriptor: str = "pool",
    order: str = "channel_first",
    maximum: str = "shared",
    spatial_norm: bool = True,
) -> Array:
    def channel_scores(x: Array) -> Array:
        largest = x.max((2, 3))
        if maximum == "centred":
            largest = largest - (largest.mean(0) if training else p["channel.centred.mean"])
        of_mean = mlp(x.mean((2, 3)), p, "channel.mlp")
        of_maximum = mlp(largest, p, "channel.mlp" + "_of_maximum" * (maximum == "own_mlp"))
        scores = {"avg": of_mean, "max": of_maximum, "both": of_mean + of_maximum}[pooling]
        return scores[:, :, None, None]

    def spatial_scores(x: Array) -> Array:
        if descriptor == "pool":
            described = np.concatenate([x.max(1, keepdims=True), x.mean(1, keepdims=True)], axis=1)
        else:
            described = conv2d(x, p, "spatial.describe")
        scores = conv2d(described, p, "spatial.conv")
        return batch_norm(scores, p, "spatial.norm", training=training) if spatial_norm else scores

    if order == "parallel":
        return x * sigmoid(channel_scores(x) + spatial_scores(x))
    first, second = channel_scores, spatial_scores
    if order == "spatial_first":
        first, second = second, first
    refined = x * sigmoid(first(x))
    return refined * sigmoid(second(refined))


def bam(x: Array, p: Parameters, *, training: bool = False, dilation: int = 4, combine: str = "sum") -> Array:
    def norm(x: Array, name: str) -> Array:
        return batch_norm(x, p, name, training=training)

    def channel_scores() -> Array:
        hidden = relu(norm(linear(x.mean((2, 3)), p, "channel.fc1"), "channel.norm"))
        return linear(hidden, p, "channel.fc2")[:, :, None, None]

    def spatial_scores() -> Array:
        hidden = relu(norm(conv2d(x, p, "spatial.reduce"), "spatial.norm1"))
        hidden = relu(norm(conv2d(hidden, p, "spatial.context1", dilation), "spatial.norm2"))
        hidden = relu(norm(conv2d(hidden, p, "spatial.context2", dilation), "spatial.norm3"))
        return conv2d(hidden, p, "spatial.score")

    scores = {
        "sum": lambda: channel_scores() + spatial_scores(),
        "product": lambda: channel_scores() * spatial_scores(),
        "max": lambda: np.maximum(channel_scores(), spatial_scores()),
        "channel": channel_scores,
        "spatial": spatial_scores,
    }[combine]()
    return x + x * sigmoid(scores)


def hard_swish(x: Array) -> Array:
    return x * np.clip(x + 3, 0, 6) / 6


def coord_att(x: Array, p: Parameters, *, training: bool = False) -> Array:
    height = x.shape[2]
    strips = np.concatenate([x.mean(axis=3), x.mean(axis=2)], axis=2)[..., None]
    hidden = hard_swish(batch_norm(conv2d(strips, p, "reduce"), p, "norm", training=training))
    of_rows = sigmoid(conv2d(hidden[:, :, :height], p, "height"))
    of_columns = sigmoid(conv2d(hidden[:, :, height:], p, "width"))
    return x * of_rows * of_columns.swapaxes(2, 3)


def coord_att_strip(x: Array, p: Parameters, *, strip: str, training: bool = False) -> Array:
    if strip == "width":
        return coord_att_strip(x.swapaxes(2, 3), p, strip="height", training=training).swapaxes(2, 3)
    places = x.mean(axis=3, keepdims=True)
    hidden = hard_swish(batch_norm(conv2d(places, p, "reduce"), p, "norm", training=training))
    return x * sigmoid(conv2d(hidden, p, "expand"))


def self_attention(x: Array, p: Parameters, *, num_heads: int) -> Array:
    """Attend within every head on its own; ``x`` is a sequence ``(N, L, D)``."""
    results = []
    query, key, value = (linear(x, p, name) for name in ("query", "key", "value"))
    for q, k, v in zip(*(np.split(t, num_heads, axis=2) for t in (query, key, value)), strict=True):
        scores = np.exp(q @ k.swapaxes(1, 2) / np.sqrt(q.shape[2]))
        results.append(scores / scores.sum(axis=2, keepdims=True) @ v)
    return np.concatenate(results, axis=2)


def self_attention_2d(x: Array, p: Parameters, *, num_heads: int) -> Array:
    sequence = np.stack([x[:, :, i, j] for i in range(x.shape[2]) for j in range(x.shape[3])], axis=1)
    matrices = {name: weight[:, :, 0, 0] for name, weight in p.items()}
    gathered = self_attention(sequence, matrices, num_heads=num_heads)
    return x + linear(gathered, matrices, "project").swapaxes(1, 2).reshape(x.shape)
