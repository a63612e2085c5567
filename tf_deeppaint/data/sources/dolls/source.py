"""The source of dolls: which there are, by name; each is drawn when it is loaded."""

import dataclasses
import re
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from tf_deeppaint.data.sources.base import Example, LoadedExample, Origin, Source
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.options import option

NAME = re.compile(r"doll-(0|[1-9][0-9]*)-([0-9]{6,})")


@dataclasses.dataclass(frozen=True)
class Dolls(Source):
    """`count` dolls, numbered from 0; the seed and the number decide everything about a doll.

    `options` are empty: count and seed show in the names.
    """

    count: int = option(2000, "How many to draw.", lower=1)
    seed: int = option(0, "Which ones.", lower=0)

    origin: ClassVar[Origin] = Origin(
        name="dolls",
        title="Dolls drawn by tf_deeppaint",
        license="CC0-1.0",
        attribution="Drawn by tf_deeppaint's own program",
    )

    def examples(self) -> Iterator[Example]:
        for number in range(self.count):
            name = f"doll-{self.seed}-{number:06d}"
            yield Example(name, group=name)

    def load(self, example: Example, size: int) -> LoadedExample:
        # OpenCV is imported here alone, so that the flags of this source need none.
        from tf_deeppaint.data.sources.dolls.doll import draw_doll

        match = NAME.fullmatch(example.name)
        if match is None:
            raise DeepPaintError(
                f"no doll is called {example.name!r}: names look like 'doll-0-000042', "
                "the seed and then the number of the doll"
            )
        if size < 1:
            raise DeepPaintError(f"cannot draw a doll {size} pixels wide: ask for at least 1")
        seed, number = int(match[1]), int(match[2])
        return LoadedExample(*draw_doll(np.random.default_rng((seed, number)), size))
