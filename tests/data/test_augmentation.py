"""Augmentations: what each does to pixels, what it draws, and that they draw apart."""

import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint.data.augmentation import AUGMENTATIONS, augment, crop, redraw, warp
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.palette.extraction import extract_palette
from tf_deeppaint.palette.rules import LEAVES_OUT

ROOT = Path(__file__).parents[2]
SIDE = 64
KEYS = ("sketch", "picture", "palette")


@pytest.fixture(scope="module")
def example() -> dict:
    """Colors far enough from 0 and 255 that no rotation of their hue is clipped."""
    rng = np.random.default_rng(3)
    return {
        "sketch": rng.integers(0, 256, (SIDE, SIDE, 1), dtype=np.uint8),
        "picture": rng.integers(90, 166, (SIDE, SIDE, 3), dtype=np.uint8),
        "palette": rng.integers(90, 166, (4, 4, 3), dtype=np.uint8),
    }


def seed(number: int) -> tf.Tensor:
    return tf.constant([5, number])


def augmented(example: dict, names, number: int, background="white") -> dict[str, np.ndarray]:
    tensors = {key: tf.constant(value) for key, value in example.items()}
    result = augment(tensors, names, seed(number), background)
    return {key: value.numpy() for key, value in result.items()}


def farthest(one: np.ndarray, other: np.ndarray) -> int:
    return np.abs(one.astype(int) - other).max()


# --- all of them --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names", [(), *((name,) for name in AUGMENTATIONS), AUGMENTATIONS], ids=str
)
def test_augmentation_inside_tf_data_is_the_same_as_outside(example, names):
    tensors = {key: tf.constant(value) for key, value in example.items()}
    inside = tf.data.Dataset.range(12).map(
        lambda n: augment(tensors, names, tf.stack([5, tf.cast(n, tf.int32)]), "white")
    )
    near, changed = [], False
    for number, found in enumerate(inside.as_numpy_iterator()):
        outside = augmented(example, names, number)
        for key in KEYS:
            assert found[key].dtype == np.uint8 and found[key].shape == example[key].shape
            near.append(np.abs(found[key].astype(int) - outside[key]).ravel() <= 1)
            changed |= not np.array_equal(found[key], example[key])
    # Sums of products may round the other way where the graph fuses them, and then a pixel may
    # be counted in another bin.
    assert np.concatenate(near).mean() > 0.999
    assert changed == bool(names)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_what_one_draws_does_not_depend_on_the_others(example, name):
    """Beside all those that leave alone what it reads and writes, it gives what it gives alone."""
    uses = {
        "flip": {"sketch", "picture"},
        "crop": {"sketch", "picture", "palette"},
        "frame": {"sketch", "picture"},
        "gaps": {"sketch"},
        "page": {"sketch", "picture"},
        "paper": {"sketch"},
        "warp": {"picture", "palette"},
        "lines": {"sketch"},
        "color": {"picture", "palette"},
        "bands": {"palette"},
        "extract": {"sketch", "picture"},
        "bend": {"sketch", "picture"},
    }
    others = [other for other in AUGMENTATIONS if not uses[other] & uses[name]]
    for number in range(8):
        alone = augmented(example, [name], number)
        beside = augmented(example, [*others, name], number)
        for key in uses[name]:
            assert np.array_equal(alone[key], beside[key])


def test_each_leaves_alone_what_it_does_not_change(example):
    for name, untouched in {
        "flip": ["palette"],
        "frame": ["palette"],
        "gaps": ["picture", "palette"],
        "page": ["palette"],
        "paper": ["picture", "palette"],
        "warp": ["sketch", "picture"],
        "lines": ["picture", "palette"],
        "color": ["sketch"],
        "bands": ["sketch", "picture"],
        "extract": ["palette"],
        "bend": ["palette"],
    }.items():
        for number in range(12):
            found = augmented(example, [name], number)
            for key in untouched:
                assert np.array_equal(found[key], example[key]), name


