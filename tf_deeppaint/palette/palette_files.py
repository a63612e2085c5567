"""Palettes as JSON files, in the format of the published network, and the rule they are made by."""

import json
import os

import numpy as np

from tf_deeppaint.palette.rules import BACKGROUNDS, BANDS, COLORS
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.files import read_bytes, write_bytes

MAX_PALETTE_BYTES = 64 * 2**10  # of a file that is read; a palette has about 300
NO_PALETTE = "not a palette"  # the kind of the errors below
_RULE = "background"  # the key of the rule


def load_palette(path: str | os.PathLike) -> np.ndarray:
    """Loads a palette, uint8 `(4, 4, 3)`, from a JSON file; see `palette_from_json`."""
    data = read_bytes(path, MAX_PALETTE_BYTES)
    return palette_from_json(data.decode("utf-8", "replace"), str(path))


def load_rule(path: str | os.PathLike) -> str | None:
    """The background rule by which a palette file says it was extracted; None where it says none.

    Palettes of the published network, of color codes, and of earlier versions say none.
    """
    load_palette(path)
    rule = json.loads(read_bytes(path, MAX_PALETTE_BYTES)).get(_RULE)
    return rule if rule in BACKGROUNDS else None


def write_palette(path: str | os.PathLike, palette: np.ndarray, rule: str | None = None) -> None:
    """Writes a palette to a JSON file; see `palette_to_json`."""
    write_bytes(path, palette_to_json(palette, rule).encode() + b"\n")


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
