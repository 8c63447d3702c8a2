"""Turns a trained network into operators and weights that a page can run, and into a reference in PyTorch.

``torch.export`` records the network as a graph of PyTorch's operators. Batch norms are folded into the layers
before them, and every weight is rounded to half precision, *in that graph*: it still runs in PyTorch, and
what it returns there is what the page must return. The graph is then written as a list of the few operators
that ``static/executor.js`` knows; any other is an error here.

The maps of every attention block are outputs beside the logits. To the page they are tensors by name: nothing
that it is given says which block computes them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.fx import GraphModule, Node
from torch.nn.utils.fusion import fuse_conv_bn_weights, fuse_linear_bn_weights
from torch.utils._pytree import tree_flatten

from attn_lib.inspection import spatial_map
from attn_lib.inspection.attention_maps import is_innermost_block
from gate_by_gate.playground.operators import Operator, Shapes, as_operators

__all__ = ["Exported", "export"]

FOLDS: dict[Any, Callable[..., tuple[nn.Parameter, nn.Parameter]]] = {
    torch.ops.aten.conv1d.default: fuse_conv_bn_weights,
    torch.ops.aten.conv2d.default: fuse_conv_bn_weights,
    torch.ops.aten.linear.default: fuse_linear_bn_weights,
}
"""The layers that take in the batch norm behind them, and how their weight and bias become those of both."""


@dataclass(frozen=True)
class Exported:
    """A network as a page runs it."""

    graph: dict[str, Any]
    """What ``static/executor.js`` reads, for JSON. Tensors are named.

    - ``input`` and ``logits``: their names;
    - ``tensors``: the shape of each;
    - ``constants``: for each, where in the weights it begins;
    - ``operators``, in the order in which they run;
    - ``blocks``: for each its ``maps``, its ``spatial_map`` or None, and, for every map that can be made
      ``neutral``, the number that all of it then holds.
    """

    weights: bytes
    """All constants one after the other, little-endian float16."""

    reference: GraphModule
    """The same network in PyTorch: it takes the same input, and returns the tensors named by ``returned``."""

    returned: tuple[str, ...]
    """The names of the tensors that ``reference`` returns."""

    def run(self, x: Tensor, held: Mapping[str, Tensor | float] | None = None) -> dict[str, Tensor]:
        """Run the reference for one input; return the logits, maps and spatial maps by their tensors' names.

        Args:
            x: the input, in the shape that the network was exported for.
            held: what some tensors hold instead of what is computed, by their names: values, or one number.
        """
        with torch.no_grad():
            output = Holding(self.reference, held or {}).run(x)
        return dict(zip(self.returned, tree_flatten(output)[0], strict=True))


class Holding(torch.fx.Interpreter):
    """Runs a graph with some of its tensors replaced.

    Args:
        graph: the graph.
        held: what the tensors hold, by their names.
    """

    def __init__(self, graph: GraphModule, held: Mapping[str, Tensor | float]) -> None:
        super().__init__(graph)
        self.held = held

    def run_node(self, node: Node) -> Any:
        """Compute a node, and return what is held in its place."""
        value = super().run_node(node)
        if node.name in self.held:
            value = torch.as_tensor(self.held[node.name]).expand_as(value)
        return value


class Watched(nn.Module):
    """A network that returns its blocks' maps beside its output.

    Args:
        network: any network; its blocks must have ``combine`` and ``spatial_map``.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).eval()
        self.blocks = [
            (name, block) for name, block in self.network.named_modules() if is_innermost_block(block)
        ]
        self._seen: dict[str, tuple[dict[str, Tensor], Tensor | None]] = {}
        for name, block in self.blocks:
            block.forward = self._watch(name, block)

    def _watch(self, name: str, block: Any) -> Callable[[Tensor], Tensor]:
        def forward(x: Tensor) -> Tensor:
            maps = block.attention(x)
            self._seen[name] = maps, spatial_map(block, maps, (x.shape[2], x.shape[3]))
            result: Tensor = block.combine(x, maps)
            return result

        return forward

    def forward(self, x: Tensor) -> tuple[Tensor, dict[str, dict[str, Tensor]], dict[str, Tensor]]:
        """Return the logits, the maps by block and name, and the spatial maps by block."""
        logits = self.network(x)
        # A graph must not leave a tensor behind in the module.
        seen, self._seen = self._seen, {}
        maps = {name: dict(of_block) for name, (of_block, _) in seen.items()}
        spatial = {name: where for name, (_, where) in seen.items() if where is not None}
        return logits, maps, spatial

    def neutral_values(self, x: Tensor) -> dict[str, dict[str, float]]:
        """Return, for every block, the maps that its ``neutral`` changes, and the number each then holds.

        Raises:
            ValueError: a neutral map is not the same everywhere.
        """
        with torch.no_grad():
            _, maps, _ = self(x)
        found: dict[str, dict[str, float]] = {}
        for name, block in self.blocks:
            neutral = block.neutral(maps[name])
            changed = {key: value for key, value in neutral.items() if value is not maps[name][key]}
            for key, value in changed.items():
                if value.min() != value.max():
                    raise ValueError(
                        f"expected a neutral {key!r} of {name} that is the same everywhere; "
                        f"got {value.min():g} to {value.max():g}"
                    )
            found[name] = {key: value.flatten()[0].item() for key, value in changed.items()}
        return found


