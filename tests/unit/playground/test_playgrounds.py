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
from gate_by_gate.playground.deliveries import NETWORKS, delivery_script
from gate_by_gate.playground.digits import DigitsPlayground
from gate_by_gate.playground.photograph import PhotographPlayground
from gate_by_gate.playground.playground import Playground
from gate_by_gate.widgets.embedding import OUTPUT_VARIABLE


def test_there_is_a_network_for_every_block_of_the_book_and_one_without():
    blocks = [results.record(f"{setting}_seed0")["setting"]["attention"] for setting in NETWORKS]
    assert blocks == [None, *BOOK_BLOCKS]


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


def test_it_starts_where_the_digit_fits_on_the_canvas():
    spec = DigitsPlayground().spec()
    last = spec["supply"]["side"] - spec["supply"]["digit"]
    for place in ("place", "other"):
        assert all(0 <= side <= last for side in spec["start"][place])
    assert spec["start"]["picked"] in NETWORKS


def sources(*names: str) -> str:
    return "".join((STATIC / f"{name}.js").read_text(encoding="utf-8") for name in names)


def test_every_word_that_the_digits_show_is_there_and_no_other():
    source = sources("digits", "cards", "board")
    used = set(re.findall(r"\bwords\.(\w+)", source)) | set(re.findall(r'makeButton\("(\w+)"', source))
    keys = {word for word in digits.WORDS if word.startswith("key_")}
    assert used | keys == set(digits.WORDS)
    assert {f"key_{sign}" for sign in re.findall(r'"(good|bad|chance|box|dot)"', source)} == keys


def test_every_word_that_the_photographs_show_is_there_and_no_other():
    source = sources("photograph", "pictures")
    used = set(re.findall(r"\bwords\.(\w+)", source))
    errors = set(re.findall(r'Unreadable\((?:refused \? )?"(\w+)"', source)) | {"no_camera"}
    assert used | errors == set(photograph.WORDS)


@pytest.mark.parametrize(("mode", "tag"), [("text", None), ("page", "<div data-widget"), ("live", "<iframe")])
@pytest.mark.parametrize("playground", [DigitsPlayground(), PhotographPlayground()], ids=repr)
def test_it_is_text_a_part_of_a_page_or_a_frame(
    monkeypatch: pytest.MonkeyPatch, playground: Playground, mode: str, tag: str | None
):
    monkeypatch.setenv(OUTPUT_VARIABLE, mode)
    shown = DigitsPlayground()._repr_mimebundle_()
    assert shown["text/plain"] == ("DigitsPlayground(no block, SE, ECA, CBAM, BAM, CoordAtt, self-attention)")
    assert (tag is None) == ("text/html" not in shown)
    if tag is not None:
        assert shown["text/html"].startswith(tag)


def test_a_network_s_script_hands_it_over():
    delivered = re.fullmatch(r'attnPlayground\.deliver\("plain", (\{.*\})\);\n', delivery_script("plain"))
    assert delivered is not None
    network = json.loads(delivered[1])
    assert set(network) == {"graph", "weights"}
    assert len(base64.b64decode(network["weights"])) == 2 * sum(
        torch.Size(network["graph"]["tensors"][name]).numel() for name in network["graph"]["constants"]
    )
