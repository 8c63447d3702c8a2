"""Self-attention at work on a map of six places, number by number: who matches, what is handed over."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch

from attn_lib.blocks import SelfAttention2d
from gate_by_gate.explorers.shared.worksheet import (
    Place,
    Shape,
    Worksheet,
    bracketed,
    definition_of,
    equals,
    example_block,
    layer_calls,
    number,
    own,
    own_plane,
    own_row,
    through,
    weighted_sum,
)
from gate_by_gate.widgets.definition import Setting
from gate_by_gate.widgets.items.computation import Step
from gate_by_gate.widgets.live import Explorer

__all__ = ["DEFINITION", "SelfAttentionStepsExplorer"]

X = (((3, 0, 0), (0, 0, 3)), ((0, 3, 0), (3, 0, 0)), ((0, 1, 0), (2, 0, 8)))
PLANES = ("0: pattern A", "1: pattern B", "2: news")
HIGH, COLUMNS, CHANNELS = 8, 3, 3
WEIGHTS = {
    "query.weight": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]],
    "key.weight": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]],
    "value.weight": [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]],
    "project.weight": [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]],
}


def compute(setting: Setting) -> Worksheet:
    """Run the block on the map, and put down every tensor of the pass."""
    sheet = Worksheet()
    x = torch.tensor([X], dtype=torch.float32)
    block = example_block(lambda: SelfAttention2d(CHANNELS, reduction=1), WEIGHTS)
    calls = layer_calls(block, x)
    sheet.put("x", "x", "x: the input", x[0], high=HIGH, planes=PLANES)
    for name, letter, what in (
        ("query", "q", "what a place looks for"),
        ("key", "k", "what it is found by"),
        ("value", "v", "what it hands over"),
    ):
        weights = f"w_{letter}"
        matrix = getattr(block, name).weight.reshape(1, CHANNELS, CHANNELS)
        sheet.put_weights(weights, f"W_{letter}", f"W_{letter}: three weights for each channel", matrix)
        sheet.put(
            letter,
            letter.upper(),
            f"{letter.upper()}: {what}",
            calls[name][1][0],
            {"x": through, weights: row_of_plane},
            weighted_sum("x", weights),
            high=HIGH,
        )
    query, key = (calls[name][1].flatten(2)[0] for name in ("query", "key"))
    sheet.put(
        "s",
        "S",
        "S: a score for each pair",
        (query.T @ key / math.sqrt(CHANNELS))[None],
        {"q": of_looking, "k": of_looked_at},
        match,
        decimals=1,
        axes=PAIR,
    )
    sheet.put(
        "a",
        "A",
        "A: a row of weights for each place",
        block.attention(x)["weights"][0],
        {"s": own_first},
        softmax,
        decimals=2,
        high=1,
        axes=PAIR,
    )
    sheet.put(
        "mix",
        "AV",
        "A V: what each place gathers",
        calls["project"][0][0],
        {"a": row_of_place, "v": own_plane},
        weighted_sum("v", "a"),
        decimals=1,
        high=HIGH,
    )
    matrix = block.project.weight.reshape(1, CHANNELS, CHANNELS)
    sheet.put_weights("w_z", "W_z", "W_z: three weights for each channel", matrix)
    sheet.put(
        "y",
        "x̃",
        "x̃ = x + A V W_z: the output",
        calls[""][1][0],
        {"x": own, "mix": through, "w_z": row_of_plane},
        added_to_input,
        decimals=1,
        high=HIGH,
        planes=PLANES,
    )
    return sheet


PAIR = ("head", "place that looks", "place looked at")
"""What the planes, rows and columns of a table of pairs are called."""


def row_of_plane(place: Place, shape: Shape) -> list[Place]:
    """Read the row of a matrix of weights that makes a channel."""
    return [(0, place[0], column) for column in range(shape[2])]


def row_of_place(place: Place, shape: Shape) -> list[Place]:
    """Read the row of a table of pairs that belongs to a place."""
    _, row, column = place
    return [(0, row * COLUMNS + column, other) for other in range(shape[2])]


def of_looking(place: Place, shape: Shape) -> list[Place]:
    """Read all channels of the place that looks, which a row of a table of pairs stands for."""
    return through((0, *divmod(place[1], COLUMNS)), shape)


def of_looked_at(place: Place, shape: Shape) -> list[Place]:
    """Read all channels of the place looked at, which a column of a table of pairs stands for."""
    return through((0, *divmod(place[2], COLUMNS)), shape)


def own_first(place: Place, shape: Shape) -> list[Place]:
    """Read the own row, the number at the same place first."""
    return [place, *(one for one in own_row(place, shape) if one != place)]


def match(value: float, read: Mapping[str, Sequence[float]]) -> str:
    """Write a score: ``(3 · 3 + 0 · 0 + 0 · 0) / √3 ≈ 5.2``."""
    products = (f"{bracketed(q)} · {bracketed(k)}" for q, k in zip(read["q"], read["k"], strict=True))
    return f"({' + '.join(products)}) / √{CHANNELS} {equals(value)}"


def softmax(value: float, read: Mapping[str, Sequence[float]]) -> str:
    """Write a weight, whose score is the first: ``e^5.196 / Σ e^… ≈ 180.6 / 365.2 ≈ 0.49``."""
    power = math.exp(read["s"][0])
    total = sum(map(math.exp, read["s"]))
    return f"e^{number(read['s'][0])} / Σ e^… ≈ {number(power, 1)} / {number(total, 1)} {equals(value)}"


def added_to_input(value: float, read: Mapping[str, Sequence[float]]) -> str:
    """Write a number plus what was gathered for it: ``0 + 1 · 3.964 ≈ 3.96``."""
    (one,) = read["x"]
    pairs = zip(read["w_z"], read["mix"], strict=True)
    return (
        " + ".join([number(one), *(f"{number(w)} · {number(m)}" for w, m in pairs if w)])
        + f" {equals(value)}"
    )


STEPS = {
    "the input": Step(
        "Six places. Two opposite corners show pattern A; one of them knows the news, 8.",
        [["x"]],
        shown=17,
    ),
    "queries": Step(
        "Q, the query: what a place looks for. Here it is its own pattern.",
        [["q"]],
        [["x"], ["w_q"]],
        "weighted sums",
    ),
    "keys": Step(
        "K, the key: what a place can be found by. Here it is its pattern again.",
        [["k"]],
        [["x"], ["w_k"]],
        "weighted sums",
    ),
    "values": Step(
        "V, the value: what a place hands over. Here it is its news alone.",
        [["v"]],
        [["x"], ["w_v"]],
        "weighted sums",
        17,
    ),
    "scores": Step(
        "Every place's query meets every place's key: 36 scores. Corner 0 matches corner 5.",
        [["s"]],
        [["q"], ["k"]],
        "Q Kᵀ / √3",
        5,
    ),
    "weights": Step(
        "A softmax along each row: weights that sum to 1. Corner 0 reads from both corners alike.",
        [["a"]],
        [["s"]],
        "softmax of each row",
        5,
    ),
    "gather": Step(
        "Each place gathers all values by its row of weights: corner 0 gets half of the news.",
        [["mix"]],
        [["a"], ["v"]],
        "weighted means",
        12,
    ),
    "add": Step(
        "What was gathered is added. No gate could do this: in corner 0 there was a 0 to multiply.",
        [["y"]],
        [["x"], ["mix"], ["w_z"]],
        "times W_z, added",
        12,
    ),
}

DEFINITION = definition_of(
    "self_attention_steps", "Press play: how does the news come from one corner to the other?", STEPS, compute
)


class SelfAttentionStepsExplorer(Explorer):
    """Self-attention on a map of six places, every number in sight."""

    definition = DEFINITION
    room = (45.5, 50.5, 49.1)
