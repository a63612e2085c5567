"""Contact sheets: every picture in its cell, white between."""

import numpy as np

from tf_deeppaint.palette.swatches import draw_palette
from tf_deeppaint.visualization import contact_sheets

COLORS = np.array([(10, 20, 30), (200, 40, 60), (0, 90, 255)], np.uint8)


def flat(color: np.ndarray, side: int = 16) -> np.ndarray:
    return np.full((side, side, 3), color, np.uint8)


def cell(drawn: np.ndarray, row: int, column: int, side: int) -> np.ndarray:
    top, left = (
        contact_sheets.GAP + place * (side + contact_sheets.GAP) for place in (row, column)
    )
    return drawn[top : top + side, left : left + side]


def test_pictures_lie_in_rows_with_white_between():
    drawn = contact_sheets.draw_sheet(
        [[flat(c) for c in COLORS], [flat(c) for c in COLORS[::-1]]], 16
    )
    assert drawn.dtype == np.uint8
    assert drawn.shape == (2 * 16 + 3 * contact_sheets.GAP, 3 * 16 + 4 * contact_sheets.GAP, 3)
    for row, colors in enumerate((COLORS, COLORS[::-1])):
        for column, color in enumerate(colors):
            assert (cell(drawn, row, column, 16) == color).all()
            cell(drawn, row, column, 16)[:] = 255
    assert (drawn == 255).all()


def test_gray_and_other_sizes_are_brought_to_the_cell():
    drawn = contact_sheets.draw_sheet([[np.full((5, 5), 77, np.uint8), flat(COLORS[1], 40)]], 16)
    assert (cell(drawn, 0, 0, 16) == 77).all()
    assert (cell(drawn, 0, 1, 16) == COLORS[1]).all()


def test_headings_and_a_text_are_written_around_a_sheet():
    sheet = contact_sheets.draw_sheet([[flat(c, 64) for c in COLORS]], 64)
    height, width, _ = sheet.shape
    line = contact_sheets.LINE
    words = "Drawn by someone who must be named wherever it is shown"
    captioned = contact_sheets.draw_captioned(sheet, ("one", "two", "three"), words)
    assert captioned.shape[1] == width and captioned.shape[0] >= height + 3 * line
    np.testing.assert_array_equal(captioned[line : line + height], sheet)
    # Letters begin where columns do, and none is cut off at the right.
    dark = (captioned[:line] < 128).any(axis=(0, 2))
    for column in range(3):
        left = contact_sheets.GAP + column * width // 3
        assert dark[left : left + 12].any() and not dark[left - 3 : left].any()
    below = (captioned[line + height :] < 128).any(axis=2)
    assert below.any(axis=0)[width // 4 : width // 2].any() and not below[:, -1].any()
    # Without headings and text there is the sheet alone.
    np.testing.assert_array_equal(contact_sheets.draw_captioned(sheet, (), "")[:height], sheet)


def some_records(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = ((count, 8, 8), (count, 8, 8, 3), (count, 4, 4, 3))
    sketches, pictures, palettes = (rng.integers(0, 256, s, dtype=np.uint8) for s in shapes)
    sketches[:] = sketches[:, :1, :1]
    pictures[:] = pictures[:, :1, :1]
    return sketches, pictures, palettes


def test_records_are_rows_of_sketch_picture_palette():
    sketches, pictures, palettes = some_records(3)
    drawn = contact_sheets.draw_records(sketches, pictures, palettes)
    for row in range(3):
        assert (cell(drawn, row, 0, contact_sheets.CELL) == sketches[row, 0, 0]).all()
        assert (cell(drawn, row, 1, contact_sheets.CELL) == pictures[row, 0, 0]).all()
        swatches = cell(drawn, row, 2, contact_sheets.CELL)
        assert np.array_equal(swatches, draw_palette(palettes[row], contact_sheets.CELL))


def test_results_are_rows_of_seven_columns():
    sketches, truth, palettes = some_records(3)
    _, references, others = some_records(3, seed=2)
    _, painted, _ = some_records(3, seed=3)
    _, repainted, _ = some_records(3, seed=4)
    drawn = contact_sheets.draw_results(
        sketches, palettes, truth, painted, references, others, repainted
    )
    assert drawn.shape == (
        *(n * (contact_sheets.CELL + contact_sheets.GAP) + contact_sheets.GAP for n in (3, 7)),
        3,
    )
    for row in range(3):
        shown = [cell(drawn, row, column, contact_sheets.CELL) for column in range(7)]
        assert (shown[0] == sketches[row, 0, 0]).all()
        assert np.array_equal(shown[1], draw_palette(palettes[row], contact_sheets.CELL))
        assert (shown[2] == painted[row, 0, 0]).all()
        assert (shown[3] == truth[row, 0, 0]).all()
        assert (shown[4] == references[row, 0, 0]).all()
        assert np.array_equal(shown[5], draw_palette(others[row], contact_sheets.CELL))
        assert (shown[6] == repainted[row, 0, 0]).all()


def test_attention_is_drawn_beside_its_sketch_white_where_all_passes():
    sketches, _, _ = some_records(2)
    maps = [
        np.full((2, side, side), level, np.float32) for side, level in ((1, 0), (4, 1), (8, 0.25))
    ]
    # The right half of the largest map of the second drawing.
    maps[2][1, :, 4:] = 0.75
    drawn = contact_sheets.draw_attention(sketches, maps)
    assert drawn.shape == (
        *(n * (contact_sheets.CELL + contact_sheets.GAP) + contact_sheets.GAP for n in (2, 4)),
        3,
    )
    for row in range(2):
        shown = [cell(drawn, row, column, contact_sheets.CELL) for column in range(4)]
        assert (shown[0] == sketches[row, 0, 0]).all()
        assert (shown[1] == 0).all() and (shown[2] == 255).all()
        quarter, side = contact_sheets.CELL // 4, contact_sheets.CELL
        assert (shown[3][:, :quarter] == 64).all()
        assert (shown[3][:, side - quarter :] == (191 if row else 64)).all()
