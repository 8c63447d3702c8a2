"""Figures with two branches, and grids of maps: what is drawn, and where."""

import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from gate_by_gate.figures import LEARNED_FACE, Step, branching_flow, map_grid

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
