"""Heads of adults: skull, ears, eyes, brows, nose, mouth and glasses, around (0, 0)."""

import numpy as np

from tf_deeppaint.data.sources.color_schemes import Rng, chance, pick
from tf_deeppaint.data.sources.dolls.adults.beards import beard
from tf_deeppaint.data.sources.dolls.adults.bodies import Head
from tf_deeppaint.data.sources.dolls.canvas import (
    WHITE,
    Shape,
    blob,
    both_sides,
    ellipse,
    flat,
    limb,
    loop,
    mirrored,
    moved,
    polygon,
    stroke,
)
from tf_deeppaint.data.sources.dolls.colors import Colors
from tf_deeppaint.data.sources.dolls.frames import SIDES, Point


def head(rng: Rng, broad: float) -> Head:
    """Draws the shape of a head: long or round, with a pointed or a square jaw."""
    wide = rng.uniform(0.72, 0.92)
    return Head(
        wide=wide,
        jaw=wide * rng.uniform(0.66, 0.82 + 0.16 * broad),
        chin=rng.uniform(0.14, 0.26 + 0.22 * broad),
        low=rng.uniform(0.98, 1.12),
        turn=rng.uniform(-1, 1) if chance(rng, 0.6) else 0.0,
        eye_y=rng.uniform(-0.05, 0.16),
        mouth_y=rng.uniform(0.6, 0.7),
    )


def skull(rng: Rng, colors: Colors, shape: Head) -> list[Shape]:
    """Ears and a bald head."""
    right = [
        (0, -1.06),
        (shape.wide * 0.66, -0.9),
        (shape.wide, -0.34),
        (shape.wide * 0.98, 0.14),
        (shape.jaw, 0.6),
        (shape.chin, shape.low - 0.03),
    ]
    size, y = rng.uniform(0.8, 1.25), rng.uniform(0.05, 0.2)
    fold = stroke(
        [
            (shape.wide + 0.02, y - 0.1),
            (shape.wide + 0.11, y - 0.06),
            (shape.wide + 0.03, y + 0.08),
        ],
        0.5,
    )
    outline = ellipse(shape.wide + 0.03, y, 0.15 * size, 0.24 * size, -0.12)
    ear = Shape(outline, paint=colors.skin, details=(fold,) if chance(rng, 0.7) else ())
    ears = [s for side, s in zip(SIDES, both_sides(ear), strict=True) if shape.turn * side < 0.75]
    if chance(rng, 0.2):
        drop = rng.uniform(0.06, 0.14)
        ring = Shape(
            ellipse(shape.wide + 0.05, y + 0.24 * size + drop, drop * 0.8, drop),
            paint=pick(rng, (colors.trim, colors.accent)),
            line=0.7,
        )
        ears += both_sides(ring)
    outline = blob(mirrored(right)[1:])
    cheeks = []
    if chance(rng, 0.15):
        spot = ellipse(shape.wide * 0.6, shape.eye_y + 0.36, 0.17, 0.12)
        cheeks = on_face(both_sides(Shape(spot, paint=colors.blush, line=0)), shape)
    return [*ears, Shape(outline, paint=colors.skin, shading=0.6, details=tuple(cheeks))]


def on_face(shapes: list[Shape], shape: Head) -> list[Shape]:
    """Features drawn for a face seen from the front, on a head that is turned."""

    def turned(points: np.ndarray) -> np.ndarray:
        x, y = points[:, 0], points[:, 1]
        share = np.clip(1 - (x / (1.15 * shape.wide)) ** 2, 0, 1)
        low = np.clip(1.2 * (shape.low - y), 0, 1)
        return np.stack([x + 0.34 * shape.turn * share * low, y], axis=1)

    return moved(shapes, turned)


def features(rng: Rng, colors: Colors, shape: Head, bearded: bool) -> list[Shape]:
    """Brows, eyes, nose, mouth, and a beard for the bearded."""
    below, over = beard(rng, colors, shape) if bearded else ([], [])
    wide = shape.wide * rng.uniform(0.38, 0.46)
    eyes = _eyes(rng, colors, wide, shape.eye_y)
    lined = [*_wrinkles(rng, shape)] if chance(rng, 0.25) else []
    mouth = _mouth(rng, colors, shape.mouth_y, bearded)
    return on_face(
        [
            *eyes,
            *_brows(rng, colors, wide, shape.eye_y),
            *lined,
            *below,
            *mouth,
            *over,
            *_nose(rng, colors, shape),
        ],
        shape,
    )


