"""Arms of adults: sleeves, cuffs, hands and gloves."""

import numpy as np

from tf_deeppaint.data.sources.color_schemes import Rng
from tf_deeppaint.data.sources.dolls.adults.bodies import Body, tube, union
from tf_deeppaint.data.sources.dolls.adults.garments import Clothes
from tf_deeppaint.data.sources.dolls.canvas import Paint, Shape, blob, ellipse
from tf_deeppaint.data.sources.dolls.colors import Colors
from tf_deeppaint.data.sources.dolls.frames import SIDES


def arm(
    rng: Rng,
    colors: Colors,
    adult: Body,
    index: int,
    worn: Clothes,
    sleeve: float,
    paint: Paint,
    ease: float,
    hand: bool,
) -> list[Shape]:
    """One arm from the hand to the shoulder, its sleeve over it."""
    path, widths = adult.arms[index], adult.arm_widths
    shapes: list[Shape] = []
    fingers = _hand(rng, adult, index)
    # Under a sleeve no skin is drawn, which would show at the shoulder.
    covered = max(min(sleeve, 1.0) - 0.15, 0.0)
    bare = tube(path, widths, min(covered, 0.8))
    if not covered:
        bare = union(bare, ellipse(*path[0], widths[0], widths[0]))
    if worn.gloved or sleeve >= 0.97:
        if sleeve < 0.97:
            shapes.append(Shape(bare, paint=colors.skin, shading=0.5))
        glove = union(fingers, tube(path, tuple(w + 0.05 for w in widths), 0.86))
        if hand:
            shapes.append(
                Shape(
                    glove if worn.gloved else fingers,
                    paint=colors.accent if worn.gloved else colors.skin,
                    shading=0.4,
                )
            )
    else:
        outline = union(bare, fingers) if hand else bare
        shapes.append(Shape(outline, paint=colors.skin, shading=0.5))
    if sleeve > 0:
        loose = tuple(w + ease for w in widths)
        end = min(sleeve, 0.98)
        round_end = ellipse(*path[0], loose[0], loose[0])
        outline = union(tube(path, loose, 0.0, end), round_end)
        shapes.append(Shape(outline, paint=paint, shading=0.7))
    return shapes


def seamless(adult: Body, index: int, sleeve: Shape) -> Shape:
    """A sleeve or bare arm whose line stops at the shoulder: one region with the trunk."""
    (x, y), reach = adult.arms[index][0], 2.2 * adult.arm_widths[0]
    inner = (sleeve.outline[:, 0] - x) * SIDES[index] < 0
    inner &= np.hypot(*(sleeve.outline - (x, y)).T) < reach
    if not inner.any() or inner.all():
        return sleeve
    # The line begins where the hidden part ends.
    start = int(np.argmax(inner & ~np.roll(inner, -1))) + 1
    outline = np.roll(sleeve.outline, -start, axis=0)
    return sleeve._replace(outline=outline[~np.roll(inner, -start)], closed=False, shading=0.0)


def cuff(adult: Body, index: int, paint: Paint, ease: float, end: float, deep: float) -> Shape:
    """The band at the end of a sleeve."""
    widths = tuple(w + ease + 0.03 for w in adult.arm_widths)
    outline = tube(adult.arms[index], widths, max(end - deep, 0.0), min(end, 0.99))
    return Shape(outline, paint=paint, line=0.8)


def _hand(rng: Rng, adult: Body, index: int) -> np.ndarray:
    """The outline of a hand that goes on where the forearm ends."""
    (ex, ey), (hx, hy) = adult.arms[index][1:]
    along = np.array([hx - ex, hy - ey]) / np.hypot(hx - ex, hy - ey)
    across = np.array([-along[1], along[0]]) * (SIDES[index] if adult.poses[index] != "hip" else 1)
    w, long = adult.arm_widths[-1] * rng.uniform(1.15, 1.4), rng.uniform(0.6, 1.0)
    if adult.poses[index] in ("chest", "belly"):
        long = 0.55
    points = np.array(
        [
            (-w * 0.8, -0.1),
            (-w * 1.05, long * 0.4),
            (-w * 0.8, long * 0.85),
            (0, long),
            (w * 0.75, long * 0.85),
            (w * 1.0, long * 0.5),
            (w * 1.9, long * 0.55),
            (w * 1.7, long * 0.25),
            (w * 0.9, 0.05),
        ]
    )
    return blob(np.array([hx, hy]) + points[:, :1] * across + points[:, 1:] * along)
