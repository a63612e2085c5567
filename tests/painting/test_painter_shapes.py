"""The Painter on sketches of every shape: the picture has the sketch's size, and its lines."""

import cv2
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from tests.helpers.painters import tiny_painter
from tf_deeppaint.painting.painting import Painting

SHAPES = [
    *((1, 1), (1, 2), (2, 1), (1, 7), (7, 1), (2, 2), (3, 3), (5, 8), (1, 300), (300, 1)),
    *((3, 5000), (5000, 3), (4, 8192), (300, 8000), (8000, 300), (16, 16), (31, 33)),
    *((63, 65), (64, 64), (65, 63), (64, 128), (100, 17), (127, 129), (200, 300), (299, 301)),
    *((333, 111), (512, 512), (513, 511), (640, 360), (777, 1000), (1024, 768)),
]
WINDOW = 7
PALETTE = np.random.default_rng(0).integers(120, 256, (4, 4, 3), dtype=np.uint8)


def drawn(height: int, width: int) -> np.ndarray:
    """A sketch of curves, black and gray, or of ticks across a strip."""
    sketch = np.full((height, width), 255, np.uint8)
    if min(height, width) < 16:
        ticks = sketch if width >= height else sketch.T
        ticks[:, ::10] = 0
        ticks[:, 5::30] = 90
        return sketch
    thick, middle, radii = round(min(height, width) / 60) + 1, (width // 2, height // 2), width // 3
    cv2.ellipse(sketch, middle, (radii, height // 3), 0, 0, 360, 0, thick, cv2.LINE_AA)
    cv2.line(sketch, (0, height // 4), (width - 1, 3 * height // 4), 60, thick, cv2.LINE_AA)
    cv2.rectangle(sketch, (width // 8, height // 8), middle, 0, thick, cv2.LINE_AA)
    return sketch


def similarity(painting: Painting, picture: np.ndarray) -> float:
    """Structural similarity of the dark lines: Wang et al. 2004, windows of 7 x 7.

    Lines multiply the color that is under them. So the picture divided by it is the lines alone,
    as the network's colors are not in the sketch; the brightest channel has them least rounded.
    Where the color is nearly black none are seen.
    """
    color = painting.color()
    channel = color.argmax(axis=-1)[..., None]
    under, shown = (np.take_along_axis(p, channel, -1)[..., 0] for p in (color, picture))
    lines = np.where(under < 16, painting.sketch, 255.0 * shown / np.maximum(under, 1))
    assert (under >= 16).mean() > 0.5
    pair = [255.0 - painting.sketch, 255.0 - lines]
    for axis, side in enumerate(painting.sketch.shape):
        if side < WINDOW:  # a strip is repeated until a window fits
            pair = [image.repeat(-(-WINDOW // side), axis) for image in pair]
    return structural_similarity(*pair, data_range=255, win_size=WINDOW)


def check(head: str, shape: tuple[int, int]) -> None:
    painter, sketch = tiny_painter(head), drawn(*shape)
    picture = painter.paint(sketch, colors=PALETTE)
    assert picture.shape == (*shape, 3) and picture.dtype == np.uint8
    assert similarity(painter.make_paintings([sketch], PALETTE[None])[0], picture) >= 0.98


@pytest.mark.parametrize("shape", SHAPES, ids="{0[0]}x{0[1]}".format)
def test_a_picture_has_the_sketchs_size_and_lines(shape):
    check("mixture", shape)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5000), (63, 65), (300, 1000)])
def test_so_it_does_where_the_network_paints_the_lines_itself(shape):
    check("rgb", shape)


def test_the_networks_own_lines_are_another_matter():
    """The measure can fail: enlarged from a small canvas, lines are soft."""
    painting = tiny_painter("mixture").make_paintings([drawn(512, 512)], PALETTE[None])[0]
    picture = painting.picture("network")
    assert picture.shape == (512, 512, 3)
    assert similarity(painting, picture) < 0.9


def test_paper_is_the_color_alone_and_black_stays_black():
    painting = tiny_painter("mixture").make_paintings([drawn(200, 300)], PALETTE[None])[0]
    picture, color = painting.picture(), painting.color()
    np.testing.assert_array_equal(picture[painting.sketch == 255], color[painting.sketch == 255])
    assert not picture[painting.sketch == 0].any()