def export(network: nn.Module, shape: Sequence[int]) -> Exported:
    """Export a network for inputs of one shape.

    Args:
        network: any network with one input and one output; its blocks' ``combine``, ``spatial_map`` and
            ``neutral`` are asked. It stays as it is.
        shape: of the input, with a batch of 1: ``(1, channels, height, width)``.

    Raises:
        ValueError: the network needs an operator that the page does not know or knows in another form only, a
            batch norm follows no layer that can take it in, or a weight is too large for half precision.
    """
    watched, x = Watched(network), torch.zeros(tuple(shape))
    neutral = watched.neutral_values(x)
    program = torch.export.export(watched, (x,))
    graph = program.module(check_guards=False)
    _fold_batch_norms(graph)
    _round_to_half(graph)

    tensors: Shapes = {}
    constants: dict[str, Tensor] = {}
    operators: list[Operator] = []
    returned: list[str] = []
    for node in graph.graph.nodes:
        if node.op == "get_attr":
            constants[node.name] = _constant(graph, node)
            tensors[node.name] = list(constants[node.name].shape)
        elif node.op == "call_function":
            operators += as_operators(node, tensors)
        elif node.op == "placeholder":
            tensors[node.name] = list(shape)
        elif node.op == "output":
            returned = [one.name for one in tree_flatten(node.args)[0]]
    # The names of what is returned, in the order and structure of `Watched.forward`.
    logits, maps, spatial_maps = program.call_spec.out_spec.unflatten(returned)
    sizes = [constant.numel() for constant in constants.values()]
    return Exported(
        graph={
            "input": _input(graph),
            "tensors": tensors,
            "constants": dict(zip(constants, accumulate(sizes, initial=0), strict=False)),
            "operators": operators,
            "logits": logits,
            "blocks": {
                name: {"maps": maps[name], "spatial_map": spatial_maps.get(name), "neutral": neutral[name]}
                for name in maps
            },
        },
        weights=b"".join(constant.half().numpy().astype("<f2").tobytes() for constant in constants.values()),
        reference=graph,
        returned=tuple(returned),
    )


def _input(graph: GraphModule) -> str:
    (name,) = (node.name for node in graph.graph.nodes if node.op == "placeholder")
    return str(name)


def _constant(graph: GraphModule, node: Node) -> Tensor:
    owner, _, name = str(node.target).rpartition(".")
    constant: Tensor = getattr(graph.get_submodule(owner), name)
    return constant.detach()


def _replace(graph: GraphModule, node: Node, value: Tensor) -> None:
    owner, _, name = str(node.target).rpartition(".")
    setattr(graph.get_submodule(owner), name, nn.Parameter(value, requires_grad=False))


def _fold_batch_norms(graph: GraphModule) -> None:
    """Let the layer before every batch norm do the norm's work, in place.

    Raises:
        ValueError: what comes before is no such layer, or others read it, too.
    """
    for norm in graph.graph.find_nodes(op="call_function", target=torch.ops.aten.batch_norm.default):
        # What a node is given may be anything: the types say so, too.
        layer, gain, shift, mean, variance, training, _, epsilon, _ = cast(Sequence[Any], norm.args)
        if training or layer.target not in FOLDS or any(len(one.users) > 1 for one in (layer, layer.args[1])):
            raise ValueError(
                "expected every batch norm in eval mode and directly behind a convolution or a linear layer "
                f"whose result and weight nothing else reads; got {norm.name} behind {layer.name}"
            )
        x, weight, *rest = layer.args
        bias = rest[0] if rest else None
        read = [
            None if one is None else _constant(graph, one)
            for one in (weight, bias, mean, variance, gain, shift)
        ]
        folded = FOLDS[layer.target](read[0], read[1], read[2], read[3], epsilon, read[4], read[5])
        _replace(graph, weight, folded[0])
        # The norm's shift holds the bias of both: a convolution before a norm has none of its own.
        _replace(graph, shift, folded[1])
        layer.args = (x, weight, shift, *rest[1:])
        norm.replace_all_uses_with(layer)
        graph.graph.erase_node(norm)
    for node in graph.graph.find_nodes(op="get_attr"):
        if not node.users:
            graph.graph.erase_node(node)
    graph.recompile()


def _round_to_half(graph: GraphModule) -> None:
    """Round every constant to half precision, in place.

    Raises:
        ValueError: a constant lies outside its range.
    """
    for node in graph.graph.find_nodes(op="get_attr"):
        constant = _constant(graph, node)
        rounded = constant.half().float()
        if not rounded.isfinite().all():
            raise ValueError(
                f"expected weights of at most {torch.finfo(torch.float16).max:g} in size, as half precision "
                f"holds; got {constant.abs().max():g} in {node.target}"
            )
        _replace(graph, node, rounded)
