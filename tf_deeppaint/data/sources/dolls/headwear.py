"""Headwear of dolls, worn on smooth hair around a head at (0, 0) of radius 1."""

import numpy as np

from tf_deeppaint.data.sources.color_schemes import Rng, chance, pick
from tf_deeppaint.data.sources.dolls.canvas import (
    Shape,
    both_sides,
    ellipse,
    limb,
    loop,
    mirrored,
    polygon,
    smooth,
)
from tf_deeppaint.data.sources.dolls.colors import Colors
from tf_deeppaint.data.sources.dolls.frames import SIDES
from tf_deeppaint.data.sources.dolls.ornaments import CROWN_GOLD, band, bow, flower


def headwear(rng: Rng, colors: Colors) -> list[Shape]:
    """Something worn on smooth hair: a hat, ears, a crown, flowers."""
    return pick(rng, HATS)(rng, colors)


def _beanie(rng: Rng, colors: Colors) -> list[Shape]:
    high, y = rng.uniform(1.35, 1.6), -0.42
    top = mirrored([(-1.16, y), (-1.0, -1.05), (0, -high)])
    dome = loop(top, [(1.16, y), (0, y - 0.16), (-1.16, y)])
    brim = band(1.2, (y - 0.12, y - 0.34), (y + 0.18, y - 0.04))
    hat = [Shape(dome, paint=colors.accent, shading=1.0), Shape(brim, paint=colors.trim)]
    if chance(rng, 0.5):
        hat.insert(0, Shape(ellipse(0, -high - 0.1, 0.22, 0.22), paint=colors.trim, shading=0.6))
    return hat


def _brimmed(rng: Rng, colors: Colors) -> list[Shape]:
    wide, pointed = rng.uniform(1.5, 1.8), chance(rng, 0.4)
    brim = Shape(ellipse(0, -0.62, wide, 0.3), paint=colors.accent, shading=0.6)
    top = [(-0.95, -0.7), (-0.55, -1.3), (0.15, -2.0), (0.4, -1.35), (0.95, -0.7)]
    if not pointed:
        top = [(-0.98, -0.7), (-0.85, -1.25), (0, -1.5), (0.85, -1.25), (0.98, -0.7)]
    base = [(0.95, -0.7), (0, -0.58), (-0.95, -0.7)]
    ribbon = Shape(band(1.1, (-0.92, -0.78), (-0.6, -0.5)), paint=colors.trim)
    return [brim, Shape(loop(top, base), paint=colors.accent, shading=1.0, details=(ribbon,))]


def _ears(rng: Rng, colors: Colors) -> list[Shape]:
    inner, outer = (0.3, -1.08), (0.92, -0.72)
    if chance(rng, 0.35):
        tip, root = (0.55, -2.1), (0.72, -0.95)
        outline = loop([inner, (0.28, -1.8), tip, (0.8, -1.7), root], [root, inner])
    else:
        tip = (0.95, -1.5)
        outline = loop([inner, (0.55, -1.38), tip], [tip, (1.05, -1.1), outer], [outer, inner])
    center = np.mean([inner, tip, outer], 0)
    lining = Shape((outline - center) * 0.55 + center, paint=colors.blush, line=0.7)
    return both_sides(Shape(outline, paint=colors.hair, shading=0.6, details=(lining,)))


def _band_bow(rng: Rng, colors: Colors) -> list[Shape]:
    path = mirrored([(-1.14, -0.2), (-0.8, -0.86), (0, -1.14)])
    hairband = limb(path, (0.04, 0.09, 0.09, 0.09, 0.04), cap=0.5)
    x, y = pick(rng, ((0.0, -1.15), (0.68, -0.92), (-0.68, -0.92)))
    return [Shape(hairband, paint=colors.accent), *bow(x, y, rng.uniform(0.35, 0.6), colors.accent)]


def _crown(rng: Rng, colors: Colors) -> list[Shape]:
    count = int(rng.integers(3, 6))
    xs = np.linspace(-0.55, 0.55, 2 * count + 1)
    zigzag = [(x * 1.15, -1.5 if i % 2 == 0 else -1.24) for i, x in enumerate(xs)]
    base = smooth([(0.55, -0.98), (0, -0.9), (-0.55, -0.98)])
    gem = Shape(ellipse(0, -1.06, 0.08, 0.08), paint=colors.trim, line=0.6)
    outline = np.concatenate([polygon(zigzag), base])
    return [Shape(outline, paint=CROWN_GOLD, shading=0.5, details=(gem,))]


def _flower(rng: Rng, colors: Colors) -> list[Shape]:
    x, y, size = pick(rng, SIDES) * 0.86, rng.uniform(-0.75, -0.5), rng.uniform(0.16, 0.22)
    petals = flower(x, y, 5, size, size * 0.75, colors.accent)
    return [*petals, Shape(ellipse(x, y, size * 0.5, size * 0.5), paint=colors.trim, line=0.7)]


def _headphones(rng: Rng, colors: Colors) -> list[Shape]:
    arch = limb([(-1.2, 0.1), (-0.95, -0.9), (0, -1.32), (0.95, -0.9), (1.2, 0.1)], (0.07, 0.07))
    cup = Shape(ellipse(1.15, 0.18, 0.2, 0.34), paint=colors.trim, shading=0.6)
    return [Shape(arch, paint=colors.accent), *both_sides(cup)]


HATS = (_beanie, _brimmed, _ears, _band_bow, _band_bow, _crown, _flower, _flower, _headphones)
