"""The shapes of what flows through a model or a block, call by call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn

from attn_lib.inspection.attention_maps import is_block, read_maps
from attn_lib.inspection.hooks import Inputs, as_arguments, tensors_in, watching
from attn_lib.inspection.printing import table

__all__ = ["ShapeRecord", "trace_shapes"]


@dataclass(frozen=True)
class ShapeRecord:
    """The shapes in one call of one module.

    Attributes:
        name: the module's qualified name; ``""`` for the model itself.
        type: the module's class.
        inputs: the shape of every tensor it received, also of those inside tuples, lists and dicts.
        outputs: the shape of every tensor it returned, likewise.
        maps: for an attention block, the shape of each of its attention maps by name; else empty.
    """

    name: str
    type: str
    inputs: tuple[tuple[int, ...], ...]
    outputs: tuple[tuple[int, ...], ...]
    maps: dict[str, tuple[int, ...]]


class ShapeTrace(tuple[ShapeRecord, ...]):
    """The records of a forward pass, which print as a table."""

    __slots__ = ()

    def __repr__(self) -> str:
        rows = [(r.name or "(the model)", r.type, *map(_several, (r.inputs, r.outputs))) for r in self]
        return table(rows, header=("module", "class", "receives", "returns"))


def _several(shapes: tuple[tuple[int, ...], ...]) -> str:
    return ", ".join(map(str, shapes))


def trace_shapes(model: nn.Module, x: Inputs) -> tuple[ShapeRecord, ...]:
    """Run a model once and record the shapes of every module call, in the order in which the calls began.

    A module comes before the modules in it, so the first record is the whole model. A module that is called
    twice has two records. Only modules are seen: a bare function, such as a mean over H and W, is part of the
    module that calls it. The model runs in eval mode and without gradients.

    Args:
        model: any model; a single block is a model too.
        x: the model's input, or a tuple of its inputs.

    Returns:
        The records in their order; ``print`` shows a table of them.

    Raises:
        TypeError: ``x`` is no input.

    Example:
        >>> trace = trace_shapes(SE(64, reduction=16), torch.zeros(2, 64, 7, 5))
        >>> [(record.name, *record.inputs, *record.outputs) for record in trace][2]
        ('mlp.fc1', (2, 64), (2, 4))
        >>> trace[0].maps
        {'channel': (2, 64, 1, 1)}
    """
    inputs = as_arguments(x)
    with watching(model, select=lambda module: True, before=_before, after=_after) as watch:
        model(*inputs)
    return ShapeTrace(
        ShapeRecord(
            name=call.name,
            type=type(call.module).__name__,
            inputs=call.before[0],
            outputs=call.after,
            maps=call.before[1],
        )
        for call in watch.calls
    )


def _before(
    name: str, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[tuple[int, ...], ...], dict[str, tuple[int, ...]]]:
    maps = read_maps(name, module, args, kwargs) if is_block(module) else {}
    return _shapes((args, kwargs)), {key: tuple(value.shape) for key, value in maps.items()}


def _after(module: nn.Module, output: object) -> tuple[tuple[int, ...], ...]:
    return _shapes(output)


def _shapes(value: object) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(tensor.shape) for tensor in tensors_in(value))
