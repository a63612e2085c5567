"""The source of dolls: simple characters that the program draws itself, any number of them."""

import re
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from tf_deeppaint.data.sources.dolls.bodies import outfit
from tf_deeppaint.data.sources.dolls.canvas import Shape, moved, render, turned
from tf_deeppaint.data.sources.dolls.colors import chance, scheme
from tf_deeppaint.data.sources.dolls.faces import face, glasses
from tf_deeppaint.data.sources.dolls.frames import frame
from tf_deeppaint.data.sources.dolls.hair import hair, headwear
from tf_deeppaint.data.sources.registry import Example, LoadedExample, Origin
from tf_deeppaint.utils.errors import DeepPaintError

NAME = re.compile(r"doll-(0|[1-9][0-9]*)-([0-9]{6,})")
NECK = (0.0, 0.95)
# Share of the canvas's side that a doll spans: its height, unless it is wider than `WIDEST`.
HEIGHTS = (0.86, 0.94)
WIDEST = 0.9
LINES = (0.0045, 0.0085)
SHADOW_DEPTH = (0.07, 0.13)
WOBBLE = 0.012


class Dolls:
    """`count` dolls, numbered from 0; a seed and a number decide everything about a doll."""

    origin = Origin(
        name="dolls",
        title="Dolls drawn by tf_deeppaint",
        license="CC0-1.0",
        attribution="Drawn by tf_deeppaint's own program",
        url="",
    )

    # Count and seed show in the names.
    options: ClassVar[dict[str, object]] = {}

    def __init__(self, count: int, seed: int = 0) -> None:
        """Prepares the source; nothing is drawn yet.

        Args:
            count: How many dolls to list, at least 1.
            seed: Another seed gives other dolls; 0 or more.

        Raises:
            DeepPaintError: `count` or `seed` is too small.
        """
        if count < 1:
            raise DeepPaintError(f"cannot draw {count} dolls: ask for at least 1")
        if seed < 0:
            raise DeepPaintError(f"cannot draw dolls from the seed {seed}: give 0 or more")
        self.count = count
        self.seed = seed

    def drawings(self) -> Iterator[Example]:
        """Lists the dolls by number; each is a group of its own."""
        for number in range(self.count):
            name = f"doll-{self.seed}-{number:06d}"
            yield Example(name, group=name)

    def load(self, drawing: Example, size: int) -> LoadedExample:
        """Draws one doll, on white paper, on a square canvas of `size` pixels.

        Raises:
            DeepPaintError: the drawing's name is not that of a doll, or `size` is below 1.
        """
        match = NAME.fullmatch(drawing.name)
        if match is None:
            raise DeepPaintError(
                f"no doll is called {drawing.name!r}: names look like 'doll-0-000042', "
                "the seed and then the number of the doll"
            )
        if size < 1:
            raise DeepPaintError(f"cannot draw a doll {size} pixels wide: ask for at least 1")
        return _draw(np.random.default_rng((int(match[1]), int(match[2]))), size)


def _draw(rng: np.random.Generator, size: int) -> LoadedExample:
    colors = scheme(rng)
    hairdo = hair(rng, colors)
    head = [*face(rng, colors, hairdo.fringe)]
    if chance(rng, 0.15):
        head += glasses(rng)
    head += hairdo.over
    if hairdo.hat_fits and chance(rng, 0.5):
        head += headwear(rng, colors)
    clothed = outfit(rng, colors, frame(rng))
    tilt = rng.uniform(-0.09, 0.09)
    behind, head = _tilted(hairdo.behind, tilt), _tilted(head, tilt)
    shapes = [*behind, *clothed.behind, *clothed.body, *clothed.over, *head]
    scale, placed = _placed(rng, shapes)
    depth = rng.uniform(*SHADOW_DEPTH) * scale
    light = (float(rng.choice((-1.0, 1.0))) * depth, -0.7 * depth)
    return LoadedExample(*render(placed, size, rng.uniform(*LINES), light, colors.ink))


def _tilted(shapes: list[Shape], angle: float) -> list[Shape]:
    return moved(shapes, lambda points: turned(points, angle, NECK))


def _placed(rng: np.random.Generator, shapes: list[Shape]) -> tuple[float, list[Shape]]:
    """Fits shapes into the unit square and lends them the unsteadiness of a hand.

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
