"""Any page that people bring -> the sketch that is painted, and what was done to it, in words."""

from typing import NamedTuple

import numpy as np

from tf_deeppaint.images.pixels import WHITE, over_white, row_slices, to_gray
from tf_deeppaint.line_art.cleaning import clean as clean_page
from tf_deeppaint.line_art.kinds import PAINTED, TO_CLEAN, Kind, find_kind
from tf_deeppaint.line_art.outlines import take_lines
from tf_deeppaint.line_art.pens import Ink, Sketch, find_ink
from tf_deeppaint.utils.errors import DeepPaintError

# Whether a page is cleaned: where its kind is certain, always, never.
AUTO, ON, OFF = "auto", "on", "off"
CLEAN = (AUTO, ON, OFF)

_DONE = {
    Kind.LAYER: "its opacity is the ink",
    Kind.INVERTED: "inverted",
    Kind.PENCIL: "cleaned",
    Kind.SCAN: "cleaned",
}


class Prepared(NamedTuple):
    """A sketch as it is painted.

    Attributes:
        sketch: uint8 gray `(H, W)`, dark lines on light paper; a `Sketch` of colored lines or on
            transparent paper.
        kind: What the page is.
        note: One line that tells what was done, or that the page is colored; empty for a sketch.
    """

    sketch: np.ndarray
    kind: Kind
    note: str


def prepare(picture: np.ndarray, clean: str | bool = AUTO, recolor: bool = False) -> Prepared:
    """Prepares a page.

    Args:
        picture: uint8 gray `(H, W)`, RGB `(H, W, 3)` or RGBA `(H, W, 4)`, at least one pixel.
        clean: `"auto"`: it is cleaned, see `cleaning.clean`, if it is certainly light lines on dark
            paper or on a transparent layer, pencil, a scan or a photograph; otherwise no pixel
            changes. `"on"` or True: always; `"off"` or False: never.
        recolor: Whether the lines are taken out, see `outlines.take_lines`, if it is colored or
            gray-toned already or of no certain kind.

    Raises:
        DeepPaintError: another value of `clean`.
    """
    clean = {True: ON, False: OFF}.get(clean, clean)
    if clean not in CLEAN:
        raise DeepPaintError(f"clean={clean!r}: choose one of {', '.join(CLEAN)}")
    kind = find_kind(picture)
    gray, ink, note = _to_sketch(picture, kind, clean, recolor)
    is_transparent = picture.shape[2:] == (4,) and _has_open_edge(picture[..., 3])
    if ink is None and not is_transparent:
        return Prepared(gray, kind, note)
    sketch = gray.view(Sketch)
    sketch.ink, sketch.is_transparent = ink, is_transparent
    return Prepared(sketch, kind, note)


def _to_sketch(
    picture: np.ndarray, kind: Kind, clean: str, recolor: bool
) -> tuple[np.ndarray, Ink | None, str]:
    """The sketch in gray, the colors of its lines, and the note."""
    if recolor and kind in (*PAINTED, Kind.UNKNOWN):
        rgb = np.repeat(picture[..., None], 3, axis=-1) if picture.ndim == 2 else picture
        return take_lines(_over_white(rgb)), None, f"{kind.value}: its lines are taken out"
    advice = ""
    if kind in PAINTED:
        advice = f"{kind.value}; recolor (--recolor) takes its lines out first"
    if clean == ON:
        return clean_page(picture), None, advice
    if clean == AUTO and kind in TO_CLEAN:
        gray = clean_page(picture)
        # Light lines that have a color keep it; white ones would vanish.
        ink = find_ink(over_white(picture), gray) if kind is Kind.LAYER else None
        return gray, ink if ink and ink.opaque else None, f"{kind.value}: {_DONE[kind]}"
    flat, gray = _over_white(picture), to_plain_gray(picture)
    # The colors of a page that is painted already would hide the new ones.
    keeps = flat.ndim == 3 and kind not in PAINTED
    return gray, find_ink(flat, gray) if keeps else None, advice


def to_plain_gray(picture: np.ndarray) -> np.ndarray:
    """A picture, see `prepare`, as a sketch of which no pixel is changed: uint8 gray `(H, W)`."""
    if picture.ndim == 2:
        return picture
    gray = np.empty(picture.shape[:2], np.uint8)
    for rows in row_slices(len(picture)):
        gray[rows] = to_gray(_over_white(picture[rows]))
    return gray


def _over_white(picture: np.ndarray) -> np.ndarray:
    return over_white(picture) if picture.shape[2:] == (4,) else picture


def _has_open_edge(alpha: np.ndarray) -> bool:
    """Whether most of the edge is more transparent than not."""
    edge = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
    return bool(2 * np.count_nonzero(edge <= WHITE // 2) > edge.size)
