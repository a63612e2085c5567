"""The source of dolls draws the same, varied, well-formed pairs everywhere."""

import pickle

import cv2
import numpy as np
import pytest

from tf_deeppaint.data.sources.base import Example, LoadedExample
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.utils.errors import DeepPaintError

SIZE = 96
SOME = 40


@pytest.fixture(scope="module")
def artworks() -> list[LoadedExample]:
    source = Dolls(SOME, seed=3)
    return [source.load(example, SIZE) for example in source.examples()]


def same(one: LoadedExample, other: LoadedExample) -> bool:
    return np.array_equal(one.picture, other.picture) and np.array_equal(one.sketch, other.sketch)


def test_drawings_are_named_after_seed_and_number_and_grouped_alone() -> None:
    examples = list(Dolls(3, seed=7).examples())
    assert [example.name for example in examples] == [
        "doll-7-000000",
        "doll-7-000001",
        "doll-7-000002",
    ]
    assert all(example.group == example.name for example in examples)


def test_drawings_are_listed_without_holding_them() -> None:
    examples = Dolls(10**12).examples()
    assert next(examples).name == "doll-0-000000"


def test_a_doll_depends_on_its_name_alone(artworks: list[LoadedExample]) -> None:
    source = Dolls(1, seed=99)
    for number in (17, 5, 11):
        name = f"doll-3-{number:06d}"
        source.load(Example(name), 48)
        assert same(source.load(Example(name), SIZE), artworks[number])


def test_another_number_or_seed_is_another_doll(artworks: list[LoadedExample]) -> None:
    pictures = {artwork.picture.tobytes() for artwork in artworks}
    assert len(pictures) == SOME
    other = Dolls(1, seed=4)
    assert other.load(next(other.examples()), SIZE).picture.tobytes() not in pictures


@pytest.mark.parametrize("size", [32, 48, 97, 1024])
def test_any_size_can_be_drawn_and_shows_the_same_doll(size: int) -> None:
    source = Dolls(2)
    _, example = source.examples()
    picture, sketch, *_ = source.load(example, size)
    assert picture.shape == (size, size, 3) and picture.dtype == np.uint8
    assert sketch is not None and sketch.shape == (size, size) and sketch.dtype == np.uint8
    inside = source.load(example, 128).picture.min(2) < 250
    small = cv2.resize(
        (picture.min(2) < 250).astype(np.float32), (16, 16), interpolation=cv2.INTER_AREA
    )
    large = cv2.resize(inside.astype(np.float32), (16, 16), interpolation=cv2.INTER_AREA)
    assert np.abs(small - large).mean() < 0.13


def test_the_paper_is_white_all_around(artworks: list[LoadedExample]) -> None:
    for picture, sketch, *_ in artworks:
        for plane in (*cv2.split(picture), sketch):
            for edge in (plane[0], plane[-1], plane[:, 0], plane[:, -1]):
                assert (edge == 255).all()


def test_the_sketch_is_dark_lines_on_white_paper(artworks: list[LoadedExample]) -> None:
    for _, sketch, *_ in artworks:
        assert 0.02 < np.mean(sketch < 128) < 0.4
        assert np.mean(sketch == 255) > 0.5


def test_the_picture_is_dark_wherever_the_sketch_is_black(artworks: list[LoadedExample]) -> None:
    for picture, sketch, *_ in artworks:
        assert picture[sketch < 20].max() < 90


def test_the_sketch_knows_nothing_of_colors_and_shadows() -> None:
    # At this size a line is several pixels wide, so a region's inside must be pure white.
    source = Dolls(4)
    for example in source.examples():
        sketch = source.load(example, 512).sketch
        tones = np.bincount(sketch.ravel(), minlength=256) / sketch.size
        assert tones[0] + tones[255] > 0.9


def test_a_closed_region_has_few_tones(artworks: list[LoadedExample]) -> None:
    source = Dolls(6)
    for example in source.examples():
        picture, sketch, *_ = source.load(example, 384)
        count, regions, stats, _ = cv2.connectedComponentsWithStats(
            (sketch == 255).astype(np.uint8), connectivity=4
        )
        for region in range(1, count):
            if stats[region, cv2.CC_STAT_AREA] < 300:
                continue
            inside = picture[regions == region]
            _, counts = np.unique(inside, axis=0, return_counts=True)
            # Lit and shaded tone, perhaps a blush; the rest is the blend along their borders.
            assert np.sort(counts)[-3:].sum() / counts.sum() > 0.8


def test_every_line_bounds_or_marks_a_region_that_is_colored(artworks: list[LoadedExample]) -> None:
    # A line far from any color would be line art of something that the picture lacks.
    for picture, sketch, *_ in artworks:
        colored = (picture.min(2) < 250).astype(np.uint8)
        assert (colored[sketch < 200] == 1).all()


def test_a_doll_fills_the_height_of_the_canvas(artworks: list[LoadedExample]) -> None:
    heights = []
    for _, sketch, *_ in artworks:
        rows = np.flatnonzero((sketch < 128).any(1))
        heights.append((rows[-1] - rows[0] + 1) / SIZE)
    assert min(heights) > 0.6
    assert np.median(heights) > 0.83


def test_hair_and_clothes_come_in_many_colors(artworks: list[LoadedExample]) -> None:
    for band in (0, 2):
        rows = slice(band * SIZE // 4, (band + 1) * SIZE // 4)
        seen = set()
        for picture, sketch, *_ in artworks:
            inside = picture[rows][(sketch[rows] > 250) & (picture[rows].min(2) < 250)]
            colors, counts = np.unique(inside // 32, axis=0, return_counts=True)
            seen.add(tuple(int(level) for level in colors[counts.argmax()]))
        assert len(seen) > SOME // 3


def test_poses_and_styles_vary(artworks: list[LoadedExample]) -> None:
    silhouettes = {
        cv2.resize((picture.min(2) < 250).astype(np.uint8), (12, 12)).tobytes()
        for picture, *_ in artworks
    }
    assert len(silhouettes) > 0.9 * SOME


def test_a_source_survives_pickling() -> None:
    source = Dolls(2, seed=5)
    copy = pickle.loads(pickle.dumps(source))
    assert copy.origin == source.origin and list(copy.examples()) == list(source.examples())
    _, second = source.examples()
    assert same(copy.load(second, 64), source.load(second, 64))


@pytest.mark.parametrize("count", [0, -3])
def test_fewer_than_one_doll_is_refused(count: int) -> None:
    with pytest.raises(DeepPaintError, match=f"--count={count}: must be at least 1"):
        Dolls(count)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(DeepPaintError, match="--seed=-1: must be at least 0"):
        Dolls(1, seed=-1)


@pytest.mark.parametrize("name", ["", "doll-000001", "doll-0-1", "doll-x-000001", "cat-0-000001"])
def test_a_malformed_name_is_refused(name: str) -> None:
    with pytest.raises(DeepPaintError, match="names look like 'doll-0-000042'"):
        Dolls(1).load(Example(name), 48)


def test_an_empty_canvas_is_refused() -> None:
    source = Dolls(1)
    with pytest.raises(DeepPaintError, match="0 pixels"):
        source.load(next(source.examples()), 0)
