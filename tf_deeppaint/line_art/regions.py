"""Regions: the paper that the lines of a sketch part, and what is measured in them.

`find_regions` is the one definition of a region. Everything that needs regions takes the labels it
returns. `serving.regions` is the same function in the TensorFlow graph, equal label by label.

A figure that ends in the middle of the page is closed below first; see `cut_off`.

Lines of drawings have gaps. As in trapped-ball filling (Zhang et al., "Vectorizing Cartoon
Animations", IEEE TVCG 2009) a ball that does not fit through a gap fills the paper on either side:

1. Balls, here squares, of falling size fill the paper. What a ball of one size fills without
   leaving paper is a region; smaller balls fill what the larger ones left.
2. What no ball fits into joins the region that it touches longest, or is a region of its own.
3. Not every narrow passage is a gap: a gap lies ahead of the end of a line. Regions that touch
   elsewhere are one, as between an arm and the body. So are those that touch along more than a gap
   and at least half the square root of the smaller one's area. At last nooks join: regions smaller
   than a ball, but as wide open.
4. Regions that are the page, panels and speech bubbles among them, are one; see `page`.
"""

import cv2
import numpy as np

from tf_deeppaint.images.canvas import Placement
from tf_deeppaint.images.strips import is_strip
from tf_deeppaint.line_art.gaps import (
    Contacts,
    ball_radii,
    find_contacts,
    is_no_gap,
    is_nook,
    join,
    working_gap,
)
from tf_deeppaint.line_art.ink import to_working_size, working_factor
from tf_deeppaint.line_art.layout.cut_off import close_below
from tf_deeppaint.line_art.layout.framing import PAPER
from tf_deeppaint.line_art.line_ends import find_ahead
from tf_deeppaint.line_art.page import find_page

# How often regions join: a joined region may touch a third one longer.
JOINS = 3
# How many pixels regions reach into lines, at the working size and on the network's canvas. What is
# dark and wider has no region.
LINE_REACH, CANVAS_REACH = 12, 6
# The label of the page.
PAGE = 1


def find_regions(
    sketch: np.ndarray, gap: int | None = None, frame: tuple[int, int] | None = None
) -> np.ndarray:
    """Labels the regions of a sketch; paper that is open to the sketch's edge is one too.

    Args:
        sketch: uint8 `(H, W)`, dark lines on light paper; large ones are better brought to the
            working size first.
        gap: The widest gap that is closed, in pixels; 0 closes none, None those of 2 % of the
            longer side.
        frame: Height and width that gaps and the page are measured by, a strip's frame; None: the
            sketch's.

    Returns:
        int32 `(H, W)`: 0 for lines, 1 for the page, 2, 3, .. for the regions, without a gap.
    """
    return find_parts(sketch, gap, frame)[0]


