"""Measures how often `line_art.kinds` finds the kind of a page: pages of known kind, drawn by code.

    python -m experiments.sketch_kinds --count=50
    python -m experiments.sketch_kinds --sources=dolls,openmoji,avatars,comicgen --seed=3

It prints a table: a row for each sort of page, a column for each kind, in percent.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from absl import flags

from tf_deeppaint.utils import programs
from tf_deeppaint.utils.errors import DeepPaintError

if TYPE_CHECKING:
    from experiments.sketch_kinds.drawings import Drawing, Maker

_COUNT = flags.DEFINE_integer("count", 20, "Pages of each sort.", lower_bound=1)
_SEED = flags.DEFINE_integer("seed", 1, "Which pages.", lower_bound=0)
_SOURCES = flags.DEFINE_list(
    "sources", ["dolls"], "Whose drawings: dolls, openmoji, avatars or comicgen."
)
# Drawings of each source, and their side in pixels.
_DRAWINGS, _SIDE = 40, 512


def main() -> None:
    from experiments.sketch_kinds import pictures, scans, sketches
    from tf_deeppaint.line_art.kinds import Kind

    drawings = load_drawings(_SOURCES.value, _SEED.value)
    kinds = list(Kind)
    print("| page |", " | ".join(kind.name.lower() for kind in kinds), "|")
    print("|---" * (len(kinds) + 1) + "|")
    for makers in (sketches.MAKERS, scans.MAKERS, pictures.MAKERS):
        for maker in makers:
            found = find_kinds(maker, drawings, _COUNT.value, _SEED.value)
            shares = (100 * found.count(kind) / len(found) for kind in kinds)
            cells = (f"{share:.0f}" if share else "" for share in shares)
            print(f"| {maker.__name__.replace('_', ' ')} |", " | ".join(cells), "|", flush=True)


def load_drawings(sources: Sequence[str], seed: int) -> list["Drawing"]:
    """Draws or fetches drawings of each source: those that have lines and colors."""
    from itertools import islice

    from experiments.sketch_kinds.drawings import trace
    from tf_deeppaint.data.sources.base import Skipped
    from tf_deeppaint.data.sources.registry import make_source

    drawings = []
    for name in sources:
        options = {"seed": seed} if name == "dolls" else {}
        source = make_source(name, options)
        listed = (e for e in source.examples() if not isinstance(e, Skipped))
        examples = [source.load(example, _SIDE) for example in islice(listed, _DRAWINGS)]
        drawn = [e for e in examples if not isinstance(e, Skipped) and e.sketch is not None]
        drawings += [trace(e.sketch, e.picture) for e in drawn if _is_colored(e.picture)]
    if not drawings:
        raise DeepPaintError(f"--sources={','.join(sources)}: has no drawings with lines; see -h")
    return drawings


def find_kinds(maker: "Maker", drawings: Sequence["Drawing"], count: int, seed: int) -> list:
    """The kinds that are found of so many pages of a sort."""
    import numpy as np

    from tf_deeppaint.line_art.kinds import find_kind

    kinds = []
    for number in range(count):
        rng = np.random.default_rng((number, seed))
        kinds.append(find_kind(maker(drawings[int(rng.integers(len(drawings)))], rng)))
    return kinds


def _is_colored(picture) -> bool:
    """Whether a picture has a color beside paper and lines: some icons are lines alone."""
    import numpy as np

    tones = (picture >> 6).reshape(-1, 3) @ np.array([16, 4, 1])
    counts = np.bincount(tones, minlength=64)
    return bool((counts > 0.01 * counts.sum()).sum() >= 3)


if __name__ == "__main__":
    programs.run(main)
