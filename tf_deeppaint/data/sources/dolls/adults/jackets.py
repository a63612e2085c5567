"""What adults wear over their clothes: jackets, coats, vests, overalls, aprons, capes, collars."""

import numpy as np

from tf_deeppaint.data.sources.color_schemes import Rng, chance, pick
from tf_deeppaint.data.sources.dolls.adults.bodies import Body, trunk, tube
from tf_deeppaint.data.sources.dolls.adults.garments import Clothes
from tf_deeppaint.data.sources.dolls.canvas import (
    Paint,
    Shape,
    blob,
    both_sides,
    box,
    ellipse,
    limb,
    loop,
    mirrored,
    polygon,
    smooth,
    stroke,
)
from tf_deeppaint.data.sources.dolls.colors import Colors
from tf_deeppaint.data.sources.dolls.frames import SIDES
from tf_deeppaint.data.sources.dolls.ornaments import bow

JACKETS = ("open", "open", "open", "closed", "closed", "vest", "coat", "coat")
OTHERS = ("overalls", "apron", "cape", "poncho")


def jacket(rng: Rng, colors: Colors, adult: Body, kind: str, within: float) -> list[Shape]:
    """Two halves of one color; the shirt shows between them, in all or above the top button.

    Args:
        rng: Decides on the cut.
        colors: The doll's paints.
        adult: Who wears it.
        kind: One of `JACKETS`.
        within: How much wider than the body the shirt below is.
    """
    y, ease = adult.shoulder_y, within + rng.uniform(0.05, 0.2)
    low = adult.hip_y + rng.uniform(-1.4, 0.2)
    if kind == "coat" and not adult.sits:
        low = adult.hip_y + rng.uniform(0.2, 0.85) * (adult.foot_y - adult.hip_y - 1)
    if kind == "vest":
        low = adult.hip_y - rng.uniform(0.3, 1.3)
        ease = within + 0.03
    flare = rng.uniform(0.0, 0.7) if kind == "coat" else rng.uniform(-0.05, 0.15)
    shut = kind == "closed" or (kind in ("coat", "vest") and chance(rng, 0.4))
    end = y + rng.uniform(0.35, 0.75) * (adult.waist_y - y)
    gaps = [-0.08, -0.08] if shut else rng.uniform(0.12, 0.55, 2) * adult.waist
    away = 0.0 if shut else rng.uniform(-0.1, 0.5)
    outer = trunk(adult, ease, low, flare, 1.25)
    if kind == "vest":
        outer = [
            outer[0],
            (adult.shoulder * 0.72, y - 0.06),
            (adult.shoulder * 0.74, y + 0.7),
            *outer[4:],
        ]
    trim = colors.trim if chance(rng, 0.3) else colors.layer
    shapes: list[Shape] = []
    lapels: list[Shape] = []
    wide, notch = rng.uniform(0.2, 0.6), rng.uniform(0.3, 1.0)
    collared = chance(rng, 0.75)
    cut = rng.uniform(0.0, 0.4)
    pocket = rng.uniform(0.2, 0.5) if chance(rng, 0.5) else 0.0
    for side, gap in zip(SIDES, gaps, strict=True):
        hem = [outer[-1], ((outer[-1][0] + gap) / 2, low + 0.06), (gap + away, low - cut * 0.3)]
        inner = [(gap + away, low - cut * 0.3), (gap, (end + low) / 2), (gap, end)]
        front = [(gap, end), (adult.neck * 0.95, y - 0.36)]
        outline = loop(outer, hem, inner, front, [front[-1], outer[0]])
        details = []
        if pocket:
            at = adult.waist_y + 0.6 * (min(low, adult.hip_y) - adult.waist_y)
            x = (gap + adult.hip) / 2
            details = [stroke([(x - pocket, at), (x + pocket, at - 0.12)], 0.7)]
        shape = Shape(outline, paint=colors.layer, shading=0.8, details=tuple(details))
        flap = polygon(
            [
                (adult.neck * 1.3, y - 0.42),
                (adult.neck * 1.05 + wide, y - 0.3 + notch),
                (adult.neck * 1.0 + wide * 0.8, y + 0.05 + notch),
                (gap, end),
                (adult.neck * 0.85, y - 0.3),
            ]
        )
        lapel = Shape(flap, paint=trim, shading=0.4, line=0.9)
        for made, into in ((shape, shapes), (lapel, lapels)):
            into.append(_flipped(made, side))
    buttons = [
        Shape(
            ellipse(0.12 if shut else gaps[1] + 0.14, at, 0.07, 0.07), paint=colors.trim, line=0.6
        )
        for at in np.linspace(end + 0.25, min(low, adult.hip_y) - 0.5, int(rng.integers(0, 4)))
    ]
    return [*shapes, *(lapels if collared else []), *buttons]


def _flipped(shape: Shape, side: int) -> Shape:
    details = tuple(_flipped(part, side) for part in shape.details)
    return shape._replace(outline=shape.outline * (side, 1), details=details)


