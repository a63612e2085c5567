"""Faces of dolls: head, eyes, brows, nose, mouth, blush and glasses, around (0, 0), radius 1."""

from typing import NamedTuple

import numpy as np

from tf_deeppaint.data.sources.color_schemes import Rng, chance, pick
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
    polygon,
    stroke,
)
from tf_deeppaint.data.sources.dolls.colors import Colors
from tf_deeppaint.data.sources.dolls.frames import SIDES

EYE_X = 0.43
EYE_Y = 0.3
MOUTH_Y = 0.76
# Of all faces, the shares up to which both eyes are shut or one winks, smiling below SMILING.
SHUT, WINKING, SMILING = 0.08, 0.14, 0.11


def face(rng: Rng, colors: Colors, fringe: np.ndarray) -> list[Shape]:
    """A head without hair, seen from the front, whose chin is near (0, 1).

    `fringe` is the outline `(n, 2)` of the hair over the forehead, which casts a shadow.
    """
    cheek, chin = rng.uniform(0.9, 0.98), rng.uniform(0.14, 0.3)
    jaw = blob(
        mirrored([(0, -1), (0.72, -0.75), (0.97, -0.1), (cheek, 0.38), (0.6, 0.8), (chin, 1.0)])[1:]
    )
    shadow = Shape(np.add(fringe, (0, 0.09)), paint=flat(colors.skin.shaded), line=0)
    fold = stroke([(0.97, 0.12), (1.05, 0.2), (1.0, 0.32)], 0.5)
    ears = both_sides(Shape(ellipse(0.98, 0.22, 0.15, 0.22), paint=colors.skin, details=(fold,)))
    skull = Shape(jaw, paint=colors.skin, shading=0.6, details=(shadow, *_blush(rng, colors)))
    return [*ears, skull, *_eyes(rng, colors), *_brows(rng), *_nose(rng), *_mouth(rng, colors)]


def glasses(rng: Rng) -> list[Shape]:
    """Frames around both eyes, round or nearly square."""
    width, height = rng.uniform(0.36, 0.4), rng.uniform(0.33, 0.39)
    rim = ellipse(0, 0, width, height)
    if chance(rng, 0.5):
        rim = blob(mirrored([(0.9 * width, -0.9 * height), (width, 0), (0.8 * width, height)]))
    lenses = [Shape(np.add(rim, (side * EYE_X, EYE_Y + 0.04)), line=1.2) for side in SIDES]
    gap = EYE_X - width
    return [*lenses, stroke([(-gap, EYE_Y), (0, EYE_Y - 0.04), (gap, EYE_Y)], 1.2)]


def _blush(rng: Rng, colors: Colors) -> list[Shape]:
    if chance(rng, 0.35):
        return []
    width = rng.uniform(0.13, 0.2)
    cheek = Shape(ellipse(0.62, 0.66, width, width * 0.55), paint=colors.blush, line=0)
    cheeks = both_sides(cheek)
    if chance(rng, 0.6):
        return cheeks
    hatches = [
        Shape(polygon([(x + 0.03, 0.62), (x - 0.03, 0.7)]), line=0.5, closed=False)
        for side in SIDES
        for x in (side * 0.62 - 0.07, side * 0.62, side * 0.62 + 0.07)
    ]
    return cheeks + hatches


class Eyes(NamedTuple):
    """The measures that both eyes of a face share, in head radii."""

    width: float
    height: float
    slant: float
    lid: float
    gaze: float
    glint: float
    hollow: bool


def _eyes(rng: Rng, colors: Colors) -> list[Shape]:
    eyes = Eyes(
        width=rng.uniform(0.21, 0.27),
        height=rng.uniform(0.25, 0.34),
        slant=rng.uniform(-0.06, 0.06),
        lid=rng.uniform(0.75, 1.0),
        gaze=rng.uniform(-0.04, 0.04),
        glint=rng.uniform(0.055, 0.085),
        hollow=chance(rng, 0.3),
    )
    mood = rng.random()
    shapes: list[Shape] = []
    for side in SIDES:
        if mood < SHUT or (mood < WINKING and side == 1):
            x, y, bend = side * EYE_X, EYE_Y + 0.08, -0.16 if mood < SMILING else 0.12
            path = [(x - eyes.width, y), (x, y + bend), (x + eyes.width, y)]
            shapes.append(Shape(limb(path, (0.015, 0.035, 0.015)), inked=True, line=0.4))
        else:
            shapes += _open_eye(colors, side, eyes)
    return shapes


