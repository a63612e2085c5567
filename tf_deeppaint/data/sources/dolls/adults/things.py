"""What adults hold, carry and sit on."""

import numpy as np

from tf_deeppaint.data.sources.color_schemes import WHITE, Rng, chance, pick
from tf_deeppaint.data.sources.dolls.adults.bodies import Body, tube, union
from tf_deeppaint.data.sources.dolls.canvas import (
    Shape,
    blob,
    both_sides,
    box,
    disc,
    ellipse,
    flat,
    moved,
    polygon,
    smooth,
    stroke,
    turned,
)
from tf_deeppaint.data.sources.dolls.colors import Colors
from tf_deeppaint.data.sources.dolls.frames import SIDES

CARRIED = ("briefcase", "bag", "basket", "cane")
RAISED = ("mug", "phone", "book", "flower", "tool")


def held(rng: Rng, colors: Colors, adult: Body, index: int) -> tuple[list[Shape], list[Shape]]:
    """What a hand holds, or nothing: drawn before the hand, and over it."""
    pose = adult.poses[index]
    (ex, ey), (hx, hy) = adult.arms[index][1:]
    along = np.array([hx - ex, hy - ey]) / np.hypot(hx - ex, hy - ey)
    x, y = np.array([hx, hy]) + 0.35 * along
    if pose in ("down", "loose") and not adult.sits and chance(rng, 0.3):
        return _carried(rng, colors, x, y + 0.3), []
    if pose in ("chest", "belly", "out") and chance(rng, 0.6):
        return _raised(rng, colors, x, y)
    return [], []


def _carried(rng: Rng, colors: Colors, x: float, y: float) -> list[Shape]:
    kind, w, h = pick(rng, CARRIED), rng.uniform(0.6, 1.3), rng.uniform(0.7, 1.5)
    paint = pick(rng, (colors.accent, colors.trim, colors.shoes))
    if kind == "cane":
        return [Shape(tube([(x, y - 0.4), (x, y + 3.2)], (0.07, 0.07)), paint=paint)]
    top = y + rng.uniform(0.2, 0.6)
    handle = Shape(ellipse(x, top, w * 0.35, top - y + 0.1), line=1.4)
    flare = rng.uniform(-0.15, 0.25)
    outline = polygon(
        [(x - w, top), (x + w, top), (x + w + flare, top + h), (x - w - flare, top + h)]
    )
    if kind != "briefcase":
        outline = blob(outline)
    line = stroke([(x - 3, top + h * 0.4), (x, top + h * 0.5), (x + 3, top + h * 0.4)], 0.7)
    clasp = Shape(box(x - 0.1, top + h * 0.36, x + 0.1, top + h * 0.6), paint=colors.trim, line=0.6)
    details = (line, clasp) if chance(rng, 0.7) else ()
    return [handle, Shape(outline, paint=paint, shading=0.6, details=details)]


def _raised(rng: Rng, colors: Colors, x: float, y: float) -> tuple[list[Shape], list[Shape]]:
    kind = pick(rng, RAISED)
    paint = pick(rng, (colors.accent, colors.trim, colors.socks))
    tilt = rng.uniform(-0.35, 0.35)

    def tipped(*shapes: Shape) -> list[Shape]:
        return moved(shapes, lambda points: turned(points, tilt, (x, y)))

    if kind == "mug":
        w, h = rng.uniform(0.26, 0.45), rng.uniform(0.5, 0.8)
        side = pick(rng, SIDES)
        ear = Shape(ellipse(x + side * w, y - 0.1, 0.2, h * 0.3), paint=paint)
        cup = Shape(box(x - w, y - h, x + w, y + 0.25), paint=paint, shading=0.4)
        rim = Shape(ellipse(x, y - h, w, 0.1), paint=flat(WHITE), line=0.8)
        return [ear, cup, rim], []
    if kind == "phone":
        w, h = rng.uniform(0.2, 0.36), rng.uniform(0.6, 0.85)
        screen = Shape(
            box(x - w + 0.08, y - h + 0.08, x + w - 0.08, y - 0.1), paint=flat(WHITE), line=0.7
        )
        return tipped(Shape(box(x - w, y - h, x + w, y + 0.2), paint=paint, details=(screen,))), []
    if kind == "book":
        w, h = rng.uniform(0.5, 0.9), rng.uniform(0.7, 1.1)
        cover = Shape(box(x - w, y - h, x + w, y + 0.3), paint=paint, shading=0.4)
        label = Shape(
            box(x - w * 0.5, y - h * 0.8, x + w * 0.5, y - h * 0.5), paint=flat(WHITE), line=0.6
        )
        return tipped(cover, label), []
    stem = Shape(tube([(x, y + 1.0), (x, y - 1.1)], (0.07, 0.07)), paint=colors.trim)
    if kind == "flower":
        petals = [
            Shape(
                disc(x + 0.24 * np.cos(a), y - 1.2 + 0.24 * np.sin(a), 0.2),
                paint=colors.accent,
                line=0.8,
            )
            for a in np.arange(5) * 1.257
        ]
        return tipped(stem, *petals, Shape(disc(x, y - 1.2, 0.16), paint=colors.trim, line=0.8)), []
    head = polygon(
        [(x - 0.5, y - 1.3), (x + 0.4, y - 1.3), (x + 0.4, y - 0.9), (x - 0.5, y - 0.95)]
    )
    return tipped(stem, Shape(head, paint=paint, shading=0.4)), []


