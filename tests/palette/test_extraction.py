"""The palette equals colorgram.py's to the integer; ranks, filling and histogram images."""

import functools
import itertools
from types import SimpleNamespace

import colorgram
import cv2
import numpy as np
import pytest
from PIL import Image

from tf_deeppaint import extract_palette, palette_to_histogram
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.palette.extraction import color_bins, reference_palette, split_bands
from tf_deeppaint.palette.rules import LEAVES_OUT
from tf_deeppaint.utils.errors import DeepPaintError

PICTURES = 1000
# Few shapes, so that the pictures of one shape go through the graph as one batch; among them
# heights below four, heights that four does not divide, and widths of one.
SHAPES = [(24, 20), (29, 13), (32, 32), (16, 40), (40, 1), (7, 5), (4, 4), (3, 9), (1, 1), (2, 31)]


# --- pictures of every kind ---------------------------------------------------------------------


def random_picture(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def natural_picture(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Gradients from corner to corner under sensor noise."""
    corners = rng.uniform(0, 255, (2, 2, 3)).astype(np.float32)
    smooth = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)
    noisy = smooth.reshape(height, width, 3) + rng.normal(0, rng.uniform(0, 25), (height, width, 3))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def drawn_picture(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Flat shapes on paper."""
    picture = np.full((height, width, 3), 255, np.uint8)
    for _ in range(rng.integers(1, 9)):
        color = [int(level) for level in rng.integers(0, 256, 3)]
        center = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        cv2.circle(picture, center, int(rng.integers(1, max(2, height // 2))), color, -1)
    return picture


def flat_picture(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), rng.integers(0, 256, 3), np.uint8)


def few_colors(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Two to six colors in about equal shares, which is where ranks tie."""
    colors = rng.integers(0, 256, (rng.integers(2, 7), 3), dtype=np.uint8)
    order = np.arange(height * width) % len(colors)
    return colors[rng.permuted(order)].reshape(height, width, 3)


def generated_pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(20)
    dolls = Dolls(25, seed=20)
    pictures = [dolls.load(drawing, 32).picture for drawing in dolls.examples()]
    kinds = [random_picture, natural_picture, drawn_picture, flat_picture, few_colors]
    endless = itertools.cycle(itertools.product(SHAPES, kinds))
    while len(pictures) < PICTURES:
        shape, kind = next(endless)
        pictures.append(kind(rng, *shape))
    return pictures


# --- the oracle ---------------------------------------------------------------------------------


@functools.cache
def colorgram_ranks(shape: tuple[int, ...], pixels: bytes) -> list[tuple[int, int, int]]:
    band = np.frombuffer(pixels, np.uint8).reshape(shape)
    return [tuple(color.rgb) for color in colorgram.extract(Image.fromarray(band), 5)]


def picture_ranks(picture: np.ndarray) -> list[list[tuple[int, int, int]]]:
    """The five leading colors of each band, as colorgram.py finds them."""
    if len(picture) < 4:
        picture = picture.repeat(4, axis=0)
    height = len(picture) // 4
    bands = [picture[b * height : (b + 1) * height] for b in range(4)]
    return [colorgram_ranks(band.shape, band.tobytes()) for band in bands]


def expected_palette(ranks: list, background: str) -> np.ndarray:
    palette = []
    for colors in ranks:
        near_white = min(colors[0]) >= 230
        dropped = background == "drop" or (background == "white" and near_white)
        chosen = colors[1:] if dropped else colors[:4]
        palette.append(chosen + [colors[0]] * (4 - len(chosen)))
    return np.array(palette, np.uint8)


@pytest.fixture(scope="module")
def examined() -> tuple[list[np.ndarray], list]:
    pictures = generated_pictures()
    return pictures, [picture_ranks(picture) for picture in pictures]


@pytest.mark.parametrize("background", LEAVES_OUT)
def test_a_thousand_palettes_equal_colorgram(examined, background):
    pictures, ranks = examined
    assert len(pictures) == PICTURES
    for number, picture in enumerate(pictures):
        expected = expected_palette(ranks[number], background)
        assert np.array_equal(extract_palette(picture, background), expected), number


@pytest.mark.parametrize("background", LEAVES_OUT)
def test_a_thousand_palettes_in_graph_equal_colorgram(examined, background):
    import tensorflow as tf

    from tf_deeppaint.palette.graph import extract_palettes

    pictures, ranks = examined
    anything = tf.TensorSpec([None, None, None, 3], tf.uint8)
    in_graph = tf.function(lambda batch: extract_palettes(batch, background), [anything])
    seen = 0
    for shape in SHAPES:
        numbers = [n for n, picture in enumerate(pictures) if picture.shape[:2] == shape]
        batch = in_graph(np.stack([pictures[n] for n in numbers])).numpy()
        expected = np.stack([expected_palette(ranks[n], background) for n in numbers])
        assert np.array_equal(batch, expected), shape
        seen += len(numbers)
    assert seen == PICTURES


# --- the bins of all colors --------------------------------------------------------------------


def rule_of_the_reference(pixels: np.ndarray) -> np.ndarray:
    """The bins as colorgram.py counts them: luminance in float64, integer hue and lightness."""
    r, g, b = (pixels[..., channel].astype(np.int64) for channel in range(3))
    luminance = np.trunc(r * 0.2126 + g * 0.7152 + b * 0.0722).astype(np.int64)
    most, least = pixels.max(-1).astype(np.int64), pixels.min(-1).astype(np.int64)
    spread = np.maximum(most - least, 1)
    red = (g - b) * 255 // spread + np.where(g < b, 1530, 0)
    green = (b - r) * 255 // spread + 510
    blue = (r - g) * 255 // spread + 1020
    hue = np.where(most == r, red, np.where(most == g, green, blue)) // 6
    hue[most == least] = 0
    lightness = (most + least) >> 1
    return ((luminance & 192) >> 2 | (hue & 192) >> 4 | (lightness & 192) >> 6).astype(np.uint8)


@pytest.fixture(scope="module")
def all_bins() -> np.ndarray:
    """The oracle's bin of every color, red by red: uint8 (256, 65536)."""
    return np.stack([rule_of_the_reference(colors) for colors in colors_by_red()])


def colors_by_red():
    """All 2**24 colors in 256 slices (65536, 3)."""
    green_blue = np.indices((256, 256), np.uint8).reshape(2, -1).T
    for red in range(256):
        yield np.insert(green_blue, 0, red, axis=1)


def test_the_written_out_rule_agrees_with_colorgrams_own_hsl():
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (20_000, 3), dtype=np.uint8)
    pixels[:5000, 1] = pixels[:5000, 0]
    pixels[5000:9000, 2] = pixels[5000:9000, 1]
    expected = []
    for r, g, b in pixels.tolist():
        hue, _, lightness = colorgram.colorgram.hsl(r, g, b)
        luminance = int(r * 0.2126 + g * 0.7152 + b * 0.0722)
        expected.append((luminance & 192) >> 2 | (hue & 192) >> 4 | (lightness & 192) >> 6)
    assert np.array_equal(rule_of_the_reference(pixels), expected)


def test_bins_of_all_colors_equal_the_float_rule(all_bins):
    for red, colors in enumerate(colors_by_red()):
        assert np.array_equal(color_bins(colors), all_bins[red]), f"red {red}"


def test_bins_of_all_colors_in_graph_equal_the_float_rule(all_bins):
    import tensorflow as tf

    from tf_deeppaint.palette.graph import _color_bins

    in_graph = tf.function(_color_bins, [tf.TensorSpec([None, 3], tf.uint8)])
    for red, colors in enumerate(colors_by_red()):
        assert np.array_equal(in_graph(colors), all_bins[red]), f"red {red}"


# --- ranks, background, filling -----------------------------------------------------------------

PAPER, RED, BLUE, GREEN, INK = [
    np.array(color, np.uint8)
    for color in ((250, 240, 230), (200, 30, 30), (20, 40, 210), (30, 160, 60), (10, 10, 10))
]


def banded(*colors: np.ndarray) -> np.ndarray:
    """Four equal bands; in each, the colors in columns of 5, 4, 3, ... pixels."""
    row = np.concatenate([np.tile(c, (5 - rank, 1)) for rank, c in enumerate(colors)])
    return np.broadcast_to(row, (8, *row.shape)).copy()


def test_the_default_drops_the_most_frequent_color():
    palette = extract_palette(banded(PAPER, RED, BLUE, GREEN, INK))
    assert np.array_equal(palette, [[RED, BLUE, GREEN, INK]] * 4)


def test_white_drops_near_white_alone():
    assert np.array_equal(extract_palette(banded(PAPER, RED), "white")[0], [RED] + [PAPER] * 3)
    assert np.array_equal(extract_palette(banded(RED, PAPER), "white")[0], [RED, PAPER, RED, RED])


@pytest.mark.parametrize(("least", "dropped"), [(230, True), (229, False)])
def test_near_white_begins_at_230_in_every_channel(least, dropped):
    paper = np.array((255, least, 255), np.uint8)
    first = extract_palette(banded(paper, RED), "white")[0, 0]
    assert np.array_equal(first, RED if dropped else paper)


def test_keep_drops_nothing():
    palette = extract_palette(banded(PAPER, RED, BLUE, GREEN, INK), "keep")
    assert np.array_equal(palette[2], [PAPER, RED, BLUE, GREEN])


@pytest.mark.parametrize("background", LEAVES_OUT)
def test_a_band_of_one_color_holds_it_four_times(background):
    palette = extract_palette(banded(PAPER), background)
    assert np.array_equal(palette, np.broadcast_to(PAPER, (4, 4, 3)))


def test_missing_ranks_repeat_rank_0():
    assert np.array_equal(extract_palette(banded(PAPER, RED, BLUE))[3], [RED, BLUE, PAPER, PAPER])


def test_equal_counts_rank_by_bin():
    ranked = sorted([RED, BLUE, GREEN, INK], key=lambda color: int(color_bins(color)))
    for order in itertools.permutations([RED, BLUE, GREEN, INK]):
        picture = np.broadcast_to(np.array(order), (4, 4, 3)).copy()
        assert np.array_equal(extract_palette(picture, "keep")[0], ranked)


def test_a_color_is_the_mean_of_its_bin_rounded_down():
    picture = np.broadcast_to(np.array([[8, 8, 8], [9, 9, 9]], np.uint8), (4, 2, 3)).copy()
    assert np.array_equal(extract_palette(picture, "keep"), np.full((4, 4, 3), 8))


def test_rows_past_the_fourth_band_are_left_out():
    picture = banded(RED)
    longer = np.concatenate([picture, np.broadcast_to(BLUE, (3, 5, 3))])
    assert np.array_equal(extract_palette(longer, "keep"), extract_palette(picture, "keep"))


@pytest.mark.parametrize(("height", "rows"), [(1, 1), (3, 3), (4, 1), (11, 2), (40, 10)])
def test_bands_are_quarters_from_the_top(height, rows):
    picture = np.random.default_rng(9).integers(0, 256, (height, 7, 3), dtype=np.uint8)
    bands = split_bands(picture)
    assert bands.shape == (4, rows, 7, 3)
    stretched = picture if height >= 4 else picture.repeat(4, axis=0)
    assert np.array_equal(bands.reshape(-1, 7, 3), stretched[: 4 * rows])


@pytest.mark.parametrize("shape", [(2000, 300), (300, 1025), (512, 512), (30, 20), (1, 3000)])
def test_a_reference_is_shrunk_to_512_pixels_first(shape):
    picture = natural_picture(np.random.default_rng(5), *shape)
    longer = max(shape)
    if longer > 512:
        height, width = (max(1, round(side * 512 / longer)) for side in shape)
        shrunk = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    else:
        shrunk = picture
    for background in LEAVES_OUT:
        expected = extract_palette(shrunk, background)
        assert np.array_equal(reference_palette(picture, background), expected)


def test_a_painter_takes_the_palette_of_a_reference_alike():
    from tf_deeppaint.painting.painter import Painter

    picture = natural_picture(np.random.default_rng(6), 700, 400)
    for background in LEAVES_OUT:
        taken = Painter.palette_of(SimpleNamespace(background=background), picture)
        assert np.array_equal(taken, reference_palette(picture, background))


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((8, 8, 3), np.float32),
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((0, 8, 3), np.uint8),
        np.zeros((8, 0, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(picture):
    with pytest.raises(DeepPaintError, match=r"a uint8 picture \(H, W, 3\), not"):
        extract_palette(picture)


def test_an_unknown_background_is_refused():
    with pytest.raises(DeepPaintError, match="'none': choose one of drop, white, keep"):
        extract_palette(banded(RED), "none")


# --- histogram images ---------------------------------------------------------------------------


@pytest.fixture
def palette() -> np.ndarray:
    return np.random.default_rng(4).integers(0, 256, (4, 4, 3), dtype=np.uint8)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (4, 1), (10, 3), (7, 7), (3, 5), (1, 1)])
def test_histogram_image_i_shows_rank_i_of_every_band(palette, height, width):
    histogram = palette_to_histogram(palette, height, width)
    assert histogram.shape == (height, width, 12) and histogram.dtype == np.float32
    for row in range(height):
        band = min(3, row // max(1, height // 4))
        for rank in range(4):
            expected = palette[band, rank] / 127.5 - 1
            shown = histogram[row, :, 3 * rank : 3 * rank + 3]
            assert np.allclose(shown, np.broadcast_to(expected, shown.shape), atol=1e-6)


def test_histogram_images_span_minus_one_to_one():
    palette = np.zeros((4, 4, 3), np.uint8)
    palette[0, 0] = 255
    histogram = palette_to_histogram(palette, 8, 8)
    assert (histogram.min(), histogram.max()) == (-1.0, 1.0)
