"""Dolls of anime proportions: five to seven heads tall, turned faces, full, to the knee, or busts.

They are put together from the parts of the other dolls: a taller frame, smaller features that turn
with the head, more volume and strands in the hair, folds in the clothes.
"""

from collections.abc import Sequence

import numpy as np

from tf_deeppaint.data.sources.base import LoadedExample
from tf_deeppaint.data.sources.color_schemes import ColorScheme, Rng, chance, make_scheme
from tf_deeppaint.data.sources.dolls.bodies import Outfit, outfit
from tf_deeppaint.data.sources.dolls.canvas import (
    Shape,
    moved,
    polygon,
    smooth,
)
from tf_deeppaint.data.sources.dolls.colors import Colors, make_paints
from tf_deeppaint.data.sources.dolls.doll import render_doll, tilted
from tf_deeppaint.data.sources.dolls.faces import EYE_Y, face, glasses
from tf_deeppaint.data.sources.dolls.frames import Frame, Point, frame
from tf_deeppaint.data.sources.dolls.hair import hair
from tf_deeppaint.data.sources.dolls.headwear import headwear

# Heights of a figure in heads; a head is `HEAD` units from the crown to the chin, at y = 1.
HEADS = (5.0, 7.0)
HEAD = 2.2
# Bodies are drawn in units of the frame, then enlarged around the throat, so much for each head of
# height: a tall figure has broad shoulders.
SCALE_PER_HEAD = 0.3
# Share of the length below the chin that ends at the hips.
TORSO = (0.4, 0.46)
THROAT = np.array([0.0, 0.8])
# Share of the width of a face that is left of the other dolls'.
NARROW = 0.88
# Height that is left of eyes and mouth.
LOW = 0.86
# Greatest turn of a head in radians, and the shares of faces that are turned.
TURN = 0.5
TURNED = 0.65
# What is shown, from the hair down: how often, and the widest line as a share of the canvas's side.
FRAMINGS = {"full": (0.34, 0.005), "knee": (0.33, 0.006), "bust": (0.33, 0.0085)}
THINNEST_LINE = 0.0032
# White around a figure, as a share of the side.
MARGIN = 0.04
# Depth of the shadows in units.
SHADOW_DEPTH = (0.08, 0.2)
# Share of the drawings whose shadows have no edge.
SOFT = 0.4


def draw_anime_doll(rng: Rng, size: int, scheme: ColorScheme | None = None) -> LoadedExample:
    """Draws a doll of anime proportions; see `doll.draw_doll`."""
    colors = make_paints(scheme or make_scheme(rng))
    behind, head = _head(rng, colors)
    heads = rng.uniform(*HEADS)
    body = _tall_frame(rng, heads)
    clothed = _dressed(rng, colors, body, heads)
    shapes = [*behind, *clothed.behind, *clothed.body, *clothed.over, *head]
    framing = str(rng.choice(list(FRAMINGS), p=[share for share, _ in FRAMINGS.values()]))
    scale, placed = _framed(rng, shapes, body, heads, framing)
    depth = rng.uniform(*SHADOW_DEPTH) * scale
    lines = THINNEST_LINE, FRAMINGS[framing][1]
    return render_doll(rng, placed, size, depth, lines, colors, SOFT)


def _head(rng: Rng, colors: Colors) -> tuple[list[Shape], list[Shape]]:
    """What lies behind the body, and the head over it."""
    hairdo = hair(rng, colors)
    turn = rng.uniform(-TURN, TURN) if chance(rng, TURNED) else 0.0
    left, right, skull, *features = face(rng, colors, hairdo.fringe)
    if chance(rng, 0.12):
        features += glasses(rng)
    # The ear on the far side is hidden.
    ears = [left, right] if abs(turn) < 0.12 else [left if turn > 0 else right]
    front, *over = hairdo.over
    front = front._replace(details=(*front.details, *_strands(rng)))
    if hairdo.hat_fits and chance(rng, 0.2):
        over += headwear(rng, colors)
    volume, length = rng.uniform(1.0, 1.15), rng.uniform(1.0, 1.5)

    def narrowed(points: np.ndarray) -> np.ndarray:
        return points * (NARROW, 1.0)

    def fluffed(points: np.ndarray) -> np.ndarray:
        x, y = points[:, 0], points[:, 1]
        return np.stack([NARROW * x * volume, np.where(y < 0, y * volume, y * length)], axis=1)

    def on_face(points: np.ndarray) -> np.ndarray:
        low = np.stack([points[:, 0], EYE_Y + LOW * (points[:, 1] - EYE_Y)], axis=1)
        return narrowed(_turned_face(low, turn))

    def on_skull(points: np.ndarray) -> np.ndarray:
        return narrowed(_shifted(points, 0.2 * turn * np.clip(points[:, 1], 0, 1)))

    def on_hair(points: np.ndarray) -> np.ndarray:
        inner = np.clip(1 - points[:, 0] ** 2, 0, 1) * np.clip(1.2 + points[:, 1], 0, 1)
        return _shifted(points, 0.45 * turn * inner) * (NARROW, 1) * (1, volume)

    head = [
        *moved(ears, narrowed),
        *moved([skull], on_skull),
        *moved(features, on_face),
        *moved([front], on_hair),
        *moved(over, narrowed),
    ]
    tilt = rng.uniform(-0.16, 0.16)
    return tilted(moved(hairdo.behind, fluffed), tilt), tilted(head, tilt)


