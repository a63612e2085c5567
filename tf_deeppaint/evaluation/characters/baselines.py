"""Pictures to compare a model with: those that need no model, and the best that colors allow."""

import numpy as np
from skimage.color import deltaE_ciede2000

from tf_deeppaint.evaluation.characters.drawings import SAME_COLOR
from tf_deeppaint.evaluation.metrics import to_lab
from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.line_art.compositing import lay_lines
from tf_deeppaint.line_art.ink import INK
from tf_deeppaint.line_art.regions import PAGE
from tf_deeppaint.palette.mixing import WHITE_SLOT, slot_colors


def white_page(sketch: np.ndarray) -> np.ndarray:
    """The sketch on white paper, uint8 gray `(S, S)` -> RGB `(S, S, 3)`."""
    return np.repeat(sketch[..., None], 3, axis=-1)


def choose_by_pixel(sketch: np.ndarray, truth: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """The oracle: each pixel in the offered color that is nearest to the true one.

    Offered are the palette's colors, white and black.

    Args:
        sketch: uint8 gray `(S, S)`.
        truth: The true picture, uint8 RGB `(S, S, 3)`.
        palette: uint8 `(4, 4, 3)`.

    Returns:
        uint8 RGB `(S, S, 3)`; paper that is white stays white.
    """
    bare = sketch >= INK
    distances, number = _distances(truth[bare], palette)
    return _paint(sketch, bare, palette, distances.argmin(axis=1)[number])


def choose_by_region(
    sketch: np.ndarray, truth: np.ndarray, palette: np.ndarray, regions: np.ndarray
) -> np.ndarray:
    """The oracle of regions: each in the offered color that is right for most of its pixels.

    The page stays white. Of colors that are right for as many the nearest on the mean is taken.

    Args:
        sketch: uint8 gray `(S, S)`.
        truth: The true picture, uint8 RGB `(S, S, 3)`.
        palette: uint8 `(4, 4, 3)`.
        regions: As `regions.find_regions` returns them.
    """
    bare = sketch >= INK
    distances, number = _distances(truth[bare], palette)
    labels = regions[bare]
    # Distances are below 1000: they decide only between equal numbers of pixels.
    gains = (distances <= SAME_COLOR) - distances / 1e6  # (colors, 18)
    count = max(PAGE, labels.max(initial=0)) + 1
    pairs = np.bincount(labels * len(gains) + number, minlength=count * len(gains))
    best = (pairs.reshape(count, len(gains)) @ gains).argmax(axis=1)
    best[PAGE] = WHITE_SLOT
    return _paint(sketch, bare, palette, best[labels])


def _distances(colors: np.ndarray, palette: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """CIEDE2000 of each different color to the 18 offered ones, `(C, 18)`; the color of each pixel.

    Args:
        colors: uint8 `(P, 3)`.
        palette: uint8 `(4, 4, 3)`.
    """
    # As one number a color: rows are sorted ten times as slowly.
    packed = colors @ np.array([256 * 256, 256, 1])
    packed, number = np.unique(packed, return_inverse=True)
    different = np.stack(np.unravel_index(packed, (256, 256, 256)), axis=-1).astype(np.uint8)
    offered = to_lab(slot_colors(palette))
    return deltaE_ciede2000(to_lab(different)[:, None], offered[None]), number


def _paint(
    sketch: np.ndarray, bare: np.ndarray, palette: np.ndarray, slots: np.ndarray
) -> np.ndarray:
    """Paints the bare pixels in offered colors, the others white, under the lines."""
    color = np.full((*sketch.shape, 3), WHITE, np.uint8)
    color[bare] = slot_colors(palette)[slots]
    return lay_lines(color, sketch)
