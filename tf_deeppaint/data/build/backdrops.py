"""Colored backdrops behind drawings on white paper, as references from people's files have them."""

import cv2
import numpy as np

from tf_deeppaint.data.sources.color_schemes import chance, hsv, pick
from tf_deeppaint.images.pixels import WHITE

# Where the horizon of a landscape lies, from the top, and the radii of disks, both as shares of the
# side; and how many disks there are.
HORIZON = (0.35, 0.8)
DISK_RADIUS = (0.03, 0.14)
DISKS = (6, 24)


def add_backdrop(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Puts a drawing in front of a plain, a graded, a landscape's or a patterned backdrop.

    Args:
        picture: uint8 RGB `(H, W, 3)` on white paper, which its border shows; what is white and
            connected to the border is paper.
        rng: Chooses kind and colors.

    Returns:
        uint8 RGB `(H, W, 3)`.
    """
    backdrop = pick(rng, (_plain, _graded, _landscape, _disks))(*picture.shape[:2], rng)
    # A frame of paper joins all paper that the border touches.
    framed = cv2.copyMakeBorder(picture, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(WHITE,) * 3)
    mask = np.zeros((framed.shape[0] + 2, framed.shape[1] + 2), np.uint8)
    cv2.floodFill(framed, mask, (0, 0), 0, flags=4 | cv2.FLOODFILL_MASK_ONLY | 255 << 8)
    return np.where(mask[2:-2, 2:-2, None] > 0, backdrop, picture)


def _color(rng: np.random.Generator) -> np.ndarray:
    return np.array(hsv(rng.random(), rng.uniform(0.05, 0.7), rng.uniform(0.4, 1.0)), np.uint8)


def _plain(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    return np.broadcast_to(_color(rng), (height, width, 3)).copy()


def _graded(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    weight = np.linspace(0.0, 1.0, height)[:, None, None]
    mixed = (1.0 - weight) * _color(rng) + weight * _color(rng)  # (H, 1, 3)
    return np.broadcast_to(mixed, (height, width, 3)).round().astype(np.uint8)


def _landscape(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    backdrop = _graded(height, width, rng) if chance(rng, 0.5) else _plain(height, width, rng)
    backdrop[round(rng.uniform(*HORIZON) * height) :] = _color(rng)
    return backdrop


def _disks(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    backdrop = _plain(height, width, rng)
    color, side = _color(rng).tolist(), max(height, width)
    for _ in range(rng.integers(*DISKS)):
        center = int(rng.integers(width)), int(rng.integers(height))
        cv2.circle(backdrop, center, round(rng.uniform(*DISK_RADIUS) * side), color, cv2.FILLED)
    return backdrop
