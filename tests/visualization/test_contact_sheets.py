"""Contact sheets: every picture in its cell, white between."""

import cv2
import numpy as np
import pytest

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


def test_a_palette_is_drawn_with_bands_as_rows_and_ranks_as_columns():
    palette = np.random.default_rng(0).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    drawn = contact_sheets.draw_palette(palette, 32)
    assert np.array_equal(drawn, palette.repeat(8, axis=0).repeat(8, axis=1))
    assert contact_sheets.draw_palette(palette, 30).shape == (30, 30, 3)


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
        assert np.array_equal(
            swatches, contact_sheets.draw_palette(palettes[row], contact_sheets.CELL)
        )


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
        assert np.array_equal(
            shown[1], contact_sheets.draw_palette(palettes[row], contact_sheets.CELL)
        )
        assert (shown[2] == painted[row, 0, 0]).all()
        assert (shown[3] == truth[row, 0, 0]).all()
        assert (shown[4] == references[row, 0, 0]).all()
        assert np.array_equal(
            shown[5], contact_sheets.draw_palette(others[row], contact_sheets.CELL)
        )
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


# --- swatches -----------------------------------------------------------------------------------


def swatch(drawn: np.ndarray, row: int, column: int) -> np.ndarray:
    """A swatch of the four columns at the right."""
    left = drawn.shape[1] - (4 - column) * (contact_sheets.CELL + contact_sheets.GAP)
    return cell(drawn[:, left - contact_sheets.GAP :], row, 0, contact_sheets.CELL)


def trimmed(ink: np.ndarray) -> np.ndarray:
    """Letters, 0..1, moved to the corner of a canvas."""
    rows, columns = np.argwhere(ink > 0.2).min(axis=0)
    canvas = np.zeros((40, 140), np.float32)
    letters = ink[rows : rows + 40, columns : columns + 140]
    canvas[: letters.shape[0], : letters.shape[1]] = letters
    return canvas


def reads(shown: np.ndarray, code: str) -> bool:
    """Whether a code, in the letters of the swatches, and nothing else is written on one."""
    paper = np.zeros((64, 192), np.uint8)
    cv2.putText(paper, code, (20, 40), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 1, cv2.LINE_AA)
    inside = shown[2:-2, 2:-2].astype(np.float32)
    ink = np.abs(inside - inside[0, 0]).max(axis=-1)
    looks = [trimmed(letters / letters.max()).ravel() for letters in (paper, ink)]
    return np.corrcoef(*looks)[0, 1] > 0.97


@pytest.fixture(name="palette")
def make_palette() -> np.ndarray:
    palette = np.random.default_rng(7).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    palette[0, :3] = [(255, 255, 255), (0, 0, 0), (117, 117, 117)]
    return palette


def test_swatches_show_their_color_and_its_code(palette):
    drawn = contact_sheets.draw_swatches(palette)
    side = 4 * (contact_sheets.CELL + contact_sheets.GAP) + contact_sheets.GAP
    assert drawn.shape == (side, side, 3) and drawn.dtype == np.uint8
    for row, column in np.ndindex(4, 4):
        shown, (red, green, blue) = swatch(drawn, row, column), palette[row, column]
        assert (shown[2:30, 2:-2] == palette[row, column]).all()
        assert (shown == palette[row, column]).all(axis=-1).mean() > 0.85
        assert reads(shown, f"#{red:02x}{green:02x}{blue:02x}")
        assert not reads(shown, f"#{red ^ 1:02x}{green:02x}{blue ^ 16:02x}")


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    """The contrast of WCAG 2, 1..21; 4.5 is readable."""
    levels = np.stack([one, other]) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    darker, lighter = np.sort(linear @ (0.2126, 0.7152, 0.0722))
    return (lighter + 0.05) / (darker + 0.05)


def test_codes_are_readable_on_any_color():
    grays = np.arange(16, dtype=np.uint8).reshape(4, 4, 1) * 17
    colors = np.random.default_rng(1).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    for palette in (grays.repeat(3, axis=2), colors):
        drawn = contact_sheets.draw_swatches(palette)
        for row, column in np.ndindex(4, 4):
            inside = swatch(drawn, row, column)[2:-2, 2:-2].reshape(-1, 3)
            contrasts = [contrast(ink, palette[row, column]) for ink in np.unique(inside, axis=0)]
            assert max(contrasts) >= 4.5


def test_a_white_swatch_has_a_frame():
    drawn = contact_sheets.draw_swatches(np.full((4, 4, 3), 255, np.uint8))
    shown = swatch(drawn, 0, 0)
    edges = (shown[0], shown[-1], shown[:, 0], shown[:, -1])
    assert all((edge < 200).all() for edge in edges)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((400, 300), (128, 384)),
        ((40, 30), (128, 384)),
        ((80, 800), (13, 512)),
        ((1, 1), (128, 128)),
    ],
)
def test_each_band_of_the_picture_is_beside_its_colors(palette, shape, size):
    colors = COLORS[[0, 1, 2, 0]]
    picture = colors.repeat(max(1, shape[0] // 4), axis=0)[: shape[0], None].repeat(shape[1], 1)
    drawn = contact_sheets.draw_swatches(palette, picture)
    height, width = size
    assert (
        drawn.shape[1]
        == contact_sheets.draw_swatches(palette).shape[1] + width + contact_sheets.GAP
    )
    for row in range(4):
        first = contact_sheets.GAP + row * (contact_sheets.CELL + contact_sheets.GAP)
        band = drawn[
            first : first + contact_sheets.CELL, contact_sheets.GAP : contact_sheets.GAP + width
        ]
        top = (contact_sheets.CELL - height) // 2
        assert (band[top : top + height] == (colors[row] if shape[0] >= 4 else colors[0])).all()
        assert (band[:top] == 255).all() and (band[top + height :] == 255).all()
    assert (swatch(drawn, 2, 1)[2:30, 2:-2] == palette[2, 1]).all()


@pytest.mark.parametrize("shape", [(1, 5000), (5000, 1)])
def test_swatches_of_a_strip_stay_small(palette, shape):
    drawn = contact_sheets.draw_swatches(palette, np.zeros((*shape, 3), np.uint8))
    assert max(drawn.shape) < 1100
