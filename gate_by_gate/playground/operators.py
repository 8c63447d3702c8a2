"""The operators of PyTorch's graphs that a page can run, each as one or two of the executor's own.

An operator of the executor is a dictionary: its ``kind``, its ``inputs`` and ``output`` by the names of
tensors, and what else that kind reads. ``static/executor.js`` says what each kind computes.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from torch.fx import Node

__all__ = ["OPERATORS", "Operator", "Shapes", "as_operators"]

Operator = dict[str, Any]
"""One operator of the executor."""

Shapes = dict[str, list[int]]
"""The shape of every tensor by name; filled as operators are written."""

Write = Callable[..., list[Operator]]
"""From a node, the shapes and the node's arguments to operators that compute it."""

aten = torch.ops.aten


def as_operators(node: Node, shapes: Shapes) -> list[Operator]:
    """Write a node of a graph as operators, and note the shape of what it returns.

    Raises:
        ValueError: the page has no operator for it, or none for these arguments of it.
    """
    if node.target not in OPERATORS:
        known = ", ".join(sorted(str(target) for target in OPERATORS if target is not operator.getitem))
        raise ValueError(
            f"expected operators that a page can run, {known}; got {node.target}, for {node.name}"
        )
    value = node.meta["val"]
    if isinstance(value, torch.Tensor):
        shapes[node.name] = list(value.shape)
    return OPERATORS[node.target](node, shapes, *node.args, **node.kwargs)


def _only(node: Node, name: str, got: object, *expected: object) -> None:
    """Refuse an argument that the executor does not know.

    Raises:
        ValueError: it is none of those expected.
    """
    if got not in expected:
        known = " or ".join(repr(one) for one in expected)
        raise ValueError(f"expected {node.target} with {name}={known}; got {name}={got!r}, for {node.name}")


def _axis(node: Node, axis: int, of: Node) -> int:
    return axis % of.meta["val"].dim()


def _reshape(node: Node, shapes: Shapes, x: Node, *where: object) -> list[Operator]:
    return [{"kind": "reshape", "inputs": [x.name], "output": node.name}]


def _expand(node: Node, shapes: Shapes, x: Node, sizes: Sequence[int]) -> list[Operator]:
    _only(node, "a shape", list(node.meta["val"].shape), list(x.meta["val"].shape))
    return _reshape(node, shapes, x)


def _unary(kind: str) -> Write:
    return lambda node, shapes, x: [{"kind": kind, "inputs": [x.name], "output": node.name}]


def _binary(kind: str) -> Write:
    def write(node: Node, shapes: Shapes, a: Node, b: Node | float, alpha: float = 1) -> list[Operator]:
        _only(node, "alpha", alpha, 1)
        if isinstance(b, Node):
            return [{"kind": kind, "inputs": [a.name, b.name], "output": node.name}]
        return [{"kind": kind, "inputs": [a.name], "output": node.name, "by": b}]

    return write


def _reduce(kind: str) -> Write:
    def write(
        node: Node, shapes: Shapes, x: Node, axes: int | Sequence[int], keepdim: bool = False
    ) -> list[Operator]:
        over = [axes] if isinstance(axes, int) else axes
        places = sorted(_axis(node, axis, x) for axis in over)
        # The executor knows axes that follow each other.
        _only(node, "dim", places, list(range(places[0], places[0] + len(places))))
        return [{"kind": kind, "inputs": [x.name], "output": node.name, "axes": places}]

    return write


def _pool(node: Node, shapes: Shapes, x: Node, size: Sequence[int]) -> list[Operator]:
    _only(node, "output_size", list(size), [1, 1])
    return _reduce("mean")(node, shapes, x, (2, 3))


def _softmax(node: Node, shapes: Shapes, x: Node, axis: int) -> list[Operator]:
    _only(node, "dim", _axis(node, axis, x), x.meta["val"].dim() - 1)
    return [{"kind": "softmax", "inputs": [x.name], "output": node.name}]


def _matmul(node: Node, shapes: Shapes, a: Node, b: Node) -> list[Operator]:
    _only(node, "batch axes", list(b.meta["val"].shape[:-2]), list(a.meta["val"].shape[:-2]))
    return [{"kind": "matmul", "inputs": [a.name, b.name], "output": node.name}]


