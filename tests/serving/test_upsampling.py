"""Color enlarged in the graph: the pictures are the library's within a level."""

import itertools

import cv2
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.split_sketches import (
    BLUE,
    FACTOR,
    LINES,
    RED,
    blank,
    busy_sketch,
    difference,
    split,
    to_canvas,
)
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.line_art.compositing import lay_lines
from tf_deeppaint.painting.upsampling import fill_lines, upsample_color
from tf_deeppaint.serving import upsampling
from tf_deeppaint.serving.upsampling import fill_lines as serving_fill
from tf_deeppaint.serving.upsampling import paint_under_lines


def paint(color: np.ndarray, sketch: np.ndarray) -> np.ndarray:
    return paint_under_lines(tf.constant(color), tf.constant(sketch)).numpy()


def expect(color: np.ndarray, sketch: np.ndarray) -> np.ndarray:
    return lay_lines(upsample_color(color, sketch), sketch)


@pytest.mark.parametrize("line", LINES)
def test_lines_keep_colors_apart_as_in_the_library(line):
    sketch, picture = split(LINES[line])
    color = to_canvas(picture, FACTOR)
    painted = paint(color, sketch)
    assert difference(painted, picture)[sketch == 255].max() <= 16
    assert difference(painted, expect(color, sketch)).max() <= 1


SHAPES = [
    ((300, 300), (32, 32)),
    ((257, 31), (32, 4)),
    ((64, 500), (4, 32)),
    ((33, 33), (32, 32)),
    ((20, 20), (40, 40)),
    ((7, 90), (2, 20)),
    ((64, 1), (20, 1)),
    ((1, 1), (1, 1)),
]


@pytest.mark.parametrize("shape, canvas", SHAPES)
@pytest.mark.parametrize("drawn", [0, 0.02, 0.3, 1])
def test_it_is_what_the_library_paints(shape, canvas, drawn):
    rng = np.random.default_rng(5)
    sketch = blank(*shape)
    if drawn == 0.02:
        ends = rng.integers(0, shape[::-1], (8, 2)).tolist()
        for number, (one, other) in enumerate(itertools.pairwise(ends)):
            cv2.line(sketch, one, other, 0, 1 + 4 * number, cv2.LINE_AA)
    sketch[rng.random(shape) < drawn] = 120
    color = rng.integers(0, 256, (*canvas, 3), dtype=np.uint8)
    assert difference(paint(color, sketch), expect(color, sketch)).max() <= 1


def test_a_large_busy_sketch_is_what_the_library_paints():
    color = np.random.default_rng(6).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    sketch = busy_sketch(700)
    assert difference(paint(color, sketch), expect(color, sketch)).max() <= 1


def test_where_it_is_white_the_sketch_comes_out_as_it_is():
    sketch = np.random.default_rng(0).integers(0, 256, (90, 130), dtype=np.uint8)
    painted = paint(np.full((20, 30, 3), 255, np.uint8), sketch)
    np.testing.assert_array_equal(painted, np.repeat(sketch[..., None], 3, axis=-1))


def test_strips_do_not_show(monkeypatch):
    sketch, picture = split(LINES["wavy"])
    color = to_canvas(picture, FACTOR)
    whole = paint(color, sketch)
    monkeypatch.setattr(upsampling, "_BLOCK_PIXELS", 1)
    again = paint_under_lines.python_function(tf.constant(color), tf.constant(sketch))
    np.testing.assert_array_equal(whole, again)


def test_lines_of_the_canvas_get_the_color_of_the_nearest_paper():
    canvas = blank(40, 40)
    canvas[:, 18:24] = 0
    picture = np.where((np.arange(40) < 21)[None, :, None], RED, BLUE).astype(np.uint8)
    color = np.where((canvas < 200)[..., None], 7, picture).astype(np.uint8)
    for filled in (fill_lines(color, canvas), serving_fill(color, canvas)):
        np.testing.assert_array_equal(filled, np.broadcast_to(picture, (40, 40, 3)))


@pytest.mark.parametrize("level", [0, 255])
def test_a_canvas_of_lines_or_of_paper_alone_keeps_its_colors(level):
    color = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    canvas = np.full((40, 40), level, np.uint8)
    np.testing.assert_array_equal(fill_lines(color, canvas), color)
    np.testing.assert_array_equal(serving_fill(color, canvas), color)


@pytest.mark.parametrize("side", [100, 128, 512, 1536])
def test_drawings_are_painted_as_the_library_paints_them(side):
    dolls = Dolls(20, seed=12)
    drawing = list(dolls.examples())[7]
    small, large = dolls.load(drawing, 128), dolls.load(drawing, side)
    color = fill_lines(small.picture, small.sketch)
    filled = serving_fill(tf.constant(small.picture), tf.constant(small.sketch))
    np.testing.assert_array_equal(filled, color)
    assert difference(paint(color, large.sketch), expect(color, large.sketch)).max() <= 1
