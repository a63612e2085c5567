"""Where the lines of a sketch end, and what lies ahead of the ends: gaps are there.

Lines are thinned to a pixel's width by the algorithm of Zhang and Suen ("A fast parallel algorithm
for thinning digital patterns", CACM 27(3), 1984). A pixel of them with one neighbor is an end. It
points away from the mean of the thinned lines around it.

All numbers are whole; `serving.line_ends` is the same in the TensorFlow graph.
"""

import functools

import cv2
import numpy as np

# Rounds of thinning, of a pixel on each side: wider areas are no lines.
ROUNDS = 16
# How far from an end, along each axis, the mean of the lines is taken, in pixels.
BEHIND = 5
# More ends than this in a frame are hatching or grain: then everything lies ahead of one.
MOST_ENDS = 1000
# Bits of a pixel's neighbors in its code.
NEIGHBORS = ((1, 2, 4), (8, 0, 16), (32, 64, 128))


def find_ahead(ink: np.ndarray, reach: int, frames: int = 1) -> np.ndarray:
    """Finds what lies ahead of the ends of lines, at most half the width of lines further.

    Args:
        ink: bool `(H, W)`.
        reach: How far from the end of a line, in pixels.
        frames: How many frames the sketch is as large as, 1 unless it is a strip.

    Returns:
        bool `(H, W)`. Ends at the edge of the sketch do not count.
    """
    half = half_width(int(ink.sum()), int(_erode(ink).sum()))
    thin = thin_lines(ink)
    rows, columns = _find_ends(thin, half + 2)
    ahead = np.zeros(ink.shape, bool)
    if len(rows) > frames * MOST_ENDS:
        return ~ahead
    below, beside = _disc(half + reach)  # (K,)
    for row, column, down, right in zip(
        rows, columns, *_directions(thin, rows, columns), strict=True
    ):
        is_ahead = down * below + right * beside >= 0
        y, x = row + below[is_ahead], column + beside[is_ahead]
        inside = (y >= 0) & (y < ink.shape[0]) & (x >= 0) & (x < ink.shape[1])
        ahead[y[inside], x[inside]] = True
    return ahead


def half_width(ink: int, inner: int) -> int:
    """Half the mean width of lines in pixels, rounded down, `ROUNDS` at most; see `ink.widening`.

    Args:
        ink: Pixels of ink.
        inner: Those of them that have ink all around.
    """
    return min(ROUNDS, ink // max(1, ink - inner))


def thin_lines(ink: np.ndarray) -> np.ndarray:
    """Thins lines, bool `(H, W)`, to the width of a pixel: uint8 `(H, W)`, 0 or 1.

    Areas wider than twice `ROUNDS` pixels are left with a core.
    """
    thin = np.pad(ink.astype(np.uint8), 1)
    bits, offsets = _neighbors(thin.shape[1])
    flat, is_near = thin.ravel(), np.zeros(thin.size, bool)
    # Only a pixel near one that was taken away since may be taken away now; at first any border.
    pixels = before = np.flatnonzero(thin > _erode(thin))
    for half in range(2 * ROUNDS):
        code = np.zeros(len(pixels), np.uint8)
        for bit, offset in zip(bits, offsets, strict=True):
            code |= flat[pixels + offset] * bit
        gone = pixels[stays_by_code()[half % 2][code] == 0]
        flat[gone] = 0
        changed = np.concatenate([before, gone])
        if not len(changed):
            break
        for offset in offsets:
            is_near[changed + offset] = True
        pixels, before = np.flatnonzero(is_near & flat.view(bool)), gone
        is_near[:] = False
    return np.ascontiguousarray(thin[1:-1, 1:-1])


def _neighbors(width: int) -> tuple[np.ndarray, np.ndarray]:
    """The bits of a pixel's neighbors, uint8, and how far each is in an image of such a width."""
    rows, columns = np.nonzero(NEIGHBORS)
    return np.uint8(NEIGHBORS)[rows, columns], (rows - 1) * width + columns - 1


@functools.cache
def stays_by_code() -> np.ndarray:
    """Whether a pixel stays, by the code of its neighbors: uint8 `(2, 256)`, for each half round.

    The names are those of the paper: A counts steps from paper to ink around the pixel, B the ink.
    """
    around = ((0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0), (0, 0))
    codes = np.arange(256)
    ring = np.stack([codes & NEIGHBORS[y][x] > 0 for y, x in around])  # (8, 256)
    north, _, east, _, south, _, west, _ = ring
    a, b = (~ring & np.roll(ring, -1, axis=0)).sum(axis=0), ring.sum(axis=0)
    removable = (b >= 2) & (b <= 6) & (a == 1)
    first = removable & ~(north & east & south) & ~(east & south & west)
    second = removable & ~(north & east & west) & ~(north & south & west)
    return np.stack([~first, ~second]).astype(np.uint8)


def _find_ends(thin: np.ndarray, margin: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the ends of thinned lines, none within `margin` pixels of the edge."""
    neighbors = _filter(thin, np.int32(NEIGHBORS) > 0)
    is_end = (thin > 0) & (neighbors == 1)
    inside = np.zeros_like(is_end)
    inside[margin:-margin, margin:-margin] = True
    return np.nonzero(is_end & inside)


def _filter(thin: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    # Codes have eight bits: sums of uint8 are exact. Beside the sketch is paper.
    return cv2.filter2D(thin, -1, kernel.astype(np.float32), borderType=cv2.BORDER_CONSTANT)


def _erode(ink: np.ndarray) -> np.ndarray:
    return cv2.erode(ink.astype(np.uint8), np.ones((3, 3), np.uint8))


def _disc(radius: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the pixels within a radius of (0, 0), int `(K,)` each."""
    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    inside = rows**2 + columns**2 <= radius**2
    return rows[inside], columns[inside]


def _directions(
    thin: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How far down and right ends point, int `(N,)` each, in pixels times the thinned ones around.

    Args:
        thin: uint8 `(H, W)`, 0 or 1.
        rows: Of the ends, `(N,)`.
        columns: Likewise.
    """
    side = 2 * BEHIND + 1
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(thin, BEHIND), (side, side))
    around = windows[rows, columns].astype(np.int64)  # (N, side, side)
    offsets = np.arange(-BEHIND, BEHIND + 1)
    return -(around.sum(axis=2) @ offsets), -(around.sum(axis=1) @ offsets)