def _linear(node: Node, shapes: Shapes, x: Node, weight: Node, bias: Node | None = None) -> list[Operator]:
    inputs = [one.name for one in (x, weight, bias) if one is not None]
    return [{"kind": "linear", "inputs": inputs, "output": node.name}]


def _convolution(
    node: Node,
    shapes: Shapes,
    x: Node,
    weight: Node,
    bias: Node | None = None,
    stride: Sequence[int] = (1, 1),
    padding: Sequence[int] = (0, 0),
    dilation: Sequence[int] = (1, 1),
    groups: int = 1,
) -> list[Operator]:
    # Of grouped convolutions the executor knows the depthwise one: a group, and a filter, for each channel.
    channels = shapes[x.name][1]
    _only(node, "groups", groups, 1, channels)
    depthwise = groups == channels > 1
    if depthwise:
        _only(node, "filters", shapes[weight.name][0], channels)
    inputs = [one.name for one in (x, weight, bias) if one is not None]
    return [
        {
            "kind": "depthwise" if depthwise else "convolution",
            "inputs": inputs,
            "output": node.name,
            "stride": list(stride),
            "padding": list(padding),
            "dilation": list(dilation),
        }
    ]


def _convolution_1d(
    node: Node,
    shapes: Shapes,
    x: Node,
    weight: Node,
    bias: Node | None = None,
    stride: Sequence[int] = (1,),
    padding: Sequence[int] = (0,),
    dilation: Sequence[int] = (1,),
    groups: int = 1,
) -> list[Operator]:
    """Write a convolution of sequences as one of images of one row."""
    rows = {}
    for name in (x.name, weight.name, node.name):
        rows[name] = f"{node.name}_row_of_{name}"
        shapes[rows[name]] = [*shapes[name][:-1], 1, shapes[name][-1]]
    across = ((1, *stride), (0, *padding), (1, *dilation))
    (convolution,) = _convolution(node, shapes, x, weight, bias, *across, groups)
    inputs = [rows[x.name], rows[weight.name], *convolution["inputs"][2:]]
    return [
        *({"kind": "reshape", "inputs": [name], "output": rows[name]} for name in (x.name, weight.name)),
        convolution | {"inputs": inputs, "output": rows[node.name]},
        {"kind": "reshape", "inputs": [rows[node.name]], "output": node.name},
    ]


def _transposed_convolution(
    node: Node,
    shapes: Shapes,
    x: Node,
    weight: Node,
    bias: Node | None = None,
    stride: Sequence[int] = (1, 1),
    padding: Sequence[int] = (0, 0),
    output_padding: Sequence[int] = (0, 0),
    groups: int = 1,
    dilation: Sequence[int] = (1, 1),
) -> list[Operator]:
    """Write a transposed convolution whose steps are as long as its kernel, so that nothing overlaps."""
    _only(node, "stride", list(stride), shapes[weight.name][2:])
    for name, got in (("padding", padding), ("output_padding", output_padding)):
        _only(node, name, list(got), [0, 0])
    _only(node, "groups", groups, 1)
    _only(node, "dilation", list(dilation), [1, 1])
    inputs = [one.name for one in (x, weight, bias) if one is not None]
    return [{"kind": "transposed_convolution", "inputs": inputs, "output": node.name}]


def _pad(
    node: Node,
    shapes: Shapes,
    x: Node,
    sides: Sequence[int],
    mode: str = "constant",
    value: float | None = None,
) -> list[Operator]:
    _only(node, "mode", mode, "constant")
    _only(node, "value", value, None, 0, 0.0)
    _only(node, "number of sides", len(sides), 4)
    left, right, top, bottom = sides
    return [{"kind": "pad", "inputs": [x.name], "output": node.name, "sides": [left, right, top, bottom]}]


def _resize(
    node: Node,
    shapes: Shapes,
    x: Node,
    size: Sequence[int] | None,
    align_corners: bool,
    factors: Sequence[float] | None = None,
) -> list[Operator]:
    _only(node, "align_corners", align_corners, False)
    return [{"kind": "resize", "inputs": [x.name], "output": node.name}]


