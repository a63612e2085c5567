"""The drawings of the benchmark: sketches, true pictures, and references in the same colors."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from skimage.color import deltaE_ciede2000, rgb2lab

from tf_deeppaint.data.sources.base import LoadedExample, Source
from tf_deeppaint.data.sources.characters.holdout import UNSEEN
from tf_deeppaint.data.sources.characters.source import TEST_EVERY, Avatars, Comicgen, Composite
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.data.sources.sprites import Sprites
from tf_deeppaint.images.canvas import fit_to_canvas
from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.line_art.ink import INK
from tf_deeppaint.line_art.styles import draw_styles

# Of the first source; each has another, and so other colors. No data set is built from them, so no
# choice of a model depends on these drawings.
SEED = 2028
# Side of a drawing in pixels; sprites, whose lines are extracted, keep theirs.
SIDE, SPRITE_SIDE = 256, 720
# Colors that people call the same, in CIEDE2000.
SAME_COLOR = 10.0
# Drawings in the same colors of which one is the reference.
CANDIDATES = 4
# Share of a picture: a color of fewer pixels is not seen at a glance.
SEEN = 0.002
# The lines that are extracted from sprites: a pencil's. Other styles lose half of the outlines.
SPRITE_LINES = "soft"
STYLES = ("adventurer", "notionists", "lorelei", "open-peeps", "micah")


class Drawings(NamedTuple):
    """N drawings of one source, all of one size.

    Attributes:
        names: Of the N drawings.
        sketches: uint8 gray `(N, S, S)`.
        pictures: The true pictures, uint8 RGB `(N, S, S, 3)`.
        references: Other drawings in the same colors, uint8 RGB `(N, S, S, 3)`; None where there
            are none.
        figures: Where there is neither paper nor line, bool `(N, S, S)`; see `find_figure`.
    """

    names: list[str]
    sketches: np.ndarray
    pictures: np.ndarray
    references: np.ndarray | None
    figures: np.ndarray


def open_sources(count: int, folder: str | None = None) -> dict[str, Source]:
    """The sources of the benchmark by name, each with `count` drawings to test with.

    From the last, those of `UNSEEN`, no model learns.

    Args:
        count: Drawings of each source.
        folder: Holds the files of the packages; without it they are fetched and cached.
    """
    dolls = {"count": count, "partners": CANDIDATES}
    characters = dolls | {"count": count * TEST_EVERY, "colorings": 1, "input": folder}
    sources = {
        "dolls": Dolls(**dolls),
        "anime dolls": Dolls(proportions="anime", **dolls),
        **{style: Avatars(style=style, **characters) for style in STYLES},
        "comicgen": Comicgen(**characters),
        "composite": Composite(**characters),
        **{style: Avatars(style=style, **characters) for style in UNSEEN},
    }
    return {
        name: dataclasses.replace(source, seed=SEED + number)
        for number, (name, source) in enumerate(sources.items())
    }


def draw(
    source: Source, count: int, on_progress: Callable[[int], None] = lambda done: None
) -> Drawings:
    """Draws the first `count` drawings of a source's test split, or of all where it has none.

    The reference is that of the candidates which shows most of the true picture's colors, as a
    person would choose it.

    Args:
        source: As `open_sources` makes it.
        count: How many to draw.
        on_progress: Called with the number of drawings done.

    Raises:
        DeepPaintError: a package cannot be fetched, or a file is damaged.
    """
    examples = [example for example in source.examples() if example.split != "train"][:count]
    rows = []
    for done, example in enumerate(examples):
        on_progress(done)
        loaded = source.load(example, SIDE)
        figure = find_figure(loaded)
        reference = choose_reference(loaded.picture[figure], loaded.partners)
        rows.append((loaded.sketch, loaded.picture, reference, figure))
    on_progress(len(examples))
    return Drawings([example.name for example in examples], *map(np.stack, zip(*rows, strict=True)))


def draw_sprites(folder: str | None = None) -> Drawings:
    """The sprites, with lines that are extracted from them.

    Args:
        folder: Holds the files of the package; without it they are fetched and cached.

    Raises:
        DeepPaintError: the package cannot be fetched, or a file is damaged.
    """
    source = Sprites(folder)
    names = sorted(example.name for example in source.examples())
    examples = {example.name: example for example in source.examples()}
    pictures = np.stack(
        [fit_to_canvas(source.load(examples[name], SPRITE_SIDE).picture, SPRITE_SIDE)[0]
         for name in names]
    )  # fmt: skip
    drawn = draw_styles([SPRITE_LINES], [None] * len(names), pictures)
    sketches = np.stack([lines for (lines,) in drawn])
    pairs = zip(pictures, sketches, strict=True)
    figures = np.stack([find_figure(LoadedExample(*pair)) for pair in pairs])
    return Drawings(names, sketches, pictures, None, figures)


def find_figure(loaded: LoadedExample) -> np.ndarray:
    """Where a drawing shows its figure: neither paper nor line, bool `(H, W)`.

    Where the roles of pixels are not known, paper is what is white and connected to the border.
    """
    is_bare = loaded.sketch >= INK
    if loaded.parts is not None:
        return is_bare & (loaded.parts > 0)
    white = np.pad((loaded.picture == WHITE).all(axis=-1), 1, constant_values=True)
    labels, _ = ndimage.label(white)
    return is_bare & (labels != labels[0, 0])[1:-1, 1:-1]


def choose_reference(colors: np.ndarray, candidates: tuple[np.ndarray, ...]) -> np.ndarray:
    """The first of the candidates that show most of the colors.

    Args:
        colors: uint8 `(P, 3)`, of the pixels of a figure.
        candidates: Pictures, uint8 RGB `(H, W, 3)`.
    """
    wanted, counts = _coarse(colors)
    shares = []
    for candidate in candidates:
        shown, pixels = _coarse(candidate.reshape(-1, 3))
        shown = shown[pixels >= SEEN * pixels.sum()]
        distances = deltaE_ciede2000(rgb2lab(wanted)[:, None], rgb2lab(shown)[None])
        shares.append(counts[distances.min(axis=1) <= SAME_COLOR].sum())
    return candidates[int(np.argmax(shares))]


def _coarse(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Colors rounded to 32 levels a channel, uint8 `(C, 3)`, and their numbers of pixels."""
    numbers = (pixels >> 3) @ np.array([32 * 32, 32, 1])
    counts = np.bincount(numbers)
    steps = np.unravel_index(np.flatnonzero(counts), (32, 32, 32))
    return (np.stack(steps, axis=-1).astype(np.uint8) << 3) + 4, counts[counts > 0]
