"""A character before it is colored: its lines, and which role every pixel plays.

An SVG whose fills are the codes of roles is rasterized once. All codes have the red level 255 and
ink has the red level 0, so the red channel is the line art, and the green and blue of a pixel tell
its role.
"""

import functools
from typing import NamedTuple

import cv2
import numpy as np

from tf_deeppaint.data.sources.color_schemes import ROLES
from tf_deeppaint.data.sources.svg import rasterize

# The fill of lines, and of a role's solid areas where an artist draws them in ink: black hair.
INK = "#000000"

# Levels of 255 by which a code may be off and still be read.
_TOLERANCE = 12
# Levels of red: below it a pixel is solid ink, from `_LIT` on its green and blue can be read.
_SOLID = 8
_LIT = 128
# Stands in an array of roles for none of them.
_NO_ROLE = 255
# Codes lie on a circle in the plane of green and blue: a mixture of two is then never a third.
_ANGLES = 2 * np.pi * np.arange(len(ROLES)) / len(ROLES)
_CODES = np.rint(127.5 + 127.4 * np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=-1)).astype(int)
_PAPER = np.array([255, *_CODES[0]], np.int16)
# Share of the side: no line is thicker than twice this.
MIN_SOLID = 0.014
# Share of the canvas: smaller areas of ink stay ink.
_MIN_SOLID_AREA = 0.003
# Pixels: enough to find the edges of a drawing to two hundredths of its size.
_FITTING_SIZE = 64
# Pixels of that size: a smaller thing apart from the drawing does not move its edges.
_MAX_SPECK = 1
# Share of the longer side of a drawing.
_MARGIN = 0.04
# Width of the line that stays around opened ink, as a share of the side.
_LINE_WIDTH = 0.0085
# Levels of 255: a border between roles that is this dark has a line.
_DARK = 140
# Pixels of blur, and a factor, that make a smooth and dark line of a jagged border.
_BORDER_BLUR = 0.7
_BORDER_WEIGHT = 1.6
# Share of the canvas: smaller bits of ink on bare paper are no part of the drawing.
_SPECK = 0.0003
# Pixels: a thinner line would be gray.
_MIN_LINE = 1.25


class Box(NamedTuple):
    """A rectangle in the coordinates of an SVG."""

    left: float
    top: float
    width: float
    height: float


class Figure(NamedTuple):
    """A character without colors.

    Attributes:
        sketch: The line art, uint8 gray `(H, W)`, black on white.
        parts: The role of every pixel, under the lines too, uint8 `(H, W)`: an index of `ROLES`.
    """

    sketch: np.ndarray
    parts: np.ndarray


def code(role: str) -> str:
    """The fill, as an SVG color, that stands for a role."""
    green, blue = _CODES[ROLES.index(role)]
    return f"#ff{green:02x}{blue:02x}"


def ink_code(role: str) -> str:
    """The fill of ink whose solid areas are opened up and play a role, as black hair does."""
    green, blue = _CODES[ROLES.index(role)]
    return f"#00{green:02x}{blue:02x}"


def render_figure(markup: str, box: Box, size: int, name: str, solid: float = MIN_SOLID) -> Figure:
    """Rasterizes SVG elements made of `code`, `ink_code` and `INK` fills onto a square canvas.

    Args:
        markup: The elements.
        box: What is shown of them; it is centered where it is not square.
        size: Side of the canvas in pixels.
        name: What to call it in an error.
        solid: As in `read_figure`.

    Raises:
        DeepPaintError: the rasterizer is not installed, or it cannot draw this.
    """
    return read_figure(_rasterize(markup, box, size, name), solid)


def fit_box(markup: str, box: Box, name: str) -> Box:
    """The square around what is drawn inside `box`, with a margin.

    A figure that is cut by the lower edge of the box stays cut by the lower edge of the square. One
    that is cut by its left or right edge keeps the box.

    Raises:
        DeepPaintError: as `render_figure` does.
    """
    side = max(box.width, box.height)
    pixels = _rasterize(markup, box, _FITTING_SIZE, name).astype(np.int16)
    drawn = np.abs(pixels - _PAPER).max(axis=-1) > _TOLERANCE
    _, labels, stats, _ = cv2.connectedComponentsWithStats(drawn.astype(np.uint8))
    drawn &= stats[labels, cv2.CC_STAT_AREA] > _MAX_SPECK
    rows, columns = (np.flatnonzero(drawn.any(axis=axis)) for axis in (1, 0))
    if not rows.size or columns[0] == 0 or columns[-1] == _FITTING_SIZE - 1:
        return box
    unit = side / _FITTING_SIZE
    left = box.left + box.width / 2 - side / 2 + columns[0] * unit
    top = box.top + box.height / 2 - side / 2 + rows[0] * unit
    width, height = ((axis[-1] - axis[0] + 1) * unit for axis in (columns, rows))
    square = max(width, height) * (1 + 2 * _MARGIN)
    is_cut = rows[-1] == _FITTING_SIZE - 1
    below = 0.0 if is_cut else (square - height) / 2
    return Box(left + width / 2 - square / 2, top + height + below - square, square, square)