def find_parts(
    sketch: np.ndarray, gap: int | None = None, frame: tuple[int, int] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Finds the regions of a sketch, and what the page is made of; see `find_regions`.

    Returns:
        The regions, as `find_regions` returns them; and int32 `(H, W)`: on the page the number of
        the part that lines with their gaps closed enclose, 1 or more; 0 elsewhere.
    """
    paper = sketch >= PAPER
    if frame is None and gap != 0:
        paper = close_below(paper)
    frame = frame or sketch.shape
    radii = ball_radii(*frame, gap)
    labels, balls = _fill_with_balls(paper, radii)
    # Joining regions changes labels alone: where they touch is looked for once.
    contacts = find_contacts(labels)
    areas = np.bincount(labels.ravel())
    joined = join(np.arange(len(areas)), areas, contacts, lambda label, *_: label > balls)
    if radii:
        frames = -(-sketch.size // (frame[0] * frame[1]))
        ahead = find_ahead(~paper, 3 * radii[0] // 2 + 1, frames)
        joined = _join_parted(joined, areas, contacts.mark(ahead), radii[0])
    labels = joined.astype(np.int32).take(labels)
    is_region = np.bincount(joined, areas)[: labels.max() + 1] > 0
    is_page = find_page(labels, ~paper, frame)
    is_region &= ~is_page
    is_region[0] = False
    numbers = np.where(is_region, PAGE + np.cumsum(is_region), np.where(is_page, PAGE, 0))
    regions = numbers.astype(np.int32).take(labels)
    return regions, labels * (regions == PAGE)


def _fill_with_balls(paper: np.ndarray, radii: list[int]) -> tuple[np.ndarray, int]:
    """Fills paper, bool `(H, W)`, with balls of falling radius, and labels what no ball fits into.

    Returns:
        int32 `(H, W)`, 0 for lines; and the last label that balls gave.
    """
    labels, count, free = np.zeros(paper.shape, np.int32), 0, paper.copy()
    for radius in radii:
        ball = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
        # Balls may hang over the edge.
        centers = cv2.erode(
            free.astype(np.uint8), ball, borderType=cv2.BORDER_CONSTANT, borderValue=1
        )
        new_count, new = cv2.connectedComponents(centers, connectivity=4)
        filled = cv2.dilate(to_dilatable(new), ball).astype(np.int32)
        np.add(filled, count, out=filled, where=filled > 0)
        np.copyto(labels, filled, where=free)
        free &= labels == 0
        count += new_count - 1
    _, rest = cv2.connectedComponents(free.astype(np.uint8), connectivity=4)
    np.add(rest, count, out=labels, where=free)
    return labels, count


def to_dilatable(labels: np.ndarray) -> np.ndarray:
    """Labels, int, of a type that OpenCV dilates: the smaller, the faster."""
    # float32 holds whole numbers below 2**24.
    return labels.astype(np.uint16 if labels.max() < 1 << 16 else np.float32)


def _join_parted(
    joined: np.ndarray, areas: np.ndarray, contacts: Contacts, radius: int
) -> np.ndarray:
    """Joins regions that no gap parts; `radius` is that of the largest ball. See `gaps.join`."""
    for _ in range(JOINS):
        joined = join(joined, areas, contacts, lambda _, *contact: is_no_gap(*contact, radius))
    return join(joined, areas, contacts, lambda _, *contact: is_nook(*contact, radius))


def find_sketch_regions(sketch: np.ndarray) -> np.ndarray:
    """Finds the regions of a sketch of any size at the working size: see `find_regions`.

    Returns:
        int32 `(H, W)`: each pixel of the sketch has the label of the working pixel it lies in.
    """
    factor = working_factor(*sketch.shape)
    rows, columns = (np.arange(side) // factor for side in sketch.shape)
    return find_working_regions(sketch.shape, to_working_size(sketch, factor))[
        np.ix_(rows, columns)
    ]


def find_working_regions(
    shape: tuple[int, int], working: np.ndarray, gap: int | None = None
) -> np.ndarray:
    """Finds the regions of a sketch of a shape at its working size: see `find_regions`.

    Args:
        shape: Height and width of the sketch.
        working: The sketch at its working size, uint8 `(h, w)`.
        gap: As `find_regions` takes it, in pixels of the sketch.
    """
    return find_working_parts(shape, working, gap)[0]


def find_working_parts(
    shape: tuple[int, int], working: np.ndarray, gap: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Finds the regions and the parts of the page likewise: see `find_parts`."""
    frame = (min(working.shape),) * 2 if is_strip(*shape) else None
    return find_parts(working, working_gap(gap, *shape), frame)


def regions_to_canvas(
    labels: np.ndarray, placement: Placement, shape: tuple[int, int]
) -> np.ndarray:
    """Brings the regions of a sketch onto the network's canvas: each pixel takes its center's.

    Args:
        labels: int32 `(h, w)`, as `find_regions` returns them.
        placement: Where the sketch lies on the canvas.
        shape: Height and width of the canvas in pixels.

    Returns:
        int32, of that shape; 0 for lines and beside the sketch.
    """
    rows, columns = (
        scale_index(length, side)
        for length, side in zip((placement.height, placement.width), labels.shape, strict=True)
    )
    canvas = np.zeros(shape, np.int32)
    canvas[placement.area] = labels[np.ix_(rows, columns)]
    return canvas


def scale_index(length: int, source: int) -> np.ndarray:
    """For each of `length` pixels the one of `source` pixels in which its center lies, int."""
    return (2 * np.arange(length) + 1) * source // (2 * length)


def _touches_edge(labels: np.ndarray, count: int) -> np.ndarray:
    """Which of so many labels touch the edge of `(H, W)`, bool `(count,)`."""
    touches = np.zeros(count, bool)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        touches[edge] = True
    return touches


def find_open(regions: np.ndarray) -> np.ndarray:
    """Which labels touch the sketch's edge, bool `(labels + 1,)`; lines and the page count."""
    is_open = _touches_edge(regions, max(PAGE, regions.max()) + 1)
    is_open[: PAGE + 1] = True
    return is_open


def find_open_paper(labels: np.ndarray) -> np.ndarray:
    """Finds the page as far as it is open to the sketch's edge, and half of the lines along it.

    Panels, speech bubbles and whatever else is enclosed are not open.

    Args:
        labels: int32 `(H, W)`, as `find_regions` returns them.

    Returns:
        bool `(H, W)`.
    """
    _, parts = cv2.connectedComponents((labels == PAGE).astype(np.uint8), connectivity=4)
    is_open = _touches_edge(parts, parts.max() + 1)
    is_open[0] = False
    enclosed = (labels == PAGE) & ~is_open[parts]
    return grow(np.where(enclosed, labels.max() + 1, labels), LINE_REACH) == PAGE


def region_spread(lab: np.ndarray, regions: np.ndarray) -> float:
    """Measures how much colors differ within closed regions: 0 where each has one color.

    Args:
        lab: A picture in CIELAB, `(H, W, 3)`.
        regions: As `find_regions` returns them.

    Returns:
        The mean over all pixels of all closed regions of the distance (CIE76) to the region's mean
        color; NaN where there is no such region.
    """
    inside = ~find_open(regions)[regions]
    if not inside.any():
        return float("nan")
    colors, labels = lab[inside], regions[inside]
    counts = np.maximum(np.bincount(labels), 1)
    means = np.stack([np.bincount(labels, channel) / counts for channel in colors.T], axis=-1)
    return float(np.linalg.norm(colors - means[labels], axis=-1).mean())


def grow(labels: np.ndarray, reach: int) -> np.ndarray:
    """Grows regions, int32 `(H, W)`, into lines, by at most `reach` pixels from either side."""
    window = np.ones((3, 3), np.uint8)
    grown = to_dilatable(labels)
    for _ in range(reach):
        is_line = grown == 0
        if not is_line.any():  # most lines are thinner than twice the reach
            break
        np.copyto(grown, cv2.dilate(grown, window), where=is_line)
    return grown.astype(np.int32)
