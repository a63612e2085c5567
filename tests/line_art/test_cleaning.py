"""Cleaning gives back the drawing that was scanned, photographed, tinted or turned to light."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.images.decoding import read_picture
from tf_deeppaint.images.pixels import over_white, to_gray
from tf_deeppaint.line_art.cleaning import clean
from tf_deeppaint.utils.errors import DeepPaintError

SIDE = 640
PAPER, YELLOW, BOARD = (250, 250, 250), (245, 234, 198), (38, 60, 46)
INK, BLUE, CHALK = (35, 33, 40), (120, 170, 235), (225, 230, 220)


def draw(solid: bool = True) -> np.ndarray:
    """Black lines of 2 to 8 pixels, a fan of fine ones and a solid shape on white, uint8 gray."""
    drawing = np.full((SIDE, SIDE), 255, np.uint8)
    cv2.ellipse(drawing, (320, 220), (190, 160), 0, 0, 360, 0, 5, cv2.LINE_AA)
    cv2.polylines(drawing, [np.array([[40, 600], [200, 330], [450, 420], [600, 90]])], False, 0, 3)
    cv2.rectangle(drawing, (90, 430), (300, 560), 0, 8)
    if solid:
        cv2.fillPoly(drawing, [np.array([[250, 120], [400, 130], [420, 230], [230, 220]])], 0)
    for x in range(340, 560, 20):
        cv2.line(drawing, (x, 470), (x // 2 + 250, 590), 0, 2, cv2.LINE_AA)
    return drawing


@pytest.fixture(scope="module", name="drawing")
def make_drawing() -> np.ndarray:
    return draw()


def laid_on(drawing: np.ndarray, paper, ink, strength: float = 1.0) -> np.ndarray:
    """The drawing in an ink on a paper, float32 RGB; either may be a color or a picture."""
    amount = (1 - drawing[..., None].astype(np.float32) / 255) * strength
    return (np.array(paper) * (1 - amount) + np.array(ink) * amount).astype(np.float32)


def light(darkest: float) -> np.ndarray:
    """From 1 down to `darkest` across the picture, float32 `(SIDE, SIDE, 1)`."""
    rows, columns = np.indices((SIDE, SIDE)) / SIDE
    return (1 - (1 - darkest) * (0.3 * rows + 0.7 * columns))[..., None].astype(np.float32)


def shadow(blur: float) -> np.ndarray:
    """1, and 0.55 in a corner, with an edge that soft in pixels."""
    mask = np.zeros((SIDE, SIDE), np.float32)
    cv2.fillPoly(mask, [np.array([[0, 300], [380, 200], [520, 640], [0, 640]])], 1)
    return 1 - 0.45 * cv2.GaussianBlur(mask, (0, 0), blur)[..., None]


def fold() -> np.ndarray:
    """The middle of a book at the left edge: 0.35 there, light within a tenth of the width."""
    return (1 - 0.65 * np.exp(-np.arange(SIDE) / (0.05 * SIDE))[None, :, None]).astype(np.float32)


def noisy(picture: np.ndarray, deviation: float) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, deviation, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1)


def layer(drawing: np.ndarray, color, opacity: float = 1.0) -> np.ndarray:
    """The drawing's lines in a color on a transparent layer, uint8 RGBA."""
    rgba = np.empty((SIDE, SIDE, 4), np.uint8)
    rgba[..., :3] = color
    rgba[..., 3] = np.rint((255 - drawing) * opacity)
    return rgba


def cut_out(drawing: np.ndarray) -> np.ndarray:
    """The drawing on white paper, and what is far from its lines cut away: RGBA, black there."""
    near = cv2.dilate(255 - drawing, np.ones((25, 25), np.uint8)) > 0
    return np.dstack([np.where(near, drawing, 0)] * 3 + [np.where(near, 255, 0)]).astype(np.uint8)


MADE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "gray paper": lambda d: noisy(laid_on(d, (190, 190, 190), INK), 3)[..., 0],
    "yellow paper": lambda d: noisy(laid_on(d, YELLOW, INK), 3),
    "light from a side": lambda d: noisy(laid_on(d, PAPER, INK) * light(0.5), 4),
    "soft shadow": lambda d: noisy(laid_on(d, YELLOW, INK) * shadow(25), 4),
    "hard shadow": lambda d: noisy(laid_on(d, YELLOW, INK) * shadow(6), 4),
    "the fold of a book": lambda d: noisy(laid_on(d, PAPER, INK) * fold(), 2),
    "a dark photograph": lambda d: jpeg(noisy(laid_on(d, YELLOW, INK) * 0.4, 3), 90),
    "JPEG": lambda d: jpeg(d, 60),
    "blue pencil": lambda d: noisy(laid_on(d, PAPER, BLUE), 3),
    "red ink on yellow": lambda d: noisy(laid_on(d, (245, 230, 110), (200, 40, 40)), 3),
    "inverted": lambda d: 255 - d,
    "chalk": lambda d: noisy(laid_on(d, BOARD, CHALK) * light(0.6), 3),
    "blueprint": lambda d: noisy(laid_on(d, (30, 60, 140), (230, 235, 240)), 3),
    "black layer": lambda d: layer(d, (20, 15, 10)),
    "white layer": lambda d: layer(d, (255, 255, 255)),
    "faint blue layer": lambda d: layer(d, (90, 120, 220), opacity=0.3),
    "cut out": cut_out,
}


