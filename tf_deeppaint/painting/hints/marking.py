"""The regions that a hint marks, and those of its color.

A dot marks the region under it, or that into whose line it falls. A stroke marks the regions that
it runs through: each that has a fair part of the stroke, or that is mostly covered by it. A slip
over a line into the next region does not count, nor do ends on the page around a figure.

The page is many parts that lines enclose: the paper around a figure, panels, speech bubbles. A hint
takes the part that it marks out of the page, which is a region from then on.
"""

import numpy as np

from tf_deeppaint.line_art.regions import LINE_REACH, PAGE, grow
from tf_deeppaint.painting.hints.hint import Hint
from tf_deeppaint.painting.region_colors import RegionMixtures, leading_slot, merge_equal
from tf_deeppaint.palette.mixing import SLOTS
from tf_deeppaint.palette.shades import find_shades
from tf_deeppaint.utils.errors import DeepPaintError

# The part of a stroke that a region has at least, one in so many; of a stroke through more than
# half as many regions it is half of an even share.
FAIR_PART = 10
# A stroke covers a region mostly from this part of its pixels on, one in so many.
COVERED_PART = 2
# The part of a stroke that lies on a part of the page which it marks, one in so many.
PAGE_PART = 2
# The most different colors of hints; layers number colors in a byte.
MOST_COLORS = 200


def apply_hint(
    regions: RegionMixtures, hint: Hint, palette: np.ndarray, shape: tuple[int, int]
) -> RegionMixtures:
    """Gives the regions that a hint marks its color.

    Args:
        regions: The regions; they are not changed.
        hint: The hint.
        palette: uint8 `(4, 4, 3)`; which of its colors are shades of one another, as
            `shades.find_shades` tells, counts for hints that change all of a color.
        shape: Height and width of the sketch in pixels.

    Raises:
        DeepPaintError: the hint lies beside the picture or where no region is, or it is of one
            color too many.
    """
    labels, parts = find_marked(regions, hint, shape)
    if hint.everywhere:
        slots = regions.slots(palette)
        leading = leading_slot(regions.mixtures, merge_equal(slots))
        alike = np.eye(len(slots), dtype=bool)
        alike[:SLOTS, :SLOTS] = find_shades(palette)
        same = alike[leading[labels]].any(axis=0)[leading]
        same[: PAGE + 1] = False
        # An empty label leads with slot 0, but has no pixel that could change.
        labels = np.flatnonzero(same)
        parts = np.unique(regions.pages[regions.pages > 0]) if len(parts) else parts
    regions, slot = _with_color(regions, hint.color)
    if len(parts):
        regions, taken = _take_from_page(regions, parts)
        labels = np.concatenate([labels, taken])
    mixtures = regions.mixtures.copy()
    mixtures[labels] = np.arange(mixtures.shape[1]) == slot
    return regions._replace(mixtures=mixtures)


def check_inside(hint: Hint, shape: tuple[int, int]) -> np.ndarray:
    """The points of a hint, int `(N, 2)`; raises DeepPaintError if one lies beside the sketch."""
    points = np.array(hint.points)
    height, width = shape
    beside = (points < 0).any(axis=1) | (points >= (width, height)).any(axis=1)
    if beside.any():
        x, y = points[beside][0].tolist()
        raise DeepPaintError(
            f"the hint at x={x}, y={y} lies beside the picture of {width} x {height} pixels"
        )
    return points


def find_marked(
    regions: RegionMixtures, hint: Hint, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Finds what a hint marks; see the module.

    Returns:
        Labels of regions, and numbers of parts of the page, rising, int each.
    """
    rows, columns = _to_working(hint, regions.labels.shape, shape)
    labels, pages = regions.labels[rows, columns], regions.pages[rows, columns]
    if not labels.any():  # on lines alone
        labels, pages = _under_lines(regions, rows, columns)
    # Parts of the page are counted below zero.
    places = np.where(labels == PAGE, -pages, labels)
    marked, counts = np.unique(places[places != 0], return_counts=True)
    if not len(marked):
        x, y = hint.points[0]
        raise DeepPaintError(f"the hint at x={x}, y={y} lies where no region is, in wide black")
    is_fair = counts * max(FAIR_PART, 2 * len(marked)) >= counts.sum()
    if len(marked) > 1:
        is_fair |= counts * COVERED_PART >= _areas(regions, marked)
        is_fair &= (marked > 0) | (counts * PAGE_PART >= counts.sum())
    marked = marked[is_fair] if is_fair.any() else marked[[counts.argmax()]]
    return marked[marked > 0], -marked[marked < 0][::-1]


def _to_working(
    hint: Hint, working: tuple[int, int], shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the pixels of the working size that a hint marks, each once."""
    points = check_inside(hint, shape)
    factor = max(-(-side // cells) for side, cells in zip(shape, working, strict=True))
    rows, columns = (points // factor).T[::-1]
    pixels = np.unique(rows * working[1] + columns)
    return np.divmod(pixels, working[1])


def _under_lines(
    regions: RegionMixtures, rows: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The labels and parts of the page that reach into lines at some pixels."""
    top, left = (max(0, axis.min() - LINE_REACH) for axis in (rows, columns))
    around = np.s_[top : rows.max() + LINE_REACH + 1, left : columns.max() + LINE_REACH + 1]
    count = len(regions.mixtures)
    places = np.where(regions.labels == PAGE, count + regions.pages, regions.labels)[around]
    grown = grow(places, LINE_REACH)[rows - top, columns - left]
    is_page = grown >= count
    return np.where(is_page, PAGE, grown), np.where(is_page, grown - count, 0)


def _areas(regions: RegionMixtures, marked: np.ndarray) -> np.ndarray:
    """Pixels of regions, and of parts of the page by negative numbers, int of the same shape."""
    labels = np.bincount(regions.labels.ravel())
    pages = np.bincount(regions.pages.ravel())
    return np.array([labels[place] if place > 0 else pages[-place] for place in marked])


def _with_color(regions: RegionMixtures, color: tuple[int, int, int]) -> tuple[RegionMixtures, int]:
    """The regions with one more color that they can be mixed of, and its place."""
    first = regions.mixtures.shape[1] - len(regions.hinted)
    known = np.flatnonzero((regions.hinted == color).all(axis=1))
    if len(known):
        return regions, first + int(known[0])
    if len(regions.hinted) >= MOST_COLORS:
        raise DeepPaintError(f"hints of over {MOST_COLORS} different colors; use fewer")
    hinted = np.concatenate([regions.hinted, np.uint8([color])])
    mixtures = np.pad(regions.mixtures, ((0, 0), (0, 1)))
    return regions._replace(hinted=hinted, mixtures=mixtures), mixtures.shape[1] - 1


def _take_from_page(
    regions: RegionMixtures, parts: np.ndarray
) -> tuple[RegionMixtures, np.ndarray]:
    """Makes parts of the page regions; returns their labels too."""
    count = len(regions.mixtures)
    taken = np.arange(count, count + len(parts))
    table = np.zeros(max(int(regions.pages.max()), int(parts.max())) + 1, np.int32)
    table[parts] = taken
    new = table[regions.pages]
    labels = np.where(new > 0, new, regions.labels)
    pages = np.where(new > 0, 0, regions.pages)
    mixtures = np.pad(regions.mixtures, ((0, len(parts)), (0, 0)))
    return regions._replace(labels=labels, mixtures=mixtures, pages=pages), taken
