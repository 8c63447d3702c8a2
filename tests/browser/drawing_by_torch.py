"""What PyTorch makes of a drawing: the operators that a page computes by itself, computed anew."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gate_by_gate.widgets.controls import key_of


def compute(data: dict[str, Any], x: Tensor, setting: dict[str, Any]) -> dict[str, Tensor]:
    """Compute every operation of a drawing.

    Args:
        data: the data of the item.
        x: what is drawn, ``(H, W)``.
        setting: where the controls stand.
    """
    known = {"x": x.double()}
    for operation in data["operations"]:
        operator = operation["variants"][key_of(operation["pick"], setting)]
        read = [known[name] for name in operator["reads"]]
        known[operation["name"]] = apply(operator, *read)
    return {operation["name"]: known[operation["name"]] for operation in data["operations"]}


def apply(operator: dict[str, Any], x: Tensor, *others: Tensor) -> Tensor:
    """Apply an operator to maps ``(H, W)``."""
    match operator["operator"]:
        case "mean":
            return F.adaptive_avg_pool2d(x[None], 1)[0]
        case "maximum":
            return F.adaptive_max_pool2d(x[None], 1)[0]
        case "convolution":
            kernel = torch.tensor(operator["kernel"], dtype=x.dtype).reshape(1, 1, 3, 3)
            return F.conv2d(x[None, None], kernel, stride=operator["stride"], padding=1)[0, 0]
        case "sigmoid":
            return torch.sigmoid(operator["slope"] * x + operator["shift"])
        case "product":
            return x * others[0]
    raise ValueError(f"expected an operator that is known; got {operator['operator']!r}")


def seen(data: dict[str, Any], setting: dict[str, Any], name: str, at: int) -> list[int]:
    """List the cells of the drawing that a number depends on: those whose change could change it.

    By the gradient, at a map where no two cells are alike. A kernel with zeros reads a cell all the same,
    and a maximum all that it compares: their weights are taken as 1, and maxima as means.
    """
    plain = {
        **data,
        "operations": [
            {
                **operation,
                "variants": {
                    key: {
                        **operator,
                        **({"kernel": [1.0] * 9} if "kernel" in operator else {}),
                        **({"operator": "mean"} if operator["operator"] == "maximum" else {}),
                    }
                    for key, operator in operation["variants"].items()
                },
            }
            for operation in data["operations"]
        ],
    }
    height, width = data["shape"]
    x = torch.linspace(0.1, 0.9, height * width, dtype=torch.float64).reshape(height, width).requires_grad_()
    compute(plain, x, setting)[name].flatten()[at].backward()
    assert x.grad is not None
    return [int(cell) for cell in x.grad.flatten().nonzero().flatten()]