def strap_bag(rng: Rng, colors: Colors, adult: Body) -> list[Shape]:
    """A bag at the hip, its strap across the chest."""
    side, y = pick(rng, SIDES), adult.shoulder_y
    x, low = -side * adult.hip, adult.hip_y - rng.uniform(0.0, 1.2)
    strap = tube([(side * (adult.neck + 0.3), y - 0.24), (x, low)], (0.1, 0.1))
    w, h = rng.uniform(0.5, 0.8), rng.uniform(0.5, 0.9)
    pouch = blob([(x - w, low), (x + w, low), (x + w * 1.1, low + h), (x - w * 1.1, low + h)])
    flap = stroke([(x - 2, low + h * 0.3), (x, low + h * 0.55), (x + 2, low + h * 0.3)], 0.8)
    return [
        Shape(strap, paint=colors.accent),
        Shape(pouch, paint=colors.accent, shading=0.5, details=(flap,)),
    ]


def seat(rng: Rng, colors: Colors, adult: Body) -> list[Shape]:
    """The chair, stool or box below somebody who sits."""
    if adult.stance == "tailor":
        if chance(rng, 0.5):
            return []
        wide = adult.hip * 2 + rng.uniform(0.6, 2.0)
        rug = ellipse(0, adult.hip_y + 1.0, wide, rng.uniform(0.4, 0.7))
        return [Shape(rug, paint=pick(rng, (colors.trim, colors.layer)), shading=0.4)]
    y, w = adult.hip_y + 0.25, adult.hip + rng.uniform(0.2, 0.8)
    low = max(path[2][1] for path in adult.legs) + 0.5
    paint = pick(rng, (colors.trim, colors.layer, colors.accent))
    kind, shapes = pick(rng, ("stool", "chair", "chair", "box")), []
    if kind == "box":
        return [Shape(box(-w, y - 0.1, w, low), paint=paint, shading=0.7)]
    if kind == "chair":
        top, back = adult.shoulder_y + rng.uniform(0.2, 2.2), w * rng.uniform(0.9, 1.1)
        rest = union(box(-back, top, back, y), ellipse(0, top, back, 0.3))
        shapes.append(Shape(rest, paint=paint, shading=0.5))
    lean, thick = rng.uniform(0.0, 0.4), rng.uniform(0.1, 0.2)
    for side in SIDES:
        path = [(side * (w - 0.2), y), (side * (w - 0.2 + lean), low)]
        shapes.append(Shape(tube(path, (thick, thick * 0.7)), paint=paint))
    plate = blob(
        [(-w, y - 0.12), (0, y - 0.2), (w, y - 0.12), (w, y + 0.2), (0, y + 0.26), (-w, y + 0.2)]
    )
    return [*shapes, Shape(plate, paint=paint, shading=0.4)]


def suspenders(rng: Rng, colors: Colors, adult: Body) -> list[Shape]:
    """Two bands over the shoulders that hold the trousers."""
    wide, x = rng.uniform(0.07, 0.14), adult.waist * rng.uniform(0.35, 0.6)
    path = [(adult.neck + 0.35, adult.shoulder_y - 0.24), (x, adult.waist_y + 0.35)]
    return both_sides(Shape(tube(path, (wide, wide)), paint=colors.accent))


def necklace(rng: Rng, colors: Colors, adult: Body) -> list[Shape]:
    """A chain with a pendant, or beads."""
    y, w = adult.shoulder_y - 0.3, adult.neck
    deep, count = rng.uniform(0.3, 1.2), int(rng.integers(5, 14))
    middle = y + deep * 0.8
    chain = smooth([(-w, y), (-w * 0.6, middle), (0, y + deep), (w * 0.6, middle), (w, y)])
    if chance(rng, 0.5):
        drop = ellipse(0, y + deep + 0.1, rng.uniform(0.08, 0.2), rng.uniform(0.1, 0.22))
        line = Shape(chain, line=0.8, closed=False)
        return [line, Shape(drop, paint=pick(rng, (colors.accent, colors.trim)), line=0.8)]
    beads = chain[np.linspace(1, len(chain) - 2, count).astype(int)]
    radius = rng.uniform(0.07, 0.13)
    return [Shape(disc(*bead, radius), paint=colors.accent, line=0.7) for bead in beads]
