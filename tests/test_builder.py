"""Building: the same bytes from any number of workers, honest splits, nothing half-finished."""

import hashlib
import itertools
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import tensorflow as tf
from conftest import DOLLS, RECIPE

from tf_deeppaint import builder, images, records
from tf_deeppaint.builder import Recipe, build_dataset, split_of
from tf_deeppaint.errors import DeepPaintError
from tf_deeppaint.palette import extract_palette
from tf_deeppaint.sketch import extract_sketch
from tf_deeppaint.sources import Artwork, Drawing, Origin
from tf_deeppaint.sources.folder import Folder


class FakeSource:
    """Twenty groups of three flat drawings; those named in `bad` cannot be read."""

    origin = Origin("fake", "Fake", "CC0-1.0", "", "")

    def __init__(self, bad=(), groups=20):
        self.bad = bad
        self.groups = groups
        self.loaded = []

    def drawings(self):
        pairs = itertools.product(range(self.groups), "abc")
        return [Drawing(f"{group}-{letter}", f"group-{group}") for group, letter in pairs]

    def load(self, drawing, size):
        self.loaded.append(drawing.name)
        if self.bad == "all" or drawing.name in self.bad:
            raise DeepPaintError(f"{drawing.name}: is damaged")
        shade = int(hashlib.md5(drawing.name.encode()).hexdigest()[:2], 16)
        return Artwork(np.full((40, 30, 3), shade, np.uint8), None)


