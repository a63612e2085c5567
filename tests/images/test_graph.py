"""Connected parts and dilation in the graph, against SciPy."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from tf_deeppaint.images.graph import dilate, label_parts


def spiral(side: int) -> np.ndarray:
    """A wall that winds inward, so that the paper beside it is one long part."""
    mask = np.zeros((side, side), bool)
    mask[::2] = True
    mask[1::4, -1] = mask[3::4, 0] = True
    return mask


MASKS = {
    "noise": np.random.default_rng(0).random((60, 47)) < 0.6,
    "sparse": np.random.default_rng(1).random((33, 90)) < 0.2,
    "winding": spiral(41),
    "nothing": np.zeros((5, 7), bool),
    "everything": np.ones((7, 5), bool),
    "one row": np.array([[True, False, True, True]]),
    "touching at corners": np.eye(6, dtype=bool),
}


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_parts_are_those_of_scipy(mask):
    expected, count = ndimage.label(mask)
    labels, found = tf.function(label_parts)(tf.constant(mask))
    np.testing.assert_array_equal(labels, expected)
    assert int(found) == count


@pytest.mark.parametrize("reach", [0, 1, 5])
@pytest.mark.parametrize(
    ("shape", "dtype"), [((30, 20), np.uint8), ((9, 40), np.int32), ((20, 30, 3), np.float32)]
)
def test_dilation_takes_the_greatest_value_of_a_square(shape, dtype, reach):
    values = np.random.default_rng(2).integers(0, 200, shape).astype(dtype)
    sides = (2 * reach + 1,) * 2 + (1,) * (len(shape) - 2)
    expected = ndimage.maximum_filter(values, sides, mode="nearest")
    # The reach may be a tensor that is known only when the graph runs.
    dilated = tf.function(dilate)(tf.constant(values), tf.constant(reach))
    assert dilated.dtype == values.dtype and dilated.shape == shape
    np.testing.assert_array_equal(dilated, expected)
