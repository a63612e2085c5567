"""The losses of a color matcher, against their definitions."""

import numpy as np
from skimage.color import rgb2lab

from tf_deeppaint.training.matching import losses


def lab(pixels: np.ndarray) -> np.ndarray:
    return rgb2lab((pixels.astype("float64") + 1) / 2)


def test_cielab_is_that_of_scikit_image() -> None:
    pixels = np.concatenate(
        [np.random.default_rng(0).uniform(-1, 1, (50, 3)), [[-1] * 3, [1] * 3]]
    ).astype("float32")
    np.testing.assert_allclose(losses.to_lab(pixels), lab(pixels), atol=1e-3)


def test_the_color_loss_is_the_cross_entropy_of_the_nearest_colors() -> None:
    """By a loop over pixels, on a page of lines, paper and colors near to and far from any."""
    rng = np.random.default_rng(1)
    palette = rng.uniform(-1, 1, (2, 4, 4, 3)).astype("float32")
    picture = rng.uniform(-1, 1, (2, 8, 8, 3)).astype("float32")
    picture[:, 4:6] = palette[:, :1, 0][:, None] * 0.98
    picture[:, 6:] = 1.0
    sketch = np.ones((2, 8, 8, 3), "float32")
    sketch[:, :2, :4] = rng.uniform(-1, 1, (2, 2, 4, 1))
    logits = rng.normal(0, 2, (2, 4, 4, 18)).astype("float32")
    total = weights = 0.0
    for n, y, x in np.ndindex(2, 4, 4):
        colors = lab(np.concatenate([palette[n].reshape(16, 3), [[1, 1, 1], [-1, -1, -1]]]))
        pixel = picture[n, 2 * y, 2 * x]
        difference = (lab(pixel[None]) - colors) * [0.5, 1, 1]
        distances = np.sqrt((difference**2).sum(-1))
        right = distances <= distances.min() + 4
        chances = np.exp(logits[n, y, x].astype("float64"))
        chance = chances[right].sum() / chances.sum()
        paper = sketch[n, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2, 0].min()
        weight = (paper + 1) / 2 * np.exp(-((distances.min() / 20) ** 2))
        weight *= 0.4 if pixel.min() > 0.97 else 1.0
        total -= weight * np.log(chance)
        weights += weight
    found = losses.color_loss(logits, palette, picture, sketch)
    np.testing.assert_allclose(found, total / weights, rtol=1e-4)


def test_the_parts_loss_leaves_out_what_is_not_known() -> None:
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 2, (2, 4, 4, 16)).astype("float32")
    parts = rng.integers(0, 16, (2, 8, 8), dtype=np.int32)
    parts[0, 0, 0], parts[1, :4] = 0, 255
    total = weights = 0.0
    for n, y, x in np.ndindex(2, 4, 4):
        part = parts[n, 2 * y, 2 * x]
        if part == 255:
            continue
        chances = np.exp(logits[n, y, x].astype("float64"))
        weight = 0.4 if part == 0 else 1.0
        total -= weight * np.log(chances[part] / chances.sum())
        weights += weight
    found = losses.parts_loss(logits, parts)
    np.testing.assert_allclose(found, total / weights, rtol=1e-5)
    assert float(losses.parts_loss(logits, np.full_like(parts, 255))) == 0.0
