"""Bending: what a field does to lines, colors and roles, and which fields are drawn."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from tf_deeppaint.data.augmentation import augment
from tf_deeppaint.data.bending import BENT, bend, bend_nearest, draw_field

SIDE = 48
PLACES = np.stack(np.mgrid[:SIDE, :SIDE]).astype(np.float32)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 1), dtype=np.uint8)


def test_a_field_of_the_pixels_own_places_changes_nothing(pixels):
    for draw in (bend, bend_nearest):
        assert (draw(tf.constant(pixels), tf.constant(PLACES)).numpy() == pixels).all()


@pytest.mark.parametrize("shift", [(0.0, 2.5), (-3.25, 0.0), (1.6, -7.7), (90.0, 0.0)])
def test_lines_are_drawn_as_scipy_draws_them(pixels, shift):
    field = PLACES + np.float32(shift)[:, None, None]
    expected = ndimage.map_coordinates(pixels[..., 0].astype(float), field, order=1, mode="nearest")
    found = bend(tf.constant(pixels), tf.constant(field)).numpy()[..., 0]
    assert np.abs(found - expected).max() < 0.51


def test_colors_and_roles_are_those_of_the_nearest_pixel(pixels):
    field = PLACES + np.random.default_rng(2).uniform(-4, 4, PLACES.shape).astype(np.float32)
    rows, columns = np.rint(field).clip(0, SIDE - 1).astype(int)
    colors = np.concatenate([pixels, 255 - pixels], axis=-1)
    found = bend_nearest(tf.constant(colors), tf.constant(field)).numpy()
    assert (found == colors[rows, columns]).all()


def test_fields_are_smooth_and_leave_the_figure_on_the_canvas():
    for number in range(40):
        field = draw_field(SIDE, tf.constant([7, number])).numpy()
        down, across = np.gradient(field[0], axis=0), np.gradient(field[1], axis=1)
        # Nowhere turned inside out, nor torn.
        assert min(down.min(), across.min()) > 0.1
        assert max(down.max(), across.max()) < 2.5
        middle = field[:, SIDE // 2, SIDE // 2]
        assert np.abs(middle - SIDE / 2).max() < 0.25 * SIDE


def test_a_field_depends_on_its_seed():
    one, again, other = (draw_field(SIDE, tf.constant([7, n])).numpy() for n in (1, 1, 2))
    assert (one == again).all()
    assert np.abs(one - other).max() > 1


def test_three_in_four_are_bent_and_lines_colors_and_roles_stay_together():
    rows, columns = np.mgrid[:SIDE, :SIDE]
    disc = (np.hypot(rows - 20, columns - 28) < 9)[..., None]
    example = {
        "sketch": np.where(disc, 0, 255).astype(np.uint8),
        "picture": np.where(disc, [200, 30, 60], 255).astype(np.uint8),
        "palette": np.zeros((4, 4, 3), np.uint8),
        "parts": disc.astype(np.uint8),
    }
    tensors = {key: tf.constant(value) for key, value in example.items()}
    changed = 0
    for number in range(60):
        bent = augment(tensors, ["bend"], tf.constant([5, number]), "white")
        sketch, picture, parts = (bent[key].numpy() for key in ("sketch", "picture", "parts"))
        changed += (parts != example["parts"]).any()
        assert ((picture == (200, 30, 60)).all(axis=-1) == (parts[..., 0] == 1)).all()
        # A pixel of lines is as dark as the share of it that the disc covers.
        assert ((sketch[..., 0] < 128) == (parts[..., 0] == 1)).mean() > 0.98
        assert (bent["palette"].numpy() == 0).all()
    assert abs(changed / 60 - BENT) < 0.15
