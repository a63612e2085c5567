"""Hair of adults: from bald and shaven to curly, long or braided, around a head at (0, 0)."""

from typing import NamedTuple

import numpy as np

from tf_deeppaint.data.sources.color_schemes import Rng, chance, pick
from tf_deeppaint.data.sources.dolls.adults.bodies import Head
from tf_deeppaint.data.sources.dolls.canvas import (
    Shape,
    blob,
    both_sides,
    disc,
    ellipse,
    limb,
    loop,
    mirrored,
    polygon,
    smooth,
    stroke,
)
from tf_deeppaint.data.sources.dolls.colors import Colors
from tf_deeppaint.data.sources.dolls.frames import SIDES, Point

SHORT = ("bald", "fringe of hair", "buzz", "short", "short", "quiff", "side", "flat top")
WILD = ("afro", "curly", "spiky", "mohawk", "top knot")
LONG = ("bob", "bob", "long", "long", "wavy", "bun", "ponytail", "braids", "curly", "afro")
# Styles whose crown a hat covers.
UNDER_HATS = (
    "bald",
    "buzz",
    "short",
    "bob",
    "long",
    "wavy",
    "ponytail",
    "braids",
    "fringe of hair",
)


class Hair(NamedTuple):
    """The hair of one adult, cut into what is hidden by what."""

    behind: list[Shape]  # drawn before the body
    over: list[Shape]  # drawn over the head


def hair(rng: Rng, colors: Colors, shape: Head, broad: float, under_hat: bool) -> Hair:
    """Draws one style; the broad wear it shorter, and nothing sticks out under a hat."""
    styles = (*SHORT, *SHORT, *WILD, "long") if broad > 0.5 else (*LONG, *LONG, *WILD, "short")
    if under_hat:
        styles = tuple(style for style in styles if style in UNDER_HATS)
    style = pick(rng, styles)
    if style == "bald":
        return Hair([], [])
    if style == "fringe of hair":
        return Hair([], _ring(rng, colors, shape))
    if style == "mohawk":
        return Hair([], _mohawk(rng, colors, shape))
    behind, over = _behind(rng, colors, shape, style)
    return Hair(behind, [_crown(rng, colors, shape, style, under_hat), *over])


def _ring(rng: Rng, colors: Colors, shape: Head) -> list[Shape]:
    """Hair at the sides of a bald head, perhaps with a few hairs on the top."""
    w, out = shape.wide, rng.uniform(0.04, 0.3)
    high, low = rng.uniform(-0.75, -0.35), rng.uniform(0.0, 0.3)
    patch = loop(
        [(w * 0.9, high), (w + out, (high + low) / 2 - 0.05), (w * 1.01, low)],
        [(w * 1.01, low), (w * 0.86, (high + low) / 2), (w * 0.9, high)],
    )
    shapes = both_sides(Shape(patch, paint=colors.hair, shading=0.4))
    for x in rng.uniform(-0.3, 0.3, int(rng.integers(0, 4))):
        shapes.append(stroke([(x, -0.98), (x * 1.4, -1.15), (x * 2.2, -1.1)], 0.7))
    return shapes


def _mohawk(rng: Rng, colors: Colors, shape: Head) -> list[Shape]:
    w, high, low = rng.uniform(0.16, 0.34), rng.uniform(0.25, 0.8), rng.uniform(-0.75, -0.5)
    outer = smooth([(w, low), (w * 1.3, -1.0), (0, -1.06 - high), (-w * 1.3, -1.0), (-w, low)])
    if chance(rng, 0.6):
        outer = textured(outer, rng.uniform(0.06, 0.16), int(rng.integers(5, 10)), pointed=True)
    outline = np.concatenate([outer, smooth([(-w, low), (0, low + 0.12), (w, low)])])
    return [Shape(outline, paint=colors.hair, shading=0.6)]


def textured(outer: np.ndarray, reach: float, count: int, pointed: bool) -> np.ndarray:
    """A line around the head after it has got `count` bumps or spikes, `reach` of its radius."""
    runs = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(outer, axis=0).T))])
    at = np.linspace(0, runs[-1], 12 * count)
    line = np.stack([np.interp(at, runs, outer[:, axis]) for axis in (0, 1)], 1)
    phase = np.linspace(0, count, len(at))
    wave = 1 - np.abs(2 * (phase % 1) - 1) if pointed else np.abs(np.sin(np.pi * phase))
    center = np.array([0.0, -0.1])
    return np.asarray(center + (line - center) * (1 + reach * wave)[:, None])


