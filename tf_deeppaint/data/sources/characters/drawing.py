"""One example of a character: a figure, colored in a scheme, and partners in the same scheme."""

import zlib
from typing import NamedTuple

import cv2
import numpy as np

from tf_deeppaint.data.sources.base import LoadedExample, digest_of
from tf_deeppaint.data.sources.characters.artists import Artist, open_artists
from tf_deeppaint.data.sources.characters.coloring import Shading, color_figure
from tf_deeppaint.data.sources.characters.figures import Figure
from tf_deeppaint.data.sources.characters.holdout import UNSEEN
from tf_deeppaint.data.sources.color_schemes import ColorScheme, chance, make_scheme, pick
from tf_deeppaint.data.sources.dolls.anime import draw_anime_doll
from tf_deeppaint.data.sources.dolls.doll import draw_doll

# Partners may be dolls, too, which are drawn by our own program.
DOLLS = "dolls"
# Probabilities of the kinds of shading.
SHADINGS = {"flat": 0.35, "cel": 0.4, "soft": 0.25}
# Share of the side.
SHADOW_DEPTH = (0.015, 0.045)


class Key(NamedTuple):
    """What decides everything about an example.

    Attributes:
        artist: Who draws it.
        seed: The seed of the source.
        number: The number of the line drawing.
        coloring: The number of its coloring.
        test: Whether it is made of held-out parts.
    """

    artist: str
    seed: int
    number: int
    coloring: int
    test: bool


def draw_example(
    key: Key, avatars: str, comicgen: str | None, partners: int, size: int
) -> LoadedExample:
    """Draws an example. Those of equal seed and numbers have one scheme, whoever draws them.

    Args:
        key: Decides the drawing, its colors and its partners.
        avatars: As in `open_artists`.
        comicgen: As in `open_artists`.
        partners: Number of further drawings in the same colors, each by any of the artists
            or a doll.
        size: Side of the canvas in pixels.

    Raises:
        DeepPaintError: a file is missing or damaged, or the rasterizer is not installed.
    """
    artists = open_artists(avatars, comicgen)
    scheme = make_scheme(np.random.default_rng((key.seed, key.number, key.coloring)))
    # The line drawing is the same in all of its colorings.
    own = (zlib.crc32(key.artist.encode()), key.seed, key.number)
    markup, figure = _draw(artists[key.artist], key, np.random.default_rng((*own, 0)), size)
    rng = np.random.default_rng((*own, 1, key.coloring))
    picture = _color(figure, scheme, rng)
    others = []
    names = [*(name for name in artists if name not in UNSEEN), DOLLS]
    for _ in range(partners):
        name = pick(rng, names)
        if name == DOLLS:
            draw = pick(rng, (draw_doll, draw_anime_doll))
            others.append(draw(rng, size, scheme).picture)
        else:
            others.append(_color(_draw(artists[name], key, rng, size)[1], scheme, rng))
    return LoadedExample(
        picture,
        figure.sketch,
        digest_of(markup.encode()),
        partners=tuple(others),
        parts=figure.parts,
    )


def _draw(artist: Artist, key: Key, rng: np.random.Generator, size: int) -> tuple[str, Figure]:
    drawing = artist.draw(rng, key.test)
    figure = drawing.figure(size, f"{key.artist}, drawing {key.number}")
    if chance(rng, 0.5):
        figure = Figure(cv2.flip(figure.sketch, 1), cv2.flip(figure.parts, 1))
    return drawing.markup, figure


def _color(figure: Figure, scheme: ColorScheme, rng: np.random.Generator) -> np.ndarray:
    kind = str(rng.choice(list(SHADINGS), p=list(SHADINGS.values())))
    shading = Shading(kind, chance(rng, 0.5), rng.uniform(*SHADOW_DEPTH))
    return color_figure(figure, scheme, shading)