def glasses(rng: Rng, shape: Head) -> list[Shape]:
    """Frames around both eyes; what is seen through them stays, or the lenses are white."""
    x, y = shape.wide * 0.44, shape.eye_y + 0.02
    w, h = x * rng.uniform(0.72, 0.9), rng.uniform(0.16, 0.3)
    square = rng.uniform(0.72, 0.98)
    rim = blob(
        [
            (w * square, -h * square),
            (w, 0),
            (w * square, h * square),
            (0, h),
            (-w * square, h * square),
            (-w, 0),
            (-w * square, -h * square),
            (0, -h),
        ]
    )
    paint = flat(WHITE) if chance(rng, 0.2) else None
    line = rng.uniform(0.9, 1.8)
    lenses = [Shape(np.add(rim, (side * x, y)), paint=paint, line=line) for side in SIDES]
    bridge = stroke([(w - x, y - 0.03), (0, y - 0.09), (x - w, y - 0.03)], line)
    temples = both_sides(stroke([(x + w, y - 0.03), (shape.wide + 0.02, y)], line))
    return on_face([*temples, *lenses, bridge], shape)


def _eyes(rng: Rng, colors: Colors, x: float, y: float) -> list[Shape]:
    kind = pick(rng, ("dot", "dot", "oval", "oval", "iris", "iris", "iris", "lid", "shut", "line"))
    w, h = rng.uniform(0.1, 0.2), rng.uniform(0.09, 0.19)
    gaze = rng.uniform(-0.3, 0.3) * w
    shapes: list[Shape] = []
    if kind == "dot":
        r = rng.uniform(0.045, 0.085)
        return [
            Shape(ellipse(s * x, y, r, r * rng.uniform(1, 1.6)), inked=True, line=0.3)
            for s in SIDES
        ]
    bend = rng.uniform(0.03, 0.12) * pick(rng, SIDES)
    for s in SIDES:
        at = s * x
        if kind in ("shut", "line"):
            bent = bend if kind == "shut" else 0.0
            path = [(at - w, y), (at, y + bent), (at + w, y + 0.02 * s)]
            shapes.append(Shape(limb(path, (0.012, 0.03, 0.012)), inked=True, line=0.4))
            continue
        pupil = Shape(ellipse(at + gaze, y, w * 0.3, w * 0.36), inked=True, line=0.3)
        inside = [pupil]
        if kind != "oval":
            iris = ellipse(at + gaze, y, w * 0.6, w * 0.66)
            inside = [Shape(iris, paint=colors.iris, line=0.6), pupil]
        if kind == "lid":
            lid = polygon(
                [
                    (at - 2 * w, y - 2 * h),
                    (at + 2 * w, y - 2 * h),
                    (at + 2 * w, y - 0.2 * h),
                    (at - 2 * w, y - 0.2 * h),
                ]
            )
            inside.append(Shape(lid, paint=colors.skin, line=0.8))
        outline = ellipse(at, y, w, h)
        if kind == "iris" and bend > 0:
            outline = loop(
                [(at - w, y), (at, y - h), (at + w, y)],
                [(at + w, y), (at, y + h * 0.8), (at - w, y)],
            )
        white = Shape(outline, paint=flat(WHITE), line=0.7, details=tuple(inside))
        shapes.append(white)
        if kind == "iris" and chance(rng, 0.5):
            lash = [(at - w, y - 0.01), (at, y - h - 0.01), (at + w, y - 0.01)]
            shapes.append(Shape(limb(lash, (0.012, 0.035, 0.02)), inked=True, line=0.3))
    return shapes


def _brows(rng: Rng, colors: Colors, x: float, eye_y: float) -> list[Shape]:
    y, thick = eye_y - rng.uniform(0.26, 0.36), rng.uniform(0.02, 0.085)
    tilt, arch, w = rng.uniform(-0.08, 0.08), rng.uniform(0.0, 0.08), rng.uniform(0.14, 0.24)
    path = [(x - w, y + tilt), (x, y - arch), (x + w, y - tilt)]
    end = rng.uniform(0.4, 1.0)
    outline = limb(path, (thick, thick, thick * end), cap=0.4)
    if thick < 0.04:
        return both_sides(Shape(outline, inked=True, line=0.3))
    return both_sides(Shape(outline, paint=colors.hair, line=0.7))


