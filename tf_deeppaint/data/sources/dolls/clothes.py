"""Garments of dolls: what is worn from the shoulders to above the shoes, with its patterns."""

import numpy as np

from tf_deeppaint.data.sources.color_schemes import chance
from tf_deeppaint.data.sources.dolls.canvas import (
    Paint,
    Shape,
    box,
    disc,
    edges,
    limb,
    loop,
    polygon,
    stroke,
)
from tf_deeppaint.data.sources.dolls.colors import Colors
from tf_deeppaint.data.sources.dolls.frames import LEG, SIDES, Frame
from tf_deeppaint.data.sources.dolls.ornaments import (
    CLOTH_PATTERNS,
    GOLD,
    SHIRT_PATTERNS,
    band,
    bow,
    pattern,
)


def garments(
    rng: np.random.Generator, colors: Colors, body: Frame, kind: str
) -> tuple[list[Shape], list[Shape]]:
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
    belt = _belt(colors, body)
    return ([], [shirt, *trousers, *belt]) if tucked else (trousers, [shirt])


def _torso(body: Frame, hem: float, hem_y: float, slack: float = 0.0) -> np.ndarray:
    """A garment's outline from the shoulders to `hem` at `hem_y`, `slack` wider than the body."""
    y = body.shoulder_y
    middle = 0.5 * (body.shoulder_y + body.waist_y) + 0.05
    flank = [
        (body.shoulder - 0.02, y + 0.12),
        (body.shoulder - 0.05 + slack, middle),
        (body.waist + slack, body.waist_y),
        (hem, hem_y),
    ]
    slope = [(0.2, y - 0.13), (body.shoulder - 0.2, y - 0.03), (body.shoulder - 0.02, y + 0.12)]
    back = [(-px, py) for px, py in flank[::-1]]
    other = [(-px, py) for px, py in slope[::-1]]
    bottom = [(hem, hem_y), (0.0, hem_y + 0.07), (-hem, hem_y)]
    return loop(slope, flank, bottom, back, other, [other[-1], slope[0]])


def _dress(rng: np.random.Generator, colors: Colors, body: Frame, bodice: Shape) -> list[Shape]:
    skirt = _skirt(rng, colors._replace(bottom=colors.top), body, body.waist_y)
    if chance(rng, 0.4):
        skirt = _skirt(rng, colors, body, body.waist_y)
    y, w = body.waist_y, body.waist + 0.03
    sash = Shape(band(w, (y - 0.07, y - 0.02), (y + 0.07, y + 0.12)), paint=colors.trim)
    shapes = [bodice, *skirt, sash]
    if chance(rng, 0.35):
        shapes += _apron(body, y)
    if chance(rng, 0.4):
        shapes += bow(0.0, y + 0.03, 0.2, colors.accent)
    return shapes


def _apron(body: Frame, y: float) -> list[Shape]:
    cloth = Paint((248, 246, 244), (208, 206, 216))
    w = body.waist
    outline = loop(
        [(-w * 0.7, y), (0.0, y + 0.06), (w * 0.7, y)],
        [(w * 0.7, y), (w * 1.0, y + 0.55), (0.0, y + 0.85), (-w * 1.0, y + 0.55), (-w * 0.7, y)],
    )
    return [Shape(outline, paint=cloth, shading=0.6)]


def _skirt(rng: np.random.Generator, colors: Colors, body: Frame, top_y: float) -> list[Shape]:
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
    rng: np.random.Generator, colors: Colors, wide: float, hem_y: float, length: float
) -> tuple[Shape, ...]:
    if chance(rng, 0.55):
        return ()
    high = length * rng.uniform(0.12, 0.3)
    outline = loop(
        [(-wide - 0.2, hem_y - high), (0.0, hem_y + 0.1 - high), (wide + 0.2, hem_y - high)],
        [(wide + 0.2, hem_y - high), (wide + 0.2, hem_y + 0.5)],
        [(wide + 0.2, hem_y + 0.5), (-wide - 0.2, hem_y + 0.5)],
        [(-wide - 0.2, hem_y + 0.5), (-wide - 0.2, hem_y - high)],
    )
    return (Shape(outline, paint=colors.trim, shading=0.0, line=0.7),)


