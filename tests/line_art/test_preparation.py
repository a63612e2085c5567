"""Pages that need it are cleaned on their own, sketches never; each is told in one line."""

import cv2
import numpy as np
import pytest

from experiments.sketch_kinds import pictures, scans, sketches
from experiments.sketch_kinds.drawings import ink, lay, mask_areas, to_levels
from tests.helpers.traced_dolls import traced_dolls
from tf_deeppaint.images.pixels import over_white, to_gray
from tf_deeppaint.line_art.cleaning import clean
from tf_deeppaint.line_art.kinds import Kind
from tf_deeppaint.line_art.outlines import take_lines
from tf_deeppaint.line_art.preparation import prepare
from tf_deeppaint.utils.errors import DeepPaintError


def named(maker) -> str:
    return maker.__name__


def draw(maker, seed: int) -> np.ndarray:
    return maker(traced_dolls()[seed % 4], np.random.default_rng((12, seed)))


def as_seen(page: np.ndarray) -> np.ndarray:
    page = over_white(page) if page.shape[2:] == (4,) else page
    return to_gray(page) if page.ndim == 3 else page


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("maker", sketches.MAKERS, ids=named)
def test_no_pixel_of_a_sketch_changes_and_nothing_is_told(maker, seed):
    page = draw(maker, seed)
    sketch, _, note = prepare(page)
    np.testing.assert_array_equal(sketch, as_seen(page))
    assert note == ""


NOTES = {
    scans.inverted: "light lines on dark paper: inverted",
    scans.chalk: "light lines on dark paper: inverted",
    scans.pencil: "pencil on paper: cleaned",
    scans.scan: "a scan or photograph of a drawing: cleaned",
    scans.border_shadow: "a scan or photograph of a drawing: cleaned",
    scans.tinted: "a scan or photograph of a drawing: cleaned",
    scans.light_layer: "light lines on a transparent layer: its opacity is the ink",
}


@pytest.mark.parametrize("maker", NOTES, ids=named)
def test_what_is_no_sketch_becomes_one_and_is_told(maker):
    """The paper around the doll is white, and the strokes are dark."""
    doll = traced_dolls()[2]
    page = maker(doll, np.random.default_rng(5))
    sketch, _, note = prepare(page)
    assert note in (NOTES[maker], NOTES[scans.scan])  # dark pencil is as ink
    np.testing.assert_array_equal(sketch, clean(page))
    side = len(page)
    figure = np.maximum(ink(doll, side, 0.5), mask_areas(doll, side, 40))
    around = cv2.dilate(figure, np.ones((side // 16, side // 16))) == 0
    assert (sketch[around] == 255).mean() > 0.97 and (sketch[around] > 220).mean() > 0.999
    middle = ink(doll, side, 0.1)
    assert (sketch[middle > 0.7 * middle.max()] < 160).mean() > 0.8
    assert prepare(page, "off").note == ""
    np.testing.assert_array_equal(prepare(page, False).sketch, as_seen(page))


def test_always_and_never_are_obeyed():
    soft = to_levels(lay(ink(traced_dolls()[0], 500, 0.5), 240, 120))
    np.testing.assert_array_equal(prepare(soft, "on").sketch, clean(soft))
    np.testing.assert_array_equal(prepare(soft, True).sketch, clean(soft))
    np.testing.assert_array_equal(prepare(soft, "off").sketch, to_gray(soft))
    with pytest.raises(DeepPaintError, match="clean='yes': choose one of auto, on, off"):
        prepare(soft, "yes")


@pytest.mark.parametrize("maker", [pictures.colored, pictures.watercolor], ids=named)
def test_a_colored_page_is_left_and_told_or_its_lines_are_taken(maker):
    page = draw(maker, 1)
    sketch, kind, note = prepare(page)
    assert kind is Kind.COLORED
    assert note == "colored already; recolor (--recolor) takes its lines out first"
    np.testing.assert_array_equal(sketch, to_gray(page))
    for choice in ("auto", "on", "off"):
        sketch, _, note = prepare(page, choice, recolor=True)
        assert note == "colored already: its lines are taken out"
        np.testing.assert_array_equal(sketch, take_lines(page))


@pytest.mark.parametrize("maker", [sketches.black_pen, sketches.night, scans.scan], ids=named)
def test_recoloring_leaves_pages_alone_that_are_drawings(maker):
    page = draw(maker, 0)
    np.testing.assert_array_equal(prepare(page, recolor=True).sketch, prepare(page).sketch)
