"""The studio's ready palettes, and its example sketches with references."""

from typing import NamedTuple

import numpy as np

from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.palette.named_colors import palette_from_colors, parse_colors

# Two colors a band, from the top: hair, face, clothes, feet of a figure.
_COLORS = {
    "Sea": "#14406b,#2f7fb0,#f6d7bd,#7fc4d6,#e9f1ee,#2a9d9d,#f0b357,#0d2a4a",
    "Autumn": "#6e2c1a,#c4572b,#f3d2ad,#e9a23b,#8a9a5b,#b5472f,#4f3a2a,#d9b382",
    "Blossom": "#b8485f,#f2a7b9,#fbe3d6,#e88aa0,#7fae86,#fdf1ee,#d96c86,#5c4a58",
    "Night": "#1c2050,#5b4b9a,#e8cfd0,#8f7cc3,#2d3168,#d9a441,#11142e,#6a86c9",
    "Sweets": "#ff8fab,#ffd166,#ffe3d0,#f7a072,#7ad3bf,#fff1c9,#7aa5ff,#c39bf0",
    "Earth": "#3b2a20,#8a5a3c,#e0b48f,#b98a62,#5f6f52,#c9b79c,#2f3e46,#84a98c",
}
PALETTES = {name: palette_from_colors(parse_colors(text)) for name, text in _COLORS.items()}

# Dolls that no model was trained on, in pixels a side; numbers of the sketch and the reference.
_SEED, _SIDE = 4242, 512
_PAIRS = ((1, 8), (6, 13), (2, 16), (9, 11))


class Example(NamedTuple):
    """A sketch, uint8 `(H, W)`, and a reference, uint8 RGB `(H, W, 3)`."""

    sketch: np.ndarray
    reference: np.ndarray


def draw_examples() -> list[Example]:
    """Draws the examples, so that the studio needs neither files nor a network connection."""
    dolls = Dolls(1 + max(map(max, _PAIRS)), seed=_SEED)
    drawings = list(dolls.examples())
    drawn = [[dolls.load(drawings[number], _SIDE) for number in pair] for pair in _PAIRS]
    return [Example(first.sketch, second.picture) for first, second in drawn]
