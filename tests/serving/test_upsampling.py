"""Color enlarged in the graph: no line is crossed, and the pictures are the library's."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.split_sketches import (
    BLUE,
    COLUMNS,
    FACTOR,
    LINES,
    RED,
    SIDE,
    blank,
    busy_sketch,
    difference,
    split,
    to_canvas,
)
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.line_art.compositing import lay_lines
from tf_deeppaint.painting.painting import _fill_lines
from tf_deeppaint.painting.upsampling import upsample_color
from tf_deeppaint.serving import upsampling
from tf_deeppaint.serving.upsampling import fill_lines, paint_under_lines


def paint(color: np.ndarray, sketch: np.ndarray) -> np.ndarray:
    return paint_under_lines(tf.constant(color), tf.constant(sketch)).numpy()


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_one_pixel_keeps_colors_apart_at_sixteen_times(line):
    sketch, picture = split(LINES[line])
    painted = paint(to_canvas(picture, FACTOR), sketch)
    paper = sketch == 255
    assert difference(painted, picture)[paper].max() <= 16
    assert difference(painted, picture)[paper].mean() < 0.1


def test_a_large_sketch_in_flat_colors_comes_back():
    side = 1024
    sketch = busy_sketch(side)
    _, pieces = cv2.connectedComponents((sketch >= 200).astype(np.uint8), connectivity=4)
    colors = np.random.default_rng(6).integers(0, 256, (pieces.max() + 1, 3), dtype=np.uint8)
    picture = colors[pieces]
    large = np.isin(pieces, 1 + np.flatnonzero(np.bincount(pieces.ravel())[1:] > 3000))
    off = difference(paint(to_canvas(picture, 8), sketch), picture)[large]
    assert (off > 16).mean() < 0.01 and off.mean() < 0.5


def test_soft_edges_have_the_color_of_the_paper_beside_them():
    sketch = blank(SIDE, SIDE)
    sketch[:, 98:105] = (230, 160, 60, 0, 90, 180, 240)
    picture = np.where((COLUMNS < 101)[..., None], RED, BLUE).astype(np.uint8)
    painted = paint(to_canvas(picture, FACTOR), sketch)
    assert difference(painted, lay_lines(picture, sketch)).max() <= 16


@pytest.mark.parametrize("shape", [(64, 64), (40, 150), (20, 20), (7, 90), (64, 1)])
def test_without_lines_it_is_the_librarys_interpolation(shape):
    color = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    color = cv2.GaussianBlur(color, (0, 0), 2)
    sketch = blank(*shape)
    expected = upsample_color(color, sketch)
    assert difference(paint(color, sketch), expected).max() <= 2


def test_where_it_is_white_the_sketch_comes_out_as_it_is():
    sketch = np.random.default_rng(0).integers(0, 256, (90, 130), dtype=np.uint8)
    painted = paint(np.full((20, 30, 3), 255, np.uint8), sketch)
    np.testing.assert_array_equal(painted, np.repeat(sketch[..., None], 3, axis=-1))


def test_strips_do_not_show(monkeypatch):
    sketch, picture = split(LINES["wavy"])
    color = to_canvas(picture, FACTOR)
    whole = paint(color, sketch)
    monkeypatch.setattr(upsampling, "_AT_A_TIME", 1)
    again = paint_under_lines.python_function(tf.constant(color), tf.constant(sketch))
    np.testing.assert_array_equal(whole, again)


def test_lines_of_the_canvas_get_the_color_of_the_nearest_paper():
    canvas = blank(40, 40)
    canvas[:, 18:24] = 0
    picture = np.where((np.arange(40) < 21)[None, :, None], RED, BLUE).astype(np.uint8)
    color = np.where((canvas < 200)[..., None], 7, picture).astype(np.uint8)
    filled = fill_lines(tf.constant(color), tf.constant(canvas * np.ones((40, 1), np.uint8)))
    np.testing.assert_array_equal(filled, np.broadcast_to(picture, (40, 40, 3)))


@pytest.mark.parametrize("level", [0, 255])
def test_a_canvas_of_lines_or_of_paper_alone_keeps_its_colors(level):
    color = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    canvas = np.full((40, 40), level, np.uint8)
    np.testing.assert_array_equal(fill_lines(tf.constant(color), tf.constant(canvas)), color)


@pytest.mark.parametrize("side, least", [(128, 37), (512, 37), (1536, 37)])
def test_drawings_are_painted_as_the_library_paints_them(side, least):
    """At 1, 4 and 12 times the canvas; PSNR in dB of whole pictures, most of them white."""
    dolls = Dolls(20, seed=12)
    drawing = list(dolls.examples())[7]
    small, large = dolls.load(drawing, 128), dolls.load(drawing, side)
    expected = upsample_color(_fill_lines(small.picture, small.sketch), large.sketch)
    expected = lay_lines(expected, large.sketch).astype(int)
    filled = fill_lines(tf.constant(small.picture), tf.constant(small.sketch))
    got = paint(filled.numpy(), large.sketch)
    assert 10 * np.log10(255**2 / np.square(got - expected).mean()) >= least
    assert np.abs(got - expected).mean() < 0.5
