"""The paints of a doll: each color of a scheme with the tone of its shadows."""

from typing import NamedTuple

import numpy as np

from tf_deeppaint.data.sources.color_schemes import (
    ROLES,
    WHITE,
    Color,
    ColorScheme,
    shadow_of,
)
from tf_deeppaint.data.sources.dolls.canvas import Paint, Rendering, flat

# The red that shines through skin where it blushes, and its share of the mixture.
_BLUSH = (235, 70, 80)
_BLUSH_SHARE = 0.28


class Colors(NamedTuple):
    """The paints of one doll, and the color of its lines; roles are those of `ColorScheme`."""

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


def make_paints(scheme: ColorScheme) -> Colors:
    """The paints of a scheme; the mouth and the blush are flat."""
    blush = tuple(
        int((1 - _BLUSH_SHARE) * s + _BLUSH_SHARE * r)
        for s, r in zip(scheme.skin, _BLUSH, strict=True)
    )
    shaded = {role: Paint(color, shadow_of(color)) for role, color in scheme._asdict().items()}
    return Colors(
        **shaded
        | {
            "ink": scheme.ink,
            "mouth": flat(scheme.mouth),
            "blush": flat(blush),
        }
    )


def role_of_pixels(rendering: Rendering, colors: Colors) -> np.ndarray:
    """The role of every pixel, uint8 `(size, size)`: an index of `ROLES`.

    Tones that are no paint's (shine, gold, the dark of an iris) play the role of the nearest paint.
    """
    paints = {"plain": flat(WHITE), **colors._asdict()}
    known = [
        (ROLES.index("skin" if role == "blush" else role), tone)
        for role, paint in paints.items()
        if role != "ink"
        for tone in paint
    ]
    tones = np.array([tone for _, tone in known])
    table = np.zeros(len(rendering.palette), np.uint8)
    for label, color in enumerate(rendering.palette[1:], start=1):
        nearest = np.square(tones - np.array(color)).sum(axis=1).argmin()
        table[label] = known[nearest][0]
    return table[rendering.tones]
