"""What a forward pass costs in multiply-accumulates (MACs): by module, by kind and in total."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

from attn_lib.inspection.hooks import Inputs, Watch, as_arguments, tensors_in, watching
from attn_lib.inspection.printing import table

__all__ = ["MacCount", "Macs", "count_macs"]


@dataclass(frozen=True)
class Macs:
    """Multiply-accumulates by kind.

    Attributes:
        convolution: in convolutions, transposed ones included.
        linear: in products of features with weights: linear layers, and any other matrix product of which
            only one side depends on the model's input.
        matmul: in products of features with features, as in self-attention's Q K^T and its product with V.
    """

    convolution: int = 0
    linear: int = 0
    matmul: int = 0

    @property
    def layers(self) -> int:
        """Convolutions and linear layers, which is what papers on convolutional networks print."""
        return self.convolution + self.linear

    @property
    def total(self) -> int:
        """All three kinds."""
        return self.layers + self.matmul

    def __add__(self, other: Macs) -> Macs:
        return Macs(
            self.convolution + other.convolution, self.linear + other.linear, self.matmul + other.matmul
        )


@dataclass(frozen=True, repr=False)
class MacCount:
    """The multiply-accumulates of one forward pass; ``print`` shows the parts of the model.

    Attributes:
        by_module: for every module that ran, what it computed itself, without the modules in it. ``""`` is
            the model.
    """

    by_module: dict[str, Macs]

    @property
    def whole(self) -> Macs:
        """The whole model."""
        return self.within("")

    @property
    def layers(self) -> int:
        """Convolutions and linear layers of the whole model."""
        return self.whole.layers

    @property
    def total(self) -> int:
        """All multiply-accumulates of the whole model."""
        return self.whole.total

    def __repr__(self) -> str:
        """Count the whole model."""
        return f"MacCount(layers={self.layers}, total={self.total})"

    def __str__(self) -> str:
        """Count the parts of the model."""
        parts = dict.fromkeys(name.partition(".")[0] for name in self.by_module if name)
        rows = [("(the model)", self.whole)] + [(name, self.within(name)) for name in parts]
        return table(
            [(name, macs.convolution, macs.linear, macs.matmul) for name, macs in rows],
            header=("multiply-accumulates", "convolution", "linear", "matmul"),
        )

    def within(self, name: str) -> Macs:
        """Return what a module and everything in it computed.

        Raises:
            ValueError: no module of that name ran.
        """
        if name not in self.by_module:
            raise ValueError(f"no module named {name!r} ran in this forward pass")
        inside = f"{name}." if name else ""
        return sum(
            (macs for other, macs in self.by_module.items() if other == name or other.startswith(inside)),
            start=Macs(),
        )


def count_macs(model: nn.Module, x: Inputs) -> MacCount:
    """Count the multiply-accumulates of one forward pass.

    The model runs once, in eval mode and without gradients, and every convolution and matrix product that
    PyTorch executes is counted, inside a layer or as a bare function. One multiply-accumulate is one product
    added to a sum: half of the "FLOPs" of those who count additions too. Biases, norms, activations, pooling,
    softmax and elementwise products (a gate times its feature map) are not counted, as is the custom. Nor are
    recurrent layers and ``nn.Bilinear``, which PyTorch executes as operations of their own.

    Papers on convolutional networks count convolutions and linear layers: :attr:`Macs.layers`. That leaves
    out what makes self-attention expensive, the products of features with features that grow with the square
    of H W, so those are counted apart, as :attr:`Macs.matmul`. The fused attention of PyTorch counts as the
    two products that it replaces, all L x L pairs of them, masked or not, in the widths that it is given:
    :class:`~attn_lib.blocks.SelfAttention` fills the narrower of Q, K and V up with zeros.

    A model and an input on the ``meta`` device are counted without computing anything.

    Args:
        model: any model.
        x: the model's input, or a tuple of its inputs. The count is for the whole batch: pass one image for a
            cost per image.

    Raises:
        TypeError: ``x`` is no input.

    Example:
        >>> count_macs(nn.Conv2d(3, 16, 3, padding=1), torch.zeros(1, 3, 32, 32)).total
        442368
    """
    inputs = as_arguments(x)
    with watching(
        model,
        select=lambda module: True,
        before=lambda name, module, args, kwargs: None,
        after=lambda module, output: None,
    ) as watch:
        meter = _Meter(watch, inputs)
        with meter, _without_fast_path():
            model(*inputs)
    ran = {call.name: Macs() for call in watch.calls}
    return MacCount(by_module={**ran, **meter.by_module})


@contextmanager
def _without_fast_path() -> Iterator[None]:
    """Let ``nn.MultiheadAttention`` run as the products that it consists of, not as one operation."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


