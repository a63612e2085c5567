"""Files of hints: a transparent PNG of dots and strokes, or JSON.

The PNG has the size of the sketch and is drawn on a layer over it in any paint program: opaque
marks on transparency. Marks of about one color that hang together are one stroke.

JSON lists hints, in pixels from the left and the top:

    [{"x": 120, "y": 80, "color": "#c81e28"},
     {"points": [[10, 20], [60, 25]], "color": "#3b5dc9", "everywhere": true}]
"""

import json
import os

import cv2
import numpy as np

from tf_deeppaint.images.decoding import decode_strip_rgba, read_size
from tf_deeppaint.images.strips import is_large
from tf_deeppaint.line_art.ink import working_factor
from tf_deeppaint.painting.hints.hint import MOST_PIXELS, Hint, trace_length
from tf_deeppaint.painting.hints.marking import MOST_COLORS, check_inside
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.files import read_bytes

SUFFIXES = (".png", ".json")
MAX_JSON_BYTES = 2**21
MOST_HINTS = 4096
# From this opacity on a pixel is a mark; brushes are soft at their edges.
_OPAQUE = 128
# Levels by which the pixels of a stroke may differ from its most frequent color, in each channel.
_NEAR = 40
# Where two strokes overlap softly, a seam of a third color is neither: as thin as two pixels, and
# beside a stroke so many times as large.
_SEAM_PART = 8
_DOT, _STROKE = {"x", "y", "color"}, {"points", "color"}


def load_hints(path: str | os.PathLike, shape: tuple[int, int]) -> list[Hint]:
    """Loads the hints of a sketch; see the module.

    Args:
        path: A `.json` file, or a picture with transparency.
        shape: Height and width of the sketch in pixels.

    Raises:
        DeepPaintError: no such file; a picture of another size, without transparency or without
            marks; JSON of something else; a hint beside the sketch; too many hints.
    """
    name = str(path)
    if name.lower().endswith(".json"):
        hints = hints_from_json(read_bytes(path, MAX_JSON_BYTES), name)
    else:
        hints = hints_from_picture(read_bytes(path), name, shape)
    for number, hint in enumerate(hints, start=1):
        try:
            check_inside(hint, shape)
        except DeepPaintError as error:
            raise DeepPaintError(f"{name}: {number}. hint: {error}") from error
    return hints


def hints_from_json(data: bytes, name: str) -> list[Hint]:
    """Decodes hints of the JSON file called `name`; see `load_hints` for the errors."""
    if len(data) > MAX_JSON_BYTES:
        raise DeepPaintError(f"{name}: over {MAX_JSON_BYTES >> 10} KiB; that is no list of hints")
    try:
        listed = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise DeepPaintError(f"{name}: is no JSON; see docs/hints.md for files of hints") from error
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise DeepPaintError(
            f'{name}: no list of hints; write [{{"x": 10, "y": 20, "color": "#c81e28"}}]'
        )
    if len(listed) > MOST_HINTS:
        raise DeepPaintError(f"{name}: {len(listed)} hints; {MOST_HINTS} at most")
    hints, pixels = [], 0
    for number, item in enumerate(listed, start=1):
        hints.append(_parse(item, f"{name}: {number}. hint"))
        # Lines are traced pixel by pixel, those that lie over each other too.
        pixels += trace_length(item["points"]) if "points" in item else 1
        if pixels > MOST_PIXELS:
            raise DeepPaintError(f"{name}: strokes of over {MOST_PIXELS} pixels; use several files")
    return hints


def _parse(item: dict, name: str) -> Hint:
    keys, everywhere = item.keys() - {"everywhere"}, item.get("everywhere", False)
    if keys not in (_DOT, _STROKE):
        raise DeepPaintError(f"{name}: has other keys than x, y and color, or points and color")
    if not isinstance(everywhere, bool):
        raise DeepPaintError(f"{name}: everywhere is true or false")
    corners = item["points"] if keys == _STROKE else [(item["x"], item["y"])]
    if not isinstance(corners, list):
        raise DeepPaintError(f"{name}: points is a list of [x, y]")
    try:
        return Hint.stroke(corners, item["color"], everywhere)
    except DeepPaintError as error:
        raise DeepPaintError(f"{name}: {error}") from error