def as_seen(picture: np.ndarray) -> np.ndarray:
    """What a painter would take for the sketch without cleaning."""
    if picture.ndim == 3 and picture.shape[2] == 4:
        picture = over_white(picture)
    return to_gray(picture) if picture.ndim == 3 else picture


def error(sketch: np.ndarray, drawing: np.ndarray) -> float:
    """Mean absolute difference in levels."""
    return float(np.abs(sketch.astype(float) - drawing).mean())


def far_from_lines(drawing: np.ndarray) -> np.ndarray:
    """Which pixels are paper, with those beside lines left out."""
    return cv2.erode(drawing, np.ones((7, 7), np.uint8)) == 255


@pytest.mark.parametrize("kind", MADE)
def test_the_drawing_comes_back(kind):
    # A solid shape in blue might be shadow; see below.
    drawing = draw(solid=kind != "blue pencil")
    picture = MADE[kind](drawing)
    before = picture.copy()
    sketch = clean(picture)
    np.testing.assert_array_equal(picture, before)
    assert sketch.shape == drawing.shape and sketch.dtype == np.uint8
    paper = sketch[far_from_lines(drawing)]
    assert (paper == 255).mean() > 0.97 and (paper > 240).mean() > 0.997
    assert (sketch[drawing == 0] < 64).mean() > 0.95
    assert 0.85 < (sketch < 128).sum() / (drawing < 128).sum() < 1.15
    assert error(sketch, drawing) < 5
    if kind not in ("JPEG", "black layer", "cut out"):  # which are clean almost
        assert error(as_seen(picture), drawing) > 4 * error(sketch, drawing)


def test_the_measures_above_tell_a_bad_sketch(drawing):
    """Without lines, or with paper that is not white, they are far from what is asked."""
    assert error(np.full_like(drawing, 255), drawing) > 20
    assert error(np.minimum(drawing, 235), drawing) > 15


# --- sketches that are clean --------------------------------------------------------------------


def shown_sketch() -> np.ndarray:
    path = Path(__file__).parents[2] / "docs" / "pictures" / "sketch.png"
    return to_gray(read_picture(path))


def doll(size: int) -> np.ndarray:
    source = Dolls(1, seed=4)
    return source.load(next(iter(source.examples())), size).sketch


CLEAN = {
    "drawn": draw,
    "soft": lambda: cv2.GaussianBlur(draw(), (0, 0), 0.8),
    "the one of the documents": shown_sketch,
    "a small doll": lambda: doll(64),
    "a doll": lambda: doll(256),
    "enlarged": lambda: cv2.resize(doll(256), (700, 700), interpolation=cv2.INTER_CUBIC),
    "a frame": lambda: cv2.rectangle(np.full((90, 70), 255, np.uint8), (5, 5), (60, 80), 0, 2),
    "white": lambda: np.full((40, 50), 255, np.uint8),
}


@pytest.mark.parametrize("kind", CLEAN)
def test_a_clean_sketch_stays(kind):
    sketch = CLEAN[kind]()
    for picture in (sketch, np.dstack([sketch] * 3), np.dstack([sketch] * 3 + [sketch | 255])):
        assert np.abs(clean(picture).astype(int) - sketch).max() <= 5


def test_clean_twice_is_clean_once(drawing):
    once = clean(MADE["soft shadow"](drawing))
    assert np.abs(clean(once).astype(int) - once).mean() < 0.5


def test_flat_tones_stay_on_paper_that_is_white_of_itself(drawing):
    toned = drawing.copy()
    cv2.fillPoly(toned, [np.array([[110, 450], [280, 450], [280, 540], [110, 540]])], 150)
    assert np.abs(clean(toned).astype(int) - toned).max() <= 5
    # On other paper they may be shadow.
    assert (clean(noisy(laid_on(toned, YELLOW, INK), 3))[470:520, 140:250] == 255).all()


