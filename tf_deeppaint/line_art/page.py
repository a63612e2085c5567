"""What of a sketch's closed paper is the page itself: margins, panels, speech bubbles, lettering.

Nobody wants these colored. `serving.page` is the same in the TensorFlow graph.

* A region that touches all four sides of the sketch is the page, and so is a *margin*: narrow along
  a side, at least half as long as it, or the tip of a corner.
* Of a strip all is measured by a *frame*, a square of its short side: what touches both long sides
  and is a frame long is the page, and so is a *gutter*, an empty box from side to side.
* A *panel* follows all four sides of its bounding box, is large, and has something drawn in it.
* A *speech bubble* holds lettering and is surrounded by the page. *Letters* are small marks of ink
  in one region that stand in a row of three or more, each at most a height from the next. What is
  open to the bubble alone and smaller is the bubble too: beside lettering it has narrow ends.
* What letters enclose belongs to the page too.
"""

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np

# All numbers are whole, so that `serving.page` finds the same page in the graph.

# The most width of a margin, in percent of the longer side.
MARGIN_PERCENT = 3
# How far a panel's side may be from its bounding box, in thousandths of the sketch's longer side.
STRAIGHT = 12
# The least part of each side of a panel that lies along its bounding box, in percent. A figure may
# cross a side; a circle follows its box for a third of each.
SIDE_PERCENT = 55
# The least width and height of a panel, in percent of the sketch's.
PANEL_WIDTH = 25
PANEL_HEIGHT = 15
# The least part of a panel's box that is something else, in percent: an empty box is no panel.
PANEL_CONTENT = 3
# The most height of a letter in percent of the sketch's height, and its least height in pixels.
LETTER_PERCENT = 12
LETTER_PIXELS = 4
# The most width of a letter, in heights: letters that touch count as one.
LETTER_ASPECT = 3
# Letters of a row: tenths of the smaller height by which the middles differ, twice over since both
# are twice the middle; ...
BASELINE_SHIFT = 7
# ... how many times as high one may be as the next; and the most space between them, in heights.
HEIGHT_RATIO = 2
SPACING = 1
# What letters enclose lies in the box of one, or hangs over, as between two of them, by so many
# tenths of the letter's height, or pixels.
OVERHANG_TENTHS, OVERHANG_PIXELS = 3, 2
# More marks than this are hatching, not letters.
MOST_MARKS = 600
# The fewest letters of a speech bubble.
LETTERS = 3
# The least part of what is around a speech bubble that is the page, in percent.
SURROUNDED_PERCENT = 60
# How far that is looked for across lines, in thousandths of the longer side.
ACROSS_LINE = 20


class Boxes(NamedTuple):
    """The bounding boxes of labels, int `(labels,)` each; ends are included."""

    top: np.ndarray
    left: np.ndarray
    bottom: np.ndarray
    right: np.ndarray

    @property
    def height(self) -> np.ndarray:
        return self.bottom - self.top + 1

    @property
    def width(self) -> np.ndarray:
        return self.right - self.left + 1


