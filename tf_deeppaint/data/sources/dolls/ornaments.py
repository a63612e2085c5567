"""Ornaments of dolls: bands, bows, stars and flowers, and the patterns printed on cloth."""

from collections.abc import Sequence

import numpy as np

from tf_deeppaint.data.sources.color_schemes import pick
from tf_deeppaint.data.sources.dolls.canvas import (
    Paint,
    Shape,
    blob,
    box,
    disc,
    ellipse,
    loop,
    polygon,
    stroke,
)
from tf_deeppaint.data.sources.dolls.colors import Colors
from tf_deeppaint.data.sources.dolls.frames import SIDES

GOLD = Paint((244, 208, 96), (212, 164, 60))
CROWN_GOLD = Paint((244, 204, 84), (212, 160, 52))
# What cloth and shirts may be printed with, each as often as it stands here.
CLOTH_PATTERNS = ("none", "none", "none", "bands", "bars", "dots")
SHIRT_PATTERNS = ("none", "none", "bands", "bars", "dots", "heart", "star", "buttons")


def band(half_width: float, upper: Sequence[float], lower: Sequence[float]) -> np.ndarray:
    """The outline of a band around a body.

    Args:
        half_width: Half of its width.
        upper: Heights y of its upper edge at the sides and in the middle.
        lower: Likewise, of its lower edge.
    """
    w, (top, top_middle), (low, low_middle) = half_width, upper, lower
    return loop(
        [(-w, top), (0, top_middle), (w, top)],
        [(w, top), (w, low)],
        [(w, low), (0, low_middle), (-w, low)],
        [(-w, low), (-w, top)],
    )


def bow(x: float, y: float, size: float, paint: Paint) -> list[Shape]:
    """A ribbon tied in a bow around `(x, y)`, reaching `size` to either side."""
    wings = []
    for s in SIDES:
        upper, lower = ((x + s * size * 0.8, y + size * share) for share in (-0.6, 0.6))
        crease = stroke([(x, y), (x + s * size * 0.6, y)], 0.5)
        outline = blob([(x, y), upper, (x + s * size, y), lower])
        wings.append(Shape(outline, paint=paint, shading=0.5, details=(crease,)))
    return [*wings, Shape(ellipse(x, y, size * 0.24, size * 0.28), paint=paint)]


def star(x: float, y: float, radius: float) -> np.ndarray:
    """A five-pointed star around `(x, y)`."""
    angles = -np.pi / 2 + np.pi * np.arange(10) / 5
    radii = np.where(np.arange(10) % 2 == 0, radius, radius * 0.48)
    return np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], 1)


def flower(
    x: float, y: float, petals: int, reach: float, radius: float, paint: Paint
) -> list[Shape]:
    """The petals of a flower around `(x, y)`, `reach` away from its center."""
    angles = 2 * np.pi * np.arange(petals) / petals
    centers = [(x + reach * np.cos(angle), y + reach * np.sin(angle)) for angle in angles]
    return [Shape(disc(*center, radius), paint=paint, line=0.7) for center in centers]


def pattern(
    rng: np.random.Generator,
    colors: Colors,
    top: float,
    low: float,
    wide: float,
    kinds: tuple[str, ...],
) -> tuple[Shape, ...]:
    """The details that print one of the patterns `kinds` on cloth between two heights."""
    kind = pick(rng, kinds)
    paint, middle = colors.trim, top + 0.52 * (low - top)
    if kind == "bands":
        step = rng.uniform(0.24, 0.34)
        ys = np.arange(top + 0.3, low + 0.2, step)
        return tuple(Shape(box(-2, y, 2, y + step * 0.45), paint=paint, line=0.6) for y in ys)
    if kind == "bars":
        xs = np.linspace(-wide, wide, int(rng.integers(4, 7)))
        shapes = []
        for x in xs:
            foot = [(x * 1.1 + 0.05, low + 1), (x * 1.1 - 0.05, low + 1)]
            bar = polygon([(x - 0.05, top - 1), (x + 0.05, top - 1), *foot])
            shapes.append(Shape(bar, paint=paint, line=0.6))
        return tuple(shapes)
    if kind == "dots":
        step = rng.uniform(0.22, 0.3)
        rows = enumerate(np.arange(top + 0.1, low + 0.2, step))
        return tuple(
            Shape(disc(x + step / 2 * (i % 2), y, step * 0.22), paint=paint, line=0.6)
            for i, y in rows
            for x in np.arange(-wide, wide, step)
        )
    if kind == "heart":
        heart = loop(
            [(0, middle - 0.06), (0.1, middle - 0.15), (0.18, middle - 0.04), (0, middle + 0.16)],
            [(0, middle + 0.16), (-0.18, middle - 0.04), (-0.1, middle - 0.15), (0, middle - 0.06)],
        )
        return (Shape(heart, paint=paint, line=0.7),)
    if kind == "star":
        return (Shape(star(0.0, middle, 0.19), paint=paint, line=0.7),)
    if kind == "buttons":
        ys = np.linspace(top + 0.4, low - 0.1, 3)
        return tuple(Shape(disc(0, y, 0.05), paint=paint, line=0.7) for y in ys)
    return ()
