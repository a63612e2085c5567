"""Draws line art from a picture in several styles, by XDoG or by sketchKeras.

XDoG is the extended difference of Gaussians of Winnemoeller, Kyprianidis and Olsen: "XDoG: An
eXtended difference-of-Gaussians compendium including advanced image stylization", Computers &
Graphics 36 (2012). On gray in [0, 1]:

    u = G(sigma) - tau * G(k * sigma)        G(s): the picture blurred by a Gaussian of s pixels
    line = 1 where u >= epsilon, else 1 + tanh(phi * (u - epsilon))
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tf_deeppaint.images.pixels import to_gray
from tf_deeppaint.line_art.sketch_keras import THRESHOLDS, SketchKeras, draw_line_map
from tf_deeppaint.utils.errors import DeepPaintError


class Style(NamedTuple):
    """The constants of XDoG; `sigma` in pixels of a canvas of 512."""

    sigma: float
    k: float
    tau: float
    epsilon: float
    phi: float


class NetworkStyle(NamedTuple):
    """A sketch by sketchKeras: the threshold of its line map."""

    threshold: float


# epsilon < 0 keeps flat dark areas white (there u = (1 - tau) * gray >= 0): lines, not silhouettes.
STYLES = {
    # Hard, hairline strokes: a technical pen.
    "thin": Style(sigma=0.7, k=1.6, tau=0.99, epsilon=-0.015, phi=120.0),
    # Hard, broad strokes: a brush pen or thick felt tip.
    "bold": Style(sigma=1.6, k=1.6, tau=0.99, epsilon=-0.015, phi=150.0),
    # Gray strokes whose darkness follows the contrast: a pencil.
    "soft": Style(sigma=1.0, k=3.0, tau=0.98, epsilon=-0.005, phi=12.0),
}
XDOG, MIXTURE, OWN = "xdog", "mixture", "own"
CHOICES = (*STYLES, XDOG, *THRESHOLDS, MIXTURE, OWN)
# How often `mixture` takes sketchKeras: as often as each style of XDoG.
SKETCH_KERAS_SHARE = 1 / (len(STYLES) + 1)


def draw_styles(
    styles: Sequence[str],
    rngs: Sequence[np.random.Generator],
    pictures: Sequence[np.ndarray],
    network: SketchKeras | None = None,
) -> list[list[np.ndarray]]:
    """Draws the line art of a batch of pictures, each in every style.

    A picture's sketches depend only on the styles, its own generator and the network, not on the
    other pictures.

    Args:
        styles: Of `CHOICES`, except `"own"`, which draws nothing. `"thin"`, `"bold"` and `"soft"`
            are by XDoG. `"xdog"` is one of these at random, its line width varied by up to a
            quarter, so that a network does not learn one style. `"sketchkeras"` and
            `"sketchkeras_pured"`, with fewer faint lines, are by the network. `"mixture"` is one
            of the three or the network's at random, with a threshold between those of the two;
            without a network it is `"xdog"`.
        rngs: A random generator for each picture; None where no style is random.
        pictures: uint8 RGB, N of `(H, W, 3)`, one size, already that at which they are used.
        network: Runs once, over all pictures that need it.

    Returns:
        For each picture its sketches, in the order of `styles`: uint8 gray `(H, W)`, black on
        white.

    Raises:
        DeepPaintError: no such style, or one that needs the network and there is none.
    """
    # Everything is chosen before anything is drawn, so that the network runs once.
    choices = [[_choose(style, rng, network is not None) for style in styles] for rng in rngs]
    by_network = [n for n, row in enumerate(choices) if any(map(_is_by_network, row))]
    maps = network.line_maps([pictures[n] for n in by_network]) if by_network else []
    line_maps = dict(zip(by_network, maps, strict=True))
    return [
        [
            draw_line_map(line_maps[n], choice.threshold)
            if _is_by_network(choice)
            else _xdog(picture, choice)
            for choice in row
        ]
        for n, (picture, row) in enumerate(zip(pictures, choices, strict=True))
    ]


def _is_by_network(choice: Style | NetworkStyle) -> bool:
    return isinstance(choice, NetworkStyle)


def _xdog(picture: np.ndarray, style: Style) -> np.ndarray:
    import cv2

    gray = to_gray(picture).astype(np.float32) / 255.0
    # Scaled below 256 pixels, lines would be thinner than a pixel and vanish.
    sigma = style.sigma * max(0.5, max(gray.shape) / 512)
    near = cv2.GaussianBlur(gray, (0, 0), sigma)
    far = cv2.GaussianBlur(gray, (0, 0), sigma * style.k)
    below = np.minimum(near - style.tau * far - style.epsilon, 0.0)
    return np.rint(255.0 * (1.0 + np.tanh(style.phi * below))).astype(np.uint8)


def _choose(
    style: str, rng: np.random.Generator | None, with_network: bool
) -> Style | NetworkStyle:
    if style in STYLES:
        return STYLES[style]
    if style in THRESHOLDS:
        if not with_network:
            raise DeepPaintError(f"sketch={style!r}: name the network's file, mod.h5 or .keras")
        return NetworkStyle(THRESHOLDS[style])
    if style not in (XDOG, MIXTURE):
        drawn = [choice for choice in CHOICES if choice != OWN]
        raise DeepPaintError(f"sketch={style!r}: choose one of {', '.join(drawn)}")
    if style == MIXTURE and with_network and rng.random() < SKETCH_KERAS_SHARE:
        return NetworkStyle(rng.uniform(min(THRESHOLDS.values()), max(THRESHOLDS.values())))
    chosen = STYLES[str(rng.choice(list(STYLES)))]
    return chosen._replace(sigma=chosen.sigma * rng.uniform(0.75, 1.25))
