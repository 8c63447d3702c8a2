"""One forward pass, watched: the hooks are always removed and the training modes always restored."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

__all__ = ["Call", "Inputs", "Watch", "as_arguments", "evaluating", "named_modules", "tensors_in", "watching"]

Inputs = Tensor | tuple[Tensor, ...]
"""What a model is called with: a tensor, or a tuple of them for a model of several inputs."""

Before = TypeVar("Before")
After = TypeVar("After")


def named_modules(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """List every module once, under the name it has in the model as written; ``""`` is the model itself.

    ``torch.compile`` wraps a module in another one that holds it as ``_orig_mod``. The wrapper is left out
    and the name loses that step, so that a model and its compiled self have the same names.
    """
    return [
        (".".join(step for step in name.split(".") if step != "_orig_mod"), module)
        for name, module in model.named_modules()
        if "_orig_mod" not in module._modules
    ]


def tensors_in(value: object) -> Iterator[Tensor]:
    """Find the tensors in a value, through any nesting of tuples, lists and dicts."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors_in(item)
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from tensors_in(item)


def as_arguments(x: object) -> tuple[Tensor, ...]:
    """Return the inputs of a model as a tuple.

    Raises:
        TypeError: ``x`` is neither a tensor nor a tuple of them.
    """
    inputs = x if isinstance(x, tuple) else (x,)
    if not inputs or not all(isinstance(value, Tensor) for value in inputs):
        wrong = [type(value).__name__ for value in inputs if not isinstance(value, Tensor)]
        held = f"a {type(x).__name__}" + (f" with a {wrong[0]}" if isinstance(x, tuple) and wrong else "")
        advice = ""
        if isinstance(x, (tuple, list, torch.Size)) and x and all(isinstance(size, int) for size in x):
            advice = f". An input of this shape is torch.zeros{tuple(x)}"
        raise TypeError(f"`x` must be a Tensor, or a tuple of Tensors for several inputs; got {held}{advice}")
    return inputs


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put the whole model in eval mode and give every module its own mode back afterwards.

    Inside, compiled models run as plain Python: a graph that was compiled before a hook was there would
    run without it.
    """
    modes = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        with _uncompiled():
            yield
    finally:
        # Not module.train(mode): that descends, and a class may override it to keep parts of itself frozen.
        for module, mode in modes:
            module.training = mode


def _uncompiled() -> AbstractContextManager[object]:
    # Nothing can be compiled where the compiler was never imported, and importing it takes a second.
    return torch.compiler.set_stance("force_eager") if "torch._dynamo" in sys.modules else nullcontext()


@dataclass(frozen=True)
class Call(Generic[Before, After]):
    """One call of one module, with what an observer noted before and after it."""

    name: str
    module: nn.Module
    before: Before
    after: After


class Watch(Generic[Before, After]):
    """The calls of a watched forward pass, filled while it runs."""

    def __init__(self) -> None:
        self._begun: list[tuple[str, nn.Module, Before]] = []
        self._ended: dict[int, After] = {}
        self._running: list[int] = []
        self._looking_away = False

    @property
    def calls(self) -> list[Call[Before, After]]:
        """Every call that returned, in the order in which they began, a module before its parts."""
        return [
            Call(name, module, before, self._ended[index])
            for index, (name, module, before) in enumerate(self._begun)
            if index in self._ended
        ]

    @property
    def innermost(self) -> str:
        """The name of the watched module that is running now; ``""`` outside all of them."""
        return self._begun[self._running[-1]][0] if self._running else ""

    def begin(self, name: str, module: nn.Module, note: Callable[[], Before]) -> None:
        """Note a call that is about to run; calls that ``note`` itself makes are not noted."""
        if self._looking_away:
            return
        self._looking_away = True
        try:
            before = note()
        finally:
            self._looking_away = False
        self._running.append(len(self._begun))
        self._begun.append((name, module, before))

    def end(self, module: nn.Module, note: Callable[[], After]) -> None:
        """Note that the innermost running call of ``module`` has returned."""
        if self._looking_away:
            return
        # A call above it on the stack raised an error that the model itself caught: it never returned.
        while self._begun[self._running[-1]][1] is not module:
            self._running.pop()
        self._ended[self._running.pop()] = note()


@contextmanager
def watching(
    model: nn.Module,
    *,
    select: Callable[[nn.Module], bool],
    before: Callable[[str, nn.Module, tuple[Any, ...], dict[str, Any]], Before],
    after: Callable[[nn.Module, Any], After],
) -> Iterator[Watch[Before, After]]:
    """Watch the forward passes that run inside, in eval mode and without gradients.

    Args:
        model: the model whose modules are watched.
        select: whether a module is watched.
        before: called with the name, the module and the positional and keyword arguments it received, before
            the module can change them in place; what it returns becomes ``Call.before``.
        after: called with the module and what it returned, before the model can change that in place; what
            it returns becomes ``Call.after``.
    """
    watch: Watch[Before, After] = Watch()
    handles: list[torch.utils.hooks.RemovableHandle] = []

    def watch_module(name: str, module: nn.Module) -> None:
        def begin(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            watch.begin(name, module, lambda: before(name, module, args, kwargs))

        def end(module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
            watch.end(module, lambda: after(module, output))

        handles.append(module.register_forward_pre_hook(begin, with_kwargs=True))
        handles.append(module.register_forward_hook(end))

    try:
        for name, module in named_modules(model):
            if select(module):
                watch_module(name, module)
        with evaluating(model), torch.no_grad():
            yield watch
    finally:
        for handle in handles:
            handle.remove()