def collar(rng: Rng, colors: Colors, adult: Body) -> list[Shape]:
    """The flaps of a shirt's collar."""
    y, w = adult.shoulder_y, adult.neck
    long, out = rng.uniform(0.25, 0.6), rng.uniform(0.0, 0.35)
    flap = polygon(
        [
            (w * 0.85, y - 0.62),
            (w * 1.28, y - 0.4),
            (w * 0.8 + out, y - 0.2 + long),
            (0.02, y - 0.08),
        ]
    )
    paint = pick(rng, (colors.top, colors.top, colors.trim))
    return both_sides(Shape(flap, paint=paint, shading=0.3, line=0.9))


def tie(rng: Rng, colors: Colors, adult: Body) -> list[Shape]:
    """A tie or a bow tie below the collar."""
    y = adult.shoulder_y - 0.05
    if chance(rng, 0.35):
        return bow(0.0, y, rng.uniform(0.35, 0.6), colors.accent)
    wide, end = rng.uniform(0.14, 0.3), adult.waist_y + rng.uniform(-1.2, 0.3)
    blade = polygon([(-0.09, y), (0.09, y), (wide, end - 0.3), (0, end), (-wide, end - 0.3)])
    knot = polygon([(-0.17, y - 0.12), (0.17, y - 0.12), (0.1, y + 0.14), (-0.1, y + 0.14)])
    stripes = [
        polygon([(-1, at), (1, at - 0.5), (1, at - 0.35), (-1, at + 0.15)])
        for at in np.arange(y + 0.5, end, rng.uniform(0.4, 0.7))
    ]
    details = [Shape(s, paint=colors.trim, line=0.5) for s in stripes] if chance(rng, 0.3) else []
    return [
        Shape(blade, paint=colors.accent, shading=0.4, details=tuple(details)),
        Shape(knot, paint=colors.accent, line=0.9),
    ]


def scarf(rng: Rng, colors: Colors, adult: Body) -> list[Shape]:
    """A scarf around the neck, one end or both hanging down."""
    y, w = adult.shoulder_y, adult.neck + rng.uniform(0.15, 0.4)
    ends = []
    for side in SIDES[: int(rng.integers(0, 3))]:
        x, low = side * rng.uniform(0.1, 0.5), y + rng.uniform(1.0, 3.0)
        wide = rng.uniform(0.2, 0.36)
        band = Shape(box(-4, low - 0.4, 4, low - 0.2), paint=colors.trim, line=0.6)
        path = [(x * 0.6, y), (x * 1.3, (y + low) / 2), (x, low)]
        details = (band,) if chance(rng, 0.5) else ()
        ends.append(
            Shape(
                limb(path, (wide * 0.8, wide, wide), cap=0.0),
                paint=colors.accent,
                shading=0.5,
                details=details,
            )
        )
    high, deep = rng.uniform(0.45, 0.75), rng.uniform(0.1, 0.45)
    wrap = blob(
        [
            (-w, y - high * 0.9),
            (0, y - high + 0.12),
            (w, y - high * 0.9),
            (w + 0.12, y - 0.2),
            (0, y + deep),
            (-w - 0.12, y - 0.2),
        ]
    )
    fold = stroke([(-w, y - 0.4), (0, y - 0.1 + deep * 0.4), (w, y - 0.45)], 0.6)
    return [*ends, Shape(wrap, paint=colors.accent, shading=0.6, details=(fold,))]


def belt(rng: Rng, colors: Colors, adult: Body, y: float, wide: float) -> list[Shape]:
    """A belt at a height, over a waist `wide` to either side."""
    deep = rng.uniform(0.12, 0.3)
    outline = tube([(-wide, y), (0, y + 0.05), (wide, y)], (deep / 2, deep / 2))
    paint = pick(rng, (colors.accent, colors.shoes, colors.trim))
    buckle = box(-0.18, y - deep * 0.6, 0.18, y + deep * 0.75)
    other = colors.trim if paint is not colors.trim else colors.layer
    return [Shape(outline, paint=paint), Shape(buckle, paint=other, line=0.8)]


def overalls(rng: Rng, colors: Colors, adult: Body) -> list[Shape]:
    """The bib and the straps of overalls, which have the color of the trousers."""
    return _bib(rng, colors, adult, colors.bottom, adult.waist_y + 0.4)


def apron(rng: Rng, colors: Colors, adult: Body) -> list[Shape]:
    """An apron with a bib."""
    low = adult.hip_y + (0.1 if adult.sits else rng.uniform(0.5, 3.5))
    w, hem = adult.waist * 0.96, adult.hip * rng.uniform(0.8, 1.15)
    right = [(w, adult.waist_y), (adult.hip * 0.98, adult.hip_y), (hem, low)]
    lower = loop(
        right,
        [(hem, low), (0, low + 0.12), (-hem, low)],
        [(-x, y) for x, y in right[::-1]],
        [(-w, adult.waist_y), (w, adult.waist_y)],
    )
    strings = tube(
        [(-adult.waist - 0.05, adult.waist_y), (adult.waist + 0.05, adult.waist_y)], (0.08, 0.08)
    )
    paint = pick(rng, (colors.trim, colors.accent))
    bib = _bib(rng, colors, adult, paint, adult.waist_y)
    return [*bib, Shape(lower, paint=paint, shading=0.6), Shape(strings, paint=paint)]


