"""Contact sheets: every picture in its cell, white between."""

import numpy as np

from tf_deeppaint import sheet

COLOURS = np.array([(10, 20, 30), (200, 40, 60), (0, 90, 255)], np.uint8)


def flat(colour: np.ndarray, side: int = 16) -> np.ndarray:
    return np.full((side, side, 3), colour, np.uint8)


def cell(drawn: np.ndarray, row: int, column: int, side: int) -> np.ndarray:
    top, left = (sheet.GAP + place * (side + sheet.GAP) for place in (row, column))
    return drawn[top : top + side, left : left + side]


def test_pictures_lie_in_rows_with_white_between():
    drawn = sheet.draw_sheet([[flat(c) for c in COLOURS], [flat(c) for c in COLOURS[::-1]]], 16)
    assert drawn.dtype == np.uint8
    assert drawn.shape == (2 * 16 + 3 * sheet.GAP, 3 * 16 + 4 * sheet.GAP, 3)
    for row, colours in enumerate((COLOURS, COLOURS[::-1])):
        for column, colour in enumerate(colours):
            assert (cell(drawn, row, column, 16) == colour).all()
            cell(drawn, row, column, 16)[:] = 255
    assert (drawn == 255).all()


def test_grey_and_other_sizes_are_brought_to_the_cell():
    drawn = sheet.draw_sheet([[np.full((5, 5), 77, np.uint8), flat(COLOURS[1], 40)]], 16)
    assert (cell(drawn, 0, 0, 16) == 77).all()
    assert (cell(drawn, 0, 1, 16) == COLOURS[1]).all()


def test_a_palette_is_drawn_with_bands_as_rows_and_ranks_as_columns():
    palette = np.random.default_rng(0).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    drawn = sheet.draw_palette(palette, 32)
    assert np.array_equal(drawn, palette.repeat(8, axis=0).repeat(8, axis=1))
    assert sheet.draw_palette(palette, 30).shape == (30, 30, 3)


def some_records(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = ((count, 8, 8), (count, 8, 8, 3), (count, 4, 4, 3))
    sketches, pictures, palettes = (rng.integers(0, 256, s, dtype=np.uint8) for s in shapes)
    sketches[:] = sketches[:, :1, :1]
    pictures[:] = pictures[:, :1, :1]
    return sketches, pictures, palettes


def test_records_are_rows_of_sketch_picture_palette():
    sketches, pictures, palettes = some_records(3)
    drawn = sheet.draw_records(sketches, pictures, palettes)
    for row in range(3):
        assert (cell(drawn, row, 0, sheet.CELL) == sketches[row, 0, 0]).all()
        assert (cell(drawn, row, 1, sheet.CELL) == pictures[row, 0, 0]).all()
        swatches = cell(drawn, row, 2, sheet.CELL)
        assert np.array_equal(swatches, sheet.draw_palette(palettes[row], sheet.CELL))


def test_results_are_rows_of_seven_columns():
    sketches, truth, palettes = some_records(3)
    _, references, others = some_records(3, seed=2)
    _, painted, _ = some_records(3, seed=3)
    _, repainted, _ = some_records(3, seed=4)
    drawn = sheet.draw_results(sketches, palettes, truth, painted, references, others, repainted)
    assert drawn.shape == (*(n * (sheet.CELL + sheet.GAP) + sheet.GAP for n in (3, 7)), 3)
    for row in range(3):
        shown = [cell(drawn, row, column, sheet.CELL) for column in range(7)]
        assert (shown[0] == sketches[row, 0, 0]).all()
        assert np.array_equal(shown[1], sheet.draw_palette(palettes[row], sheet.CELL))
        assert (shown[2] == painted[row, 0, 0]).all()
        assert (shown[3] == truth[row, 0, 0]).all()
        assert (shown[4] == references[row, 0, 0]).all()
        assert np.array_equal(shown[5], sheet.draw_palette(others[row], sheet.CELL))
        assert (shown[6] == repainted[row, 0, 0]).all()


def test_attention_is_drawn_beside_its_sketch_white_where_all_passes():
    sketches, _, _ = some_records(2)
    maps = [
        np.full((2, side, side), level, np.float32) for side, level in ((1, 0), (4, 1), (8, 0.25))
    ]
    # The right half of the largest map of the second drawing.
    maps[2][1, :, 4:] = 0.75
    drawn = sheet.draw_attention(sketches, maps)
    assert drawn.shape == (*(n * (sheet.CELL + sheet.GAP) + sheet.GAP for n in (2, 4)), 3)
    for row in range(2):
        shown = [cell(drawn, row, column, sheet.CELL) for column in range(4)]
        assert (shown[0] == sketches[row, 0, 0]).all()
        assert (shown[1] == 0).all() and (shown[2] == 255).all()
        quarter, side = sheet.CELL // 4, sheet.CELL
        assert (shown[3][:, :quarter] == 64).all()
        assert (shown[3][:, side - quarter :] == (191 if row else 64)).all()
