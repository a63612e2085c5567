"""Hair and headwear of dolls, around a head at (0, 0) of radius 1 whose chin is near (0, 1)."""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from tf_deeppaint.data.sources.dolls.canvas import (
    Paint,
    Shape,
    blob,
    ellipse,
    flat,
    limb,
    loop,
    mirrored,
    polygon,
    smooth,
    stroke,
)
from tf_deeppaint.data.sources.dolls.colors import Colors, chance, pick

SIDES = (-1, 1)
SIDE_VALLEY = (0.84, -0.12)
Point = tuple[float, float]


class Hair(NamedTuple):
    """The hair of one doll, cut into what is hidden by what.

    Attributes:
        behind: Drawn before the body.
        over: Drawn over the head.
        fringe: The outline `(n, 2)` of the hair in front, for the shadow that it casts.
        hat_fits: Whether the crown is smooth enough for a hat.
    """

    behind: list[Shape]
    over: list[Shape]
    fringe: np.ndarray
    hat_fits: bool


def hair(rng: np.random.Generator, colors: Colors) -> Hair:
    """Draws one hair style: what falls behind, the crown with its fringe, and tails or buns."""
    style = pick(rng, tuple(STYLES))
    crown = {"spiky": _spiky_crown, "curly": _curly_crown}.get(style, _smooth_crown)
    sides = rng.uniform(0.35, 0.75)
    if style in ("long", "wavy", "bob", "twin tails") and chance(rng, 0.5):
        sides = rng.uniform(0.9, 1.6)
    valleys, tips = pick(rng, FRINGES)(rng)
    fringe = _front(crown(rng, sides), sides, valleys, tips)
    strands = [
        stroke([v, (v[0] * 0.93, v[1] - 0.12), (v[0] * 0.8, v[1] - 0.26)], 0.6)
        for v in valleys
        if v[1] > -0.6
    ]
    if chance(rng, 0.3):
        strands.append(stroke([(0.0, -1.15), (0.03, -0.95), (0.0, -0.8)], 0.6))
    front = Shape(fringe, paint=colors.hair, shading=1.0, details=(*_shine(rng, colors), *strands))
    behind, over = STYLES[style](rng, colors)
    return Hair(
        behind,
        [front, *over, *_cowlick(rng, colors, style)],
        fringe,
        style in ("short", "bob", "long", "wavy", "braids", "twin tails"),
    )


def _shine(rng: np.random.Generator, colors: Colors) -> list[Shape]:
    if chance(rng, 0.6):
        return []
    glow = tuple(int(level + (255 - level) * 0.35) for level in colors.hair.lit)
    arc = limb([(-0.62, -0.62), (-0.3, -0.78), (0.0, -0.83)], (0.0, 0.05, 0.0))
    return [Shape(arc, paint=flat(glow), line=0)]  # type: ignore[arg-type]


def _smooth_crown(rng: np.random.Generator, sides: float) -> np.ndarray:
    wide, tall = rng.uniform(1.08, 1.18), rng.uniform(1.14, 1.24)
    flank = [(1.0, sides), (wide, sides * 0.5), (wide, -0.2), (0.84, -0.86)]
    right_to_left = mirrored([*flank, (0.0, -tall)])
    return smooth([*right_to_left[:5], *right_to_left[6:]])[::-1]


def _spiky_crown(rng: np.random.Generator, sides: float) -> np.ndarray:
    count = int(rng.integers(6, 10))
    angles = np.linspace(-np.pi * 1.06, np.pi * 0.06, count + 1)
    lean = rng.uniform(-0.12, 0.12)
    roots = [(1.12 * np.cos(a), 1.12 * np.sin(a)) for a in angles]
    runs: list[np.ndarray] = [smooth([(-1.0, sides), (-1.16, sides * 0.5), roots[0]])]
    for i in range(count):
        middle, reach = (angles[i] + angles[i + 1]) / 2 + lean, rng.uniform(1.35, 1.62)
        tip = (reach * np.cos(middle), reach * np.sin(middle))
        runs += [_lock(roots[i], tip, 0.06), _lock(tip, roots[i + 1], -0.02)]
    runs.append(smooth([roots[-1], (1.16, sides * 0.5), (1.0, sides)]))
    return np.concatenate(runs)


