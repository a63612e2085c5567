"""Strips painted in windows of the network's size, whose predictions are blended into one.

A strip is cut into *pieces* where it is blank from side to side, so that no figure is cut: what is
drawn in a piece is as long as a window at most. The window shows it in the middle, and white beyond
the piece. What has no blank rows to be cut at is a longer piece; its windows overlap by a quarter
or more.

Where pieces or windows meet, one's prediction fades into the next's. Colors are decided later: the
regions of the whole strip are evened out as those of any sketch. So no region has a seam.

Here a strip is upright, and what is said of its rows is true of the columns of a wide one.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.line_art.regions import PAPER

# Windows that go through the network together.
BATCH = 8
# The levels of a blank row differ by less. It may be dark, as between the panels of a night.
BLANK = WHITE - PAPER
# Parts of a window: windows of one piece overlap by a quarter at least; where there is a choice of
# cuts, pieces have a quarter at least, and blank rows that are an eighth are as good as any.
OVERLAP, LEAST_PIECE, WIDE = 4, 4, 8


class Window(NamedTuple):
    """A window on a strip; all in rows of its canvas.

    Attributes:
        start: The first row, maybe beside the canvas.
        shown: The first row that is shown and the one behind the last; others are white.
        fades: Where it fades from the window before and into the next: the middle and half the
            length of either; None at the ends of the strip.
    """

    start: int
    shown: tuple[int, int]
    fades: tuple[tuple[int, int] | None, tuple[int, int] | None]

    def share(self, rows: np.ndarray) -> np.ndarray:
        """The window's share of rows, float32 in [0, 1]; those of all windows are 1 together."""
        shares = np.ones(len(rows), np.float32)
        for fade, sign in zip(self.fades, (1, -1), strict=True):
            if fade is not None:
                middle, half = fade
                position = (rows + 0.5 - middle) / (2 * max(half, 0.5))
                shares *= np.clip(0.5 + sign * position, 0, 1)
        return shares


def plan_windows(canvas: np.ndarray, size: int) -> list[Window]:
    """Plans the windows of a strip.

    Args:
        canvas: uint8 `(L, S)`, upright.
        size: S, the length of a window.

    Returns:
        The windows from the top down.
    """
    length = len(canvas)
    blank = np.ptp(canvas, axis=1) <= BLANK
    cuts = [0, *_find_cuts(blank, size), length]
    half = size // (2 * WIDE)  # of the fade from piece to piece
    starts, meetings, shown = [], [], []
    for top, bottom in itertools.pairwise(cuts):
        around = max(0, top - half), min(length, bottom + half)
        spread = _spread(top, bottom, blank, size)
        starts += spread
        shown += [around] * len(spread)
        meetings += [
            ((first + size + second) // 2, size // (2 * OVERLAP))
            for first, second in itertools.pairwise(spread)
        ]
        meetings.append((bottom, half))
    fades = [None, *meetings[:-1], None]
    return list(map(Window, starts, shown, itertools.pairwise(fades)))


def _spread(top: int, bottom: int, blank: np.ndarray, size: int) -> list[int]:
    """The first rows of the windows of a piece; of a long one, blank rows at its ends are left."""
    drawn = top + np.flatnonzero(~blank[top:bottom])
    if bottom - top > size and len(drawn):
        top, bottom = int(drawn[0]), int(drawn[-1]) + 1
    if bottom - top <= size or not len(drawn):
        return [(top + bottom - size) // 2]
    count = 1 + -(-(bottom - top - size) // (size - size // OVERLAP))
    return np.linspace(top, bottom - size, count).round().astype(int).tolist()


def _find_cuts(blank: np.ndarray, size: int) -> list[int]:
    """The rows at which a strip is cut into pieces, rising, in the middle of blank rows."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], blank, [0]]).astype(int)))
    tops, bottoms = edges[::2], edges[1::2]
    middles, widths = (tops + bottoms) // 2, np.minimum(bottoms - tops, size // WIDE)
    drawn = np.flatnonzero(~blank)
    cuts, top = [], 0
    while len(drawn) and drawn[-1] >= drawn[0] + size:
        near = (tops > drawn[0]) & (tops <= drawn[0] + size) & (middles > top + size // LEAST_PIECE)
        beyond = tops > drawn[0] + size
        if near.any():  # at the widest blank rows, of equal ones at the last
            top = int(middles[near & (widths == widths[near].max())][-1])
        elif beyond.any():
            top = int(middles[beyond][0])
        else:
            break
        cuts.append(top)
        drawn = drawn[drawn > top]
    return cuts


def blend(
    canvas: np.ndarray, size: int, run: Callable[[np.ndarray], Sequence[dict[str, np.ndarray]]]
) -> dict[str, np.ndarray]:
    """Runs a network on the windows of a strip, and blends what it returns.

    Args:
        canvas: uint8 `(L, S)` or `(S, L)`.
        size: S.
        run: Takes at most `BATCH` windows, uint8 `(N, S, S)`; returns of each arrays `(S, S, C)`.

    Returns:
        Arrays `(L, S, C)` or `(S, L, C)`, float32.
    """
    is_wide = canvas.shape[1] > canvas.shape[0]
    upright = canvas.T if is_wide else canvas
    windows = plan_windows(upright, size)
    blended: dict[str, np.ndarray] = {}
    for window, outputs in _run(upright, windows, size, is_wide, run):
        for name, values in outputs.items():
            values = values.swapaxes(0, 1) if is_wide else values
            if name not in blended:
                blended[name] = np.zeros((*upright.shape, values.shape[-1]), np.float32)
            _add(blended[name], window, values)
    return {n: v.swapaxes(0, 1) if is_wide else v for n, v in blended.items()}


def _run(
    upright: np.ndarray, windows: list[Window], size: int, is_wide: bool, run: Callable
) -> Iterator[tuple[Window, dict[str, np.ndarray]]]:
    for first in range(0, len(windows), BATCH):
        batch = windows[first : first + BATCH]
        views = np.stack([_view(upright, window, size) for window in batch])
        yield from zip(batch, run(views.swapaxes(1, 2) if is_wide else views), strict=True)


def _view(upright: np.ndarray, window: Window, size: int) -> np.ndarray:
    """What a window shows, uint8 `(S, S)`."""
    view = np.full((size, size), WHITE, np.uint8)
    top, bottom = max(window.start, window.shown[0]), min(window.start + size, window.shown[1])
    view[top - window.start : bottom - window.start] = upright[top:bottom]
    return view


def _add(blended: np.ndarray, window: Window, values: np.ndarray) -> None:
    """Adds a window's values `(S, S, C)` by its shares; beyond it, those of its last row count."""
    before, after = window.fades
    top = 0 if before is None else max(0, before[0] - before[1])
    bottom = len(blended) if after is None else min(len(blended), after[0] + after[1])
    rows = np.arange(top, bottom)
    inside = np.clip(rows - window.start, 0, len(values) - 1)
    blended[top:bottom] += window.share(rows)[:, None, None] * values[inside]
