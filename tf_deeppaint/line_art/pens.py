"""Pens: the color and opacity of a sketch's lines, which are the user's own or of one color.

A pixel of the user's page is paint seen through ink. As in "color to alpha" of paint programs, it
is taken apart into the least opaque ink that gives it on white paper. So gray is black at the
opacity of its darkness, and nothing of the paper is left in the ink. Where all strong lines have a
color, their color is opaque, and so stays what it is over any paint.
"""

from typing import NamedTuple

import cv2
import numpy as np

from tf_deeppaint.images.pixels import WHITE, row_slices
from tf_deeppaint.images.resolution import Dpi
from tf_deeppaint.line_art.ink import DARKEST_PART, INK
from tf_deeppaint.palette.named_colors import parse_word_or_color

# The color of lines: as it is on the page, or black; or else a color's code.
KEEP, BLACK = "keep", "black"
# The least chroma of lines that have a color: the greatest less the smallest channel, in levels.
_CHROMA = 32


class Ink(NamedTuple):
    """The colors of a page where it is not white, stored without the white.

    Attributes:
        colors: uint8 RGB `(N, 3)` of the pixels whose gray is under 255, in reading order.
        starts: int `(H + 1,)`, the first of them in each row, and the end.
        opaque: Ink whose smallest channel has this level or less is opaque.
    """

    colors: np.ndarray
    starts: np.ndarray
    opaque: int


class Sketch(np.ndarray):
    """A sketch, uint8 gray `(H, W)`, that keeps what else its page showed.

    Attributes:
        ink: The colors of its lines; None where they are gray, or of a cleaned or colored page.
        is_transparent: Whether most of the page's edge is transparent.
        dpi: Horizontal and vertical pixels an inch; None where they are not known.

    Arrays made of this one, parts too, have none of these.
    """

    ink: Ink | None = None
    is_transparent: bool = False
    dpi: Dpi | None = None


# An ink, or one color, uint8 `(3,)`.
Pen = Ink | np.ndarray
BLACK_PEN = np.zeros(3, np.uint8)


def find_ink(page: np.ndarray, sketch: np.ndarray) -> Ink | None:
    """Finds the colors of lines.

    Args:
        page: uint8 RGB `(H, W, 3)`.
        sketch: The same in gray, uint8 `(H, W)`.

    Returns:
        The ink; None where the page is gray.
    """
    parts = [(page[rows], sketch[rows] < WHITE) for rows in row_slices(len(page))]
    if all(_is_gray(part) for part, _ in parts):
        return None
    colors = np.concatenate([part[inked] for part, inked in parts])
    counts = np.concatenate([np.count_nonzero(inked, axis=1) for _, inked in parts])
    starts = np.concatenate([[0], np.cumsum(counts)])
    return Ink(colors, starts, _find_opaque(colors) if 2 * len(colors) <= sketch.size else 0)


def choose_pen(line_color: str, sketch: np.ndarray) -> Pen:
    """The pen that draws the lines of a sketch.

    Args:
        line_color: `"keep"`: as they are in a `Sketch`, black in any other; `"black"`; `"#rrggbb"`.
        sketch: uint8 `(H, W)`.

    Raises:
        DeepPaintError: it is none of these.
    """
    color = parse_line_color(line_color)
    if isinstance(color, np.ndarray):
        return color
    ink = sketch.ink if isinstance(sketch, Sketch) else None
    return ink if color == KEEP and ink is not None else BLACK_PEN


def parse_line_color(line_color: str) -> str | np.ndarray:
    """`"keep"`, `"black"`, or a color, uint8 `(3,)`; raises DeepPaintError for others."""
    return parse_word_or_color(line_color, "line_color", (KEEP, BLACK))


def view_page(sketch: np.ndarray, rows: slice, pen: Pen) -> tuple[np.ndarray, np.ndarray]:
    """Some rows of a sketch drawn by a pen on white paper.

    Args:
        sketch: uint8 `(H, W)`.
        rows: Which.
        pen: An ink must be that of the sketch.

    Returns:
        uint8 RGB `(h, W, 3)`, and the opacity of the lines, uint8 `(h, W)`: at least the darkness
        of every channel.
    """
    gray = sketch[rows]
    if isinstance(pen, np.ndarray):
        darkness = WHITE - np.arange(WHITE + 1)[:, None]
        levels = np.rint(WHITE - (WHITE - pen.astype(int)) * darkness / WHITE).astype(np.uint8)
        return cv2.LUT(cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB), levels[None]), WHITE - gray
    page = np.full((*gray.shape, 3), WHITE, np.uint8)
    page[gray < WHITE] = pen.colors[pen.starts[rows.start] : pen.starts[rows.start + len(gray)]]
    return page, cv2.LUT(_least_channel(page), _opacities(pen.opaque))


def draw_lines(sketch: np.ndarray, rows: slice, pen: Pen) -> np.ndarray:
    """The lines alone in some rows of a sketch, uint8 RGBA `(h, W, 4)`; see `view_page`."""
    if isinstance(pen, np.ndarray):
        lines = np.empty((*sketch[rows].shape, 4), np.uint8)
        lines[..., :3], lines[..., 3] = pen, WHITE - sketch[rows]
        return lines
    page, opacity = view_page(sketch, rows, pen)
    taken = cv2.divide(WHITE - page, cv2.cvtColor(opacity, cv2.COLOR_GRAY2RGB), scale=WHITE)
    return np.dstack([WHITE - taken, opacity])


def _find_opaque(colors: np.ndarray) -> int:
    """The level of the darkest tenth of the ink, where that has a color; otherwise 0."""
    least = _least_channel(colors[None])[0]
    counts = np.bincount(least, minlength=WHITE + 1)[:INK]
    if not counts.any():
        return 0
    level = int(np.searchsorted(np.cumsum(counts), -(-counts.sum() // DARKEST_PART)))
    darkest = colors[least <= level]
    return level if np.ptp(darkest, axis=1).mean() >= _CHROMA else 0


def _is_gray(page: np.ndarray) -> bool:
    red, green, blue = cv2.split(page)
    return np.array_equal(red, green) and np.array_equal(green, blue)


def _least_channel(colors: np.ndarray) -> np.ndarray:
    return cv2.min(cv2.min(colors[..., 0], colors[..., 1]), colors[..., 2])


def _opacities(opaque: int) -> np.ndarray:
    """For each level of the smallest channel the opacity, uint8 `(256,)`, rounded up."""
    darkness = WHITE - np.arange(WHITE + 1)
    return np.minimum(WHITE, -(-darkness * WHITE // (WHITE - opaque))).astype(np.uint8)
