"""The networks of the playground compute in a browser what PyTorch computes: logits, gates and maps."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from gate_by_gate.playground.deliveries import delivery_script, exported
from gate_by_gate.playground.networks import NETWORKS, SETTINGS
from tests.browser.playground_page import COMPARE, LARGE, write_expected, write_page
from tests.conftest import OpenPage
from tests.unit.playground.inputs import COUNT, digit_inputs

CLOSE = 1e-4
CALL = f"([name, simd, part]) => ({COMPARE.rstrip().rstrip(';')})(name, simd, part)"


def assert_close(
    found: dict[str, Any],
    setting: str,
    inputs: int,
    *,
    large: int = LARGE,
    within: Mapping[str, float] | None = None,
) -> None:
    """Compare all that was to be compared; print how far it is, as `pytest -s` shows.

    Args:
        found: what the page says.
        setting: the network.
        inputs: how many it was run on.
        large: the numbers from which a tensor is large.
        within: how far some tensors may be, by name, if not ``CLOSE``.
    """
    graph, worst, numbers = exported(setting).graph, 0.0, 0
    for name in exported(setting).returned:
        told, shape = found["far"][name], graph["tensors"][name]
        size = 1
        for side in shape:
            size *= side
        assert told["compared"] == size * (inputs if size <= large else len(range(0, inputs, 25)))
        assert told["worst"] <= (within or {}).get(name, CLOSE), f"{setting}: {name}"
        worst, numbers = max(worst, told["worst"]), numbers + told["compared"]
    mean = sum(told["sum"] for told in found["far"].values()) / numbers
    print(f"\n{setting}: {numbers:,} numbers, worst {worst:.1e}, mean {mean:.1e}")


def run(page: Page, setting: str, *, simd: bool, part: int = 0) -> dict[str, Any]:
    result: dict[str, Any] = page.evaluate(CALL, [setting, simd, part])
    return result


FEW = 75
"""Inputs of every sort that a reference network has by day; one of them, and at night each, has all."""


@pytest.mark.parametrize("setting", NETWORKS)
def test_the_browser_computes_what_pytorch_computes(tmp_path: Path, open_page: OpenPage, setting: str):
    path = write_page(tmp_path, setting)
    write_expected(tmp_path, setting, digit_inputs()[:FEW])
    found = run(open_page(path.as_uri()), setting, simd=True)
    assert found["simd"]
    assert_close(found, setting, FEW)


OTHERS = [setting for setting in SETTINGS if setting not in NETWORKS]
"""What r, k and the like choose beside the reference networks."""


def test_so_it_does_for_every_network_that_can_be_chosen(tmp_path: Path, open_page: OpenPage):
    path = write_page(tmp_path, *OTHERS)
    inputs = digit_inputs()[:3]
    page = open_page(path.as_uri())
    for setting in OTHERS:
        write_expected(tmp_path, setting, inputs)
        assert_close(run(page, setting, simd=True), setting, len(inputs))


@pytest.mark.parametrize(
    "setting",
    [pytest.param(name, marks=() if name == "cbam_r4_k7" else pytest.mark.nightly) for name in SETTINGS],
)
def test_and_for_every_input(tmp_path: Path, open_page: OpenPage, setting: str):
    path = write_page(tmp_path, setting)
    write_expected(tmp_path, setting, digit_inputs())
    assert_close(run(open_page(path.as_uri()), setting, simd=True), setting, COUNT)


@pytest.mark.parametrize("setting", NETWORKS)
def test_so_does_plain_javascript(tmp_path: Path, open_page: OpenPage, setting: str):
    inputs = digit_inputs()[:25]
    path = write_page(tmp_path, setting)
    write_expected(tmp_path, setting, inputs)
    found = run(open_page(path.as_uri()), setting, simd=False)
    assert not found["simd"]
    assert_close(found, setting, len(inputs))


def test_a_network_that_computes_something_else_is_caught(tmp_path: Path, open_page: OpenPage):
    path = write_page(tmp_path, "plain")
    write_expected(tmp_path, "plain", digit_inputs()[:2])
    script = delivery_script("plain")
    spoilt = script.replace('"kind":"relu"', '"kind":"sigmoid"', 1)
    assert spoilt != script
    (tmp_path / "_static" / "networks" / "plain.js").write_text(spoilt)
    found = run(open_page(path.as_uri()), "plain", simd=True)
    with pytest.raises(AssertionError, match="plain"):
        assert_close(found, "plain", 2)


def test_an_operator_that_is_not_known_is_an_error(tmp_path: Path, open_page: OpenPage):
    path = write_page(tmp_path, "plain")
    script = delivery_script("plain").replace('"kind":"relu"', '"kind":"gelu"', 1)
    (tmp_path / "_static" / "networks" / "plain.js").write_text(script)
    said = open_page(path.as_uri()).evaluate(
        "attnPlayground.makeRunner().load('plain').catch((error) => error.message)"
    )
    assert said == "Error: an operator that is not known: gelu"


def test_the_last_image_wins(tmp_path: Path, open_page: OpenPage):
    """Of many runs that are asked for at once the last is answered, with what belongs to its image."""
    path = write_page(tmp_path, "plain")
    answers = open_page(path.as_uri()).evaluate(
        """async () => {
            const runner = attnPlayground.makeRunner();
            const { graph } = await runner.load("plain");
            const job = [{ name: "plain", wanted: [graph.input] }];
            const run = (value) => runner.run(new Float32Array(1600).fill(value), job);
            const answers = await Promise.all([0, 1, 2, 3, 4, 5, 6].map(run));
            answers.push(await run(9));
            return answers.map((one) => one && one.results[0][graph.input][0]);
        }"""
    )
    assert answers[-2:] == [6, 9]
    assert [one for one in answers[:-2] if one is not None] in ([], [0])


def test_every_network_is_light():
    sizes = {setting: len(gzip.compress(delivery_script(setting).encode(), 9)) for setting in SETTINGS}
    assert max(sizes.values()) <= 180_000, sizes
