"""The playgrounds: what the page is given, and where they are shown."""

from __future__ import annotations

import base64
import json
import re

import pytest
import torch

from gate_by_gate import results
from gate_by_gate.book_blocks import BOOK_BLOCKS
from gate_by_gate.experiment.cluttered_digits import ClutteredDigits, load_sources, split_sources
from gate_by_gate.playground import digits, photograph
from gate_by_gate.playground.bundle import STATIC
from gate_by_gate.playground.deliveries import delivery_script
from gate_by_gate.playground.digits import BlockPlayground, DigitsPlayground
from gate_by_gate.playground.networks import CHOICES, NETWORKS, SETTINGS
from gate_by_gate.playground.photograph import PhotographPlayground
from gate_by_gate.playground.playground import Playground
from gate_by_gate.widgets.embedding import OUTPUT_VARIABLE


def test_there_is_a_network_for_every_block_of_the_book_and_one_without():
    blocks = [results.record(f"{setting}_seed0")["setting"]["attention"] for setting in NETWORKS]
    assert blocks == [None, *BOOK_BLOCKS]


def test_every_network_that_can_be_chosen_was_trained_with_the_values_that_choose_it():
    published = results.checkpoint_names()
    assert len(set(SETTINGS)) == len(SETTINGS)
    for title, choice in CHOICES.items():
        assert NETWORKS[choice.network.name] == title
        assert [control.default for control in choice.controls] == [
            choice.network.keywords[name] for name in choice.trained
        ]
        for key, setting in choice.settings.items():
            assert f"{setting}_seed0" in published
            keywords = {**choice.network.keywords, **results.record(f"{setting}_seed0")["setting"]}
            assert key == "|".join(str(keywords[name]) for name in choice.trained)


def test_every_trained_value_of_these_keywords_can_be_chosen():
    """Whoever trains another r is told that it is missing here."""
    for choice in CHOICES.values():
        own = choice.network.as_keywords(ClutteredDigits())
        for name in results.settings("main"):
            keywords = {**own, **results.record(f"{name}_seed0")["setting"]}
            if all(value == own.get(key) for key, value in keywords.items() if key not in choice.trained):
                assert name in choice.settings.values()


def test_a_page_loads_what_can_be_chosen_and_a_frame_one_network_each():
    assert list(DigitsPlayground().deliveries()) == list(SETTINGS)
    assert list(DigitsPlayground().deliveries(framed=True)) == list(NETWORKS)
    assert list(BlockPlayground("coord_att").deliveries()) == [
        "plain", "coord_att_r2", "coord_att_r4", "coord_att_r8"
    ]  # fmt: skip
    assert list(BlockPlayground("coord_att").deliveries(framed=True)) == ["plain", "coord_att_r4"]
    framed = BlockPlayground("coord_att").spec(framed=True)["networks"]["CoordAtt"]
    assert framed == {"first": "coord_att_r4", "controls": [], "settings": {"": "coord_att_r4"}}


def test_a_block_that_the_book_does_not_teach_is_refused():
    with pytest.raises(ValueError, match=r"`block` must be one of \('se', 'eca', .*\); got 'simam'"):
        BlockPlayground("simam")


def test_the_page_gets_the_sample_digits_and_fragments_of_test_digits():
    supply = DigitsPlayground().spec()["supply"]
    glyphs = base64.b64decode(supply["digits"])
    assert glyphs == results.sample_images().digits.numpy().tobytes()
    pieces = torch.frombuffer(bytearray(base64.b64decode(supply["fragments"])), dtype=torch.uint8)
    pieces = pieces.reshape(-1, supply["fragment"], supply["fragment"])
    assert len(pieces) == digits.PIECES
    assert pieces.flatten(1).amax(dim=1).min() > 128, "a fragment can be seen"
    # Each lies in its test digit, uncovered: so does the first, in one of the digits of the test.
    glyphs = load_sources(ClutteredDigits().digit).glyphs[split_sources(ClutteredDigits())["test"]]
    windows = torch.from_numpy(glyphs).unfold(1, 7, 1).unfold(2, 7, 1)
    assert (windows == pieces[0]).all(dim=-1).all(dim=-1).any()


@pytest.mark.parametrize("playground", [DigitsPlayground(), BlockPlayground("se")], ids=repr)
def test_it_starts_where_the_digit_fits_on_the_canvas(playground: DigitsPlayground):
    spec = playground.spec()
    last = spec["supply"]["side"] - spec["supply"]["digit"]
    for place in ("place", "other"):
        assert all(0 <= side <= last for side in spec["start"][place])
    assert spec["start"]["picked"] in spec["networks"]


def sources(*names: str) -> str:
    return "".join((STATIC / f"{name}.js").read_text(encoding="utf-8") for name in names)


def test_every_word_that_the_digits_show_is_there_and_no_other():
    source = sources("digits", "cards", "board", "detail")
    used = set(re.findall(r"\bwords\.(\w+)", source)) | set(re.findall(r'makeButton\("(\w+)"', source))
    keys = {word for word in digits.WORDS if word.startswith("key_")}
    assert used | keys == set(DigitsPlayground().spec()["words"])
    assert {f"key_{sign}" for sign in re.findall(r'"(good|bad|chance|box|dot)"', source)} == keys


def test_every_word_that_the_photographs_show_is_there_and_no_other():
    source = sources("photograph", "pictures")
    used = set(re.findall(r"\bwords\.(\w+)", source))
    errors = set(re.findall(r'Unreadable\((?:refused \? )?"(\w+)"', source)) | {"no_camera"}
    assert used | errors == set(photograph.WORDS)


@pytest.mark.parametrize(("mode", "tag"), [("text", None), ("page", "<div data-widget"), ("live", "<iframe")])
@pytest.mark.parametrize(
    "playground", [DigitsPlayground(), BlockPlayground("se"), PhotographPlayground()], ids=repr
)
def test_it_is_text_a_part_of_a_page_or_a_frame(
    monkeypatch: pytest.MonkeyPatch, playground: Playground, mode: str, tag: str | None
):
    monkeypatch.setenv(OUTPUT_VARIABLE, mode)
    shown = playground._repr_mimebundle_()
    assert shown["text/plain"] == repr(playground)
    assert (tag is None) == ("text/html" not in shown)
    if tag is not None:
        assert shown["text/html"].startswith(tag)


def test_their_texts_are_short():
    assert repr(DigitsPlayground()) == "DigitsPlayground(plain, SE, ECA, CBAM, BAM, CoordAtt, self-attention)"
    assert repr(BlockPlayground("se")) == "BlockPlayground('se')"


def test_a_network_s_script_hands_it_over():
    delivered = re.fullmatch(r'attnPlayground\.deliver\("plain", (\{.*\})\);\n', delivery_script("plain"))
    assert delivered is not None
    network = json.loads(delivered[1])
    assert set(network) == {"graph", "weights"}
    assert len(base64.b64decode(network["weights"])) == 2 * sum(
        torch.Size(network["graph"]["tensors"][name]).numel() for name in network["graph"]["constants"]
    )