def _turned_face(points: np.ndarray, turn: float) -> np.ndarray:
    """Points on a face after the head, taken for a ball, turned by `turn` radians."""
    reach = 1.15
    angle = np.arcsin(np.clip(points[:, 0] / reach, -1, 1)) + turn
    return np.stack([reach * np.sin(np.clip(angle, -1.4, 1.4)), points[:, 1]], axis=1)


def _shifted(points: np.ndarray, by: np.ndarray) -> np.ndarray:
    return np.stack([points[:, 0] + by, points[:, 1]], axis=1)


def _strands(rng: Rng) -> list[Shape]:
    """Lines from the crown toward the fringe that end before they reach it."""
    count = int(rng.integers(0, 6))
    shapes = []
    for angle in rng.uniform(-0.95, 0.95, count):
        start, end = rng.uniform(0.95, 1.1), rng.uniform(0.3, 0.65)
        path = [
            (radius * np.sin(angle * bend), -radius * np.cos(angle * bend))
            for radius, bend in ((start, 0.75), ((start + end) / 2, 0.95), (end, 1.1))
        ]
        shapes.append(Shape(smooth(path), line=rng.uniform(0.4, 0.7), closed=False))
    return shapes


def _tall_frame(rng: Rng, heads: float) -> Frame:
    """A frame whose torso and legs make a figure of that height, once it is enlarged."""
    short = frame(rng)
    y = short.shoulder_y
    length = (heads - 1) * HEAD / (SCALE_PER_HEAD * heads)
    hip_y = 1.0 + rng.uniform(*TORSO) * length
    torso = (hip_y - y) / (short.hip_y - y)
    top, bottom = short.legs[0][0][1], max(leg[-1][1] for leg in short.legs)
    stretch = (1.0 + length - hip_y) / (bottom - top)

    def arm(points: Sequence[Point]) -> list[Point]:
        return [(x, y + torso * (point_y - y)) for x, point_y in points]

    def leg(points: Sequence[Point]) -> list[Point]:
        return [(x, hip_y - 0.1 + stretch * (point_y - top)) for x, point_y in points]

    return short._replace(
        waist=0.92 * short.waist,
        waist_y=y + torso * (short.waist_y - y),
        hip_y=hip_y,
        legs=tuple(leg(points) for points in short.legs),
        arms=tuple(arm(points) for points in short.arms),
    )


def _dressed(rng: Rng, colors: Colors, body: Frame, heads: float) -> Outfit:
    clothed = outfit(rng, colors, body)
    over = list(clothed.over)
    if chance(rng, 0.25):
        over = [*_tie(colors, body), *over]

    def enlarged(points: np.ndarray) -> np.ndarray:
        return _enlarged(points, heads)

    cloth = {colors.top, colors.bottom, colors.layer}
    folded = [
        shape._replace(details=(*shape.details, *_folds(rng, shape)))
        if shape.paint in cloth and shape.shading
        else shape
        for shape in clothed.body
    ]
    return Outfit(moved(clothed.behind, enlarged), moved(folded, enlarged), moved(over, enlarged))


def _enlarged(points: np.ndarray, heads: float) -> np.ndarray:
    """Points of a frame in units of the head."""
    return THROAT + SCALE_PER_HEAD * heads * (points - THROAT)


def _folds(rng: Rng, shape: Shape) -> list[Shape]:
    """Short open lines that run from the outline of a garment into it."""
    count, shapes = int(rng.integers(0, 6)), []
    center = shape.outline.mean(axis=0)
    for start in shape.outline[rng.integers(0, len(shape.outline), count)]:
        inward = (center - start) * rng.uniform(0.15, 0.4)
        sag = np.array([0.0, rng.uniform(0.02, 0.12)])
        path = [start, start + inward / 2 + sag, start + inward + sag]
        shapes.append(Shape(smooth(path), line=0.55, closed=False))
    return shapes


def _tie(colors: Colors, body: Frame) -> list[Shape]:
    top, end = body.shoulder_y + 0.16, body.waist_y - 0.08
    blade = [(-0.05, top), (0.05, top), (0.1, end - 0.1), (0.0, end), (-0.1, end - 0.1)]
    knot = [(-0.09, top - 0.08), (0.09, top - 0.08), (0.06, top + 0.05), (-0.06, top + 0.05)]
    return [
        Shape(polygon(blade), paint=colors.accent, shading=0.4, line=0.8),
        Shape(polygon(knot), paint=colors.accent, line=0.8),
    ]


def _framed(
    rng: Rng, shapes: list[Shape], body: Frame, heads: float, framing: str
) -> tuple[float, list[Shape]]:
    """Fits what a framing shows of the shapes into the unit square.

    Returns:
        The scale from head radii to the unit square, and the moved shapes.
    """
    everything = np.concatenate([shape.outline for shape in shapes])
    low, high = everything.min(axis=0), everything.max(axis=0)
    if framing != "full":
        knees = max(leg[1][1] for leg in body.legs)
        cut = knees if framing == "knee" else body.shoulder_y + rng.uniform(0.5, 1.1)
        high[1] = _enlarged(np.array([0.0, cut]), heads)[1]
    height = high[1] - low[1]
    bottom = 1 - MARGIN if framing == "full" else 1.0
    scale = (bottom - MARGIN) / height
    if framing != "bust":
        scale = min(scale, (1 - 2 * MARGIN) / (high[0] - low[0]))
    middle = (low[0] + high[0]) / 2 if framing != "bust" else 0.0
    corner = np.array([0.5 - middle * scale, bottom - high[1] * scale])
    return scale, moved(shapes, lambda points: points * scale + corner)
