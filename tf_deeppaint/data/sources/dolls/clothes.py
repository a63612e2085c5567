"""Garments of dolls: what is worn from the shoulders to above the shoes, with its patterns."""

import numpy as np

from tf_deeppaint.data.sources.color_schemes import Rng, chance
from tf_deeppaint.data.sources.dolls.canvas import (
    Paint,
    Shape,
    both_sides,
    box,
    disc,
    edges,
    limb,
    loop,
    polygon,
    smooth,
    stroke,
)
from tf_deeppaint.data.sources.dolls.colors import Colors
from tf_deeppaint.data.sources.dolls.frames import LEG, Frame
from tf_deeppaint.data.sources.dolls.ornaments import (
    CLOTH_PATTERNS,
    GOLD,
    SHIRT_PATTERNS,
    band,
    bow,
    pattern,
)

APRON = Paint((248, 246, 244), (208, 206, 216))


def garments(rng: Rng, colors: Colors, body: Frame, kind: str) -> tuple[list[Shape], list[Shape]]:
    """The garments of an outfit of the given kind: drawn before the arms, and after them."""
    shirt = Shape(
        _torso(body, body.hip * 1.02, body.hip_y, rng.uniform(0.0, 0.06)),
        paint=colors.top,
        shading=1.0,
        details=pattern(rng, colors, body.shoulder_y, body.hip_y, body.shoulder, SHIRT_PATTERNS),
    )
    tucked = chance(rng, 0.5)
    if kind == "dress":
        return [], _dress(rng, colors, body, shirt)
    if kind == "robe":
        return [], _robe(rng, colors, body)
    if kind == "skirt":
        waist_y = body.waist_y if tucked else body.hip_y - 0.12
        skirt = _skirt(rng, colors, body, waist_y)
        return ([], [shirt, *skirt]) if tucked else (skirt, [shirt])
    if kind == "coat":
        trousers = _trousers(rng, colors, body, 0.9)
        return [*trousers, shirt], _coat(rng, colors, body)
    trousers = _trousers(rng, colors, body, 0.42 if kind == "shorts" else rng.uniform(0.72, 0.95))
    if kind == "overalls":
        return [], [shirt, *trousers, *_bib(colors, body)]
    if kind == "shorts":
        low, high = body.hip_y - 0.1, body.waist_y
        pocket = polygon([(-0.28, low), (-0.18, high), (0.18, high), (0.28, low)])
        return trousers, [shirt, Shape(pocket, paint=colors.top, line=0.7)]
    if not tucked:
        return trousers, [shirt]
    y = body.waist_y
    strap = band(body.waist + 0.02, (y - 0.05, y), (y + 0.06, y + 0.11))
    buckle = Shape(box(-0.09, y - 0.03, 0.09, y + 0.14), paint=GOLD, line=0.8)
    return [], [shirt, *trousers, Shape(strap, paint=colors.shoes), buckle]


def _torso(body: Frame, hem: float, hem_y: float, slack: float = 0.0) -> np.ndarray:
    """A garment's outline from the shoulders to `hem` at `hem_y`, `slack` wider than the body."""
    y = body.shoulder_y
    middle = 0.5 * (body.shoulder_y + body.waist_y) + 0.05
    w, shoulder = body.shoulder, (body.shoulder - 0.02, y + 0.12)
    waist = (body.waist + slack, body.waist_y)
    flank = [shoulder, (w - 0.05 + slack, middle), waist, (hem, hem_y)]
    slope = [(0.2, y - 0.13), (w - 0.2, y - 0.03), shoulder]
    back = [(-px, py) for px, py in flank[::-1]]
    other = [(-px, py) for px, py in slope[::-1]]
    bottom = [(hem, hem_y), (0.0, hem_y + 0.07), (-hem, hem_y)]
    return loop(slope, flank, bottom, back, other, [other[-1], slope[0]])


