"""Hair of dolls around a head at (0, 0) of radius 1: crown and fringe, and a style behind."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from tf_deeppaint.data.sources.color_schemes import Rng, chance, pick
from tf_deeppaint.data.sources.dolls.canvas import Shape, flat, limb, loop, mirrored, smooth, stroke
from tf_deeppaint.data.sources.dolls.colors import Colors
from tf_deeppaint.data.sources.dolls.frames import SIDES, Point
from tf_deeppaint.data.sources.dolls.hairstyles import STYLES, polar

SIDE_VALLEY = (0.84, -0.12)
OTHER_SIDE_VALLEY = (-0.84, -0.12)


class Hair(NamedTuple):
    """The hair of one doll, cut into what is hidden by what."""

    behind: list[Shape]  # drawn before the body
    over: list[Shape]  # drawn over the head
    fringe: np.ndarray  # outline (n, 2) of the hair in front, for the shadow that it casts
    hat_fits: bool  # whether the crown is smooth enough


def hair(rng: Rng, colors: Colors) -> Hair:
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
    hat_fits = style in ("short", "bob", "long", "wavy", "braids", "twin tails")
    return Hair(behind, [front, *over, *_cowlick(rng, colors, style)], fringe, hat_fits)


def _shine(rng: Rng, colors: Colors) -> list[Shape]:
    if chance(rng, 0.6):
        return []
    glow = tuple(int(level + (255 - level) * 0.35) for level in colors.hair.lit)
    arc = limb([(-0.62, -0.62), (-0.3, -0.78), (0.0, -0.83)], (0.0, 0.05, 0.0))
    return [Shape(arc, paint=flat(glow), line=0)]


def _smooth_crown(rng: Rng, sides: float) -> np.ndarray:
    wide, tall = rng.uniform(1.08, 1.18), rng.uniform(1.14, 1.24)
    flank = [(1.0, sides), (wide, sides * 0.5), (wide, -0.2), (0.84, -0.86)]
    return smooth(mirrored([*flank, (0.0, -tall)]))[::-1]


def _spiky_crown(rng: Rng, sides: float) -> np.ndarray:
    count = int(rng.integers(6, 10))
    angles = np.linspace(-np.pi * 1.06, np.pi * 0.06, count + 1)
    lean = rng.uniform(-0.12, 0.12)
    roots = [polar(1.12, a) for a in angles]
    runs: list[np.ndarray] = [smooth([(-1.0, sides), (-1.16, sides * 0.5), roots[0]])]
    for i in range(count):
        tip = polar(rng.uniform(1.35, 1.62), (angles[i] + angles[i + 1]) / 2 + lean)
        runs += [_lock(roots[i], tip, 0.06), _lock(tip, roots[i + 1], -0.02)]
    runs.append(smooth([roots[-1], (1.16, sides * 0.5), (1.0, sides)]))
    return np.concatenate(runs)


def _curly_crown(rng: Rng, sides: float) -> np.ndarray:
    count = int(rng.integers(9, 13))
    angles = np.linspace(-np.pi * 1.12, np.pi * 0.12, count + 1)
    runs: list[np.ndarray] = [smooth([(-1.0, sides), (-1.22, sides * 0.6), polar(1.25, angles[0])])]
    for a, b in pairwise(angles):
        top = polar(rng.uniform(1.42, 1.5), (a + b) / 2)
        runs.append(smooth([polar(1.25, a), top, polar(1.25, b)]))
    runs.append(smooth([polar(1.25, angles[-1]), (1.22, sides * 0.6), (1.0, sides)]))
    return np.concatenate(runs)


def _lock(start: Point, end: Point, bulge: float) -> np.ndarray:
    (x0, y0), (x1, y1) = start, end
    normal = np.array([y1 - y0, x0 - x1])
    middle = np.add(start, end) / 2 + normal / (np.hypot(*normal) + 1e-9) * bulge
    return smooth([start, middle, end])


def _front(crown: np.ndarray, sides: float, valleys: list[Point], tips: list[Point]) -> np.ndarray:
    runs = [crown, smooth([(1.0, sides), (0.9, sides * 0.45 + 0.05), valleys[0]])]
    for i, tip in enumerate(tips):
        runs += [_lock(valleys[i], tip, -0.035), _lock(tip, valleys[i + 1], -0.035)]
    runs.append(smooth([valleys[-1], (-0.9, sides * 0.45 + 0.05), (-1.0, sides)]))
    return np.concatenate(runs)


Fringe = tuple[list[Point], list[Point]]


def _straight(rng: Rng) -> Fringe:
    y = rng.uniform(-0.22, -0.05)
    xs = np.linspace(SIDE_VALLEY[0], -SIDE_VALLEY[0], int(rng.integers(5, 8)))
    valleys = [SIDE_VALLEY, *((x, y - 0.1) for x in xs[1:-1]), OTHER_SIDE_VALLEY]
    return valleys, [((a + b) / 2, y + 0.03) for a, b in pairwise(xs)]


def _zigzag(rng: Rng) -> Fringe:
    count = int(rng.integers(3, 6))
    xs = np.linspace(SIDE_VALLEY[0], -SIDE_VALLEY[0], count + 1)
    xs[1:-1] += rng.uniform(-0.1, 0.1, count - 1)
    lean = rng.uniform(-0.12, 0.12)
    valleys = [(x, rng.uniform(-0.42, -0.22)) for x in xs]
    valleys[0], valleys[-1] = SIDE_VALLEY, OTHER_SIDE_VALLEY
    tips = [((a + b) / 2 + lean, rng.uniform(-0.08, 0.1)) for a, b in pairwise(xs)]
    return valleys, tips


def _swept(rng: Rng) -> Fringe:
    count, side = int(rng.integers(3, 5)), pick(rng, SIDES)
    part = rng.uniform(0.3, 0.55)
    xs = np.linspace(part, -SIDE_VALLEY[0], count + 1)
    inner = [(x, -0.3 + 0.05 * i) for i, x in enumerate(xs[1:-1])]
    valleys = [SIDE_VALLEY, (part, -0.62), *inner, OTHER_SIDE_VALLEY]
    middles = enumerate((xs[:-1] + xs[1:]) / 2)
    tips = [(0.78, -0.02), *((x - 0.06, -0.12 + 0.08 * i) for i, x in middles)]
    if side == 1:
        return valleys, tips
    return [(-x, y) for x, y in valleys[::-1]], [(-x, y) for x, y in tips[::-1]]


def _parted(rng: Rng) -> Fringe:
    part, drop = rng.uniform(-0.15, 0.15), rng.uniform(0.0, 0.2)
    valleys = [SIDE_VALLEY, (0.52, -0.3), (part, -0.78), (-0.52, -0.3), OTHER_SIDE_VALLEY]
    return valleys, mirrored([(0.76, drop), (0.46, drop - 0.18)])


def _center_lock(rng: Rng) -> Fringe:
    tip = rng.uniform(0.1, 0.28)
    valleys = mirrored([SIDE_VALLEY, (0.24, -0.4)])
    return valleys, [(0.62, -0.02), (rng.uniform(-0.1, 0.1), tip), (-0.62, -0.02)]


def _bare_forehead(rng: Rng) -> Fringe:
    high = rng.uniform(-0.72, -0.55)
    return [SIDE_VALLEY, OTHER_SIDE_VALLEY], [(rng.uniform(-0.2, 0.2), high)]


FRINGES = (_straight, _zigzag, _zigzag, _swept, _parted, _center_lock, _bare_forehead)


def _cowlick(rng: Rng, colors: Colors, style: str) -> list[Shape]:
    if style in ("spiky", "curly", "bun") or chance(rng, 0.75):
        return []
    side = pick(rng, SIDES)
    lick = loop(
        [(-0.05 * side, -1.12), (0.05 * side, -1.4), (0.34 * side, -1.48)],
        [(0.34 * side, -1.48), (0.16 * side, -1.32), (0.1 * side, -1.1)],
    )
    return [Shape(lick, paint=colors.hair)]
