"""What adults wear on their heads: hats, caps, turbans, headscarves, hoods and helmets."""

import numpy as np

from tf_deeppaint.data.sources.color_schemes import Rng, chance, pick
from tf_deeppaint.data.sources.dolls.adults.bodies import Body, Head, union
from tf_deeppaint.data.sources.dolls.canvas import (
    Paint,
    Shape,
    blob,
    disc,
    ellipse,
    flat,
    limb,
    loop,
    mirrored,
    stroke,
)
from tf_deeppaint.data.sources.dolls.colors import Colors
from tf_deeppaint.data.sources.dolls.ornaments import band

HATS = ("cap", "brimmed", "brimmed", "beanie", "turban", "turban", "helmet", "beret", "headband")


def cloth(rng: Rng, colors: Colors) -> Paint:
    """The paint of what is worn on a head."""
    return pick(rng, (colors.accent, colors.accent, colors.accent, colors.top, colors.layer))


def hat(rng: Rng, colors: Colors, shape: Head) -> list[Shape]:
    """Something worn on flat hair."""
    kind = pick(rng, HATS)
    draw = {
        "cap": _cap,
        "brimmed": _brimmed,
        "beanie": _beanie,
        "turban": _turban,
        "helmet": _helmet,
        "beret": _beret,
        "headband": _headband,
    }[kind]
    return draw(rng, colors, cloth(rng, colors), shape.wide + 0.12)


def _dome(w: float, y: float, high: float, square: float, dip: float) -> np.ndarray:
    right = [
        (w, y),
        (w * (0.96 + 0.1 * square), (y - high) / 2 - 0.15),
        (w * (0.6 + 0.3 * square), -high + 0.12),
    ]
    return loop(mirrored([*right, (0.0, -high)]), [(-w, y), (0, y + dip), (w, y)])


def _cap(rng: Rng, colors: Colors, paint: Paint, w: float) -> list[Shape]:
    y, high = rng.uniform(-0.6, -0.42), rng.uniform(1.18, 1.4)
    seams = (stroke([(0, -high), (0.02, y)], 0.6), stroke([(w * 0.2, -high), (w * 0.55, y)], 0.5))
    dome = Shape(
        _dome(w, y, high, rng.uniform(0, 0.6), 0.0),
        paint=paint,
        shading=0.7,
        details=seams if chance(rng, 0.6) else (),
    )
    lean = rng.uniform(-0.7, 0.7)
    brim = blob(
        [
            (-w * 0.95 + lean * 0.2, y - 0.04),
            (lean * 0.4, y - 0.16),
            (w * 0.95 + lean * 0.2, y - 0.04),
            (w * 0.7 + lean, y + 0.2),
            (lean, y + rng.uniform(0.24, 0.34)),
            (-w * 0.7 + lean, y + 0.2),
        ]
    )
    shapes = [dome, Shape(brim, paint=pick(rng, (paint, colors.trim)), shading=0.4)]
    if chance(rng, 0.4):
        badge = ellipse(lean * 0.25, (y - high) / 2 - 0.1, 0.2, 0.16)
        shapes.append(Shape(badge, paint=colors.trim, line=0.7))
    return shapes


def _brimmed(rng: Rng, colors: Colors, paint: Paint, w: float) -> list[Shape]:
    """From a bowler and a fedora to a top hat and a hat of straw."""
    y, high = rng.uniform(-0.66, -0.5), rng.uniform(1.25, 2.1)
    wide, thick = w * rng.uniform(1.25, 2.2), rng.uniform(0.07, 0.24)
    lift = rng.uniform(-0.2, 0.16)
    brim = blob(
        [
            (-wide, y - lift),
            (-wide * 0.5, y - thick),
            (0, y - thick),
            (wide * 0.5, y - thick),
            (wide, y - lift),
            (wide * 0.5, y + thick),
            (0, y + thick + 0.04),
            (-wide * 0.5, y + thick),
        ]
    )
    taper, pinch = rng.uniform(0.66, 1.02), rng.uniform(-0.05, 0.18)
    w *= 0.94
    top = mirrored([(w, y), (w * (1 + taper) / 2, (y - high) / 2 - 0.1), (w * taper, -high + 0.05)])
    lid = [(-w * taper, -high + 0.05), (0, -high + pinch), (w * taper, -high + 0.05)]
    base = [(-w, y), (0, y + 0.1), (w, y)]
    half = len(top) // 2
    outline = loop(top[:half], lid[::-1], top[half:], base)
    depth = rng.uniform(0.12, 0.26)
    ribbon = Shape(
        band(2 * w, (y - depth, y - depth + 0.06), (y + 0.05, y + 0.12)),
        paint=colors.trim,
        line=0.8,
    )
    crown = Shape(outline, paint=paint, shading=0.8, details=(ribbon,) if chance(rng, 0.8) else ())
    return [Shape(brim, paint=paint, shading=0.5), crown]


