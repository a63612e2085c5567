"""Near-duplicates: copies are found, strangers are not, whatever the order and number."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from tf_deeppaint.data.build import near_duplicates
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.images.perceptual_hash import SHAPE_BYTES, perceptual_hash

DOLLS = Dolls(40, seed=3)


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    """Forty dolls at 128 pixels: strangers that stand alike on white."""
    return [DOLLS.load(example, 128).picture for example in DOLLS.examples()]


def as_jpeg(picture: np.ndarray) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(picture).resize((100, 100), Image.Resampling.LANCZOS).save(
        buffer, "JPEG", quality=70
    )
    return np.asarray(Image.open(buffer))


COPIES = {
    "smaller JPEG": as_jpeg,
    "larger": lambda picture: cv2.resize(picture, (300, 300)),
    "brighter": lambda picture: (255 - (255 - picture.astype(np.uint16)) * 95 // 100).astype(
        np.uint8
    ),
}


def clusters(shown: list[np.ndarray], digests=None) -> np.ndarray:
    hashes = [np.frombuffer(perceptual_hash(picture), np.uint8, SHAPE_BYTES) for picture in shown]
    if digests is None:
        digests = np.arange(len(shown))
    return near_duplicates.find_clusters(np.array(digests, np.uint64), np.stack(hashes))


def test_strangers_have_no_near_duplicate(pictures):
    assert len(set(clusters(pictures))) == len(pictures)


@pytest.mark.parametrize("kind", COPIES)
def test_copies_are_near_duplicates_and_copies(pictures, kind):
    found = clusters(pictures + [COPIES[kind](picture) for picture in pictures])
    assert np.array_equal(found[:40], found[40:]) and len(set(found)) == 40
    for picture in pictures:
        assert near_duplicates.are_copies(
            perceptual_hash(picture), perceptual_hash(COPIES[kind](picture))
        )


def test_recolored_pictures_are_mostly_near_duplicates_but_no_copies(pictures):
    cells = [cv2.resize(picture, (4, 4), interpolation=cv2.INTER_AREA) for picture in pictures]
    colored = [p for p, c in zip(pictures, cells, strict=True) if np.ptp(c, axis=-1).max() > 30]
    assert len(colored) > 10
    again = [picture[..., [1, 2, 0]] for picture in colored]
    found = clusters(colored + again)
    assert (found[: len(colored)] == found[len(colored) :]).mean() > 0.9
    for picture, other in zip(colored, again, strict=True):
        assert not near_duplicates.are_copies(perceptual_hash(picture), perceptual_hash(other))


def test_strangers_are_no_copies(pictures):
    marks = [perceptual_hash(picture) for picture in pictures]
    assert not any(near_duplicates.are_copies(a, b) for a in marks for b in marks if a is not b)


def test_equal_files_are_near_duplicates_whatever_they_look_like(pictures):
    found = clusters(pictures[:3], digests=[7, 8, 7])
    assert found[0] == found[2] != found[1]


def test_near_duplicates_of_near_duplicates_belong_together():
    """By an oracle that compares all with all, on hashes with planted neighbors."""
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (300, 256)).astype(np.uint8)
    for row in range(100, 300):  # chains: each a few bits from an earlier one
        bits[row] = bits[rng.integers(0, row)]
        bits[row, rng.choice(256, 12, replace=False)] ^= 1
    labels = np.arange(300)
    near = (bits[:, None] != bits[None]).sum(-1) <= near_duplicates.NEAR_BITS
    while True:
        lower = np.array([labels[row].min() for row in near])
        if np.array_equal(lower, labels):
            break
        labels = lower
    found = near_duplicates.find_clusters(
        np.arange(300, dtype=np.uint64), np.packbits(bits, axis=1)
    )
    pairs = labels[:, None] == labels[None]
    assert np.array_equal(found[:, None] == found[None], pairs)


def test_flat_pictures_are_alike_and_different_colors_no_copies():
    white, gray = (np.full((70, 90, 3), level, np.uint8) for level in (255, 120))
    assert perceptual_hash(white)[:SHAPE_BYTES] == perceptual_hash(gray)[:SHAPE_BYTES]
    assert not near_duplicates.are_copies(perceptual_hash(white), perceptual_hash(gray))


@pytest.mark.parametrize("count", [0, 1])
def test_few_pictures_are_no_trouble(count):
    hashes = np.zeros((count, SHAPE_BYTES), np.uint8)
    assert len(near_duplicates.find_clusters(np.zeros(count, np.uint64), hashes)) == count
