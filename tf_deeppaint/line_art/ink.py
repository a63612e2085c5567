"""The sketch as the network sees it: ink of any width and darkness as lines that it knows.

A network is trained on black lines of about 1 % of the canvas. Averaged onto a canvas of 256
pixels, a thin or pale pen fades until nothing is closed. So a sketch is brought to a *working size*
first, where no ink is lost, and its ink is made black and wide enough there. Every step up to the
canvas is of whole numbers; `serving.canvas` is the same in the TensorFlow graph.
"""

from typing import NamedTuple

import cv2
import numpy as np

from tf_deeppaint.images.canvas import Placement, fit_to_canvas, reduce_blocks, resize
from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.images.strips import frame_of, is_strip
from tf_deeppaint.line_art.layout import framing
from tf_deeppaint.line_art.layout.figures import find_figures

# The working size: the longer side is brought near so many pixels, by a whole factor.
WORKING_SIDE = 512
# The most pixels of a strip at the working size, whose shorter side is else brought there. The most
# pixels of its canvas, and how many times as long as wide that may be; longer ones are narrower.
MOST_WORKING, MOST_CANVAS, MOST_CANVASES = 1 << 23, 1 << 22, 64
# A pixel darker than this has ink.
INK = 250
# The level of the darkest tenth of the ink becomes black, unless it is as dark as this already.
DARKEST_PART, BLACK = 10, 20
# Lines of the network's canvas are at least so many thousandths of its side wide.
LEAST_WIDTH = 9


def to_working_size(sketch: np.ndarray, factor: int | None = None) -> np.ndarray:
    """Shrinks a sketch by a whole factor so that no ink is lost, and makes its ink black.

    Args:
        sketch: uint8 gray `(H, W)`, dark lines on light paper.
        factor: The factor, `shrink_factor` where it is None.

    Returns:
        uint8 gray `(h, w)`, the longer side under 768 pixels: each pixel is the darkest of those it
        covers. Smaller sketches keep their size.
    """
    factor = factor or shrink_factor(*sketch.shape)
    return _blacken(reduce_blocks(np.minimum, np.asarray(sketch), factor))


