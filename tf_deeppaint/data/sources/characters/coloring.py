"""Colors a figure in a scheme: every pixel's role, shadow and line are looked up in one table."""

from typing import NamedTuple

import cv2
import numpy as np

from tf_deeppaint.data.sources.characters.figures import Figure
from tf_deeppaint.data.sources.color_schemes import ROLES, WHITE, ColorScheme, shadow_of

# Steps from lit to full shadow.
_TONES = 16
# Inside these the light falls on the surface around them.
_ON_SKIN = ("plain", "iris", "mouth")


class Shading(NamedTuple):
    """How a colored figure is lit.

    Attributes:
        kind: "flat", "cel" (a darker tone with an edge) or "soft" (one without).
        right: Whether the light comes from the right; from the left otherwise.
        depth: Width of the shadows, as a share of the side.
    """

    kind: str
    right: bool
    depth: float


def color_figure(figure: Figure, scheme: ColorScheme, shading: Shading) -> np.ndarray:
    """The colored picture, uint8 RGB `(H, W, 3)`, lines included."""
    tones = np.zeros(figure.parts.shape, np.intp)
    if shading.kind != "flat":
        tones = np.rint(_shadow(figure.parts, shading) * (_TONES - 1)).astype(np.intp)
    # Every color there can be: (tone, role, level of the sketch, 3).
    lit = np.array([WHITE, WHITE, *scheme[1:]], np.float32)
    dark = np.array([WHITE, WHITE, *map(shadow_of, scheme[1:])], np.float32)
    shade = np.linspace(0, 1, _TONES, dtype=np.float32)[:, np.newaxis, np.newaxis]
    bare = (lit + shade * (dark - lit))[:, :, np.newaxis]
    paper = np.linspace(0, 1, 256, dtype=np.float32)[:, np.newaxis]
    table = np.rint(bare * paper + np.array(scheme.ink, np.float32) * (1 - paper)).astype(np.uint8)
    index = (tones * len(ROLES) + figure.parts) * 256 + figure.sketch
    return table.reshape(-1, 3)[index]


def _shadow(parts: np.ndarray, shading: Shading) -> np.ndarray:
    """How deep in shadow each pixel is, float32 `(H, W)` from 0 to 1.

    A pixel lies in shadow where its own surface ends within `depth`, away from the light.
    """
    side = len(parts)
    surfaces = parts.copy()
    for role in _ON_SKIN:
        surfaces[parts == ROLES.index(role)] = ROLES.index("skin")
    across = max(1, round(shading.depth * side)) * (-1 if shading.right else 1)
    down = max(1, round(0.7 * shading.depth * side))
    move = np.float32([[1, 0, -across], [0, 1, -down]])
    moved = cv2.warpAffine(
        surfaces, move, (side, side), flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
    )
    shadow = (moved != surfaces).astype(np.float32)
    if shading.kind == "soft":
        shadow = cv2.GaussianBlur(shadow, (0, 0), 0.6 * shading.depth * side)
    return shadow
