r"""Fetches drawings of a hand that no model here has been trained on: Twemoji, as PNG files.

    python -m experiments.fetch_twemoji --output=data/twemoji
    python -m tfrecords.build --source=folder --input=data/twemoji --output=data/twemoji128 \
        --size=128 --background=white

Twemoji's graphics: Copyright Twitter, Inc and other contributors, CC BY 4.0. They are flat and have
no lines; the sketches are extracted from them. Country flags are left out.
"""

from pathlib import Path

from absl import flags

from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.utils import files, programs
from tf_deeppaint.utils.progress import Progress

_OUTPUT = flags.DEFINE_string("output", None, "Folder for the pictures.", required=True)

PACKAGE = "@twemoji/svg@15.0.0"
SIDE = 256
# The first code point of a flag of two letters.
FLAG_LETTERS = "1f1"


def main() -> None:
    from tf_deeppaint.data.sources.fetching import fetch_npm
    from tf_deeppaint.data.sources.openmoji import rasterize

    art = fetch_npm(PACKAGE, ["*.svg"], "try later")
    drawings = sorted(p for p in art.glob("*.svg") if not p.stem.startswith(FLAG_LETTERS))
    files.make_folder(_OUTPUT.value)
    progress = Progress("picture")
    for done, path in enumerate(drawings, 1):
        picture = rasterize(path.read_bytes(), str(path), SIDE)
        write_picture(Path(_OUTPUT.value) / f"{path.stem}.png", picture)
        progress.update(done, len(drawings))
    print(f"{_OUTPUT.value}: {len(drawings)} pictures")


if __name__ == "__main__":
    programs.run(main)
