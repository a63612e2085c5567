"""Collars of dolls, and the things that they wear over their clothes or hold in a hand."""

from tf_deeppaint.data.sources.color_schemes import Rng, chance, pick
from tf_deeppaint.data.sources.dolls.canvas import (
    Paint,
    Shape,
    blob,
    both_sides,
    box,
    disc,
    ellipse,
    flat,
    limb,
    loop,
    mirrored,
    polygon,
    stroke,
)
from tf_deeppaint.data.sources.dolls.colors import Colors
from tf_deeppaint.data.sources.dolls.frames import SIDES, Frame
from tf_deeppaint.data.sources.dolls.ornaments import GOLD, bow, flower, star

WOOD = Paint((160, 110, 70), (124, 82, 50))


def collar(
    rng: Rng, colors: Colors, body: Frame, kind: str, wide: float, depth: float
) -> list[Shape]:
    """The collar around a neckline `wide` to either side and `depth` below the shoulders."""
    y = body.shoulder_y
    if kind == "robe":
        shoulder = [(0.24, y - 0.1), (0.36, y - 0.02)]
        lapel = polygon([*shoulder, (-0.1, y + depth + 0.24), (-0.14, y + depth)])
        return both_sides(Shape(lapel, paint=colors.trim))
    if kind == "shorts" and chance(rng, 0.8):
        return _hood(colors, y, depth)
    low = y + depth
    style = pick(rng, ("plain", "plain", "shirt", "sailor", "turtle", "bow", "tie", "round"))
    if kind == "coat" and style in ("sailor", "round"):
        style = "shirt"
    if style == "turtle":
        return [_turtleneck(colors, y, low)]
    if style == "round":
        outer = [(0.22, y - 0.1), (0.42, y + 0.04), (0.34, low + 0.14)]
        outline = blob([*outer, (0.04, low + 0.1), (0.03, low)])
        return both_sides(Shape(outline, paint=colors.trim))
    if style == "sailor":
        return [*_sailor_collar(colors, y, low), *bow(0.0, low + 0.16, 0.22, colors.accent)]
    if style == "bow":
        return [*_flaps(colors, y, low, wide), *bow(0.0, low + 0.02, 0.24, colors.accent)]
    if style == "tie":
        end = [(0.11, low + 0.45), (0, low + 0.55), (-0.11, low + 0.45)]
        tie = polygon([(-0.06, low), (0.06, low), *end])
        flaps = _flaps(colors, y, low, wide)
        return [Shape(tie, paint=colors.accent, shading=0.4), *flaps]
    return _flaps(colors, y, low, wide) if style == "shirt" else []


def _hood(colors: Colors, y: float, depth: float) -> list[Shape]:
    rolls = []
    for s in SIDES:  # a mirrored outline would run the other way, and fold elsewhere
        path = [(s * 0.24, y - 0.22), (s * 0.36, y), (s * 0.02, y + depth + 0.08)]
        rolls.append(Shape(limb(path, (0.06, 0.11, 0.07)), paint=colors.top, shading=0.6))
    return [*rolls, *both_sides(stroke([(0.14, y + depth), (0.15, y + depth + 0.3)], 0.9))]


def _flaps(colors: Colors, y: float, low: float, wide: float) -> list[Shape]:
    outline = polygon([(0.19, y - 0.17), (wide + 0.06, y), (0.26, low + 0.14), (0.0, low)])
    return both_sides(Shape(outline, paint=colors.trim, shading=0.4))


def _turtleneck(colors: Colors, y: float, low: float) -> Shape:
    outline = loop(
        [(-0.24, y - 0.2), (0, y - 0.14), (0.24, y - 0.2)],
        [(0.24, y - 0.2), (0.32, y + 0.02)],
        [(0.32, y + 0.02), (0, low + 0.03), (-0.32, y + 0.02)],
        [(-0.32, y + 0.02), (-0.24, y - 0.2)],
    )
    return Shape(outline, paint=colors.top, shading=0.6)


def _sailor_collar(colors: Colors, y: float, low: float) -> list[Shape]:
    outer = [(0.2, y - 0.15), (0.52, y + 0.03), (0.5, y + 0.34)]
    corner = (0.44, y + 0.28)
    stripes = (stroke([(0.46, y), corner], 0.6), stroke([corner, (0.0, low + 0.12)], 0.6))
    outline = polygon([*outer, (0.0, low + 0.2), (0.0, low)])
    return both_sides(Shape(outline, paint=colors.trim, details=stripes))


def accessories(
    rng: Rng, colors: Colors, body: Frame, kind: str
) -> tuple[list[Shape], list[Shape]]:
    """A cape, scarf, shoulder bag or necklace, or nothing: drawn behind the body, and over it."""
    choice = pick(rng, ("none", "none", "none", "none", "scarf", "cape", "strap", "necklace"))
    if choice == "cape":
        return _cape(rng, colors, body)
    if choice == "scarf":
        return [], _scarf(rng, colors, body.shoulder_y)
    if choice == "strap" and kind not in ("coat", "robe"):
        return [], _shoulder_bag(rng, colors, body)
    if choice == "necklace":
        y = body.shoulder_y
        chain = Shape(blob(mirrored([(0.17, y - 0.14), (0.1, y + 0.1)])), line=0.6)
        return [], [chain, Shape(disc(0, y + 0.16, 0.07), paint=GOLD, line=0.6)]
    return [], []


