"""A colored sketch parted into layers: paper, flats, shading, highlights and lines.

With the picture's color C and the flat color F of a pixel, per channel:

    shading    M = 255 C / F                    where C < F, or else 255, which changes nothing
    highlights S = 255 (C - F) / (255 - F)      where C > F, or else 0, likewise

Multiplied with M or screened with S, F is C within half a level, whatever F is. Where
they differ by a level at most, neither layer has anything.
"""

import functools
from collections.abc import Callable, Mapping
from typing import NamedTuple

import cv2
import numpy as np

from tf_deeppaint.images.pixels import WHITE, row_slices
from tf_deeppaint.line_art.pens import BLACK_PEN, Pen, draw_lines
from tf_deeppaint.painting.layers.layer import MULTIPLY, NORMAL, SCREEN, Layer

# Color is paper from this level on in all channels, since networks round to a level less.
_PAPER_WHITE = 254
# Transparent white, as four bytes in one number.
_CLEAR = np.uint8([WHITE, WHITE, WHITE, 0]).view(np.uint32)[0]
_WHITE_SHEET = np.full(3, WHITE, np.uint8)
FLATS, SHADING, HIGHLIGHTS = "flats", "shading", "highlights"


class Flats(NamedTuple):
    """The flat colors of a sketch.

    Attributes:
        labels: A number for each pixel, uint8 or uint16 `(H, W)`.
        colors: The flat color of each number, uint8 `(N, 3)`.
        layers: The layer of each number, int `(N,)`.
        names: The names of the layers, in their order; empty ones are left out.
        hidden: A number for each pixel, likewise, where a hidden layer shows each number in a color
            of its own; None: there is no such layer.
    """

    labels: np.ndarray
    colors: np.ndarray
    layers: np.ndarray
    names: Mapping[int, str]
    hidden: np.ndarray | None = None


def make_layers(
    color: np.ndarray,
    sketch: np.ndarray,
    flats: Flats | None = None,
    pen: Pen = BLACK_PEN,
    paper: np.ndarray | None = _WHITE_SHEET,
    is_paper: np.ndarray | None = None,
) -> list[Layer]:
    """Splits a colored sketch into layers, from the bottom up; see the package.

    Together they show what `lay_lines` returns, within a level. Flats are opaque or transparent: on
    white paper they are transparent where the color is white, so that another paper shows, on other
    paper where `is_paper` says so. Transparent paper is no layer.

    Args:
        color: uint8 RGB `(H, W, 3)`, without lines.
        sketch: uint8 `(H, W)`.
        flats: The flat colors; None: one layer `color`, even if it is empty, instead of flats,
            shading and highlights.
        pen: What draws the lines.
        paper: As `lay_lines` takes it.
        is_paper: Likewise; None only with white paper.
    """
    width, shape = sketch.shape[1], sketch.shape

    def painted(rows: slice) -> np.ndarray:
        if is_paper is not None:
            return (is_paper[rows] == 0).astype(np.uint8)
        return (cv2.inRange(color[rows], (_PAPER_WHITE,) * 3, (WHITE,) * 3) == 0).astype(np.uint8)

    def sheet(rows: slice) -> np.ndarray:
        return np.full((len(sketch[rows]), width, 4), (*paper, WHITE), np.uint8)

    bottom = [] if paper is None else [Layer("paper", sheet, shape)]
    lines = Layer("lines", lambda rows: draw_lines(sketch, rows, pen), shape)
    if flats is None:
        whole = Layer("color", lambda rows: _cut_out(color[rows], painted(rows)), shape)
        return [*bottom, whole, lines]
    parts = [*_make_flats(flats, painted), *_make_shades(color, flats, painted)]
    if flats.hidden is not None:
        table = _distinct_colors(int(flats.hidden.max()) + 1)

        def regions(rows: slice) -> np.ndarray:
            return _keep(_look_up(table, flats.hidden[rows]), painted(rows))

        parts.append(Layer("regions", regions, shape, is_shown=False))
    return [*bottom, *parts, lines]


def _make_flats(flats: Flats, painted: Callable[[slice], np.ndarray]) -> list[Layer]:
    labels, shape = flats.labels, flats.labels.shape
    counts = np.zeros(len(flats.colors), np.int64)
    for rows in row_slices(shape[0]):
        counts += np.bincount(labels[rows][painted(rows) > 0], minlength=len(counts))
    used = np.bincount(flats.layers, counts)

    def flat(layer: int) -> Callable[[slice], np.ndarray]:
        table = np.full((len(flats.colors), 4), (WHITE, WHITE, WHITE, 0), np.uint8)
        chosen = flats.layers == layer
        table[chosen] = np.pad(flats.colors[chosen], ((0, 0), (0, 1)), constant_values=WHITE)
        return lambda rows: _keep(_look_up(table, labels[rows]), painted(rows))

    return [
        Layer(name, flat(layer), shape, NORMAL, FLATS)
        for layer, name in flats.names.items()
        if layer < len(used) and used[layer]
    ]