def _nose(rng: Rng, colors: Colors, shape: Head) -> list[Shape]:
    kind = pick(rng, ("hook", "hook", "wide", "round", "dots", "long", "wedge", "bulb"))
    side = 1 if shape.turn > 0 else -1
    y, w = shape.mouth_y - rng.uniform(0.2, 0.28), rng.uniform(0.08, 0.18)
    top = shape.eye_y + rng.uniform(0.0, 0.15)
    out = side * (w + 0.06)
    if kind == "round":
        return [Shape(ellipse(0, y - 0.04, w, w * rng.uniform(0.75, 1.1)), paint=colors.skin)]
    if kind == "bulb":
        bulb = loop(
            [
                (-w * 0.5, top),
                (-w * 0.5, y - 0.1),
                (-w, y),
                (0, y + 0.09),
                (w, y),
                (w * 0.5, y - 0.1),
                (w * 0.5, top),
            ]
        )
        return [Shape(bulb, line=0.8, closed=False)]
    if kind == "dots":
        return both_sides(Shape(ellipse(w * 0.5, y, 0.025, 0.02), inked=True, line=0.3))
    paths: dict[str, list[Point]] = {
        "hook": [(0, top), (out * 0.5, y - 0.12), (out, y), (side * 0.02, y + 0.03)],
        "wide": [
            (-w, y - 0.06),
            (-w * 0.8, y + 0.02),
            (0, y + 0.05),
            (w * 0.8, y + 0.02),
            (w, y - 0.06),
        ],
        "long": [
            (side * 0.05, shape.eye_y - 0.12),
            (out * 0.4, y - 0.2),
            (out * 0.8, y),
            (-side * 0.04, y + 0.03),
        ],
        "wedge": [],
    }
    if kind == "wedge":
        wedge = polygon([(0, top), (out, y), (-side * 0.03, y + 0.02)])
        return [Shape(wedge, line=0.8, closed=False)]
    return [stroke(paths[kind], 0.8)]


def _mouth(rng: Rng, colors: Colors, y: float, bearded: bool) -> list[Shape]:
    wide, bend = rng.uniform(0.14, 0.32), rng.uniform(-0.05, 0.12)
    y += 0.03 if bearded else 0.0
    kind = pick(rng, ("line", "line", "line", "grin", "grin", "lips", "lips", "gape", "smirk"))
    if bearded and kind == "lips":
        kind = "line"
    if kind == "grin":
        depth = rng.uniform(0.1, 0.2)
        teeth = polygon([(-1, y - 1), (1, y - 1), (1, y + depth * 0.42), (-1, y + depth * 0.42)])
        inside = (Shape(teeth, paint=flat(WHITE), line=0.5),) if chance(rng, 0.7) else ()
        lips = loop([(-wide, y), (0, y + 0.03), (wide, y)], [(wide, y), (0, y + depth), (-wide, y)])
        paint = flat(WHITE) if chance(rng, 0.2) else colors.mouth
        return [Shape(lips, paint=paint, line=0.8, details=inside)]
    if kind == "gape":
        return [
            Shape(
                ellipse(0, y + 0.03, wide * 0.4, wide * rng.uniform(0.3, 0.6)),
                paint=colors.mouth,
                line=0.8,
            )
        ]
    if kind == "lips":
        high, low = rng.uniform(0.05, 0.09), rng.uniform(0.07, 0.12)
        wide *= 0.85
        upper = [(-wide, y), (-0.07, y - high), (0, y - high * 0.7), (0.07, y - high), (wide, y)]
        outline = loop(upper, [(wide, y), (0, y + low), (-wide, y)])
        part = stroke([(-wide, y), (0, y + 0.02), (wide, y)], 0.6)
        return [Shape(outline, paint=colors.mouth, line=0.7, details=(part,))]
    lift = rng.uniform(0.04, 0.1) if kind == "smirk" else 0.0
    path = [(-wide, y - bend / 2), (0, y + bend / 2), (wide, y - bend / 2 - lift)]
    return [stroke(path, 0.9)]


def _wrinkles(rng: Rng, shape: Head) -> list[Shape]:
    y, x = shape.mouth_y - 0.14, rng.uniform(0.26, 0.36)
    cheek = stroke([(x * 0.75, y - 0.1), (x, y + 0.06), (x, y + 0.18)], 0.5)
    if chance(rng, 0.5):
        return both_sides(cheek)
    high = shape.eye_y - 0.48
    return [stroke([(-0.24, high), (0, high - 0.03), (0.24, high)], 0.5), *both_sides(cheek)]
