"""A doll of an adult's proportions, put together, framed and rendered."""

from collections.abc import Iterable

import numpy as np

from tf_deeppaint.data.sources.base import LoadedExample
from tf_deeppaint.data.sources.color_schemes import ColorScheme, Rng, chance, make_scheme, pick
from tf_deeppaint.data.sources.dolls.adults.arms import arm, cuff, seamless
from tf_deeppaint.data.sources.dolls.adults.bodies import Body, body
from tf_deeppaint.data.sources.dolls.adults.faces import features, glasses, head, skull
from tf_deeppaint.data.sources.dolls.adults.garments import (
    Clothes,
    clothes,
    legs,
    neck,
    shirt,
    skirt,
)
from tf_deeppaint.data.sources.dolls.adults.hair import hair
from tf_deeppaint.data.sources.dolls.adults.hats import cloth, hat, headscarf, hood
from tf_deeppaint.data.sources.dolls.adults.jackets import (
    apron,
    belt,
    cape,
    collar,
    jacket,
    layered,
    overalls,
    poncho,
    scarf,
    sleeved,
    tie,
)
from tf_deeppaint.data.sources.dolls.adults.things import (
    held,
    necklace,
    seat,
    strap_bag,
    suspenders,
)
from tf_deeppaint.data.sources.dolls.bodies import Outfit
from tf_deeppaint.data.sources.dolls.canvas import Shape, moved
from tf_deeppaint.data.sources.dolls.colors import Colors, make_paints
from tf_deeppaint.data.sources.dolls.doll import render_doll, tilted

# What is shown, from the hair down: how often, and the widest line as a share of the canvas's side.
FRAMINGS = {
    "full": (0.32, 0.0055),
    "knee": (0.22, 0.007),
    "bust": (0.3, 0.009),
    "head": (0.16, 0.009),
}
THINNEST_LINE = 0.003
# How far a head seen from near reaches to either side in units; raised arms are farther away.
WIDEST = 2.0
# White around a figure, as a share of the side.
MARGIN = 0.04
# Depth of the shadows in units, where there are any, and the shares without any and without edge.
SHADOW_DEPTH = (0.07, 0.2)
FLAT, SOFT = 0.5, 0.3
# Greatest sideways sway of a figure in units, and greatest tilt of a head in radians.
SWAY, TILT = 0.22, 0.14
# Greatest displacement of a point by an unsteady hand, in units.
UNSTEADY = 0.02
# Share of the drawings whose inner lines end thin, and the width of an end.
TAPERED, END = 0.4, 0.45


def draw_adult_doll(rng: Rng, size: int, scheme: ColorScheme | None = None) -> LoadedExample:
    """Draws a doll of an adult's proportions; see `doll.draw_doll`."""
    colors = make_paints(scheme or make_scheme(rng))
    broad = rng.random()
    adult = body(rng, broad)
    behind, over = _head(rng, colors, adult, broad)
    dressed = _dressed(rng, colors, adult, broad)
    shapes = [*behind, *dressed.behind, *dressed.body, *over, *dressed.over]
    framing = str(rng.choice(list(FRAMINGS), p=[share for share, _ in FRAMINGS.values()]))
    shapes = _tapered(shapes) if chance(rng, TAPERED) else shapes
    scale, placed = _framed(rng, _swaying(rng, shapes, adult), adult, framing)
    depth = 0.0 if chance(rng, FLAT) else rng.uniform(*SHADOW_DEPTH) * scale
    lines = THINNEST_LINE, FRAMINGS[framing][1]
    return render_doll(rng, placed, size, depth, lines, colors, SOFT if depth else 0.0)


