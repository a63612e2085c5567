"""Color from the network's canvas up to the sketch's own size, and the sketch's lines over it.

A pixel is interpolated between its patch of paper (see `patches`) and those that this one touches
in the next cells. A patch that fills its cell has the color of the canvas. In other cells the
network mixed colors across a line: their patches listen to the patches they touch, the more, the
smaller they are.
"""

import math

import cv2
import numpy as np

from tf_deeppaint.images.canvas import resize
from tf_deeppaint.line_art.regions import PAPER
from tf_deeppaint.painting import patches
from tf_deeppaint.painting.patches import Axis, Patches, Strip

# How fast the trust in a patch's own color falls with its share of the cell. At 16 one of nine
# tenths listens more than it insists; flat colors, averaged to cells and enlarged 16 times, then
# come back to within 4 levels right up to thin lines.
_CAUTION = 16
_LEAST_TRUST = 1e-9
# How many cells far color flows into a narrow end.
_ROUNDS = 4
# Dark areas more cells than this from paper are no lines, but have a color of their own.
_HALF_LINE = 3

_AROUND = np.ones((3, 3), np.uint8)


def upsample_color(color: np.ndarray, sketch: np.ndarray) -> np.ndarray:
    """Enlarges color so that none of it crosses a line of the sketch.

    Away from lines it is interpolated bilinearly. Paper too narrow to fill a cell takes the
    color of what it is connected to, and else that of the cells it lies in. Lines, up to six
    cells thick, have the color of the nearest paper, also under their soft edges; wider dark
    areas have the canvas's. Small gaps in lines join no more than the cells they lie in.

    Args:
        color: uint8 RGB `(h, w, 3)`, the colors without the lines.
        sketch: uint8 `(H, W)`, the same cut of the drawing. Where it is the smaller of the two,
            colors are averaged.

    Returns:
        uint8 RGB `(H, W, 3)`. Beside it memory is taken for two bytes a pixel, and for the strip
        that is worked on.
    """
    height, width = sketch.shape
    color = resize(color, min(height, color.shape[0]), min(width, color.shape[1]))
    rows, columns = map(Axis.measure, sketch.shape, color.shape[:2])
    reach = math.ceil(_HALF_LINE * max(height / color.shape[0], width / color.shape[1]))
    paper = _find_paper(sketch, reach)
    found = Patches(paper, rows, columns)
    around, place = _look_around(found, color)
    enlarged = cv2.resize(color, (width, height), interpolation=cv2.INTER_LINEAR)
    for strip in found.strips:
        _paint(enlarged, color, found, around, place, strip)
    _spread_under_lines(enlarged, paper, reach)
    return enlarged


def _find_paper(sketch: np.ndarray, reach: int) -> np.ndarray:
    """1 where there is paper, or no paper within `reach` pixels; 0 on lines."""
    paper = (sketch >= PAPER).astype(np.uint8)
    # A sum stops at 255 and so is 0 only where there is none. Unlike erosion it takes no longer
    # the wider it is.
    near = cv2.boxFilter(
        paper, -1, (2 * reach + 1, 2 * reach + 1), normalize=False, borderType=cv2.BORDER_CONSTANT
    )
    return paper | (near == 0)


