"""Answers under interventions, counted by hand on a network of one pixel."""

import torch
from torch import nn

from gate_by_gate.experiment.cluttered_digits import Split
from gate_by_gate.experiment.intervention_counts import count_interventions
from gate_by_gate.experiment.probe_tasks import (
    ProbeTask,
)


class CornerGate(nn.Module):
    """Opens the channels that are bright in the upper left corner."""

    def attention(self, x):
        return {"channel": x[:, :, :1, :1]}

    def forward(self, x):
        return x * self.attention(x)["channel"]


class OnePixelReader(nn.Module):
    """Answers with the brightness of the lower right pixel, as far as the gate lets it through."""

    def __init__(self):
        super().__init__()
        self.gate = CornerGate()

    def forward(self, x):
        brightness = self.gate(x)[:, :, 1, 1].sum(dim=1)
        return -(torch.arange(10) - 255 * brightness[:, None]).abs()


class OnePixel(ProbeTask):
    """Two numbers in the channels of one pixel, and a corner that says which of them to read."""

    name = "one_pixel"
    numbers = torch.tensor([[2, 4], [6, 6], [1, 9], [8, 0], [3, 5]])
    asked = torch.tensor([0, 0, 1, 1, 0])

    def _fits(self):
        return True

    def make(self, split, *, turn=0):
        asked, each = (self.asked + turn) % 2, torch.arange(5)
        images = torch.zeros(5, 2, 2, 2, dtype=torch.uint8)
        images[:, :, 1, 1] = self.numbers
        images[each, asked, 0, 0] = 255
        boxes = torch.tensor([[1, 1, 1, 1]]).expand(5, -1)
        return Split(images, self.numbers[each, asked], boxes, boxes)


class OnePixelWithoutCue(OnePixel):
    has_cue = False


def test_interventions_counted_by_hand():
    """Own answers 2 6 9 0 3, for the other corner 4 6 1 8 5.

    The mean gate is 0.6 for the first channel and 0.4 for the second: 2.8, 6, 4.2, 4.8 and 3.8 are read as
    3, 6, 4, 5 and 4. Both gates open give 6, 12 (read as 9), 10 (9), 8 and 8.
    """
    task = OnePixel()
    assert count_interventions(OnePixelReader(), task, task.make("test")) == {
        "turned": {"correct": 5, "total": 5, "other": 1},
        "exchanged": {"correct": 1, "total": 5, "other": 5},
        "frozen": {"correct": 1, "total": 5},
        "opened": {"correct": 1, "total": 5},
    }


def test_without_a_cue_there_is_no_other_answer():
    """The next image's gates open the channels 0, 1, 1, 0 and 0: read are 2, 6, 9, 8 and 3."""
    task = OnePixelWithoutCue()
    counts = count_interventions(OnePixelReader(), task, task.make("test"))
    assert list(counts) == ["exchanged", "frozen", "opened"]
    assert counts["exchanged"] == {"correct": 4, "total": 5}


def test_a_network_without_a_block_can_only_be_shown_another_cue():
    task = OnePixel()
    counts = count_interventions(nn.Sequential(nn.Flatten(), nn.Linear(8, 10)), task, task.make("test"))
    assert list(counts) == ["turned"]