def _head(rng: Rng, colors: Colors, adult: Body, broad: float) -> tuple[list[Shape], list[Shape]]:
    """What lies behind the body, and the head over it."""
    shape, tilt = head(rng, broad), rng.uniform(-TILT, TILT)
    worn = pick(rng, ("scarf", "hood", "hat", "hat", "hat", "none", "none", "none", "none", "none"))
    scarfed = worn == "scarf" and broad < 0.7
    face = features(rng, colors, shape, broad > 0.5 and not scarfed and chance(rng, 0.6))
    face += glasses(rng, shape) if chance(rng, 0.22) else []
    if scarfed:
        around, opening = headscarf(rng, colors, shape, adult)
        return [], [*around, *tilted([*opening, *face], tilt / 3)]
    hairdo = hair(rng, colors, shape, broad, worn in ("hat", "hood"))
    bare, behind = skull(rng, colors, shape), list(hairdo.behind)
    over = [*bare, *face, *hairdo.over]
    if worn == "hat":
        over += hat(rng, colors, shape)
    if worn == "hood":
        return hood(rng, cloth(rng, colors), shape, adult), tilted(over, tilt / 3)
    return tilted(behind, tilt), tilted(over, tilt)


def _dressed(rng: Rng, colors: Colors, adult: Body, broad: float) -> Outfit:
    """The clothed body; arms that are raised before the head are drawn over it."""
    worn = clothes(rng, adult, broad)
    layer = layered(rng, worn)
    if layer == "overalls":
        worn = worn._replace(tucked=True)
    behind, around = cape(rng, colors, adult) if layer == "cape" else ([], [])
    behind = [*behind, *(seat(rng, colors, adult) if adult.sits else [])]
    below = legs(rng, colors, adult, worn)
    upper = shirt(rng, colors, adult, worn)
    skirts = skirt(rng, colors, adult, worn) if worn.lower in ("skirt", "dress") else []
    if adult.sits:
        clothed = [*upper, *below, *skirts] if worn.tucked else [*below, *skirts, *upper]
    elif worn.tucked or worn.lower == "dress":
        clothed = [*upper, *below, *skirts] if worn.lower != "skirt" else [*below, *upper, *skirts]
    else:
        clothed = [*below, *skirts, *upper]
    if (worn.tucked or worn.lower == "dress") and chance(rng, 0.5):
        clothed += belt(rng, colors, adult, adult.waist_y + 0.25, adult.waist + 0.08)
    clothed += neck(rng, colors, adult, worn)
    clothed += _over_shirt(rng, colors, adult, worn, layer)
    rear, front, last = _arms(rng, colors, adult, worn, layer)
    if layer == "poncho":
        return Outfit(behind, [*rear, *clothed, *front, *poncho(rng, colors, adult)], last)
    return Outfit(behind, [*rear, *clothed, *front, *around], last)


def _over_shirt(rng: Rng, colors: Colors, adult: Body, worn: Clothes, layer: str) -> list[Shape]:
    """Collar, tie, jacket, and what lies over them."""
    shapes: list[Shape] = []
    if worn.upper == "shirt":
        shapes += tie(rng, colors, adult) if chance(rng, 0.4) else []
        shapes += collar(rng, colors, adult) if chance(rng, 0.85) else []
    elif chance(rng, 0.12):
        shapes += necklace(rng, colors, adult)
    if worn.tucked and worn.lower == "trousers" and not layer and chance(rng, 0.25):
        shapes += suspenders(rng, colors, adult)
    if layer == "overalls":
        shapes += overalls(rng, colors, adult)
    elif layer == "apron":
        shapes += apron(rng, colors, adult)
    elif layer and layer not in ("cape", "poncho"):
        shapes += jacket(rng, colors, adult, layer, worn.ease)
    if chance(rng, 0.12):
        shapes += scarf(rng, colors, adult)
    if chance(rng, 0.12):
        shapes += strap_bag(rng, colors, adult)
    return shapes


