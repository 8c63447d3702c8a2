"""The attention maps that a model used for an input, read through the blocks' own ``attention(x)``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from torch import Tensor, nn

from attn_lib.inspection.hooks import Call, Inputs, as_arguments, watching
from attn_lib.inspection.printing import Records, shape_of

__all__ = [
    "BlockRecord",
    "attention_maps",
    "is_block",
    "is_innermost_block",
    "read_maps",
    "record_blocks",
]


@dataclass(frozen=True, repr=False)
class BlockRecord:
    """What one attention block received, computed and returned in a forward pass.

    The tensors are copies: nothing that the model or the reader does later changes them.

    Attributes:
        input: the feature map the block received.
        output: the feature map it returned.
        maps: its attention maps by name, as ``attention(input)`` returns them.
    """

    input: Tensor
    output: Tensor
    maps: dict[str, Tensor]

    def __repr__(self) -> str:
        """Give the shapes."""
        return (
            f"BlockRecord(input={tuple(self.input.shape)}, output={tuple(self.output.shape)}, "
            f"maps: {shape_of(self.maps)})"
        )


def attention_maps(model: nn.Module, x: Inputs) -> dict[str, dict[str, Tensor]]:
    """Return the attention maps of every block in a model for one input.

    The model runs once, in eval mode and without gradients. Every module that has an ``attention(x)`` method
    computes its maps from the input it really received in that pass. Hooks are removed and each module's
    training mode is restored, also when the model raises.

    - Which modules are blocks is decided by :func:`is_block`, so this works for any model.
    - A block inside another one is listed under its own name, after the outer one, if it was called. A block
      that the pass did not call is absent.
    - A block that is called again (shared weights, a loop) is listed again: ``"gate"``, ``"gate#2"``, ...
    - A model wrapped in ``torch.compile`` runs uncompiled here, and its names are those of the plain model.

    Args:
        model: any model; a single block is a model too, named ``""``.
        x: the model's input, or a tuple of its inputs.

    Returns:
        For each block, by its qualified name and in the order of the calls, its maps by name. ``print`` shows
        their shapes.

    Raises:
        TypeError: a block's ``attention`` returned something else than named tensors, or ``x`` is no input.

    Example:
        >>> model = nn.Sequential(nn.Conv2d(3, 32, 3), SE(32))
        >>> attention_maps(model, torch.zeros(2, 3, 7, 5))["1"]["channel"].shape
        torch.Size([2, 32, 1, 1])
    """
    inputs = as_arguments(x)
    with watching(model, select=is_block, before=read_maps, after=lambda module, output: None) as watch:
        model(*inputs)
    return Records({key: call.before for key, call in _by_name(watch.calls).items()})


def record_blocks(model: nn.Module, x: Inputs) -> dict[str, BlockRecord]:
    """Return what every block in a model received, computed and returned for one input.

    The same pass and the same names as :func:`attention_maps`, with the feature maps before and after each
    block. Those are copied, so this takes the memory of two feature maps for every block.

    Args:
        model: any model; a single block is a model too, named ``""``.
        x: the model's input, or a tuple of its inputs.

    Raises:
        TypeError: a block's ``attention`` returned something else than named tensors, a block received or
            returned no tensor, or ``x`` is no input.
    """
    inputs = as_arguments(x)
    with watching(model, select=is_block, before=_read_input_and_maps, after=_read_output) as watch:
        model(*inputs)
    return Records(
        {
            key: BlockRecord(input=call.before[0], output=call.after, maps=call.before[1])
            for key, call in _by_name(watch.calls).items()
        }
    )


def is_block(module: nn.Module) -> bool:
    """Whether a module is an attention block: its class has a method ``attention`` that takes one argument.

    A submodule that happens to be called ``attention`` is not a method, so it does not make its parent a
    block.
    """
    method = getattr(type(module), "attention", None)
    if not inspect.isfunction(method):
        return False
    try:
        inspect.signature(method).bind(module, None)
    except TypeError:
        return False
    return True


def is_innermost_block(module: nn.Module) -> bool:
    """Whether a module is a block and holds no other, as ``IdentityStart`` does."""
    return is_block(module) and not any(is_block(part) for part in module.modules() if part is not module)


def _by_name(calls: list[Call[Any, Any]]) -> dict[str, Call[Any, Any]]:
    """Key each call by its module's name, and the later calls of a module by its name and their number."""
    by_name: dict[str, Call[Any, Any]] = {}
    times: dict[str, int] = {}
    for call in calls:
        times[call.name] = times.get(call.name, 0) + 1
        by_name[call.name if times[call.name] == 1 else f"{call.name}#{times[call.name]}"] = call
    return by_name


def read_maps(
    name: str, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Tensor]:
    """Compute the maps of a block named ``name`` from what its forward pass receives.

    Raises:
        TypeError: its ``attention`` returned something else than named tensors.
    """
    attention = cast(Callable[..., object], module.attention)
    maps = attention(*args, **kwargs)
    if not isinstance(maps, Mapping) or not all(isinstance(value, Tensor) for value in maps.values()):
        raise TypeError(
            f"`attention(x)` must return a dict of names to Tensors; "
            f"that of {name!r} ({type(module).__name__}) returned {_describe(maps)}"
        )
    return {key: _copy(value) for key, value in maps.items()}


def _read_input_and_maps(
    name: str, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Tensor, dict[str, Tensor]]:
    received = [value for value in (*args, *kwargs.values()) if isinstance(value, Tensor)]
    if not received:
        raise TypeError(f"a block must receive a Tensor; {name!r} ({type(module).__name__}) received none")
    return _copy(received[0]), read_maps(name, module, args, kwargs)


def _read_output(module: nn.Module, output: object) -> Tensor:
    if not isinstance(output, Tensor):
        raise TypeError(f"a block must return a Tensor; {type(module).__name__} returned {_describe(output)}")
    return _copy(output)


def _describe(value: object) -> str:
    if isinstance(value, Mapping):
        return "a dict of " + ", ".join(f"{key!r}: {type(item).__name__}" for key, item in value.items())
    return type(value).__name__


def _copy(value: Tensor) -> Tensor:
    # The next layer may be an in-place ReLU, and a map may be a view of a parameter.
    return value.detach().clone()