def hints_from_picture(data: bytes, name: str, shape: tuple[int, int]) -> list[Hint]:
    """Decodes the hints of a picture file called `name`; see `load_hints`.

    A hint marks the middles of the pixels of the working size that its stroke touches.
    """
    size = read_size(data, name)  # before the pixels are decoded
    if size != shape:
        (height, width), (expected_height, expected_width) = size, shape
        raise DeepPaintError(
            f"{name}: {width} x {height} pixels, but the sketch has {expected_width} x "
            f"{expected_height}; hints are drawn on a layer of the sketch's size"
        )
    if is_large(*shape):
        raise DeepPaintError(f"{name}: too large for a picture of hints; list them as JSON")
    rgba = decode_strip_rgba(data, name)
    is_opaque = rgba.shape[:2] != shape or rgba[..., 3].min() >= _OPAQUE
    if is_opaque:
        raise DeepPaintError(
            f"{name}: is not transparent; draw the hints on a transparent layer and save it alone"
        )
    factor = working_factor(*shape)
    strokes = _find_strokes(_most_opaque(rgba, factor), name)
    half, last = factor // 2, np.array(shape)[::-1] - 1
    return [
        Hint(tuple(map(tuple, np.minimum(cells * factor + half, last).tolist())), color)
        for cells, color in strokes
    ]


def _most_opaque(rgba: np.ndarray, factor: int) -> np.ndarray:
    """The most opaque pixel of each cell of `factor` x `factor` pixels, `(h, w, 4)`."""
    rows = []
    for top in range(0, len(rgba), factor):
        strip = rgba[top : top + factor]
        padded = np.pad(strip, ((0, 0), (0, -strip.shape[1] % factor), (0, 0)))
        cells = padded.reshape(len(strip), -1, factor, 4).swapaxes(0, 1)
        cells = cells.reshape(len(cells), -1, 4)
        rows.append(cells[np.arange(len(cells)), cells[..., 3].argmax(axis=1)])
    return np.stack(rows)


def _find_strokes(cells: np.ndarray, name: str) -> list[tuple[np.ndarray, tuple[int, int, int]]]:
    """The strokes of a small picture: their pixels, int `(N, 2)` as x and y, and their colors."""
    groups, colors = _group_colors(cells, name)
    parts, sizes, of_color = np.zeros(groups.shape, np.int32), [0], [0]
    for number in range(1, len(colors) + 1):
        count, found = cv2.connectedComponents((groups == number).astype(np.uint8))
        parts += np.where(found > 0, found + len(sizes) - 1, 0)
        sizes += np.bincount(found.ravel(), minlength=count)[1:].tolist()
        of_color += [number] * (count - 1)
    if len(sizes) > MOST_HINTS:
        raise DeepPaintError(f"{name}: over {MOST_HINTS} dots and strokes; draw fewer")
    is_stroke = ~_find_seams(parts, np.array(sizes))
    is_stroke[0] = False
    pixels = np.flatnonzero(is_stroke[parts])
    if not len(pixels):
        raise DeepPaintError(f"{name}: there is no dot or stroke in it; draw some, or leave it out")
    order = np.argsort(parts.ravel()[pixels], kind="stable")
    pixels = pixels[order]
    rows, columns = np.divmod(pixels, parts.shape[1])
    marked = parts.ravel()[pixels]
    ends = np.flatnonzero(np.diff(marked)) + 1
    cut = np.split(np.stack([columns, rows], axis=1), ends)
    return [(points, colors[of_color[parts[points[0, 1], points[0, 0]]] - 1]) for points in cut]


def _group_colors(cells: np.ndarray, name: str) -> tuple[np.ndarray, list[tuple[int, int, int]]]:
    """Numbers the marks by color, from 1, int32 `(h, w)`: the most frequent color comes first."""
    groups = np.zeros(cells.shape[:2], np.int32)
    left = np.flatnonzero(cells[..., 3] >= _OPAQUE)
    rgb = cells[..., :3].reshape(-1, 3)[left].astype(np.int32)
    codes, colors = rgb @ (1 << 16, 1 << 8, 1), []
    while len(left):
        if len(colors) == MOST_COLORS:
            raise DeepPaintError(
                f"{name}: over {MOST_COLORS} colors; draw each dot or stroke in one color"
            )
        values, counts = np.unique(codes, return_counts=True)
        code = int(values[counts.argmax()])
        color = (code >> 16, code >> 8 & 255, code & 255)
        colors.append(color)
        is_near = (np.abs(rgb - color) <= _NEAR).all(axis=1)
        groups.ravel()[left[is_near]] = len(colors)
        left, rgb, codes = left[~is_near], rgb[~is_near], codes[~is_near]
    return groups, colors


def _find_seams(parts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Which marks are seams of two others, bool `(marks + 1,)`."""
    window = np.ones((3, 3), np.uint8)
    around = cv2.dilate(sizes[parts].astype(np.float32), window)  # the largest mark next to it
    neighbor = np.zeros(len(sizes))
    np.maximum.at(neighbor, parts.ravel(), around.ravel())
    whole = cv2.dilate(parts.astype(np.float32), window) == parts
    whole &= cv2.erode(parts.astype(np.float32), window) == parts
    is_thick = np.zeros(len(sizes), bool)
    is_thick[parts[whole]] = True
    return ~is_thick & (neighbor >= _SEAM_PART * sizes)