def _make_shades(
    color: np.ndarray, flats: Flats, painted: Callable[[slice], np.ndarray]
) -> list[Layer]:
    """Shading and highlights, as far as there are some."""
    shape = color.shape[:2]
    # The flat color, and the channel in which it is lightest.
    table = np.column_stack([flats.colors, flats.colors.argmax(axis=1)]).astype(np.uint8)

    def look_up(rows: slice) -> tuple[np.ndarray, np.ndarray]:
        flat = _look_up(table, flats.labels[rows])
        return cv2.cvtColor(flat, cv2.COLOR_RGBA2RGB), flat[..., 3]

    def shading(rows: slice) -> np.ndarray:
        return _shade(color[rows], *look_up(rows), painted(rows))

    def highlights(rows: slice) -> np.ndarray:
        return _light(color[rows], look_up(rows)[0], painted(rows))

    is_darker = is_lighter = False
    for rows in row_slices(shape[0]):
        flat, _ = look_up(rows)
        mask = painted(rows) & _differs(color[rows], flat)
        is_darker = is_darker or bool((_any(cv2.subtract(flat, color[rows])) & mask).any())
        is_lighter = is_lighter or bool((_any(cv2.subtract(color[rows], flat)) & mask).any())
    layers = [Layer(SHADING, shading, shape, MULTIPLY)] if is_darker else []
    return layers + ([Layer(HIGHLIGHTS, highlights, shape, SCREEN)] if is_lighter else [])


def _shade(
    color: np.ndarray, flat: np.ndarray, lead: np.ndarray, painted: np.ndarray
) -> np.ndarray:
    """Rows of the layer that multiplies; it is gray wherever that gives the very same color.

    `lead`: the channel in which the flat color is lightest, uint8 `(h, W)`.
    """
    shading, _, multiplied = _tables()
    part = _look_up_pairs(shading, flat, color)
    gray = cv2.cvtColor(np.choose(lead, cv2.split(part)), cv2.COLOR_GRAY2RGB)
    is_gray = 1 - _any(cv2.absdiff(_look_up_pairs(multiplied, flat, gray), color))
    part = cv2.copyTo(gray, is_gray, part)
    return _cut_out(part, painted & _any(WHITE - part) & _differs(color, flat))


def _light(color: np.ndarray, flat: np.ndarray, painted: np.ndarray) -> np.ndarray:
    """Rows of the layer that screens."""
    part = _look_up_pairs(_tables()[1], flat, color)
    return _cut_out(part, painted & _any(part) & _differs(color, flat))


@functools.cache
def _tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shading and highlights by flat color and color, and products by both factors, each rounded.

    uint8 `(256 * 256,)`; see the module.
    """
    flat, color = np.divmod(np.arange((WHITE + 1) ** 2), WHITE + 1)
    room = WHITE - flat
    darker = (color * WHITE + (flat >> 1)) // np.maximum(flat, 1)
    lighter = ((color - flat) * WHITE + (room >> 1)) // np.maximum(room, 1)
    shading = np.where(color < flat, darker, WHITE)
    highlights = np.where(color > flat, lighter, 0)
    product = (flat * color + WHITE // 2) // WHITE
    return shading.astype(np.uint8), highlights.astype(np.uint8), product.astype(np.uint8)


def _look_up_pairs(table: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """What one of `_tables` has for two levels in each channel of each pixel."""
    return table[first.astype(np.uint16) << 8 | second]


def _any(levels: np.ndarray) -> np.ndarray:
    """Where any channel of levels `(h, W, 3)` is not 0, uint8 `(h, W)`, 0 or 1."""
    red, green, blue = cv2.split(levels)
    return ((red | green | blue) > 0).astype(np.uint8)


def _differs(color: np.ndarray, flat: np.ndarray) -> np.ndarray:
    """Where two pictures differ by more than a level, uint8 `(h, W)`, 0 or 1."""
    return _any(cv2.absdiff(color, flat) >> 1)


def _cut_out(color: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The color inside a mask; outside transparent white, which scaling a layer mixes in."""
    cut = np.full((*mask.shape, 1), _CLEAR).view(np.uint8)
    return cv2.copyTo(cv2.cvtColor(color, cv2.COLOR_RGB2RGBA), mask, cut)


def _keep(rgba: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """RGBA inside a mask; outside transparent white."""
    np.copyto(rgba.view(np.uint32)[..., 0], _CLEAR, where=mask == 0)
    return rgba


def _look_up(table: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The rows of a table, uint8 `(N, 4)`, of labels `(h, W)`: uint8 `(h, W, 4)`."""
    packed = np.ascontiguousarray(table).view(np.uint32)[:, 0]
    return packed[labels][..., None].view(np.uint8)


def _distinct_colors(count: int) -> np.ndarray:
    """Opaque colors, no two equal, neighbors in number unlike, uint8 RGBA `(count, 4)`.

    Red and green count in steps that are odd, and so visit every level before one comes again; blue
    counts how often that was.
    """
    number = np.arange(count)
    blue, opaque = WHITE - 79 * (number >> 8), np.full(count, WHITE)
    return np.stack([97 * number, 61 * number, blue, opaque], axis=1).astype(np.uint8)
