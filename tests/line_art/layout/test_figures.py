"""Figures that stand apart on a page: found, and seen as large as each is alone."""

import itertools

import numpy as np
import pytest

from tests.helpers.painters import FakeBackend
from tf_deeppaint import Painter
from tf_deeppaint.line_art.ink import working_to_canvas
from tf_deeppaint.line_art.layout.figures import find_figures
from tf_deeppaint.line_art.layout.framing import Box

SIDE, SIZE = 500, 128


def page_with(*boxes: Box, shape: tuple[int, int] = (SIDE, SIDE)) -> np.ndarray:
    """A page with boxes of thick lines, a cross in each."""
    page = np.full(shape, 255, np.uint8)
    for top, left, bottom, right in boxes:
        part = page[top:bottom, left:right]
        part[:5] = part[-5:] = 0
        part[:, :5] = part[:, -5:] = 0
        part[len(part) // 2 - 2 :][:5] = 0
    return page


def grid(rows: int, columns: int, height: int = 100, width: int = 70) -> list[Box]:
    boxes = []
    for row in range(rows):
        for column in range(columns):
            top, left = 10 + row * (height + 40), 12 + column * (width + 50)
            boxes.append(Box(top, left, top + height, left + width))
    return boxes


@pytest.mark.parametrize("rows, columns", [(1, 1), (1, 2), (2, 1), (2, 3), (3, 4)])
def test_figures_in_rows_and_columns_are_found(rows, columns) -> None:
    boxes = grid(rows, columns)
    assert sorted(find_figures(page_with(*boxes))) == boxes


def test_figures_in_columns_of_different_heights_are_found() -> None:
    boxes = [Box(10, 10, 200, 150), Box(250, 20, 480, 160), Box(30, 300, 300, 450)]
    assert sorted(find_figures(page_with(*boxes))) == sorted(boxes)


def test_what_is_small_belongs_to_what_it_is_near_or_stands_alone() -> None:
    left, right = Box(100, 20, 300, 150), Box(100, 300, 300, 430)
    star, signature = Box(110, 180, 130, 200), Box(440, 460, 460, 490)
    found = find_figures(page_with(left, right, star, signature))
    assert found == [Box(100, 20, 300, 200), right, signature]


def framed(page: np.ndarray, *frames: Box) -> np.ndarray:
    for top, left, bottom, right in frames:
        for line in (
            np.s_[top : top + 4, left:right],
            np.s_[bottom - 4 : bottom, left:right],
            np.s_[top:bottom, left : left + 4],
            np.s_[top:bottom, right - 4 : right],
        ):
            page[line] = 0  # fmt: skip
    return page


PANELS = Box(5, 5, 240, 495), Box(250, 5, 495, 245), Box(250, 255, 495, 495)


def test_figures_in_panels_are_found_without_their_frames() -> None:
    boxes = [Box(20, 200, 75, 250), Box(300, 100, 355, 150), Box(300, 350, 355, 400)]
    assert sorted(find_figures(framed(page_with(*boxes), *PANELS))) == boxes


def test_lines_from_which_others_go_out_are_no_frames() -> None:
    """A wall with beams, not a panel: all of it is one drawing."""
    page = framed(page_with(Box(300, 100, 355, 150)), *PANELS)
    for row in range(20, 230, 8):
        page[row : row + 4, 5:40] = 0
    assert find_figures(page) == [Box(5, 5, 495, 495)]


def test_a_box_that_is_drawn_in_the_middle_of_a_page_is_no_panel() -> None:
    page = framed(page_with(Box(200, 200, 240, 240)), Box(100, 100, 350, 350))
    assert find_figures(page) == [Box(100, 100, 350, 350)]


def test_specks_are_no_figures_and_move_none() -> None:
    figure, speck = Box(200, 200, 300, 280), Box(488, 488, 495, 495)
    page = page_with(figure, speck)
    assert find_figures(page) == [figure]
    np.testing.assert_array_equal(
        working_to_canvas(page, SIZE, framed=True).windows,
        working_to_canvas(page_with(figure), SIZE, framed=True).windows,
    )
    assert find_figures(page_with(speck)) == [speck]


def test_lines_paler_than_others_are_drawn_too() -> None:
    page = page_with(Box(100, 100, 250, 250))
    page[250:400, 170:175] = 165
    assert find_figures(page) == [Box(100, 100, 400, 250)]


def test_parts_near_each_other_are_one_figure() -> None:
    """A head and a body with less than 3 % of the page between them."""
    head, body = Box(100, 200, 200, 300), Box(212, 180, 400, 320)
    assert find_figures(page_with(head, body)) == [Box(100, 180, 400, 320)]


def test_many_parts_are_a_pattern_and_no_figures() -> None:
    corners = itertools.product(range(20, 400, 90), repeat=2)
    boxes = [Box(top, left, top + 40, left + 40) for top, left in corners]
    assert find_figures(page_with(*boxes)) == [Box(20, 20, 420, 420)]


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (30, 20)])
def test_without_ink_the_page_is_one(shape) -> None:
    assert find_figures(np.full(shape, 255, np.uint8)) == [Box(0, 0, *shape)]


