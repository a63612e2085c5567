"""What adults wear: legs, trousers and skirts, shirts with their necklines."""

from typing import NamedTuple

import numpy as np

from tf_deeppaint.data.sources.color_schemes import Rng, chance, pick
from tf_deeppaint.data.sources.dolls.adults.bodies import Body, trunk, tube, union
from tf_deeppaint.data.sources.dolls.adults.shoes import SHOES, shoe
from tf_deeppaint.data.sources.dolls.canvas import (
    Shape,
    blob,
    ellipse,
    loop,
    mirrored,
    polygon,
    stroke,
)
from tf_deeppaint.data.sources.dolls.colors import Colors
from tf_deeppaint.data.sources.dolls.frames import SIDES, Point
from tf_deeppaint.data.sources.dolls.ornaments import pattern

LOWER = ("trousers", "trousers", "trousers", "shorts", "skirt", "skirt", "dress")
UPPER = ("tee", "tee", "shirt", "shirt", "shirt", "sweater", "hoodie", "tank", "turtleneck")
PATTERNS = ("none", "none", "none", "bands", "bars", "dots", "star")


class Clothes(NamedTuple):
    """What one adult wears.

    Attributes:
        lower: One of `LOWER`.
        upper: One of `UPPER`.
        sleeve: Share of the arm that the sleeves cover.
        ease: How much wider than the body the shirt is.
        tucked: Whether the shirt is worn under the trousers or skirt.
        gloved: Whether gloves are worn.
    """

    lower: str
    upper: str
    sleeve: float
    ease: float
    tucked: bool
    gloved: bool


def clothes(rng: Rng, adult: Body, broad: float) -> Clothes:
    """Chooses what is worn; the broad wear trousers more often."""
    lower = pick(rng, LOWER)
    if broad > 0.5 and lower in ("skirt", "dress") and chance(rng, 0.85):
        lower = "trousers"
    if adult.sits and lower == "skirt":
        lower = "trousers"
    upper = pick(rng, UPPER)
    short = rng.uniform(0.16, 0.46)
    sleeve = {"tank": 0.0, "tee": short, "sweater": 1.0, "hoodie": 1.0}.get(
        upper, pick(rng, (short, 0.7, 1.0, 1.0, 1.0))
    )
    if lower == "dress" and chance(rng, 0.3):
        sleeve = 0.0
    ease = rng.uniform(0.02, 0.3) if upper in ("sweater", "hoodie") else rng.uniform(0.0, 0.14)
    tucked = upper in ("shirt", "tank", "tee", "turtleneck") and chance(rng, 0.5)
    return Clothes(lower, upper, sleeve, ease, tucked or lower == "skirt", chance(rng, 0.1))


def legs(rng: Rng, colors: Colors, adult: Body, worn: Clothes) -> list[Shape]:
    """Bare or covered legs with shoes, the same on both, and trousers over them."""
    stocking = pick(rng, (0.0, 0.0, 0.4, 0.62, 0.82)) if chance(rng, 0.6) else 1.0
    kind, top = pick(rng, SHOES), rng.uniform(0.6, 0.92)
    toe, ease = rng.uniform(0.6, 1.15), rng.uniform(0.03, 0.2)
    end = rng.uniform(0.9, 1.0) if worn.lower == "trousers" else rng.uniform(0.3, 0.62)
    flare = rng.uniform(-0.02, 0.34) if worn.lower == "trousers" else rng.uniform(0.0, 0.15)
    widths = adult.leg_widths
    wide = tuple(w + ease + flare * i / 4 for i, w in enumerate(widths))
    turned_up, creased = chance(rng, 0.25), chance(rng, 0.12)
    striped = not adult.sits and chance(rng, 0.08)
    legged = worn.lower in ("trousers", "shorts")
    # In open shoes the stockings show.
    shown = colors._replace(skin=colors.socks) if stocking < 1 else colors
    shapes: list[Shape] = []
    for i in (1 - adult.near, adult.near):
        path = adult.legs[i]
        skin = Shape(tube(path, widths), paint=colors.skin, shading=0.5)
        shapes.append(skin)
        if stocking < 1:
            outline = tube(path, tuple(w + 0.02 for w in widths), stocking)
            shapes.append(Shape(outline, paint=colors.socks, shading=0.5))
        over = kind == "boot" and (not legged or end < 0.65 or flare < 0.05)
        feet = shoe(shown, path, adult.toes[i] * toe, widths, kind, top)
        if not over:
            shapes += feet
        if legged:
            cloth = tube(path, wide, 0.0, end)
            if i == adult.near or adult.sits:
                cloth = union(cloth, _pelvis(adult, ease))
            crease = [np.asarray(path[0]), np.asarray(path[1]), np.asarray(path[2])]
            lines = (stroke(crease, 0.5),) if creased else ()
            if striped:
                stripe = tube(np.add(path, (SIDES[i] * wide[1] * 0.75, 0)), (0.1, 0.1))
                lines = (*lines, Shape(stripe, paint=colors.trim, line=0.7))
            shapes.append(Shape(cloth, paint=colors.bottom, shading=0.7, details=lines))
            if turned_up:
                rim = tube(path, tuple(w + 0.04 for w in wide), end - 0.06, end)
                shapes.append(Shape(rim, paint=colors.bottom, line=0.9))
        if over:
            shapes += feet
    if legged and not adult.sits and chance(rng, 0.6):
        y = adult.hip_y
        shapes.append(stroke([(0, y - 1.0), (0.04, y - 0.4), (0, y + 0.1)], 0.6))
    return shapes


