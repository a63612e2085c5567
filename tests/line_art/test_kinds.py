"""The kind of a page is found only where it is certain: no sketch is taken for another kind."""

import cv2
import numpy as np
import pytest

from experiments.sketch_kinds import pictures, scans, sketches
from experiments.sketch_kinds.drawings import (
    add_noise,
    ink,
    lay,
    light_falling_off,
    to_levels,
)
from tests.helpers.traced_dolls import traced_dolls
from tf_deeppaint.line_art.kinds import TO_CLEAN, Kind, find_kind

SEEDS = range(3)
EXPECTED = {
    scans.inverted: {Kind.INVERTED},
    scans.chalk: {Kind.INVERTED},
    scans.pencil: {Kind.PENCIL, Kind.SCAN},  # dark pencil is as ink
    scans.scan: {Kind.SCAN, Kind.PENCIL},
    scans.border_shadow: {Kind.SCAN},
    scans.tinted: {Kind.SCAN},
    scans.light_layer: {Kind.LAYER},
    pictures.colored: {Kind.COLORED},
    pictures.half_colored: {Kind.COLORED},
    pictures.watercolor: {Kind.COLORED},
}
DARK_OR_GRAY = (pictures.before_night, pictures.starry_night, pictures.grays)


def named(maker) -> str:
    return maker.__name__


def draw(maker, seed: int) -> np.ndarray:
    return maker(traced_dolls()[seed % 4], np.random.default_rng((11, seed)))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("maker", sketches.MAKERS, ids=named)
def test_a_sketch_is_nothing_else(maker, seed):
    assert find_kind(draw(maker, seed)) in (Kind.SKETCH, Kind.UNKNOWN)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("maker", EXPECTED, ids=named)
def test_the_kind_of_every_other_page_is_found(maker, seed):
    assert find_kind(draw(maker, seed)) in EXPECTED[maker]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("maker", DARK_OR_GRAY, ids=named)
def test_dark_and_gray_pictures_are_no_drawings_to_clean(maker, seed):
    """Black sky with stars may be a drawing in black and white as it stands."""
    assert find_kind(draw(maker, seed)) not in TO_CLEAN


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("clothes", [(150, 30, 30), (40, 110, 50), (30, 40, 140)])
def test_a_photograph_of_a_figure_in_dark_clothes_is_none(clothes, seed):
    """Sleeves and legs are as narrow as lines, and their color is not that of the lines."""
    rng = np.random.default_rng((13, seed))
    page = np.full((700, 700, 3), 225, np.float32)
    for end in ((250, 380), (450, 380), (320, 640), (390, 640)):
        cv2.line(page, (350, 250), end, (20, 20, 25), 44)
        cv2.line(page, (350, 250), end, clothes, 34)
    cv2.circle(page, (350, 170), 60, (20, 20, 25), 6)
    page = add_noise(page * light_falling_off(rng, 700, 0.7), rng, 3)
    assert find_kind(page) not in TO_CLEAN


@pytest.mark.parametrize("width", [0.3, 0.8, 1.4, 2.2])
@pytest.mark.parametrize("solid", [0, 2])
def test_light_lines_of_one_width_are_lines_though_areas_are_solid(width, solid):
    for doll in traced_dolls()[:2]:
        page = 240 - to_levels(lay(ink(doll, 640, width, solid), 235, 0))[..., 0]
        assert find_kind(page) is Kind.INVERTED


def test_every_sort_of_page_is_tested():
    assert {*EXPECTED, *DARK_OR_GRAY} == {*scans.MAKERS, *pictures.MAKERS}


@pytest.mark.parametrize(
    "color", [(0, 0, 0), (85, 85, 85), (170, 170, 170), (120, 60, 20), (60, 90, 200)]
)
@pytest.mark.parametrize("percent", [0.05, 0.1, 0.3, 1, 3])
def test_every_pen_draws_a_sketch(percent, color):
    for side, doll in ((500, traced_dolls()[0]), (1500, traced_dolls()[3])):
        page = to_levels(lay(ink(doll, side, percent), 255, color))
        assert find_kind(page) is Kind.SKETCH


def test_a_photograph_of_a_drawing_is_a_scan_whatever_its_channels():
    amount = ink(traced_dolls()[1], 1400, 0.4)
    light = np.linspace(1, 0.6, 1400)[:, None, None]
    noise = np.random.default_rng(2).normal(0, 3, (1400, 1400, 1))
    gray = to_levels(lay(amount, 220, 40) * light + noise)[..., 0]
    rgb = cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB)
    opaque = np.dstack([rgb, np.full_like(gray, 255)])
    assert {find_kind(page) for page in (gray, rgb, opaque, rgb[:, ::-1], rgb.swapaxes(0, 1))} == {
        Kind.SCAN
    }


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 3000), (3000, 1), (7, 5), (23, 23), (24, 24), (24, 5000)]
)
@pytest.mark.parametrize("channels", [(), (3,), (4,)])
def test_pages_of_any_size_have_a_kind_and_small_ones_none_for_certain(shape, channels):
    noise = np.random.default_rng(3).integers(0, 256, (*shape, *channels), dtype=np.uint8)
    for page in (noise, *(np.full_like(noise, level) for level in (0, 100, 255))):
        kind = find_kind(page)
        assert kind not in TO_CLEAN
        assert min(shape) >= 24 or kind is Kind.UNKNOWN