def _crown(rng: Rng, colors: Colors, shape: Head, style: str, under_hat: bool) -> Shape:
    side, top = {
        "buzz": (0.02, 0.03),
        "afro": (rng.uniform(0.2, 0.6), rng.uniform(0.3, 0.7)),
        "curly": (rng.uniform(0.1, 0.25), rng.uniform(0.12, 0.3)),
        "flat top": (rng.uniform(0.02, 0.1), rng.uniform(0.2, 0.45)),
    }.get(style, (rng.uniform(0.03, 0.15), rng.uniform(0.06, 0.25)))
    if under_hat:
        side, top = min(side, 0.08), 0.03
    w, low = shape.wide, rng.uniform(-0.12, 0.14)
    if style in ("bob", "long", "wavy"):
        low = rng.uniform(0.3, 0.7)
    if style == "afro":
        low = rng.uniform(0.0, 0.25)
    bulge = 0.9 if style == "flat top" else 0.72
    right = [(w * 1.0, low), (w + side, low * 0.5 - 0.15), (w + side, -0.45)]
    right.append(((w + side) * bulge, -0.93 - top * (1.0 if style == "flat top" else 0.7)))
    outer = smooth(mirrored([*right, (0.0, -1.06 - top)]))
    if style in ("afro", "curly"):
        outer = textured(outer, rng.uniform(0.03, 0.1), int(rng.integers(8, 18)), pointed=False)
    elif style == "spiky":
        outer = textured(outer, rng.uniform(0.08, 0.3), int(rng.integers(6, 12)), pointed=True)
    elif style in ("quiff", "side"):
        at, width = rng.uniform(-0.5, 0.5), rng.uniform(0.3, 0.6)
        rise = rng.uniform(0.15, 0.5) * np.exp(-(((outer[:, 0] - at) / width) ** 2))
        outer = outer - np.stack([0 * rise, rise * (outer[:, 1] < -0.6)], 1)
    outline = np.concatenate([outer, _hairline(rng, shape, style, low)])
    strands = _strands(rng, shape) if style not in ("buzz", "afro") else []
    return Shape(outline, paint=colors.hair, shading=0.7, details=tuple(strands))


def _hairline(rng: Rng, shape: Head, style: str, low: float) -> np.ndarray:
    """The edge of the hair over the forehead, from the left ear to the right."""
    w, lean = shape.wide, 0.2 * shape.turn
    kinds: tuple[str, ...] = ("round", "widow", "receding", "side", "side", "straight", "center")
    if style in ("buzz", "quiff", "flat top"):
        kinds = ("round", "widow", "receding", "straight")
    elif style in ("bob", "long", "wavy", "ponytail", "bun", "braids"):
        kinds = ("bangs", "bangs", "side", "side", "center", "round")
    elif style == "spiky":
        kinds = ("zigzag", "zigzag", "widow", "straight")
    kind, y = pick(rng, kinds), rng.uniform(-0.08, 0.08)
    temple = (w * rng.uniform(0.8, 0.9), -0.3)
    part = rng.uniform(0.1, 0.5) * pick(rng, SIDES)
    middle: dict[str, list[Point]] = {
        "round": [(-0.45, -0.6 + y), (lean, -0.7 + y), (0.45, -0.6 + y)],
        "widow": [(-0.4, -0.7), (-0.2, -0.68), (lean, -0.5 + y), (0.2, -0.68), (0.4, -0.7)],
        "receding": [(-0.5, -0.85), (-0.25, -0.78), (lean, -0.6 + y), (0.25, -0.78), (0.5, -0.85)],
        "straight": [(-0.5, -0.58 + y), (lean, -0.58 + y), (0.5, -0.58 + y)],
        "side": [(min(part, 0) - 0.2, -0.5 + y), (part, -0.78), (max(part, 0) + 0.2, -0.5 + y)],
        "center": [
            (-0.5, -0.4 + y),
            (lean - 0.1, -0.75),
            (lean, -0.88),
            (lean + 0.1, -0.75),
            (0.5, -0.4 + y),
        ],
        "bangs": [(-0.5, -0.3 + y), (lean, -0.34 + y), (0.5, -0.3 + y)],
    }
    ends = [(-w, low), (-w * 0.9, low * 0.7 - 0.05)], [(w * 0.9, low * 0.7 - 0.05), (w, low)]
    left = [*ends[0], (-temple[0], temple[1])]
    right = [temple, *ends[1]]
    if kind == "zigzag":
        xs = np.linspace(-0.55, 0.55, int(rng.integers(5, 10)))
        teeth = [(x, -0.6 + y + 0.22 * (i % 2)) for i, x in enumerate(xs)]
        return np.concatenate([smooth(left), polygon(teeth), smooth(right)])
    return smooth([*left, *middle[kind], *right])


def _strands(rng: Rng, shape: Head) -> list[Shape]:
    count, bend = int(rng.integers(0, 6)), rng.uniform(-0.3, 0.3)
    shapes = []
    for x in rng.uniform(-0.9, 0.9, count):
        start, end = rng.uniform(0.85, 1.05), rng.uniform(0.45, 0.7)
        path = [
            (shape.wide * 1.1 * r * np.sin(x + turn), -1.1 * r * np.cos(x + turn))
            for r, turn in ((start, 0.0), ((start + end) / 2, bend / 2), (end, bend))
        ]
        shapes.append(stroke(path, rng.uniform(0.4, 0.7)))
    return shapes