def _beanie(rng: Rng, colors: Colors, paint: Paint, w: float) -> list[Shape]:
    y, high = rng.uniform(-0.6, -0.36), rng.uniform(1.2, 1.65)
    dome = Shape(_dome(w, y, high, rng.uniform(-0.4, 0.5), -0.1), paint=paint, shading=0.8)
    depth = rng.uniform(0.14, 0.3)
    ribs = tuple(
        stroke([(x, y - 1), (x * 1.05, y + 1)], 0.5)
        for x in np.linspace(-w, w, int(rng.integers(5, 12)))
    )
    cuff = Shape(
        band(w + 0.04, (y - depth, y - depth - 0.12), (y + 0.08, y - 0.04)),
        paint=pick(rng, (paint, colors.trim)),
        details=ribs if chance(rng, 0.6) else (),
    )
    ball = [Shape(disc(0, -high - 0.08, rng.uniform(0.12, 0.26)), paint=colors.trim)]
    return [*(ball if chance(rng, 0.35) else []), dome, cuff]


def _turban(rng: Rng, colors: Colors, paint: Paint, w: float) -> list[Shape]:
    y, high = rng.uniform(-0.55, -0.38), rng.uniform(1.3, 1.85)
    out = rng.uniform(0.05, 0.45)
    right = [
        (w * 0.96, y + 0.12),
        (w + out, y - 0.25),
        (w + out * 0.6, (y - high) / 2 - 0.2),
        (w * 0.6, -high + 0.1),
    ]
    peak = rng.uniform(-0.15, 0.25)
    outline = loop(
        mirrored([*right, (0.0, -high)]),
        [(-w * 0.96, y + 0.12), (0, y - peak), (w * 0.96, y + 0.12)],
    )
    # Windings that cross over the forehead, the lower ones on top.
    knot, folds = (rng.uniform(-0.3, 0.3), y - peak - 0.12), []
    for i, share in enumerate(np.linspace(0.8, 0.12, int(rng.integers(2, 6)))):
        side, at = (-1) ** i, y - share * (high + y) * 0.8
        thick = rng.uniform(0.14, 0.24)
        path = [
            (side * (w + out + 0.1), at + 0.1),
            (knot[0], at - 0.3 * (1 - share)),
            (-side * w * 0.8, at - 0.65),
        ]
        folds.append(Shape(limb(path, (thick, thick, thick * 0.8)), paint=paint, line=0.8))
    shapes = [Shape(outline, paint=paint, shading=0.8, details=tuple(folds))]
    if chance(rng, 0.5):
        jewel = ellipse(knot[0], knot[1] - 0.06, rng.uniform(0.08, 0.16), rng.uniform(0.1, 0.2))
        shapes.append(Shape(jewel, paint=pick(rng, (colors.trim, paint)), line=0.8))
    return shapes


def _helmet(rng: Rng, colors: Colors, paint: Paint, w: float) -> list[Shape]:
    y, high = rng.uniform(-0.5, -0.3), rng.uniform(1.25, 1.45)
    w += rng.uniform(0.02, 0.15)
    ridge = loop([(-0.14, 0), (-0.14, -2)], [(-0.14, -2), (0.14, -2)], [(0.14, -2), (0.14, 0)])
    inner = (Shape(ridge, paint=colors.trim, line=0.7),) if chance(rng, 0.5) else ()
    shapes = [
        Shape(_dome(w, y, high, rng.uniform(0, 0.5), 0.0), paint=paint, shading=0.8, details=inner)
    ]
    rim = band(w + rng.uniform(0.02, 0.2), (y - 0.1, y - 0.16), (y + 0.04, y - 0.02))
    shapes.append(Shape(rim, paint=pick(rng, (paint, colors.trim))))
    return shapes


