"""Sketches follow the published formula, look like lines, and are drawn in batches."""

import cv2
import numpy as np
import pytest

from tests.helpers.sketches import draw_sketch
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.line_art.sketch_keras import draw_line_map
from tf_deeppaint.line_art.styles import CHOICES, STYLES, draw_styles
from tf_deeppaint.utils.errors import DeepPaintError


@pytest.fixture(scope="module")
def drawn() -> np.ndarray:
    """A pale disc and a nearly black square on paper."""
    picture = np.full((256, 256, 3), 255, np.uint8)
    cv2.circle(picture, (80, 80), 50, (240, 180, 150), -1)
    cv2.rectangle(picture, (140, 140), (230, 230), (25, 20, 30), -1)
    return picture


@pytest.fixture(scope="module")
def doll() -> np.ndarray:
    source = Dolls(1, seed=5)
    return source.load(next(iter(source.examples())), 192).picture


@pytest.mark.parametrize("style", STYLES)
def test_a_sketch_is_gray_and_of_the_pictures_size(style, drawn):
    sketch = draw_sketch(drawn[:200], style)
    assert sketch.shape == (200, 256) and sketch.dtype == np.uint8


@pytest.mark.parametrize("style", STYLES)
def test_flat_areas_stay_white_even_dark_ones(style, drawn):
    sketch = draw_sketch(drawn, style)
    paper, pale, dark = sketch[10:20, 200:250], sketch[70:90, 70:90], sketch[170:200, 170:200]
    assert min(paper.min(), pale.min(), dark.min()) == 255


@pytest.mark.parametrize("style", STYLES)
def test_edges_are_dark(style, drawn):
    sketch = draw_sketch(drawn, style)
    edge_of_square = sketch[180, 133:148]
    assert edge_of_square.min() < 60
    edge_of_disc = sketch[80, 22:38]
    assert edge_of_disc.min() < 200


@pytest.mark.parametrize("style", STYLES)
def test_lines_take_a_small_part_of_a_doll(style, doll):
    dark = (draw_sketch(doll, style) < 128).mean()
    assert 0.002 < dark < 0.25


def test_bold_lines_are_broader_than_thin_ones(drawn):
    thin, bold = (np.sum(draw_sketch(drawn, style) < 128) for style in ("thin", "bold"))
    assert bold > 1.3 * thin


def test_soft_lines_are_gray_and_grow_with_contrast(drawn):
    soft = draw_sketch(drawn, "soft")
    assert soft[180, 133:148].min() < soft[80, 22:38].min() < 250
    hard = draw_sketch(drawn, "thin")
    assert np.mean((soft > 20) & (soft < 235)) > np.mean((hard > 20) & (hard < 235))


def test_the_three_styles_differ(doll):
    sketches = {draw_sketch(doll, style).tobytes() for style in STYLES}
    assert len(sketches) == 3


# --- the formula --------------------------------------------------------------------------------


def gaussian_blur(gray: np.ndarray, sigma: float) -> np.ndarray:
    """In float64, edges mirrored as OpenCV does; its kernel reaches out to 4 sigma in floats."""
    reach = (round(sigma * 8 + 1) | 1) // 2
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        widths = [(reach, reach) if a == axis else (0, 0) for a in (0, 1)]
        padded = np.pad(gray, widths, mode="reflect")
        gray = np.apply_along_axis(np.convolve, axis, padded, kernel, "valid")
    return gray


def xdog(picture: np.ndarray, sigma, k, tau, epsilon, phi) -> np.ndarray:
    """Winnemoeller's formula, written out."""
    gray = np.rint(picture @ np.array([0.299, 0.587, 0.114])) / 255
    sigma *= max(0.5, max(gray.shape) / 512)
    u = gaussian_blur(gray, sigma) - tau * gaussian_blur(gray, k * sigma)
    return np.where(u >= epsilon, 1.0, 1.0 + np.tanh(phi * (u - epsilon)))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", [96, 400])
def test_sketches_equal_the_written_out_formula(style, size):
    rng = np.random.default_rng(2)
    coarse = rng.integers(0, 256, (size // 16, size // 16, 3)).astype(np.float32)
    smooth = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_NEAREST)
    picture = np.clip(smooth + rng.normal(0, 2, smooth.shape), 0, 255).astype(np.uint8)
    difference = draw_sketch(picture, style) / 255 - xdog(picture, *STYLES[style])
    # A gray value that OpenCV rounds the other way moves a steep edge a little.
    assert np.abs(difference).mean() < 0.005
    assert np.abs(difference).max() < 0.3


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (3, 500)])
def test_the_smallest_and_narrowest_pictures_have_a_sketch(style, shape):
    white = np.full((*shape, 3), 255, np.uint8)
    assert np.array_equal(draw_sketch(white, style), white[..., 0])


# --- one of the three at random -----------------------------------------------------------------


def by_chance(picture: np.ndarray, seed: int, style: str = "xdog") -> np.ndarray:
    return draw_sketch(picture, style, np.random.default_rng(seed))


def test_chance_is_decided_by_the_seed(doll):
    assert np.array_equal(by_chance(doll, 3), by_chance(doll, 3))
    assert len({by_chance(doll, seed).tobytes() for seed in range(12)}) > 8


