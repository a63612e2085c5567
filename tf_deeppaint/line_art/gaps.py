"""Gaps in lines: how wide they are, where regions touch, and how they join where no gap is."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tf_deeppaint.images.strips import frame_of
from tf_deeppaint.line_art.ink import working_factor

# The widest gap that is closed, in thousandths of the longer side: 2 %, and more for ragged ends.
GAP = 25
# Regions touch at a gap if at least a part of 1 / AHEAD of their contact lies ahead of an end.
AHEAD = 4
# The widest gap is at most the longer side, or a strip's shorter one, by this.
MOST_PART = 10


def tell_gap(gap: int | None, height: int, width: int) -> str:
    """One line that tells where a wider gap is to be closed than can be; otherwise empty.

    Args:
        gap: The widest gap that is to be closed, in pixels of the sketch; None: the usual one.
        height: Height of the sketch in pixels.
        width: Its width.
    """
    most = max(frame_of(height, width)) // MOST_PART
    if gap is None or gap <= most:
        return ""
    return f"gap={gap} is over a tenth of the side; gaps of up to {most} pixels are closed"


def working_gap(gap: int | None, height: int, width: int) -> int | None:
    """A gap in pixels of a sketch of some size, in pixels of its working size, rounded up."""
    return gap if gap is None else -(-gap // working_factor(height, width))


def ball_radii(height: int, width: int, gap: int | None = None) -> list[int]:
    """The radii of the balls in pixels, falling; the first does not fit through the widest gap."""
    if gap == 0:
        return []
    side = max(height, width)
    gap = GAP * side // 1000 if gap is None else min(gap, side // MOST_PART)
    largest = max(1, (gap + 1) // 2)
    return [largest, max(1, (largest + 1) // 2), 1]


def is_no_gap(contact, ahead, area, radius):
    """Which contacts of regions are no gap; NumPy's or TensorFlow's numbers.

    Args:
        contact: Sides of pixels along which two regions touch.
        ahead: Those of them ahead of the end of a line.
        area: Pixels of the smaller region.
        radius: Of the largest ball.
    """
    is_wide = (2 * contact > 3 * (2 * radius + 1)) & (4 * contact**2 >= area)
    return (AHEAD * ahead < contact) | is_wide


def is_nook(contact, _, area, radius):
    """Which contacts are those of nooks, smaller than a ball, as letters have; see `is_no_gap`."""
    return (4 * contact**2 >= area) & (area <= (2 * radius + 1) ** 2)


class Contacts(NamedTuple):
    """The sides of pixels along which regions touch, `(C,)` each.

    Attributes:
        first: The label on one side.
        second: The label on the other.
        places: The pixels on both sides, numbered in reading order, `(2, C)`.
        marked: How many of a side's marks there are, 0 or 1.
    """

    first: np.ndarray
    second: np.ndarray
    places: np.ndarray
    marked: np.ndarray

    def mark(self, marks: np.ndarray) -> "Contacts":
        """The contacts, marked where either pixel is, bool `(H, W)`."""
        one, other = marks.ravel()[self.places]
        return self._replace(marked=one | other)


def find_contacts(labels: np.ndarray) -> Contacts:
    """Finds where regions touch; labels are int32 `(H, W)`."""
    flat, places = labels.ravel(), []
    numbers = np.arange(labels.size, dtype=np.int32).reshape(labels.shape)
    for one, other in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        touching = (labels[one] != labels[other]) & (labels[one] > 0) & (labels[other] > 0)
        places.append([numbers[one][touching], numbers[other][touching]])
    places = np.concatenate(places, axis=1)
    first, second = flat[places].astype(np.int64)
    return Contacts(first, second, places, np.zeros(len(first), bool))


def join(joined: np.ndarray, areas: np.ndarray, contacts: Contacts, rule: Callable) -> np.ndarray:
    """Joins regions to larger ones that they touch: each to the one it touches longest.

    Args:
        joined: Label -> the label that it was joined to before, `(labels,)`.
        areas: Pixels of each label, before anything was joined.
        contacts: Where labels touch, before anything was joined.
        rule: Tells of arrays of labels, lengths of contact, their marked part, and areas of the
            labels' regions which contacts join.

    Returns:
        Label -> the label that it is joined to now.
    """
    count = len(joined)
    areas = np.bincount(joined, areas, count).astype(np.int64)
    first, second = joined[contacts.first], joined[contacts.second]
    parted = first != second
    first, second = first[parted], second[parted]
    pairs = np.concatenate([first * count + second, second * count + first])
    pairs, place, lengths = np.unique(pairs, return_inverse=True, return_counts=True)
    marks = np.bincount(place, np.tile(contacts.marked[parted], 2), len(pairs)).astype(np.int64)
    label, other = pairs // count, pairs % count
    is_larger = (areas[other] > areas[label]) | ((areas[other] == areas[label]) & (other < label))
    joins = rule(label, lengths, marks, areas[label]) & is_larger
    # The longest contact; of several the smallest label.
    best = np.zeros(count, np.int64)
    keys = lengths[joins] * count + (count - 1 - other[joins])
    np.maximum.at(best, label[joins], keys)
    target = np.where(best > 0, count - 1 - best % count, np.arange(count))
    for _ in range(8):  # each doubling follows chains twice as long
        target = target[target]
    return target[joined]
