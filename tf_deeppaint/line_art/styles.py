"""Picture -> line art in one of several styles, most by extended difference of Gaussians (XDoG).

Winnemoeller, Kyprianidis, Olsen: "XDoG: An eXtended difference-of-Gaussians compendium including
advanced image stylization", Computers & Graphics 36 (2012). On gray in [0, 1]:

    u = G(sigma) - tau * G(k * sigma)        G(s): the picture blurred by a Gaussian of s pixels
    line = 1 where u >= epsilon, else 1 + tanh(phi * (u - epsilon))

`sketch_keras` draws the others.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tf_deeppaint.images.pixels import to_gray
from tf_deeppaint.line_art.sketch_keras import CUTS, SketchKeras, draw_line_map
from tf_deeppaint.utils.errors import DeepPaintError


class Style(NamedTuple):
    """The constants of XDoG; `sigma` in pixels of a 512 pixel canvas."""

    sigma: float
    k: float
    tau: float
    epsilon: float
    phi: float


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
CHOICES = (*STYLES, XDOG, *CUTS, MIXTURE, OWN)
SKETCH_KERAS_SHARE = 1 / (len(STYLES) + 1)


class Cut(NamedTuple):
    """The one constant of a sketch by sketchKeras: the level below which a line is paper."""

    level: float


def draw_styles(
    styles: Sequence[str],
    rngs: Sequence[np.random.Generator],
    pictures: Sequence[np.ndarray],
    network: SketchKeras | None = None,
) -> list[list[np.ndarray]]:
    """Draws the line art of a batch of pictures, each in every one of the styles.

    A picture's sketches depend on the styles, its own generator and the network alone, never on
    the pictures beside it.

    Args:
        styles: Of `CHOICES`, but for `"own"`, which is no drawing of ours. `"thin"`, `"bold"` and
            `"soft"` are by XDoG. `"xdog"` is one of the three at random, its line width varied by
            up to a quarter, so that a network does not learn one extractor's hand. `"sketchkeras"`
            and `"sketchkeras_pured"`, with fewer faint lines, are by the network. `"mixture"` is
            one of the three or the network's at random, its cut anywhere between the two's; without
            a network it is `"xdog"`.
        rngs: A source of random choices for each picture.
        pictures: uint8 RGB, N of `(H, W, 3)`, one size, already that at which it will be used.
        network: Runs once, over all pictures that need it.

    Returns:
        For each picture its sketches, in the order of `styles`: uint8 gray `(H, W)`, black on
        white.

    Raises:
        DeepPaintError: no such style, or one that needs the network and there is none.
    """
    # All choices before any drawing, so that the network runs once.
    hands = [[_choose(style, rng, network is not None) for style in styles] for rng in rngs]
    waiting = [n for n, chosen in enumerate(hands) if any(isinstance(hand, Cut) for hand in chosen)]
    maps = network.line_maps([pictures[n] for n in waiting]) if waiting else []
    line_maps = dict(zip(waiting, maps, strict=True))
    return [
        [
            draw_line_map(line_maps[n], hand.level)
            if isinstance(hand, Cut)
            else _xdog(picture, hand)
            for hand in chosen
        ]
        for n, (picture, chosen) in enumerate(zip(pictures, hands, strict=True))
    ]


def extract_sketch(
    picture: np.ndarray, style: str, rng: np.random.Generator | None = None
) -> np.ndarray:
    """Extracts the line art of one picture by XDoG.

    Args:
        picture: uint8 RGB `(H, W, 3)`, already at the size it will be used at.
        style: One of `draw_styles`' that needs no network.
        rng: Source of random choices, for the styles that make any.

    Returns:
        uint8 gray `(H, W)`, black on white.

    Raises:
        DeepPaintError: no such style, or one of sketchKeras's.
    """
    return _xdog(picture, _choose(style, rng, with_network=False))


def _xdog(picture: np.ndarray, style: Style) -> np.ndarray:
    import cv2

    gray = to_gray(picture).astype(np.float32) / 255.0
    # Below 256 pixels the lines would sink under the pixel grid and vanish if they kept scaling.
    sigma = style.sigma * max(0.5, max(gray.shape) / 512)
    near = cv2.GaussianBlur(gray, (0, 0), sigma)
    far = cv2.GaussianBlur(gray, (0, 0), sigma * style.k)
    below = np.minimum(near - style.tau * far - style.epsilon, 0.0)
    return np.rint(255.0 * (1.0 + np.tanh(style.phi * below))).astype(np.uint8)


def _choose(style: str, rng: np.random.Generator | None, with_network: bool) -> Style | Cut:
    if style in STYLES:
        return STYLES[style]
    if style in CUTS:
        if not with_network:
            raise DeepPaintError(f"sketch={style!r}: name the network's file, mod.h5 or .keras")
        return Cut(CUTS[style])
    if style not in (XDOG, MIXTURE):
        drawn = [choice for choice in CHOICES if choice != OWN]
        raise DeepPaintError(f"sketch={style!r}: choose one of {', '.join(drawn)}")
    if style == MIXTURE and with_network and rng.random() < SKETCH_KERAS_SHARE:
        return Cut(rng.uniform(min(CUTS.values()), max(CUTS.values())))
    chosen = STYLES[str(rng.choice(list(STYLES)))]
    return chosen._replace(sigma=chosen.sigma * rng.uniform(0.75, 1.25))
