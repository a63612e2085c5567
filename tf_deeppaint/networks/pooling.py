"""2 x 2 max-pooling that keeps a pooling mask, and unpooling by that mask.

The cells of a picture are a b / c d. A *mask* is `(is_bottom, is_right_top, is_right_bottom)`:
whether the cell's maximum is in the bottom row, whether b > a, and whether d > c. Of equal values
the first in reading order counts as the maximum, as in PyTorch and TensorFlow.

`max_pool` and `max_unpool` are for training and painting; masks are booleans. On Keras's symbolic
tensors they are the `_arithmetic` pair, for exported graphs: masks are the numbers 0 and 1, tensors
have at most four axes and there are no comparisons, which XNNPACK (LiteRT) would not run. The
values are the same.
"""

import keras
from keras import ops

# Larger than the reciprocal of any difference of two float32 features, unless both are below 1e-30.
_STEEP = 1e37


def max_pool(x) -> tuple:
    """Pools `(N, H, W, C)`, H and W even.

    Returns:
        `(pooled, mask)`: `(N, H/2, W/2, C)`, and a mask of three booleans of that shape.
    """
    if keras.utils.is_keras_tensor(x):
        return max_pool_arithmetic(x)
    if keras.backend.backend() == "tensorflow":
        return _max_pool_tensorflow(x)
    return _pool_cells(_to_cells(x), ops.greater)


def max_unpool(x, mask: tuple):
    """Puts each value where its cell's maximum was; the other three values are 0.

    Args:
        x: `(N, H, W, C)`.
        mask: As `max_pool` returns it.

    Returns:
        `(N, 2H, 2W, C)`.
    """
    if keras.utils.is_keras_tensor(x):
        return max_unpool_arithmetic(x, mask)
    if keras.backend.backend() == "tensorflow":
        return _max_unpool_tensorflow(x, mask)
    return _fill_cells(x, mask)


def _pool_cells(cells: list, is_greater) -> tuple:
    """The maxima of the cells and their mask."""
    a, b, c, d = cells
    top, bottom = ops.maximum(a, b), ops.maximum(c, d)
    mask = (is_greater(bottom, top), is_greater(b, a), is_greater(d, c))
    return ops.maximum(top, bottom), mask


def _fill_cells(x, mask: tuple):
    is_bottom, is_right_top, is_right_bottom = mask
    is_top = ops.logical_not(is_bottom)
    is_maximum = [
        ops.logical_and(is_top, ops.logical_not(is_right_top)),
        ops.logical_and(is_top, is_right_top),
        ops.logical_and(is_bottom, ops.logical_not(is_right_bottom)),
        ops.logical_and(is_bottom, is_right_bottom),
    ]
    zero = ops.zeros_like(x)
    return _from_cells([ops.where(condition, x, zero) for condition in is_maximum])


def _select(x, mask: tuple):
    """The value of `(N, 2H, 2W, C)` at each cell's maximum: the gradient of `max_unpool`."""
    a, b, c, d = _to_cells(x)
    is_bottom, is_right_top, is_right_bottom = mask
    return ops.where(is_bottom, ops.where(is_right_bottom, d, c), ops.where(is_right_top, b, a))


def _to_cells(x) -> list:
    """The values a, b, c, d of all cells, each `(N, H/2, W/2, C)`."""
    _, height, width, channels = ops.shape(x)
    pairs = ops.reshape(x, (-1, height // 2, 2, width // 2, 2 * channels))  # (N, H/2, 2, W/2, 2C)
    return [pairs[:, :, row, :, c : c + channels] for row in (0, 1) for c in (0, channels)]


def _from_cells(cells: list):
    """The inverse of `_to_cells`, `(N, H, W, C)`."""
    _, height, width, channels = ops.shape(cells[0])
    rows = [ops.concatenate(cells[i : i + 2], axis=-1) for i in (0, 2)]  # (N, H/2, W/2, 2C) each
    return ops.reshape(ops.stack(rows, axis=2), (-1, 2 * height, 2 * width, channels))


# === Gradients ===

# TensorFlow would differentiate slices and comparisons one by one, which takes 2.5 times as long.


def _max_pool_tensorflow(x) -> tuple:
    import tensorflow as tf

    @tf.custom_gradient
    def pool(x):
        pooled, mask = _pool_cells(_to_cells(x), ops.greater)
        return (pooled, *mask), lambda upstream, *_: _max_unpool_tensorflow(upstream, mask)

    pooled, *mask = pool(x)
    return pooled, tuple(mask)


def _max_unpool_tensorflow(x, mask: tuple):
    import tensorflow as tf

    @tf.custom_gradient
    def unpool(x):
        return _fill_cells(x, mask), lambda upstream: _select(upstream, mask)

    return unpool(x)


# === Exported graphs ===


def max_pool_arithmetic(x) -> tuple:
    """`max_pool` of float32 features whose H and W are known.

    Returns:
        `(pooled, mask)`: `(N, H/2, W/2, C)`, and a mask of three floats, 0 or 1, of shape
        `(N H/2, 1, W/2, C)`.
    """
    _, height, width, channels = x.shape
    pairs = ops.reshape(x, (-1, 2, width // 2, 2 * channels))  # (N H/2, 2, W/2, 2C)
    cells = [
        pairs[:, row : row + 1, :, c : c + channels] for row in (0, 1) for c in (0, channels)
    ]  # (N H/2, 1, W/2, C) each
    pooled, mask = _pool_cells(cells, _is_greater_arithmetic)
    return ops.reshape(pooled, (-1, height // 2, width // 2, channels)), mask


def max_unpool_arithmetic(x, mask: tuple):
    """`max_unpool` by a mask of `max_pool_arithmetic`: `(N, H, W, C)` -> `(N, 2H, 2W, C)`."""
    is_bottom, is_right_top, is_right_bottom = mask
    _, height, width, channels = x.shape
    x = ops.reshape(x, (-1, 1, width, channels))  # (N H, 1, W, C)
    bottom = x * is_bottom
    top = x - bottom
    b, d = top * is_right_top, bottom * is_right_bottom
    rows = [
        ops.concatenate([top - b, b], axis=-1),  # (N H, 1, W, 2C)
        ops.concatenate([bottom - d, d], axis=-1),
    ]
    return ops.reshape(ops.concatenate(rows, axis=1), (-1, 2 * height, 2 * width, channels))


def _is_greater_arithmetic(x, y):
    return ops.minimum(ops.relu((x - y) * _STEEP), 1.0)
