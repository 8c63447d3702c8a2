"""What the tests of the backbones share."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

__all__ = ["Affine", "norm_entries", "put"]


class Affine(nn.Module):
    """A block whose place cannot be mistaken: it commutes neither with a sum nor with a ReLU."""

    def forward(self, x: Tensor) -> Tensor:
        return -0.7 * x + 0.3


def put(unit: nn.Module, placement: str, block: nn.Module) -> nn.Module:
    """Put a block into a slot of a unit by its documented name, and return it."""
    setattr(unit, "attention" if placement == "residual" else f"attention_{placement}", block)
    return block


def norm_entries(name: str, channels: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """List the names and shapes of a BatchNorm2d in a state dict."""
    for entry in ("weight", "bias", "running_mean", "running_var"):
        yield f"{name}.{entry}", (channels,)
    yield f"{name}.num_batches_tracked", ()