@pytest.mark.parametrize(
    "names", [("flip",), ("crop",), ("bend",), ("frame",), ("flip", "crop", "frame")]
)
def test_parts_go_where_the_picture_goes(names):
    """A picture whose red level tells the part of each pixel, in blocks."""
    parts = np.random.default_rng(0).integers(1, 8, (SIDE // 8, SIDE // 8, 1), dtype=np.uint8)
    parts = parts.repeat(8, axis=0).repeat(8, axis=1)
    picture = np.repeat(30 * parts, 3, axis=-1)
    example = {"sketch": parts, "picture": picture, "parts": parts}
    example["palette"] = np.zeros((4, 4, 3), np.uint8)
    for number in range(12):
        found = augmented(example, names, number)
        expected = np.rint(found["picture"][..., :1] / 30)
        inside = (found["picture"][..., 0] % 30 == 0) & (found["picture"][..., 0] < 240)
        agree = (found["parts"] == expected)[inside]
        assert agree.mean() > 0.97  # a border may lie between two pixels
        assert (found["parts"][found["picture"][..., 0] == 255] == 0).mean() > 0.9 or not (
            found["picture"] == 255
        ).any()


def test_another_size_is_a_whole_page_with_the_same_palette():
    example = {
        "sketch": np.full((SIDE, SIDE, 1), 9, np.uint8),
        "picture": np.full((SIDE, SIDE, 3), 90, np.uint8),
        "palette": np.arange(48, dtype=np.uint8).reshape(4, 4, 3),
    }
    tensors = {key: tf.constant(value) for key, value in example.items()}
    found = augment(tensors, (), seed(0), "white", size=2 * SIDE)
    assert found["sketch"].shape == (2 * SIDE, 2 * SIDE, 1)
    assert found["picture"].shape == (2 * SIDE, 2 * SIDE, 3)
    assert (found["picture"].numpy() == 90).all() and (found["sketch"].numpy() == 9).all()
    assert np.array_equal(found["palette"], example["palette"])


def test_the_program_and_its_document_name_them_all():
    command = [sys.executable, "-m", "tf_deeppaint.train", "--help"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    described = re.search(r"--augment: (.*?)\(default", shown, re.DOTALL)[1]
    table = re.findall(r"^\| `(\w+)` \| ", (ROOT / "docs/training.md").read_text(), re.MULTILINE)
    assert tuple(name for name in table if name in AUGMENTATIONS) == AUGMENTATIONS
    for name in AUGMENTATIONS:
        assert f"{name}: " in " ".join(described.split())


# --- flip ---------------------------------------------------------------------------------------


def test_flip_mirrors_sketch_and_picture_together_half_of_the_time(example):
    flips = []
    for number in range(60):
        found = augmented(example, ["flip"], number)
        flipped = not np.array_equal(found["sketch"], example["sketch"])
        for key in ("sketch", "picture"):
            expected = example[key][:, ::-1] if flipped else example[key]
            assert np.array_equal(found[key], expected)
        flips.append(flipped)
    assert 15 < sum(flips) < 45


# --- crop ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("square", [(0, 0, 64), (3, 17, 47), (19, 0, 45), (0, 10, 54)], ids=str)
@pytest.mark.parametrize("key", ["sketch", "picture"])
def test_a_crop_is_enlarged_as_opencv_does(example, square, key):
    top, left, side = square
    cut = example[key][top : top + side, left : left + side].astype(np.float32)
    expected = cv2.resize(cut, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    found = crop(tf.constant(example[key]), *square).numpy()
    assert found.dtype == np.uint8 and found.shape == example[key].shape
    assert farthest(found, np.rint(expected.reshape(found.shape))) <= 1


def squares_that_give(shown: np.ndarray) -> set[tuple[int, int]]:
    """First pixel and side of every cut of a ramp of 3 levels a pixel that enlarges to this."""
    found = set()
    for side in range(1, SIDE + 1):
        # Pixels lie in the middle of their squares; beyond the outermost nothing changes.
        inside = np.clip((np.arange(SIDE) + 0.5) * side / SIDE - 0.5, 0, side - 1)
        for first in range(SIDE - side + 1):
            if np.abs(3 * (first + inside) - shown).max() <= 0.75:
                found.add((first, side))
    return found


def test_crop_takes_any_square_of_at_least_seven_tenths_alike_from_sketch_and_picture():
    """Pixels tell where they come from: one channel names the row, another the column."""
    ramp = np.broadcast_to(3 * np.arange(SIDE, dtype=np.uint8), (SIDE, SIDE))
    picture = np.dstack([ramp, ramp.T, np.zeros_like(ramp)])
    trio = {"sketch": ramp[..., None], "picture": picture, "palette": np.zeros((4, 4, 3), np.uint8)}
    sides, places = [], []
    for number in range(60):
        found = augmented(trio, ["crop"], number)
        assert np.array_equal(found["sketch"][..., 0], found["picture"][..., 0])
        columns = squares_that_give(found["picture"][0, :, 0])
        rows = squares_that_give(found["picture"][:, 0, 1])
        ((left, side),) = columns
        ((top, height),) = rows
        assert side == height
        assert (found["picture"][..., 0] == found["picture"][:1, :, 0]).all()
        assert (found["picture"][..., 1] == found["picture"][:, :1, 1]).all()
        sides.append(side)
        if side <= 54:
            places += [left / (SIDE - side), top / (SIDE - side)]
    assert min(sides) >= 45 and max(sides) <= 64  # 45 is the first from 0.7 * 64 on
    assert min(sides) < 48 and max(sides) > 61 and len(set(sides)) > 12
    assert min(places) < 0.2 and max(places) > 0.8


@pytest.mark.parametrize("background", LEAVES_OUT)
def test_crop_finds_the_palette_of_the_cropped_picture(example, background):
    for number in range(6):
        found = augmented(example, ["flip", "crop", "lines"], number, background)
        assert np.array_equal(found["palette"], extract_palette(found["picture"], background))


def test_at_512_pixels_the_palette_is_near_enough_that_of_every_pixel():
    dolls = Dolls(3, seed=2)
    distances = []
    for number, example in enumerate(dolls.examples()):
        picture = dolls.load(example, 512).picture
        trio = {
            "sketch": picture[..., :1],
            "picture": picture,
            "palette": np.zeros((4, 4, 3), np.uint8),
        }
        found = augmented(trio, ["crop"], number)
        palette = extract_palette(found["picture"], "white").astype(int)
        distances.append(np.linalg.norm(found["palette"] - palette, axis=-1))
    assert (np.array(distances) < 8).mean() > 0.9


# --- warp ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("upside_down", [False, True])
def test_warp_rolls_every_column_by_its_own_shift(example, upside_down):
    shifts = np.random.default_rng(0).integers(-80, 80, SIDE).astype(np.int32)
    found = warp(tf.constant(example["picture"]), tf.constant(upside_down), tf.constant(shifts))
    picture = example["picture"][::-1] if upside_down else example["picture"]
    rolled = [np.roll(picture[:, x], -shift, axis=0) for x, shift in enumerate(shifts)]
    assert np.array_equal(found, np.stack(rolled, axis=1))


@pytest.mark.parametrize("background", LEAVES_OUT)
def test_warp_of_vertical_stripes_changes_nothing(background):
    """Moved up and down they are the same stripes, so the palette is the picture's own."""
    rng = np.random.default_rng(1)
    stripes = np.repeat(rng.integers(0, 256, (1, SIDE, 3), dtype=np.uint8), SIDE, axis=0)
    stripes[:, :40] = 255
    trio = {
        "sketch": np.zeros((SIDE, SIDE, 1), np.uint8),
        "picture": stripes,
        "palette": np.zeros((4, 4, 3), np.uint8),
    }
    for number in range(10):
        found = augmented(trio, ["warp"], number, background)
        assert np.array_equal(found["palette"], extract_palette(stripes, background))


def test_warp_brings_the_colors_of_any_band_into_any_band():
    colors = np.array([[250, 60, 60], [60, 250, 60], [60, 60, 250], [20, 20, 20]], np.uint8)
    picture = np.broadcast_to(np.repeat(colors, SIDE // 4, axis=0)[:, None], (SIDE, SIDE, 3))
    trio = {
        "sketch": np.zeros((SIDE, SIDE, 1), np.uint8),
        "picture": picture,
        "palette": np.zeros((4, 4, 3), np.uint8),
    }
    known = [tuple(color) for color in colors]
    orders = []
    for number in range(80):
        palette = augmented(trio, ["warp"], number, "keep")["palette"]
        assert {tuple(color) for color in palette.reshape(-1, 3)} <= set(known)
        orders.append([known.index(tuple(band[0])) for band in palette])
    orders = np.array(orders)
    for band in orders.T:
        assert np.bincount(band, minlength=4).min() >= 8  # a quarter of 80 is 20
    # A rolled copy has the bands in their cyclic order, one upside down in the reverse order.
    steps = np.diff(orders, axis=1) % 4
    upright, turned = (steps == 1).all(1), (steps == 3).all(1)
    assert 20 < upright.sum() < 60 and 20 < turned.sum() < 60


def test_warp_bends_what_it_rolls():
    """A roll alone would leave two colors in two bands each at most; a wave mixes more."""
    rows = np.repeat(np.arange(0, 256, 16, dtype=np.uint8), SIDE // 16)
    picture = np.broadcast_to(rows[:, None, None], (SIDE, SIDE, 3))
    trio = {
        "sketch": np.zeros((SIDE, SIDE, 1), np.uint8),
        "picture": picture,
        "palette": np.zeros((4, 4, 3), np.uint8),
    }
    rolls = {
        extract_palette(np.roll(copy, shift, axis=0), "keep").tobytes()
        for copy in (picture, picture[::-1])
        for shift in range(SIDE)
    }
    found = [augmented(trio, ["warp"], n, "keep")["palette"].tobytes() for n in range(20)]
    assert sum(palette not in rolls for palette in found) > 10


# --- lines --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weight", "gain", "gamma"),
    [(0, 1, 1), (1, 1, 1), (0.5, 1, 1), (-0.25, 1, 1), (0, 0.75, 1.25), (0.25, 1.25, 0.75)],
)
def test_lines_are_redrawn_as_opencv_and_the_formula_have_it(example, weight, gain, gamma):
    ink = 255 - example["sketch"][..., 0]
    change = cv2.dilate if weight > 0 else cv2.erode
    around = change(ink, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    level = np.rint(ink + abs(weight) * (around.astype(float) - ink))
    expected = 255 - 255 * np.minimum(1, gain * (level / 255) ** gamma)
    arguments = (tf.constant(value, tf.float32) for value in (weight, gain, gamma))
    found = redraw(tf.constant(example["sketch"]), *arguments).numpy()
    assert found.dtype == np.uint8 and found.shape == example["sketch"].shape
    assert np.abs(found[..., 0] - expected).max() <= 0.51
    if (weight, gain, gamma) == (0, 1, 1):
        assert np.array_equal(found, example["sketch"])


def test_lines_change_weight_and_darkness_and_stay_readable_on_white_paper(example):
    sketch = np.full((SIDE, SIDE, 1), 255, np.uint8)
    sketch[:, 20] = 0  # one pixel wide
    sketch[:, 40:48] = 0
    sketch[:, 52:60] = 128
    darkest, beside, faint = [], [], []
    for number in range(60):
        row = augmented(example | {"sketch": sketch}, ["lines"], number)["sketch"][..., 0]
        assert (row == row[0]).all()
        ink = 255 - row[0].astype(int)
        far = [x for x in range(SIDE) if min(abs(x - np.flatnonzero(sketch[0, :, 0] < 255))) > 1]
        assert not ink[far].any()
        assert ink[20] >= 0.35 * 255
        assert ink[20] >= ink[19] == ink[21]
        darkest.append(ink[44] / 255)
        beside.append(ink[19] / 255)
        faint.append(ink[56] / 255)
    assert min(darkest) >= 0.69 and min(darkest) < 0.75 and max(darkest) == 1
    # Thinned lines have nothing beside them; the thickest are three pixels wide.
    assert min(beside) == 0 and max(beside) > 0.9 and 5 < beside.count(0) < 35
    assert min(faint) < 0.35 and max(faint) > 0.6
    # Gain alone would keep the faint at one share of the darkest.
    ratios = [f / d for f, d in zip(faint, darkest, strict=True) if d < 0.99]
    assert max(ratios) - min(ratios) > 0.1


# --- color -------------------------------------------------------------------------------------


def test_color_leaves_gray_alone(example):
    grays = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    for number in range(20):
        found = augmented(example | {"picture": grays}, ["color"], number)
        assert np.array_equal(found["picture"], grays)


def test_color_turns_colors_about_gray(example):
    """Brightness and distance from gray are what a rotation of hue, mirrored or not, keeps."""

    def brightness_and_chroma(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean = picture.mean(-1, keepdims=True)
        return mean, np.linalg.norm(picture - mean, axis=-1)

    before = brightness_and_chroma(example["picture"])
    seen = set()
    for number in range(20):
        picture = augmented(example, ["color"], number)["picture"]
        for one, other in zip(before, brightness_and_chroma(picture), strict=True):
            assert np.abs(one - other).max() <= 1
        seen.add(picture.tobytes())
    assert len(seen) == 20


def test_color_exchanges_leading_channels(example):
    red = example | {"picture": np.full((SIDE, SIDE, 3), (160, 100, 100), np.uint8)}
    leaders = {
        int(augmented(red, ["color"], number)["picture"][0, 0].argmax()) for number in range(30)
    }
    assert leaders == {0, 1, 2}


def test_color_gives_picture_and_palette_the_same_colors(example):
    picture = example["palette"].repeat(4, axis=0).repeat(4, axis=1)
    for number in range(20):
        found = augmented(example | {"picture": picture}, ["color"], number)
        shown = found["palette"].repeat(4, axis=0).repeat(4, axis=1)
        assert np.array_equal(found["picture"], shown)


def test_the_palette_of_a_recolored_flat_picture_is_the_recolored_palette(example):
    rng = np.random.default_rng(6)
    for number in range(20):
        flat = np.full((16, 16, 3), rng.integers(0, 256, 3), np.uint8)
        trio = example | {"picture": flat, "palette": extract_palette(flat)}
        found = augmented(trio, ["color"], number)
        assert farthest(extract_palette(found["picture"]), found["palette"]) <= 1


@pytest.mark.parametrize("names", [["crop"], ["warp"], ["crop", "warp"]], ids=str)
def test_a_palette_found_anew_is_recolored_as_the_picture_is(example, names):
    """The change of colors is read off the pictures, then held against the palettes."""
    for number in range(8):
        plain = augmented(example, names, number)
        colored = augmented(example, [*names, "color"], number)
        before, after = (
            found["picture"].reshape(-1, 3).astype(float) for found in (plain, colored)
        )
        matrix = np.linalg.lstsq(before, after, rcond=None)[0]
        assert np.abs(colored["palette"] - plain["palette"] @ matrix).max() < 1


# --- bands --------------------------------------------------------------------------------------


def test_bands_permutes_whole_bands(example):
    bands = [band.tobytes() for band in example["palette"]]
    orders = []
    for number in range(80):
        found = augmented(example, ["bands"], number)
        orders.append(tuple(bands.index(band.tobytes()) for band in found["palette"]))
    assert all(sorted(order) == [0, 1, 2, 3] for order in orders)
    assert len(set(orders)) > 12
    kept = sum(order == (0, 1, 2, 3) for order in orders)
    assert 10 < kept < 42  # three in ten, and one in 24 of the rest
