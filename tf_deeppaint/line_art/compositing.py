"""Line art laid over color, and both on paper."""

import cv2
import numpy as np

from tf_deeppaint.images.pixels import WHITE, row_slices
from tf_deeppaint.line_art.pens import BLACK_PEN, Pen, draw_lines, view_page


def lay_lines(
    color: np.ndarray,
    sketch: np.ndarray,
    pen: Pen = BLACK_PEN,
    paper: np.ndarray | None = None,
    is_paper: np.ndarray | None = None,
) -> np.ndarray:
    """Lays a sketch's lines over color. White color shows the sketch itself.

    Args:
        color: uint8 RGB `(H, W, 3)`.
        sketch: uint8 `(H, W)`, 0 = line, 255 = paper.
        pen: What draws the lines. A black one multiplies: `color * sketch / 255`.
        paper: The color of the paper, uint8 `(3,)`; None: it is transparent.
        is_paper: uint8 `(H, W)`, not 0 where the paper shows instead of the color; None: nowhere.

    Returns:
        uint8 RGB `(H, W, 3)`, rounded half up; with transparent paper RGBA `(H, W, 4)`, opaque
        where there is color, the lines alone elsewhere.
    """
    is_transparent = is_paper is not None and paper is None
    composite = np.empty((*sketch.shape, 4 if is_transparent else 3), np.uint8)
    for rows in row_slices(len(sketch)):
        under = color[rows]
        if is_paper is not None and paper is not None:
            sheet = np.full(under.shape, paper, np.uint8)
            under = cv2.copyTo(sheet, is_paper[rows], under.copy())
        page, opacity = view_page(sketch, rows, pen)
        # What the lines let through of what the color takes of white.
        seen = cv2.cvtColor(WHITE - opacity, cv2.COLOR_GRAY2RGB)
        laid = cv2.subtract(page, cv2.multiply(seen, WHITE - under, scale=1 / WHITE))
        if is_transparent:
            laid = cv2.cvtColor(laid, cv2.COLOR_RGB2RGBA)
            laid = cv2.copyTo(draw_lines(sketch, rows, pen), is_paper[rows], laid)
        composite[rows] = laid
    return composite


def is_white(paper: np.ndarray | None) -> bool:
    """Whether paper, as `lay_lines` takes it, is white and so needs no place of its own."""
    return paper is not None and paper.min() == WHITE
