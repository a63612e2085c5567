"""Sketches onto canvases in the graph, and the palettes of references: within a level of OpenCV."""

import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint.images import canvas as images
from tf_deeppaint.palette.extraction import reference_palette
from tf_deeppaint.serving import canvas as canvas_ops

SIZE = 64
SHAPES = [
    (64, 64),
    (128, 128),
    (512, 300),
    (65, 64),
    (10, 10),
    (1, 1),
    (1, 900),
    (900, 1),
    (37, 50),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_sketch_is_fitted_as_the_library_does_it(shape):
    sketch = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    canvas, place = canvas_ops.fit_to_canvas(tf.constant(sketch), SIZE)
    expected, placement = images.fit_to_canvas(sketch, SIZE)
    assert [int(side) for side in place] == list(placement)
    assert np.abs(canvas.numpy().astype(int) - expected).max() <= 1


@pytest.mark.parametrize("background", ["drop", "white", "keep"])
@pytest.mark.parametrize("shape", [(40, 30), (1024, 1024), (700, 900), (3, 2000), (1, 1)])
def test_the_palette_of_a_reference(shape, background):
    rng = np.random.default_rng(1)
    blocks = np.kron(rng.integers(0, 250, (8, 8, 3)), np.ones((128, 250, 1), int))
    noise = rng.integers(0, 6, (*shape, 3))
    picture = (blocks[: shape[0], : shape[1]] + noise).astype(np.uint8)
    got = canvas_ops.reference_palette(tf.constant(picture), background)
    expected = reference_palette(picture, background)
    assert np.abs(got.numpy().astype(int) - expected).max() <= 1
