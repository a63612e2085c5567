"""The colors of regions: the vote, against a slow account of it."""

import numpy as np
import pytest

from tests.helpers.boxes import SIDE, blank, draw_box
from tf_deeppaint.images.canvas import Placement, fit_to_canvas
from tf_deeppaint.line_art.regions import PAGE, find_regions, regions_to_canvas
from tf_deeppaint.painting.region_colors import vote_by_region
from tf_deeppaint.palette.mixing import WHITE_SLOT


def whole(sketch: np.ndarray, size: int = SIDE) -> Placement:
    return fit_to_canvas(sketch, size)[1]


def random_weights(size: int = SIDE) -> np.ndarray:
    return np.random.default_rng(0).dirichlet(np.ones(18), (size, size)).astype(np.float32)


# Four shades each of four colors that are far apart.
HUES = np.array([[210, 60, 60], [60, 200, 70], [70, 80, 220], [225, 205, 60]])
PALETTE = np.stack([HUES * share // 100 for share in (100, 95, 90, 85)], axis=1).astype(np.uint8)
GROUPS = np.array([*np.repeat(range(4), 4), 4, 5])


def choose(weights: np.ndarray) -> np.ndarray:
    """The color that leads in the mean weights `(18,)`, white last, mixed with its shades."""
    votes = weights * np.array([1.0] * WHITE_SLOT + [0.15, 0.4])  # white and black
    chosen = np.where(GROUPS[votes.argmax()] == GROUPS, weights, 0)
    return chosen / chosen.sum()


def test_each_region_has_the_color_that_leads_mixed_with_its_shades() -> None:
    sketch = draw_box(draw_box(blank(), 4, 4, 20, 20), 30, 30, 50, 60)
    regions, weights = find_regions(sketch), random_weights()
    mixtures = vote_by_region(weights, regions, whole(sketch), PALETTE)
    assert mixtures.dtype == np.float32 and len(mixtures) == 4
    for number, box in ((2, np.s_[5:20, 5:20]), (3, np.s_[31:50, 31:60])):
        expected = choose(weights[box].astype(float).mean((0, 1)))
        np.testing.assert_allclose(mixtures[number], expected, rtol=1e-5)
        assert regions[box].min() == number
    np.testing.assert_array_equal(mixtures[PAGE], np.eye(18)[WHITE_SLOT])


def test_a_region_thinner_than_a_pixel_of_the_canvas_has_a_color_too() -> None:
    """A slit 3 pixels wide, of which the canvas of an eighth of the size has no pixel."""
    sketch = draw_box(blank(512), 100, 205, 400, 209)
    regions, weights = find_regions(sketch), random_weights()
    slit = regions[250, 207]
    placement = whole(sketch)
    assert slit > PAGE
    assert (regions_to_canvas(regions, placement, (SIDE, SIDE)) == slit).sum() == 0
    mixtures = vote_by_region(weights, regions, placement, PALETTE)
    cells = np.ix_(np.arange(101, 400) // 8, [206 // 8, 207 // 8, 208 // 8])
    expected = choose(weights[cells].astype(float).mean((0, 1)))
    np.testing.assert_allclose(mixtures[slit], expected, rtol=1e-5)


@pytest.mark.parametrize("shape", [(100, 100), (90, 40), (40, 200), (3, 5)])
def test_colors_are_chosen_from_where_the_sketch_lies_on_the_canvas(shape) -> None:
    # Of sizes that differ: none is another's twin.
    sizes = 1.6 ** np.arange(9)
    labels = np.random.default_rng(0).choice(9, shape, p=sizes / sizes.sum()).astype(np.int32)
    weights, placement = random_weights(), whole(np.zeros(shape, np.uint8))
    mixtures = vote_by_region(weights, labels, placement, PALETTE)
    for number in range(PAGE + 1, 9):
        cells = [
            weights[
                placement.top + int((y + 0.5) * placement.height / shape[0]),
                placement.left + int((x + 0.5) * placement.width / shape[1]),
            ]
            for y, x in zip(*np.nonzero(labels == number), strict=True)
        ]
        expected = choose(np.mean(cells, axis=0, dtype=float)) if cells else np.zeros(18)
        np.testing.assert_allclose(mixtures[number], expected, rtol=1e-5)