def _open_eye(colors: Colors, side: int, eyes: Eyes) -> list[Shape]:
    x, width, height, slant = side * EYE_X, eyes.width, eyes.height, eyes.slant
    top = EYE_Y - height * eyes.lid
    upper = [
        (x - side * width * 0.92, EYE_Y - height * 0.35 + slant),
        (x - side * width * 0.45, top + height * 0.08 + slant / 2),
        (x + side * width * 0.3, top - slant / 2),
        (x + side * width, EYE_Y - height * 0.25 - slant),
    ]
    (inner, _), (outer, outer_y) = upper[0], upper[-1]
    lower = [
        upper[-1],
        (outer - side * width * 0.15, EYE_Y + height * 0.7),
        (x, EYE_Y + height),
        (inner + side * width * 0.2, EYE_Y + height * 0.72),
        upper[0],
    ]
    corner = (outer + side * 0.05, outer_y - height * 0.17)
    lash = Shape(limb([*upper, corner], (0.015, 0.04, 0.05, 0.035, 0.008)), inked=True, line=0.3)
    iris = tuple(_iris(colors, x + eyes.gaze, eyes))
    return [Shape(loop(upper, lower), paint=flat(WHITE), line=0.5, details=iris), lash]


def _iris(colors: Colors, x: float, eyes: Eyes) -> list[Shape]:
    width, height, glint = eyes.width, eyes.height * 0.86, eyes.glint
    darkest = tuple(level // 3 for level in colors.iris.shaded)
    pupil = ellipse(x, EYE_Y + 0.03, width * 0.3, height * 0.48)
    dusk = ellipse(x, EYE_Y - height * 0.85, width * 1.2, height * 0.8)
    details = (
        Shape(dusk, paint=flat(colors.iris.shaded), line=0),
        Shape(pupil, paint=flat(darkest), line=0.6, inked=not eyes.hollow),
    )
    outline = ellipse(x, EYE_Y + 0.02, width * 0.7, height)
    iris = Shape(outline, paint=colors.iris, line=0.8, details=details)
    glints = [
        ellipse(x - 0.07, EYE_Y - height * 0.42, glint, glint * 1.25),
        ellipse(x + 0.07, EYE_Y + height * 0.58, glint * 0.55, glint * 0.6),
    ]
    return [iris, *(Shape(spot, paint=flat(WHITE), line=0.45) for spot in glints)]


def _brows(rng: Rng) -> list[Shape]:
    y, tilt, arch = rng.uniform(-0.2, -0.08), rng.uniform(-0.09, 0.09), rng.uniform(0.02, 0.08)
    thick = rng.uniform(0.015, 0.04)
    path = [(EYE_X - 0.2, y - tilt), (EYE_X, y - arch), (EYE_X + 0.22, y + tilt)]
    return both_sides(Shape(limb(path, (thick, thick, thick / 3)), inked=True, line=0.3))


def _nose(rng: Rng) -> list[Shape]:
    points = pick(rng, ([(0, 0.55), (0.02, 0.6)], [(-0.03, 0.6), (0, 0.62), (0.04, 0.59)], []))
    return [stroke(points)] if points else []


def _mouth(rng: Rng, colors: Colors) -> list[Shape]:
    wide, y = rng.uniform(0.1, 0.2), MOUTH_Y
    kind = pick(rng, ("smile", "smile", "open", "open", "cat", "round", "flat", "smirk", "pout"))
    if kind == "open":
        depth = rng.uniform(0.09, 0.17)
        tongue = Shape(ellipse(0, y + depth, wide * 0.7, depth * 0.5), paint=colors.blush, line=0.4)
        lower = mirrored([(wide, y), (wide * 0.6, y + depth * 0.8), (0, y + depth)])
        lips = loop([(-wide, y), (0, y + 0.03), (wide, y)], lower)
        return [Shape(lips, paint=colors.mouth, line=0.8, details=(tongue,))]
    if kind == "round":
        return [Shape(ellipse(0, y + 0.04, wide * 0.4, wide * 0.45), paint=colors.mouth, line=0.8)]
    strokes = {
        "smile": [(-wide, y), (0, y + 0.07), (wide, y)],
        "cat": [(-wide, y), (-wide / 2, y + 0.06), (0, y), (wide / 2, y + 0.06), (wide, y)],
        "flat": [(-wide * 0.7, y + 0.03), (0, y + 0.02), (wide * 0.7, y + 0.03)],
        "smirk": [(-wide * 0.8, y + 0.04), (0, y + 0.05), (wide, y - 0.02)],
        "pout": [(-wide * 0.6, y + 0.06), (0, y + 0.02), (wide * 0.6, y + 0.06)],
    }
    return [stroke(strokes[kind], 0.9)]