def test_each_is_seen_in_the_middle_and_none_of_the_others() -> None:
    boxes = grid(2, 3, 120, 90)
    canvas, _, windows = working_to_canvas(page_with(*boxes), SIZE, framed=True)
    assert len(windows) == 6
    for window in windows:
        view = window.show(canvas)
        rows, columns = (np.flatnonzero((view < 128).any(axis)) for axis in (1, 0))
        height, width = (int(np.ptp(places)) + 1 for places in (rows, columns))
        assert height == pytest.approx(0.9 * SIZE, abs=4)
        assert height / width == pytest.approx(120 / 90, rel=0.08)
        outside = np.ones((SIZE, SIZE), bool)
        outside[rows[0] - 1 : rows[-1] + 2, columns[0] - 1 : columns[-1] + 2] = False
        assert (view[outside] == 255).all()


def test_figures_that_fill_the_page_together_are_seen_together() -> None:
    boxes = [Box(15, 10, 485, 200), Box(15, 300, 485, 490)]
    canvas, _, windows = working_to_canvas(page_with(*boxes), SIZE, framed=True)
    assert canvas.shape == (SIZE, SIZE) and len(windows) == 1


def test_a_sheet_is_painted_as_each_figure_alone() -> None:
    """The backend paints bands of its canvas: of a figure alone, and of each on a sheet."""
    painter = Painter(FakeBackend(64))
    palette = np.random.default_rng(3).integers(0, 200, (4, 4, 3), dtype=np.uint8)
    boxes = grid(2, 3, 120, 90)
    sheet = painter.paint(page_with(*boxes), colors=palette)
    figure = np.pad(page_with(Box(0, 0, 120, 90), shape=(120, 90)), 7, constant_values=255)
    alone = painter.paint(figure, colors=palette)[7:-7, 7:-7]
    assert len(np.unique(alone.reshape(-1, 3), axis=0)) >= 3
    for top, left, bottom, right in boxes:
        part = sheet[top:bottom, left:right].astype(int)
        assert (np.abs(part - alone).max(axis=-1) <= 2).mean() > 0.95
    assert painter.backend.batches[0] == 6
    np.testing.assert_array_equal(sheet[:5], 255)


def test_few_figures_of_many_sheets_are_painted_at_a_time() -> None:
    """Twenty windows of two sheets and of one page, in whose place a strip has its own."""
    painter = Painter(FakeBackend(64))
    palette = np.zeros((4, 4, 4, 3), np.uint8)
    pages = [page_with(*grid(3, 3)), page_with(*grid(1, 1)), page_with(*grid(2, 5, 100, 40))]
    strip = np.full((900, 200), 255, np.uint8)
    paintings = painter.make_paintings([*pages[:2], strip, pages[2]], palette)
    assert max(painter.backend.batches) <= 8 and sum(painter.backend.batches) >= 9 + 1 + 10
    for sketch, painting in zip([*pages[:2], strip, pages[2]], paintings, strict=True):
        alone = painter.make_paintings([sketch], palette[:1])[0]
        np.testing.assert_array_equal(painting.picture(), alone.picture())


def test_attention_of_a_sheet_is_that_of_each_figure() -> None:
    """1 in the upper half of each window, 0 below and beside the figures."""
    painter = Painter(FakeBackend(64))
    palette = np.zeros((1, 4, 4, 3), np.uint8)
    boxes = grid(2, 2, 120, 90)
    painting = painter.make_paintings([page_with(*boxes)], palette)[0]
    for level in painter.attention(painting):
        scale = len(level) / SIDE
        for top, left, bottom, right in boxes:
            part = level[round(top * scale) : round(bottom * scale)]
            part = part[:, round(left * scale) : round(right * scale)]
            half = len(part) // 2
            assert part[: half - 3].min() > 0.5 and part[half + 3 :].max() < 0.5
        assert level[-2:].max() == 0
