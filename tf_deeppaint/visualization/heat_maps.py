"""Attention maps as heat maps over the sketch they belong to."""

import cv2
import numpy as np

from tf_deeppaint.images.canvas import resize
from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.line_art.compositing import lay_lines

# How much of the heat's own color shows; the rest is white, or lines would drown in the dark.
STRENGTH = 0.7


def draw_heat_map(attention: np.ndarray, sketch: np.ndarray) -> np.ndarray:
    """Draws an attention map over a sketch: violet where nothing passes, yellow where all does.

    Lightness grows with attention, so that the map reads the same in gray and to the color-blind.

    Args:
        attention: float `(h, w)`, from 0, nothing passes, to 1, all does.
        sketch: uint8 `(H, W)`, the same cut of the drawing.

    Returns:
        uint8 RGB `(H, W, 3)`: the map, interpolated bilinearly, under the sketch's lines.
    """
    height, width = sketch.shape
    levels = np.rint(np.clip(attention, 0, 1) * 255).astype(np.uint8)
    levels = resize(levels, min(height, len(levels)), min(width, levels.shape[1]))
    levels = cv2.resize(levels, (width, height), interpolation=cv2.INTER_LINEAR)
    ramp = np.arange(256, dtype=np.uint8)[None]
    colors = cv2.applyColorMap(ramp, cv2.COLORMAP_VIRIDIS)[0, :, ::-1]
    light = np.rint(WHITE + STRENGTH * (colors.astype(np.float32) - WHITE)).astype(np.uint8)
    return lay_lines(light[levels], sketch)
