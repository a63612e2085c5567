"""Colors of regions in the graph: those of the library within a level."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.line_art.ink import to_working_size, working_to_canvas
from tf_deeppaint.line_art.regions import PAGE, find_parts
from tf_deeppaint.painting import region_colors
from tf_deeppaint.painting.prediction import MixturePrediction
from tf_deeppaint.palette.mixing import Mixture
from tf_deeppaint.serving.region_colors import color_regions

SIZE = 64


def random_mixture(seed: int) -> Mixture:
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(18), (SIZE, SIZE)).astype(np.float32)
    shade = cv2.GaussianBlur(rng.uniform(0.7, 1.3, (SIZE, SIZE)).astype(np.float32), (0, 0), 2)
    return Mixture(weights, shade[..., None], np.zeros((SIZE, SIZE, 1), np.float32))


def solid(side: int) -> np.ndarray:
    """A figure with an area of solid black that no region reaches into."""
    sketch = np.full((side, side), 255, np.uint8)
    cv2.circle(sketch, (side // 2, side // 2), side // 3, 0, -1)
    cv2.circle(sketch, (side // 2, side // 2), side // 9, 255, -1)
    return sketch


dolls = Dolls(2, seed=6)
DOLL, OTHER = (dolls.load(doll, 300).sketch for doll in dolls.examples())
SKETCHES = {
    "doll": DOLL,
    "large": cv2.resize(OTHER, (1500, 1500)),
    "oblong": OTHER[:150],
    "small": cv2.resize(DOLL, (40, 50), interpolation=cv2.INTER_AREA),
    "flat": np.full((20, 700), 255, np.uint8),
    "solid": solid(400),
}


@pytest.mark.parametrize("name", SKETCHES)
def test_colors_are_those_of_the_library(name) -> None:
    working = to_working_size(SKETCHES[name])
    canvas, placement, _ = working_to_canvas(working, SIZE)
    palette = np.random.default_rng(1).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    mixture, (labels, pages) = random_mixture(len(name)), find_parts(working)
    regions, prediction = region_colors.even_out_regions(
        MixturePrediction(canvas, palette, mixture), labels, placement, pages
    )
    expected = region_colors.color_regions(regions, prediction, placement)
    found = color_regions(
        mixture, tf.constant(canvas), labels, tf.constant(placement), palette
    ).numpy()
    assert found.shape == (*working.shape, 3)
    assert np.abs(found.astype(int) - expected).max() <= 1
    assert (expected[labels == PAGE] == 255).all()
