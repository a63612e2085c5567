"""Shoes of adults: sneakers, boots, heels, sandals, slippers."""

import numpy as np

from tf_deeppaint.data.sources.color_schemes import WHITE
from tf_deeppaint.data.sources.dolls.adults.bodies import tube, union
from tf_deeppaint.data.sources.dolls.canvas import Paint, Shape, blob, box, flat, stroke
from tf_deeppaint.data.sources.dolls.colors import Colors
from tf_deeppaint.data.sources.dolls.frames import Point

SHOES = ("shoe", "sneaker", "boot", "heel", "sandal", "slipper")


def shoe(
    colors: Colors, path: list[Point], toe: float, widths: tuple[float, ...], kind: str, top: float
) -> list[Shape]:
    """The shoe at the end of a leg.

    Args:
        colors: The doll's paints.
        path: Joints of the leg.
        toe: How far the foot reaches, negative to the left.
        widths: Half widths along the leg.
        kind: One of `SHOES`.
        top: Share of the leg above which a boot ends.
    """
    x, y = path[-1]
    s, w, low = (1 if toe > 0 else -1), widths[-1], y + 0.5
    outline = _foot(x, y, s, w, w + 0.18 + 0.75 * abs(toe), kind == "heel")
    paint, details = colors.shoes, []
    if kind == "sneaker":
        sole = box(x - 3, low - 0.13, x + 3, low + 1)
        details = [Shape(sole, paint=flat(WHITE), line=0.6), *_laces(x, y, s, w)]
    elif kind in ("shoe", "boot"):
        details = [stroke([(x - 3, low - 0.13), (x, low - 0.13), (x + 3, low - 0.13)], 0.6)]
    elif kind == "sandal":
        paint = colors.skin
        rows = box(x - 3, y + 0.08, x + 3, y + 0.24), box(x - 3, low - 0.1, x + 3, low + 1)
        details = [Shape(row, paint=colors.shoes, line=0.7) for row in rows]
    else:
        details = [_opening(x, y, s, w, colors.skin)]
    if kind == "boot":
        outline = union(outline, tube(path, tuple(v + 0.08 for v in widths), top))
    return [Shape(outline, paint=paint, shading=0.5, details=tuple(details))]


def _foot(x: float, y: float, s: int, w: float, reach: float, heeled: bool) -> np.ndarray:
    low = y + 0.5
    foot = [(-w - 0.06, y - 0.1), (w + 0.06, y - 0.1), (w + 0.2, y + 0.12), (reach, low - 0.2)]
    foot.append((reach, low))
    if heeled:
        foot += [(w * 0.9, low - 0.02), (-w * 0.3, low - 0.2), (-w * 0.6, low), (-w - 0.02, low)]
    else:
        foot += [(-w * 0.5, low), (-w - 0.14, low)]
    foot.append((-w - 0.12, y + 0.2))
    return blob([(x + s * px, py) for px, py in foot])


def _laces(x: float, y: float, s: int, w: float) -> list[Shape]:
    return [
        stroke(
            [(x + s * (w * 0.4 + at), y + 0.06 + at), (x + s * (w + 0.12 + at), y - 0.02 + at)], 0.5
        )
        for at in (0.0, 0.12)
    ]


def _opening(x: float, y: float, s: int, w: float, skin: Paint) -> Shape:
    corners = [(x - w - 0.02, y - 0.25), (x + w + 0.02, y - 0.25)]
    tongue = [(x + s * (w + 0.12), y + 0.12), (x - s * w * 0.8, y + 0.12)]
    # A foot that points to the left is mirrored.
    return Shape(blob([*corners, *tongue[::s]]), paint=skin, line=0.7)
