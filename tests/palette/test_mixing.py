"""Mixing in NumPy: equal to the formula written out, and to the network's own in the graph."""

import keras
import numpy as np
import pytest

from tf_deeppaint.networks import mixture
from tf_deeppaint.palette.mixing import SLOTS, Mixture, mix, mix_color


@pytest.fixture(name="rng")
def make_rng() -> np.random.Generator:
    return np.random.default_rng(3)


def random_mixture(rng, count: int, height: int, width: int) -> Mixture:
    weights = rng.random((count, height, width, SLOTS), np.float32) ** 4
    weights /= weights.sum(-1, keepdims=True)
    shade = rng.uniform(0.7, 1.3, (count, height, width, 1)).astype(np.float32)
    return Mixture(weights, shade, rng.random((count, height, width, 1), np.float32))


def by_hand(found: Mixture, palettes: np.ndarray, n: int, y: int, x: int, ink: bool) -> list:
    """The formula of `mixture`, for one pixel, number by number."""
    colors = [*palettes[n].reshape(16, 3).tolist(), [255] * 3, [0] * 3]
    pixel = []
    for channel in range(3):
        parts = zip(found.weights[n, y, x].tolist(), colors, strict=True)
        value = sum(weight * color[channel] for weight, color in parts)
        value = min(value * found.shade[n, y, x, 0].item(), 255.0)
        pixel.append(value * (1 - found.ink[n, y, x, 0].item()) if ink else value)
    return pixel


@pytest.mark.parametrize("ink", [True, False])
def test_every_pixel_is_the_formulas(rng, ink):
    found = random_mixture(rng, 2, 4, 5)
    palettes = rng.integers(0, 256, (2, 4, 4, 3), dtype=np.uint8)
    mixed = (mix if ink else mix_color)(found, palettes)
    assert mixed.dtype == np.uint8
    expected = [
        [[by_hand(found, palettes, n, y, x, ink) for x in range(5)] for y in range(4)]
        for n in range(2)
    ]
    np.testing.assert_allclose(mixed, expected, atol=0.501)


def test_numpy_mixes_as_the_network_does(rng):
    found = random_mixture(rng, 3, 16, 12)
    palettes = rng.integers(0, 256, (3, 4, 4, 3), dtype=np.uint8)
    scaled = palettes.astype(np.float32) / 127.5 - 1
    network = keras.ops.convert_to_numpy(mixture.mix(found, scaled))
    np.testing.assert_allclose(mix(found, palettes), (network + 1) * 127.5, atol=0.501)


def test_each_slot_is_its_own_color():
    """One pixel a slot: the palette band by band, then white and black."""
    palette = np.arange(48, dtype=np.uint8).reshape(1, 4, 4, 3) * 5
    one = np.ones((1, 1, SLOTS, 1), np.float32)
    found = Mixture(np.eye(SLOTS, dtype=np.float32)[None, None], one, 0 * one)
    expected = [*palette.reshape(16, 3).tolist(), [255] * 3, [0] * 3]
    np.testing.assert_array_equal(mix(found, palette)[0, 0], expected)


def test_a_light_shade_ends_at_white_and_full_ink_is_black():
    weights = np.zeros((1, 1, 2, SLOTS), np.float32)
    weights[..., 0] = 1
    shade = np.full((1, 1, 2, 1), 1.3, np.float32)
    ink = np.array([0, 1], np.float32).reshape(1, 1, 2, 1)
    palette = np.full((1, 4, 4, 3), (250, 100, 0), np.uint8)
    found = Mixture(weights, shade, ink)
    np.testing.assert_array_equal(mix(found, palette)[0, 0], [[255, 130, 0], [0, 0, 0]])
    np.testing.assert_array_equal(mix_color(found, palette)[0, 0], [[255, 130, 0]] * 2)
