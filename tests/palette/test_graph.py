"""Palettes in the graph: in `tf.data`, in a SavedModel, compiled by XLA."""

import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint import extract_palette, palette_to_histogram
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.palette.graph import extract_palettes, palettes_to_histograms
from tf_deeppaint.palette.rules import LEAVES_OUT
from tf_deeppaint.utils.errors import DeepPaintError

ANY_BATCH = tf.TensorSpec([None, None, None, 3], tf.uint8)


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """Dolls and noise, uint8 (7, 42, 42, 3)."""
    dolls = Dolls(4, seed=1)
    drawn = [dolls.load(drawing, 42).picture for drawing in dolls.examples()]
    noise = np.random.default_rng(0).integers(0, 256, (3, 42, 42, 3), dtype=np.uint8)
    return np.concatenate([drawn, noise])


def one_by_one(pictures: np.ndarray, background: str = "drop") -> np.ndarray:
    return np.stack([extract_palette(picture, background) for picture in pictures])


@pytest.mark.parametrize("background", LEAVES_OUT)
def test_batches_of_unknown_sizes_inside_tf_data(pictures, background):
    batches = tf.data.Dataset.from_generator(
        lambda: iter([pictures[:4], pictures[4:, :31, :17], pictures[:2, :3]]),
        output_signature=ANY_BATCH,
    )
    found = list(batches.map(lambda batch: extract_palettes(batch, background)).as_numpy_iterator())
    for palettes, batch in zip(
        found, [pictures[:4], pictures[4:, :31, :17], pictures[:2, :3]], strict=True
    ):
        assert palettes.dtype == np.uint8
        assert np.array_equal(palettes, one_by_one(batch, background))


def test_after_batching_inside_tf_data(pictures):
    dataset = tf.data.Dataset.from_tensor_slices(pictures).batch(3).map(extract_palettes)
    assert np.array_equal(np.concatenate(list(dataset.as_numpy_iterator())), one_by_one(pictures))


class PaletteModule(tf.Module):
    @tf.function(input_signature=[ANY_BATCH])
    def palettes(self, pictures):
        return extract_palettes(pictures, "white")


def test_inside_a_saved_model_that_is_loaded_again(pictures, tmp_path):
    tf.saved_model.save(PaletteModule(), str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    for batch in (pictures, pictures[:1, :2]):
        assert np.array_equal(loaded.palettes(batch), one_by_one(batch, "white"))


@pytest.mark.parametrize(
    "background",
    ["white", *(pytest.param(rule, marks=pytest.mark.slow) for rule in ("drop", "keep"))],
)
def test_compiled_by_xla(pictures, background):
    compiled = tf.function(lambda batch: extract_palettes(batch, background), jit_compile=True)
    assert np.array_equal(compiled(tf.constant(pictures)), one_by_one(pictures, background))


def test_compiled_by_xla_on_pictures_of_three_rows(pictures):
    compiled = tf.function(extract_palettes, jit_compile=True)
    low = pictures[:, 20:23]
    assert np.array_equal(compiled(tf.constant(low)), one_by_one(low))


def test_an_empty_batch_gives_no_palettes(pictures):
    assert extract_palettes(pictures[:0]).shape == (0, 4, 4, 3)


@pytest.mark.slow
def test_sums_over_a_band_of_white_pass_the_range_of_int32():
    white = tf.fill([1, 4 * 2100, 4100, 3], tf.constant(255, tf.uint8))
    assert np.array_equal(extract_palettes(white), np.full((1, 4, 4, 3), 255))


def test_an_unknown_background_is_refused_as_the_graph_is_built(pictures):
    with pytest.raises(DeepPaintError, match="'none': choose one of"):
        extract_palettes(pictures, "none")


@pytest.mark.parametrize(("height", "width"), [(64, 64), (4, 1), (8, 20)])
def test_histograms_equal_those_of_numpy(height, width):
    palettes = np.random.default_rng(1).integers(0, 256, (3, 4, 4, 3), dtype=np.uint8)
    drawn = palettes_to_histograms(tf.cast(palettes, tf.float32) / 127.5 - 1.0, height, width)
    expected = [palette_to_histogram(palette, height, width) for palette in palettes]
    assert np.allclose(drawn, np.stack(expected), rtol=0, atol=1e-6)


@pytest.mark.parametrize("dtype", [tf.bfloat16, tf.float16, tf.float32])
def test_histograms_keep_the_palettes_dtype(dtype):
    drawn = palettes_to_histograms(tf.zeros([2, 4, 4, 3], dtype), 8, 8)
    assert drawn.dtype == dtype and drawn.shape == (2, 8, 8, 12)


def test_histograms_of_a_batch_of_unknown_size():
    drawn = tf.function(
        lambda palettes: palettes_to_histograms(palettes, 8, 8),
        [tf.TensorSpec([None, 4, 4, 3], tf.float32)],
    )
    assert drawn(tf.zeros([5, 4, 4, 3])).shape == (5, 8, 8, 12)