def _arms(
    rng: Rng, colors: Colors, adult: Body, worn: Clothes, layer: str
) -> tuple[list[Shape], list[Shape], list[Shape]]:
    """Arms behind the trunk, before it, and before the head too."""
    coated = sleeved(layer)
    sleeve = rng.uniform(0.9, 1.0) if coated else worn.sleeve
    paint = colors.layer if coated else colors.top
    ease = rng.uniform(0.05, 0.16) if coated else 0.03 + worn.ease * rng.uniform(0.2, 0.7)
    cuffed = rng.uniform(0.04, 0.12) if sleeve > 0.1 and chance(rng, 0.35) else 0.0
    cuff_paint = pick(rng, (paint, colors.trim))
    before = chance(rng, 0.6)
    # A vest parts a shirt from its sleeves.
    smooth = layer != "vest" and chance(rng, 0.75)
    rear: list[Shape] = []
    front: list[Shape] = []
    last: list[Shape] = []
    for i in (adult.near, 1 - adult.near):
        pose = adult.poses[i]
        tucked_in = pose == "pocket" or (pose == "folded" and i == adult.near)
        parts = arm(rng, colors, adult, i, worn, sleeve, paint, ease, not tucked_in)
        if sleeve == 0:
            parts[0] = seamless(adult, i, parts[0])
        elif smooth:
            parts[-1] = seamless(adult, i, parts[-1])
        if pose != "pocket" and chance(rng, 0.06):
            parts.append(cuff(adult, i, colors.accent, 0.03, 0.97, rng.uniform(0.03, 0.08)))
        if cuffed:
            parts.append(cuff(adult, i, cuff_paint, ease, sleeve, cuffed))
        below, over = held(rng, colors, adult, i)
        parts = [*below, *parts, *over]
        if pose in ("chest", "wave", "point"):
            last += parts
        elif pose in ("hip", "pocket", "belly", "folded", "lap") or before:
            front += parts
        else:
            rear += parts
    return rear, front, last


def _swaying(rng: Rng, shapes: list[Shape], adult: Body) -> list[Shape]:
    """The shapes of a figure that does not stand quite upright."""
    sway, phase = rng.uniform(-SWAY, SWAY), rng.uniform(0, 2 * np.pi)
    pace, wide = rng.uniform(0.8, 1.6) * np.pi / adult.foot_y, rng.uniform(0.92, 1.08)
    unsteady, paces = rng.uniform(0, UNSTEADY), rng.uniform(1.5, 4.0, 2)

    def move(points: np.ndarray) -> np.ndarray:
        x, y = points[:, 0], points[:, 1]
        swayed = np.stack([wide * x + sway * np.sin(pace * y + phase), y], axis=1)
        return np.asarray(swayed + unsteady * np.sin(paces * points[:, ::-1] + phase))

    return moved(shapes, move)


def _tapered(shapes: Iterable[Shape]) -> list[Shape]:
    """The shapes, their open lines cut into thin ends and a middle of full width."""
    parts: list[Shape] = []
    for shape in shapes:
        shape = shape._replace(details=tuple(_tapered(shape.details)))
        quarter = len(shape.outline) // 4
        if shape.closed or shape.paint is not None or not quarter:
            parts.append(shape)
            continue
        for start, end, share in ((0, 1, END), (1, 3, 1.0), (3, 5, END)):
            piece = shape.outline[start * quarter : end * quarter + 1]
            parts.append(shape._replace(outline=piece, line=share * shape.line))
    return parts


def _framed(rng: Rng, shapes: list[Shape], adult: Body, framing: str) -> tuple[float, list[Shape]]:
    """Fits what a framing shows of the shapes into the unit square.

    Returns:
        The scale from units to the unit square, and the moved shapes.
    """
    everything = np.concatenate([shape.outline for shape in shapes])
    low, high = everything.min(axis=0), everything.max(axis=0)
    full = high[1]
    if framing == "knee":
        high[1] = min(full, adult.hip_y + rng.uniform(0.0, 0.5) * (adult.foot_y - adult.hip_y))
    elif framing == "bust":
        high[1] = adult.shoulder_y + rng.uniform(0.8, 3.2)
    elif framing == "head":
        high[1] = adult.shoulder_y + rng.uniform(-0.3, 0.8)
    near = framing in ("bust", "head")
    # Of a figure seen from near, the head fits, and arms are cut by the sides.
    shown = everything[everything[:, 1] < 0.5] if near else everything
    left, right = shown[:, 0].min(), shown[:, 0].max()
    if near:
        left, right = max(left, -WIDEST), min(right, WIDEST)
        low[1] = everything[np.abs(everything[:, 0]) < WIDEST, 1].min()
    bottom = 1 - MARGIN if high[1] == full else 1.0
    scale = min((bottom - MARGIN) / (high[1] - low[1]), (1 - 2 * MARGIN) / (right - left))
    corner = np.array([0.5 - (left + right) / 2 * scale, bottom - high[1] * scale])
    return scale, moved(shapes, lambda points: points * scale + corner)
