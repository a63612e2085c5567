"""Palettes as files: JSON in the format of the published network, and other programs' swatches.

JSON may tell the rule that a palette was extracted by. Other files are lists of colors; see
`swatch_files`. Of 16 colors, which is what is written, each four are a band; fewer are distributed
over the bands as `named_colors` does.
"""

import json
import os
import struct

import numpy as np

from tf_deeppaint.palette.named_colors import MOST, color_code, palette_from_colors
from tf_deeppaint.palette.rules import BACKGROUNDS, BANDS, COLORS
from tf_deeppaint.palette.swatch_files import SWATCHES
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.files import read_bytes, write_bytes

MAX_PALETTE_BYTES = 64 * 2**10  # of a file that is read; a palette has about 300
NO_PALETTE = "not a palette"  # the kind of the errors below
JSON = ".json"
SUFFIXES = (JSON, *SWATCHES)
_RULE = "background"  # the key of the rule


def is_palette_file(path: str | os.PathLike) -> bool:
    """Whether a file is a palette, by its name."""
    return os.fspath(path).lower().endswith(SUFFIXES)


def load_palette(path: str | os.PathLike) -> np.ndarray:
    """Loads a palette, uint8 `(4, 4, 3)`; see `decode_palette`."""
    return decode_palette(read_bytes(path, MAX_PALETTE_BYTES), str(path))


def decode_palette(data: bytes, name: str) -> np.ndarray:
    """Decodes a palette of one of `SUFFIXES`; a file of another name is read as JSON.

    Args:
        data: The bytes of the file.
        name: Its name, which tells the format, and which errors name.

    Returns:
        uint8 `(4, 4, 3)`.

    Raises:
        DeepPaintError: it is damaged or of another format, or does not hold 1 to 16 colors.
    """
    suffix = os.path.splitext(name)[1].lower()
    if suffix not in SWATCHES:
        return palette_from_json(data.decode("utf-8", "replace"), name)
    try:
        colors = SWATCHES[suffix].read(data)
    except (ValueError, struct.error) as error:
        reason = "it is cut off" if isinstance(error, struct.error) else error
        raise DeepPaintError(f"{name}: no {suffix} palette: {reason}", NO_PALETTE) from error
    if not 1 <= len(colors) <= MOST:
        raise DeepPaintError(
            f"{name}: {len(colors)} colors; a palette holds 1 to {MOST}: save those you want alone",
            NO_PALETTE,
        )
    return colors.reshape(BANDS, COLORS, 3) if len(colors) == MOST else palette_from_colors(colors)


def load_rule(path: str | os.PathLike) -> str | None:
    """The background rule by which a palette file says it was extracted; None where it says none.

    Palettes of the published network, of color codes, and of earlier versions say none, and only
    JSON can.
    """
    load_palette(path)
    if os.path.splitext(os.fspath(path))[1].lower() in SWATCHES:
        return None
    rule = json.loads(read_bytes(path, MAX_PALETTE_BYTES)).get(_RULE)
    return rule if rule in BACKGROUNDS else None


def write_palette(path: str | os.PathLike, palette: np.ndarray, rule: str | None = None) -> None:
    """Writes a palette to a file; see `encode_palette`."""
    write_bytes(path, encode_palette(palette, str(path), rule))


def encode_palette(palette: np.ndarray, name: str, rule: str | None = None) -> bytes:
    """Encodes a palette as the suffix of a file's name says.

    Args:
        palette: uint8 `(4, 4, 3)`.
        name: The name.
        rule: The background rule that it was extracted by; only JSON holds it.

    Raises:
        DeepPaintError: palettes are not written with this suffix.
    """
    suffix = os.path.splitext(name)[1].lower()
    if suffix == JSON:
        return palette_to_json(palette, rule).encode() + b"\n"
    if suffix not in SWATCHES:
        raise DeepPaintError(f"{name}: palettes are written as {', '.join(SUFFIXES)}")
    codes = [
        f"{band + 1}.{rank + 1} {color_code(palette[band, rank])}"
        for band in range(BANDS)
        for rank in range(COLORS)
    ]
    return SWATCHES[suffix].write(palette.reshape(-1, 3), codes)


def palette_to_json(palette: np.ndarray, rule: str | None = None) -> str:
    """Encodes a palette: bands by number from "1", in each its colors from "1", as `[r, g, b]`.

    The background rule follows them, where it is given: the one by which they were extracted.
    """
    bands = [{str(n): c for n, c in enumerate(band, start=1)} for band in palette.tolist()]
    document = {str(number): band for number, band in enumerate(bands, start=1)}
    return json.dumps(document if rule is None else document | {_RULE: rule})


def palette_from_json(text: str, name: str) -> np.ndarray:
    """Decodes a palette that `palette_to_json` has encoded; `name` is what errors call it.

    Raises:
        DeepPaintError: not JSON, or not four bands of four colors of three integers 0..255.
    """
    try:
        bands = json.loads(text)
        ranks = [str(rank) for rank in range(1, COLORS + 1)]
        colors = [[bands[str(b)][rank] for rank in ranks] for b in range(1, BANDS + 1)]
        values = np.array(colors, object)
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise DeepPaintError(
            f'{name}: not a palette; expected {{"1": {{"1": [r, g, b], ...}}, ... "4": ...}}',
            NO_PALETTE,
        ) from error
    # The type is compared because NumPy would accept true as 1.
    if values.shape != (BANDS, COLORS, 3) or {type(level) for level in values.flat} != {int}:
        raise DeepPaintError(f"{name}: a palette has 4 bands of 4 colors of 3 integers", NO_PALETTE)
    if values.min() < 0 or values.max() > 255:
        raise DeepPaintError(f"{name}: the colors of a palette lie between 0 and 255", NO_PALETTE)
    return values.astype(np.uint8)