class _Meter(TorchDispatchMode):
    """Counts the operations that PyTorch executes, for the module that is running."""

    def __init__(self, watch: Watch[None, None], inputs: tuple[Tensor, ...]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch has no type for it
        self.by_module: dict[str, Macs] = {}
        self._watch = watch
        # Tensors computed from the model's inputs, as opposed to weights and what is made of them alone. The
        # references are weak, or every feature map would stay in memory until the end.
        self._features = WeakTensorKeyDictionary(dict.fromkeys(inputs, True))

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        # In inference mode composite operations such as `linear` arrive whole.
        with self:
            output = func.decompose(*args, **kwargs)
        if output is not NotImplemented:
            return output
        shape_of = _SHAPES.get(func)
        output = shape_of(args[0]) if shape_of and args[0].is_meta else func(*args, **kwargs)
        macs = self._count(func, args, output)
        if macs is not None:
            module = self._watch.innermost
            self.by_module[module] = self.by_module.get(module, Macs()) + macs
        if any(tensor in self._features for tensor in tensors_in((args, kwargs))):
            for tensor in tensors_in(output):
                self._features[tensor] = True
        return output

    def _count(self, func: Any, args: tuple[Any, ...], output: Any) -> Macs | None:
        operation = func.overloadpacket
        if operation is torch.ops.aten.convolution:
            return Macs(convolution=_convolution(args, output))
        if operation in _PRODUCTS:
            first = _PRODUCTS[operation]
            left, right = args[first], args[first + 1]
            count = left.numel() * (right.shape[-1] if right.dim() > 1 else 1)
            if left in self._features and right in self._features:
                return Macs(matmul=count)
            return Macs(linear=count)
        if func.name().startswith("aten::_scaled_dot_product_"):
            query, key, value = args[:3]
            pairs = query.shape[:-1].numel() * key.shape[-2]
            return Macs(matmul=pairs * (query.shape[-1] + value.shape[-1]))
        return None


_aten = torch.ops.aten
_PRODUCTS: dict[Callable[..., Any], int] = {
    _aten.mm: 0,
    _aten.bmm: 0,
    _aten.mv: 0,
    _aten.dot: 0,
    _aten.addmm: 1,
    _aten.addbmm: 1,
    _aten.baddbmm: 1,
    _aten.addmv: 1,
}
"""Matrix products, with the index of their left operand: ``add...`` take what they add first."""

_SHAPES: dict[Callable[..., Any], Callable[[Tensor], Any]] = {
    _aten.relu.default: torch.empty_like,
    _aten.hardtanh.default: torch.empty_like,
    _aten.hardswish.default: torch.empty_like,
    # In eval mode a norm has nothing to say of the batch.
    _aten._native_batch_norm_legit_no_training.default: lambda x: (
        torch.empty_like(x),
        x.new_empty(0),
        x.new_empty(0),
    ),
}
"""What comes of an input on the ``meta`` device, where that is sure. PyTorch finds it out in Python, step by
step, which takes as long as the rest of a block."""


def _convolution(args: tuple[Any, ...], output: Tensor) -> int:
    """Count a product for each weight that a place of the output reads; if transposed, of the input."""
    x, weight, transposed = args[0], args[1], args[6]
    places = x if transposed else output
    macs: int = places.numel() * weight.shape[1:].numel()
    return macs
