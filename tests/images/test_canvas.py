"""Pictures fit the canvas and come back; resizing averages areas."""

import numpy as np
import pytest

from tests.helpers import picture_files as pictures
from tests.helpers.picture_files import averaged
from tf_deeppaint.images.canvas import FITS, fit_to_canvas, reduce_blocks, resize, shrink
from tf_deeppaint.utils.errors import DeepPaintError

SHAPES = [(1, 1), (1, 300), (300, 1), (300, 8), (8, 300), (63, 64), (64, 64), (65, 64), (200, 130)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("channels", [(), (3,)])
def test_a_fitted_picture_is_whole_centered_and_keeps_its_aspect(shape, channels):
    ink = np.zeros((*shape, *channels), np.uint8)
    canvas, place = fit_to_canvas(ink, 64)
    assert canvas.shape == (64, 64, *channels) and canvas.dtype == np.uint8
    inked = (canvas < 255).reshape(64, 64, -1).any(-1)
    rows, columns = np.flatnonzero(inked.any(1)), np.flatnonzero(inked.any(0))
    assert (rows[0], len(rows)) == (place.top, place.height)
    assert (columns[0], len(columns)) == (place.left, place.width)
    assert max(len(rows), len(columns)) == 64
    assert abs(rows[0] - (63 - rows[-1])) <= 1 and abs(columns[0] - (63 - columns[-1])) <= 1
    scale = 64 / max(shape)
    assert abs(len(rows) - shape[0] * scale) <= 1 and abs(len(columns) - shape[1] * scale) <= 1


@pytest.mark.parametrize("shape", SHAPES)
def test_a_fitted_picture_comes_back_to_its_own_size(shape):
    rows, columns = np.indices(shape) / np.maximum(np.array(shape) - 1, 1)[:, None, None]
    picture = np.stack([rows, columns, (rows + columns) / 2], -1) * 200 + 20
    canvas, place = fit_to_canvas(picture.astype(np.uint8), 64)
    back = resize(canvas[place.area], *shape)
    assert back.shape == (*shape, 3)
    # The short side of a strip may shrink to a pixel or two and then loses its own gradient.
    if min(shape) * 64 / max(shape) > 8:
        assert np.abs(back - picture).max() < 12
    else:
        long = 0 if shape[0] > shape[1] else 1
        assert np.abs(back - picture)[..., long].max() < 12


@pytest.mark.parametrize("shape", [(64, 64), (64, 20), (20, 64)])
def test_a_picture_of_the_canvas_size_is_not_touched(shape):
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    canvas, place = fit_to_canvas(picture, 64)
    assert np.array_equal(canvas[place.area], picture)


@pytest.mark.parametrize("shape", [(128, 128), (150, 399), (399, 150), (65, 64)])
def test_shrinking_averages_areas(shape):
    picture = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    canvas, place = fit_to_canvas(picture, 64)
    expected = averaged(picture, place.height, place.width)
    assert np.abs(canvas[place.area] - expected).max() <= 1


@pytest.mark.parametrize("shape", [(64, 64), (64, 91), (98, 150), (400, 151), (64, 65), (512, 64)])
@pytest.mark.parametrize("limit", [1, 2, np.inf])
def test_a_cropped_picture_is_its_central_square_averaged(shape, limit):
    picture = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    canvas, _ = fit_to_canvas(picture, 64, "crop", limit)
    side = min(shape)
    top, left = ((length - side) // 2 for length in shape)
    square = picture[top : top + side, left : left + side]
    assert np.abs(canvas - averaged(square, 64, 64)).max() <= 1


@pytest.mark.parametrize("shape", [(10, 10), (16, 40), (40, 16), (63, 900)])
def test_a_small_picture_is_enlarged_until_its_shorter_side_fills_the_canvas(shape):
    """On a slope, so that the level of a pixel tells the place it came from."""
    for axis in (0, 1):
        slope = np.indices(shape)[axis] * 255 / max(shape)
        canvas, _ = fit_to_canvas(slope.astype(np.float32).round().astype(np.uint8), 64, "crop")
        side, start = min(shape), (shape[axis] - min(shape)) // 2
        source = start + (np.arange(64) + 0.5) * side / 64 - 0.5
        line = canvas.mean(1 - axis)[4:-4]  # at its ends the slope breaks off
        assert np.abs(line - source[4:-4] * 255 / max(shape)).max() < 3


@pytest.mark.parametrize("shape", [(1, 5000), (5000, 1), (1, 1)])
def test_a_strip_is_cropped_to_its_middle_without_growing_first(shape):
    picture = np.zeros(shape, np.uint8)
    picture[(shape[0] - 1) // 2, (shape[1] - 1) // 2] = 200
    canvas, _ = fit_to_canvas(picture, 512, "crop")
    assert canvas.shape == (512, 512) and (canvas == 200).all()


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("limit", [1, 1.5, 2, 3, 4, 10, np.inf])
@pytest.mark.parametrize("shape", [(10, 10), (10, 30), (30, 10), (9, 64), (7, 300), (1, 1)])
def test_enlargement_has_its_limit_and_leaves_white_around(fit, limit, shape):
    canvas, place = fit_to_canvas(np.zeros((*shape, 3), np.uint8), 64, fit, limit)
    scale = min(64 / (max if fit == "pad" else min)(shape), limit)
    inked = (canvas < 255).all(-1)
    for axis, length in enumerate(shape):
        (places,) = np.nonzero(inked.any(1 - axis))
        assert abs(len(places) - max(1, min(64, length * scale))) <= 0.5
        assert abs(places[0] - (63 - places[-1])) <= 1
        assert (places[0], len(places)) == (place[axis], place[2 + axis])
    assert inked.sum() == place.height * place.width and canvas[~inked].min(initial=255) == 255


@pytest.mark.parametrize(
    ("fit", "shape", "rows", "columns"),
    [
        ("pad", (20, 50), slice(22, 42), slice(7, 57)),
        ("crop", (20, 50), slice(22, 42), slice(7, 57)),
        ("crop", (20, 90), slice(22, 42), slice(0, 64)),
    ],
)
def test_a_picture_that_may_not_grow_is_copied(fit, shape, rows, columns):
    picture = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    canvas, _ = fit_to_canvas(picture, 64, fit, max_enlargement=1)
    expected = np.full((64, 64, 3), 255, np.uint8)
    cut = (shape[1] - (columns.stop - columns.start)) // 2
    expected[rows, columns] = picture[:, cut : shape[1] - cut]
    assert np.array_equal(canvas, expected)


def test_an_unknown_fit_and_an_enlargement_below_one_are_refused():
    picture = pictures.gradient()
    with pytest.raises(DeepPaintError, match=r"fit='stretch': choose one of pad, crop"):
        fit_to_canvas(picture, 64, "stretch")
    for limit in (0, 0.99, -1, float("nan")):
        with pytest.raises(DeepPaintError, match=r"max_enlargement=.*: at least 1"):
            fit_to_canvas(picture, 64, "pad", limit)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((300, 90), (50, 15)), ((90, 301), (15, 50)), ((1, 5000), (1, 50)), ((50, 20), (50, 20))],
)
def test_a_picture_is_shrunk_to_its_longer_side(shape, expected):
    for picture in (np.full((*shape, 3), 77, np.uint8), np.full(shape, 0.25, np.float32)):
        small = shrink(picture, 50)
        assert small.shape == (*expected, *picture.shape[2:]) and small.dtype == picture.dtype
        assert (small == picture.flat[0]).all()


def test_shrinking_averages_and_never_enlarges():
    picture = np.random.default_rng(4).integers(0, 256, (60, 40), dtype=np.uint8)
    means = picture.reshape(30, 2, 20, 2).mean(axis=(1, 3))
    assert np.abs(shrink(picture, 30) - means).max() <= 0.5
    assert shrink(picture, 60) is picture and shrink(picture, 900) is picture


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (8, 8), (9, 8), (3, 20)])
@pytest.mark.parametrize("side", [1, 2, 3, 8, 30])
@pytest.mark.parametrize("reduce", [np.minimum, np.maximum])
def test_each_block_is_reduced_to_one_value(shape, side, reduce):
    pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    kept = pixels.copy()
    rows, columns = (range(0, length, side) for length in shape)
    blocks = [[pixels[y : y + side, x : x + side] for x in columns] for y in rows]
    expected = [[reduce.reduce(block, axis=None) for block in row] for row in blocks]
    found = reduce_blocks(reduce, pixels, side)
    assert found.dtype == np.uint8 and np.array_equal(found, expected)
    assert np.array_equal(pixels, kept)
