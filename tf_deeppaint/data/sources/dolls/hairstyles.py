"""Hair styles of dolls: what falls behind the head, and tails, braids and ties beside it."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import numpy as np

from tf_deeppaint.data.sources.color_schemes import Rng, chance, pick
from tf_deeppaint.data.sources.dolls.canvas import (
    Paint,
    Shape,
    disc,
    ellipse,
    flat,
    limb,
    loop,
    smooth,
    stroke,
)
from tf_deeppaint.data.sources.dolls.colors import Colors
from tf_deeppaint.data.sources.dolls.frames import SIDES, Point
from tf_deeppaint.data.sources.dolls.ornaments import bow

# Drawn behind the body, and over the head.
Parts = tuple[list[Shape], list[Shape]]


def _curtain(rng: Rng, paint: Paint, length: float, wide: float, wave: float) -> Shape:
    """Hair hanging behind the head down to `length`, ending in pointed tips."""
    sway = wave * np.array([0.0, 1.0, -1.0, 1.0])
    ys = np.linspace(-0.3, length, 5)[:-1]
    flank = [(wide + s - 0.25 * (y < -0.2), y) for s, y in zip(sway, ys, strict=True)]
    count = int(rng.integers(4, 8))
    tips = np.linspace(wide, -wide, count + 1) * 0.97
    ends = [(x, length + rng.uniform(-0.1, 0.04)) for x in tips]
    runs = [smooth([(0.0, -1.1), (0.75, -0.8), *flank, ends[0]])]
    for a, b in pairwise(ends):
        runs.append(smooth([a, ((a[0] + b[0]) / 2 + 0.03, min(a[1], b[1]) - 0.16), b]))
    runs.append(smooth([ends[-1], *((-x, y) for x, y in flank[::-1]), (-0.75, -0.8), (0.0, -1.1)]))
    lines = [
        stroke([(x * 0.9, length * 0.35), (x * 0.95, length * 0.65), (x, length - 0.2)], 0.5)
        for x in (tips[1:-1] + 0.03)
    ]
    return Shape(np.concatenate(runs), paint=paint, shading=1.0, details=tuple(lines))


def _short(rng: Rng, colors: Colors) -> Parts:
    nape = flat(colors.hair.shaded)
    return [_curtain(rng, nape, rng.uniform(0.75, 0.95), rng.uniform(0.85, 1.0), 0.0)], []


def _loose(
    rng: Rng, colors: Colors, widths: tuple[float, float], lengths: tuple[float, float], wave: float
) -> Parts:
    wide = rng.uniform(*widths)
    return [_curtain(rng, colors.hair, rng.uniform(*lengths), wide, wave)], []


def _tail(rng: Rng, colors: Colors, root: Point, bend: Point, end: Point) -> Shape:
    wide = rng.uniform(0.26, 0.42)
    path = [root, bend, end]
    outline = limb(path, (0.12, wide, wide * 0.95, wide * 0.6, 0.02))
    curve = smooth(path)
    inner = [curve[3:-4] + np.array((shift, 0.0)) for shift in (-wide / 3, wide / 3)]
    strands = tuple(Shape(line, line=0.5, closed=False) for line in inner)
    return Shape(outline, paint=colors.hair, shading=1.0, details=strands)


def _tie(colors: Colors, x: float, y: float, ribbon: bool) -> list[Shape]:
    if ribbon:
        return bow(x, y, 0.3, colors.accent)
    return [Shape(disc(x, y, 0.13), paint=colors.accent)]


def _twin_tails(rng: Rng, colors: Colors) -> Parts:
    y, length, spread = rng.uniform(-0.6, 0.3), rng.uniform(1.5, 3.0), rng.uniform(0.3, 0.7)
    ribbon = chance(rng, 0.5)
    behind = _short(rng, colors)[0]
    over: list[Shape] = []
    for side in SIDES:
        root, end = (side * 1.08, y), (side * (1.1 + spread * 0.8), y + length)
        behind.append(_tail(rng, colors, root, (side * (1.2 + spread), y + length * 0.4), end))
        over += _tie(colors, side * 1.1, y, ribbon)
    return behind, over


def _ponytail(rng: Rng, colors: Colors) -> Parts:
    side, length = pick(rng, SIDES), rng.uniform(1.6, 2.8)
    tail = _tail(rng, colors, (side * 0.7, -0.95), (side * 1.55, -0.4), (side * 1.45, length - 0.9))
    behind = [*_short(rng, colors)[0], tail]
    return behind, _tie(colors, side * 0.8, -0.93, chance(rng, 0.5))


def _bun(rng: Rng, colors: Colors) -> Parts:
    radius = rng.uniform(0.3, 0.42)
    spots = pick(rng, ([(0.0, -1.35)], [(-0.8, -1.02), (0.8, -1.02)]))
    buns = []
    for x, y in spots:
        curve = [(x - radius * 0.6, y + 0.1), (x, y - radius * 0.5), (x + radius * 0.5, y)]
        outline = ellipse(x, y, radius * 1.05, radius)
        buns.append(Shape(outline, paint=colors.hair, shading=1.0, details=(stroke(curve, 0.5),)))
    return [*_short(rng, colors)[0], *buns], []


def _braids(rng: Rng, colors: Colors) -> Parts:
    count, x = int(rng.integers(4, 7)), rng.uniform(0.82, 0.98)
    over: list[Shape] = []
    for side in SIDES:
        ys = 0.62 + 0.27 * np.arange(count)
        tuft = [(side * x - 0.1, ys[-1]), (side * x, ys[-1] + 0.5), (side * x + 0.1, ys[-1])]
        over.append(Shape(loop(tuft, [tuft[-1], tuft[0]]), paint=colors.hair, shading=0.5))
        for i, y in reversed(list(enumerate(ys))):
            turn = (-1) ** i
            plait = ellipse(side * x + 0.03 * turn, y, 0.2, 0.16, 0.4 * turn)
            over.append(Shape(plait, paint=colors.hair, shading=0.6))
        over += _tie(colors, side * x, ys[-1] + 0.15, False)
    return _short(rng, colors)[0], over


def _curly(rng: Rng, colors: Colors) -> Parts:
    count, low = 14, rng.uniform(0.8, 1.3)
    angles = np.linspace(0, 2 * np.pi, count + 1)
    runs = []
    for a, b in pairwise(angles):
        rim = [polar(1.2, a), polar(1.42, (a + b) / 2), polar(1.2, b)]
        # Above the ears the crown must hide this outline, or two lines run side by side.
        runs.append(smooth([(x, y * (low if y > 0 else 0.85)) for x, y in rim]))
    return [Shape(np.concatenate(runs), paint=colors.hair, shading=1.0)], []


STYLES: dict[str, Callable[[Rng, Colors], Parts]] = {
    "short": _short,
    "bob": partial(_loose, widths=(1.15, 1.3), lengths=(1.1, 1.4), wave=0.03),
    "long": partial(_loose, widths=(1.1, 1.35), lengths=(1.9, 3.4), wave=0.02),
    "wavy": partial(_loose, widths=(1.2, 1.4), lengths=(1.7, 2.8), wave=0.12),
    "spiky": _short,
    "twin tails": _twin_tails,
    "ponytail": _ponytail,
    "bun": _bun,
    "braids": _braids,
    "curly": _curly,
}


def polar(radius: float, angle: float) -> Point:
    """The point at an angle in radians, clockwise on the page from the right."""
    return float(radius * np.cos(angle)), float(radius * np.sin(angle))
