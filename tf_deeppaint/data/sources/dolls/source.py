"""The source of dolls: which there are, by name; each is drawn when it is loaded."""

import dataclasses
import re
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from tf_deeppaint.data.sources.base import Example, LoadedExample, Origin, Source
from tf_deeppaint.data.sources.color_schemes import make_scheme, pick
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.options import option

# What names begin with, by `--proportions`.
PREFIXES = {"chibi": "doll", "anime": "anime", "adult": "adult"}
NAME = re.compile(rf"({'|'.join(PREFIXES.values())})-(0|[1-9][0-9]*)-([0-9]{{6,}})")


@dataclasses.dataclass(frozen=True)
class Dolls(Source):
    """`count` dolls, numbered from 0; the seed and the number decide everything about a doll.

    Raises:
        DeepPaintError: `count` or `seed` is too small.
    """

    count: int = option(2000, "How many to draw.", lower=1)
    seed: int = option(0, "Which ones.", lower=0)
    proportions: str = option(
        "chibi",
        "Chibi: two to three heads tall. Anime: five to seven, and busts and figures to the knee. "
        "Adult: grown-up people as comics draw them.",
        tuple(PREFIXES),
    )
    partners: int = option(
        0, "Further drawings in the same colors, whose palettes each record holds.", lower=0
    )

    origin: ClassVar[Origin] = Origin(
        name="dolls",
        title="Dolls drawn by tf_deeppaint",
        license="CC0-1.0",
        attribution="Drawn by tf_deeppaint's own program",
    )

    @property
    def options(self) -> dict[str, object]:
        # Count, seed and proportions show in the names.
        return {"partners": self.partners} if self.partners else {}

    def examples(self) -> Iterator[Example]:
        """Lists the dolls by number; each is a group of its own."""
        for number in range(self.count):
            name = f"{PREFIXES[self.proportions]}-{self.seed}-{number:06d}"
            yield Example(name, group=name)

    def load(self, example: Example, size: int) -> LoadedExample:
        """Draws a doll, on white paper, on a square canvas of `size` pixels.

        Raises:
            DeepPaintError: the example's name is not that of a doll, or `size` is below 1.
        """
        # OpenCV is imported here alone, so that the flags of this source need none.
        from tf_deeppaint.data.sources.dolls.adults.adult import draw_adult_doll
        from tf_deeppaint.data.sources.dolls.anime import draw_anime_doll
        from tf_deeppaint.data.sources.dolls.doll import draw_doll

        match = NAME.fullmatch(example.name)
        if match is None:
            raise DeepPaintError(
                f"no doll is called {example.name!r}: names look like 'doll-0-000042', "
                "the seed and then the number of the doll"
            )
        if size < 1:
            raise DeepPaintError(f"cannot draw a doll {size} pixels wide: ask for at least 1")
        draw = {"doll": draw_doll, "anime": draw_anime_doll, "adult": draw_adult_doll}[match[1]]
        # Data sets of the other two kinds stay as they were before adults came.
        others = (draw_adult_doll,) if draw is draw_adult_doll else ()
        kinds = (draw_doll, draw_anime_doll, *others)
        key = int(match[2]), int(match[3])
        drawn = draw(np.random.default_rng(key), size)
        # The scheme is what is decided first when a doll is drawn.
        scheme = make_scheme(np.random.default_rng(key))
        partners = []
        for i in range(self.partners):
            rng = np.random.default_rng((*key, 1 + i))
            partners.append(pick(rng, kinds)(rng, size, scheme).picture)
        return drawn._replace(partners=tuple(partners))
