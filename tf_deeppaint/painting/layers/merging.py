"""Layers laid over each other, by the formulas of W3C's Compositing and Blending Level 1."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from tf_deeppaint.images.pixels import WHITE, row_slices
from tf_deeppaint.painting.layers.layer import MULTIPLY, NORMAL, Layer, check_layers


def merge(layers: Sequence[Layer]) -> np.ndarray:
    """Composites layers, listed from the bottom up; those that are not shown do not count.

    The operator is "over" (Porter and Duff 1984); the result is rounded once, to the nearest.

    Returns:
        uint8 RGB `(H, W, 3)` where the lowest layer is opaque, otherwise RGBA `(H, W, 4)`.
    """
    check_layers(layers)
    return np.concatenate(list(merge_rows(layers)))


def merge_rows(layers: Sequence[Layer]) -> Iterator[np.ndarray]:
    """What `merge` returns, strip by strip."""
    height, _ = layers[0].size
    is_opaque = all((layers[0].rows(r)[..., 3] == WHITE).all() for r in row_slices(height))
    shown_layers = [layer for layer in layers if layer.is_shown]
    for rows in row_slices(height):
        shown = _lay((layer.rows(rows), layer.blend) for layer in shown_layers)
        yield np.ascontiguousarray(shown[..., :3]) if is_opaque else shown


def _lay(strips: Iterator[tuple[np.ndarray, str]]) -> np.ndarray:
    """Lays uint8 RGBA `(h, W, 4)` over each other; they come one by one, to save memory."""
    shown = next(strips)[0].astype(np.float32)  # colors times opacity, and opacity in levels
    shown[..., :3] *= shown[..., 3:] / WHITE
    for rgba, blend in strips:
        alpha = rgba[..., 3]
        if not alpha.any():
            continue
        if blend == NORMAL and ((alpha == 0) | (alpha == WHITE)).all():  # most, and faster
            shown = cv2.copyTo(rgba.astype(np.float32), alpha, shown)
            continue
        opacity = alpha[..., None].astype(np.float32) / WHITE
        colors = rgba[..., :3] * opacity
        if blend == MULTIPLY:
            shown[..., :3] *= 1 - opacity + colors / WHITE
            colors *= 1 - shown[..., 3:] / WHITE
        else:
            shown[..., :3] *= 1 - (opacity if blend == NORMAL else colors / WHITE)
        shown[..., :3] += colors
        shown[..., 3:] *= 1 - opacity
        shown[..., 3:] += opacity * WHITE
    if shown[..., 3].min() < WHITE:
        shown[..., :3] *= WHITE / np.maximum(shown[..., 3:], 1e-3)
    return np.rint(shown).astype(np.uint8)
