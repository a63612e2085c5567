"""Dolls traced once, which the pens of `experiments.sketch_kinds` draw again."""

import functools

from experiments.sketch_kinds.drawings import Drawing, trace
from tf_deeppaint.data.sources.dolls.source import Dolls


@functools.cache
def traced_dolls() -> tuple[Drawing, ...]:
    """Two of each proportion, with their pictures."""
    drawings = []
    for proportions in ("chibi", "anime"):
        source = Dolls(2, seed=31, proportions=proportions)
        loaded = [source.load(example, 384) for example in source.examples()]
        drawings += [trace(doll.sketch, doll.picture) for doll in loaded]
    return tuple(drawings)