def _pelvis(adult: Body, ease: float) -> np.ndarray:
    top = adult.waist_y + 0.2
    right = [
        (adult.waist + ease * 0.7, top),
        (adult.hip + ease, adult.hip_y - 0.5),
        (adult.hip + ease, adult.hip_y),
        (adult.hip * 0.5, adult.hip_y + 0.25),
    ]
    right.append((0.0, adult.hip_y + 0.1))
    return loop(
        mirrored(right), [(-adult.waist - ease * 0.7, top), (adult.waist + ease * 0.7, top)]
    )


def skirt(rng: Rng, colors: Colors, adult: Body, worn: Clothes) -> list[Shape]:
    """A skirt, from tight to wide, plain or pleated; that of a dress has the color of the top."""
    paint = colors.top if worn.lower == "dress" else colors.bottom
    if adult.sits:
        end = rng.uniform(0.4, 0.6)
        wide = tuple(w + rng.uniform(0.08, 0.2) for w in adult.leg_widths)
        thighs = [tube(path, wide, 0.0, end) for path in adult.legs]
        between = polygon([path[0] for path in adult.legs] + [path[1] for path in adult.legs[::-1]])
        return [Shape(union(*thighs, between, _pelvis(adult, 0.1)), paint=paint, shading=0.7)]
    length = adult.legs[0][2][1] - adult.hip_y
    low = adult.hip_y + rng.uniform(0.08, 0.8) * length
    spread = max(abs(path[2][0]) for path in adult.legs)
    hem = max(adult.hip + rng.uniform(-0.1, 1.6), spread * 0.8)
    top, w = adult.waist_y - 0.05, adult.waist + 0.06
    bend = rng.uniform(0.0, 0.3)
    right = [(w, top), (adult.hip + 0.1 + 0.2 * bend, adult.hip_y - 0.6), (hem, low)]
    wave, count = rng.uniform(0, 0.14), int(rng.integers(3, 9))
    xs = np.linspace(hem, -hem, 2 * count + 1)
    edge = [(x, low + bend * (1 - (x / hem) ** 2) + wave * (i % 2)) for i, x in enumerate(xs)]
    outline = loop(right, edge, [(-x, y) for x, y in right[::-1]], [(-w, top), (w, top)])
    style, lines = pick(rng, ("plain", "pleats", "pleats", "pattern")), []
    if style == "pleats":
        lines = [
            stroke(
                [
                    (x / hem * w, top),
                    (x / hem * adult.hip, adult.hip_y - 0.6),
                    (x, low + bend + 0.2),
                ],
                0.7,
            )
            for x in xs[1:-1:2]
        ]
    elif style == "pattern":
        lines = list(pattern(rng, colors, top, low, hem, ("bands", "dots", "bars")))
    return [Shape(outline, paint=paint, shading=0.8, details=tuple(lines))]


