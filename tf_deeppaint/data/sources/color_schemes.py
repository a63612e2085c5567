"""Color schemes: one color for each role that a part of a character can play, seeded."""

import colorsys
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

Color = tuple[int, int, int]
Rng = np.random.Generator
T = TypeVar("T")

WHITE: Color = (255, 255, 255)
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
# Steps of hue, in turns of the color wheel, that the clothes of one character share.
HARMONIES: tuple[tuple[float, ...], ...] = (
    (0.0, 0.07, -0.07),
    (0.0, 0.5, 0.04),
    (0.0, 1 / 3, 2 / 3),
    (0.0, 0.42, 0.58),
    (0.0, 0.02, -0.02),
)
# Lowest and highest saturation, then value, of cloth: vivid, pastel, muted, dark, near white, deep.
CLOTHS: tuple[tuple[float, float, float, float], ...] = (
    (0.5, 0.78, 0.75, 0.95),
    (0.2, 0.4, 0.9, 1.0),
    (0.25, 0.5, 0.5, 0.75),
    (0.15, 0.5, 0.2, 0.36),
    (0.0, 0.07, 0.92, 0.99),
    (0.6, 0.85, 0.45, 0.65),
)
# Of `contrast`: neighboring colors this far apart are told apart at a glance.
WANTED_CONTRAST = 75.0
# Colors drawn for one role before the best so far is taken.
TRIES = 12


class ColorScheme(NamedTuple):
    """The colors of one character, by role; RGB 0..255.

    Every source draws from the same roles, so that drawings of several sources can wear one scheme.
    """

    ink: Color
    skin: Color
    mouth: Color
    hair: Color
    iris: Color
    top: Color
    bottom: Color
    layer: Color
    trim: Color
    accent: Color
    socks: Color
    shoes: Color


# What a pixel can be. "plain" is white in every scheme: whites of eyes, teeth, a page that is held.
ROLES = ("paper", "plain", *ColorScheme._fields[1:])


def make_scheme(rng: Rng) -> ColorScheme:
    """Draws a scheme: colors that go together, and that differ where parts touch.

    Half of the hair is of natural colors. Clothes share a harmony of hues.
    """
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
    return ColorScheme(
        ink=pick(rng, INKS),
        skin=skin,
        mouth=hsv(rng.uniform(0.96, 1.02), 0.6, rng.uniform(0.55, 0.8)),
        hair=hair,
        iris=_iris(rng),
        top=top,
        bottom=bottom,
        layer=layer,
        trim=_apart(rng, cloth, [top, bottom, layer]),
        accent=_apart(rng, cloth, [hair, top, skin]),
        socks=socks,
        shoes=_apart(rng, cloth, [skin, socks, bottom]),
    )


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


def shadow_of(color: Color) -> Color:
    """A darker tone of the same hue, as a cel shadow has."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(level / 255 for level in color))
    return hsv(hue, saturation * 1.15 + 0.03 * (saturation > 0), value * 0.82)


def contrast(one: Color, other: Color) -> float:
    """How far apart two colors look, 0 to about 255: RGB distance, green weighing most."""
    red, green, blue = (a - b for a, b in zip(one, other, strict=True))
    return float(np.sqrt((2 * red**2 + 4 * green**2 + 3 * blue**2) / 9))


def _skin(rng: Rng) -> Color:
    # The power leans toward the lighter half, where two neighboring tones differ least.
    position = rng.random() ** 1.6 * (len(SKIN_TONES) - 1.001)
    low = int(position)
    weight = position - low
    mix = (1 - weight) * np.array(SKIN_TONES[low]) + weight * np.array(SKIN_TONES[low + 1])
    return tuple(int(level) for level in mix)


def _hair(rng: Rng) -> Color:
    if chance(rng, 0.5):
        change = rng.integers(-14, 15, 3)
        levels = np.clip(np.array(pick(rng, NATURAL_HAIR)) + change, 0, 255)
        return tuple(int(level) for level in levels)
    return hsv(rng.random(), rng.uniform(0.25, 0.8), rng.uniform(0.45, 0.98))


def _iris(rng: Rng) -> Color:
    return hsv(rng.random(), rng.uniform(0.5, 0.9), rng.uniform(0.6, 0.95))


def _apart(
    rng: Rng,
    make_color: Callable[[Rng], Color],
    neighbors: Sequence[Color],
) -> Color:
    """The first color far from its neighbors, or the farthest of `TRIES`."""
    best, reached = WHITE, -1.0
    for _ in range(TRIES):
        color = make_color(rng)
        nearest = min(contrast(color, other) for other in neighbors)
        if nearest > reached:
            best, reached = color, nearest
        if reached >= WANTED_CONTRAST:
            break
    return best