def shrink_factor(height: int, width: int) -> int:
    """How many pixels of a sketch, along each axis, become one at the working size."""
    return max(1, (2 * max(height, width) + WORKING_SIDE) // (2 * WORKING_SIDE))


def working_factor(height: int, width: int) -> int:
    """How many pixels of a sketch become one at its working size; of a strip, by its short side.

    No more than `MOST_WORKING` pixels are left of a strip.
    """
    factor = shrink_factor(*frame_of(height, width))
    while is_strip(height, width) and -(-height // factor) * -(-width // factor) > MOST_WORKING:
        factor += 1
    return factor


class Window(NamedTuple):
    """A part of a canvas that the network sees.

    Attributes:
        view: Where it lies, `size` by `size`.
        drawn: The part of it that is shown, and where its prediction counts; the rest is white.
    """

    view: Placement
    drawn: Placement

    def show(self, canvas: np.ndarray) -> np.ndarray:
        """What the network sees of a canvas, uint8 `(size, size)`."""
        seen = np.full(self.view[2:], WHITE, np.uint8)
        seen[self.inside] = canvas[self.drawn.area]
        return seen

    @property
    def inside(self) -> tuple[slice, slice]:
        """The part that is shown, in pixels of the view."""
        top, left = self.drawn.top - self.view.top, self.drawn.left - self.view.left
        return Placement(top, left, *self.drawn[2:]).area


class Fitted(NamedTuple):
    """A sketch on a canvas, and the parts of it that the network sees.

    Attributes:
        canvas: uint8 gray, `(C, C)`; of a strip `(L, size)` or `(size, L)`.
        placement: Where the sketch lies on the canvas.
        windows: What the network sees of the canvas; None: a strip, see `painting.windows`.
    """

    canvas: np.ndarray
    placement: Placement
    windows: tuple[Window, ...] | None


def working_to_canvas(working: np.ndarray, size: int, framed: bool = False) -> Fitted:
    """Fits a sketch of the working size onto a canvas, its lines wide enough.

    Args:
        working: uint8 gray `(h, w)`, as `to_working_size` returns it.
        size: Side of the network's canvas in pixels.
        framed: Whether the canvas is larger where the drawing has wide margins, or figures stand
            apart; see `layout`.
    """
    side, boxes = max(working.shape), find_figures(working) if framed else []
    shown = framing.shown_side(max(box.side for box in boxes), side, size) if framed else side
    whole = side * size // shown  # of which `size` pixels show `shown` of the sketch's
    canvas, placement = fit_to_canvas(_widen(working, shown), whole)
    if shown == side:  # all is seen at once
        view = Placement(0, 0, size, size)
        return Fitted(canvas, placement, (Window(view, view),))
    views = [framing.find_window(box, side, placement, whole, size) for box in boxes]
    if len(boxes) == 1:
        return Fitted(canvas, placement, (Window(views[0], views[0]),))
    windows = [
        Window(view, framing.find_drawn(box, side, placement, whole, view))
        for box, view in zip(boxes, views, strict=True)
    ]
    return Fitted(canvas, placement, tuple(windows))


def working_to_strip(working: np.ndarray, size: int) -> Fitted:
    """Fits a strip of the working size onto a canvas as long as it needs, at the network's scale.

    Args:
        working: uint8 gray `(h, w)`.
        size: Side of the network's canvas in pixels, as which the short side comes out, or less
            where the strip is longer than `MOST_CANVASES` canvases.

    Returns:
        L is at least `size`.
    """
    side, length = min(working.shape), max(working.shape)
    longest = min(MOST_CANVASES * size, MOST_CANVAS // size)
    scale = min(size / side, longest / length)
    height, width = (max(1, round(scale * edge)) for edge in working.shape)
    shape = (max(height, size), size) if height > width else (size, max(width, size))
    placement = Placement((shape[0] - height) // 2, (shape[1] - width) // 2, height, width)
    canvas = np.full(shape, WHITE, np.uint8)
    canvas[placement.area] = resize(_widen(working, side), height, width)
    return Fitted(canvas, placement, None)


def _widen(working: np.ndarray, side: int) -> np.ndarray:
    """Widens lines for a canvas that shows so many pixels along each axis; see `widening`."""
    ink = (working < WHITE // 2).astype(np.uint8)
    inner = cv2.erode(ink, np.ones((3, 3), np.uint8))
    squares = ink[1:, 1:] & ink[1:, :-1] & ink[:-1, 1:] & ink[:-1, :-1]  # of 2 x 2
    squares = np.pad(squares, 1)
    thick = squares[1:, 1:] | squares[1:, :-1] | squares[:-1, 1:] | squares[:-1, :-1]
    radius = widening(*(int(part.sum()) for part in (ink, inner, thick)), side)
    if not radius:
        return working
    return cv2.erode(working, np.ones((2 * radius + 1, 2 * radius + 1), np.uint8))


def widening(ink: int, inner: int, thick: int, side: int) -> int:
    """By how many pixels on each side lines of the working size are widened.

    The mean width of lines is twice their area over their perimeter. An erosion by one pixel takes
    the perimeter away; a line of one pixel has it on both sides.

    Args:
        ink: Pixels of ink.
        inner: Those of them that have ink all around.
        thick: Those of them that lie in a square of 2 x 2 pixels of ink.
        side: Pixels of the working size, along each axis, that the network sees.
    """
    perimeter = max(1, ink - inner + ink - thick)
    # The missing width, times 1000 and the perimeter; half of it goes to each side. A quarter of a
    # pixel on each side is not worth the change.
    missing = LEAST_WIDTH * side * perimeter - 2000 * ink
    return max(0, (missing + 600 * perimeter) // (2000 * perimeter)) if ink else 0


def _blacken(gray: np.ndarray) -> np.ndarray:
    """Stretches the levels so that the darkest tenth of the ink is black."""
    counts = cv2.calcHist([gray], [0], None, [256], [0, 256]).ravel().astype(np.int64)
    ink = counts[:INK].sum()
    if not ink:
        return gray
    darkest = int(np.searchsorted(np.cumsum(counts), -(-ink // DARKEST_PART)))
    if darkest <= BLACK:
        return gray
    levels = (np.arange(256) - darkest) * WHITE // (WHITE - darkest)
    return cv2.LUT(gray, np.clip(levels, 0, WHITE).astype(np.uint8))