def _rasterize(markup: str, box: Box, size: int, name: str) -> np.ndarray:
    """Draws SVG elements on the code of paper: uint8 RGB `(size, size, 3)`."""
    side = max(box.width, box.height)
    left, top = box.left + (box.width - side) / 2, box.top + (box.height - side) / 2
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{size}" height="{size}" viewBox="{left} {top} {side} {side}">{markup}</svg>'
    )
    return rasterize(svg.encode(errors="replace"), name, size, code("paper"))


def read_figure(pixels: np.ndarray, solid: float) -> Figure:
    """Reads lines and roles out of a rasterized SVG made of codes.

    Args:
        pixels: uint8 RGB `(H, H, 3)`.
        solid: Radius of a disc, as a share of the side: ink of a role is opened up, into an area
            inside an outline, where the disc fits. Lines are thinner.
    """
    red = np.ascontiguousarray(pixels[..., 0])
    roles = _roles_of(pixels[..., 1], pixels[..., 2])
    is_code = roles != _NO_ROLE
    owned = is_code & (red < _SOLID)
    lit = red >= 255 - _SOLID
    if not owned.any():
        # Black over a code darkens all three channels alike.
        faint = (red >= _LIT) & ~lit
        levels = pixels[faint].astype(np.float32)
        levels = np.rint(levels * (255 / levels[:, :1])).clip(0, 255).astype(np.uint8)
        roles[faint] = _roles_of(levels[:, 1], levels[:, 2])
        figure = Figure(red, _spread(roles, (lit | faint) & (roles != _NO_ROLE)))
    else:
        figure = _open_up(red, _spread(roles, lit & is_code), roles, owned, solid)
    return _closed(figure)


def _roles_of(green: np.ndarray, blue: np.ndarray) -> np.ndarray:
    """The roles whose codes have these levels, or nearly; `_NO_ROLE` where none has."""
    return _role_table()[green, blue]


@functools.cache
def _role_table() -> np.ndarray:
    """uint8 `(256, 256)`: the role of each green and blue."""
    green, blue = np.mgrid[:256, :256]
    distances = np.stack([np.hypot(green - g, blue - b) for g, b in _CODES])
    is_near = distances.min(axis=0) <= _TOLERANCE
    return np.where(is_near, distances.argmin(axis=0), _NO_ROLE).astype(np.uint8)


def _spread(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Gives every pixel the value of the nearest known one."""
    if not known.any():
        return np.zeros_like(values)
    _, labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    by_label = np.zeros(labels.max() + 1, values.dtype)
    by_label[labels[known]] = values[known]
    return by_label[labels]


def _open_up(
    red: np.ndarray, parts: np.ndarray, roles: np.ndarray, owned: np.ndarray, solid: float
) -> Figure:
    """Turns solid ink that plays a role into an area of that role inside an outline."""
    side = len(red)
    # Twice the size: edges of the opened areas are placed to half a pixel.
    double = cv2.resize(red, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    depth = cv2.distanceTransform((double < 128).astype(np.uint8), cv2.DIST_L2, 5)
    radius = 2 * solid * side
    core = (depth < radius).astype(np.uint8)
    thick = cv2.distanceTransform(core, cv2.DIST_L2, 5) < radius
    line = 2 * max(_LINE_WIDTH * side, _MIN_LINE)
    # Depth counts to the middle of a pixel beyond the edge, half a pixel too far.
    inside = np.where(thick, np.clip(depth - line, 0, 1), 0).astype(np.float32)
    inside = cv2.resize(inside, (side, side), interpolation=cv2.INTER_AREA)
    role = _spread(roles, owned)
    # Ink without an owner stays.
    inside[cv2.dilate(owned.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0] = 0
    _, labels, stats, _ = cv2.connectedComponentsWithStats((inside > 0).astype(np.uint8))
    small = stats[:, cv2.CC_STAT_AREA] < _MIN_SOLID_AREA * side**2
    inside[small[labels]] = 0
    sketch = np.maximum(red, np.rint(255 * inside).astype(np.uint8))
    return Figure(sketch, np.where(inside > 0.5, role, parts))


def _closed(figure: Figure) -> Figure:
    """Draws a thin line along the borders between roles that have none, and removes specks."""
    sketch, parts = figure
    border = np.zeros(parts.shape, np.uint8)
    border[:, :-1] |= parts[:, :-1] != parts[:, 1:]
    border[:-1] |= parts[:-1] != parts[1:]
    border[cv2.erode(sketch, np.ones((3, 3), np.uint8)) < _DARK] = 0
    line = cv2.GaussianBlur(border * np.float32(255), (0, 0), _BORDER_BLUR) * _BORDER_WEIGHT
    sketch = np.minimum(sketch, np.rint(255 - line.clip(0, 255)).astype(np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats((sketch < 255).astype(np.uint8))
    is_speck = stats[:, cv2.CC_STAT_AREA] <= _SPECK * sketch.size
    is_speck[np.unique(labels[parts > 0])] = False
    is_speck[0] = False
    sketch[is_speck[labels]] = 255
    return Figure(sketch, parts)
