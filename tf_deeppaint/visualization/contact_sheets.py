"""Contact sheets: pictures side by side in one, for people to look at."""

import textwrap
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from tf_deeppaint.images.canvas import fit_to_canvas, resize
from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.palette.swatches import draw_palette

# Pixels between cells, and the sides of cells: of records, and of paintings.
GAP = 4
CELL = 128
SHOWN = 256
# Height of a line of text, and width of its widest letters.
LINE, LETTER = 20, 9


def draw_sheet(rows: Sequence[Sequence[np.ndarray]], side: int) -> np.ndarray:
    """Lays pictures out in rows of square cells on white.

    Args:
        rows: uint8 pictures, gray `(H, W)` or RGB `(H, W, 3)`; every row has as many.
        side: Side of a cell in pixels; pictures are scaled to it.

    Returns:
        uint8 RGB.
    """
    step = side + GAP
    sheet = np.full((len(rows) * step + GAP, len(rows[0]) * step + GAP, 3), WHITE, np.uint8)
    for top, row in zip(range(GAP, len(sheet), step), rows, strict=True):
        for left, picture in zip(range(GAP, sheet.shape[1], step), row, strict=True):
            cell = resize(picture, side, side).reshape(side, side, -1)
            sheet[top : top + side, left : left + side] = cell
    return sheet


def draw_captioned(sheet: np.ndarray, headings: Sequence[str], text: str) -> np.ndarray:
    """Writes a line of headings above a sheet and a text below it, such as who made the pictures.

    Args:
        sheet: uint8 RGB `(H, W, 3)`.
        headings: One for each column of equal width; none leaves the line out. Only ASCII letters
            are drawn.
        text: Wrapped to the width of the sheet.

    Returns:
        uint8 RGB, higher than the sheet by a line for each line of text.
    """
    width = sheet.shape[1]
    above = np.full((LINE if headings else 0, width, 3), WHITE, np.uint8)
    for number, heading in enumerate(headings):
        _write(above, heading, GAP + number * width // len(headings), LINE)
    lines = textwrap.wrap(text, max(1, (width - 2 * GAP) // LETTER))
    below = np.full((LINE * len(lines) + GAP, width, 3), WHITE, np.uint8)
    for number, line in enumerate(lines, start=1):
        _write(below, line, GAP, number * LINE)
    return np.concatenate([above, sheet, below])


def _write(picture: np.ndarray, text: str, left: int, bottom: int) -> None:
    import cv2

    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.45
    cv2.putText(picture, text, (left, bottom - 5), font, scale, (0, 0, 0), 1, cv2.LINE_AA)


def draw_records(
    sketches: np.ndarray,
    pictures: np.ndarray,
    palettes: np.ndarray,
    augmented: Mapping[str, Sequence[np.ndarray]] = MappingProxyType({}),
) -> np.ndarray:
    """Draws a row a record: sketch, picture, palette.

    Args:
        sketches: uint8 `(N, H, W)`.
        pictures: uint8 `(N, H, W, 3)`.
        palettes: uint8 `(N, 4, 4, 3)`.
        augmented: Name of an augmentation -> sketches, pictures and palettes of the same records,
            shown to the right of them under their names.
    """
    groups = {"stored": (sketches, pictures, palettes), **augmented}
    columns = [
        cells
        for s, pictures, colors in groups.values()
        for cells in (s, pictures, _swatches(colors))
    ]
    sheet = draw_sheet(list(zip(*columns, strict=True)), CELL)
    return draw_captioned(sheet, list(groups), "") if augmented else sheet


def draw_painting(
    sketch: np.ndarray, reference: np.ndarray | None, palette: np.ndarray, painted: np.ndarray
) -> np.ndarray:
    """Draws a painting as a row: sketch, reference where there is one, palette, painted.

    Args:
        sketch: uint8 gray or RGB of any size; pictures keep their aspect ratio.
        reference: uint8 RGB `(H, W, 3)` of any size, or None.
        palette: uint8 `(4, 4, 3)`.
        painted: uint8 RGB `(H, W, 3)`.
    """
    shown = [sketch, draw_palette(palette, SHOWN), painted]
    if reference is not None:
        shown.insert(1, reference)
    return draw_sheet([[fit_to_canvas(picture, SHOWN)[0] for picture in shown]], SHOWN)


def draw_results(
    sketches: np.ndarray,
    palettes: np.ndarray,
    truth: np.ndarray,
    painted: np.ndarray,
    references: np.ndarray,
    others: np.ndarray,
    repainted: np.ndarray,
) -> np.ndarray:
    """Draws a row a record: sketch, palette, painted, truth, reference, its palette, painted.

    Args:
        sketches: uint8 `(N, H, W)`.
        palettes: uint8 `(N, 4, 4, 3)`, the own ones.
        truth: uint8 `(N, H, W, 3)`, as are all pictures.
        painted: Painted with the own palettes.
        references: Other pictures.
        others: The palettes of the references.
        repainted: Painted with these.
    """
    swatches, other_swatches = _swatches(palettes), _swatches(others)
    columns = (sketches, swatches, painted, truth, references, other_swatches, repainted)
    return draw_sheet(list(zip(*columns, strict=True)), CELL)


def draw_attention(sketches: np.ndarray, maps: Sequence[np.ndarray]) -> np.ndarray:
    """Draws a row a sketch, uint8 `(N, H, W)`: it and its attention maps.

    Each gate has one of `maps`, float `(N, h, w)`, black = 0, nothing passes, to white = 1.
    """
    levels = [np.rint(255 * level).astype(np.uint8) for level in maps]
    return draw_sheet(list(zip(sketches, *levels, strict=True)), CELL)


def _swatches(palettes: np.ndarray) -> list[np.ndarray]:
    return [draw_palette(palette, CELL) for palette in palettes]
