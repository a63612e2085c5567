"""Clothed bodies of dolls, put together below a head of radius 1 at (0, 0)."""

from typing import NamedTuple

import numpy as np

from tf_deeppaint.data.sources.color_schemes import Rng, chance, pick
from tf_deeppaint.data.sources.dolls.canvas import (
    Paint,
    Shape,
    blob,
    box,
    ellipse,
    flat,
    limb,
    loop,
    mirrored,
    stroke,
)
from tf_deeppaint.data.sources.dolls.clothes import garments
from tf_deeppaint.data.sources.dolls.colors import Colors
from tf_deeppaint.data.sources.dolls.frames import LEG, SIDES, Frame, Point
from tf_deeppaint.data.sources.dolls.things import accessories, collar, held

KINDS = ("dress", "dress", "trousers", "skirt", "skirt", "shorts", "coat", "overalls", "robe")
ARM = (0.15, 0.145, 0.13, 0.115, 0.1, 0.14, 0.12)


class Outfit(NamedTuple):
    """The clothed body, cut into what is hidden by what."""

    behind: list[Shape]  # behind the body and in front of the hair at the back
    body: list[Shape]  # everything from the feet to the neck
    over: list[Shape]  # over the body, below the head


def outfit(rng: Rng, colors: Colors, body: Frame) -> Outfit:
    """Dresses a body: shoes, something below, something above, perhaps a layer and things."""
    kind = pick(rng, KINDS)
    sleeve = pick(rng, ("none", "short", "short", "half", "long", "long", "bell"))
    sleeve = {"coat": "long", "robe": "bell"}.get(kind, sleeve)
    sleeve_paint = colors.layer if kind in ("coat", "robe") else colors.top
    arms = [_arm(rng, colors, body, i, sleeve, sleeve_paint) for i in (0, 1)]
    below, above = garments(rng, colors, body, kind)
    feet = _legs_and_shoes(rng, colors, body)
    thing = held(rng, colors, body)
    back_arms = [s for i in (0, 1) if not body.arms_in_front[i] for s in thing[i] + arms[i]]
    front_arms = [s for i in (0, 1) if body.arms_in_front[i] for s in thing[i] + arms[i]]
    behind, over = accessories(rng, colors, body, kind)
    neck = _neck(rng, colors, body, kind)
    return Outfit(behind, [*feet, *below, *back_arms, *above, *neck], [*over, *front_arms])


def _legs_and_shoes(rng: Rng, colors: Colors, body: Frame) -> list[Shape]:
    sock = pick(rng, (1.0, 0.84, 0.84, 0.6, 0.6, 0.3, 0.0))
    shoe = pick(rng, ("sneaker", "strap", "ankle boot", "tall boot"))
    shapes: list[Shape] = []
    for side, path in zip(SIDES, body.legs, strict=True):
        shapes.append(Shape(limb(path, LEG), paint=colors.skin, shading=0.6))
        if sock < 1:
            shapes.append(_sock(colors, path, sock))
        shapes += _shoe(colors, side, path, shoe)
    return shapes


def _sock(colors: Colors, path: list[Point], start: float) -> Shape:
    outline = limb(path, [w + 0.012 for w in LEG], start)
    band = limb(path, [w + 0.05 for w in LEG], start + 0.03, start + 0.065, 0.0)
    # Tights have no rim, and ankle socks no room for one.
    bands = (Shape(band, paint=colors.trim, line=0.5),) if 0 < start < 0.8 else ()
    return Shape(outline, paint=colors.socks, shading=0.6, details=bands)


