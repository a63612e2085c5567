"""The color matcher: what it may depend on, and what its blocks compute."""

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.layer_checks import check_layer
from tests.helpers.numpy_networks import randomize
from tf_deeppaint.networks.matcher.color_matcher import ColorMatcher, fold_pixels
from tf_deeppaint.palette.graph import palettes_to_histograms

SIZE = 64


@pytest.fixture(scope="module")
def matcher() -> ColorMatcher:
    """A small matcher with weights that matter; no test changes it."""
    network = ColorMatcher(2, blocks=1, size=SIZE, background="figure")
    randomize(network, seed=6)
    return network


def inputs(palettes: np.ndarray, height: int = SIZE, width: int = SIZE) -> dict:
    rng = np.random.default_rng(1)
    sketch = rng.uniform(-1, 1, (len(palettes), height, width, 1)).repeat(3, axis=-1)
    return {
        "sketch": sketch.astype("float32"),
        "histogram": palettes_to_histograms(palettes, height, width),
    }


def some_palettes(count: int = 2, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (count, 4, 4, 3)).astype("float32")


def test_a_mixture_is_of_the_canvas_size_and_its_weights_sum_to_one(matcher):
    mixture, maps = matcher.forward(inputs(some_palettes(), 64, 128))
    assert [part.shape for part in mixture] == [(2, 64, 128, 18), (2, 64, 128, 1), (2, 64, 128, 1)]
    np.testing.assert_allclose(np.sum(mixture.weights, axis=-1), 1.0, rtol=1e-5)
    assert np.asarray(mixture.weights).std(axis=(1, 2)).max() > 1e-3
    assert maps == []


def test_a_change_of_one_color_changes_the_weights_of_others(matcher):
    """Colors look at each other: in `heads.PaletteMixture` a color's logits are its own affair."""
    palettes = some_palettes(1)
    changed = palettes.copy()
    changed[0, 0, 0] = -changed[0, 0, 0]
    logits, other = (np.asarray(matcher.match(inputs(p))[0]) for p in (palettes, changed))
    assert np.abs(logits - other)[..., 1:16].max() > 1e-3


def test_the_drawing_far_away_changes_the_weights_of_a_place(matcher):
    given = inputs(some_palettes(1), 64, 192)
    far = {**given, "sketch": given["sketch"].copy()}
    far["sketch"][:, :, 160:] = 1.0
    logits, other = (np.asarray(matcher.match(i)[0]) for i in (given, far))
    assert np.abs(logits - other)[:, :, :8].max() > 1e-4


def test_the_levels_of_a_sketch_are_read_as_ink(matcher):
    """Three equal channels: nothing but the first is read."""
    given = inputs(some_palettes(1))
    changed = {**given, "sketch": given["sketch"].copy()}
    changed["sketch"][..., 1:] = 0.0
    np.testing.assert_array_equal(matcher.match(given)[0], matcher.match(changed)[0])


def test_it_is_built_copied_saved_loaded_and_trained_in_every_precision(tmp_path):
    given = inputs(some_palettes(1))
    check_layer(
        lambda **options: ColorMatcher(2, blocks=1, size=SIZE, **options),
        ({key: np.asarray(value) for key, value in given.items()},),
        tmp_path,
        trainable=120,
        non_trainable=42,
        output_dtype="float32",
    )


def test_four_pixels_become_four_channels():
    x = np.arange(16.0).reshape(1, 4, 4, 1)
    folded = np.asarray(fold_pixels(x))
    assert folded.shape == (1, 2, 2, 4)
    assert folded[0, 1, 0].tolist() == [8, 9, 12, 13]


def test_without_a_palette_there_is_nothing_to_match():
    with pytest.raises(ValueError, match="histogram"):
        ColorMatcher(2, histogram=False)


def test_a_graph_takes_pictures_of_any_size():
    matcher = ColorMatcher(width=4, blocks=1, size=64)
    specs = {
        "sketch": tf.TensorSpec((None, None, None, 3)),
        "histogram": tf.TensorSpec((None, None, None, 12)),
    }
    graph = tf.function(matcher, [specs], autograph=False)
    rng = np.random.default_rng(0)
    for height, width in ((64, 64), (128, 64)):
        shape = (2, height, width)
        inputs = {
            "sketch": np.repeat(rng.uniform(-1, 1, (*shape, 1)).astype(np.float32), 3, axis=-1),
            "histogram": np.full((*shape, 12), 0.5, np.float32),
        }
        tensors = {name: tf.constant(values) for name, values in inputs.items()}
        np.testing.assert_allclose(graph(tensors), matcher(inputs), atol=1e-5)