# --- pencil, noise, specks ----------------------------------------------------------------------


def test_pencil_in_a_photograph_becomes_black_and_its_paper_white():
    """Lines of a third of the contrast, in noise, in uneven light."""
    drawing = draw(solid=False)
    lines = laid_on(drawing, YELLOW, (90, 88, 95), 0.6) * light(0.6)
    sketch = clean(jpeg(noisy(lines, 5), 90))
    assert (sketch[far_from_lines(drawing)] == 255).mean() > 0.999
    assert np.percentile(sketch[drawing == 0], 20) < 30
    assert (sketch[drawing == 0] < 128).mean() > 0.9


@pytest.mark.parametrize("contrast", [15, 30])
def test_faint_lines_in_noise_stay(contrast):
    drawing = draw(solid=False)
    picture = noisy(laid_on(drawing, (200,) * 3, (200 - contrast,) * 3), 5)
    sketch = clean(picture)
    assert (sketch[drawing == 0] < 200).mean() > 0.95
    assert (sketch[far_from_lines(drawing)] == 255).mean() > 0.999


def test_lines_of_different_strength_keep_their_order(drawing):
    weak, strong = drawing.copy(), drawing.copy()
    weak[:, :320], strong[:, 320:] = 255, 255
    picture = laid_on(weak, laid_on(strong, PAPER, INK), (170, 170, 175))
    sketch = clean(noisy(picture, 2))
    darkness = [np.median(255 - sketch[part == 0]) for part in (weak, strong)]
    assert 40 < darkness[0] < 150 and darkness[1] > 220


@pytest.mark.parametrize("blur", [0, 1, 2])
@pytest.mark.parametrize("deviation", [2, 6])
def test_blank_paper_is_white(deviation, blur):
    noise = np.random.default_rng(2).normal(0, 1, (SIDE, SIDE)).astype(np.float32)
    if blur:
        noise = cv2.GaussianBlur(noise, (0, 0), blur)
    paper = 190 + deviation * noise / noise.std()
    assert (clean(paper.astype(np.uint8)) < 255).mean() < 1e-3


def test_specks_go_and_dots_stay():
    paper = np.full((512, 512), 255, np.uint8)
    cv2.line(paper, (50, 400), (460, 380), 0, 3)
    dusty = paper.copy()
    dusty[np.random.default_rng(3).random(paper.shape) < 5e-4] = 0
    assert (dusty[:350] == 0).sum() > 50
    for top, left in ((100, 100), (200, 300)):
        paper[top : top + 4, left : left + 4] = dusty[top : top + 4, left : left + 4] = 0
    far = np.full(paper.shape, True)
    far[380 - 6 : 400 + 6] = False
    for row in (98, 198):
        far[row : row + 8] = False
    sketch = clean(dusty)
    assert (sketch[far] == 255).mean() > 0.9999
    assert (sketch[100:104, 100:104] == 0).all() and (sketch[200:204, 300:304] == 0).all()
    assert (sketch[paper == 0] == 0).all()


# --- any size, any memory -----------------------------------------------------------------------

SHAPES = [(1, 1), (1, 2), (4, 1), (2, 3), (5, 5), (1, 3000), (3000, 1), (33, 17)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("channels", [(), (3,), (4,)])
def test_any_size_is_cleaned_and_one_level_is_paper(shape, channels):
    rng = np.random.default_rng(5)
    sketch = clean(rng.integers(0, 256, (*shape, *channels), dtype=np.uint8))
    assert sketch.shape == shape and sketch.dtype == np.uint8
    for level in (0, 1, 100, 254, 255):
        assert (clean(np.full((*shape, *channels), level, np.uint8)) == 255).all()


def test_it_is_the_same_each_time_and_in_any_layout(drawing):
    picture = MADE["light from a side"](drawing)
    sketch = clean(picture)
    for same in (picture, np.asfortranarray(picture), picture[:, ::-1].copy()[:, ::-1]):
        np.testing.assert_array_equal(clean(same), sketch)


def test_memory_is_a_few_bytes_a_pixel():
    picture = np.random.default_rng(6).integers(150, 220, (1500, 1500, 3), dtype=np.uint8)
    tracemalloc.start()
    clean(picture)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert picture.size < peak < 25 * 1500**2


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((8, 8), np.float32),
        np.zeros((8, 8, 1), np.uint8),
        np.zeros((8, 8, 2), np.uint8),
        np.zeros((1, 8, 8, 3), np.uint8),
        np.zeros(8, np.uint8),
        np.zeros((0, 8, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(picture):
    with pytest.raises(DeepPaintError, match=r"cleaned from uint8 \(H, W\)"):
        clean(picture)
