"""Color of a small canvas brought to the size of its sketch: nothing crosses a line."""

import math
from fractions import Fraction

import cv2
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from tests.helpers.split_sketches import (
    BLUE,
    COLUMNS,
    FACTOR,
    GREEN,
    LINES,
    RED,
    ROWS,
    SIDE,
    blank,
    busy_sketch,
    difference,
    split,
    to_canvas,
)
from tf_deeppaint.line_art.compositing import lay_lines
from tf_deeppaint.painting import upsampling
from tf_deeppaint.painting.upsampling import upsample_color

# --- the whole, against its definition ----------------------------------------------------------

STEPS = (0, -1), (0, 1), (-1, 0), (1, 0)


class Oracle:
    """The enlargement pixel by pixel, as the module's docstring defines it."""

    def __init__(self, color: np.ndarray, sketch: np.ndarray):
        self.color, self.shape, self.canvas = color.astype(float), sketch.shape, color.shape[:2]
        self.reach = min(math.ceil(max(np.divide(self.shape, self.canvas))), 16)
        pixels = list(np.ndindex(self.shape))
        cells = {}
        for pixel in pixels:
            cells.setdefault(self.cell(pixel), []).append(sketch[pixel] >= 200)
        near = {
            cell: any(
                any(cells.get((cell[0] + i, cell[1] + j), ()))
                for i in range(-3, 4)
                for j in range(-3, 4)
            )
            for cell in cells
        }
        self.full = {cell for cell in cells if all(cells[cell]) or not near[cell]}
        self.paper = {p for p in pixels if sketch[p] >= 200 or not near[self.cell(p)]}
        inside = [p for p in pixels if self.cell(p) in self.full]
        self.colors = {p: self.interpolate(p, self.full) for p in inside}
        self.spread(self.paper, self.reach, self.mean)
        left = self.paper - set(self.colors)
        enclosed = {self.cell(p) for p in left}
        self.colors |= {p: self.interpolate(p, enclosed) for p in left}
        self.spread(set(pixels), 2 * self.reach, lambda seen: min(seen, key=lambda s: s[0])[1])

    def cell(self, pixel: tuple[int, int]) -> tuple[int, int]:
        sides = zip(pixel, self.canvas, self.shape, strict=True)
        return tuple(math.floor(Fraction(2 * p + 1, 2) * Fraction(c, n)) for p, c, n in sides)

    def interpolate(self, pixel: tuple[int, int], trusted: set) -> np.ndarray:
        own = self.cell(pixel)
        center = [(p + 0.5) * c / n for p, c, n in zip(pixel, self.canvas, self.shape, strict=True)]
        offset = [place - cell - 0.5 for place, cell in zip(center, own, strict=True)]
        other = [
            min(max(cell + (-1 if part < 0 else 1), 0), side - 1)
            for cell, part, side in zip(own, offset, self.canvas, strict=True)
        ]
        v, h = map(abs, offset)
        beside = [(other[0], own[1]), (own[0], other[1])]
        parts = [((1 - v) * (1 - h), own), (v * (1 - h), beside[0]), ((1 - v) * h, beside[1])]
        parts = [(weight, cell) for weight, cell in parts if cell in trusted]
        if tuple(other) in trusted and any(cell in trusted for cell in beside):
            parts.append((v * h, tuple(other)))
        return sum(w * self.color[c] for w, c in parts) / sum(w for w, _ in parts)

    def spread(self, paper: set, reach: int, mix) -> None:
        for _ in range(4):
            seen = {p: self.look(p, paper, reach) for p in paper if p not in self.colors}
            self.colors |= {p: mix(around) for p, around in seen.items() if around}

    def look(self, pixel: tuple[int, int], paper: set, reach: int) -> list:
        seen = []
        for step in STEPS:
            for distance in range(1, reach + 1):
                end = pixel[0] + distance * step[0], pixel[1] + distance * step[1]
                if end in self.colors:
                    seen.append((distance, self.colors[end]))
                if end in self.colors or end not in paper:
                    break
        return seen

    def mean(self, seen: list) -> np.ndarray:
        weights = [1 / d**2 - 1 / (self.reach + 1) ** 2 for d, _ in seen]
        return sum(w * c for w, (_, c) in zip(weights, seen, strict=True)) / sum(weights)


SIZES = [(44, 60, 6, 8), (33, 47, 5, 7), (50, 9, 11, 2), (30, 30, 24, 24), (1, 70, 1, 9)]


