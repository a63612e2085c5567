"""Color schemes for dolls: skin, hair, eyes and clothes that go together and stay apart."""

import colorsys
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from tf_deeppaint.data.sources.dolls.canvas import WHITE, Color, Paint, flat

T = TypeVar("T")
Rng = np.random.Generator

SKIN_TONES: tuple[Color, ...] = (
    (255, 234, 222),
    (252, 220, 198),
    (243, 199, 168),
    (222, 170, 132),
    (190, 132, 94),
    (150, 98, 66),
    (112, 70, 48),
    (84, 52, 38),
)
NATURAL_HAIR: tuple[Color, ...] = (
    (44, 38, 44),
    (70, 48, 38),
    (112, 72, 46),
    (150, 98, 54),
    (214, 168, 92),
    (240, 214, 146),
    (184, 82, 44),
    (158, 158, 170),
    (232, 230, 236),
)
INKS: tuple[Color, ...] = ((22, 20, 26), (40, 24, 22), (28, 22, 44), (12, 12, 12))
# Hue steps, in turns of the color wheel, that the clothes of one doll share.
HARMONIES: tuple[tuple[float, ...], ...] = (
    (0.0, 0.07, -0.07),
    (0.0, 0.5, 0.04),
    (0.0, 1 / 3, 2 / 3),
    (0.0, 0.42, 0.58),
    (0.0, 0.02, -0.02),
)
# Saturation and value ranges of cloth: vivid, pastel, muted, dark, near white, deep.
CLOTHS: tuple[tuple[float, float, float, float], ...] = (
    (0.5, 0.78, 0.75, 0.95),
    (0.2, 0.4, 0.9, 1.0),
    (0.25, 0.5, 0.5, 0.75),
    (0.15, 0.5, 0.2, 0.36),
    (0.0, 0.07, 0.92, 0.99),
    (0.6, 0.85, 0.45, 0.65),
)
WANTED_CONTRAST = 75.0
TRIES = 12


class Colors(NamedTuple):
    """The paints of one doll, and the color of its lines."""

    ink: Color
    skin: Paint
    blush: Paint
    mouth: Paint
    hair: Paint
    iris: Paint
    top: Paint
    bottom: Paint
    layer: Paint
    trim: Paint
    accent: Paint
    socks: Paint
    shoes: Paint


def pick(rng: Rng, choices: Sequence[T]) -> T:
    """One of `choices`, all equally likely."""
    return choices[int(rng.integers(len(choices)))]


def chance(rng: Rng, probability: float) -> bool:
    """True with the given probability, 0 to 1."""
    return bool(rng.random() < probability)


def hsv(hue: float, saturation: float, value: float) -> Color:
    """The RGB color 0..255 of a hue in turns and a saturation and value from 0 to 1."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, min(saturation, 1.0), min(value, 1.0))
    return round(red * 255), round(green * 255), round(blue * 255)


def shaded(color: Color) -> Paint:
    """The color with a darker tone of the same hue for its shadows."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(level / 255 for level in color))
    return Paint(color, hsv(hue, saturation * 1.15 + 0.03 * (saturation > 0), value * 0.82))


def contrast(one: Color, other: Color) -> float:
    """How far apart two colors look, 0 to about 255: RGB distance, green weighing most."""
    red, green, blue = (a - b for a, b in zip(one, other, strict=True))
    return float(np.sqrt((2 * red**2 + 4 * green**2 + 3 * blue**2) / 9))


def scheme(rng: Rng) -> Colors:
    """Draws the paints of one doll."""
    skin = _skin(rng)
    hair = _apart(rng, _hair, [skin])
    base = rng.random()
    hues = [base + step for step in pick(rng, HARMONIES)]

    def cloth(rng: Rng) -> Color:
        low_s, high_s, low_v, high_v = pick(rng, CLOTHS)
        return hsv(pick(rng, hues), rng.uniform(low_s, high_s), rng.uniform(low_v, high_v))

    top = _apart(rng, cloth, [skin, hair])
    bottom = _apart(rng, cloth, [skin, top])
    layer = _apart(rng, cloth, [top, bottom, hair])
    socks = _apart(rng, cloth, [skin, bottom])
    blush = tuple(int(0.72 * s + 0.28 * r) for s, r in zip(skin, (235, 70, 80), strict=True))
    return Colors(
        ink=pick(rng, INKS),
        skin=shaded(skin),
        blush=flat(blush),
        mouth=flat(hsv(rng.uniform(0.96, 1.02), 0.6, rng.uniform(0.55, 0.8))),
        hair=shaded(hair),
        iris=shaded(hsv(rng.random(), rng.uniform(0.5, 0.9), rng.uniform(0.6, 0.95))),
        top=shaded(top),
        bottom=shaded(bottom),
        layer=shaded(layer),
        trim=shaded(_apart(rng, cloth, [top, bottom, layer])),
        accent=shaded(_apart(rng, cloth, [hair, top, skin])),
        socks=shaded(socks),
        shoes=shaded(_apart(rng, cloth, [skin, socks, bottom])),
    )


def _skin(rng: Rng) -> Color:
    # The power leans toward the lighter half, where two neighboring tones differ least.
    position = rng.random() ** 1.6 * (len(SKIN_TONES) - 1.001)
    low = int(position)
    first, second = np.array(SKIN_TONES[low : low + 2])
    mix = (1 - (position - low)) * first + (position - low) * second
    return tuple(mix.astype(int).tolist())


def _hair(rng: Rng) -> Color:
    if chance(rng, 0.5):
        change = rng.integers(-14, 15, 3)
        return tuple(np.clip(pick(rng, NATURAL_HAIR) + change, 0, 255).tolist())
    return hsv(rng.random(), rng.uniform(0.25, 0.8), rng.uniform(0.45, 0.98))


def _apart(
    rng: Rng,
    make: Callable[[Rng], Color],
    neighbors: Sequence[Color],
) -> Color:
    best, reached = WHITE, -1.0
    for _ in range(TRIES):
        color = make(rng)
        nearest = min(contrast(color, other) for other in neighbors)
        if nearest > reached:
            best, reached = color, nearest
        if reached >= WANTED_CONTRAST:
            break
    return best
