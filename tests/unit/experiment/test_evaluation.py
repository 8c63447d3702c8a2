"""Counts of right and wrong predictions, by hand."""

import pytest
import torch
from torch import nn

from gate_by_gate.experiment.cluttered_digits import Split
from gate_by_gate.experiment.evaluation import Evaluation, evaluate, predict_logits


class Brightness(nn.Module):
    """Takes a dark image for class 0, a grey one for class 1 and a bright one for class 2."""

    def forward(self, x):
        assert not self.training
        assert not torch.is_grad_enabled()
        level = x.mean(dim=(1, 2, 3))
        return torch.stack([-level.abs(), -(level - 0.5).abs(), -(level - 1.0).abs()], dim=1)


def split_of(levels, labels):
    images = torch.tensor(levels, dtype=torch.uint8).reshape(-1, 1, 1, 1).expand(-1, 1, 5, 7)
    return Split(
        images=images, labels=torch.tensor(labels), boxes=torch.zeros(len(labels), 4, dtype=torch.int64)
    )


def test_counts_by_hand():
    result = evaluate(Brightness(), split_of([0, 128, 255, 10, 250], labels=[0, 1, 1, 2, 2]))

    assert result.predictions.tolist() == [0, 1, 2, 0, 2]
    assert (result.correct, result.total, result.accuracy) == (3, 5, 0.6)
    assert result.confusion.tolist() == [[1, 0, 0], [0, 1, 1], [1, 0, 1]]
    assert result.per_class == [(1, 1), (1, 2), (1, 2)]


def test_a_class_without_images_counts_none():
    result = Evaluation(logits=torch.tensor([[3.0, 1.0, 2.0]]), labels=torch.tensor([2]))
    assert result.per_class == [(0, 0), (0, 0), (0, 1)]


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_is_put_back(training):
    network = Brightness().train(training)
    predict_logits(network, split_of([7], [0]).images)
    assert network.training is training


def test_a_frozen_part_of_a_training_network_stays_frozen():
    network = nn.Sequential(nn.BatchNorm2d(1), Brightness()).train()
    network[0].eval()
    predict_logits(network, split_of([7], [0]).images)
    assert network.training
    assert not network[0].training


def test_the_mode_is_put_back_after_an_error():
    network = nn.Sequential(nn.Conv2d(3, 5, 1)).train()
    with pytest.raises(RuntimeError, match="to have 3 channels, but got 1"):
        predict_logits(network, split_of([7], [0]).images)
    assert network.training


def test_the_batch_size_does_not_change_the_result():
    images = split_of([0, 40, 90, 128, 200, 230, 255], [0] * 7).images
    expected = predict_logits(Brightness(), images)
    for batch_size in (1, 2, 3, 7, 11):
        torch.testing.assert_close(predict_logits(Brightness(), images, batch_size=batch_size), expected)
