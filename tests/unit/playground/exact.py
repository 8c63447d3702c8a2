"""What an exported network computes but for the rounding of single precision."""

from __future__ import annotations

from torch import Tensor

from gate_by_gate.playground.deliveries import exported


def run_exactly(setting: str, x: Tensor) -> dict[str, Tensor]:
    """Run a network in PyTorch in double precision; return what ``Exported.run`` returns, in single."""
    network = exported(setting)
    network.reference.double()
    try:
        return {name: one.float() for name, one in network.run(x.double()).items()}
    finally:
        network.reference.float()  # its weights are of half precision, so nothing is lost
