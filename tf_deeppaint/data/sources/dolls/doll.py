"""A whole doll: hair, face, clothes and body drawn at random, put together, and rendered."""

import cv2
import numpy as np

from tf_deeppaint.data.sources.base import LoadedExample
from tf_deeppaint.data.sources.color_schemes import ColorScheme, Rng, chance, make_scheme
from tf_deeppaint.data.sources.dolls.bodies import outfit
from tf_deeppaint.data.sources.dolls.canvas import Shape, moved, render, turned
from tf_deeppaint.data.sources.dolls.colors import Colors, make_paints, role_of_pixels
from tf_deeppaint.data.sources.dolls.faces import face, glasses
from tf_deeppaint.data.sources.dolls.frames import frame
from tf_deeppaint.data.sources.dolls.hair import hair
from tf_deeppaint.data.sources.dolls.headwear import headwear

# The point, in head radii, around which a head is tilted.
NECK = (0.0, 0.95)
# Share of the canvas's side that a doll spans: its height, unless it is wider than `WIDEST`.
HEIGHTS = (0.86, 0.94)
WIDEST = 0.9
# Line width, as a share of the canvas's side.
LINES = (0.0045, 0.0085)
# Depth of the cel shadows and the greatest displacement of a point, in head radii.
SHADOW_DEPTH = (0.07, 0.13)
WOBBLE = 0.012
# Blur of shadows that have no edge, in depths of the shadow.
BLUR = 0.6


def draw_doll(rng: Rng, size: int, scheme: ColorScheme | None = None) -> LoadedExample:
    """Draws a doll on white paper, on a square canvas.

    Args:
        rng: Decides everything about the doll.
        size: Side of the canvas in pixels.
        scheme: The colors that it wears; None lets `rng` decide them too.
    """
    colors = make_paints(scheme or make_scheme(rng))
    hairdo = hair(rng, colors)
    head = [*face(rng, colors, hairdo.fringe)]
    if chance(rng, 0.15):
        head += glasses(rng)
    head += hairdo.over
    if hairdo.hat_fits and chance(rng, 0.5):
        head += headwear(rng, colors)
    clothed = outfit(rng, colors, frame(rng))
    tilt = rng.uniform(-0.09, 0.09)
    behind, head = tilted(hairdo.behind, tilt), tilted(head, tilt)
    shapes = [*behind, *clothed.behind, *clothed.body, *clothed.over, *head]
    scale, placed = _placed(rng, shapes)
    depth = rng.uniform(*SHADOW_DEPTH) * scale
    return render_doll(rng, placed, size, depth, LINES, colors)


def tilted(shapes: list[Shape], angle: float) -> list[Shape]:
    """The shapes of a head, tilted by `angle` radians."""
    return moved(shapes, lambda points: turned(points, angle, NECK))


def render_doll(
    rng: Rng,
    shapes: list[Shape],
    size: int,
    depth: float,
    lines: tuple[float, float],
    colors: Colors,
    soft: float = 0.0,
) -> LoadedExample:
    """Renders a doll in light from the left or the right.

    Args:
        rng: Decides on the light, the line width and the kind of shadow.
        shapes: In units of the canvas's side.
        size: Side of the canvas in pixels.
        depth: Depth of the shadows, as a share of the side.
        lines: Least and greatest width of the lines, likewise.
        colors: The doll's paints.
        soft: The share of dolls whose shadows have no edge.
    """
    light = (float(rng.choice((-1.0, 1.0))) * depth, -0.7 * depth)
    line = rng.uniform(*lines)
    rendering = render(shapes, size, line, light, colors.ink)
    picture = rendering.picture
    if soft and chance(rng, soft):
        lit = render(shapes, size, line, (0.0, 0.0), colors.ink).picture
        picture = _softened(picture, lit, BLUR * depth * size)
    return LoadedExample(picture, rendering.sketch, parts=role_of_pixels(rendering, colors))


def _softened(picture: np.ndarray, lit: np.ndarray, blur: float) -> np.ndarray:
    """The picture with shadows that have no edge; `lit` is the picture without them."""
    darkness = (lit.astype(np.float32) - picture).clip(0)
    soft = cv2.GaussianBlur(darkness, (0, 0), blur)
    return np.rint(lit - soft).clip(0, 255).astype(np.uint8)


def _placed(rng: Rng, shapes: list[Shape]) -> tuple[float, list[Shape]]:
    """Fits shapes into the unit square and displaces their points a little, as a hand does.

    Returns:
        The scale from head radii to the unit square, and the moved shapes.
    """
    # One field of displacements for all shapes keeps edges that meet together.
    phase, pace = rng.uniform(0, 2 * np.pi, 2), rng.uniform(2.0, 5.0, 2)
    wobble = rng.uniform(0, WOBBLE)
    everything = np.concatenate([shape.outline for shape in shapes])
    low, high = everything.min(0) - WOBBLE, everything.max(0) + WOBBLE
    width, height = high - low
    scale = min(rng.uniform(*HEIGHTS) / height, WIDEST / width)
    spare = max(0.0, WIDEST - width * scale) / 2
    shift = rng.uniform(-0.5, 0.5) * spare
    corner = np.array([0.5 - width * scale / 2 + shift, 0.5 - height * scale / 2])

    def place(points: np.ndarray) -> np.ndarray:
        unsteady = points + wobble * np.sin(points[:, ::-1] * pace + phase)
        return (unsteady - low) * scale + corner

    return scale, moved(shapes, place)
