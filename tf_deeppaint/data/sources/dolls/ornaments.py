"""Ornaments of dolls: bands, bows, stars and flowers, and the patterns printed on cloth."""

from collections.abc import Sequence

import numpy as np

from tf_deeppaint.data.sources.color_schemes import Rng, pick
from tf_deeppaint.data.sources.dolls.canvas import (
    Paint,
    Shape,
    blob,
    both_sides,
    box,
    disc,
    ellipse,
    loop,
    moved,
    stroke,
)
from tf_deeppaint.data.sources.dolls.colors import Colors

GOLD = Paint((244, 208, 96), (212, 164, 60))
CROWN_GOLD = Paint((244, 204, 84), (212, 160, 52))
# What cloth and shirts may be printed with, each as often as it stands here.
CLOTH_PATTERNS = ("none", "none", "none", "bands", "bars", "dots")
SHIRT_PATTERNS = ("none", "none", "bands", "bars", "dots", "heart", "star", "buttons")


def band(half_width: float, upper: Sequence[float], lower: Sequence[float]) -> np.ndarray:
    """The outline of a band, given y of its upper and lower edge at the sides and in the middle."""
    w, (top, top_middle), (low, low_middle) = half_width, upper, lower
    return loop(
        [(-w, top), (0, top_middle), (w, top)],
        [(w, top), (w, low)],
        [(w, low), (0, low_middle), (-w, low)],
        [(-w, low), (-w, top)],
    )


def bow(x: float, y: float, size: float, paint: Paint) -> list[Shape]:
    """A ribbon tied in a bow around `(x, y)`, reaching `size` to either side."""
    upper, lower = ((size * 0.8, size * share) for share in (-0.6, 0.6))
    crease = stroke([(0, 0), (size * 0.6, 0)], 0.5)
    outline = blob([(0, 0), upper, (size, 0), lower])
    wings = both_sides(Shape(outline, paint=paint, shading=0.5, details=(crease,)))
    return [
        *moved(wings, lambda points: np.add(points, (x, y))),
        Shape(ellipse(x, y, size * 0.24, size * 0.28), paint=paint),
    ]


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
    rng: Rng,
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
        bar = np.array([(-0.05, top - 1), (0.05, top - 1), (0.05, low + 1), (-0.05, low + 1)])
        spread = np.array([(1.0, 0.0), (1.0, 0.0), (1.1, 0.0), (1.1, 0.0)])
        xs = np.linspace(-wide, wide, int(rng.integers(4, 7)))
        return tuple(Shape(x * spread + bar, paint=paint, line=0.6) for x in xs)
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