def _beret(rng: Rng, colors: Colors, paint: Paint, w: float) -> list[Shape]:
    side, y = pick(rng, (-1, 1)), rng.uniform(-0.7, -0.5)
    out = rng.uniform(0.1, 0.5)
    outline = blob(
        [
            (-w, y),
            (-w * 0.9 - 0.1, y - 0.35),
            (-0.2, -1.35),
            (w * 0.7 + out * 0.6, -1.25),
            (w + out, -0.8),
            (w * 0.98, y),
            (0, y - 0.1),
        ]
    )
    brim = band(w * 0.97, (y - 0.1, y - 0.24), (y + 0.04, y - 0.1))
    flip = np.array([side, 1])
    return [Shape(outline * flip, paint=paint, shading=0.7), Shape(brim, paint=paint)]


def _headband(rng: Rng, colors: Colors, paint: Paint, w: float) -> list[Shape]:
    y, thick = rng.uniform(-0.75, -0.5), rng.uniform(0.06, 0.13)
    path = [(-w + 0.01, y + 0.1), (-w * 0.5, y - 0.06), (w * 0.5, y - 0.06), (w - 0.01, y + 0.1)]
    return [Shape(limb(path, (thick, thick), cap=0.0), paint=paint)]


def headscarf(
    rng: Rng, colors: Colors, shape: Head, adult: Body
) -> tuple[list[Shape], list[Shape]]:
    """Cloth around head and neck: drawn before the face, and the opening for it, in skin."""
    paint, w = cloth(rng, colors), shape.wide + rng.uniform(0.16, 0.34)
    high, y = rng.uniform(1.2, 1.4), adult.shoulder_y
    around = blob(
        mirrored([(0, -high), (w * 0.8, -high * 0.72), (w, -0.2), (w * 0.96, 0.6), (w * 0.7, 1.2)])[
            1:
        ]
    )
    wide, low = rng.uniform(0.6, 0.95) * adult.shoulder, y + rng.uniform(0.0, 1.5)
    drape = blob(mirrored([(w * 0.72, 0.7), (wide, y - 0.02), (wide * 0.9, low), (0, low + 0.35)]))
    folds = [
        stroke([(side * w * 0.8, 0.6), (side * 0.3, 1.2 + at), (-side * wide * 0.5, y + at)], 0.7)
        for side, at in zip((-1, 1, 1), rng.uniform(0, 0.5, int(rng.integers(1, 4))), strict=False)
    ]
    outer = Shape(union(around, drape), paint=paint, shading=0.8, details=tuple(folds))
    top = rng.uniform(-0.68, -0.5)
    opening = blob(
        mirrored(
            [
                (0, top),
                (shape.wide * 0.7, top + 0.14),
                (shape.wide * 0.94, -0.05),
                (shape.jaw * 0.95, 0.58),
                (shape.chin, shape.low - 0.04),
            ]
        )[1:]
    )
    face = [Shape(opening, paint=colors.skin, shading=0.5)]
    if chance(rng, 0.35):
        inner = band(2.0, (-3, -3), (top + 0.12, top + 0.08))
        face = [face[0]._replace(details=(Shape(inner, paint=colors.trim, line=0.7),))]
    return [outer], face


def hood(rng: Rng, paint: Paint, shape: Head, adult: Body) -> list[Shape]:
    """A hood drawn up, seen from the front: all of it lies behind the head."""
    w, high = shape.wide + rng.uniform(0.34, 0.55), rng.uniform(1.35, 1.75)
    tip = rng.uniform(-0.3, 0.3)
    y = adult.shoulder_y
    outer = blob(
        [
            (tip, -high),
            (w * 0.85, -high * 0.66),
            (w, -0.1),
            (w * 0.9, 0.8),
            (adult.neck + 0.75, y + 0.05),
            (0, y + 0.1),
            (-adult.neck - 0.75, y + 0.05),
            (-w * 0.9, 0.8),
            (-w, -0.1),
            (-w * 0.85, -high * 0.66),
        ]
    )
    rim = rng.uniform(0.68, 0.8)
    lining = blob(
        [
            (tip * 0.7, -high * 0.86),
            (w * rim, -0.75),
            (w * 0.86, 0.0),
            (w * 0.7, 0.9),
            (0, y),
            (-w * 0.7, 0.9),
            (-w * 0.86, 0.0),
            (-w * rim, -0.75),
        ]
    )
    return [Shape(outer, paint=paint, shading=0.8), Shape(lining, paint=flat(paint.shaded))]
