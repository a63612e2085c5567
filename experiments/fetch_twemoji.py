r"""Fetches drawings of a hand that no model here has been trained on: Twemoji, as PNG files.

    python -m experiments.fetch_twemoji --output=data/twemoji
    deeppaint build --source=folder --input=data/twemoji --output=data/twemoji128 --size=128 \
        --background=white

Twemoji's graphics: Copyright Twitter, Inc and other contributors, CC BY 4.0. They are flat and have
no lines; the sketches are extracted from them. Country flags are left out.
"""

from pathlib import Path

from absl import flags

from tf_deeppaint.utils import programs

_OUTPUT = flags.DEFINE_string("output", None, "Folder for the pictures.", required=True)

PACKAGE = "@twemoji/svg@15.0.0"
DIGEST = (
    "sha512-ZSPef2B6nBaYnfgdTbAy4jgW95o7pi2xPGwGCU+W"
    "MTxo7J6B1lMPTWwSq/wTuiMq+N0khQ90CcvYp1wFoQpo/w=="
)
SIDE = 256
# The first code point of a flag of two letters.
FLAG_LETTERS = "1f1"


def main() -> None:
    from tf_deeppaint.data.sources.fetching import fetch_npm
    from tf_deeppaint.data.sources.openmoji import rasterize
    from tf_deeppaint.images.encoding import write_picture

    art = fetch_npm(PACKAGE, DIGEST, ["*.svg"], "try later")
    drawings = [path for path in art.glob("*.svg") if not path.stem.startswith(FLAG_LETTERS)]
    for path in drawings:
        picture = rasterize(path.read_bytes(), str(path), SIDE)
        write_picture(Path(_OUTPUT.value, f"{path.stem}.png"), picture)
    print(f"{_OUTPUT.value}: {len(drawings)} pictures")


if __name__ == "__main__":
    programs.run(main)
