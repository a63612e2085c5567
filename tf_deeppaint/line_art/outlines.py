"""Takes the lines out of a picture that is colored already, so that it can be colored anew.

XDoG, see `styles`, finds the borders between colors: on each channel, since two colors may have one
gray, and after smoothing, since paper, brushes and compression have a texture. It draws a broad
outline as two lines; where a picture has outlines of one dark color, they are kept as they are.
"""

import cv2
import numpy as np

from tf_deeppaint.images.canvas import resize, shrink
from tf_deeppaint.images.pixels import WHITE, to_gray
from tf_deeppaint.line_art.styles import draw_styles

# Larger pictures are shrunk to so many pixels: their borders are not sharper.
_SIDE = 2048
# Of the three styles this one loses the fewest borders; the weak ones are pale.
_STYLE = "soft"
# The bilateral filter: diameter in pixels, levels, pixels; and how often.
_SMOOTHING, _TIMES = (9, 30, 5), 2

# The darkest share of a picture, in percent, is of its outlines' color, ...
_DARKEST = 1
# ... unless its median is lighter than this level.
_DARK = 80
# Levels by which a pixel of an outline differs from that color, and by which one beside it does.
_ALIKE, _BESIDE = 18, 45
# Outlines are no broader than this share of the longer side.
_BROADEST = 0.045
# Drawn outlines are even: so much of them differs by less, in levels. Painted shadows are not.
_EVEN, _EVEN_SHARE = 8, 0.75
# And they take no more of a picture.
_MOST = 0.4


def take_lines(picture: np.ndarray) -> np.ndarray:
    """Draws the lines of a picture.

    Args:
        picture: uint8 RGB `(H, W, 3)`.

    Returns:
        uint8 gray `(H, W)`, 0 = line, 255 = paper. The same pixels give the same lines.
    """
    small = shrink(picture, _SIDE)
    smooth = small
    for _ in range(_TIMES):
        smooth = cv2.bilateralFilter(smooth, *_SMOOTHING)
    lines = _take_outlines(small)
    for channel in cv2.split(smooth):
        borders = draw_styles([_STYLE], [None], [cv2.cvtColor(channel, cv2.COLOR_GRAY2RGB)])
        lines = np.minimum(lines, borders[0][0])
    return resize(lines, *picture.shape[:2])


def _take_outlines(picture: np.ndarray) -> np.ndarray:
    """The outlines of one dark color as they are drawn; paper where there are none."""
    gray = to_gray(picture)
    color = np.median(picture[gray <= np.percentile(gray, _DARKEST)], axis=0)
    distance = np.abs(picture.astype(np.int16) - color.astype(np.int16)).max(axis=2)
    alike = (distance < _ALIKE).astype(np.uint8)
    side = max(3, round(_BROADEST * max(gray.shape))) | 1
    ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    # Beyond the picture nothing is alike.
    outside = {"borderType": cv2.BORDER_CONSTANT, "borderValue": 0}
    broad = cv2.morphologyEx(alike, cv2.MORPH_OPEN, ellipse, **outside)
    outlines = (alike > 0) & (cv2.dilate(broad, np.ones((5, 5), np.uint8)) == 0)
    if (
        color.max() > _DARK
        or not 0 < outlines.mean() < _MOST
        or (distance[outlines] < _EVEN).mean() < _EVEN_SHARE
    ):
        return np.full(gray.shape, WHITE, np.uint8)
    # Single pixels are none. Beside the others lines are antialiased.
    outlines = cv2.morphologyEx(outlines.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2)))
    near = cv2.dilate(outlines, np.ones((3, 3), np.uint8)) > 0
    lightness = np.clip((distance - _ALIKE) / (_BESIDE - _ALIKE), 0, 1)
    return np.where(near, np.rint(WHITE * lightness), WHITE).astype(np.uint8)
