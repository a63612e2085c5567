"""Mixing in NumPy: equal to the formula written out, and to the network's own in the graph."""

import keras
import numpy as np
import pytest

from tf_deeppaint.networks import heads
from tf_deeppaint.palette.mixing import SLOTS, Mixture, mix, mix_color


@pytest.fixture(name="rng")
def make_rng() -> np.random.Generator:
    return np.random.default_rng(3)


def random_mixture(rng, height: int, width: int) -> Mixture:
    weights = rng.random((height, width, SLOTS), np.float32) ** 4
    weights /= weights.sum(-1, keepdims=True)
    shade = rng.uniform(0.7, 1.3, (height, width, 1)).astype(np.float32)
    return Mixture(weights, shade, rng.random((height, width, 1), np.float32))


def mix_pixel(mixture: Mixture, palette: np.ndarray, y: int, x: int, ink: bool) -> list:
    """The formula of `mixing` for one pixel, number by number."""
    colors = [*palette.reshape(16, 3).tolist(), [255] * 3, [0] * 3]
    pixel = []
    for channel in range(3):
        parts = zip(mixture.weights[y, x].tolist(), colors, strict=True)
        value = sum(weight * color[channel] for weight, color in parts)
        value = min(value * mixture.shade[y, x, 0].item(), 255.0)
        pixel.append(value * (1 - mixture.ink[y, x, 0].item()) if ink else value)
    return pixel


@pytest.mark.parametrize("ink", [True, False])
def test_every_pixel_is_the_formulas(rng, ink):
    mixture = random_mixture(rng, 4, 5)
    palette = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    mixed = (mix if ink else mix_color)(mixture, palette)
    assert mixed.dtype == np.uint8
    expected = [[mix_pixel(mixture, palette, y, x, ink) for x in range(5)] for y in range(4)]
    np.testing.assert_allclose(mixed, expected, atol=0.501)


def test_numpy_mixes_as_the_network_does(rng):
    mixtures = [random_mixture(rng, 16, 12) for _ in range(3)]
    palettes = rng.integers(0, 256, (3, 4, 4, 3), dtype=np.uint8)
    batch = Mixture(*map(np.stack, zip(*mixtures, strict=True)))
    scaled = palettes.astype(np.float32) / 127.5 - 1
    pictures = keras.ops.convert_to_numpy(heads.mix(batch, scaled))
    colors = keras.ops.convert_to_numpy(heads.mix_color(batch, scaled))
    for n, (mixture, palette) in enumerate(zip(mixtures, palettes, strict=True)):
        np.testing.assert_allclose(mix(mixture, palette), (pictures[n] + 1) * 127.5, atol=0.501)
        np.testing.assert_allclose(mix_color(mixture, palette), 255 * colors[n], atol=0.501)


def test_each_slot_is_its_own_color():
    """One pixel a slot: the palette band by band, then white and black."""
    palette = np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5
    ones = np.ones((1, SLOTS, 1), np.float32)
    mixture = Mixture(np.eye(SLOTS, dtype=np.float32)[None], ones, 0 * ones)
    expected = [*palette.reshape(16, 3).tolist(), [255] * 3, [0] * 3]
    np.testing.assert_array_equal(mix(mixture, palette)[0], expected)


def test_a_light_shade_ends_at_white_and_full_ink_is_black():
    weights = np.zeros((1, 2, SLOTS), np.float32)
    weights[..., 0] = 1
    shade = np.full((1, 2, 1), 1.3, np.float32)
    ink = np.array([0, 1], np.float32).reshape(1, 2, 1)
    palette = np.full((4, 4, 3), (250, 100, 0), np.uint8)
    mixture = Mixture(weights, shade, ink)
    np.testing.assert_array_equal(mix(mixture, palette)[0], [[255, 130, 0], [0, 0, 0]])
    np.testing.assert_array_equal(mix_color(mixture, palette)[0], [[255, 130, 0]] * 2)
