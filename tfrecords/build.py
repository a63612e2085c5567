r"""Builds TFRecord shards of sketch, picture and palette from drawings.

python -m tfrecords.build --source=folder --input=my_pictures --output=data/mine --size=256
"""

import os
import sys
from pathlib import Path

from absl import flags

from tf_deeppaint import program

_SOURCE = flags.DEFINE_enum(
    "source",
    None,
    ["dolls", "folder", "openmoji", "wesnoth"],
    "Where the drawings come from: drawn by the program, your folder, or public art.",
    required=True,
)
_INPUT = flags.DEFINE_string(
    "input",
    None,
    "Folder of the source's files. Needed by `folder`; `openmoji` and `wesnoth` fetch and cache "
    "their package without it.",
)
_OUTPUT = flags.DEFINE_string("output", None, "Folder of the data set.", required=True)
_SIZE = flags.DEFINE_integer("size", 256, "Side of the pictures in pixels, a multiple of 64.")
_COUNT = flags.DEFINE_integer("count", 2000, "Number of dolls to draw.", lower_bound=1)
_SEED = flags.DEFINE_integer("seed", 0, "Which dolls are drawn.", lower_bound=0)
_BACKGROUND = flags.DEFINE_enum(
    "background",
    "drop",
    ["drop", "white", "keep"],
    "The most frequent colour of a palette band is left out: always (the reference's rule), "
    "where near white, or never.",
)
_SKETCH = flags.DEFINE_enum(
    "sketch",
    "mixture",
    ["thin", "bold", "soft", "mixture"],
    "Style of the lines extracted from pictures that come without line art.",
)
_WORKERS = flags.DEFINE_integer(
    "workers", None, "Processes that prepare pictures; all cores by default.", lower_bound=1
)


def main() -> None:
    program.import_tensorflow()
    from tf_deeppaint.builder import Recipe, build_dataset
    from tf_deeppaint.progress import Progress
    from tf_deeppaint.sources import open_source

    source = open_source(_SOURCE.value, _INPUT.value, count=_COUNT.value, seed=_SEED.value)
    recipe = Recipe(_SIZE.value, _BACKGROUND.value, _SKETCH.value)
    progress = Progress("drawing")
    manifest = build_dataset(
        source,
        Path(_OUTPUT.value),
        recipe,
        workers=_WORKERS.value or os.cpu_count(),
        on_progress=progress.update,
        on_skip=lambda reason: print(f"skipped: {reason}", file=sys.stderr),
    )
    print(
        f"{_OUTPUT.value}: {manifest.count('train')} training and {manifest.count('test')} test "
        f"records of {manifest.size} pixels, {manifest.skipped} drawings skipped"
    )


if __name__ == "__main__":
    program.run(main)