def _trousers(rng: np.random.Generator, colors: Colors, body: Frame, end: float) -> list[Shape]:
    slack, flare = rng.uniform(0.03, 0.07), rng.uniform(0.0, 0.1)
    widths = [w + slack + flare * i / len(LEG) for i, w in enumerate(LEG)]
    left, right = (edges(path, widths, 0.12, end) for path in body.legs)
    # Of a leg's two sides the one nearer to x = 0 is the inner one.
    left_in, left_out = sorted(left, key=lambda side: -side[:, 0].mean())
    right_in, right_out = sorted(right, key=lambda side: side[:, 0].mean())
    left_in, right_in = np.minimum(left_in, (-0.01, 99)), np.maximum(right_in, (0.01, -99))
    crotch = (0.0, body.hip_y + 0.14)
    waist, y = body.waist + 0.01, body.waist_y
    keep = [side[side[:, 1] > crotch[1] + 0.05] for side in (right_in, left_in)]
    outline = np.concatenate(
        [
            loop(
                [(-waist, y), (0.0, y + 0.05), (waist, y)],
                [(waist, y), (body.hip + 0.03, body.hip_y), tuple(right_out[3])],
            ),
            right_out[4:],
            keep[0][::-1],
            [crotch],
            keep[1],
            left_out[:2:-1],
            loop([tuple(left_out[3]), (-body.hip - 0.03, body.hip_y), (-waist, y)]),
        ]
    )
    hems = []
    if chance(rng, 0.4) and end < 0.8:
        wide = [w + 0.2 for w in widths]
        cuffs = (limb(path, wide, end - 0.07, end + 0.2, 0.0) for path in body.legs)
        hems = [Shape(cuff, paint=colors.trim, line=0.6) for cuff in cuffs]
    fly = [stroke([(0.0, y), (0.0, crotch[1])], 0.6)]
    pockets = [
        stroke([(s * waist * 0.5, y + 0.1), (s * (waist + 0.1), y + 0.28)], 0.5) for s in SIDES
    ]
    return [Shape(outline, paint=colors.bottom, shading=0.9, details=(*hems, *fly, *pockets))]


def _belt(colors: Colors, body: Frame) -> list[Shape]:
    y, w = body.waist_y, body.waist + 0.02
    strap = band(w, (y - 0.05, y), (y + 0.06, y + 0.11))
    buckle = box(-0.09, y - 0.03, 0.09, y + 0.14)
    return [Shape(strap, paint=colors.shoes), Shape(buckle, paint=GOLD, line=0.8)]


def _bib(colors: Colors, body: Frame) -> list[Shape]:
    top, low, w = body.shoulder_y + 0.34, body.waist_y + 0.05, body.waist
    straps = []
    for s in SIDES:
        shoulder = [(s * 0.34, body.shoulder_y - 0.08), (s * 0.46, body.shoulder_y - 0.05)]
        outline = polygon([*shoulder, (s * 0.4, top + 0.1), (s * 0.26, top + 0.1)])
        straps.append(Shape(outline, paint=colors.bottom))
    bib = polygon([(-0.4, top), (0.4, top), (w - 0.02, low), (-w + 0.02, low)])
    pocket = polygon(
        [(-0.17, top + 0.12), (0.17, top + 0.12), (0.14, top + 0.32), (-0.14, top + 0.32)]
    )
    buttons = [Shape(disc(s * 0.33, top + 0.06, 0.05), paint=GOLD, line=0.6) for s in SIDES]
    return [
        *straps,
        Shape(bib, paint=colors.bottom, shading=0.5),
        Shape(pocket, paint=colors.bottom, line=0.7),
        *buttons,
    ]


def _coat(rng: np.random.Generator, colors: Colors, body: Frame) -> list[Shape]:
    y, hem_y = body.shoulder_y, body.hip_y + rng.uniform(0.1, 0.95)
    wide, gap = body.hip + rng.uniform(0.1, 0.35), rng.uniform(0.1, 0.22)
    shapes = []
    for s in SIDES:
        collar, shoulder = (s * 0.22, y - 0.12), (s * body.shoulder, y + 0.14)
        side, middle = (s * wide, hem_y), (s * (gap + 0.06), hem_y + 0.04)
        front = loop(
            [collar, (s * (body.shoulder - 0.2), y - 0.03), shoulder],
            [shoulder, (s * (body.waist + 0.1), body.waist_y), side],
            [side, (s * (wide + gap) / 2, hem_y + 0.06), middle],
            [middle, (s * gap, body.waist_y), collar],
        )
        line = polygon([(s * (gap + 0.12), body.hip_y), (s * (wide - 0.12), body.hip_y - 0.04)])
        pocket = Shape(line, line=0.6, closed=False)
        shapes.append(Shape(front, paint=colors.layer, shading=0.9, details=(pocket,)))
        edge = [(s * 0.2, y - 0.16), (s * 0.42, y - 0.02), (s * 0.36, y + 0.3)]
        lapel = polygon([*edge, (s * gap, body.waist_y - 0.15)])
        shapes.append(Shape(lapel, paint=colors.trim, shading=0.4))
    for button_y in (body.waist_y + 0.0, body.waist_y + 0.22):
        shapes.append(Shape(disc(gap + 0.1, button_y, 0.045), paint=GOLD, line=0.6))
    return shapes


def _robe(rng: np.random.Generator, colors: Colors, body: Frame) -> list[Shape]:
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
