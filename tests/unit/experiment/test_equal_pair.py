"""The pair without colours: what its images say, and what a network without a block can make of them."""

import numpy as np
import pytest
import torch

from gate_by_gate.experiment import to_input
from gate_by_gate.experiment.predictions import LATER_TASKS, SUMS_OF_PATTERNS
from gate_by_gate.experiment.probe_tasks import EqualPair
from tests.unit.experiment.random_networks import random_network

TASK = EqualPair(train_images=101, validation_images=31, test_images=601)


def patterns_of(split):
    """Read both patterns of every image, as rows of :meth:`EqualPair.patterns`: ``(N, 2)``."""
    cells = torch.tensor([2, 4, 6])  # the upper left pixels of the cells, from that of the frame
    known = {tuple(one): index for index, one in enumerate(TASK.patterns().tolist())}
    found = []
    for image, *boxes in zip(split.images[:, 0], split.boxes, split.cues, strict=True):
        read = [image[y + cells][:, x + cells].flatten() // 255 for x, y, _, _ in boxes]
        found.append([known[tuple(one.tolist())] for one in read])
    return np.array(found)


def test_patterns_are_all_that_have_four_white_cells():
    patterns = TASK.patterns()
    assert patterns.shape == (126, 9)
    assert len(np.unique(patterns, axis=0)) == 126
    assert (patterns.sum(axis=1) == 4).all()


def test_the_answer_is_whether_the_patterns_are_equal_and_unequal_ones_differ_by_far():
    test = TASK.make("test")
    pair = patterns_of(test)
    assert ((pair[:, 0] == pair[:, 1]) == test.labels.numpy().astype(bool)).all()
    patterns = TASK.patterns()[pair]
    differ = (patterns[:, 0] != patterns[:, 1]).sum(axis=1)
    assert set(differ.tolist()) == {0, 4, 6, 8}
    assert 0.4 < test.labels.double().mean() < 0.6


def test_an_image_is_two_framed_patterns_and_the_cells_of_a_pattern_are_whole():
    test = TASK.make("test")
    pair = patterns_of(test)
    for image, patterns, *boxes in zip(test.images[:, 0], pair, test.boxes, test.cues, strict=True):
        expected = torch.zeros_like(image)
        for pattern, (x, y, width, height) in zip(patterns, boxes, strict=True):
            expected[y : y + height, x : x + width] = 255
            expected[y + 1 : y + height - 1, x + 1 : x + width - 1] = 0
            cells = torch.from_numpy(TASK.patterns()[pattern]).reshape(3, 3)
            expected[y + 2 : y + 8, x + 2 : x + 8] = 255 * torch.kron(cells, torch.ones(2, 2)).byte()
        assert torch.equal(image, expected)


def test_every_image_has_the_same_pixels_in_another_order():
    """So no mean, maximum or histogram of a channel says anything, and no model of them beats chance."""
    images = EqualPair().make("train").images.flatten(1)
    assert torch.equal(images.sort(dim=1).values, images[:1].sort().values.expand_as(images))


def accuracy_of_a_linear_model(features, labels):
    """Fit least squares on one half of the images, and return the share that it has right of the other."""
    features = np.hstack([features, np.ones((len(features), 1))])
    half = len(features) // 2
    weights = np.linalg.lstsq(features[:half], 2.0 * labels[:half] - 1, rcond=None)[0]
    return ((features[half:] @ weights > 0) == labels[half:]).mean()


@pytest.fixture(scope="module")
def many():
    """Many pairs, ``(N, 2)``, and their answers."""
    train = EqualPair().make("train")
    return patterns_of(train), train.labels.numpy()


def test_every_pattern_is_as_frequent_in_equal_pairs_as_in_unequal_ones(many):
    pair, labels = many
    for which in range(2):
        for label in range(2):
            counts = np.bincount(pair[labels == label, which], minlength=126)
            expected = counts.sum() / 126
            # 125 degrees of freedom: 190 is four standard deviations above what chance gives.
            assert ((counts - expected) ** 2 / expected).sum() < 190


def test_a_linear_model_of_sums_over_both_patterns_stays_at_chance(many):
    pair, labels = many
    cells = EqualPair().patterns()[pair].sum(axis=1)  # of each cell, in how many patterns it is white
    assert abs(accuracy_of_a_linear_model(cells, labels) - 0.5) < 0.03
    # The same model is right when it is given products of the two places.
    products = EqualPair().patterns()[pair].prod(axis=1)
    assert accuracy_of_a_linear_model(products, labels) > 0.99


def test_a_sum_of_one_number_for_each_pattern_cannot_pass_the_bound(many):
    """The bound follows from the relation "unequal" alone; sums with random numbers stay below it."""
    patterns = EqualPair().patterns()
    unequal = (patterns[:, None] != patterns).sum(axis=2) >= EqualPair().difference
    partners = unequal.sum(axis=1)
    assert set(partners.tolist()) == {105}
    smallest = np.linalg.eigvalsh(unequal.astype(float))[0]
    assert pytest.approx(0.5 + (1 - smallest / 105) / 8, abs=1e-12) == SUMS_OF_PATTERNS
    assert LATER_TASKS["equal_pair"].blind == SUMS_OF_PATTERNS
    draw = np.random.default_rng(0)
    best = 0.0
    for _ in range(200):
        numbers = np.where(draw.random(126) < 0.5, -1.0, 2.0)
        says_equal = numbers[:, None] + numbers < 0
        right = (says_equal.diagonal().mean() + (unequal & ~says_equal).sum() / unequal.sum()) / 2
        best = max(best, right)
    assert 0.6 < best <= SUMS_OF_PATTERNS


@pytest.mark.parametrize(
    ("attention", "adds"), [(None, True), ("se", False), ("bam", False), ("coord_att", False)]
)
def test_without_a_block_an_answer_is_a_sum_over_the_patterns(attention, adds):
    """Whatever the weights are: no place sees both patterns, or a pattern and the edge."""
    test = TASK.make("test")
    images = to_input(test.images[:20]).double()
    model = random_network(TASK, attention, **({} if attention is None else {"reduction": 4}))
    with torch.no_grad():
        blank = model(torch.zeros_like(images[:1]))
        total = blank.repeat(len(images), 1)
        for boxes in (test.boxes[:20], test.cues[:20]):
            alone = torch.zeros_like(images)
            for one, image, (x, y, width, height) in zip(alone, images, boxes.tolist(), strict=True):
                here = (..., slice(y, y + height), slice(x, x + width))
                one[here] = image[here]
            total += model(alone) - blank
        found = model(images)
    assert torch.allclose(found, total, rtol=1e-9, atol=1e-9) == adds


def test_and_it_does_not_matter_where_a_pattern_lies():
    test = TASK.make("test")
    image = to_input(test.images[:1]).double()
    x, y, width, height = test.boxes[0].tolist()
    pattern = image[..., y : y + height, x : x + width]
    moved = torch.zeros(4, 1, *TASK.size, dtype=torch.float64)
    for one, (left, top) in zip(moved, ((10, 10), (36, 10), (10, 12), (22, 12)), strict=True):
        one[:, top : top + height, left : left + width] = pattern[0]
    with torch.no_grad():
        answers = random_network(TASK)(moved)
    torch.testing.assert_close(answers, answers[:1].expand_as(answers), rtol=1e-9, atol=1e-9)


def test_splits_are_drawn_apart_and_turning_a_cue_that_is_not_there_is_refused():
    assert not torch.equal(TASK.make("train").images[:31], TASK.make("validation").images)
    with pytest.raises(ValueError, match="`turn` must be 0, since no cue points to a pattern; got turn=1"):
        TASK.make("test", turn=1)