def files_of(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def examples_of(directory: Path, split: str) -> dict[str, dict[str, list[bytes]]]:
    """A split's records by name, parsed without the library."""
    found = {}
    for path in sorted(directory.glob(f"{split}-*.tfrecord")):
        for serialised in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            features = tf.train.Example.FromString(serialised).features.feature
            values = {key: list(feature.bytes_list.value) for key, feature in features.items()}
            found[values["name"][0].decode()] = values
    return found


def decode(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


# --- what is stored -----------------------------------------------------------------------------


def test_every_doll_is_stored_once_in_its_split(doll_shards):
    stored = {split: set(examples_of(doll_shards, split)) for split in records.SPLITS}
    expected = {"train": set(), "test": set()}
    for drawing in DOLLS.drawings():
        expected[split_of("dolls", drawing.group)].add(f"dolls/{drawing.name}")
    assert stored == expected
    assert min(len(names) for names in stored.values()) > 2


def test_pictures_and_sketches_are_the_sources_own(doll_shards):
    stored = examples_of(doll_shards, "train") | examples_of(doll_shards, "test")
    for drawing in DOLLS.drawings():
        artwork = DOLLS.load(drawing, 64)
        (sketch,) = stored[f"dolls/{drawing.name}"]["sketch"]
        (picture,) = stored[f"dolls/{drawing.name}"]["picture"]
        assert np.array_equal(decode(sketch), artwork.sketch)
        assert np.array_equal(decode(picture)[..., ::-1], artwork.picture)


def test_histograms_are_the_palettes_of_the_stored_pictures(doll_shards):
    for values in examples_of(doll_shards, "train").values():
        (histogram,), (picture,) = values["histogram"], values["picture"]
        palette = decode(histogram)[..., ::-1]
        assert palette.shape == (4, 4, 3)
        assert np.array_equal(palette, extract_palette(decode(picture)[..., ::-1]))


@pytest.fixture
def photographs(tmp_path) -> Path:
    """Twenty pictures of five shapes and two files that are none."""
    folder = tmp_path / "photographs"
    rng = np.random.default_rng(0)
    for number, shape in enumerate(4 * [(90, 60), (40, 200), (64, 64), (1, 1), (300, 8)]):
        coarse = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
        images.write_picture(folder / f"{number}.png", images.resize(coarse, *shape))
    (folder / "cut.png").write_bytes((folder / "0.png").read_bytes()[:-30])
    (folder / "empty.jpg").write_bytes(b"")
    return folder


@pytest.mark.parametrize("background", ["white", "keep"])
def test_the_recipes_background_decides_about_the_palette(photographs, tmp_path, background):
    build_dataset(Folder(photographs), tmp_path / "data", Recipe(64, background, "thin"))
    differs = False
    stored = examples_of(tmp_path / "data", "train") | examples_of(tmp_path / "data", "test")
    for values in stored.values():
        picture = decode(values["picture"][0])[..., ::-1]
        palette = decode(values["histogram"][0])[..., ::-1]
        assert np.array_equal(palette, extract_palette(picture, background))
        differs |= not np.array_equal(palette, extract_palette(picture, "drop"))
    assert differs


@pytest.mark.parametrize("style", ["thin", "bold", "soft"])
def test_sketches_are_extracted_where_the_source_has_none(photographs, tmp_path, style):
    build_dataset(Folder(photographs), tmp_path / "data", Recipe(64, "drop", style))
    stored = examples_of(tmp_path / "data", "train") | examples_of(tmp_path / "data", "test")
    assert set(stored) == {f"folder/{number}.png" for number in range(20)}
    for name, values in stored.items():
        original = images.read_picture(photographs / name.removeprefix("folder/"))
        fitted, _ = images.fit_to_canvas(original, 64)
        assert np.array_equal(decode(values["picture"][0])[..., ::-1], fitted)
        assert np.array_equal(decode(values["sketch"][0]), extract_sketch(fitted, style))


# --- the same bytes -----------------------------------------------------------------------------


def test_a_second_build_gives_the_same_bytes(doll_shards, tmp_path):
    build_dataset(DOLLS, tmp_path / "again", RECIPE)
    assert files_of(tmp_path / "again") == files_of(doll_shards)


def test_two_workers_give_the_bytes_of_one(doll_shards, tmp_path):
    build_dataset(DOLLS, tmp_path / "two", RECIPE, workers=2)
    assert files_of(tmp_path / "two") == files_of(doll_shards)


def test_two_workers_report_the_same_bad_pictures(photographs, tmp_path):
    recipe, reports = Recipe(64, "drop", "mixture"), ([], [])
    for workers in (1, 2):
        output = tmp_path / str(workers)
        report = reports[workers - 1].append
        build_dataset(Folder(photographs), output, recipe, workers, on_skip=report)
    assert files_of(tmp_path / "1") == files_of(tmp_path / "2")
    assert reports[0] == reports[1] and len(reports[0]) == 2


def test_shards_hold_what_the_manifest_says(doll_shards):
    document = json.loads((doll_shards / "manifest.json").read_text())
    listed = [shard for split in document["shards"].values() for shard in split]
    assert {path.name for path in doll_shards.iterdir()} == {
        "manifest.json",
        *(shard["name"] for shard in listed),
    }
    for shard in listed:
        data = (doll_shards / shard["name"]).read_bytes()
        assert shard["sha256"] == hashlib.sha256(data).hexdigest()
        assert shard["bytes"] == len(data)
        count = sum(1 for _ in tf.data.TFRecordDataset(str(doll_shards / shard["name"])))
        assert shard["records"] == count


def test_a_full_shard_is_followed_by_the_next(monkeypatch, doll_shards, tmp_path):
    monkeypatch.setattr(builder, "SHARD_BYTES", 0)
    manifest = build_dataset(DOLLS, tmp_path, RECIPE)
    names = [shard.name for shard in manifest.shards["test"]]
    assert names == [f"test-{number:05d}.tfrecord" for number in range(manifest.count("test"))]
    assert records.read_manifest(tmp_path) == manifest
    for split in records.SPLITS:
        assert list(examples_of(tmp_path, split)) == list(examples_of(doll_shards, split))


# --- splits -------------------------------------------------------------------------------------


def test_no_group_is_in_both_splits(tmp_path):
    build_dataset(FakeSource(), tmp_path, RECIPE)
    groups = {
        split: {name.split("/")[1].split("-")[0] for name in examples_of(tmp_path, split)}
        for split in records.SPLITS
    }
    assert len(groups["train"]) + len(groups["test"]) == 20
    assert groups["test"] and not groups["train"] & groups["test"]
    assert len(examples_of(tmp_path, "test")) == 3 * len(groups["test"])


def test_a_tenth_of_the_groups_is_tested():
    tested = [split_of("dolls", f"doll-0-{n:06d}") == "test" for n in range(20_000)]
    # Five standard deviations of a fair draw.
    assert abs(np.mean(tested) - 0.1) < 0.011


def test_splits_follow_the_rule_that_the_manifest_states():
    for number in range(200):
        digest = hashlib.sha256(f"wesnoth/{number}".encode()).digest()
        below = int.from_bytes(digest[:8], "big") < 0.1 * 2**64
        assert (split_of("wesnoth", str(number)) == "test") == below


# --- bad pictures -------------------------------------------------------------------------------


def test_bad_pictures_are_skipped_counted_and_reported(photographs, tmp_path):
    reports, steps = [], []
    manifest = build_dataset(
        Folder(photographs),
        tmp_path / "data",
        RECIPE,
        on_progress=lambda done, total: steps.append((done, total)),
        on_skip=reports.append,
    )
    assert manifest.skipped == 2
    assert records.read_manifest(tmp_path / "data") == manifest
    assert manifest.count("train") + manifest.count("test") == 20
    assert sorted(report.split("/")[-1].split(":")[0] for report in reports) == [
        "cut.png",
        "empty.jpg",
    ]
    assert steps == [(done, 22) for done in range(1, 23)]


def test_nothing_is_left_where_every_picture_is_bad(tmp_path):
    with pytest.raises(DeepPaintError, match="none of the 60 drawings could be read"):
        build_dataset(FakeSource(bad="all"), tmp_path / "data", RECIPE)
    assert not list((tmp_path / "data").iterdir())


# --- what is there already ----------------------------------------------------------------------


def test_a_finished_data_set_is_left_as_it_is(doll_shards, tmp_path):
    source, output = FakeSource(), tmp_path / "data"
    first = build_dataset(source, output, RECIPE)
    before = {path: path.stat().st_mtime_ns for path in output.iterdir()}
    source.loaded.clear()
    assert build_dataset(source, output, RECIPE) == first
    assert not source.loaded
    assert {path: path.stat().st_mtime_ns for path in output.iterdir()} == before


@pytest.mark.parametrize(
    ("source", "recipe", "what"),
    [
        (FakeSource(), RECIPE._replace(size=128), "size"),
        (FakeSource(), RECIPE._replace(background="keep"), "background"),
        (FakeSource(), RECIPE._replace(sketch="thin"), "sketch"),
        (FakeSource(groups=21), RECIPE, "drawings"),
        (DOLLS, RECIPE, "source"),
    ],
)
def test_another_data_set_is_not_built_over_a_finished_one(tmp_path, source, recipe, what):
    build_dataset(FakeSource(), tmp_path, RECIPE)
    before = files_of(tmp_path)
    with pytest.raises(DeepPaintError, match=f"holds a data set of another .*{what}.*; choose"):
        build_dataset(source, tmp_path, recipe)
    assert files_of(tmp_path) == before


def test_what_a_killed_build_left_is_cleared_away(doll_shards, tmp_path):
    for name in ("train-00000.tfrecord", "test-00007.tfrecord"):
        (tmp_path / f"{name}.incomplete").write_bytes(b"half a shard")
    (tmp_path / "train-00003.tfrecord").write_bytes(b"a whole one of another build")
    assert build_dataset(DOLLS, tmp_path, RECIPE) == records.read_manifest(tmp_path)
    assert files_of(tmp_path) == files_of(doll_shards)


def test_other_files_beside_the_shards_stay(tmp_path):
    for name in ("notes.txt", "mine.tfrecord", "train-old.tfrecord"):
        (tmp_path / name).write_bytes(b"mine")
    build_dataset(FakeSource(), tmp_path, RECIPE)
    for name in ("notes.txt", "mine.tfrecord", "train-old.tfrecord"):
        assert (tmp_path / name).read_bytes() == b"mine"


class Stopped(FakeSource):
    """Is interrupted at the fortieth drawing."""

    def load(self, drawing, size):
        if len(self.loaded) == 40:
            raise KeyboardInterrupt
        return super().load(drawing, size)


def test_an_interrupted_build_leaves_no_data_set_and_can_be_repeated(monkeypatch, tmp_path):
    monkeypatch.setattr(builder, "SHARD_BYTES", 0)
    with pytest.raises(KeyboardInterrupt):
        build_dataset(Stopped(), tmp_path, RECIPE)
    monkeypatch.undo()
    assert not list(tmp_path.glob("*.incomplete"))
    with pytest.raises(DeepPaintError, match="no finished data set"):
        records.read_manifest(tmp_path)
    manifest = build_dataset(FakeSource(), tmp_path, RECIPE)
    assert manifest.count("train") + manifest.count("test") == 60


@pytest.mark.parametrize("method", ["write", "close"])
def test_a_full_disk_is_told_and_leaves_no_data_set(monkeypatch, tmp_path, method):
    def full(*_):
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr(tf.io.TFRecordWriter, method, full)
    with pytest.raises(DeepPaintError, match=r"data: cannot be written \(No space left"):
        build_dataset(FakeSource(), tmp_path / "data", RECIPE)
    assert not list((tmp_path / "data").iterdir())


def test_an_output_that_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DeepPaintError, match="file: is a file; choose a folder"):
        build_dataset(FakeSource(), tmp_path / "file", RECIPE)
    with pytest.raises(DeepPaintError, match="cannot be written"):
        build_dataset(FakeSource(), tmp_path / "file" / "data", RECIPE)


@pytest.mark.parametrize(
    "recipe",
    [
        RECIPE._replace(size=0),
        RECIPE._replace(size=-64),
        RECIPE._replace(size=100),
        RECIPE._replace(size=8256),
        RECIPE._replace(background="none"),
        RECIPE._replace(sketch="crayon"),
    ],
    ids=str,
)
def test_a_recipe_that_cannot_be_followed_is_refused(tmp_path, recipe):
    with pytest.raises(DeepPaintError, match=r"^(size|background|sketch)="):
        build_dataset(FakeSource(), tmp_path / "data", recipe)
    assert not (tmp_path / "data").exists()


def test_a_missing_input_makes_no_output(tmp_path):
    with pytest.raises(DeepPaintError, match="none: no such folder"):
        build_dataset(Folder(tmp_path / "none"), tmp_path / "data", RECIPE)
    assert not (tmp_path / "data").exists()