def test_chance_takes_every_style(doll):
    """Each style, its line width varied, is nearer to some sketches than the others are."""
    plain = np.stack([draw_sketch(doll, style).astype(float) for style in STYLES])
    nearest = [np.abs(plain - by_chance(doll, seed)).mean((1, 2)).argmin() for seed in range(15)]
    assert set(nearest) == {0, 1, 2}


def test_a_mixture_without_a_network_is_one_of_the_three(doll):
    for seed in range(5):
        assert np.array_equal(by_chance(doll, seed, "mixture"), by_chance(doll, seed))


# --- batches ------------------------------------------------------------------------------------


class Ramp:
    """Stands in for the network: a picture's map is its red channel, and runs are counted."""

    def __init__(self):
        self.runs = []

    def line_maps(self, pictures) -> np.ndarray:
        self.runs.append(len(pictures))
        return np.stack([picture[..., 0] / 255 for picture in pictures]).astype(np.float32)


@pytest.fixture(scope="module")
def batch() -> list[np.ndarray]:
    source = Dolls(7, seed=5)
    return [source.load(drawing, 64).picture for drawing in source.examples()]


def generators(count: int, first: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng(seed) for seed in range(first, first + count)]


DRAWN = [style for style in CHOICES if style != "own"]


def test_the_names_of_the_styles():
    assert (
        *("thin", "bold", "soft", "xdog", "sketchkeras", "sketchkeras_pured", "mixture", "own"),
    ) == CHOICES


def test_a_batch_is_drawn_in_every_style_in_order(batch):
    sketches = draw_styles(DRAWN, generators(7), batch, Ramp())
    assert [len(of_one) for of_one in sketches] == [7] * 7
    for picture, of_one in zip(batch, sketches, strict=True):
        drawn = dict(zip(DRAWN, of_one, strict=True))
        assert all(s.shape == (64, 64) and s.dtype == np.uint8 for s in of_one)
        for style in STYLES:
            assert np.array_equal(drawn[style], draw_sketch(picture, style))
        ramp = picture[..., 0] / np.float32(255)
        assert np.array_equal(drawn["sketchkeras"], draw_line_map(ramp, 0.1))
        assert np.array_equal(drawn["sketchkeras_pured"], draw_line_map(ramp, 0.18))


@pytest.mark.parametrize("styles", [["mixture"], ["xdog", "mixture", "thin"], DRAWN])
def test_a_pictures_sketches_do_not_depend_on_the_batch(batch, styles):
    together = draw_styles(styles, generators(7), batch, Ramp())
    for number in reversed(range(7)):
        alone = draw_styles(styles, generators(1, number), [batch[number]], Ramp())[0]
        assert np.array_equal(together[number], alone)


def test_the_network_runs_once_for_those_that_need_it(batch):
    network = Ramp()
    draw_styles(["sketchkeras", "mixture", "sketchkeras_pured"], generators(7), batch, network)
    assert network.runs == [7]
    draw_styles(["thin", "xdog"], generators(7), batch, network)
    assert network.runs == [7]
    draw_styles([], generators(7), batch, network)
    assert network.runs == [7]


def test_a_mixture_takes_the_network_as_often_as_each_other_style():
    network, ramp = Ramp(), np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 256, 3)
    of_all = draw_styles(["mixture"], generators(400), [ramp] * 400, network)
    assert len(network.runs) == 1 and 70 < network.runs[0] < 130
    levels = np.arange(256) / 255
    by_network = [s for [s] in of_all if np.array_equal(s[0, 60:], np.arange(195, -1, -1))]
    assert len(by_network) == network.runs[0]
    cuts = [levels[np.argmax(sketch[0] < 255)] for sketch in by_network]
    assert 0.1 <= min(cuts) < 0.12 and 0.16 < max(cuts) <= 0.185


def test_a_mixture_without_a_network_is_xdog_in_batches_too(batch):
    mixed = draw_styles(["mixture", "soft"], generators(7), batch)
    xdog = draw_styles(["xdog", "soft"], generators(7), batch)
    assert np.array_equal(mixed, xdog)


@pytest.mark.parametrize("style", ["crayon", "own", ""])
def test_an_unknown_style_is_refused(drawn, style):
    known = "thin, bold, soft, xdog, sketchkeras, sketchkeras_pured, mixture$"
    with pytest.raises(DeepPaintError, match=rf"'{style}': choose one of {known}"):
        draw_styles([style], generators(1), [drawn])
    with pytest.raises(DeepPaintError, match=rf"'{style}': choose one of {known}"):
        draw_styles(["thin", style], generators(1), [drawn], Ramp())


@pytest.mark.parametrize("style", ["sketchkeras", "sketchkeras_pured"])
def test_the_networks_styles_need_it(drawn, style):
    with pytest.raises(DeepPaintError, match=rf"'{style}': name the network's file"):
        draw_styles([style], generators(1), [drawn])
    with pytest.raises(DeepPaintError, match=rf"'{style}': name the network's file"):
        draw_styles(["thin", style], [None], [drawn])
