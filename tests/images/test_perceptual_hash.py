"""The perceptual hash: like for copies of a picture, whatever their size, and for no others."""

import itertools

import cv2
import numpy as np

from tf_deeppaint.images.perceptual_hash import (
    SHAPE_BYTES,
    count_differing_bits,
    perceptual_hash,
)


def shape_of(picture: np.ndarray) -> np.ndarray:
    return np.frombuffer(perceptual_hash(picture), np.uint8, SHAPE_BYTES)


def blobs(seed: int) -> np.ndarray:
    """A random picture of few, large shapes, uint8 RGB `(200, 160, 3)`."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    return cv2.resize(coarse, (160, 200), interpolation=cv2.INTER_CUBIC)


def test_the_bits_are_the_signs_of_the_lowest_frequencies():
    picture = blobs(0)
    gray = cv2.resize(
        cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (64, 64), interpolation=cv2.INTER_AREA
    )
    low = np.rint(cv2.dct(gray.astype(np.float32)))[:16, :16].ravel()[1:]
    ones = np.unpackbits(shape_of(picture)).sum()
    assert ones == (low > np.median(low)).sum()


def test_a_copy_of_another_size_is_near_and_another_picture_far():
    shapes = [shape_of(blobs(seed)) for seed in range(6)]
    small = [shape_of(cv2.resize(blobs(seed), (90, 90))) for seed in range(6)]
    distances = [int(count_differing_bits(*pair)) for pair in zip(shapes, small, strict=True)]
    others = [int(count_differing_bits(*pair)) for pair in itertools.pairwise(shapes)]
    assert max(distances) < 32 < 80 < min(others)


def test_the_mean_colors_of_the_cells_follow():
    quarters = np.zeros((40, 40, 3), np.uint8)
    quarters[:20, 20:] = (250, 0, 10)
    data = perceptual_hash(quarters)
    cells = np.frombuffer(data, np.uint8)[SHAPE_BYTES:].reshape(4, 4, 3)
    assert (cells[:2, 2:] == (250, 0, 10)).all() and not cells[2:].any() and not cells[:, :2].any()


def test_flat_pictures_have_the_same_shape_whatever_their_color():
    white, gray = (np.full((70, 90, 3), level, np.uint8) for level in (255, 120))
    assert np.array_equal(shape_of(white), shape_of(gray))


def test_differing_bits_are_counted_along_the_last_axis():
    first, second = np.array([[0, 255], [1, 0]], np.uint8), np.array([[1, 0], [1, 0]], np.uint8)
    assert count_differing_bits(first, second).tolist() == [9, 0]