def _cape(rng: Rng, colors: Colors, body: Frame) -> tuple[list[Shape], list[Shape]]:
    y, w = body.shoulder_y, body.shoulder
    wide, low = body.hip + rng.uniform(0.35, 0.8), body.hip_y + rng.uniform(0.2, 1.3)
    left, right = (-wide, low), (wide, low)
    hem = [right, (wide * 0.5, low + 0.16), (0, low + 0.05), (-wide * 0.5, low + 0.16), left]
    cape = loop(
        [(-0.3, y - 0.15), (0.3, y - 0.15)],
        [(0.3, y - 0.15), (w + 0.1, y + 0.2), (wide, low)],
        hem,
        [(-wide, low), (-w - 0.1, y + 0.2), (-0.3, y - 0.15)],
    )
    yoke = loop(
        [(-0.3, y - 0.18), (0, y - 0.02), (0.3, y - 0.18)],
        [(0.3, y - 0.18), (w - 0.1, y - 0.02), (w, y + 0.16)],
        [(w, y + 0.16), (0.3, y + 0.12), (0, y + 0.12), (-0.3, y + 0.12), (-w, y + 0.16)],
        [(-w, y + 0.16), (-w + 0.1, y - 0.02), (-0.3, y - 0.18)],
    )
    clasp = Shape(disc(0, y + 0.06, 0.1), paint=GOLD)
    front = [Shape(yoke, paint=colors.accent, shading=0.5), clasp]
    return [Shape(cape, paint=colors.accent, shading=1.0)], front


def _scarf(rng: Rng, colors: Colors, y: float) -> list[Shape]:
    side = pick(rng, SIDES)
    path = [(side * 0.2, y), (side * 0.26, y + 0.4), (side * 0.24, y + 0.8)]
    end = limb(path, (0.12, 0.15, 0.16), cap=0.1)
    stripe = Shape(box(-2, y + 0.6, 2, y + 0.7), paint=colors.trim, line=0.6)
    upper = [(-0.38, y - 0.12), (0, y - 0.06), (0.38, y - 0.12)]
    wrap = blob([*upper, (0.42, y + 0.06), (0, y + 0.22), (-0.42, y + 0.06)])
    scarf = Shape(end, paint=colors.accent, shading=0.7, details=(stripe,))
    return [scarf, Shape(wrap, paint=colors.accent, shading=0.7)]


def _shoulder_bag(rng: Rng, colors: Colors, body: Frame) -> list[Shape]:
    s, y = pick(rng, SIDES), body.shoulder_y
    x, low = -s * body.hip, body.hip_y - 0.2
    shoulder = [(s * 0.42, y - 0.08), (s * 0.54, y)]
    strap = polygon([*shoulder, (x, low + 0.08), (x + s * 0.02, low - 0.06)])
    upper, lower = low - 0.08, low + 0.3
    pouch = blob([(x - 0.2, upper), (x + 0.2, upper), (x + 0.24, lower), (x - 0.24, lower)])
    flap = stroke([(x - 0.3, low + 0.08), (x, low + 0.14), (x + 0.3, low + 0.08)])
    bag = Shape(pouch, paint=colors.accent, shading=0.6, details=(flap,))
    return [Shape(strap, paint=colors.accent), bag]


def held(rng: Rng, colors: Colors, body: Frame) -> tuple[list[Shape], list[Shape]]:
    """What the hand on the left and the hand on the right of the page hold, often nothing."""
    things: tuple[list[Shape], list[Shape]] = ([], [])
    if chance(rng, 0.6):
        return things
    index = pick(rng, (0, 1))
    x, y = body.arms[index][-1]
    kind = pick(rng, ("bag", "wand", "flower", "sweet", "book"))
    if body.arms_in_front[index]:
        return things
    if kind in ("bag", "book") and y > body.shoulder_y + 0.6:
        things[index].extend(_bag(colors, x, y))
    elif kind in ("wand", "flower", "sweet"):
        things[index].extend(_stick(colors, x, y, kind))
    return things


def _bag(colors: Colors, x: float, y: float) -> list[Shape]:
    handle = Shape(ellipse(x, y + 0.16, 0.17, 0.24), line=1.6)
    top, low = y + 0.28, y + 0.66
    bag = blob([(x - 0.26, top), (x + 0.26, top), (x + 0.32, low), (x - 0.32, low)])
    clasp = Shape(disc(x, y + 0.42, 0.06), paint=GOLD, line=0.6)
    flap = stroke([(x - 0.4, y + 0.38), (x, y + 0.46), (x + 0.4, y + 0.38)], 0.7)
    return [handle, Shape(bag, paint=colors.accent, shading=0.7, details=(flap, clasp))]


def _stick(colors: Colors, x: float, y: float, kind: str) -> list[Shape]:
    top = y - 0.62
    stem = box(x - 0.035, top, x + 0.035, y + 0.3)
    if kind == "wand":
        return [Shape(stem, paint=WOOD), Shape(star(x, top - 0.1, 0.28), paint=GOLD, shading=0.5)]
    if kind == "sweet":
        curve = [(x - 0.12, top - 0.08), (x, top - 0.24), (x + 0.12, top - 0.1), (x, top)]
        swirl, sweet = stroke(curve, 0.6), disc(x, top - 0.1, 0.24)
        candy = Shape(sweet, paint=colors.trim, shading=0.6, details=(swirl,))
        return [Shape(stem, paint=flat((246, 244, 240))), candy]
    green = Paint((98, 164, 86), (70, 124, 64))
    petals = flower(x, top - 0.05, 6, 0.15, 0.11, colors.accent)
    heart = Shape(disc(x, top - 0.05, 0.1), paint=GOLD, line=0.7)
    return [Shape(stem, paint=green), *petals, heart]