def find_page(
    regions: np.ndarray, ink: np.ndarray, frame: tuple[int, int] | None = None
) -> np.ndarray:
    """Finds which regions are the page.

    Args:
        regions: int `(H, W)`, 0 for lines, 1, 2, .. for regions.
        ink: bool `(H, W)`, where lines are.
        frame: Height and width that all is measured by; None: the sketch's.

    Returns:
        bool `(regions + 1,)`; false for 0.
    """
    count = int(regions.max()) + 1
    height, width = frame or regions.shape
    boxes = _boxes(regions, count)
    is_page = touches_all_sides(boxes, height, width)
    is_page |= is_margin(boxes, *regions.shape, frame)
    is_page |= _find_panels(regions, boxes, (height, width))
    if regions.shape != (height, width):
        is_page |= _find_gutters(regions, boxes)
    is_page[0] = False

    _, marks, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=4)
    left, top, wide, tall, _ = stats.T.astype(np.int64)
    mark_boxes = Boxes(top, left, top + tall - 1, left + wide - 1)
    is_small = _are_small(mark_boxes, height)
    if is_small.sum() < LETTERS:  # so many stand in a row
        return is_page
    hosts = _find_hosts(marks, is_small, regions, count)
    is_letter = np.zeros(len(hosts), bool)
    for near in _part(mark_boxes, regions.shape, (height, width)):
        is_letter |= _find_letters(mark_boxes, hosts, is_small & near)
    if not is_letter.any():
        return is_page
    letters = np.bincount(hosts[is_letter], minlength=count)
    is_bubble = letters >= LETTERS
    is_bubble &= _is_surrounded(regions, boxes, is_page, max(height, width))
    is_bubble[0] = False
    is_page |= is_bubble | _find_ends(regions, is_bubble)

    # The regions in a letter's box, where the letter stands on the page.
    inked = np.flatnonzero(is_letter & is_page[hosts])
    inside = np.zeros(count, bool)
    for mark in inked:
        around = max(OVERHANG_PIXELS, OVERHANG_TENTHS * mark_boxes.height[mark] // 10)
        inside |= (
            (boxes.top >= mark_boxes.top[mark] - around)
            & (boxes.bottom <= mark_boxes.bottom[mark] + around)
            & (boxes.left >= mark_boxes.left[mark] - around)
            & (boxes.right <= mark_boxes.right[mark] + around)
        )
    inside[0] = False
    return is_page | inside


def touches_all_sides(boxes: Boxes, height: int, width: int) -> np.ndarray:
    """Which labels reach as far as a frame both ways; NumPy's or TensorFlow's numbers."""
    return (boxes.height >= height) & (boxes.width >= width)


def is_margin(
    boxes: Boxes, height: int, width: int, frame: tuple[int, int] | None = None
) -> np.ndarray:
    """Which labels are narrow and along a side; NumPy's or TensorFlow's numbers."""
    tall, wide = frame or (height, width)
    at_side = (boxes.top == 0) | (boxes.bottom == height - 1)
    at_end = (boxes.left == 0) | (boxes.right == width - 1)
    is_low = 100 * boxes.height <= MARGIN_PERCENT * tall
    is_narrow = 100 * boxes.width <= MARGIN_PERCENT * wide
    along = at_side & is_low & (at_end & is_narrow | (2 * boxes.width >= wide))
    return along | (at_end & is_narrow & (2 * boxes.height >= tall))


def _boxes(labels: np.ndarray, count: int) -> Boxes:
    # Runs of equal labels, none longer than a row: they are far fewer than pixels.
    starts = np.ones(labels.shape, bool)
    np.not_equal(labels[:, 1:], labels[:, :-1], out=starts[:, 1:])
    starts = np.flatnonzero(starts)
    ends = np.append(starts[1:], labels.size) - 1
    (rows, columns), last = np.divmod(starts, labels.shape[1]), ends % labels.shape[1]
    found, far = labels.ravel()[starts], max(labels.shape)
    top, left = np.full(count, far), np.full(count, far)
    bottom, right = np.full(count, -1), np.full(count, -1)
    np.minimum.at(top, found, rows)
    np.minimum.at(left, found, columns)
    np.maximum.at(bottom, found, rows)
    np.maximum.at(right, found, last)
    return Boxes(top, left, bottom, right)


def _find_gutters(regions: np.ndarray, boxes: Boxes) -> np.ndarray:
    """Which regions of a strip are gutters, bool `(regions + 1,)`."""
    height, width = regions.shape
    spans = boxes.width == width if height > width else boxes.height == height
    area = np.bincount(regions.ravel(), minlength=len(spans))
    box = boxes.height * boxes.width
    return spans & (100 * (box - area) < PANEL_CONTENT * box)


def _find_panels(regions: np.ndarray, boxes: Boxes, frame: tuple[int, int]) -> np.ndarray:
    """Which regions are panels, bool `(regions + 1,)`."""
    tolerance = max(2, STRAIGHT * max(frame) // 1000)
    is_large = (100 * boxes.height >= PANEL_HEIGHT * frame[0]) & (
        100 * boxes.width >= PANEL_WIDTH * frame[1]
    )
    is_large[0] = False
    is_panel = np.zeros_like(is_large)
    for label in np.flatnonzero(is_large):
        rows, columns = (
            slice(start[label], end[label] + 1)
            for start, end in ((boxes.top, boxes.bottom), (boxes.left, boxes.right))
        )
        box = regions[rows, columns] == label
        near = box[: tolerance + 1], box[-tolerance - 1 :]
        beside = box[:, : tolerance + 1], box[:, -tolerance - 1 :]
        sides = [part.any(axis=0) for part in near] + [part.any(axis=1) for part in beside]
        along = all(100 * side.sum() >= SIDE_PERCENT * side.size for side in sides)
        is_panel[label] = along and 100 * (~box).sum() >= PANEL_CONTENT * box.size
    return is_panel


def _are_small(boxes: Boxes, height: int) -> np.ndarray:
    """Which marks of ink have the size of letters, bool `(marks + 1,)`; false for 0."""
    is_small = (100 * boxes.height <= LETTER_PERCENT * height) & (boxes.height >= LETTER_PIXELS)
    is_small &= boxes.width <= LETTER_ASPECT * boxes.height
    is_small[0] = False
    return is_small


def _find_hosts(
    marks: np.ndarray, is_small: np.ndarray, regions: np.ndarray, count: int
) -> np.ndarray:
    """The region that each small mark of ink touches most, int `(marks + 1,)`; 0 for the others."""
    width = marks.shape[1] + 2
    around = np.pad(regions, 1).ravel()
    inked = np.flatnonzero(is_small.take(marks))
    mark = marks.ravel()[inked].astype(np.int64)
    rows, columns = np.divmod(inked, marks.shape[1])
    place = (rows + 1) * width + columns + 1
    touched = around[place + np.array([[1], [-1], [width], [-width]])]  # (4, N)
    pairs = (mark * count + touched)[touched > 0]
    pairs, contacts = np.unique(pairs, return_counts=True)
    best = np.zeros(len(is_small), np.int64)
    np.maximum.at(best, pairs // count, contacts * count + pairs % count)
    return best % count


def _part(
    boxes: Boxes, shape: tuple[int, int], frame: tuple[int, int]
) -> Iterator[np.ndarray | bool]:
    """Which marks of ink lie in a frame, for frames along a strip that overlap by a half."""
    if shape == frame:
        yield True
        return
    starts = boxes.top + boxes.bottom if shape[0] > shape[1] else boxes.left + boxes.right
    for start in range(0, 2 * max(shape), frame[0]):  # positions are twice the middle's
        yield (starts >= start) & (starts < start + 2 * frame[0])


def _find_letters(boxes: Boxes, hosts: np.ndarray, is_near: np.ndarray) -> np.ndarray:
    """Which marks of ink, of the small ones that are near, are letters, bool `(marks + 1,)`."""
    chosen = np.flatnonzero(is_near)
    is_letter = np.zeros(len(hosts), bool)
    if len(chosen) > MOST_MARKS:
        return is_letter
    tall = boxes.height[chosen]
    middle = (boxes.top + boxes.bottom)[chosen]
    least, most = np.minimum.outer(tall, tall), np.maximum.outer(tall, tall)
    gap = boxes.left[chosen][None] - boxes.right[chosen][:, None]
    # Row: a mark; column: the mark to its right.
    follows = (
        (hosts[chosen][:, None] == hosts[chosen][None])
        & (10 * np.abs(np.subtract.outer(middle, middle)) <= BASELINE_SHIFT * least)
        & (HEIGHT_RATIO * least >= most)
        & (gap > 0)
        & (gap <= SPACING * most)
    )
    is_middle = follows.any(axis=0) & follows.any(axis=1)
    beside = (follows & is_middle[None]).any(axis=1) | (follows & is_middle[:, None]).any(axis=0)
    is_letter[chosen] = is_middle | beside
    return is_letter


def _is_surrounded(regions: np.ndarray, boxes: Boxes, is_page: np.ndarray, side: int) -> np.ndarray:
    """Which regions have mostly the page on the other side of their lines, bool `(regions + 1,)`.

    Regions inside their own box do not count.
    """
    count = len(is_page)
    one, other, contacts = _pairs(regions, max(2, ACROSS_LINE * side // 1000), count)
    outside = _reaches_out(boxes, other, one)
    around = np.bincount(one, contacts * outside, count)
    page = np.bincount(one, contacts * (outside & is_page[other]), count)
    return 100 * page >= SURROUNDED_PERCENT * around


def _find_ends(regions: np.ndarray, is_bubble: np.ndarray) -> np.ndarray:
    """Which regions are open to a larger bubble, and to nothing else, bool `(regions + 1,)`."""
    count = len(is_bubble)
    area = np.bincount(regions.ravel(), minlength=count)
    one, other, _ = _pairs(regions, 1, count)
    is_open = is_bubble[other] & (area[one] < area[other])
    touching, of_these = np.bincount(one, minlength=count), np.bincount(one, is_open, count)
    return (touching > 0) & (touching == of_these)


def _pairs(regions: np.ndarray, reach: int, count: int) -> tuple[np.ndarray, ...]:
    """Pairs of regions that are `reach` pixels apart somewhere, both ways round, and how often."""
    pairs = []
    for first, second in (
        (regions[:, :-reach], regions[:, reach:]),
        (regions[:-reach], regions[reach:]),
    ):
        apart = (first != second) & (first > 0) & (second > 0)
        one, other = first[apart].astype(np.int64), second[apart].astype(np.int64)
        pairs += [one * count + other, other * count + one]
    pairs, contacts = np.unique(np.concatenate(pairs), return_counts=True)
    return pairs // count, pairs % count, contacts


def _reaches_out(boxes: Boxes, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Whether one region reaches out of the other's box, for pairs of them."""
    return (
        (boxes.top[one] < boxes.top[other])
        | (boxes.bottom[one] > boxes.bottom[other])
        | (boxes.left[one] < boxes.left[other])
        | (boxes.right[one] > boxes.right[other])
    )
