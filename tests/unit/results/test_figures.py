"""The figures of the book: what is drawn, where, in which order and colour."""

import re

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from gate_by_gate.explorers.shared.setting_names import FAMILIES
from gate_by_gate.figures import (
    BLOCK_LOOKS,
    LEARNED_FACE,
    Step,
    branching_flow,
    class_profile,
    data_flow,
    map_grid,
)
from gate_by_gate.widgets.embedding import ITEMS, STATIC

MARKERS = dict(
    zip("os^Dx+v", ["circle", "square", "triangle", "diamond", "cross", "plus", "funnel"], strict=True)
)
"""What Matplotlib's markers are called in the explorers' charts."""

ROWS = [
    Step("top", "1"),
    (Step("left", "2"), Step("right", "3", learned=True)),
    (None, Step("lower right", "5")),
    Step("joined", "7"),
    Step("last", "11"),
]


def drawn(ax, kind):
    return [patch for patch in ax.patches if isinstance(patch, kind)]


def test_every_step_has_a_box_with_its_name_and_shape():
    ax = branching_flow(ROWS)

    texts = {text.get_text() for text in ax.texts}
    assert texts == {"top", "left", "right", "lower right", "joined", "last", "1", "2", "3", "5", "7", "11"}
    filled = [box.get_facecolor() for box in drawn(ax, FancyBboxPatch)]
    assert len(filled) == 6
    white = (1.0, 1.0, 1.0, 1.0)
    assert sum(colour != white for colour in filled) == 1, f"one box is learned: {LEARNED_FACE}"


def test_arrows_lead_into_every_box_but_the_first():
    """Two into the box that joins the branches, none into the row where a branch only leads on."""
    assert len(drawn(branching_flow(ROWS), FancyArrowPatch)) == 2 + 1 + 2 + 1


def test_a_bypass_adds_an_arrow_and_its_label():
    ax = branching_flow(ROWS, bypass="around")

    assert len(drawn(ax, FancyArrowPatch)) == 7
    assert "around" in {text.get_text() for text in ax.texts}


def test_cells_of_a_map_are_centred_on_the_pixels_they_stand_for():
    """Six pixels, a map of three cells: cell k is centred on pixel 2 k."""
    grid = map_grid([[np.zeros((6, 6)), np.eye(3)]], titles=["image", "map"], boxes=[(1, 2, 3, 4)])

    image, cells = (ax.get_images()[0] for ax in grid[0])
    assert image.get_extent() == [-0.5, 5.5, 5.5, -0.5]
    assert cells.get_extent() == [-1, 5, 5, -1]
    for ax in grid[0]:
        (box,) = drawn(ax, Rectangle)
        assert (box.get_xy(), box.get_width(), box.get_height()) == ((0.5, 1.5), 3, 4)
    assert [ax.get_title() for ax in grid[0]] == ["image", "map"]


def test_maps_share_given_limits_and_the_image_keeps_its_own():
    values = np.array([[0.25, 0.5], [0.5, 0.75]])
    image, cells = map_grid([[4 * values, values]], titles=["", ""], boxes=[(0, 0, 1, 1)], limits=(0, 1))[0]

    assert image.get_images()[0].get_clim() == (1, 3)
    assert cells.get_images()[0].get_clim() == (0, 1)


def test_a_row_needs_a_panel_for_every_title():
    with pytest.raises(ValueError, match="shorter than"):
        map_grid([[np.zeros((2, 2))]], titles=["image", "map"], boxes=[(0, 0, 1, 1)])


def test_a_flow_has_a_box_for_each_step_from_top_to_bottom_with_the_shape_that_leaves_it():
    steps = [Step("squeeze", "2"), Step("excite", "3", learned=True), Step("scale", "5")]
    ax = data_flow(steps)

    boxes = drawn(ax, FancyBboxPatch)
    assert [box.get_y() for box in boxes] == sorted((box.get_y() for box in boxes), reverse=True)
    assert [box.get_facecolor() for box in boxes] == [to_rgba(c) for c in ("white", LEARNED_FACE, "white")]
    for step, box in zip(steps, boxes, strict=True):
        middle = box.get_y() + box.get_height() / 2
        beside = {text.get_text() for text in ax.texts if text.get_position()[1] == pytest.approx(middle)}
        assert beside == {step.name, step.shape}
    assert len(drawn(ax, FancyArrowPatch)) == 2
    bypassed = data_flow(steps, bypass="around")
    assert len(drawn(bypassed, FancyArrowPatch)) == 3
    assert "around" in {text.get_text() for text in bypassed.texts}


def test_a_class_profile_sorts_the_channels_by_falling_mean_and_keeps_the_classes_in_place():
    """Means of the four channels: 0.3, 0.7, 0.1, 0.7; of equal ones the first comes first."""
    gates = np.array([[0.2, 0.8, 0.0, 0.5], [0.5, 0.7, 0.1, 0.9], [0.2, 0.6, 0.2, 0.7]])
    ax = class_profile(gates, xlabel="channel", ylabel="digit", colour="mean gate")

    (image,) = ax.get_images()
    expected = [[0.8, 0.5, 0.2, 0.0], [0.7, 0.9, 0.5, 0.1], [0.6, 0.7, 0.2, 0.2]]
    np.testing.assert_array_equal(image.get_array(), expected)
    assert image.origin == "upper"  # the first class stands at the top
    assert ax.get_yticks().tolist() == [0, 1, 2]
    assert (ax.get_xlabel(), ax.get_ylabel(), image.colorbar.ax.get_ylabel()) == (
        "channel",
        "digit",
        "mean gate",
    )


def test_colours_of_a_class_profile_reach_from_a_closed_to_an_open_gate():
    """On one scale for every network, so that two profiles can be compared; bright is open."""
    (image,) = class_profile(np.array([[0.4, 0.6]]), xlabel="", ylabel="", colour="").get_images()

    assert image.get_clim() == (0, 1)
    brightness = [sum(image.to_rgba(value)[:3]) for value in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert brightness == sorted(brightness)


def test_a_block_looks_alike_in_figures_and_explorers():
    sheet = (STATIC / "frame.css").read_text(encoding="utf-8")
    drawing = (ITEMS / "chart" / "draw.js").read_text(encoding="utf-8")
    listed = re.findall(r"^  (\w+): \"M", drawing, re.MULTILINE)
    assert list(BLOCK_LOOKS) == list(FAMILIES)
    for at, (colour, marker) in enumerate(BLOCK_LOOKS.values()):
        (shown,) = re.findall(rf"--attn-{at + 1}: (#\w+);", sheet.partition('html[data-theme="dark"]')[0])
        assert to_rgba(shown) == to_rgba(colour)
        assert MARKERS[marker] == listed[at]
