"""The SE paper's ablations: another squeeze, another gate function, or no squeeze at all."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from attn_lib.blocks.arguments import check_choice, check_flag, check_map, check_reduction
from attn_lib.blocks.block import AttentionBlock
from attn_lib.blocks.gates import BottleneckMLP
from attn_lib.blocks.pooling import global_average, global_maximum

__all__ = ["SEVariant", "SEWithoutSqueeze"]

SQUEEZES = {"avg": global_average, "max": global_maximum}
GATE_FUNCTIONS = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}


class SEVariant(AttentionBlock):
    r"""SE with a chosen squeeze and a chosen gate function; with the defaults it is SE.

    Source: Hu et al., *Squeeze-and-Excitation Networks*, journal version, arXiv 1709.01507v4, section 6.

    Args:
        channels: C, the channels of the input.
        reduction: r; the hidden layer has ``C // r`` units.
        bias: whether both fully connected layers add a bias.
        squeeze: what is known of a channel: its mean (``"avg"``) or its maximum (``"max"``).
        gate: the function behind the second layer: ``"sigmoid"``, ``"tanh"`` or ``"relu"``.

    Shape:
        ``(N, C, H, W)`` to ``(N, C, H, W)``, for any H and W of at least 1.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: ``reduction`` is not in ``1 .. channels``, a choice is unknown, or an input is not
            ``(N, channels, H, W)``.
    """

    gates = ("channel",)

    def __init__(
        self,
        channels: int,
        *,
        reduction: int = 16,
        bias: bool = True,
        squeeze: str = "avg",
        gate: str = "sigmoid",
    ) -> None:
        super().__init__()
        self.channels, self.reduction = check_reduction(channels, reduction)
        self.squeeze = check_choice("squeeze", squeeze, tuple(SQUEEZES))
        self.gate = check_choice("gate", gate, tuple(GATE_FUNCTIONS))
        self.mlp = BottleneckMLP(channels, reduction, bias=check_flag("bias", bias))

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return the gates: ``{"channel": (N, C, 1, 1)}``, each in (0, 1) if they are sigmoids."""
        check_map(x, self.channels)
        gate = GATE_FUNCTIONS[self.gate](self.mlp(SQUEEZES[self.squeeze](x)))
        return {"channel": gate[:, :, None, None]}

    def combine(self, x: Tensor, maps: Mapping[str, Tensor]) -> Tensor:
        """Scale every channel of ``x`` by its gate."""
        return x * maps["channel"]

    def extra_repr(self) -> str:
        """Name the settings in ``print(block)``."""
        return (
            f"channels={self.channels}, reduction={self.reduction}, squeeze={self.squeeze}, gate={self.gate}"
        )


class SEWithoutSqueeze(AttentionBlock):
    r"""The two layers of SE at every place on its own, as 1x1 convolutions: a gate knows one place.

    .. math::
        s(i, j) = \sigma\bigl(W_2\,\mathrm{ReLU}(W_1 x(i, j))\bigr), \qquad
        \tilde{x}_c(i, j) = s_c(i, j)\,x_c(i, j)

    Source: Hu et al., *Squeeze-and-Excitation Networks*, journal version, arXiv 1709.01507v4, section 7.1
    ("NoSqueeze"): as many parameters as SE, 22.93 % top-1 error where SE has 22.28 %.

    Args:
        channels: C, the channels of the input.
        reduction: r; the hidden layer has ``C // r`` units.
        bias: whether both layers add a bias.

    Shape:
        ``(N, C, H, W)`` to ``(N, C, H, W)``, for any H and W of at least 1.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: ``reduction`` is not in ``1 .. channels``, or an input is not ``(N, channels, H, W)``.
    """

    gates = ("channel",)

    def __init__(self, channels: int, *, reduction: int = 16, bias: bool = True) -> None:
        super().__init__()
        self.channels, self.reduction = check_reduction(channels, reduction)
        self.mlp = BottleneckMLP(channels, reduction, bias=check_flag("bias", bias))

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return the gates: ``{"channel": (N, C, H, W)}``, each in (0, 1)."""
        check_map(x, self.channels)
        gate = torch.sigmoid(self.mlp(x.permute(0, 2, 3, 1)))
        return {"channel": gate.permute(0, 3, 1, 2)}

    def combine(self, x: Tensor, maps: Mapping[str, Tensor]) -> Tensor:
        """Scale every value of ``x`` by its gate."""
        return x * maps["channel"]

    def spatial_map(self, maps: Mapping[str, Tensor]) -> Tensor:
        """Return the mean of the gates over the channels: ``(N, H, W)``."""
        return maps["channel"].mean(dim=1)

    def extra_repr(self) -> str:
        """Name the settings in ``print(block)``."""
        return f"channels={self.channels}, reduction={self.reduction}"