def _curly_crown(rng: np.random.Generator, sides: float) -> np.ndarray:
    count = int(rng.integers(9, 13))
    angles = np.linspace(-np.pi * 1.12, np.pi * 0.12, count + 1)
    runs: list[np.ndarray] = [
        smooth([(-1.0, sides), (-1.22, sides * 0.6), _polar(1.25, angles[0])])
    ]
    for a, b in pairwise(angles):
        top = _polar(rng.uniform(1.42, 1.5), (a + b) / 2)
        runs.append(smooth([_polar(1.25, a), top, _polar(1.25, b)]))
    runs.append(smooth([_polar(1.25, angles[-1]), (1.22, sides * 0.6), (1.0, sides)]))
    return np.concatenate(runs)


def _polar(radius: float, angle: float) -> Point:
    return float(radius * np.cos(angle)), float(radius * np.sin(angle))


def _lock(start: Point, end: Point, bulge: float) -> np.ndarray:
    (x0, y0), (x1, y1) = start, end
    normal = np.array([y1 - y0, x0 - x1])
    middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    middle = middle + normal / (np.hypot(*normal) + 1e-9) * bulge
    return smooth([start, tuple(middle), end])


def _front(crown: np.ndarray, sides: float, valleys: list[Point], tips: list[Point]) -> np.ndarray:
    runs = [crown, smooth([(1.0, sides), (0.9, sides * 0.45 + 0.05), valleys[0]])]
    for i, tip in enumerate(tips):
        runs += [_lock(valleys[i], tip, -0.035), _lock(tip, valleys[i + 1], -0.035)]
    runs.append(smooth([valleys[-1], (-0.9, sides * 0.45 + 0.05), (-1.0, sides)]))
    return np.concatenate(runs)


Fringe = tuple[list[Point], list[Point]]


def _straight(rng: np.random.Generator) -> Fringe:
    y = rng.uniform(-0.22, -0.05)
    xs = np.linspace(SIDE_VALLEY[0], -SIDE_VALLEY[0], int(rng.integers(5, 8)))
    valleys = [SIDE_VALLEY, *((x, y - 0.1) for x in xs[1:-1]), (-SIDE_VALLEY[0], SIDE_VALLEY[1])]
    return valleys, [((a + b) / 2, y + 0.03) for a, b in pairwise(xs)]


def _zigzag(rng: np.random.Generator) -> Fringe:
    count = int(rng.integers(3, 6))
    xs = np.linspace(SIDE_VALLEY[0], -SIDE_VALLEY[0], count + 1)
    xs[1:-1] += rng.uniform(-0.1, 0.1, count - 1)
    lean = rng.uniform(-0.12, 0.12)
    valleys = [(x, rng.uniform(-0.42, -0.22)) for x in xs]
    valleys[0], valleys[-1] = SIDE_VALLEY, (-SIDE_VALLEY[0], SIDE_VALLEY[1])
    tips = [((a + b) / 2 + lean, rng.uniform(-0.08, 0.1)) for a, b in pairwise(xs)]
    return valleys, tips


def _swept(rng: np.random.Generator) -> Fringe:
    count, side = int(rng.integers(3, 5)), pick(rng, SIDES)
    part = rng.uniform(0.3, 0.55)
    xs = np.linspace(part, -SIDE_VALLEY[0], count + 1)
    valleys = [SIDE_VALLEY, (part, -0.62), *((x, -0.3 + 0.05 * i) for i, x in enumerate(xs[1:-1]))]
    valleys.append((-SIDE_VALLEY[0], SIDE_VALLEY[1]))
    tips = [(0.78, -0.02)]
    tips += [(x - 0.06, -0.12 + 0.08 * i) for i, x in enumerate((xs[:-1] + xs[1:]) / 2)]
    if side == 1:
        return valleys, tips
    return [(-x, y) for x, y in valleys[::-1]], [(-x, y) for x, y in tips[::-1]]


def _parted(rng: np.random.Generator) -> Fringe:
    part, drop = rng.uniform(-0.15, 0.15), rng.uniform(0.0, 0.2)
    valleys = [
        SIDE_VALLEY,
        (0.52, -0.3),
        (part, -0.78),
        (-0.52, -0.3),
        (-SIDE_VALLEY[0], SIDE_VALLEY[1]),
    ]
    return valleys, [(0.76, drop), (0.46, drop - 0.18), (-0.46, drop - 0.18), (-0.76, drop)]