def _dress(rng: Rng, colors: Colors, body: Frame, bodice: Shape) -> list[Shape]:
    skirt = _skirt(rng, colors._replace(bottom=colors.top), body, body.waist_y)
    if chance(rng, 0.4):
        skirt = _skirt(rng, colors, body, body.waist_y)
    y, w = body.waist_y, body.waist + 0.03
    sash = Shape(band(w, (y - 0.07, y - 0.02), (y + 0.07, y + 0.12)), paint=colors.trim)
    shapes = [bodice, *skirt, sash]
    if chance(rng, 0.35):
        w = body.waist
        top = [(-w * 0.7, y), (0.0, y + 0.06), (w * 0.7, y)]
        rim = [(w * 0.7, y), (w, y + 0.55), (0.0, y + 0.85), (-w, y + 0.55), (-w * 0.7, y)]
        shapes.append(Shape(loop(top, rim), paint=APRON, shading=0.6))
    if chance(rng, 0.4):
        shapes += bow(0.0, y + 0.03, 0.2, colors.accent)
    return shapes


def _skirt(rng: Rng, colors: Colors, body: Frame, top_y: float) -> list[Shape]:
    length = rng.uniform(0.75, 1.45)
    top = body.waist if top_y <= body.waist_y else body.hip
    wide = max(top, body.hip) + rng.uniform(0.12, 0.6)
    hem_y = top_y + length
    count = int(rng.integers(3, 7))
    xs = np.linspace(wide, -wide, count + 1)
    ys = hem_y + 0.1 * (1 - (xs / wide) ** 2)
    hem = [
        np.array([[a, ya], [(a + b) / 2, max(ya, yb) + 0.05], [b, yb]])
        for a, b, ya, yb in zip(xs, xs[1:], ys, ys[1:], strict=False)
    ]
    bell = rng.uniform(-0.05, 0.12)
    half = ((top + wide) / 2 + bell, (top_y + hem_y) / 2)
    outline = loop(
        [(-top, top_y), (0.0, top_y + 0.05), (top, top_y)],
        [(top, top_y), half, (wide, ys[0])],
        *hem,
        [(-wide, ys[-1]), (-half[0], half[1]), (-top, top_y)],
    )
    pleats = [
        stroke([(x * 0.98, y), (x * 0.8, top_y + length * rng.uniform(0.15, 0.6))], 0.6)
        for x, y in zip(xs[1:-1], ys[1:-1], strict=True)
    ]
    details = _hem_band(rng, colors, wide, hem_y, length)
    if not details:
        details = pattern(rng, colors, top_y, hem_y, wide, CLOTH_PATTERNS)
    return [Shape(outline, paint=colors.bottom, shading=1.0, details=(*details, *pleats))]


def _hem_band(
    rng: Rng, colors: Colors, wide: float, hem_y: float, length: float
) -> tuple[Shape, ...]:
    if chance(rng, 0.55):
        return ()
    high, low = length * rng.uniform(0.12, 0.3), hem_y + 0.5
    outline = band(wide + 0.2, (hem_y - high, hem_y + 0.1 - high), (low, low))
    return (Shape(outline, paint=colors.trim, line=0.7),)


def _trousers(rng: Rng, colors: Colors, body: Frame, end: float) -> list[Shape]:
    slack, flare = rng.uniform(0.03, 0.07), rng.uniform(0.0, 0.1)
    widths = [w + slack + flare * i / len(LEG) for i, w in enumerate(LEG)]
    left, right = (edges(path, widths, 0.12, end) for path in body.legs)
    # Of a leg's two sides the one nearer to x = 0 is the inner one.
    left_in, left_out = sorted(left, key=lambda side: -side[:, 0].mean())
    right_in, right_out = sorted(right, key=lambda side: side[:, 0].mean())
    left_in, right_in = np.minimum(left_in, (-0.01, 99)), np.maximum(right_in, (0.01, -99))
    crotch = (0.0, body.hip_y + 0.14)
    waist, y = body.waist + 0.01, body.waist_y
    right_in, left_in = (side[side[:, 1] > crotch[1] + 0.05] for side in (right_in, left_in))
    top = smooth([(-waist, y), (0.0, y + 0.05), (waist, y)])
    right_hip = smooth([(waist, y), (body.hip + 0.03, body.hip_y), right_out[3]])
    left_hip = smooth([left_out[3], (-body.hip - 0.03, body.hip_y), (-waist, y)])
    right_leg, left_leg = [*right_out[4:], *right_in[::-1]], [*left_in, *left_out[:2:-1]]
    outline = np.concatenate([top, right_hip, right_leg, [crotch], left_leg, left_hip])
    hems = []
    if chance(rng, 0.4) and end < 0.8:
        wide = [w + 0.2 for w in widths]
        cuffs = (limb(path, wide, end - 0.07, end + 0.2, 0.0) for path in body.legs)
        hems = [Shape(cuff, paint=colors.trim, line=0.6) for cuff in cuffs]
    fly = stroke([(0.0, y), (0.0, crotch[1])], 0.6)
    pockets = both_sides(stroke([(waist * 0.5, y + 0.1), (waist + 0.1, y + 0.28)], 0.5))
    return [Shape(outline, paint=colors.bottom, shading=0.9, details=(*hems, fly, *pockets))]


