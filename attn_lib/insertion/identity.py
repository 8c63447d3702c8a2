"""A block that changes nothing at first: a pretrained network stays itself until training moves it."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

__all__ = ["IdentityStart", "start_as_identity"]


class IdentityStart(nn.Module):
    r"""A block behind a learnt gain that starts at zero.

    .. math::
        y = x + \gamma\,(\mathrm{block}(x) - x), \qquad \gamma = 0 \text{ at the start}

    At :math:`\gamma = 0` this is the identity, at :math:`\gamma = 1` the block. It knows nothing of the
    block, so it serves all of them. It trains from zero: the first step moves only :math:`\gamma`, whose
    gradient says whether the block helps, and from the second step on the block's parameters have a
    gradient too.

    Source: with a learnt gain of zero Fu et al. (DANet, CVPR 2019, arXiv 1809.02983) start their attention,
    and Bachlechner et al. (*ReZero is All You Need*, UAI 2021, arXiv 2003.04887) every residual branch. Here
    the branch is the difference that the block makes.

    Args:
        block: any module that keeps the shape of its input. If it is the identity itself at the start, as
            ``SelfAttention2d`` is, neither gain would ever get a gradient: :func:`start_as_identity` leaves
            such a block as it is.

    Shape:
        As the block's.

    Example:
        >>> x = torch.rand(2, 64, 7, 5)
        >>> torch.equal(IdentityStart(SE(64))(x), x)
        True
    """

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block
        self.gain = nn.Parameter(torch.zeros(()))

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return the maps of the block, whatever the gain; ``{}`` if it has no method ``attention(x)``."""
        read = getattr(type(self.block), "attention", None)
        return {} if read is None else read(self.block, x)

    def forward(self, x: Tensor) -> Tensor:
        """Go from ``x`` as far towards ``block(x)`` as the gain says."""
        refined: Tensor = x + self.gain * (self.block(x) - x)
        return refined


def start_as_identity(block: nn.Module, channels: int) -> nn.Module:
    """Return a module with the block inside that starts as the identity.

    A block that already is the identity, which is tried on a random map, is returned as it is; any other is
    put into an :class:`IdentityStart`.

    Args:
        block: a block for feature maps.
        channels: the channels it takes.

    Source: as :class:`IdentityStart`.

    Shape:
        The module keeps the shape ``(N, C, H, W)`` of its input, as the block has to.

    Raises:
        ValueError: the block is on the meta device, where nothing can be tried.
    """
    tensors = [*block.parameters(), *block.buffers()]
    reference = next(
        (tensor for tensor in tensors if tensor.is_floating_point()), torch.zeros((), device="cpu")
    )
    if reference.is_meta:
        raise ValueError("`block` must be on a real device to see whether it is the identity; got meta")
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, channels, 3, 5, generator=generator, device="cpu").to(reference)
    with torch.no_grad():
        # A copy, because a trial must not touch the mode or the running statistics of the block itself.
        y = copy.deepcopy(block).eval()(x)
    return block if torch.equal(x, y) else IdentityStart(block).to(reference)