def _behind(rng: Rng, colors: Colors, shape: Head, style: str) -> tuple[list[Shape], list[Shape]]:
    """What hangs behind the head, and what lies over it apart from the crown."""
    w = shape.wide
    if style in ("bob", "long", "wavy"):
        low = rng.uniform(0.8, 1.4) if style == "bob" else rng.uniform(1.6, 4.5)
        return [_curtain(rng, colors, w, low, style)], _locks(rng, colors, w, low)
    if style == "afro":
        ring = smooth([(x, y) for x, y in ellipse(0, 0.05, w + 0.35, 0.95)])
        return [Shape(textured(ring, 0.06, 14, pointed=False), paint=colors.hair, shading=0.6)], []
    if style == "ponytail":
        side, long = pick(rng, SIDES), rng.uniform(1.2, 3.2)
        root = (side * w * 0.6, -0.75)
        path = [root, (side * (w + rng.uniform(0.3, 0.8)), -0.2), (side * (w + 0.4), long - 0.7)]
        tail = Shape(limb(path, (0.12, 0.3, 0.32, 0.2, 0.03)), paint=colors.hair, shading=0.6)
        tie = Shape(disc(*root, 0.14), paint=colors.accent, line=0.8)
        return [tail, tie], []
    if style in ("bun", "top knot"):
        radius = rng.uniform(0.25, 0.55)
        x = rng.uniform(-0.3, 0.3)
        y = -1.15 - radius * 0.7
        curl = stroke([(x - radius * 0.5, y), (x, y - radius * 0.5), (x + radius * 0.5, y)], 0.6)
        bun = ellipse(x, y, radius, radius * rng.uniform(0.8, 1.0))
        return [Shape(bun, paint=colors.hair, shading=0.6, details=(curl,))], []
    if style == "braids":
        return [], _braids(rng, colors, w)
    return [], []


def _curtain(rng: Rng, colors: Colors, w: float, low: float, style: str) -> Shape:
    out, sway = rng.uniform(0.1, 0.4), rng.uniform(0.02, 0.06)
    if style == "wavy":
        sway = rng.uniform(0.08, 0.16)
    steps = np.linspace(-0.2, low, max(4, int(low * 2)))
    flank = [
        (w + out * np.clip((y + 0.9) / 1.2, 0.3, 1) + sway * (-1) ** i, y)
        for i, y in enumerate(steps)
    ]
    end = flank[-1]
    hem = [
        end,
        (end[0] * 0.5, low + rng.uniform(0, 0.2)),
        (0, low - rng.uniform(0, 0.1)),
        (-end[0] * 0.5, low + rng.uniform(0, 0.2)),
        (-end[0], low),
    ]
    right = [(0, -1.05), (w * 0.8, -0.8), *flank]
    outline = loop(right, hem, [(-x, y) for x, y in right[::-1]])
    lines = [
        stroke([(x, low * 0.4), (x * 1.02, low * 0.7), (x * 0.98, low - 0.15)], 0.5)
        for x in rng.uniform(-w, w, int(rng.integers(0, 6)))
    ]
    return Shape(outline, paint=colors.hair, shading=0.8, details=tuple(lines))


def _locks(rng: Rng, colors: Colors, w: float, low: float) -> list[Shape]:
    """Hair that falls beside the face, over the shoulders."""
    if chance(rng, 0.5):
        return []
    end = low * rng.uniform(0.6, 1.0)
    path = [(w * 0.9, -0.4), (w + 0.08, 0.3), (w + rng.uniform(-0.1, 0.25), end)]
    lock = Shape(limb(path, (0.06, 0.2, 0.24, 0.18, 0.04)), paint=colors.hair, shading=0.5)
    return both_sides(lock)


def _braids(rng: Rng, colors: Colors, w: float) -> list[Shape]:
    count, step = int(rng.integers(3, 9)), rng.uniform(0.2, 0.3)
    wide = rng.uniform(0.13, 0.2)
    shapes: list[Shape] = []
    for side in SIDES:
        x = side * (w + 0.06)
        end = 0.3 + step * count
        tuft = blob([(x - 0.1, end - 0.1), (x + 0.1, end - 0.1), (x, end + 0.4)])
        shapes.append(Shape(tuft, paint=colors.hair, shading=0.4))
        for i in reversed(range(count)):
            turn = (-1) ** i
            plait = ellipse(x + 0.03 * turn, 0.3 + step * i, wide, step * 0.62, 0.4 * turn)
            shapes.append(Shape(plait, paint=colors.hair, line=0.8))
        shapes.append(Shape(disc(x, end - 0.06, 0.11), paint=colors.accent, line=0.8))
    return shapes
