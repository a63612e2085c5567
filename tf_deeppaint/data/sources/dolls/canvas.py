"""Curves, shapes, and the pair of canvases (flat colors and line art) they are drawn on."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from tf_deeppaint.data.sources.color_schemes import WHITE, Color

Points = Sequence[tuple[float, float]] | np.ndarray

# The tone of bare paper, apart from that of white things.
_PAPER: Color = (-1, -1, -1)
CURVE_STEPS = 10
FRACTION_BITS = 4
# A thinner line fades to a pale gray, and the line art loses its closed regions.
THINNEST_LINE_PIXELS = 0.75

_T = np.arange(CURVE_STEPS)[:, None] / CURVE_STEPS
_CATMULL_ROM = 0.5 * np.hstack(
    [
        -_T + 2 * _T**2 - _T**3,
        2 - 5 * _T**2 + 3 * _T**3,
        _T + 4 * _T**2 - 3 * _T**3,
        -(_T**2) + _T**3,
    ]
)


class Paint(NamedTuple):
    """The two tones of one region, each RGB 0..255: lit, and in its own shadow."""

    lit: Color
    shaded: Color


class Shape(NamedTuple):
    """One region or stroke; shapes drawn later cover those drawn before, lines included.

    Attributes:
        outline: float `(n, 2)`, x to the right and y down.
        paint: Fills the outline; None for a stroke, which covers nothing.
        line: Width of the stroke along the outline, relative to that of the doll; a
            shape of width 0 is invisible in the line art.
        closed: Whether the stroke joins the last point to the first.
        inked: Filled with ink in both canvases, as pupils and lashes are.
        shading: Depth of the cel shadow, relative to that of the doll; 0 for one flat tone.
        details: Shapes drawn inside this one only, below its stroke.
    """

    outline: np.ndarray
    paint: Paint | None = None
    line: float = 1.0
    closed: bool = True
    inked: bool = False
    shading: float = 0.0
    details: tuple["Shape", ...] = ()


def stroke(points: Points, line: float = 0.7) -> Shape:
    """An open smooth line through `points`."""
    return Shape(smooth(points), line=line, closed=False)


def flat(color: Color) -> Paint:
    """A paint of one tone."""
    return Paint(color, color)


def _spline(padded: np.ndarray) -> np.ndarray:
    segments = len(padded) - 3
    windows = np.stack([padded[i : i + segments] for i in range(4)])
    curve = (_CATMULL_ROM @ windows.reshape(4, -1)).reshape(CURVE_STEPS, segments, 2)
    return curve.transpose(1, 0, 2).reshape(-1, 2)


def smooth(points: Points) -> np.ndarray:
    """The Catmull-Rom curve through `points` `(n, 2)`, n >= 2, ends included."""
    p = np.asarray(points, float)
    padded = np.concatenate([[2 * p[0] - p[1]], p, [2 * p[-1] - p[-2]]])
    return np.concatenate([_spline(padded), p[-1:]])


def blob(points: Points) -> np.ndarray:
    """The closed smooth outline through `points` `(n, 2)`, n >= 3, without corners."""
    p = np.asarray(points, float)
    return _spline(np.concatenate([p[-1:], p, p[:2]]))


def loop(*strands: Points) -> np.ndarray:
    """The closed outline of smooth strands laid end to end, with corners where they meet."""
    return np.concatenate([smooth(strand) for strand in strands])


def ellipse(x: float, y: float, rx: float, ry: float, tilt: float = 0.0) -> np.ndarray:
    """An ellipse around `(x, y)`, turned by `tilt` radians."""
    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    return np.add(turned(np.stack([rx * np.cos(angle), ry * np.sin(angle)], 1), tilt), (x, y))


def polygon(points: Points) -> np.ndarray:
    """The straight-edged outline through `points`."""
    return np.asarray(points, float)


def box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    """A rectangle."""
    return polygon([(left, top), (right, top), (right, bottom), (left, bottom)])


def disc(x: float, y: float, radius: float) -> np.ndarray:
    """A circle around `(x, y)`."""
    return ellipse(x, y, radius, radius)


def mirrored(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """`points`, then their mirror images in x = 0 in reverse; a last point on x = 0 stands once."""
    mirror_images = [(-x, y) for x, y in reversed(points)]
    return [*map(tuple, points), *mirror_images[points[-1][0] == 0 :]]


def turned(points: np.ndarray, angle: float, pivot: tuple[float, float] = (0, 0)) -> np.ndarray:
    """`points` turned clockwise on the page by `angle` radians around `pivot`."""
    cos, sin = np.cos(angle), np.sin(angle)
    return (points - pivot) @ np.array([[cos, sin], [-sin, cos]]) + pivot


def edges(
    path: Points, widths: Sequence[float], start: float = 0.0, end: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """The two sides of a limb, each `(16, 2)`: of one that hangs down, the left and the right.

    Args:
        path: Joints of the limb.
        widths: Half widths, spread evenly over the whole path.
        start: Where the part begins, 0 (first joint) to 1 (last joint).
        end: Where it ends, 0 to 1.
    """
    curve = smooth(path)
    grid = np.linspace(0, 1, len(curve))
    at = np.linspace(start, end, 16)
    center = np.stack([np.interp(at, grid, curve[:, axis]) for axis in (0, 1)], 1)
    along = np.gradient(center, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    half = np.interp(at, np.linspace(0, 1, len(widths)), widths)[:, None]
    across = np.stack([-along[:, 1], along[:, 0]], 1) * half
    return center + across, center - across


def limb(
    path: Points, widths: Sequence[float], start: float = 0.0, end: float = 1.0, cap: float = 0.6
) -> np.ndarray:
    """The closed outline of the part of a limb that `edges` describes.

    The end bulges by `cap` times its half width; 0 cuts it straight.
    """
    one, other = edges(path, widths, start, end)
    tip, back = (one[-1] + other[-1]) / 2, (one[-2] + other[-2]) / 2
    reach = (tip - back) / np.linalg.norm(tip - back) * np.linalg.norm(one[-1] - tip) * cap
    a, b = one[-1], other[-1]
    end_cap = smooth([a, a * 0.75 + b * 0.25 + reach, a * 0.25 + b * 0.75 + reach, b])
    return np.concatenate([one, end_cap[1:-1], other[::-1]])


def moved(shapes: Iterable[Shape], move: Callable[[np.ndarray], np.ndarray]) -> list[Shape]:
    """The shapes, with details, after `move` has been applied to every outline `(n, 2)`."""
    return [
        shape._replace(outline=move(shape.outline), details=tuple(moved(shape.details, move)))
        for shape in shapes
    ]


def both_sides(*shapes: Shape) -> list[Shape]:
    """The mirror images in x = 0 of shapes on the right of the page, then the shapes."""
    return [*moved(shapes, lambda points: points * (-1, 1)), *shapes]


@dataclasses.dataclass
class Canvas:
    """A rectangle of the picture at working resolution: region labels, and ink on white paper.

    Attributes:
        labels: uint8 `(h, w)`, numbers of the tones in `tones`.
        sketch: uint8 `(h, w)`, 0 where there is ink and 255 elsewhere.
        tones: The label of every color met so far; shared by all rectangles of a picture.
        scale: Working pixels per unit of the shapes.
        line: Line width in working pixels.
        light: Offset in working pixels `(x, y)` toward the light.
        corner: Working pixel `(x, y)` of the upper left corner of this rectangle.
    """

    labels: np.ndarray
    sketch: np.ndarray
    tones: dict[Color, int]
    scale: float
    line: float
    light: tuple[float, float]
    corner: tuple[int, int] = (0, 0)

    def draw(self, shape: Shape) -> None:
        """Draws a shape over everything drawn before."""
        pixels = shape.outline * self.scale - self.corner
        fixed = _fixed(pixels)
        if shape.paint is not None:
            if shape.shading or shape.details:
                self._fill_in_parts(shape, shape.paint, pixels)
            else:
                label = self._label(shape.paint.lit)
                cv2.fillPoly(self.labels, [fixed], label, shift=FRACTION_BITS)
                if shape.line:
                    cv2.fillPoly(self.sketch, [fixed], 255, shift=FRACTION_BITS)
        if shape.inked:
            cv2.fillPoly(self.sketch, [fixed], 0, shift=FRACTION_BITS)
        if shape.line:
            width = max(1, round(self.line * shape.line))
            cv2.polylines(self.sketch, [fixed], shape.closed, 0, width, cv2.LINE_8, FRACTION_BITS)

    def _label(self, color: Color) -> int:
        return self.tones.setdefault(color, len(self.tones))

    def _fill_in_parts(self, shape: Shape, paint: Paint, pixels: np.ndarray) -> None:
        height, width = self.labels.shape
        left, top = np.clip(np.floor(pixels.min(0)).astype(int) - 1, 0, (width, height))
        right, bottom = np.clip(np.ceil(pixels.max(0)).astype(int) + 2, 0, (width, height))
        if left >= right or top >= bottom:
            return
        size = (bottom - top, right - left)
        part = dataclasses.replace(
            self,
            labels=np.full(size, self._label(paint.shaded), np.uint8),
            sketch=np.full(size, 255, np.uint8),
            corner=(self.corner[0] + left, self.corner[1] + top),
        )
        # What the outline still covers after a step toward the light is lit, the rim is not.
        lit = pixels - (left, top) + np.multiply(self.light, shape.shading)
        cv2.fillPoly(part.labels, [_fixed(lit)], self._label(paint.lit), shift=FRACTION_BITS)
        for detail in shape.details:
            part.draw(detail)
        mask = np.zeros(size, np.uint8)
        cv2.fillPoly(mask, [_fixed(pixels - (left, top))], 1, shift=FRACTION_BITS)
        inside = mask.view(bool)
        np.copyto(self.labels[top:bottom, left:right], part.labels, where=inside)
        if shape.line:
            np.copyto(self.sketch[top:bottom, left:right], part.sketch, where=inside)


def _fixed(pixels: np.ndarray) -> np.ndarray:
    return np.rint(pixels * (1 << FRACTION_BITS)).astype(np.int32)


class Rendering(NamedTuple):
    """A drawing.

    Attributes:
        picture: uint8 RGB `(size, size, 3)`.
        sketch: Its lines alone, uint8 gray `(size, size)`.
        tones: The tone of every pixel's middle, under the lines too: uint8 `(size, size)`, an index
            of `palette`.
        palette: RGB of the tones; the first is the paper.
    """

    picture: np.ndarray
    sketch: np.ndarray
    tones: np.ndarray
    palette: list[Color]


def render(
    shapes: Iterable[Shape], size: int, line: float, light: tuple[float, float], ink: Color
) -> Rendering:
    """Draws shapes, given in units of the canvas's side, from the rearmost to the foremost.

    Args:
        shapes: What to draw; the canvas spans 0..1 in x and y.
        size: Side of the canvas in pixels.
        line: Line width as a fraction of the side.
        light: Depth `(x, y)` of the cel shadows, as fractions of the side, toward the light.
        ink: Color of the lines in the picture.
    """
    finer = 4 if size <= 96 else 3 if size <= 320 else 2
    side = size * finer
    canvas = Canvas(
        labels=np.zeros((side, side), np.uint8),
        sketch=np.full((side, side), 255, np.uint8),
        tones={_PAPER: 0},
        scale=side,
        line=max(line * side, THINNEST_LINE_PIXELS * finer),
        light=(light[0] * side, light[1] * side),
    )
    for shape in shapes:
        canvas.draw(shape)
    sketch = cv2.resize(canvas.sketch, (size, size), interpolation=cv2.INTER_AREA)
    palette = [WHITE, *list(canvas.tones)[1:]]
    table = np.full((256, 3), 255, np.uint8)
    table[: len(palette)] = palette
    paper = sketch.astype(np.uint16)
    channels = []
    for channel, ink_level in enumerate(ink):
        fine = cv2.LUT(canvas.labels, np.ascontiguousarray(table[:, channel]))
        area = cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA)
        channels.append(((area * paper + ink_level * (255 - paper) + 127) // 255).astype(np.uint8))
    tones = canvas.labels[finer // 2 :: finer, finer // 2 :: finer]
    return Rendering(cv2.merge(channels), sketch, tones, palette)