def _center_lock(rng: np.random.Generator) -> Fringe:
    tip = rng.uniform(0.1, 0.28)
    valleys = [SIDE_VALLEY, (0.24, -0.4), (-0.24, -0.4), (-SIDE_VALLEY[0], SIDE_VALLEY[1])]
    return valleys, [(0.62, -0.02), (rng.uniform(-0.1, 0.1), tip), (-0.62, -0.02)]


def _bare_forehead(rng: np.random.Generator) -> Fringe:
    high = rng.uniform(-0.72, -0.55)
    valleys = [SIDE_VALLEY, (-SIDE_VALLEY[0], SIDE_VALLEY[1])]
    return valleys, [(rng.uniform(-0.2, 0.2), high)]


FRINGES: tuple[Callable[[np.random.Generator], Fringe], ...] = (
    _straight,
    _zigzag,
    _zigzag,
    _swept,
    _parted,
    _center_lock,
    _bare_forehead,
)

Parts = tuple[list[Shape], list[Shape]]


def _curtain(
    rng: np.random.Generator, paint: Paint, length: float, wide: float, wave: float
) -> Shape:
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


def _short(rng: np.random.Generator, colors: Colors) -> Parts:
    nape = flat(colors.hair.shaded)
    return [_curtain(rng, nape, rng.uniform(0.75, 0.95), rng.uniform(0.85, 1.0), 0.0)], []


def _bob(rng: np.random.Generator, colors: Colors) -> Parts:
    wide = rng.uniform(1.15, 1.3)
    return [_curtain(rng, colors.hair, rng.uniform(1.1, 1.4), wide, 0.03)], []


def _long(rng: np.random.Generator, colors: Colors) -> Parts:
    wide = rng.uniform(1.1, 1.35)
    return [_curtain(rng, colors.hair, rng.uniform(1.9, 3.4), wide, 0.02)], []


def _wavy(rng: np.random.Generator, colors: Colors) -> Parts:
    wide = rng.uniform(1.2, 1.4)
    return [_curtain(rng, colors.hair, rng.uniform(1.7, 2.8), wide, 0.12)], []


def _spiky(rng: np.random.Generator, colors: Colors) -> Parts:
    return _short(rng, colors)


def _tail(rng: np.random.Generator, colors: Colors, root: Point, bend: Point, end: Point) -> Shape:
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
    return [Shape(ellipse(x, y, 0.13, 0.13), paint=colors.accent)]


def _twin_tails(rng: np.random.Generator, colors: Colors) -> Parts:
    y, length, spread = rng.uniform(-0.6, 0.3), rng.uniform(1.5, 3.0), rng.uniform(0.3, 0.7)
    ribbon = chance(rng, 0.5)
    behind = _short(rng, colors)[0]
    over: list[Shape] = []
    for side in SIDES:
        root, end = (side * 1.08, y), (side * (1.1 + spread * 0.8), y + length)
        behind.append(_tail(rng, colors, root, (side * (1.2 + spread), y + length * 0.4), end))
        over += _tie(colors, side * 1.1, y, ribbon)
    return behind, over


def _ponytail(rng: np.random.Generator, colors: Colors) -> Parts:
    side, length = pick(rng, SIDES), rng.uniform(1.6, 2.8)
    tail = _tail(rng, colors, (side * 0.7, -0.95), (side * 1.55, -0.4), (side * 1.45, length - 0.9))
    behind = [*_short(rng, colors)[0], tail]
    return behind, _tie(colors, side * 0.8, -0.93, chance(rng, 0.5))


def _bun(rng: np.random.Generator, colors: Colors) -> Parts:
    radius = rng.uniform(0.3, 0.42)
    spots = pick(rng, ([(0.0, -1.35)], [(-0.8, -1.02), (0.8, -1.02)]))
    buns = [
        Shape(
            ellipse(x, y, radius * 1.05, radius),
            paint=colors.hair,
            shading=1.0,
            details=(
                stroke(
                    [(x - radius * 0.6, y + 0.1), (x, y - radius * 0.5), (x + radius * 0.5, y)], 0.5
                ),
            ),
        )
        for x, y in spots
    ]
    return [*_short(rng, colors)[0], *buns], []


