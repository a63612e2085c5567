"""Gaps, frames, bubbles and paper: what they change, and what they leave."""

import cv2
import numpy as np
import tensorflow as tf

from tf_deeppaint.data import page_marks

SIDE = 96
SEEDS = [tf.constant([3, number]) for number in range(40)]


def circle() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A red disk with a black outline: sketch, picture, parts."""
    sketch = np.full((SIDE, SIDE), 255, np.uint8)
    picture = np.full((SIDE, SIDE, 3), 255, np.uint8)
    cv2.circle(picture, (48, 48), 36, (200, 30, 30), -1)
    for image in (sketch, picture):
        cv2.circle(image, (48, 48), 36, (0, 0, 0), 2)
    parts = (picture[..., 1] == 30).astype(np.uint8) * 3
    return sketch[..., None], picture, parts[..., None]


def areas(sketch: np.ndarray) -> int:
    return cv2.connectedComponents((sketch[..., 0] > 127).astype(np.uint8), connectivity=4)[0] - 1


def test_gaps_open_lines_and_change_nothing_else():
    sketch, *_ = circle()
    assert areas(sketch) == 2
    torn = [np.asarray(page_marks.tear(tf.constant(sketch), seed)) for seed in SEEDS]
    changed = [page != sketch for page in torn]
    for page, where in zip(torn, changed, strict=True):
        assert (page[where] == 255).all() and (sketch[where] < 255).all()
    count = sum(where.any() for where in changed)
    assert 10 < count < 30  # of 40
    assert any(areas(page) == 1 for page in torn)
    # At most eight gaps, each smaller than a square of 4 % of the side and a pixel around it.
    assert max(where.sum() for where in changed) <= 8 * (0.04 * SIDE + 2) ** 2


def test_a_blank_page_gets_no_gap():
    blank = np.full((SIDE, SIDE, 1), 255, np.uint8)
    assert all((page_marks.tear(tf.constant(blank), seed) == 255).numpy().all() for seed in SEEDS)


def test_frames_and_bubbles_are_black_on_paper_in_sketch_picture_and_parts_alike():
    given = circle()
    marked_pages = 0
    for seed in SEEDS * 2:
        pages = page_marks.mark_page(*map(tf.constant, given), seed)
        sketch, picture, parts = map(np.asarray, pages)
        changed = (picture != given[1]).any(-1) | (sketch != given[0])[..., 0]
        marked_pages += changed.any()
        assert np.isin(sketch[changed], (0, 255)).all()
        assert (picture[changed] == sketch[changed]).all()
        assert (parts[changed] == 0).all()
        assert np.array_equal(parts[~changed], given[2][~changed])
    assert 8 <= marked_pages <= 40


def test_toned_paper_is_darker_and_keeps_lines_dark():
    sketch, *_ = circle()
    toned = [np.asarray(page_marks.tone_paper(tf.constant(sketch), seed)) for seed in SEEDS]
    changed = [page for page in toned if not np.array_equal(page, sketch)]
    assert 4 < len(changed) < 24
    for page in changed:
        assert page[sketch == 255].mean() > 225 and page[sketch == 0].mean() < 12
