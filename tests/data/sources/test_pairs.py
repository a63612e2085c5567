"""Pairs of picture and sketch: layouts, orders, palettes, two folders, and what is wrong."""

import hashlib
import json

import colorgram
import numpy as np
import pytest
from PIL import Image

from tests.helpers.source_files import check_travels, write_picture
from tf_deeppaint.data.sources.base import Example
from tf_deeppaint.data.sources.pairs import Pairs
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

SIDE = 96


def colored(seed: int = 0, height: int = SIDE, width: int = SIDE) -> np.ndarray:
    """Patches of many colors, so that every band has more than five."""
    rng = np.random.default_rng(seed)
    patches = rng.integers(0, 256, (-(-height // 6), -(-width // 6), 3))
    return np.kron(patches, np.ones((6, 6, 1))).astype(np.uint8)[:height, :width]


def line_art(seed: int = 0, height: int = SIDE, width: int = SIDE) -> np.ndarray:
    rng = np.random.default_rng(seed)
    gray = np.full((height, width), 255, np.uint8)
    gray[rng.integers(0, height, 9)] = rng.integers(0, 200, (9, 1))
    gray[:, rng.integers(0, width, 9)] = 40
    return gray


def rgb(gray: np.ndarray) -> np.ndarray:
    return np.repeat(gray[..., None], 3, axis=-1)


def side_by_side(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.concatenate([left, right], axis=1)


def pair(seed: int = 0) -> np.ndarray:
    return side_by_side(colored(seed), rgb(line_art(seed)))


def reference_palette(picture: np.ndarray) -> dict:
    """The authors' JSON: ranks 1..4 of five colors a band, by colorgram.py."""
    height = picture.shape[0] // 4
    bands = {}
    for band in range(4):
        rows = Image.fromarray(picture[band * height : (band + 1) * height])
        colors = colorgram.extract(rows, 5)
        bands[str(band + 1)] = {str(rank): list(colors[rank].rgb) for rank in range(1, 5)}
    return bands


def write_palette(folder, name: str, bands: dict) -> bytes:
    path = folder / "colorgram" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(bands))
    return path.read_bytes()


def load(source: Pairs, name: str):
    return source.load(Example(name), 512)


# --- one picture holds both ---------------------------------------------------------------------


@pytest.fixture
def published(tmp_path):
    folder = tmp_path / "colorization_pairs"
    for split, seeds in (("train", (1, 2)), ("val", (3,)), ("test", (4,))):
        for seed in seeds:
            write_picture(folder / split / f"{seed}.png", pair(seed))
    write_picture(folder / "preview.png", pair(9))
    write_palette(folder, "1.json", reference_palette(colored(1)))
    return folder


def test_the_published_folders_decide_the_split(published):
    found = sorted(Pairs(published).examples())
    assert {example.name: example.split for example in found} == {
        "train/1.png": "train",
        "train/2.png": "train",
        "val/3.png": "test",
        "test/4.png": "test",
    }
    assert {example.group for example in found} == {""}
    palette = (published / "colorgram" / "1.json").stat().st_size
    assert found[1].bytes == (published / "train" / "1.png").stat().st_size + palette
    assert found[2].bytes == (published / "train" / "2.png").stat().st_size


def test_without_such_folders_every_picture_below_is_a_pair(tmp_path):
    write_picture(tmp_path / "a.png", pair(1))
    write_picture(tmp_path / "more" / "b.jpg", pair(2))
    write_palette(tmp_path, "a.json", reference_palette(colored(1)))
    examples = sorted(Pairs(tmp_path).examples())
    assert [(d.name, d.split) for d in examples] == [("a.png", ""), ("more/b.jpg", "")]


def test_a_palette_belongs_to_the_picture_of_its_own_path(tmp_path):
    write_picture(tmp_path / "one" / "x.png", pair(1))
    write_picture(tmp_path / "two" / "x.png", pair(2))
    write_palette(tmp_path, "x.json", reference_palette(colored(3)))
    write_palette(tmp_path, "two/x.json", reference_palette(colored(2)))
    source = Pairs(tmp_path, check_palette=True)
    assert load(source, "one/x.png").palette is None
    assert load(source, "two/x.png").palette is not None


@pytest.mark.parametrize("order", ["color_sketch", "sketch_color"])
def test_a_pair_is_cut_into_picture_and_sketch(tmp_path, order):
    # Pillow's formula for gray is its own, so the sketch is gray already.
    picture, sketch = colored(5, 60, 80), line_art(5, 60, 80)
    halves = (picture, rgb(sketch)) if order == "color_sketch" else (rgb(sketch), picture)
    data = write_picture(tmp_path / "x.png", side_by_side(*halves))
    source = Pairs(tmp_path, order)
    artwork = load(source, "x.png")
    np.testing.assert_array_equal(artwork.picture, picture)
    np.testing.assert_array_equal(artwork.sketch, sketch)
    assert artwork.palette is None
    look = source.inspect(Example("x.png"))
    assert look.digest == artwork.digest == hashlib.sha256(data).hexdigest()
    assert (look.height, look.width) == (60, 80)
    np.testing.assert_array_equal(look.picture, picture)


def test_a_look_at_a_large_pair_shows_the_picture_alone(tmp_path):
    picture = colored(6, 512, 512)
    write_picture(tmp_path / "x.png", side_by_side(picture, rgb(line_art(6, 512, 512))))
    look = Pairs(tmp_path).inspect(Example("x.png"))
    assert (look.height, look.width) == (512, 512)
    expected = np.asarray(Image.fromarray(picture).resize((128, 128), Image.Resampling.BOX))
    assert np.abs(look.picture.astype(int) - expected).max() <= 1


def test_an_odd_width_has_no_halves(tmp_path):
    write_picture(tmp_path / "x.png", colored(1, 20, 31))
    source = Pairs(tmp_path)
    for act in (source.inspect, lambda example: source.load(example, 64)):
        with pytest.raises(DeepPaintError, match=r"x\.png: 31 pixels wide") as caught:
            act(Example("x.png"))
        assert caught.value.kind == "odd width"


@pytest.mark.parametrize(
    ("order", "other"),
    [("color_sketch", "sketch_color"), ("sketch_color", "color_sketch")],
)
def test_halves_in_the_other_order_are_noticed(tmp_path, order, other):
    # As JPEG, where gray is not quite gray.
    halves = (colored(1), rgb(line_art(1)))
    swapped = halves if order == "sketch_color" else halves[::-1]
    write_picture(tmp_path / "x.jpg", side_by_side(*swapped), quality=80)
    with pytest.raises(DeepPaintError, match=f"pass --pair_order={other}$") as caught:
        load(Pairs(tmp_path, order), "x.jpg")
    assert caught.value.kind == "halves swapped"
    assert load(Pairs(tmp_path, other), "x.jpg").sketch.shape == (SIDE, SIDE)


def test_a_picture_without_colors_is_no_sign_of_swapped_halves(tmp_path):
    gray = rgb(colored(1)[..., 0])
    write_picture(tmp_path / "x.png", side_by_side(gray, rgb(line_art(1))))
    np.testing.assert_array_equal(load(Pairs(tmp_path), "x.png").picture, gray)


def test_a_sketch_in_blue_pencil_is_taken_beside_a_colored_picture(tmp_path):
    blue = rgb(line_art(1))
    blue[..., 2] = 255
    write_picture(tmp_path / "x.png", side_by_side(colored(1), blue))
    expected = np.asarray(Image.fromarray(blue).convert("L")).astype(int)
    assert np.abs(load(Pairs(tmp_path), "x.png").sketch - expected).max() <= 1


# --- palettes -----------------------------------------------------------------------------------


def test_a_palette_beside_the_pairs_is_used_and_part_of_the_digest(published):
    source = Pairs(published, check_palette=True)
    artwork = load(source, "train/1.png")
    bands = json.loads((published / "colorgram" / "1.json").read_text())
    expected = [[bands[str(b)][str(c)] for c in range(1, 5)] for b in range(1, 5)]
    assert artwork.palette.tolist() == expected
    parts = [(published / name).read_bytes() for name in ("train/1.png", "colorgram/1.json")]
    digests = b"".join(hashlib.sha256(part).digest() for part in parts)
    assert artwork.digest == hashlib.sha256(digests).hexdigest()
    assert artwork.digest == source.inspect(Example("train/1.png")).digest
    assert load(source, "train/2.png").palette is None


def test_another_palette_is_used_unless_it_is_to_be_checked(published):
    bands = reference_palette(colored(1))
    right = bands["2"]["3"]
    bands["2"]["3"] = [1, 2, 3]
    bands["4"]["1"] = [0, 0, 0]
    write_palette(published, "1.json", bands)
    assert load(Pairs(published), "train/1.png").palette[1, 2].tolist() == [1, 2, 3]
    with pytest.raises(DeepPaintError) as caught:
        load(Pairs(published, check_palette=True), "train/1.png")
    assert caught.value.kind == "another palette"
    text = str(caught.value)
    assert "colorgram/1.json: color 3 of band 2 is [1, 2, 3], but " in text
    assert f"{right} in the picture" in text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a palette"),
        (b"{", "not a palette"),
        (b"\xff\xfe", "not a palette"),
        (b'{"1": {"1": [1, 2, 3]}}', "not a palette"),
        (b"[" * 60_000, "not a palette"),
        (b" " * (64 * 1024 + 1), r"over 64 KiB"),
    ],
)
def test_a_file_that_is_no_palette_is_named(published, content, message):
    (published / "colorgram" / "1.json").write_bytes(content)
    with pytest.raises(DeepPaintError, match=rf"1\.json: {message}"):
        load(Pairs(published), "train/1.png")


def test_a_palette_that_a_link_fetches_from_outside_is_left_alone(published, tmp_path):
    (published / "colorgram" / "2.json").symlink_to(tmp_path / "outside.json")
    (tmp_path / "outside.json").write_bytes((published / "colorgram" / "1.json").read_bytes())
    assert load(Pairs(published), "train/2.png").palette is None


# --- two folders --------------------------------------------------------------------------------


@pytest.fixture
def parallel(tmp_path):
    colors, lines = tmp_path / "colors", tmp_path / "lines"
    write_picture(colors / "train" / "a.jpg", colored(1), quality=95)
    write_picture(lines / "train" / "a.png", line_art(1))
    write_picture(colors / "val" / "deep" / "b.PNG", colored(2))
    write_picture(lines / "val" / "deep" / "b.jpg", np.full((48, 48), 130, np.uint8))
    return colors, lines


def test_a_sketch_is_found_by_the_path_of_its_picture(parallel):
    colors, lines = parallel
    source = Pairs(colors, sketches=lines)
    found = sorted(source.examples())
    assert [(d.name, d.split) for d in found] == [
        ("train/a.jpg", "train"),
        ("val/deep/b.PNG", "test"),
    ]
    contents = [(colors / "train/a.jpg").read_bytes(), (lines / "train/a.png").read_bytes()]
    assert found[0].bytes == sum(map(len, contents))
    artwork, look = load(source, "train/a.jpg"), source.inspect(found[0])
    np.testing.assert_array_equal(artwork.sketch, line_art(1))
    decoded = np.asarray(Image.open(colors / "train" / "a.jpg"))
    assert np.abs(artwork.picture.astype(int) - decoded).mean() < 2
    digests = b"".join(hashlib.sha256(content).digest() for content in contents)
    assert artwork.digest == look.digest == hashlib.sha256(digests).hexdigest()
    assert (look.height, look.width) == (SIDE, SIDE)


def test_a_sketch_of_another_size_is_brought_to_that_of_the_picture(parallel):
    colors, lines = parallel
    sketch = load(Pairs(colors, sketches=lines), "val/deep/b.PNG").sketch
    assert sketch.shape == (SIDE, SIDE)
    assert np.abs(sketch.astype(int) - 130).max() <= 1


@pytest.mark.parametrize(
    ("height", "width", "fits"),
    [
        (100, 150, True),
        (67, 100, True),
        (66, 100, True),
        (200, 300, True),
        (101, 150, True),
        (64, 100, False),
        (150, 100, False),
        (103, 150, False),
        (4, 4, False),
        (1000, 1480, False),
    ],
)
def test_a_sketch_of_another_aspect_ratio_is_refused(tmp_path, height, width, fits):
    write_picture(tmp_path / "colors" / "x.png", colored(1, 100, 150))
    write_picture(tmp_path / "lines" / "x.png", line_art(1, height, width))
    source = Pairs(tmp_path / "colors", sketches=tmp_path / "lines")
    if fits:
        assert load(source, "x.png").sketch.shape == (100, 150)
        return
    with pytest.raises(DeepPaintError, match=f"150 x 100 .*sketch {width} x {height}") as caught:
        load(source, "x.png")
    assert caught.value.kind == "sketch of another shape"


def test_a_picture_without_a_sketch_is_listed_and_reported(parallel):
    colors, lines = parallel
    data = write_picture(colors / "train" / "c.png", colored(3))
    source = Pairs(colors, sketches=lines)
    (lone,) = (example for example in source.examples() if example.name == "train/c.png")
    assert lone.bytes == len(data)
    for act in (source.inspect, lambda example: source.load(example, 64)):
        with pytest.raises(DeepPaintError, match=r"train/c\.png: no sketch of that") as caught:
            act(lone)
        assert caught.value.kind == "without sketch"


def test_a_sketch_that_a_link_fetches_from_outside_is_left_alone(parallel, tmp_path):
    colors, lines = parallel
    write_picture(colors / "train" / "c.png", colored(3))
    write_picture(tmp_path / "outside.png", line_art(3))
    (lines / "train" / "c.png").symlink_to(tmp_path / "outside.png")
    with pytest.raises(DeepPaintError, match="no sketch of that name"):
        load(Pairs(colors, sketches=lines), "train/c.png")
    (lines / "train" / "c.png").unlink()
    (lines / "train" / "c.png").symlink_to(lines / "train" / "a.png")
    np.testing.assert_array_equal(
        load(Pairs(colors, sketches=lines), "train/c.png").sketch, line_art(1)
    )


def test_a_damaged_sketch_is_named_itself(parallel):
    colors, lines = parallel
    (lines / "train" / "a.png").write_bytes(b"no picture")
    with pytest.raises(DeepPaintError, match=r"lines/train/a\.png"):
        load(Pairs(colors, sketches=lines), "train/a.jpg")


def test_folders_given_the_wrong_way_round_are_noticed(tmp_path):
    write_picture(tmp_path / "colors" / "x.png", colored(1))
    write_picture(tmp_path / "lines" / "x.png", line_art(1))
    with pytest.raises(DeepPaintError, match="swap --input and --sketches") as caught:
        load(Pairs(tmp_path / "lines", sketches=tmp_path / "colors"), "x.png")
    assert caught.value.kind == "halves swapped"


def test_a_palette_is_used_beside_two_folders_too(parallel):
    colors, lines = parallel
    write_palette(colors, "deep/b.json", reference_palette(colored(2)))
    source = Pairs(colors, sketches=lines, check_palette=True)
    assert load(source, "val/deep/b.PNG").palette is not None
    assert load(source, "train/a.jpg").palette is None


# --- both ---------------------------------------------------------------------------------------


def test_folders_that_are_missing_bare_or_one_in_the_other_are_named(tmp_path):
    (tmp_path / "bare").mkdir()
    with pytest.raises(DeepPaintError, match="nowhere: no such folder"):
        list(Pairs(tmp_path / "nowhere").examples())
    with pytest.raises(DeepPaintError, match="bare: holds no picture"):
        list(Pairs(tmp_path / "bare").examples())
    with pytest.raises(DeepPaintError, match="nowhere: no such folder"):
        list(Pairs(tmp_path / "bare", sketches=tmp_path / "nowhere").examples())
    for inside in (tmp_path, tmp_path / "bare"):
        with pytest.raises(DeepPaintError, match=r"lies in --input=.*side by side"):
            Pairs(tmp_path, sketches=inside)
    Pairs(tmp_path / "bare", sketches=tmp_path / "bare lines")


def test_pairs_in_a_cloud_are_read_like_those_here(published):
    for path in published.rglob("*.*"):
        name = path.relative_to(published).as_posix()
        files.write_bytes(f"ram://pairs/{name}", path.read_bytes())
    far, near = Pairs("ram://pairs"), Pairs(published)
    assert sorted(far.examples()) == sorted(near.examples())
    one, other = load(far, "train/1.png"), load(near, "train/1.png")
    assert one.digest == other.digest
    for values, expected in zip(one, other, strict=True):
        np.testing.assert_array_equal(values, expected)


def test_two_folders_in_a_cloud_are_read_like_those_here(parallel):
    for folder in parallel:
        for path in folder.rglob("*.*"):
            name = path.relative_to(folder).as_posix()
            files.write_bytes(f"ram://{folder.name}/{name}", path.read_bytes())
    far = Pairs("ram://colors", sketches="ram://lines")
    near = Pairs(parallel[0], sketches=parallel[1])
    assert sorted(far.examples()) == sorted(near.examples())
    assert load(far, "val/deep/b.PNG").digest == load(near, "val/deep/b.PNG").digest


def test_pairs_travel_to_workers(published, parallel):
    check_travels(Pairs(published, "sketch_color", check_palette=True))
    check_travels(Pairs(parallel[0], sketches=parallel[1]))
