"""What of a sketch's closed paper is the page itself, in the TensorFlow graph.

The functions return what those of `line_art.page` return; that module says what the rules are.
"""

import tensorflow as tf

from tf_deeppaint.line_art.page import (
    ACROSS_LINE,
    BASELINE_SHIFT,
    HEIGHT_RATIO,
    LETTER_ASPECT,
    LETTER_PERCENT,
    LETTER_PIXELS,
    LETTERS,
    MOST_MARKS,
    OVERHANG_PIXELS,
    OVERHANG_TENTHS,
    PANEL_CONTENT,
    PANEL_HEIGHT,
    PANEL_WIDTH,
    SIDE_PERCENT,
    SPACING,
    STRAIGHT,
    SURROUNDED_PERCENT,
    Boxes,
    is_margin,
    touches_all_sides,
)


def find_page(regions: tf.Tensor, marks: tf.Tensor) -> tf.Tensor:
    """Finds which regions are the page; see `line_art.page.find_page`.

    Args:
        regions: int32 `(H, W)`, 0 for lines, 1, 2, .. for regions.
        marks: int32 `(H, W)`, the connected parts of the lines: 0 for paper, 1, 2, ...

    Returns:
        bool `(regions + 1,)`.
    """
    count = tf.reduce_max(regions) + 1
    height, width = tf.unstack(tf.shape(regions))
    boxes = _boxes(regions, count)
    is_region = tf.range(count) > 0
    is_page = touches_all_sides(boxes, height, width) | is_margin(boxes, height, width)
    is_page = (is_page | _find_panels(regions, boxes)) & is_region

    mark_boxes = _boxes(marks, tf.reduce_max(marks) + 1)
    hosts = _find_hosts(marks, regions, count)
    is_letter = _find_letters(mark_boxes, hosts, height)
    letters = tf.math.unsorted_segment_sum(tf.cast(is_letter, tf.int32), hosts, count)
    is_bubble = (letters >= LETTERS) & _is_surrounded(regions, boxes, is_page) & is_region
    is_page |= is_bubble | _find_ends(regions, is_bubble)

    inked = tf.where(is_letter & tf.gather(is_page, hosts))[:, 0]
    top, left, bottom, right = (tf.gather(side, inked)[:, None] for side in mark_boxes)
    around = tf.maximum(OVERHANG_PIXELS, OVERHANG_TENTHS * (bottom - top + 1) // 10)
    inside = (boxes.top >= top - around) & (boxes.bottom <= bottom + around)
    inside &= (boxes.left >= left - around) & (boxes.right <= right + around)
    return is_page | (tf.reduce_any(inside, axis=0) & is_region)


def _boxes(labels: tf.Tensor, count: tf.Tensor) -> Boxes:
    height, width = tf.unstack(tf.shape(labels))
    flat, far = tf.reshape(labels, [-1]), tf.maximum(height, width)
    pixels = tf.range(height * width)
    rows, columns = pixels // width, pixels % width
    ends = []
    for values in (rows, columns):
        # Labels that no pixel has get the same as in NumPy.
        ends.append(tf.minimum(tf.math.unsorted_segment_min(values, flat, count), far))
        ends.append(tf.maximum(tf.math.unsorted_segment_max(values, flat, count), -1))
    top, bottom, left, right = ends
    return Boxes(top, left, bottom, right)


def _find_panels(regions: tf.Tensor, boxes: Boxes) -> tf.Tensor:
    """Which regions are panels, bool `(regions + 1,)`."""
    height, width = tf.unstack(tf.shape(regions))
    count = tf.size(boxes.top)
    tolerance = tf.maximum(2, STRAIGHT * tf.maximum(height, width) // 1000)
    places = tf.cast(tf.where(regions > 0), tf.int32)
    rows, columns = places[:, 0], places[:, 1]
    label = tf.gather_nd(regions, places)
    along = tf.fill([count], True)
    for position, edge, across, length, side in (
        (rows, boxes.top, columns, width, boxes.width),
        (rows, boxes.bottom, columns, width, boxes.width),
        (columns, boxes.left, rows, height, boxes.height),
        (columns, boxes.right, rows, height, boxes.height),
    ):
        near = tf.abs(position - tf.gather(edge, label)) <= tolerance
        touched = tf.boolean_mask(label * length + across, near)
        marked = tf.math.unsorted_segment_max(tf.ones_like(touched), touched, count * length)
        covered = tf.reduce_sum(tf.cast(tf.reshape(marked, [count, length]) > 0, tf.int32), axis=1)
        along &= 100 * covered >= SIDE_PERCENT * side
    area = tf.math.bincount(label, minlength=count)
    box = boxes.height * boxes.width
    is_large = 100 * boxes.width >= PANEL_WIDTH * width
    is_large &= 100 * boxes.height >= PANEL_HEIGHT * height
    return along & is_large & (100 * (box - area) >= PANEL_CONTENT * box)


def _count_pairs(
    one: tf.Tensor, other: tf.Tensor, chosen: tf.Tensor, count: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Numbers of pairs of labels, `one * count + other`, and how often they occur, int64."""
    one, other = (tf.cast(tf.boolean_mask(part, chosen), tf.int64) for part in (one, other))
    pairs, _, contacts = tf.unique_with_counts(
        one * tf.cast(count, tf.int64) + other, out_idx=tf.int64
    )
    return pairs, contacts


def _find_hosts(marks: tf.Tensor, regions: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """The region that each mark of ink touches most, int32 `(marks + 1,)`."""
    sides = (
        (marks[:, :-1], regions[:, 1:]),
        (marks[:, 1:], regions[:, :-1]),
        (marks[:-1], regions[1:]),
        (marks[1:], regions[:-1]),
    )
    mark, region = (tf.concat([tf.reshape(s[i], [-1]) for s in sides], axis=0) for i in (0, 1))
    pairs, contacts = _count_pairs(mark, region, (mark > 0) & (region > 0), count)
    wide = tf.cast(count, tf.int64)
    best = tf.math.unsorted_segment_max(
        contacts * wide + pairs % wide,
        tf.cast(pairs // wide, tf.int32),
        tf.reduce_max(marks) + 1,
    )
    return tf.cast(tf.maximum(best, 0) % wide, tf.int32)


def _find_letters(boxes: Boxes, hosts: tf.Tensor, height: tf.Tensor) -> tf.Tensor:
    """Which marks of ink are letters, bool `(marks + 1,)`."""
    is_small = (100 * boxes.height <= LETTER_PERCENT * height) & (boxes.height >= LETTER_PIXELS)
    is_small &= (boxes.width <= LETTER_ASPECT * boxes.height) & (tf.range(tf.size(hosts)) > 0)
    chosen = tf.where(is_small)[:, 0]
    chosen = chosen[: tf.where(tf.size(chosen) > MOST_MARKS, 0, tf.size(chosen))]
    host, tall = tf.gather(hosts, chosen), tf.gather(boxes.height, chosen)
    middle = tf.gather(boxes.top + boxes.bottom, chosen)
    least, most = tf.minimum(tall[:, None], tall), tf.maximum(tall[:, None], tall)
    gap = tf.gather(boxes.left, chosen)[None] - tf.gather(boxes.right, chosen)[:, None]
    follows = (
        (host[:, None] == host[None])
        & (HEIGHT_RATIO * least >= most)
        & (gap > 0)
        & (gap <= SPACING * most)
    )
    follows &= 10 * tf.abs(middle[:, None] - middle[None]) <= BASELINE_SHIFT * least
    is_middle = tf.reduce_any(follows, axis=0) & tf.reduce_any(follows, axis=1)
    beside = tf.reduce_any(follows & is_middle[None], axis=1)
    beside |= tf.reduce_any(follows & is_middle[:, None], axis=0)
    letters = tf.cast(is_middle | beside, tf.int32)
    return tf.scatter_nd(chosen[:, None], letters, [tf.size(hosts, tf.int64)]) > 0


def _is_surrounded(regions: tf.Tensor, boxes: Boxes, is_page: tf.Tensor) -> tf.Tensor:
    """Which regions have mostly the page on the other side of their lines."""
    count = tf.size(is_page)
    reach = tf.maximum(2, ACROSS_LINE * tf.reduce_max(tf.shape(regions)) // 1000)
    one, other, contacts = _pairs(regions, reach, count)
    around = tf.where(_reaches_out(boxes, other, one), contacts, 0)
    page = tf.where(tf.gather(is_page, other), around, 0)
    totals = (tf.math.unsorted_segment_sum(values, one, count) for values in (page, around))
    on_page, in_all = totals
    return 100 * on_page >= SURROUNDED_PERCENT * in_all


def _find_ends(regions: tf.Tensor, is_bubble: tf.Tensor) -> tf.Tensor:
    """Which regions are open to a larger bubble, and to nothing else, bool `(regions + 1,)`."""
    count = tf.size(is_bubble)
    pixels = tf.reshape(regions, [-1])
    area = tf.math.unsorted_segment_sum(tf.ones_like(pixels), pixels, count)
    one, other, _ = _pairs(regions, 1, count)
    is_open = tf.gather(is_bubble, other) & (tf.gather(area, one) < tf.gather(area, other))
    touching = tf.math.unsorted_segment_sum(tf.ones_like(one), one, count)
    of_these = tf.math.unsorted_segment_sum(tf.cast(is_open, tf.int32), one, count)
    return (touching > 0) & (touching == of_these)


def _pairs(regions: tf.Tensor, reach: tf.Tensor | int, count: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Pairs of regions that are `reach` pixels apart somewhere, both ways round, and how often."""
    sides = ((regions[:, :-reach], regions[:, reach:]), (regions[:-reach], regions[reach:]))
    one, other = (
        tf.concat([tf.reshape(s[i], [-1]) for s in sides for i in order], axis=0)
        for order in ((0, 1), (1, 0))
    )
    apart = (one > 0) & (other > 0) & (one != other)
    pairs, contacts = _count_pairs(one, other, apart, count)
    wide = tf.cast(count, tf.int64)
    return tf.cast(pairs // wide, tf.int32), tf.cast(pairs % wide, tf.int32), contacts


def _reaches_out(boxes: Boxes, one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """Whether one region reaches out of the other's box, for pairs of them."""
    own = [tf.gather(side, one) for side in boxes]
    far = [tf.gather(side, other) for side in boxes]
    return (own[0] < far[0]) | (own[1] < far[1]) | (own[2] > far[2]) | (own[3] > far[3])
