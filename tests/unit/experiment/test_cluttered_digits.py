"""The digits task: the same bytes everywhere, nothing shared between splits, and boxes that are true."""

import hashlib
from typing import get_args

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits

from gate_by_gate.experiment.cluttered_digits import (
    ClutteredDigits,
    SplitName,
    draw_layout,
    enlargement,
    load_sources,
    load_split,
    split_sources,
    to_input,
)
from gate_by_gate.experiment.integer_stream import IntegerStream
from gate_by_gate.experiment.tasks import task_sha256

SPLITS = get_args(SplitName)
PUBLISHED_SHA256 = "f593c59dc5f58c8cdadf26be755227c2cecd3029925333bb1f7dfb09ba01c9ad"

# Every size another prime, so that no transposed axis passes by luck.
SMALL = ClutteredDigits(
    canvas=31,
    digit=13,
    fragments=5,
    fragment=7,
    train_images=23,
    validation_images=17,
    test_images=19,
    validation_sources=11,
    test_sources=7,
    seed=3,
)


def test_the_published_images_are_the_same_bytes_everywhere():
    assert task_sha256(ClutteredDigits()) == PUBLISHED_SHA256


def test_the_hash_sees_every_setting():
    changed = [
        ClutteredDigits(),
        SMALL,
        *(changed_by_one(name) for name in ("seed", "fragments", "test_images")),
    ]
    assert len({task_sha256(settings) for settings in changed}) == len(changed)


def changed_by_one(name):
    values = {**vars(SMALL), name: getattr(SMALL, name) + 1}
    return ClutteredDigits(**values)


def test_random_integers_are_pinned_to_values():
    """A change of NumPy or of the arithmetic would show here first, and name the culprit."""
    assert IntegerStream("pinned", 7).below(1000, (2, 3)).tolist() == [[686, 245, 158], [40, 376, 501]]
    assert IntegerStream("pinned", 7).permutation(7).tolist() == [3, 6, 2, 1, 4, 5, 0]


def test_random_integers_agree_with_integer_arithmetic_in_python():
    seed = int(hashlib.sha256(b"('hand', 5)").hexdigest(), 16)
    words = [int(word) for word in np.random.PCG64(seed).random_raw(11)]
    assert IntegerStream("hand", 5).below(13, (11,)).tolist() == [(word >> 32) * 13 >> 32 for word in words]
    assert IntegerStream("hand", 5).permutation(11).tolist() == sorted(range(11), key=lambda k: words[k])


def test_every_key_is_another_stream():
    """NumPy alone would give (7,) and (7, 0) the same numbers."""
    keys = [("a", 7), ("a", 7, 0), ("a", 0, 7), ("b", 7), ("a", "7"), (7,), (7, 0)]
    assert len({tuple(IntegerStream(*key).below(2**32, (3,)).tolist()) for key in keys}) == len(keys)


def test_random_integers_are_spread_evenly():
    """Each of 7 values has a mean count of 10,000 and a standard deviation of about 93."""
    counts = np.bincount(IntegerStream("even", 0).below(7, (70_000,)), minlength=7)
    assert len(counts) == 7
    assert np.abs(counts - 10_000).max() < 5 * 93


@pytest.mark.parametrize("bound", [0, -3, 2**32 + 1])
def test_a_bound_out_of_range_is_refused(bound):
    with pytest.raises(ValueError, match=rf"`bound` must be between 1 and 2\*\*32; got bound={bound}"):
        IntegerStream(0).below(bound, (2,))


def test_enlargement_by_hand():
    """From 2 to 3 pixels: the outer ones are copies, the middle one is the mean; in sixths."""
    assert enlargement(2, 3).tolist() == [[6, 0], [3, 3], [0, 6]]


def test_enlarged_digits_are_those_of_bilinear_interpolation():
    digits = torch.tensor(load_digits().images)[:, None] * 255 / 16
    expected = F.interpolate(digits, size=(13, 13), mode="bilinear", align_corners=False)[:, 0]

    glyphs = torch.from_numpy(load_sources(13).glyphs)

    assert glyphs.dtype == torch.uint8
    assert (glyphs - expected).abs().max() <= 0.5 + 1e-9  # rounding, and nothing else


def test_every_digit_has_ink_and_its_own_label():
    glyphs, labels = load_sources(SMALL.digit)
    assert (glyphs.max(axis=(1, 2)) > 128).all()
    assert labels.tolist() == load_digits().target.tolist()


def test_splits_share_no_handwritten_digit_and_leave_none_out():
    sources = split_sources(SMALL)
    assert [len(sources[split]) for split in SPLITS] == [1797 - 110 - 70, 110, 70]
    assert sorted(np.concatenate([sources[split] for split in SPLITS])) == list(range(1797))


def test_every_class_gives_equally_many_digits_to_validation_and_test():
    labels, sources = load_sources(SMALL.digit).labels, split_sources(SMALL)
    assert np.bincount(labels[sources["validation"]]).tolist() == [11] * 10
    assert np.bincount(labels[sources["test"]]).tolist() == [7] * 10


