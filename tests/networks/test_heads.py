"""The palette-mixture head: against loops and the NumPy network, and what it promises."""

import numpy as np
import pytest

from tests.helpers import numpy_networks as oracle
from tests.helpers.layer_checks import check_layer
from tf_deeppaint.images.pixels import from_signed_unit_range, to_signed_unit_range
from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.networks.heads import PaletteMixture, mix
from tf_deeppaint.networks.inputs import histogram_to_palette
from tf_deeppaint.palette.extraction import palette_to_histogram
from tf_deeppaint.palette.mixing import SLOTS, Mixture

# Bands of two rows.
HEIGHT, WIDTH, CHANNELS = 8, 5, 6


def some_palettes(count: int = 2, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (count, 4, 4, 3)).astype("float32")


def some_inputs(count: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, a sketch and a palette each."""
    rng = np.random.default_rng(1)
    features = rng.normal(size=(count, HEIGHT, WIDTH, CHANNELS)).astype("float32")
    lines = rng.uniform(-1, 1, (count, HEIGHT, WIDTH, 1)).astype("float32")
    return features, lines.repeat(3, axis=-1), some_palettes(count)


def some_mixture(count: int = 2) -> Mixture:
    rng = np.random.default_rng(2)
    shape = (count, HEIGHT, WIDTH)
    # Many pixels of nearly one color, so that a bright one under much light has to be clipped.
    weights = rng.dirichlet(np.full(18, 0.1), shape).astype("float32")
    shade, ink = (
        rng.uniform(*ends, (*shape, 1)).astype("float32") for ends in ((0.7, 1.3), (0, 1))
    )
    return Mixture(weights, shade, ink)


def painted_alone(slots: np.ndarray) -> Mixture:
    """A mixture of one color a pixel, neither shaded nor lined."""
    weights = np.eye(18, dtype="float32")[slots]
    return Mixture(weights, np.ones_like(weights[..., :1]), np.zeros_like(weights[..., :1]))


# --- mixing -------------------------------------------------------------------------------------


def test_a_picture_is_mixed_pixel_by_pixel() -> None:
    mixed, palettes = some_mixture(), some_palettes()
    expected = np.zeros((2, HEIGHT, WIDTH, 3))
    clipped = 0
    for n, y, x in np.ndindex(2, HEIGHT, WIDTH):
        colors = [(rgb + 1) / 2 for band in palettes[n] for rgb in band] + [
            np.ones(3),
            np.zeros(3),
        ]
        pixel = sum(w * c for w, c in zip(mixed.weights[n, y, x], colors, strict=True))
        pixel = pixel * mixed.shade[n, y, x, 0]
        clipped += (pixel > 1).any()
        expected[n, y, x] = 2 * np.minimum(pixel, 1) * (1 - mixed.ink[n, y, x, 0]) - 1
    assert clipped
    np.testing.assert_allclose(mix(mixed, palettes), expected, atol=1e-6)


def test_a_color_painted_alone_comes_out_exactly() -> None:
    palettes = np.random.default_rng(3).integers(0, 256, (2, 4, 4, 3), dtype=np.uint8)
    slots = np.arange(2 * 4 * 9).reshape(2, 4, 9) % 18
    picture = mix(painted_alone(slots), to_signed_unit_range(palettes))
    for n, y, x in np.ndindex(slots.shape):
        colors = [*palettes[n].reshape(16, 3), (255, 255, 255), (0, 0, 0)]
        np.testing.assert_array_equal(
            from_signed_unit_range(picture)[n, y, x], colors[slots[n, y, x]]
        )


def test_another_palette_recolors_each_pixel_by_the_same_slot() -> None:
    slots = np.random.default_rng(4).integers(0, 16, (2, HEIGHT, WIDTH))
    alone, one, two = painted_alone(slots), some_palettes(seed=5), some_palettes(seed=6)
    for palettes in (one, two):
        expected = np.stack([p.reshape(16, 3)[s] for p, s in zip(palettes, slots, strict=True)])
        np.testing.assert_allclose(mix(alone, palettes), expected, atol=1e-6)
    # A color that changes is seen where it has a weight, and there in proportion to it.
    mixed = some_mixture()
    changed = one.copy()
    changed[:, 2, 1] = -one[:, 2, 1]
    soft = mixed._replace(shade=np.full_like(mixed.shade, 0.7))
    moved = np.asarray(mix(soft, changed)) - mix(soft, one)
    weight = 0.7 * soft.weights[..., 4 * 2 + 1, None] * (1 - soft.ink)
    np.testing.assert_allclose(moved, weight * (changed - one)[:, None, None, 2, 1], atol=1e-6)


def test_the_palette_of_histogram_images_is_the_one_they_were_drawn_from() -> None:
    palettes = np.random.default_rng(7).integers(0, 256, (3, 4, 4, 3), dtype=np.uint8)
    drawn = np.stack([palette_to_histogram(palette, 64, 128) for palette in palettes])
    np.testing.assert_array_equal(histogram_to_palette(drawn), to_signed_unit_range(palettes))


# --- the head -----------------------------------------------------------------------------------


def test_the_head_equals_the_numpy_network() -> None:
    head, inputs = PaletteMixture(dtype="float64"), some_inputs()
    head(*inputs)
    oracle.randomize(head, seed=6)
    # Far apart, so that a band in another's place would show.
    head.band_offset.assign([0.5, -1.0, 0.3, 1.1, -0.4, 0.8, -0.2])
    expected = oracle.palette_mixture(*inputs, head)
    # What is left is float32 rounding after the convolution.
    for found, part in zip(head(*inputs), expected, strict=True):
        np.testing.assert_allclose(found, part, rtol=0, atol=2e-6)
        assert part.std() > 0.02


def test_weights_shade_and_ink_keep_to_their_ranges() -> None:
    head, (features, sketch, palettes) = PaletteMixture(), some_inputs()
    # A loud convolution drives softmax, tanh and sigmoid to their ends.
    mixed = head(50 * features, sketch, palettes)
    weights, shade, ink = map(np.asarray, mixed)
    assert weights.shape == (2, HEIGHT, WIDTH, 18) and weights.min() >= 0
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
    assert 0.7 - 1e-6 <= shade.min() < 0.75 and 1.25 < shade.max() <= 1.3 + 1e-6
    lines = 1 - (sketch[..., :1] + 1) / 2
    assert (ink >= 0).all() and (ink <= lines + 1e-6).all()
    picture = np.asarray(mix(mixed, palettes))
    assert -1 <= picture.min() < picture.max() <= 1


def test_a_fresh_head_prefers_the_own_band_and_shows_every_line() -> None:
    head, (features, sketch, palettes) = PaletteMixture(), some_inputs()
    weights, shade, ink = map(np.asarray, head(0 * features, sketch, palettes))
    whole = 4 * np.exp(4) + 12 + 2
    for y in range(HEIGHT):
        expected = np.full(18, 1 / whole)
        own = 4 * (y // (HEIGHT // 4))
        expected[own : own + 4] = np.exp(4) / whole
        np.testing.assert_allclose(
            weights[:, y], np.broadcast_to(expected, (2, WIDTH, 18)), rtol=1e-5
        )
    np.testing.assert_array_equal(shade, 1)
    np.testing.assert_allclose(ink, (1 - sketch[..., :1]) / 2 / (1 + np.exp(-2)), atol=1e-6)


def test_no_ink_is_on_white_paper() -> None:
    features, sketch, palettes = some_inputs()
    head = PaletteMixture()
    assert (np.asarray(head(50 * features, np.ones_like(sketch), palettes).ink) == 0).all()


def test_the_head_can_be_copied_saved_trained_and_run_in_any_precision(tmp_path) -> None:
    # Three kernels with their biases, and the bands' offsets.
    check_layer(PaletteMixture, some_inputs(), tmp_path, 7, 0, output_dtype="float32")


# --- in the generator ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def generator() -> Generator:
    """A generator whose weights matter; no test changes it."""
    network = Generator(2, size=64, head_kind="mixture", seed=5)
    oracle.randomize(network, seed=6)
    return network


def generator_inputs(palettes: np.ndarray) -> dict:
    drawn = [palette_to_histogram(from_signed_unit_range(p), 64, 64) for p in palettes]
    lines = np.random.default_rng(8).uniform(-1, 1, (len(palettes), 64, 64, 1))
    return {"sketch": lines.repeat(3, axis=-1).astype("float32"), "histogram": np.stack(drawn)}


def test_what_the_generator_paints_is_the_mixture_of_its_head(generator) -> None:
    inputs = generator_inputs(some_palettes())
    mixed, _ = generator.forward(inputs)
    assert isinstance(mixed, Mixture)
    assert [part.shape[-1] for part in mixed] == [SLOTS, 1, 1]
    picture = np.asarray(generator(inputs))
    np.testing.assert_allclose(
        mix(mixed, histogram_to_palette(inputs["histogram"])), picture, atol=1e-6
    )
    assert picture.std() > 0.05


def test_a_palette_of_one_color_leaves_only_its_shades_white_and_black(generator) -> None:
    """A picture obeys its palette by construction."""
    red = np.broadcast_to(np.float32([1, -1, -1]), (1, 4, 4, 3))
    picture = np.asarray(generator(generator_inputs(red)))
    # Green and blue come from white alone, in like parts.
    np.testing.assert_allclose(picture[..., 1], picture[..., 2], atol=1e-6)
    assert (picture[..., 0] >= picture[..., 1] - 1e-6).all()
    assert (picture[..., 0] > picture[..., 1] + 0.1).mean() > 0.5