def _bib(rng: Rng, colors: Colors, adult: Body, paint: Paint, low: float) -> list[Shape]:
    y, w = adult.shoulder_y, adult.shoulder * rng.uniform(0.4, 0.58)
    top = y + rng.uniform(0.7, 1.4)
    bib = polygon([(-w, top), (w, top), (adult.waist * 0.9, low), (-adult.waist * 0.9, low)])
    strap = tube([(w * 0.85, top + 0.15), (adult.neck * 1.4, y - 0.28)], (0.14, 0.14))
    button = Shape(ellipse(w * 0.82, top + 0.16, 0.1, 0.1), paint=colors.trim, line=0.7)
    pocket = (
        Shape(
            polygon(
                [
                    (-w * 0.5, top + 0.5),
                    (w * 0.5, top + 0.5),
                    (w * 0.45, top + 1.1),
                    (0, top + 1.2),
                    (-w * 0.45, top + 1.1),
                ]
            ),
            paint=paint,
            line=0.7,
        ),
    )
    return [
        *both_sides(Shape(strap, paint=paint)),
        Shape(bib, paint=paint, shading=0.5, details=pocket if chance(rng, 0.6) else ()),
        *both_sides(button),
    ]


def cape(rng: Rng, colors: Colors, adult: Body) -> tuple[list[Shape], list[Shape]]:
    """A cape: what hangs behind the body, and what lies around the shoulders."""
    y, w = adult.shoulder_y, adult.shoulder
    low = y + rng.uniform(0.4, 0.95) * (adult.foot_y - y)
    wide = w + rng.uniform(0.5, 2.0)
    right = [
        (adult.neck, y - 0.3),
        (w + 0.25, y + 0.1),
        ((w + wide) / 2 + 0.2, (y + low) / 2),
        (wide, low),
    ]
    hem = [(wide, low), (wide * 0.5, low + 0.2), (0, low), (-wide * 0.5, low + 0.2), (-wide, low)]
    back = loop(right, hem, [(-x, at) for x, at in right[::-1]])
    yoke = loop(
        mirrored([(adult.neck * 1.1, y - 0.42), (w * 0.8, y - 0.12), (w + 0.14, y + 0.35)]),
        smooth(
            [
                (-w - 0.14, y + 0.35),
                (-w * 0.5, y + 0.5),
                (0, y + rng.uniform(0.4, 1.2)),
                (w * 0.5, y + 0.5),
                (w + 0.14, y + 0.35),
            ]
        )[::4],
    )
    collar_y = y - 0.32
    throat = Shape(ellipse(0, collar_y + 0.2, 0.14, 0.14), paint=colors.trim)
    return (
        [Shape(back, paint=colors.layer, shading=1.0)],
        [Shape(yoke, paint=colors.layer, shading=0.5), throat],
    )


def poncho(rng: Rng, colors: Colors, adult: Body) -> list[Shape]:
    """Cloth over both shoulders and the upper arms."""
    y, w = adult.shoulder_y, adult.shoulder + adult.arm_widths[0] + rng.uniform(0.2, 0.9)
    low = y + rng.uniform(1.6, 3.6)
    right = [
        (adult.neck * 1.2, y - 0.42),
        (adult.shoulder, y - 0.06),
        (w * 0.86, (y + low) / 2 - 0.3),
        (w, low),
    ]
    hem = [(w, low), (0, low + rng.uniform(0.0, 1.2)), (-w, low)]
    outline = loop(
        right, hem, [(-x, at) for x, at in right[::-1]], [(-right[0][0], right[0][1]), right[0]]
    )
    stripe = Shape(
        tube([(-w - 1, low - 0.6), (0, hem[1][1] - 0.6), (w + 1, low - 0.6)], (0.15, 0.15)),
        paint=colors.trim,
        line=0.7,
    )
    details = (stripe,) if chance(rng, 0.6) else ()
    return [Shape(outline, paint=colors.layer, shading=0.8, details=details)]


def sleeved(kind: str) -> bool:
    """Whether a jacket has sleeves."""
    return kind in ("open", "closed", "coat")


def layered(rng: Rng, worn: Clothes) -> str:
    """What is worn over the shirt: one of `JACKETS` or `OTHERS`, or nothing."""
    if chance(rng, 0.45):
        return pick(rng, JACKETS)
    if chance(rng, 0.3):
        kind = pick(rng, OTHERS)
        return "apron" if kind == "overalls" and worn.lower != "trousers" else kind
    return ""
