"""The pixel convention: levels and [-1, 1], transparency over white, gray."""

import numpy as np
import tensorflow as tf

from tf_deeppaint.images.pixels import (
    from_signed_unit_range,
    over_white,
    to_gray,
    to_signed_unit_range,
)


def test_unit_range_and_back_is_exact_for_every_level():
    levels = np.arange(256, dtype=np.uint8)
    values = to_signed_unit_range(levels)
    assert values.dtype == np.float32
    assert np.allclose(values, np.arange(256) / 127.5 - 1, atol=1e-6)
    assert (values[0], values[255]) == (-1.0, 1.0)
    assert np.array_equal(from_signed_unit_range(values), levels)


def test_values_beyond_the_range_are_clipped_and_others_rounded():
    values = np.array([-7.0, -1.001, -0.999, 0.0, 0.9999, 3.0])
    assert from_signed_unit_range(values).tolist() == [0, 0, 0, 128, 255, 255]


def test_gray_weighs_the_channels_by_bt601():
    picture = np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    expected = picture @ np.array([0.299, 0.587, 0.114])
    assert np.abs(to_gray(picture) - expected).max() <= 1


def test_a_tensor_is_mapped_as_an_array_is():
    levels = np.arange(256, dtype=np.uint8)
    values = to_signed_unit_range(tf.cast(levels, tf.float32))
    assert values.dtype == tf.float32 and np.array_equal(values, to_signed_unit_range(levels))


def test_every_level_over_white_at_every_opacity():
    level, alpha = np.indices((256, 256))
    rgba = np.stack([level, level, level, alpha], -1).astype(np.uint8)
    expected = level * (alpha / 255) + 255 * (1 - alpha / 255)
    assert np.abs(over_white(rgba) - expected[..., None]).max() <= 0.5
