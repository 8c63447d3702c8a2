"""Self-attention: every place gathers a mean of all places, weighted by how well they match."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attn_lib.blocks.arguments import (
    check_heads,
    check_int,
    check_map,
    check_reduction,
    check_sequence,
)
from attn_lib.blocks.block import AttentionBlock

__all__ = ["SelfAttention", "SelfAttention2d"]


class SelfAttention(AttentionBlock):
    r"""Scaled dot-product self-attention over a sequence.

    .. math::
        Q = x W_q, \quad K = x W_k, \quad V = x W_v, \qquad
        y = \mathrm{softmax}\Bigl(\frac{Q K^\top}{\sqrt{d_k}}\Bigr) V

    Source: Vaswani et al., *Attention Is All You Need*, NeurIPS 2017, arXiv 1706.03762, equation 1. With
    several heads, Q, K and V are cut into that many slices, each attends on its own with its own
    :math:`d_k`, and the results stand side by side; the paper's output projection is left to the caller.
    There are no biases: the softmax would cancel one in K. PyTorch's fused kernels have no second derivatives
    and none forwards; ``with torch.nn.attention.sdpa_kernel(SDPBackend.MATH)`` leads around them.

    Args:
        embed_dim: D, the features of an element of the sequence.
        num_heads: number of heads.
        qk_dim: width of Q and K, all heads together; ``None`` means ``embed_dim``.
        v_dim: width of V and of the result, all heads together; ``None`` means ``embed_dim``.
        device: where the parameters are, as for a layer of PyTorch's.
        dtype: the type of the parameters, likewise.

    Shape:
        ``(N, L, embed_dim)`` to ``(N, L, v_dim)``.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: ``num_heads`` does not divide ``qk_dim`` and ``v_dim``, a width is not positive, or an
            input is not ``(N, L, embed_dim)``.

    Example:
        >>> SelfAttention(12, num_heads=3, v_dim=6)(torch.zeros(2, 35, 12)).shape
        torch.Size([2, 35, 6])
    """

    def __init__(
        self,
        embed_dim: int,
        *,
        num_heads: int = 1,
        qk_dim: int | None = None,
        v_dim: int | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.embed_dim = check_int("embed_dim", embed_dim)
        self.qk_dim = self.embed_dim if qk_dim is None else check_int("qk_dim", qk_dim)
        self.v_dim = self.embed_dim if v_dim is None else check_int("v_dim", v_dim)
        self.num_heads = check_heads(num_heads, self.qk_dim, self.v_dim)
        self.query = nn.Linear(self.embed_dim, self.qk_dim, bias=False)
        self.key = nn.Linear(self.embed_dim, self.qk_dim, bias=False)
        self.value = nn.Linear(self.embed_dim, self.v_dim, bias=False)
        self.to(device=device, dtype=dtype)

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return ``{"weights": (N, heads, L, L)}``: a row per query, which sums to 1."""
        check_sequence(x, self.embed_dim)
        query, key = self._split(self.query(x)), self._split(self.key(x))
        return {"weights": attention_weights(query, key)}

    def combine(self, x: Tensor, maps: Mapping[str, Tensor]) -> Tensor:
        """Replace every element by the mean of all values, weighted by its row of ``maps["weights"]``."""
        return self._join(maps["weights"] @ self._split(self.value(x)))

    def forward(self, x: Tensor) -> Tensor:
        """Compute ``combine(x, attention(x))`` in a fused kernel, which never holds all the weights."""
        check_sequence(x, self.embed_dim)
        query, key, value = self._split(self.query(x)), self._split(self.key(x)), self._split(self.value(x))
        d_k, d_v = self.qk_dim // self.num_heads, self.v_dim // self.num_heads
        # PyTorch's fused kernels want one width for all three, and otherwise fall back to one that does hold
        # the weights. Zeros beyond the features change no inner product, and add columns that are cut off.
        if d_k < d_v:
            query, key = F.pad(query, (0, d_v - d_k)), F.pad(key, (0, d_v - d_k))
        elif d_v < d_k:
            value = F.pad(value, (0, d_k - d_v))
        gathered = F.scaled_dot_product_attention(query, key, value, scale=1 / math.sqrt(d_k))
        return self._join(gathered[..., :d_v])

    def neutral(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return weights with which every element looks at all elements alike."""
        return {"weights": uniform(maps["weights"])}

    def _split(self, features: Tensor) -> Tensor:
        # (N, L, D) to (N, heads, L, D / heads)
        heads: Tensor = features.unflatten(2, (self.num_heads, -1))
        return heads.transpose(1, 2)

    def _join(self, gathered: Tensor) -> Tensor:
        # (N, heads, L, D / heads) to (N, L, D)
        return gathered.transpose(1, 2).flatten(2)

    def extra_repr(self) -> str:
        """Name the settings in ``print(block)``."""
        return f"num_heads={self.num_heads}"


class SelfAttention2d(AttentionBlock):
    r"""Self-attention between all places of a feature map, added to it: a non-local block.

    .. math::
        \tilde{x} = x + W_z\,\mathrm{SelfAttention}(x), \qquad W_z = 0 \text{ at initialisation}

    Source: Wang et al., *Non-local Neural Networks*, CVPR 2018, arXiv 1711.07971, equation 6 with the
    embedded Gaussian of its section 3.2: Q, K and V have fewer channels, and :math:`W_z` brings them back. It
    starts at zero, so that a new block is the identity and can be put into a trained network. The scores
    are divided by :math:`\sqrt{d_k}` as in Vaswani et al., whose output projection :math:`W_z` is; there are
    no biases.

    Second derivatives are had as those of :class:`SelfAttention`.

    The block does not know where a place is: shuffled places of ``x`` give the same result, shuffled.

    Args:
        channels: C, the channels of the input.
        num_heads: number of heads.
        reduction: r; Q, K and V have ``C // r`` channels, all heads together.
        device: where the parameters are, as for a layer of PyTorch's.
        dtype: the type of the parameters, likewise.

    Shape:
        ``(N, C, H, W)`` to ``(N, C, H, W)``, for any H and W of at least 1. The work grows with the square of
        ``H * W``. The memory does not where PyTorch's fused kernel runs; ``attention(x)`` holds all weights.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: ``reduction`` is not in ``1 .. channels``, ``num_heads`` does not divide
            ``channels // reduction``, or an input is not ``(N, channels, H, W)``.

    Example:
        >>> x = torch.rand(2, 64, 7, 5)
        >>> torch.equal(SelfAttention2d(64)(x), x)
        True
        >>> SelfAttention2d(64, num_heads=4).attention(x)["weights"].shape
        torch.Size([2, 4, 35, 35])
    """

    def __init__(
        self,
        channels: int,
        *,
        num_heads: int = 1,
        reduction: int = 2,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.channels, self.reduction = check_reduction(channels, reduction)
        hidden = self.channels // self.reduction
        self.num_heads = check_heads(num_heads, hidden, hidden)
        self.query = nn.Conv2d(self.channels, hidden, 1, bias=False)
        self.key = nn.Conv2d(self.channels, hidden, 1, bias=False)
        self.value = nn.Conv2d(self.channels, hidden, 1, bias=False)
        self.project = nn.Conv2d(hidden, self.channels, 1, bias=False)
        nn.init.zeros_(self.project.weight)
        self.to(device=device, dtype=dtype)

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return ``{"weights": (N, heads, H * W, H * W)}``: a row per query, places row by row."""
        check_map(x, self.channels)
        return {"weights": attention_weights(self._split(self.query(x)), self._split(self.key(x)))}

    def combine(self, x: Tensor, maps: Mapping[str, Tensor]) -> Tensor:
        """Add to every place the mean of all values, weighted by its row of ``maps["weights"]``."""
        return self._add(maps["weights"] @ self._split(self.value(x)), x)

    def forward(self, x: Tensor) -> Tensor:
        """Compute ``combine(x, attention(x))`` in a fused kernel, which never holds all the weights."""
        check_map(x, self.channels)
        query, key, value = (self._split(layer(x)) for layer in (self.query, self.key, self.value))
        return self._add(F.scaled_dot_product_attention(query, key, value), x)

    def spatial_map(self, maps: Mapping[str, Tensor]) -> Tensor:
        """Return the attention that every place receives: ``(N, H * W)``, row by row.

        It is averaged over the places that look and over the heads.
        """
        return maps["weights"].mean(dim=(1, 2))

    def neutral(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return weights with which every place looks at all places alike."""
        return {"weights": uniform(maps["weights"])}

    def _add(self, gathered: Tensor, x: Tensor) -> Tensor:
        # (N, heads, H * W, D / heads), projected and added to (N, C, H, W)
        change: Tensor = self.project(gathered.transpose(2, 3).flatten(1, 2).unflatten(2, x.shape[2:]))
        return x + change

    def _split(self, features: Tensor) -> Tensor:
        # (N, D, H, W) to (N, heads, H * W, D / heads), with the features of a place side by side in
        # memory, as the fused kernels want them.
        heads: Tensor = features.flatten(2).unflatten(1, (self.num_heads, -1))
        return heads.transpose(2, 3).contiguous()

    def extra_repr(self) -> str:
        """Name the settings in ``print(block)``."""
        return f"channels={self.channels}, reduction={self.reduction}, num_heads={self.num_heads}"


def attention_weights(query: Tensor, key: Tensor) -> Tensor:
    r"""Compute :math:`\mathrm{softmax}(Q K^\top / \sqrt{d_k})`, a row per query.

    Shape:
        Q and K ``(..., L, d_k)``; the result ``(..., L, L)``.
    """
    return torch.softmax(query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1]), dim=-1)


def uniform(weights: Tensor) -> Tensor:
    """Return weights of the same shape, all of them alike and with rows that sum to 1."""
    return torch.full_like(weights, 1 / weights.shape[-1])
