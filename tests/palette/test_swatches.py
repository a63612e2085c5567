"""Palettes drawn for people: swatches, their codes, and the bands beside them."""

import cv2
import numpy as np
import pytest

from tf_deeppaint.palette.swatches import GAP, SIDE, draw_palette, draw_swatches

COLORS = np.array([(10, 20, 30), (200, 40, 60), (0, 90, 255)], np.uint8)


def test_a_palette_is_drawn_with_bands_as_rows_and_ranks_as_columns():
    palette = np.random.default_rng(0).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    drawn = draw_palette(palette, 32)
    assert np.array_equal(drawn, palette.repeat(8, axis=0).repeat(8, axis=1))
    assert draw_palette(palette, 30).shape == (30, 30, 3)


def swatch(drawn: np.ndarray, row: int, column: int) -> np.ndarray:
    """A swatch of the four columns at the right."""
    left = drawn.shape[1] - (4 - column) * (SIDE + GAP)
    top = GAP + row * (SIDE + GAP)
    return drawn[top : top + SIDE, left : left + SIDE]


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
    drawn = draw_swatches(palette)
    side = 4 * (SIDE + GAP) + GAP
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
        drawn = draw_swatches(palette)
        for row, column in np.ndindex(4, 4):
            inside = swatch(drawn, row, column)[2:-2, 2:-2].reshape(-1, 3)
            contrasts = [contrast(ink, palette[row, column]) for ink in np.unique(inside, axis=0)]
            assert max(contrasts) >= 4.5


def test_a_white_swatch_has_a_frame():
    drawn = draw_swatches(np.full((4, 4, 3), 255, np.uint8))
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
    drawn = draw_swatches(palette, picture)
    height, width = size
    assert drawn.shape[1] == draw_swatches(palette).shape[1] + width + GAP
    for row in range(4):
        first = GAP + row * (SIDE + GAP)
        band = drawn[first : first + SIDE, GAP : GAP + width]
        top = (SIDE - height) // 2
        assert (band[top : top + height] == (colors[row] if shape[0] >= 4 else colors[0])).all()
        assert (band[:top] == 255).all() and (band[top + height :] == 255).all()
    assert (swatch(drawn, 2, 1)[2:30, 2:-2] == palette[2, 1]).all()


@pytest.mark.parametrize("shape", [(1, 5000), (5000, 1)])
def test_swatches_of_a_strip_stay_small(palette, shape):
    drawn = draw_swatches(palette, np.zeros((*shape, 3), np.uint8))
    assert max(drawn.shape) < 1100