def _braids(rng: np.random.Generator, colors: Colors) -> Parts:
    count, x = int(rng.integers(4, 7)), rng.uniform(0.82, 0.98)
    over: list[Shape] = []
    for side in SIDES:
        ys = 0.62 + 0.27 * np.arange(count)
        tuft = [(side * x - 0.1, ys[-1]), (side * x, ys[-1] + 0.5), (side * x + 0.1, ys[-1])]
        over.append(Shape(loop(tuft, [tuft[-1], tuft[0]]), paint=colors.hair, shading=0.5))
        over += [
            Shape(
                ellipse(side * x + 0.03 * (-1) ** i, y, 0.2, 0.16, 0.4 * (-1) ** i),
                paint=colors.hair,
                shading=0.6,
            )
            for i, y in reversed(list(enumerate(ys)))
        ]
        over += _tie(colors, side * x, ys[-1] + 0.15, False)
    return _short(rng, colors)[0], over


def _curly(rng: np.random.Generator, colors: Colors) -> Parts:
    count, low = 14, rng.uniform(0.8, 1.3)
    angles = np.linspace(0, 2 * np.pi, count + 1)
    runs = []
    for a, b in pairwise(angles):
        rim = [_polar(1.2, a), _polar(1.42, (a + b) / 2), _polar(1.2, b)]
        # Above the ears the crown must hide this outline, or two lines run side by side.
        runs.append(smooth([(x, y * (low if y > 0 else 0.85)) for x, y in rim]))
    return [Shape(np.concatenate(runs), paint=colors.hair, shading=1.0)], []


STYLES: dict[str, Callable[[np.random.Generator, Colors], Parts]] = {
    "short": _short,
    "bob": _bob,
    "long": _long,
    "wavy": _wavy,
    "spiky": _spiky,
    "twin tails": _twin_tails,
    "ponytail": _ponytail,
    "bun": _bun,
    "braids": _braids,
    "curly": _curly,
}


def _cowlick(rng: np.random.Generator, colors: Colors, style: str) -> list[Shape]:
    if style in ("spiky", "curly", "bun") or chance(rng, 0.75):
        return []
    side = pick(rng, SIDES)
    lick = loop(
        [(-0.05 * side, -1.12), (0.05 * side, -1.4), (0.34 * side, -1.48)],
        [(0.34 * side, -1.48), (0.16 * side, -1.32), (0.1 * side, -1.1)],
    )
    return [Shape(lick, paint=colors.hair)]


def bow(x: float, y: float, size: float, paint: Paint) -> list[Shape]:
    """A ribbon tied in a bow around `(x, y)`, reaching `size` to either side."""
    wings = [
        Shape(
            blob(
                [
                    (x, y),
                    (x + s * size * 0.8, y - size * 0.6),
                    (x + s * size, y),
                    (x + s * size * 0.8, y + size * 0.6),
                ]
            ),
            paint=paint,
            shading=0.5,
            details=(stroke([(x, y), (x + s * size * 0.6, y)], 0.5),),
        )
        for s in SIDES
    ]
    return [*wings, Shape(ellipse(x, y, size * 0.24, size * 0.28), paint=paint)]


def headwear(rng: np.random.Generator, colors: Colors) -> list[Shape]:
    """Something worn on smooth hair: a hat, ears, a crown, flowers."""
    return pick(rng, HATS)(rng, colors)


def _beanie(rng: np.random.Generator, colors: Colors) -> list[Shape]:
    high, y = rng.uniform(1.35, 1.6), -0.42
    dome = loop(
        [(-1.16, y), (-1.0, -1.05), (0, -high), (1.0, -1.05), (1.16, y)],
        [(1.16, y), (0, y - 0.16), (-1.16, y)],
    )
    band = loop(
        [(-1.2, y - 0.12), (0, y - 0.34), (1.2, y - 0.12)],
        [(1.2, y - 0.12), (1.2, y + 0.18)],
        [(1.2, y + 0.18), (0, y - 0.04), (-1.2, y + 0.18)],
        [(-1.2, y + 0.18), (-1.2, y - 0.12)],
    )
    hat = [Shape(dome, paint=colors.accent, shading=1.0), Shape(band, paint=colors.trim)]
    if chance(rng, 0.5):
        hat.insert(0, Shape(ellipse(0, -high - 0.1, 0.22, 0.22), paint=colors.trim, shading=0.6))
    return hat