def _shoe(colors: Colors, side: int, path: list[Point], kind: str) -> list[Shape]:
    x, y = path[-1]
    upper_points = [(-0.17, -0.1), (0.17, -0.1), (0.2, 0.04), (0.3, 0.16)]
    lower_points = [(0.22, 0.24), (-0.14, 0.24), (-0.23, 0.16), (-0.19, 0.02)]
    outline = blob([(x + side * px, y + py) for px, py in upper_points + lower_points])
    sole = Shape(
        box(x - 0.5, y + 0.17, x + 0.5, y + 0.4), paint=flat(colors.shoes.shaded), line=0.6
    )
    upper: list[Shape] = []
    if kind == "sneaker":
        sole = sole._replace(paint=flat((244, 242, 238)))
        laces = (y - 0.04, y + 0.04)
        upper = [stroke([(x - 0.07, lace), (x + 0.08, lace + 0.02)], 0.5) for lace in laces]
    elif kind == "strap":
        opening = [(x - 0.15, y - 0.16), (x + 0.15, y - 0.16), (x + 0.13, y - 0.02)]
        upper = [Shape(blob([*opening, (x - 0.13, y - 0.02)]), paint=colors.socks, line=0.6)]
    shoe = Shape(outline, paint=colors.shoes, shading=0.6, details=(sole, *upper))
    if kind in ("sneaker", "strap"):
        return [shoe]
    start = 0.72 if kind == "ankle boot" else 0.5
    shaft = Shape(limb(path, [w + 0.045 for w in LEG], start), paint=colors.shoes, shading=0.6)
    cuff = limb(path, [w + 0.075 for w in LEG], start, start + 0.07, 0.0)
    return [shaft, shoe, Shape(cuff, paint=colors.trim, line=0.8)]


def _arm(
    rng: Rng, colors: Colors, body: Frame, index: int, sleeve: str, paint: Paint
) -> list[Shape]:
    path, side = body.arms[index], SIDES[index]
    (ex, ey), (hx, hy) = path[1], path[2]
    along = np.array([hx - ex, hy - ey])
    along = along / np.linalg.norm(along)
    across = np.array([-along[1], along[0]]) * (side if index else -side)
    if along @ (0, 1) < 0:
        across = -across
    at = np.array([hx, hy])
    knuckle, tip = at - across * side * 0.13, at - across * side * 0.17
    thumb_path = [at - along * 0.1, knuckle - along * 0.02, tip + along * 0.07]
    thumb = limb(thumb_path, (0.06, 0.06, 0.045), cap=0.9)
    fingers = tuple(
        stroke([at + along * 0.16 + across * k, at + along * 0.09 + across * k], 0.5)
        for k in (-0.045, 0.035)
    )
    shapes = [
        Shape(thumb, paint=colors.skin, line=0.8),
        Shape(limb(path, ARM, cap=1.0), paint=colors.skin, shading=0.5, details=fingers),
    ]
    if sleeve == "none":
        return shapes
    end = {"short": 0.36, "half": 0.58, "long": 0.86, "bell": 0.84}[sleeve]
    wide = [w + 0.06 for w in ARM]
    if sleeve == "bell":
        wide = [0.2, 0.21, 0.24, 0.29, 0.36, 0.4]
    if sleeve == "short" and chance(rng, 0.4):
        wide = [0.2, 0.27, 0.26, 0.22, 0.2, 0.2]
    cuffs: tuple[Shape, ...] = ()
    if chance(rng, 0.5):
        cuff = limb(path, [w + 0.1 for w in wide], end - 0.08, end + 0.1, 0.0)
        cuffs = (Shape(cuff, paint=colors.trim, line=0.6),)
    outline = limb(path, wide, 0.0, end, 0.15)
    return [*shapes, Shape(outline, paint=paint, shading=0.8, details=cuffs)]


def _neck(rng: Rng, colors: Colors, body: Frame, kind: str) -> list[Shape]:
    y, column = body.shoulder_y, 0.2
    depth = rng.uniform(0.1, 0.22) if kind != "robe" else 0.34
    pointed = kind == "robe" or chance(rng, 0.35)
    open_to = 0.3
    sides = [(column, 0.75), (column, y - 0.12), (open_to, y - 0.01)]
    low = [(open_to, y - 0.01), (0.0, y + depth), (-open_to, y - 0.01)]
    round_bottom = mirrored([low[0], (0.2, y + depth * 0.8), low[1]])
    bottom = [low[:2], low[1:]] if pointed else [round_bottom]
    flank = [(-px, py) for px, py in sides[::-1]]
    shadow = Shape(ellipse(0, 0.85, 0.7, 0.42), paint=flat(colors.skin.shaded), line=0)
    outline = loop(sides, *bottom, flank, [flank[-1], sides[0]])
    neck = Shape(outline, paint=colors.skin, details=(shadow,))
    return [neck, *collar(rng, colors, body, kind, open_to, depth)]
