"""Networks with random weights and statistics, as if they had been trained."""

from __future__ import annotations

import torch

from gate_by_gate.digit_resnet import digit_resnet
from gate_by_gate.experiment.probe_tasks import ProbeTask


def random_network(task: ProbeTask, attention: str | None = None, **keywords: object) -> torch.nn.Module:
    """Build a probe task's network in double precision, with statistics as after training."""
    torch.manual_seed(0)
    model = digit_resnet(
        in_channels=task.channels,
        num_classes=task.classes,
        widths=task.widths,
        attention=attention,
        **keywords,
    )
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            torch.nn.init.normal_(module.weight)
            torch.nn.init.normal_(module.bias)
    return model.double().eval()
