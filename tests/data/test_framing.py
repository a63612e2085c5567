"""Framing: which part of a page is shown, against plain slicing."""

import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint.data import framing

SIDE = 64


def page(channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 200, (SIDE, SIDE, channels), dtype=np.uint8)


def test_the_whole_view_shows_the_page_as_it_is():
    shown = framing.show(tf.constant(page()), framing.whole_view(SIDE), SIDE)
    assert np.array_equal(shown, page())
    parts = framing.show_parts(tf.constant(page(1)), framing.whole_view(SIDE), SIDE)
    assert np.array_equal(parts, page(1))


def test_half_the_size_is_the_mean_of_neighbors():
    blocks = page()[::2, ::2].repeat(2, axis=0).repeat(2, axis=1)
    shown = framing.show(tf.constant(blocks), framing.whole_view(SIDE), SIDE // 2)
    flat = np.full((SIDE, SIDE, 3), 90, np.uint8)
    assert (np.asarray(framing.show(tf.constant(flat), framing.whole_view(SIDE), 32)) == 90)[
        1:-1, 1:-1
    ].all()
    assert abs(float(np.mean(shown)) - blocks.mean()) < 3


def test_a_nearer_view_is_a_slice_of_the_page():
    view = tf.constant([8.0, 16.0, 32.0])
    shown = np.asarray(framing.show(tf.constant(page()), view, 32))
    assert np.array_equal(shown[1:-1, 1:-1], page()[9:39, 17:47])
    parts = np.asarray(framing.show_parts(tf.constant(page(1)), view, 32))
    assert np.array_equal(parts, page(1)[8:40, 16:48])


def test_outside_of_the_page_is_paper():
    view = tf.constant([-32.0, -16.0, 128.0])
    shown = np.asarray(framing.show(tf.constant(page()), view, 64))
    assert (shown[:15] == 255).all() and (shown[49:] == 255).all() and (shown[:, :7] == 255).all()
    assert (shown[17:47, 9:39] < 255).all()
    parts = np.asarray(framing.show_parts(tf.constant(page(1)), view, 64))
    assert (parts[:16] == 0).all() and (parts[48:] == 0).all()
    assert np.array_equal(parts[16:48, 8:40], page(1)[1::2, 1::2])


@pytest.mark.parametrize("number", range(3))
def test_views_lie_on_the_page_when_near_and_around_it_when_far(number):
    views = np.stack([framing.draw_view(100, tf.constant([number, i])) for i in range(200)])
    sides = views[:, 2]
    near, far = sides < 100, sides > 100
    assert 0.3 < near.mean() < 0.5 and 0.1 < far.mean() < 0.3
    ends = views[:, :2] + views[:, 2:]
    assert (views[near, :2] >= 0).all() and (ends[near] <= 100.01).all()
    assert (views[far, :2] <= 0).all() and (ends[far] >= 99.99).all()
    assert sides.min() >= 35 and sides.max() <= 170
