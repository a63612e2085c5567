"""Picture -> line art, by extended difference of Gaussians (XDoG).

Winnemoeller, Kyprianidis, Olsen: "XDoG: An eXtended difference-of-Gaussians compendium including
advanced image stylization", Computers & Graphics 36 (2012). On grey in [0, 1]:

    u = G(sigma) - tau * G(k * sigma)        G(s): the picture blurred by a Gaussian of s pixels
    line = 1 where u >= epsilon, else 1 + tanh(phi * (u - epsilon))
"""

from typing import NamedTuple

import numpy as np

from tf_deeppaint.errors import DeepPaintError
from tf_deeppaint.images import to_grey


class Style(NamedTuple):
    """The constants of XDoG; `sigma` in pixels of a 512 pixel canvas."""

    sigma: float
    k: float
    tau: float
    epsilon: float
    phi: float


# epsilon < 0 keeps flat dark areas white (there u = (1 - tau) * grey >= 0): lines, not silhouettes.
STYLES = {
    # Hard, hairline strokes: a technical pen.
    "thin": Style(sigma=0.7, k=1.6, tau=0.99, epsilon=-0.015, phi=120.0),
    # Hard, broad strokes: a brush pen or thick felt tip.
    "bold": Style(sigma=1.6, k=1.6, tau=0.99, epsilon=-0.015, phi=150.0),
    # Grey strokes whose darkness follows the contrast: a pencil.
    "soft": Style(sigma=1.0, k=3.0, tau=0.98, epsilon=-0.005, phi=12.0),
}
MIXTURE = "mixture"
CHOICES = (*STYLES, MIXTURE)


def extract_sketch(
    picture: np.ndarray, style: str, rng: np.random.Generator | None = None
) -> np.ndarray:
    """Extracts the line art of a picture.

    Args:
        picture: uint8 RGB `(H, W, 3)`, already at the size it will be used at.
        style: `"thin"`, `"bold"`, `"soft"`, or `"mixture"`: one of the three at random, its line
            width varied by up to a quarter, so that a network does not learn one extractor's hand.
        rng: Source of the mixture's choices; needed for it alone.

    Returns:
        uint8 grey `(H, W)`, black on white.

    Raises:
        DeepPaintError: no such style.
    """
    import cv2

    chosen = _choose(style, rng)
    grey = to_grey(picture).astype(np.float32) / 255.0
    # Below 256 pixels the lines would sink under the pixel grid and vanish if they kept scaling.
    sigma = chosen.sigma * max(0.5, max(grey.shape) / 512)
    near = cv2.GaussianBlur(grey, (0, 0), sigma)
    far = cv2.GaussianBlur(grey, (0, 0), sigma * chosen.k)
    below = np.minimum(near - chosen.tau * far - chosen.epsilon, 0.0)
    return np.rint(255.0 * (1.0 + np.tanh(chosen.phi * below))).astype(np.uint8)


def _choose(style: str, rng: np.random.Generator | None) -> Style:
    if style not in CHOICES:
        raise DeepPaintError(f"sketch={style!r}: choose one of {', '.join(CHOICES)}")
    if style != MIXTURE:
        return STYLES[style]
    chosen = STYLES[str(rng.choice(list(STYLES)))]
    return chosen._replace(sigma=chosen.sigma * rng.uniform(0.75, 1.25))