def _transpose(node: Node, shapes: Shapes, x: Node, first: int, second: int) -> list[Operator]:
    order = list(range(x.meta["val"].dim()))
    order[first], order[second] = order[second], order[first]
    return [{"kind": "permute", "inputs": [x.name], "output": node.name, "order": order}]


def _concatenate(node: Node, shapes: Shapes, parts: Sequence[Node], axis: int = 0) -> list[Operator]:
    inputs = [part.name for part in parts]
    return [
        {"kind": "concatenate", "inputs": inputs, "output": node.name, "axis": _axis(node, axis, parts[0])}
    ]


def _stack(node: Node, shapes: Shapes, parts: Sequence[Node], axis: int = 0) -> list[Operator]:
    """Write a stack as a concatenation of parts with an axis of size 1."""
    place, layers = axis % node.meta["val"].dim(), []
    written: list[Operator] = []
    for number, part in enumerate(parts):
        layers.append(f"{node.name}_layer_{number}")
        shapes[layers[-1]] = [*shapes[part.name][:place], 1, *shapes[part.name][place:]]
        written.append({"kind": "reshape", "inputs": [part.name], "output": layers[-1]})
    return [*written, {"kind": "concatenate", "inputs": layers, "output": node.name, "axis": place}]


def _split(node: Node, shapes: Shapes, x: Node, sizes: int | Sequence[int], axis: int = 0) -> list[Operator]:
    return []  # each piece is written where it is taken


def _piece(node: Node, shapes: Shapes, pieces: Node, number: int) -> list[Operator]:
    x, _, *rest = cast(Sequence[Any], pieces.args)
    axis = _axis(node, rest[0] if rest else 0, x)
    sizes = [piece.shape[axis] for piece in pieces.meta["val"]]
    start = sum(sizes[:number])
    cut = {"axis": axis, "start": start, "stop": start + sizes[number]}
    return [{"kind": "slice", "inputs": [x.name], "output": node.name, **cut}]


def _select(node: Node, shapes: Shapes, x: Node, axis: int, index: int) -> list[Operator]:
    """Write the choice of one row as a slice of size 1 and the loss of its axis."""
    place, one = _axis(node, axis, x), f"{node.name}_row"
    shapes[one] = [1 if at == place else size for at, size in enumerate(shapes[x.name])]
    cut = {"axis": place, "start": index, "stop": index + 1}
    return [
        {"kind": "slice", "inputs": [x.name], "output": one, **cut},
        {"kind": "reshape", "inputs": [one], "output": node.name},
    ]


OPERATORS: dict[Any, Write] = {
    aten.adaptive_avg_pool2d.default: _pool,
    aten.add.Tensor: _binary("add"),
    aten.amax.default: _reduce("maximum"),
    aten.cat.default: _concatenate,
    aten.contiguous.default: _reshape,
    aten.conv1d.default: _convolution_1d,
    aten.conv2d.default: _convolution,
    aten.conv_transpose2d.input: _transposed_convolution,
    aten.div.Tensor: _binary("divide"),
    aten.expand.default: _expand,
    aten.flatten.using_ints: _reshape,
    aten.hardswish.default: _unary("hard_swish"),
    aten.linear.default: _linear,
    aten.matmul.default: _matmul,
    aten.mean.dim: _reduce("mean"),
    aten.mul.Tensor: _binary("multiply"),
    aten.pad.default: _pad,
    aten.relu.default: _unary("relu"),
    aten.select.int: _select,
    aten.sigmoid.default: _unary("sigmoid"),
    aten.softmax.int: _softmax,
    aten.split.Tensor: _split,
    aten.split_with_sizes.default: _split,
    aten.stack.default: _stack,
    aten.sum.dim_IntList: _reduce("sum"),
    aten.transpose.int: _transpose,
    aten.unflatten.int: _reshape,
    aten.unsqueeze.default: _reshape,
    aten.upsample_bilinear2d.vec: _resize,
    operator.getitem: _piece,
}
"""How each of PyTorch's operators is written."""
