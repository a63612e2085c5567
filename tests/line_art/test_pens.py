"""The color of lines: kept, black or another, against compositing worked out pixel by pixel."""

import cv2
import numpy as np
import pytest
from PIL import Image

from tf_deeppaint.images.pixels import to_gray
from tf_deeppaint.line_art.compositing import lay_lines
from tf_deeppaint.line_art.pens import Sketch, choose_pen, draw_lines, find_ink, view_page
from tf_deeppaint.line_art.preparation import prepare
from tf_deeppaint.utils.errors import DeepPaintError

COLORS = {
    "brown": (120, 60, 20),
    "red pencil": (220, 80, 80),
    "light blue": (150, 200, 255),
    "dark green": (10, 60, 30),
}
PAINTS = [(255, 255, 255), (20, 30, 120), (250, 220, 190), (0, 0, 0)]


def drawn(color, side: int = 120, soft: float = 0) -> np.ndarray:
    """A ring and a stroke on white paper, uint8 RGB."""
    ink = np.zeros((side, side), np.uint8)
    cv2.circle(ink, (side // 2, side // 2), side // 3, 255, max(2, side // 20), cv2.LINE_AA)
    cv2.line(ink, (5, side - 6), (side - 6, side - 20), 255, 3, cv2.LINE_AA)
    ink = cv2.GaussianBlur(ink, (0, 0), soft) if soft else ink
    paper = Image.new("RGB", (side, side), "white")
    paper.paste(color, mask=Image.fromarray(ink))
    return np.array(paper)


def sketch_of(page: np.ndarray) -> Sketch:
    sketch = to_gray(page).view(Sketch)
    sketch.ink = find_ink(page, sketch)
    return sketch


def lay(page: np.ndarray, paint, line_color: str = "keep") -> np.ndarray:
    sketch = sketch_of(page)
    return lay_lines(np.full(page.shape, paint, np.uint8), sketch, choose_pen(line_color, sketch))


@pytest.mark.parametrize("name", COLORS)
@pytest.mark.parametrize("paint", PAINTS)
def test_a_line_keeps_its_color_over_any_paint_and_leaves_no_fringe(name, paint):
    page = drawn(COLORS[name])
    laid = lay(page, paint).astype(int)
    core = (page == COLORS[name]).all(axis=-1)
    assert core.sum() > 200
    np.testing.assert_array_equal(laid[core], page[core])
    paper = (page == 255).all(axis=-1)
    np.testing.assert_array_equal(laid[paper], np.broadcast_to(paint, laid[paper].shape))
    # Between them it is a mixture of both.
    low, high = np.minimum(COLORS[name], paint) - 2, np.maximum(COLORS[name], paint) + 2
    assert ((laid >= low) & (laid <= high)).all()


@pytest.mark.parametrize("soft", [0.0, 1.5, 4.0])
@pytest.mark.parametrize("name", COLORS)
def test_on_white_every_page_comes_out_as_it_is(name, soft):
    page = drawn(COLORS[name], soft=soft)
    np.testing.assert_allclose(lay(page, (255,) * 3).astype(int), page, atol=3)
    gray = np.random.default_rng(0).integers(0, 256, (30, 20), dtype=np.uint8)
    page = np.dstack([gray] * 3)
    assert find_ink(page, gray) is None
    np.testing.assert_array_equal(lay(page, (255,) * 3), page)


def test_gray_ink_in_a_page_of_many_colors_is_black_at_its_opacity():
    """Beside black lines colored ones are as opaque as white paper shows, and gray ones are too."""
    page = np.full((40, 40, 3), 255, np.uint8)
    page[5:15], page[20:25], page[30:32] = 0, 128, (150, 200, 255)
    paint = np.array([200, 100, 40])
    laid = lay(page, paint).astype(int)
    np.testing.assert_allclose(laid[22, 5], paint * 128 / 255, atol=1)
    np.testing.assert_array_equal(laid[10, 5], 0)
    # Ink (0, 121, 255) of an opacity of 105 / 255.
    share = 105 / 255
    np.testing.assert_allclose(laid[31, 5], [x * (1 - share) + y * share for x, y in
                               zip(paint, (0, 121.4, 255), strict=True)], atol=1)  # fmt: skip


@pytest.mark.parametrize("code, color", [("#c81e28", (200, 30, 40)), ("#FFF", (255,) * 3)])
@pytest.mark.parametrize("paint", PAINTS)
def test_a_line_of_another_color_is_that_as_opaque_as_the_sketch_is_dark(code, color, paint):
    sketch = np.arange(256, dtype=np.uint8)[None]
    laid = lay_lines(np.full((1, 256, 3), paint, np.uint8), sketch, choose_pen(code, sketch))
    opacity = 1 - sketch[..., None] / 255
    np.testing.assert_allclose(laid, opacity * color + (1 - opacity) * paint, atol=1)


@pytest.mark.parametrize("name", COLORS)
def test_black_multiplies_whatever_the_color_of_the_page(name):
    page = drawn(COLORS[name])
    laid = lay(page, (200, 100, 50), "black")
    np.testing.assert_array_equal(
        laid, lay_lines(np.full(page.shape, (200, 100, 50), np.uint8), to_gray(page))
    )


@pytest.mark.parametrize("name", COLORS)
@pytest.mark.parametrize("line_color", ["keep", "black", "#2060ff"])
def test_the_lines_alone_show_what_is_laid(name, line_color):
    sketch = sketch_of(drawn(COLORS[name], soft=1))
    pen = choose_pen(line_color, sketch)
    for rows in (slice(0, 120), slice(37, 90)):
        lines = Image.fromarray(draw_lines(sketch, rows, pen))
        for paint in PAINTS:
            under = Image.new("RGBA", lines.size, paint)
            under.alpha_composite(lines)
            laid = lay_lines(np.full((120, 120, 3), paint, np.uint8), sketch, pen)[rows]
            np.testing.assert_allclose(np.array(under)[..., :3].astype(int), laid, atol=2)
        _, opacity = view_page(sketch, rows, pen)
        np.testing.assert_array_equal(np.array(lines)[..., 3], opacity)


def test_what_paper_of_a_color_holds_does_not_become_opaque():
    page = np.full((60, 60, 3), (255, 200, 200), np.uint8)
    page[10:13], page[:, 20] = (250, 120, 60), (120, 60, 20)
    laid = lay(page, (40, 60, 200))
    assert laid[50, 50, 2] > 150 and laid[50, 50, 0] < 110


@pytest.mark.parametrize("wrong", ["", "keep ", "brown", "#12345", "#ff00zz", "120,60,20", None])
def test_what_is_no_color_of_lines_is_one_line(wrong):
    with pytest.raises(DeepPaintError, match=r"line_color=.*keep, black or a color"):
        choose_pen(wrong, np.zeros((1, 1), np.uint8))


# --- what of a page is kept ---------------------------------------------------------------------


@pytest.mark.parametrize("name", COLORS)
def test_a_sketch_keeps_its_ink_and_a_page_that_is_cleaned_does_not(name):
    page = drawn(COLORS[name], 300)
    sketch = prepare(page).sketch
    kept = view_page(sketch, slice(0, 300), sketch.ink)[0]
    np.testing.assert_allclose(kept.astype(int), page, atol=3)
    assert getattr(prepare(page, clean="on").sketch, "ink", None) is None
    assert getattr(prepare(to_gray(page)).sketch, "ink", None) is None


@pytest.mark.parametrize("color, keeps", [((150, 200, 255), True), ((255, 255, 255), False)])
def test_light_lines_on_nothing_keep_a_color_if_they_have_one(color, keeps):
    ink = 255 - to_gray(drawn((0, 0, 0), 200))
    layer = np.dstack([np.broadcast_to(np.uint8(color), (200, 200, 3)), ink])
    sketch = prepare(layer).sketch
    laid = lay_lines(np.full((200, 200, 3), 90, np.uint8), sketch, choose_pen("keep", sketch))
    expected = color if keeps else (0, 0, 0)
    np.testing.assert_array_equal(
        laid[ink == 255], np.broadcast_to(expected, laid[ink == 255].shape)
    )


def test_a_page_that_is_colored_already_is_painted_by_its_gray():
    page = np.full((300, 300, 3), 255, np.uint8)
    page[40:150, 40:260], page[150:260, 40:260] = (200, 40, 60), (40, 90, 200)
    assert getattr(prepare(page, clean="off").sketch, "ink", None) is None


@pytest.mark.parametrize("color", COLORS.values())
def test_transparent_paper_is_known_by_the_pages_edge(color):
    page = drawn(color, 100)
    ink = 255 - to_gray(drawn((0, 0, 0), 100))
    lines = np.dstack([np.broadcast_to(np.uint8(color), page.shape), ink])
    opaque = np.dstack([page, np.full_like(ink, 255)])
    half = np.dstack([page, np.where(np.indices(ink.shape)[0] < 45, 255, 0).astype(np.uint8)])
    few = np.dstack([page, np.where(np.indices(ink.shape)[0] < 55, 255, 0).astype(np.uint8)])
    for rgba, expected in ((lines, True), (opaque, False), (half, True), (few, False)):
        assert getattr(prepare(rgba).sketch, "is_transparent", False) is expected
