"""A palette drawn for people: as a square of swatches, or with color codes beside its picture."""

import numpy as np

from tf_deeppaint.images.canvas import resize
from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.palette.extraction import split_bands
from tf_deeppaint.palette.named_colors import color_code
from tf_deeppaint.palette.rules import BANDS, COLORS

GAP, SIDE = 4, 128  # pixels between swatches, and of their sides
BAND_WIDTH = 512  # pixels: a band of a wide picture is drawn at most so wide beside its swatches
_FRAME = 160  # gray level of a swatch's frame
_BLACK_FROM = 0.179  # WCAG 2: black contrasts more than white from this relative luminance on


def draw_palette(palette: np.ndarray, side: int) -> np.ndarray:
    """Draws a palette uint8 `(4, 4, 3)` as 4 x 4 swatches in a square: row band, column rank."""
    rows = np.arange(side) * BANDS // side
    columns = np.arange(side) * COLORS // side
    return palette[rows][:, columns]


def draw_swatches(palette: np.ndarray, picture: np.ndarray | None = None) -> np.ndarray:
    """Draws a palette for people: each color with its code on it, each band beside its colors.

    Args:
        palette: uint8 `(4, 4, 3)`.
        picture: uint8 RGB `(H, W, 3)` of any size that the palette is of, or None.

    Returns:
        uint8 RGB. A row a band: of the picture, if there is one, then the four swatches.
    """
    rows = [[_swatch(color) for color in band] for band in palette]
    if picture is not None:
        bands = split_bands(picture)
        rows = [[_beside_swatches(band), *row] for band, row in zip(bands, rows, strict=True)]
    space = ((GAP, 0), (GAP, 0), (0, 0))
    sheet = np.vstack(
        [np.hstack([np.pad(cell, space, constant_values=WHITE) for cell in row]) for row in rows]
    )
    return np.pad(sheet, ((0, GAP), (0, GAP), (0, 0)), constant_values=WHITE)


def _beside_swatches(band: np.ndarray) -> np.ndarray:
    """A band scaled to the height of a swatch, or to `BAND_WIDTH` and with white around it."""
    scale = min(SIDE / band.shape[0], BAND_WIDTH / band.shape[1])
    height, width = (max(1, round(scale * side)) for side in band.shape[:2])
    cell = np.full((SIDE, width, 3), WHITE, np.uint8)
    top = (SIDE - height) // 2
    cell[top : top + height] = resize(band, height, width)
    return cell


def _swatch(color: np.ndarray) -> np.ndarray:
    """A square of a color with its code on it, in a thin frame that tells white from the sheet."""
    import cv2

    cell = np.full((SIDE, SIDE, 3), color, np.uint8)
    font, scale, code = cv2.FONT_HERSHEY_SIMPLEX, 0.7, color_code(color)
    (width, height), _ = cv2.getTextSize(code, font, scale, 1)
    level = color / 255
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    ink = 0 if linear @ (0.2126, 0.7152, 0.0722) > _BLACK_FROM else WHITE
    corner = (SIDE - width) // 2, (SIDE + height) // 2
    cv2.putText(cell, code, corner, font, scale, (ink, ink, ink), 1, cv2.LINE_AA)
    return cv2.rectangle(cell, (0, 0), (SIDE - 1, SIDE - 1), (_FRAME, _FRAME, _FRAME))
