"""OpenMoji: emoji drawn as vectors, each once in colour and once as its lines alone."""

import hashlib
import json
from pathlib import Path
from types import ModuleType

import numpy as np

from tf_deeppaint import images
from tf_deeppaint.errors import DeepPaintError
from tf_deeppaint.sources import Artwork, Drawing, Origin
from tf_deeppaint.sources.fetching import fetch_npm

PACKAGE = "openmoji@17.0.0"
COLOUR = "color/svg"
LINES = "black/svg"
LISTING = "data/openmoji.json"
WANTED = (f"{COLOUR}/*.svg", f"{LINES}/*.svg", LISTING, "LICENSE.txt")
INSTEAD = f"pass --input with a folder that holds OpenMoji's {COLOUR}, {LINES} and {LISTING}"

# Whether a drawing teaches colouring shows at this size (pixels) as well as at any other.
JUDGED_SIZE = 64
# Levels of 255: a pixel that differs this much from the line art has been filled.
FILL_DIFFERENCE = 24
# Share of the canvas: below it there is hardly anything to colour.
MIN_FILL = 0.05
# Levels of 255: OpenMoji's dark grey is 63; nothing is learnt from painting black on black lines.
DARK_LEVEL = 96
MAX_DARK_FILL = 0.5


class OpenMoji:
    """Pairs of a coloured emoji and its line art, rasterised at the size asked for.

    Left out are flags (their colours are given, not chosen), those with hardly any filled area,
    and those filled with black for the most part.
    """

    origin = Origin(
        name="openmoji",
        title="OpenMoji",
        licence="CC-BY-SA-4.0",
        attribution=(
            "All emojis designed by OpenMoji - the open-source emoji and icon project. "
            "License: CC BY-SA 4.0"
        ),
        url="https://openmoji.org",
    )

    def __init__(self, folder: Path | None = None):
        """Takes the art from `folder`, laid out as the npm package is; None fetches that.

        Raises:
            DeepPaintError: the rasteriser is not installed, or the art cannot be fetched.
        """
        _rasteriser()
        self.folder = fetch_npm(PACKAGE, WANTED, INSTEAD) if folder is None else Path(folder)

    def drawings(self) -> list[Drawing]:
        """Lists the pairs that are worth learning from, by name: the emoji's hexcodes.

        Colourings of one drawing (skin tones, hearts) share a group: the digest of its line SVG.
        Every pair is rasterised small to be judged, which takes some seconds.

        Raises:
            DeepPaintError: the folder lacks the art or its listing, or no drawing is left.
        """
        kept = []
        sketches: dict[str, np.ndarray] = {}
        groups: dict[bytes, str] = {}
        for name in self._names():
            group = hashlib.sha256((self.folder / LINES / f"{name}.svg").read_bytes()).hexdigest()
            try:
                if group not in sketches:
                    sketches[group] = self._sketch(name, JUDGED_SIZE)
                if not is_filled(self._picture(name, JUDGED_SIZE), sketches[group]):
                    continue
                # The same lines are at times written as different SVG.
                group = groups.setdefault(sketches[group].tobytes(), group)
            except DeepPaintError:
                # Listed all the same: `load` will say what is wrong and it will be counted.
                pass
            kept.append(Drawing(name, group[:16]))
        if not kept:
            raise DeepPaintError(f"{self.folder}: none of its drawings is filled; {INSTEAD}")
        return kept

    def load(self, drawing: Drawing, size: int) -> Artwork:
        """Rasterises one pair at `size` x `size` pixels, on white, with the margin the art has.

        Raises:
            DeepPaintError: one of the two SVG files is missing or damaged.
        """
        return Artwork(self._picture(drawing.name, size), self._sketch(drawing.name, size))

    def _names(self) -> list[str]:
        """Names of all pairs but the flags, sorted."""
        listing = self.folder / LISTING
        try:
            emoji = json.loads(listing.read_text(encoding="utf-8"))
            flags = {e["hexcode"] for e in emoji if "flag" in f"{e['group']} {e['subgroups']}"}
        except OSError as error:
            raise DeepPaintError(
                f"{listing}: cannot be read ({error.strerror}); {INSTEAD}"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise DeepPaintError(f"{listing}: not OpenMoji's listing; {INSTEAD}") from error
        coloured, lines = (
            {path.stem for path in (self.folder / kind).glob("*.svg")} for kind in (COLOUR, LINES)
        )
        if not coloured & lines:
            raise DeepPaintError(f"{self.folder}: no drawing in both kinds; {INSTEAD}")
        return sorted((coloured & lines) - flags)

    def _picture(self, name: str, size: int) -> np.ndarray:
        return rasterise(self.folder / COLOUR / f"{name}.svg", size)

    def _sketch(self, name: str, size: int) -> np.ndarray:
        return images.to_grey(rasterise(self.folder / LINES / f"{name}.svg", size))


def is_filled(picture: np.ndarray, sketch: np.ndarray) -> bool:
    """Whether colouring the sketch into the picture is a task: enough is filled, not with black.

    Args:
        picture: uint8 RGB `(H, W, 3)`.
        sketch: uint8 grey `(H, W)`, the lines of the picture.
    """
    difference = np.abs(picture.astype(np.int16) - sketch[..., np.newaxis]).max(axis=-1)
    filled = difference > FILL_DIFFERENCE
    if filled.mean() < MIN_FILL:
        return False
    return bool((picture[filled].max(axis=-1) < DARK_LEVEL).mean() <= MAX_DARK_FILL)


def rasterise(path: Path, size: int) -> np.ndarray:
    """Draws an SVG file onto a white canvas: uint8 RGB `(size, size, 3)`, aspect kept, centred.

    Raises:
        DeepPaintError: the file is missing or no SVG.
    """
    resvg = _rasteriser()
    try:
        # As text, not as a path: the file is then read here and by no rule of the rasteriser's.
        # Fonts differ from machine to machine, and the art has none.
        png = resvg.svg_to_bytes(
            svg_string=path.read_text(encoding="utf-8"),
            width=size,
            height=size,
            skip_system_fonts=True,
        )
    except OSError as error:
        raise DeepPaintError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise DeepPaintError(f"{path}: not an SVG that can be drawn ({error})") from error
    drawn = images.over_white(images.decode_rgba(png, str(path)))
    # What is not square comes back smaller than asked for.
    return images.fit_to_canvas(drawn, size)[0]


def _rasteriser() -> ModuleType:
    try:
        import resvg_py
    except ImportError as error:
        raise DeepPaintError(
            'drawing OpenMoji needs resvg_py: run pip install "tf-deeppaint[openmoji]"'
        ) from error
    return resvg_py