def _brimmed(rng: np.random.Generator, colors: Colors) -> list[Shape]:
    wide, pointed = rng.uniform(1.5, 1.8), chance(rng, 0.4)
    brim = Shape(ellipse(0, -0.62, wide, 0.3), paint=colors.accent, shading=0.6)
    top = [(-0.95, -0.7), (-0.55, -1.3), (0.15, -2.0), (0.4, -1.35), (0.95, -0.7)]
    if not pointed:
        top = [(-0.98, -0.7), (-0.85, -1.25), (0, -1.5), (0.85, -1.25), (0.98, -0.7)]
    base = [(0.95, -0.7), (0, -0.58), (-0.95, -0.7)]
    band = loop(
        [(-1.1, -0.92), (0, -0.78), (1.1, -0.92)],
        [(1.1, -0.92), (1.1, -0.6)],
        [(1.1, -0.6), (0, -0.5), (-1.1, -0.6)],
        [(-1.1, -0.6), (-1.1, -0.92)],
    )
    ribbon = Shape(band, paint=colors.trim)
    return [brim, Shape(loop(top, base), paint=colors.accent, shading=1.0, details=(ribbon,))]


def _ears(rng: np.random.Generator, colors: Colors) -> list[Shape]:
    long_eared = chance(rng, 0.35)
    shapes = []
    for side in SIDES:
        inner, outer = (side * 0.3, -1.08), (side * 0.92, -0.72)
        tip = (side * 0.55, -2.1) if long_eared else (side * 0.95, -1.5)
        if long_eared:
            outline = loop(
                [inner, (side * 0.28, -1.8), tip, (side * 0.8, -1.7), (side * 0.72, -0.95)],
                [(side * 0.72, -0.95), inner],
            )
        else:
            outline = loop(
                [inner, (side * 0.55, -1.38), tip],
                [tip, (side * 1.05, -1.1), outer],
                [outer, inner],
            )
        center = np.mean([inner, tip, outer], 0)
        lining = Shape((outline - center) * 0.55 + center, paint=colors.blush, line=0.7)
        shapes.append(Shape(outline, paint=colors.hair, shading=0.6, details=(lining,)))
    return shapes


def _band_bow(rng: np.random.Generator, colors: Colors) -> list[Shape]:
    band = limb(
        [(-1.14, -0.2), (-0.8, -0.86), (0, -1.14), (0.8, -0.86), (1.14, -0.2)],
        (0.04, 0.09, 0.09, 0.09, 0.04),
        cap=0.5,
    )
    x, y = pick(rng, ((0.0, -1.15), (0.68, -0.92), (-0.68, -0.92)))
    return [Shape(band, paint=colors.accent), *bow(x, y, rng.uniform(0.35, 0.6), colors.accent)]


def _crown(rng: np.random.Generator, colors: Colors) -> list[Shape]:
    count = int(rng.integers(3, 6))
    xs = np.linspace(-0.55, 0.55, 2 * count + 1)
    zigzag = [(x * 1.15, -1.5 if i % 2 == 0 else -1.24) for i, x in enumerate(xs)]
    base = smooth([(0.55, -0.98), (0, -0.9), (-0.55, -0.98)])
    gem = Shape(ellipse(0, -1.06, 0.08, 0.08), paint=colors.trim, line=0.6)
    gold = Paint((244, 204, 84), (212, 160, 52))
    outline = np.concatenate([polygon(zigzag), base])
    return [Shape(outline, paint=gold, shading=0.5, details=(gem,))]


def _flower(rng: np.random.Generator, colors: Colors) -> list[Shape]:
    x, y, size = pick(rng, SIDES) * 0.86, rng.uniform(-0.75, -0.5), rng.uniform(0.16, 0.22)
    turns = 2 * np.pi * np.arange(5) / 5
    petals = [
        Shape(
            ellipse(x + size * np.cos(t), y + size * np.sin(t), size * 0.75, size * 0.75),
            paint=colors.accent,
            line=0.7,
        )
        for t in turns
    ]
    return [*petals, Shape(ellipse(x, y, size * 0.5, size * 0.5), paint=colors.trim, line=0.7)]


def _headphones(rng: np.random.Generator, colors: Colors) -> list[Shape]:
    arch = limb([(-1.2, 0.1), (-0.95, -0.9), (0, -1.32), (0.95, -0.9), (1.2, 0.1)], (0.07, 0.07))
    cups = [
        Shape(ellipse(s * 1.15, 0.18, 0.2, 0.34), paint=colors.trim, shading=0.6) for s in SIDES
    ]
    return [Shape(arch, paint=colors.accent), *cups]


HATS: tuple[Callable[[np.random.Generator, Colors], list[Shape]], ...] = (
    _beanie,
    _brimmed,
    _ears,
    _band_bow,
    _band_bow,
    _crown,
    _flower,
    _flower,
    _headphones,
)
