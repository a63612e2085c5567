"""Pictures side by side: the contact sheets that programs write for people to look at."""

from collections.abc import Sequence

import numpy as np

from tf_deeppaint.images.pixels import WHITE, fit_to_canvas, resize
from tf_deeppaint.palette.extraction import BANDS, COLORS, split_bands
from tf_deeppaint.palette.named_colors import color_code

GAP = 4
CELL = 128
SHOWN = 256
# A band of a wide picture is drawn at most this wide beside its swatches.
BAND_WIDTH = 512

_FRAME = 160
_BLACK_FROM = 0.179


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
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            cell = resize(picture, side, side)
            top, left = GAP + i * step, GAP + j * step
            sheet[top : top + side, left : left + side] = (
                cell if cell.ndim == 3 else cell[..., None]
            )
    return sheet


def draw_palette(palette: np.ndarray, side: int) -> np.ndarray:
    """Draws a palette uint8 `(4, 4, 3)` as 4 x 4 swatches in a square: row band, column rank."""
    rows = np.arange(side) * BANDS // side
    columns = np.arange(side) * COLORS // side
    return palette[rows][:, columns]


def draw_swatches(palette: np.ndarray, picture: np.ndarray | None = None) -> np.ndarray:
    """Draws a palette for people: each color with its code on it, each band beside its colors.

    Args:
        palette: uint8 `(4, 4, 3)`.
        picture: uint8 RGB `(H, W, 3)` of any size that the palette is of, or None.

    Returns:
        uint8 RGB. A row a band: of the picture, if there is one, then the four swatches.
    """
    rows = [[_swatch(color) for color in band] for band in palette]
    if picture is not None:
        for row, band in zip(rows, split_bands(picture), strict=True):
            row.insert(0, _beside_swatches(band))
    width = GAP + sum(cell.shape[1] + GAP for cell in rows[0])
    sheet = np.full((BANDS * (CELL + GAP) + GAP, width, 3), WHITE, np.uint8)
    for number, row in enumerate(rows):
        left, top = GAP, GAP + number * (CELL + GAP)
        for cell in row:
            sheet[top : top + CELL, left : left + cell.shape[1]] = cell
            left += cell.shape[1] + GAP
    return sheet


def draw_records(sketches: np.ndarray, pictures: np.ndarray, palettes: np.ndarray) -> np.ndarray:
    """Draws a row a record: sketch, picture, palette.

    Args:
        sketches: uint8 `(N, H, W)`.
        pictures: uint8 `(N, H, W, 3)`.
        palettes: uint8 `(N, 4, 4, 3)`.

    Returns:
        The sheet, uint8 RGB.
    """
    swatches = [draw_palette(palette, CELL) for palette in palettes]
    return draw_sheet(list(zip(sketches, pictures, swatches, strict=True)), CELL)


def draw_painting(
    sketch: np.ndarray, reference: np.ndarray | None, palette: np.ndarray, painted: np.ndarray
) -> np.ndarray:
    """Draws one painting as a row: sketch, reference where there is one, palette, painted.

    Args:
        sketch: uint8 gray or RGB of any size.
        reference: uint8 RGB `(H, W, 3)` of any size, or None.
        palette: uint8 `(4, 4, 3)`.
        painted: uint8 RGB `(H, W, 3)`.

    Returns:
        The row, uint8 RGB; pictures keep their aspect ratio.
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
        painted: What was painted with the own palette.
        references: Other pictures.
        others: Their palettes.
        repainted: What was painted with these.

    Returns:
        The sheet, uint8 RGB.
    """
    own, other = ([draw_palette(p, CELL) for p in chosen] for chosen in (palettes, others))
    columns = (sketches, own, painted, truth, references, other, repainted)
    return draw_sheet(list(zip(*columns, strict=True)), CELL)


def draw_attention(sketches: np.ndarray, maps: Sequence[np.ndarray]) -> np.ndarray:
    """Draws a row a drawing: the sketch, then its attention maps; white is 1: all passes.

    Args:
        sketches: uint8 `(N, H, W)`.
        maps: float `(N, h, w)` in [0, 1], one a gate.

    Returns:
        The sheet, uint8 RGB.
    """
    levels = [np.rint(255 * level).astype(np.uint8) for level in maps]
    return draw_sheet(list(zip(sketches, *levels, strict=True)), CELL)


def _beside_swatches(band: np.ndarray) -> np.ndarray:
    """A band scaled to the height of a swatch, or to `BAND_WIDTH` and with white around it."""
    scale = min(CELL / band.shape[0], BAND_WIDTH / band.shape[1])
    height, width = (max(1, round(scale * side)) for side in band.shape[:2])
    cell = np.full((CELL, width, 3), WHITE, np.uint8)
    top = (CELL - height) // 2
    cell[top : top + height] = resize(band, height, width)
    return cell


def _swatch(color: np.ndarray) -> np.ndarray:
    """A square of a color with its code on it; a thin frame tells a white one from the sheet."""
    import cv2

    cell = np.full((CELL, CELL, 3), color, np.uint8)
    font, scale, code = cv2.FONT_HERSHEY_SIMPLEX, 0.7, color_code(color)
    (width, height), _ = cv2.getTextSize(code, font, scale, 1)
    ink = 0 if _luminance(color) > _BLACK_FROM else WHITE
    place = (CELL - width) // 2, (CELL + height) // 2
    cv2.putText(cell, code, place, font, scale, (ink, ink, ink), 1, cv2.LINE_AA)
    return cv2.rectangle(cell, (0, 0), (CELL - 1, CELL - 1), (_FRAME, _FRAME, _FRAME))


def _luminance(color: np.ndarray) -> float:
    """WCAG 2's relative luminance, 0..1; black contrasts more than white from 0.179 on."""
    level = color / 255
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))
