"""Artists: each samples designs of its own and draws them as figures without colors."""

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np

from tf_deeppaint.data.sources.characters.comicgen import BOX, Part, People
from tf_deeppaint.data.sources.characters.dicebear import Style
from tf_deeppaint.data.sources.characters.figures import (
    MIN_SOLID,
    Box,
    Figure,
    fit_box,
    render_figure,
)
from tf_deeppaint.data.sources.characters.styles import SMALL_ADVENTURER, STYLES
from tf_deeppaint.utils import files

# Where comicgen's dressed bodies end in a neck, in the units of its box, and the width of the head
# that is put there: from tall to childlike.
_CHIN = (250.0, 172.0)
_HEAD_WIDTHS = (125.0, 200.0)
# Chin and width of Adventurer's face, in the units of its canvas.
_STYLE_CHIN = (356.0, 606.0)
_STYLE_WIDTH = 430.0


class Drawing(NamedTuple):
    """SVG elements made of role codes, and how they are rendered.

    Attributes:
        markup: The elements.
        box: Where they lie.
        solid: As in `figures.read_figure`.
    """

    markup: str
    box: Box
    solid: float = MIN_SOLID

    def figure(self, size: int, name: str) -> Figure:
        """Renders the drawing, filling a square of `size` pixels.

        Raises:
            DeepPaintError: as `figures.render_figure` does.
        """
        box = fit_box(self.markup, self.box, name)
        return render_figure(self.markup, box, size, name, self.solid)


class Artist(Protocol):
    """Draws characters of one kind."""

    def draw(self, rng: np.random.Generator, test: bool) -> Drawing:
        """Draws a character.

        Args:
            rng: Decides which.
            test: Whether its main parts are those held out for the test split.

        Raises:
            DeepPaintError: a file of the artist's is missing or damaged.
        """
        ...


class AvatarArtist:
    """Draws in one of the avatar styles."""

    def __init__(self, folder: str, style: str) -> None:
        self._style = Style(files.join(folder, f"{style}.json"), STYLES[style])

    def draw(self, rng: np.random.Generator, test: bool) -> Drawing:
        design = self._style.sample(rng, test)
        return Drawing(self._style.markup(design), self._style.box, self._style.rules.solid)


class ComicgenArtist:
    """Draws the people of comicgen."""

    def __init__(self, folder: str) -> None:
        self._people = People(folder)

    def draw(self, rng: np.random.Generator, test: bool) -> Drawing:
        return Drawing(self._people.markup(self._people.sample(rng, test)), BOX)


class CompositeArtist:
    """Draws full figures with big eyes: comicgen's bodies with Adventurer's heads."""

    def __init__(self, avatars: str, comicgen: str) -> None:
        self._style = Style(files.join(avatars, "adventurer.json"), SMALL_ADVENTURER)
        self._people = People(comicgen)

    def draw(self, rng: np.random.Generator, test: bool) -> Drawing:
        body = self._people.sample_body(rng, test, mixed=True)
        head = self._style.markup(self._style.sample(rng, test))
        scale = rng.uniform(*_HEAD_WIDTHS) / _STYLE_WIDTH
        left, top = (chin - scale * own for chin, own in zip(_CHIN, _STYLE_CHIN, strict=True))
        placed = f'<g transform="translate({left:.2f} {top:.2f}) scale({scale:.5f})">{head}</g>'
        return Drawing(self._people.markup((Part("body", body.path),)) + placed, BOX)


@functools.cache
def open_artists(avatars: str, comicgen: str | None) -> Mapping[str, Artist]:
    """The artists by name; loading their files takes a tenth of a second, once in a process.

    Args:
        avatars: Folder of the styles' JSON files.
        comicgen: comicgen's folder `svg`; without it there are the avatar styles alone.

    Raises:
        DeepPaintError: a folder lacks its files.
    """
    artists: dict[str, Any] = {style: AvatarArtist(avatars, style) for style in STYLES}
    if comicgen is not None:
        artists["comicgen"] = ComicgenArtist(comicgen)
        artists["composite"] = CompositeArtist(avatars, comicgen)
    return artists