@pytest.mark.parametrize("height, width, h, w", SIZES)
@pytest.mark.parametrize("density", [0.02, 0.3])
def test_every_pixel_is_what_the_definition_says(height, width, h, w, density):
    rng = np.random.default_rng(7)
    sketch = blank(height, width)
    for _ in range(4):
        ends = rng.integers(0, (width, height), (2, 2)).tolist()
        cv2.line(sketch, *ends, 0, int(rng.integers(1, 4)), cv2.LINE_AA)
    sketch[rng.random(sketch.shape) < density] = 120
    color = rng.integers(0, 256, (h, w, 3), dtype=np.uint8)
    enlarged = upsample_color(color, sketch)
    oracle = Oracle(color, sketch)
    expected = np.array([oracle.colors[pixel] for pixel in np.ndindex(sketch.shape)])
    assert 10 < len(oracle.paper) < sketch.size
    assert np.abs(enlarged.reshape(-1, 3) - expected).max() <= 1


# --- lines keep colors apart -------------------------------------------------------------------


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_one_pixel_keeps_colors_apart_at_sixteen_times(line):
    sketch, picture = split(LINES[line])
    color = to_canvas(picture, FACTOR)
    enlarged = upsample_color(color, sketch)
    plain = cv2.resize(color, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    paper = sketch == 255
    # A cell that is nearly all one color's is told from one that is all its own only in part.
    assert difference(enlarged, picture)[paper].max() <= 16
    assert difference(enlarged, picture)[paper].mean() < 0.5
    assert difference(plain, picture)[paper].max() > 100


def test_a_line_keeps_colors_apart_though_it_ends_somewhere():
    sketch = blank(SIDE, SIDE)
    sketch[:200, 100] = 0
    picture = np.where((COLUMNS < 100)[..., None], RED, BLUE).astype(np.uint8)
    enlarged = upsample_color(to_canvas(picture, FACTOR), sketch)
    beside = np.s_[:170, [95, 99, 101, 105]]
    assert difference(enlarged[beside], picture[beside]).max() <= 16
    # Past its end colors flow into each other.
    assert difference(enlarged[290, 99], RED) > 40 and difference(enlarged[290, 99], BLUE) > 40


def test_a_gap_joins_no_more_than_the_cells_it_lies_in():
    sketch, picture = split(LINES["upright"])
    sketch[150:154, 100] = 255
    enlarged = upsample_color(to_canvas(picture, FACTOR), sketch)
    wrong = difference(enlarged, picture) > 16
    wrong[:, 100] = False
    assert wrong.any()
    assert not wrong[: 144 - FACTOR].any() and not wrong[160 + FACTOR :].any()


def test_a_narrow_end_has_the_color_of_what_it_belongs_to():
    sketch = blank(SIDE, SIDE)
    cv2.polylines(sketch, [np.array([(SIDE, 40), (40, 40), (SIDE, 120)])], False, 0)
    pieces = cv2.connectedComponents(sketch, connectivity=4)[1]
    wedge = pieces == pieces[60, -1]
    picture = np.where(wedge[..., None], RED, BLUE).astype(np.uint8)
    color = to_canvas(picture, FACTOR)
    enlarged = upsample_color(color, sketch)
    # It fills no cell of the first seven columns, and is no wider there.
    narrow = wedge & (COLUMNS >= 6.5 * FACTOR) & (COLUMNS < 7 * FACTOR)
    assert difference(color[:, :7], RED).min() > 80
    assert difference(enlarged, RED)[narrow].max() <= 16


def test_paper_smaller_than_a_cell_has_one_color_that_of_its_cells():
    sketch = blank(SIDE, SIDE)
    for top, left in ((36, 36), (100, 156)):
        sketch[top : top + 8, left : left + 8] = 0
        sketch[top + 1 : top + 7, left + 1 : left + 7] = 255
    picture = np.full((SIDE, SIDE, 3), BLUE, np.uint8)
    picture[32:48, 32:48] = GREEN
    picture[96:112, 144:176] = GREEN
    enlarged = upsample_color(to_canvas(picture, FACTOR), sketch)
    # One lies within a cell, the other on the border of two.
    assert (enlarged[37:43, 37:43] == GREEN).all()
    assert (enlarged[101:107, 157:163] == GREEN).all()


def test_shading_inside_a_piece_is_interpolated_smoothly():
    sketch, _ = split(LINES["slanting"])
    slope = (40 + ROWS * 0.25 + COLUMNS * 0.3)[..., None] + np.zeros(3)
    enlarged = upsample_color(to_canvas(slope, FACTOR), sketch)
    inside = (sketch == 255) & (np.minimum(ROWS, COLUMNS) > 8)
    inside &= np.maximum(ROWS, COLUMNS) < SIDE - 8
    away = inside & (cv2.erode(sketch, np.ones((65, 65), np.uint8)) == 255)
    assert difference(enlarged, slope)[away].max() <= 1.5
    # At a line the next full cell's color goes on: a cell and a half of the slope.
    assert difference(enlarged, slope)[inside].max() <= 1.5 * FACTOR * 0.55
    steps = np.abs(np.diff(enlarged[..., 0].astype(int), axis=1))
    assert steps[inside[:, 1:] & inside[:, :-1]].max() <= 3


# --- under the lines ----------------------------------------------------------------------------


def test_soft_edges_and_the_line_have_the_color_of_the_paper_beside_them():
    sketch = blank(SIDE, SIDE)
    sketch[:, 98:105] = (230, 160, 60, 0, 90, 180, 240)
    picture = np.where((COLUMNS < 101)[..., None], RED, BLUE).astype(np.uint8)
    enlarged = upsample_color(to_canvas(picture, FACTOR), sketch)
    assert (enlarged[:, :101] == enlarged[:, 98:99]).all(-1)[:, 98:101].all()
    assert (enlarged[:, 102:105] == enlarged[:, 104:105]).all()
    assert difference(enlarged[:, 98:101], RED).max() <= 16
    assert difference(enlarged[:, 102:105], BLUE).max() <= 16


def test_wide_dark_areas_have_the_color_of_the_canvas():
    sketch = blank(SIDE, SIDE)
    sketch[:, 100:] = 140
    color = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    enlarged = upsample_color(color, sketch)
    plain = cv2.resize(color, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    # From three cells and a cell that they fill only in part on.
    assert difference(enlarged, plain)[:, 100 + 5 * FACTOR :].max() <= 1
    line = np.s_[:, 101 : 100 + FACTOR]
    assert (enlarged[line] == enlarged[:, 99:100]).all(-1).mean() > 0.5


# --- sizes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(300, 300), (257, 31), (64, 500), (33, 33), (1, 400), (2000, 7)])
@pytest.mark.parametrize("level", [255, 200, 199, 0])
def test_without_lines_it_is_bilinear_interpolation(shape, level):
    scale = 32 / max(shape)
    canvas = [max(1, round(side * scale)) for side in shape]
    color = np.random.default_rng(1).integers(0, 256, (*canvas, 3), dtype=np.uint8)
    enlarged = upsample_color(color, np.full(shape, level, np.uint8))
    plain = cv2.resize(color, shape[::-1], interpolation=cv2.INTER_LINEAR)
    assert enlarged.dtype == np.uint8
    assert difference(enlarged, plain).max() <= 1


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_on_a_smaller_sketch_colors_are_averaged(factor):
    rng = np.random.default_rng(2)
    color = rng.integers(0, 256, (64, 48, 3), dtype=np.uint8)
    sketch = blank(64 // factor, 48 // factor)
    sketch[rng.random(sketch.shape) < 0.2] = 30
    enlarged = upsample_color(color, sketch)
    paper = sketch == 255
    assert difference(enlarged, to_canvas(color, factor))[paper].max() <= 1
    # Lines are told from paper here, too.
    shown = {tuple(color) for color in enlarged[paper]}
    assert {tuple(color) for color in enlarged[~paper]} <= shown


@pytest.mark.parametrize(
    "shape, canvas",
    [
        ((1, 1), (1, 1)),
        ((1, 1), (256, 256)),
        ((1, 5000), (1, 256)),
        ((5000, 1), (256, 1)),
        ((3000, 112), (256, 10)),
        ((2, 300), (2, 256)),
        ((255, 300), (256, 40)),
    ],
)
@pytest.mark.parametrize("drawn", [0, 0.1, 0.9, 1])
def test_sketches_of_any_shape(shape, canvas, drawn):
    rng = np.random.default_rng(3)
    sketch = np.where(rng.random(shape) < drawn, 0, 255).astype(np.uint8)
    color = rng.integers(50, 90, (*canvas, 3), dtype=np.uint8)
    enlarged = upsample_color(color, sketch)
    assert enlarged.shape == (*shape, 3) and enlarged.dtype == np.uint8
    assert enlarged.min() >= 50 and enlarged.max() < 90


def test_strips_and_repetition_do_not_change_the_result(monkeypatch):
    color = np.random.default_rng(5).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    sketch = busy_sketch(400)
    expected = upsample_color(color, sketch)
    np.testing.assert_array_equal(upsample_color(color, sketch), expected)
    for pixels in (1, 15_000, 60_000):
        monkeypatch.setattr(upsampling, "BLOCK_PIXELS", pixels)
        np.testing.assert_array_equal(upsample_color(color, sketch), expected)


def test_a_large_sketch_in_flat_colors_comes_back():
    side = 1024
    sketch = busy_sketch(side)
    _, pieces = cv2.connectedComponents((sketch >= 200).astype(np.uint8), connectivity=4)
    colors = np.random.default_rng(6).integers(0, 256, (pieces.max() + 1, 3), dtype=np.uint8)
    picture = colors[pieces]
    enlarged = upsample_color(to_canvas(picture, 8), sketch)
    large = np.isin(pieces, 1 + np.flatnonzero(np.bincount(pieces.ravel())[1:] > 3000))
    off = difference(enlarged, picture)[large]
    assert (off > 16).mean() < 0.003 and off.mean() < 0.5
    plain = cv2.resize(to_canvas(picture, 8), (side, side), interpolation=cv2.INTER_LINEAR)
    assert (difference(plain, picture)[large] > 16).mean() > 0.02


# --- with the lines laid over it -----------------------------------------------------------------

# Sketches of many shapes, and canvases larger and smaller.
SHAPES = [
    ((1, 1), (1, 1)),
    ((1, 1), (64, 64)),
    ((1, 7), (37, 256)),
    ((7, 1), (256, 37)),
    ((2, 2), (256, 256)),
    ((9, 40), (64, 256)),
    ((33, 20), (64, 39)),
    ((255, 257), (256, 256)),
    ((3, 5000), (1, 256)),
    ((5000, 3), (256, 1)),
    ((90, 2400), (10, 256)),
    ((1300, 300), (256, 59)),
    ((600, 800), (24, 32)),
    ((1000, 700), (3, 2)),
]


def drawn_lines(height: int, width: int) -> np.ndarray:
    """Soft lines of 1 to 5 pixels, straight and round, none of them less dark than the rest."""
    rng, sketch = np.random.default_rng(8), blank(height, width)
    for _ in range(12):
        ends = rng.integers(0, (width, height), (2, 2)).tolist()
        thickness = int(rng.integers(1, 6))
        cv2.line(sketch, *ends, 0, thickness, cv2.LINE_AA)
        axes = rng.integers(1, max(2, min(height, width) // 3), 2).tolist()
        cv2.ellipse(sketch, ends[0], axes, 30, 0, 330, 0, thickness, cv2.LINE_AA)
    return sketch


def likeness(picture: np.ndarray, sketch: np.ndarray) -> float:
    """Structural similarity of a picture's gray and the sketch, around the dark lines."""
    gray = picture @ (0.299, 0.587, 0.114)
    # With paper around it the smallest sketch fills a window.
    one, other = (np.pad(levels.astype(float), 6, constant_values=255) for levels in (gray, sketch))
    _, similar = structural_similarity(one, other, data_range=255, gaussian_weights=True, full=True)
    return float(similar[cv2.dilate((other < 128).astype(np.uint8), np.ones((5, 5))) > 0].mean())


@pytest.mark.parametrize("shape, canvas", SHAPES)
def test_light_colors_leave_the_lines_as_they_are(shape, canvas):
    sketch = drawn_lines(*shape)
    assert (sketch < 128).any()
    color = np.random.default_rng(9).integers(225, 256, (*canvas, 3), dtype=np.uint8)
    laid = lay_lines(upsample_color(color, sketch), sketch)
    assert laid.shape == (*shape, 3) and laid.dtype == np.uint8
    assert likeness(laid, sketch) >= 0.98


def test_lines_brought_to_the_canvas_and_back_would_not_be_alike():
    sketch = drawn_lines(600, 800)
    small = cv2.resize(sketch, (256, 192), interpolation=cv2.INTER_AREA)
    back = cv2.resize(small, (800, 600), interpolation=cv2.INTER_CUBIC)
    assert likeness(np.dstack([back] * 3), sketch) < 0.9


@pytest.mark.parametrize("shape, canvas", SHAPES)
def test_no_color_makes_a_line_lighter_or_paper_anything_but_its_own_color(shape, canvas):
    sketch = drawn_lines(*shape)
    color = np.random.default_rng(10).integers(0, 256, (*canvas, 3), dtype=np.uint8)
    enlarged = upsample_color(color, sketch)
    laid = lay_lines(enlarged, sketch)
    assert (laid <= sketch[..., None]).all()
    np.testing.assert_array_equal(laid[sketch == 255], enlarged[sketch == 255])