def _bib(colors: Colors, body: Frame) -> list[Shape]:
    top, low, w = body.shoulder_y + 0.34, body.waist_y + 0.05, body.waist
    shoulder = [(0.34, body.shoulder_y - 0.08), (0.46, body.shoulder_y - 0.05)]
    strap = polygon([*shoulder, (0.4, top + 0.1), (0.26, top + 0.1)])
    bib = polygon([(-0.4, top), (0.4, top), (w - 0.02, low), (-w + 0.02, low)])
    upper, lower = top + 0.12, top + 0.32
    pocket = polygon([(-0.17, upper), (0.17, upper), (0.14, lower), (-0.14, lower)])
    button = Shape(disc(0.33, top + 0.06, 0.05), paint=GOLD, line=0.6)
    straps = both_sides(Shape(strap, paint=colors.bottom))
    front = Shape(bib, paint=colors.bottom, shading=0.5)
    return [*straps, front, Shape(pocket, paint=colors.bottom, line=0.7), *both_sides(button)]


def _coat(rng: Rng, colors: Colors, body: Frame) -> list[Shape]:
    y, hem_y = body.shoulder_y, body.hip_y + rng.uniform(0.1, 0.95)
    wide, gap = body.hip + rng.uniform(0.1, 0.35), rng.uniform(0.1, 0.22)
    collar, shoulder = (0.22, y - 0.12), (body.shoulder, y + 0.14)
    side, middle = (wide, hem_y), (gap + 0.06, hem_y + 0.04)
    front = loop(
        [collar, (body.shoulder - 0.2, y - 0.03), shoulder],
        [shoulder, (body.waist + 0.1, body.waist_y), side],
        [side, ((wide + gap) / 2, hem_y + 0.06), middle],
        [middle, (gap, body.waist_y), collar],
    )
    line = polygon([(gap + 0.12, body.hip_y), (wide - 0.12, body.hip_y - 0.04)])
    pocket = Shape(line, line=0.6, closed=False)
    lapel = polygon(
        [(0.2, y - 0.16), (0.42, y - 0.02), (0.36, y + 0.3), (gap, body.waist_y - 0.15)]
    )
    half = both_sides(
        Shape(front, paint=colors.layer, shading=0.9, details=(pocket,)),
        Shape(lapel, paint=colors.trim, shading=0.4),
    )
    buttons = (disc(gap + 0.1, body.waist_y + dy, 0.045) for dy in (0.0, 0.22))
    return [*half, *(Shape(button, paint=GOLD, line=0.6) for button in buttons)]


def _robe(rng: Rng, colors: Colors, body: Frame) -> list[Shape]:
    hem_y = body.hip_y + rng.uniform(0.5, 1.4)
    wide = body.hip + rng.uniform(0.05, 0.2)
    overlap = stroke([(0.16, body.waist_y), (0.24, body.hip_y), (0.2, hem_y + 0.1)], 0.9)
    outline = _torso(body, wide, hem_y, 0.08)
    printed = pattern(rng, colors, body.shoulder_y, hem_y, wide, CLOTH_PATTERNS)
    gown = Shape(outline, paint=colors.layer, shading=1.0, details=(*printed, overlap))
    y, w = body.waist_y, body.waist + 0.12
    sash = band(w, (y - 0.16, y - 0.1), (y + 0.16, y + 0.22))
    cord = Shape(box(-w - 0.2, y + 0.03, w + 0.2, y + 0.09), paint=colors.trim, line=0.6)
    return [gown, Shape(sash, paint=colors.accent, details=(cord,))]