def test_splits_share_no_image_of_a_digit_either():
    """Two equal images under two numbers would be one digit in two splits."""
    assert len(np.unique(load_digits().data, axis=0)) == 1797


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("settings", [SMALL, ClutteredDigits()], ids=["small", "published"])
def test_digits_and_fragments_come_from_the_split_and_never_from_one_digit(settings, split):
    layout = draw_layout(settings, split)
    sources = set(split_sources(settings)[split].tolist())

    assert set(layout.digits.tolist()) <= sources
    assert set(layout.fragments.flatten().tolist()) <= sources
    assert layout.fragments.shape == (settings.images_of(split), settings.fragments)
    assert (layout.fragments != layout.digits[:, None]).all()


def test_fragments_come_from_every_other_digit():
    """Ten digits in the split: with 1,009 images each of the 90 ordered pairs turns up."""
    ten = ClutteredDigits(**{**vars(SMALL), "test_sources": 1, "test_images": 1009})
    layout = draw_layout(ten, "test")
    pairs = {
        (digit, other) for digit, row in zip(layout.digits, layout.fragments, strict=True) for other in row
    }
    assert len(pairs) == 90


def test_places_reach_every_edge_and_never_leave_the_canvas():
    settings = ClutteredDigits()
    layout = draw_layout(settings, "train")
    for places, room in (
        (layout.digit_positions, settings.canvas - settings.digit),
        (layout.cuts, settings.digit - settings.fragment),
        (layout.fragment_positions, settings.canvas - settings.fragment),
    ):
        flat = places.reshape(-1, 2)
        assert flat.min(axis=0).tolist() == [0, 0]
        assert flat.max(axis=0).tolist() == [room, room]


@pytest.mark.parametrize("split", SPLITS)
def test_images_agree_with_painting_pixel_by_pixel(split):
    layout = draw_layout(SMALL, split)
    glyphs = load_sources(SMALL.digit).glyphs
    expected = np.zeros((SMALL.images_of(split), 31, 31), dtype=np.uint8)
    for n, canvas in enumerate(expected):
        pieces = [(layout.digits[n], (0, 0), layout.digit_positions[n], 13)]
        for k in range(5):
            pieces.append((layout.fragments[n, k], layout.cuts[n, k], layout.fragment_positions[n, k], 7))
        for source, (cut_x, cut_y), (x, y), side in pieces:
            for row in range(side):
                for column in range(side):
                    pixel = glyphs[source, cut_y + row, cut_x + column]
                    canvas[y + row, x + column] = max(canvas[y + row, x + column], pixel)

    images = load_split(SMALL, split).images

    assert images.dtype == torch.uint8
    assert images.shape == (SMALL.images_of(split), 1, 31, 31)
    np.testing.assert_array_equal(images[:, 0].numpy(), expected)


def test_boxes_hold_the_pixels_of_the_digit_and_labels_name_it():
    settings = ClutteredDigits()
    split, layout = load_split(settings, "test"), draw_layout(settings, "test")
    sources = load_sources(settings.digit)

    assert split.labels.tolist() == sources.labels[layout.digits].tolist()
    assert split.boxes.dtype == split.labels.dtype == torch.int64
    for image, (x, y, width, height), source in zip(
        split.images, split.boxes.tolist(), layout.digits, strict=True
    ):
        inside = image[0, y : y + height, x : x + width].numpy()
        assert inside.shape == (14, 14)
        assert (inside >= sources.glyphs[source]).all()


def test_without_fragments_there_is_nothing_outside_the_box():
    split = load_split(ClutteredDigits(**{**vars(SMALL), "fragments": 0}), "train")
    for image, (x, y, width, height) in zip(split.images, split.boxes.tolist(), strict=True):
        inside = image[0, y : y + height, x : x + width]
        assert inside.sum() == image.sum() > 0


@pytest.mark.parametrize("split", SPLITS)
def test_every_class_is_about_equally_frequent(split):
    """Of n images a class gets n / 10, give or take sqrt(0.09 n); of training digits there are 109 to 118."""
    labels = load_split(ClutteredDigits(), split).labels
    counts = torch.bincount(labels, minlength=10)
    tolerance = 4 * (0.09 * len(labels)) ** 0.5 + (0.05 * len(labels) / 10 if split == "train" else 0)
    assert len(counts) == 10
    assert (counts - len(labels) / 10).abs().max() < tolerance


def test_input_is_a_float_between_0_and_1():
    images = torch.tensor([0, 51, 255], dtype=torch.uint8).reshape(1, 1, 1, 3)
    expected = torch.tensor([0.0, 0.2, 1.0]).reshape(1, 1, 1, 3)
    torch.testing.assert_close(to_input(images), expected, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"digit": 57}, "fragment <= digit <= canvas; got fragment=7, digit=57, canvas=40"),
        ({"fragment": 15}, "fragment <= digit <= canvas; got fragment=15, digit=14, canvas=40"),
        ({"fragment": 0}, "1 <= fragment .*; got fragment=0"),
        ({"fragments": -1}, "`fragments` must be at least 0; got fragments=-1"),
        ({"test_images": 0}, "`test_images` must be at least 1; got test_images=0"),
        ({"validation_sources": 0}, "`validation_sources` must be at least 1; got validation_sources=0"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        ClutteredDigits(**settings)


def test_a_split_that_leaves_no_training_digits_is_refused():
    with pytest.raises(ValueError, match="of at most 173, since a class has 174 digits; got 174"):
        load_split(ClutteredDigits(validation_sources=100, test_sources=74), "train")