def shirt(rng: Rng, colors: Colors, adult: Body, worn: Clothes) -> list[Shape]:
    """The trunk of what is worn above, without collar and sleeves."""
    low = adult.waist_y + 0.3
    if not worn.tucked:
        low = adult.hip_y - rng.uniform(0.1, 1.0) if worn.lower != "dress" else adult.waist_y + 0.1
    right = trunk(adult, worn.ease, low)
    hem = [right[-1], (0, low + rng.uniform(0.0, 0.15)), (-right[-1][0], low)]
    top = [(-right[0][0], right[0][1]), (0, right[0][1] - 0.02), right[0]]
    y, details = adult.shoulder_y, []
    below: list[Shape] = []
    if worn.sleeve == 0:
        chest = trunk(adult, 0.0, y + 1.8)
        skin = loop(chest, [(-x, at) for x, at in chest[::-1]])
        below = [Shape(skin, paint=colors.skin, shading=0.4)]
        strap = adult.shoulder * rng.uniform(0.62, 0.84)
        right = [right[0], (strap, y - 0.14), (strap * 1.02, y + 0.6), *right[4:]]
    outline = loop(right, hem, [(-x, at) for x, at in right[::-1]], top)
    if worn.upper == "shirt":
        details = [stroke([(0.1, y - 0.4), (0.1, low + 1)], 0.7)]
        step = rng.uniform(0.5, 0.9)
        dots = np.arange(y + 0.5, low, step)
        details += [Shape(ellipse(0, at, 0.055, 0.055), paint=colors.trim, line=0.5) for at in dots]
    elif chance(rng, 0.4):
        details = list(pattern(rng, colors, y, low, adult.shoulder, PATTERNS))
    if worn.upper == "hoodie":
        w, at = adult.waist * 0.7, low - 1.3
        pocket = polygon([(-w * 0.6, at), (w * 0.6, at), (w, at + 0.9), (-w, at + 0.9)])
        details.append(Shape(pocket, paint=colors.top, line=0.8))
    if worn.upper in ("sweater", "hoodie") and not worn.tucked:
        details.append(stroke([(-3, low - 0.2), (0, low - 0.1), (3, low - 0.2)], 0.7))
    folds = [
        stroke(
            [
                (s * adult.waist, adult.waist_y + at),
                (s * adult.waist * 0.6, adult.waist_y + at + 0.2),
            ],
            0.5,
        )
        for s, at in zip((-1, 1, -1), rng.uniform(-0.7, 0.5, int(rng.integers(0, 4))), strict=False)
    ]
    return [*below, Shape(outline, paint=colors.top, shading=0.8, details=(*details, *folds))]


def neck(rng: Rng, colors: Colors, adult: Body, worn: Clothes) -> list[Shape]:
    """The neck, down to the edge of a round, wide or pointed neckline."""
    y, w = adult.shoulder_y, adult.neck
    wide = w * rng.uniform(1.0, 1.9) if worn.upper in ("tank", "tee") else w * 1.1
    deep = rng.uniform(0.0, 0.9) if worn.upper in ("tank", "tee", "shirt") else rng.uniform(0, 0.2)
    if worn.upper == "shirt" and chance(rng, 0.5):
        deep = 0.0
    bottom = y - 0.1 + deep
    column = polygon([(-w, 0.4), (w, 0.4), (w * 1.02, y - 0.3), (-w * 1.02, y - 0.3)])
    edge: list[Point] = [(-wide, y - 0.36), (-wide * 0.7, (y - 0.36 + bottom) / 2 + 0.1)]
    if worn.upper == "shirt" or chance(rng, 0.25):
        edge = [(-wide, y - 0.36)]
    scoop = loop([*edge, (0, bottom)], [(0, bottom), *((-px, py) for px, py in edge[::-1])])
    if len(edge) > 1:
        scoop = blob([*edge, (0, bottom), *((-px, py) for px, py in edge[::-1])])
    parts = [Shape(union(column, scoop), paint=colors.skin, shading=0.4)]
    if worn.upper == "turtleneck":
        high = y - rng.uniform(0.45, 0.62)
        roll = blob(
            [
                (-w - 0.06, high),
                (0, high + 0.06),
                (w + 0.06, high),
                (w + 0.14, y - 0.2),
                (0, y),
                (-w - 0.14, y - 0.2),
            ]
        )
        parts.append(Shape(roll, paint=colors.top, shading=0.5))
    elif worn.upper in ("sweater", "tee", "hoodie") and chance(rng, 0.5):
        rim = tube(
            [
                (-wide - 0.02, y - 0.34),
                (-wide * 0.6, bottom - 0.02),
                (wide * 0.6, bottom - 0.02),
                (wide + 0.02, y - 0.34),
            ],
            (0.07, 0.09, 0.07),
        )
        parts.append(Shape(rim, paint=pick(rng, (colors.top, colors.trim)), line=0.8))
    return parts