def _look_around(found: Patches, color: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The color of each patch near lines, in the middle, and of what it touches around.

    Most patches of most sketches fill their cells, and those around do too: there the canvas is
    interpolated plainly, and nobody asks what they touch.

    Args:
        found: The patches.
        color: uint8 `(h, w, 3)`, the canvas.

    Returns:
        float32 `(P, 3, 3, 4)`: color and 1, or zeros where nothing is; and int `(patches + 1,)`:
        each patch's place therein. Place 0 is for patches not near lines; all zeros are there.
    """
    settled = np.empty((len(found.cells), 4), np.float32)
    settled[:, :3] = _settle(found, color.reshape(-1, 3)[found.cells])
    settled[:, 3] = 1
    filled = np.zeros(color.shape[:2], np.uint8)
    filled.ravel()[found.cells[found.shares == 1]] = 1
    # A corner is asked of the cells between: these are looked around too, and then forgotten.
    asked, needed = (
        np.flatnonzero(cv2.erode(filled, _AROUND, iterations=n).ravel()[found.cells[1:]] == 0) + 1
        for n in (2, 1)
    )
    place = _places(asked, len(found.cells))
    around = np.zeros((len(asked) + 1, 3, 3, 4), np.float32)
    around[1:, 1, 1] = settled[asked]
    steps = {}
    for contacts, before, after in (
        (found.downwards, (0, 1), (2, 1)),
        (found.sideways, (1, 0), (1, 2)),
    ):
        steps[before] = _contacts_of(contacts[[1, 0, 2]], place)
        steps[after] = _contacts_of(contacts, place)
    for (y, x), step in steps.items():
        around[:, y, x] = _mean(_gather(settled, step, len(around)))
        step[1] = place[step[1]]
    for y in (0, 2):
        for x in (0, 2):
            # Two ways lead to a corner, and lines may close either.
            upright = _gather(around[:, 1, x], steps[y, 1], len(around))
            sideways = _gather(around[:, y, 1], steps[1, x], len(around))
            around[:, y, x] = _mean(upright + sideways)
    # Place 0 touches nothing, and so has stayed zeros.
    return around[np.append(0, place[needed])], _places(needed, len(found.cells))


def _settle(found: Patches, own: np.ndarray) -> np.ndarray:
    """The patches' colors after listening to each other, float64 `(patches + 1, 3)`.

    Those that fill their cells trust themselves alone.
    """
    listeners = np.flatnonzero(found.shares[1:] < 1) + 1
    place = _places(listeners, len(own))
    contacts = np.hstack([found.sideways, found.downwards])
    contacts = _contacts_of(np.hstack([contacts, contacts[[1, 0, 2]]]), place)
    trust = np.maximum(found.shares**_CAUTION, _LEAST_TRUST)[:, None]
    length = np.bincount(contacts[0], contacts[2], minlength=len(listeners) + 1)[1:, None]
    doubt = (1 - trust[listeners]) / np.maximum(length, 1)
    insisted = trust[listeners] * own[listeners]
    settled = own.astype(np.float64)
    for _ in range(_ROUNDS):
        said = np.hstack([trust * settled, trust])
        heard = doubt * _gather(said, contacts, len(listeners) + 1)[1:]
        settled[listeners] = (insisted + heard[:, :3]) / (trust[listeners] + heard[:, 3:])
    return settled


def _places(some: np.ndarray, count: int) -> np.ndarray:
    """Numbers some of `count` patches from 1, int `(count,)`; the others have 0."""
    place = np.zeros(count, np.intp)
    place[some] = np.arange(1, len(some) + 1)
    return place


def _contacts_of(contacts: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The contacts of the patches that have a place, which replaces the patch's number."""
    contacts = contacts[:, place[contacts[0]] > 0]
    contacts[0] = place[contacts[0]]
    return contacts


def _gather(values: np.ndarray, contacts: np.ndarray, count: int) -> np.ndarray:
    """Sums for each of `count` places over what it touches, times the length: `(count, C)`."""
    place, other, length = contacts
    told = values[other] * length[:, None]
    return np.stack([np.bincount(place, part, minlength=count) for part in told.T], axis=-1)


def _mean(sums: np.ndarray) -> np.ndarray:
    """Sums of colors and of their weights -> the mean color and 1, or zeros."""
    return sums / np.where(sums[:, 3:] > 0, sums[:, 3:], 1)


def _paint(
    enlarged: np.ndarray,
    color: np.ndarray,
    found: Patches,
    around: np.ndarray,
    place: np.ndarray,
    strip: Strip,
) -> None:
    """Paints the pixels of a strip that are not interpolated plainly."""
    rows, columns, numbers = found.rows, found.columns, found.numbers(strip)
    strip_pixels = enlarged[strip.rows]
    y, x = np.nonzero((numbers == 0) & (found.paper[strip.rows] > 0))
    strip_pixels[y, x] = color[rows.cell[strip.rows][y], columns.cell[x]]
    numbers = place[numbers]
    starts, lengths = _runs(numbers, columns)
    y, x = np.divmod(starts, numbers.shape[1])
    near = around[numbers.ravel()[starts]]
    run = np.arange(len(starts))
    share = rows.share[strip.rows][y][:, None, None]
    upright = (1 - share) * near[:, 1] + share * near[run, rows.side[strip.rows][y]]
    own, other = upright[:, 1], upright[run, columns.side[x]]
    # Along a run the share of the next column grows or falls steadily.
    inside = numbers > 0
    share = np.broadcast_to(columns.share, numbers.shape)[inside][:, None]
    pixels = own.repeat(lengths, axis=0) + share * (other - own).repeat(lengths, axis=0)
    strip_pixels[inside] = np.rint(pixels[:, :3] / pixels[:, 3:])


def _runs(numbers: np.ndarray, columns: Axis) -> tuple[np.ndarray, np.ndarray]:
    """Where pixels of one patch in one half of its cell begin, row by row, and how many follow."""
    begins = np.ones(numbers.shape, bool)
    begins[:, 1:] = numbers[:, 1:] != numbers[:, :-1]
    begins[:, 1:] |= (np.diff(columns.cell) != 0) | (np.diff(columns.side) != 0)
    starts = np.flatnonzero(begins)
    lengths = np.diff(starts, append=numbers.size)
    kept = numbers.ravel()[starts] > 0
    return starts[kept], lengths[kept]


def _spread_under_lines(enlarged: np.ndarray, paper: np.ndarray, reach: int) -> None:
    """Gives the pixels of lines the color of the nearest paper, which is within `reach`."""
    margin = 2 * reach
    strip = max(patches.STRIP, margin)
    for top in range(0, len(paper), strip):
        around = slice(max(0, top - margin), top + strip + margin)
        lines = 1 - paper[around]
        mine = slice(top - around.start, top - around.start + strip)
        under = lines[mine] > 0
        if not under.any():
            continue
        # Paper is numbered from 1 in reading order.
        _, nearest = cv2.distanceTransformWithLabels(
            lines, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
        )
        places = np.flatnonzero(lines == 0)[nearest[mine][under] - 1]
        enlarged[top : top + strip][under] = enlarged[around].reshape(-1, 3)[places]
