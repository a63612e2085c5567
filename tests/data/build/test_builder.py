"""Building: the same bytes from any number of workers, honest splits, nothing half-finished."""

import contextlib
import dataclasses
import hashlib
import itertools
import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.dolls import CONFIG, DOLLS
from tests.helpers.sketches import draw_sketch
from tf_deeppaint.data import records
from tf_deeppaint.data.build import builder
from tf_deeppaint.data.build.builder import Reports, build_dataset, split_of
from tf_deeppaint.data.build.config import BuildConfig
from tf_deeppaint.data.build.workers import Workers
from tf_deeppaint.data.sources.base import Example, LoadedExample, Origin, Source
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.data.sources.folder import Folder
from tf_deeppaint.data.sources.registry import make_source
from tf_deeppaint.images.canvas import fit_to_canvas, resize
from tf_deeppaint.images.decoding import read_picture
from tf_deeppaint.images.encoding import encode_png, write_picture
from tf_deeppaint.palette.extraction import extract_palette
from tf_deeppaint.utils import locks
from tf_deeppaint.utils.errors import DeepPaintError


class FakeSource(Source):
    """Twenty groups of three flat examples; those named in `bad` cannot be read."""

    origin = Origin("fake", "Fake", "CC0-1.0", "", "")
    options: dict = {}  # noqa: RUF012 - of no test's concern

    def __init__(self, bad=(), groups=20):
        self.bad = bad
        self.groups = groups
        self.loaded = []

    def examples(self):
        pairs = itertools.product(range(self.groups), "abc")
        return (Example(f"{n}-{letter}", 0, f"group-{n}") for n, letter in pairs)

    def load(self, example, size):
        self.loaded.append(example.name)
        if self.bad == "all" or example.name in self.bad:
            raise DeepPaintError(f"{example.name}: is damaged", "damaged")
        shade = int(hashlib.md5(example.name.encode()).hexdigest()[:2], 16)
        return LoadedExample(np.full((40, 30, 3), shade, np.uint8))


def files_of(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}


def examples_of(directory: Path, split: str) -> dict[str, dict[str, list[bytes]]]:
    """A split's records by name, parsed without the library."""
    found = {}
    for path in sorted(directory.glob(f"{split}-*.tfrecord")):
        for serialized in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            features = tf.train.Example.FromString(serialized).features.feature
            values = {key: list(feature.bytes_list.value) for key, feature in features.items()}
            found[values["name"][0].decode()] = values
    return found


def decode(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


# --- what is stored -----------------------------------------------------------------------------


def test_every_doll_is_stored_once_in_its_split(doll_shards):
    stored = {split: set(examples_of(doll_shards, split)) for split in records.SPLITS}
    expected = {"train": set(), "test": set()}
    for example in DOLLS.examples():
        expected[split_of("dolls", example.group)].add(f"dolls/{example.name}")
    assert stored == expected
    assert min(len(names) for names in stored.values()) > 2


def test_pictures_and_sketches_are_the_sources_own(doll_shards):
    stored = examples_of(doll_shards, "train") | examples_of(doll_shards, "test")
    for example in DOLLS.examples():
        artwork = DOLLS.load(example, 64)
        (sketch,) = stored[f"dolls/{example.name}"]["sketch"]
        (picture,) = stored[f"dolls/{example.name}"]["picture"]
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
        write_picture(folder / f"{number}.png", resize(coarse, *shape))
    (folder / "cut.png").write_bytes((folder / "0.png").read_bytes()[:-30])
    (folder / "empty.jpg").write_bytes(b"")
    return folder


@pytest.mark.parametrize("background", ["white", "keep"])
def test_the_recipes_background_decides_about_the_palette(photographs, tmp_path, background):
    build_dataset(
        Folder(photographs), tmp_path / "data", BuildConfig(64, background, ("thin",), min_size=1)
    )
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
    config = BuildConfig(64, "drop", (style,), min_size=1)
    build_dataset(Folder(photographs), tmp_path / "data", config)
    stored = examples_of(tmp_path / "data", "train") | examples_of(tmp_path / "data", "test")
    assert set(stored) == {f"folder/{number}.png" for number in range(20)}
    for name, values in stored.items():
        original = read_picture(photographs / name.removeprefix("folder/"))
        fitted, _ = fit_to_canvas(original, 64, max_enlargement=2.0)
        assert np.array_equal(decode(values["picture"][0])[..., ::-1], fitted)
        assert np.array_equal(decode(values["sketch"][0]), draw_sketch(fitted, style))


# --- the same bytes -----------------------------------------------------------------------------


def test_a_second_build_gives_the_same_bytes(doll_shards, tmp_path):
    build_dataset(DOLLS, tmp_path / "again", CONFIG)
    assert files_of(tmp_path / "again") == files_of(doll_shards)


def test_two_workers_give_the_bytes_of_one(doll_shards, tmp_path):
    with Workers(2) as two:
        build_dataset(DOLLS, tmp_path / "two", CONFIG, two)
    assert files_of(tmp_path / "two") == files_of(doll_shards)


def test_two_workers_report_the_same_bad_pictures(photographs, tmp_path):
    complaints: dict[int, list[str]] = {1: [], 2: []}
    for count, lines in complaints.items():
        with Workers(count) as workers:
            reports = Reports(on_skip=lines.append)
            build_dataset(
                Folder(photographs), tmp_path / str(count), CONFIG, workers, False, reports
            )
    assert files_of(tmp_path / "1") == files_of(tmp_path / "2")
    assert complaints[1] == complaints[2] and len(complaints[1]) == 2


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
    monkeypatch.setattr(builder, "SHARD_PIXELS", 64 * 64)
    manifest = build_dataset(DOLLS, tmp_path, CONFIG)
    names = [shard.name for shard in manifest.shards["test"]]
    assert names == [f"test-{number:05d}.tfrecord" for number in range(manifest.count("test"))]
    assert records.load_manifest(tmp_path) == manifest
    for split in records.SPLITS:
        assert list(examples_of(tmp_path, split)) == list(examples_of(doll_shards, split))


# --- splits -------------------------------------------------------------------------------------


def test_no_group_is_in_both_splits(tmp_path):
    build_dataset(FakeSource(), tmp_path, CONFIG)
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
    complaints, steps = [], []
    manifest = build_dataset(
        Folder(photographs),
        tmp_path / "data",
        dataclasses.replace(CONFIG, min_size=8),
        reports=Reports(lambda *step: steps.append(step), complaints.append),
    )
    assert manifest.skipped == {"cut off": 1, "empty": 1, "smaller than 8 pixels": 4}
    assert records.load_manifest(tmp_path / "data") == manifest
    assert manifest.count("train") + manifest.count("test") == 16
    assert sorted(line.split("/")[-1].split(":")[0] for line in complaints) == [
        "cut.png",
        "empty.jpg",
    ]
    for stage, total in (("inspected", 22), ("prepared", 16)):
        done = [step[1] for step in steps if step[0] == stage]
        assert done[0] == 0 and done == sorted(done) and done[-1] == total
        assert {step[2] for step in steps if step[0] == stage} == {total}


@pytest.mark.parametrize("count", [1, 2])
def test_a_strict_build_stops_at_the_first_bad_picture(photographs, tmp_path, count):
    with Workers(count) as workers, pytest.raises(DeepPaintError, match=r"(cut|empty)\.\w+: "):
        build_dataset(Folder(photographs), tmp_path / "data", CONFIG, workers, strict=True)
    with pytest.raises(DeepPaintError, match="no finished data set"):
        records.load_manifest(tmp_path / "data")


def test_bad_pictures_that_only_loading_finds_are_counted_too(tmp_path):
    complaints = []
    bad = FakeSource(bad=("3-a", "7-c"))
    manifest = build_dataset(bad, tmp_path, CONFIG, reports=Reports(on_skip=complaints.append))
    assert manifest.skipped == {"damaged": 2}
    assert sorted(complaints) == ["3-a: is damaged", "7-c: is damaged"]
    stored = examples_of(tmp_path, "train") | examples_of(tmp_path, "test")
    assert len(stored) == 58 and "fake/3-a" not in stored


def test_nothing_is_left_where_every_picture_is_bad(tmp_path):
    with pytest.raises(DeepPaintError, match="no example is left to write: 60 damaged"):
        build_dataset(FakeSource(bad="all"), tmp_path / "data", CONFIG)
    assert not (tmp_path / "data").exists()


# --- what is there already ----------------------------------------------------------------------


def test_a_finished_data_set_is_left_as_it_is(doll_shards, tmp_path):
    source, output = FakeSource(), tmp_path / "data"
    first = build_dataset(source, output, CONFIG)
    before = {path: path.stat().st_mtime_ns for path in output.iterdir()}
    source.loaded.clear()
    assert build_dataset(source, output, CONFIG) == first
    assert not source.loaded
    assert {path: path.stat().st_mtime_ns for path in output.iterdir()} == before


@pytest.mark.parametrize(
    ("source", "config", "what"),
    [
        (FakeSource(), dataclasses.replace(CONFIG, size=128), "size"),
        (FakeSource(), dataclasses.replace(CONFIG, background="keep"), "background"),
        (FakeSource(), dataclasses.replace(CONFIG, sketch=("thin",)), "sketch"),
        (FakeSource(groups=21), CONFIG, "examples"),
        (DOLLS, CONFIG, "source"),
    ],
)
def test_another_data_set_is_not_built_over_a_finished_one(tmp_path, source, config, what):
    build_dataset(FakeSource(), tmp_path, CONFIG)
    before = files_of(tmp_path)
    with pytest.raises(DeepPaintError, match=f"holds a data set of another .*{what}.*; choose"):
        build_dataset(source, tmp_path, config)
    assert files_of(tmp_path) == before


def test_what_a_killed_build_left_is_cleared_away(doll_shards, tmp_path):
    of_before = "test-00007.tfrecord.incomplete"
    for name in (".train-00000.tfrecord.0123456789ab.incomplete.tfrecord", of_before):
        (tmp_path / name).write_bytes(b"half a shard")
    (tmp_path / "train-00003.tfrecord").write_bytes(b"a whole one of another build")
    assert build_dataset(DOLLS, tmp_path, CONFIG) == records.load_manifest(tmp_path)
    assert files_of(tmp_path) == files_of(doll_shards)


@pytest.mark.parametrize("name", ["train-00000.tfrecord.incomplete", "train-00000.tfrecord"])
def test_a_link_in_the_place_of_a_shard_is_not_written_through(tmp_path, name):
    (tmp_path / "mine.txt").write_bytes(b"mine")
    data = tmp_path / "data"
    data.mkdir()
    (data / name).symlink_to(tmp_path / "mine.txt")
    build_dataset(FakeSource(), data, CONFIG)
    assert (tmp_path / "mine.txt").read_bytes() == b"mine"
    assert not (data / "train-00000.tfrecord").is_symlink()
    assert not list(data.glob("*incomplete*"))


class Linking(FakeSource):
    """Somebody else puts links into the folder while a data set is built."""

    def __init__(self, links: dict[Path, Path]):
        super().__init__()
        self.links = links

    def load(self, example, size):
        for link, target in self.links.items():
            if not os.path.lexists(link):
                link.symlink_to(target)
        return super().load(example, size)


def test_a_link_that_comes_while_a_shard_is_written_is_not_written_through(tmp_path):
    mine = [tmp_path / split for split in records.SPLITS]
    for path in mine:
        path.write_bytes(b"mine")
    names = [f"{split}-00000.tfrecord.incomplete" for split in records.SPLITS]
    links = {tmp_path / "data" / name: path for name, path in zip(names, mine, strict=True)}
    build_dataset(Linking(links), tmp_path / "data", CONFIG)
    assert [path.read_bytes() for path in mine] == [b"mine"] * 2


def test_other_files_beside_the_shards_stay(tmp_path):
    for name in ("notes.txt", "mine.tfrecord", "train-old.tfrecord"):
        (tmp_path / name).write_bytes(b"mine")
    build_dataset(FakeSource(), tmp_path, CONFIG)
    for name in ("notes.txt", "mine.tfrecord", "train-old.tfrecord"):
        assert (tmp_path / name).read_bytes() == b"mine"


# --- broken off and gone on with ----------------------------------------------------------------


@pytest.fixture
def small_shards(monkeypatch):
    """Shards of eight records."""
    monkeypatch.setattr(builder, "SHARD_PIXELS", 8 * 64 * 64)


class Stopped(FakeSource):
    """Is interrupted at the fortieth example."""

    def load(self, example, size):
        if len(self.loaded) == 40:
            raise KeyboardInterrupt
        return super().load(example, size)


@pytest.fixture
def broken_off(tmp_path, small_shards) -> Path:
    """What is there after an interrupt."""
    with pytest.raises(KeyboardInterrupt):
        build_dataset(Stopped(), tmp_path / "data", CONFIG)
    return tmp_path / "data"


def test_an_interrupted_build_leaves_no_data_set(broken_off):
    assert not list(broken_off.glob("*.incomplete"))
    assert len(list(broken_off.glob("train-*.tfrecord"))) == 5
    with pytest.raises(DeepPaintError, match="no finished data set"):
        records.load_manifest(broken_off)


def test_an_interrupted_build_goes_on_where_it_was(broken_off, tmp_path):
    source = FakeSource()
    build_dataset(source, broken_off, CONFIG)
    assert len(source.loaded) == 60 - 5 * 8
    build_dataset(FakeSource(), tmp_path / "whole", CONFIG)
    assert files_of(broken_off) == files_of(tmp_path / "whole")


def test_a_shard_that_was_damaged_meanwhile_is_written_again(broken_off, tmp_path):
    shard = broken_off / "train-00001.tfrecord"
    shard.write_bytes(shard.read_bytes()[:-1])
    (broken_off / "train-00002.tfrecord").unlink()
    (broken_off / ".building" / "train-00003.tfrecord.json").write_text("{")
    build_dataset(FakeSource(), broken_off, CONFIG)
    build_dataset(FakeSource(), tmp_path / "whole", CONFIG)
    assert files_of(broken_off) == files_of(tmp_path / "whole")


@pytest.mark.parametrize(
    ("source", "config", "what"),
    [
        (FakeSource(groups=21), CONFIG, "examples"),
        (FakeSource(), dataclasses.replace(CONFIG, background="keep"), "background"),
        (DOLLS, CONFIG, "examples, source"),
    ],
)
def test_another_build_does_not_go_on_with_it(broken_off, source, config, what):
    before = files_of(broken_off)
    with pytest.raises(DeepPaintError, match=f"an unfinished data set of another {what}; go on"):
        build_dataset(source, broken_off, config)
    assert files_of(broken_off) == before
    build_dataset(FakeSource(), broken_off, CONFIG)


@pytest.mark.parametrize("change", ["content", "missing"])
def test_a_picture_that_changes_during_the_build_stops_it(photographs, tmp_path, change):
    """The sizes of the files stay: only what is in one of them differs from what was planned."""

    class Changing(Folder):
        def load(self, example, size):
            path = photographs / "7.png"
            path.unlink(missing_ok=True)
            if change == "content":
                write_picture(path, np.full((64, 64, 3), 9, np.uint8))
            return super().load(example, size)

    with pytest.raises(DeepPaintError, match=r"^7\.png: has changed since this build began"):
        build_dataset(Changing(photographs), tmp_path / "data", CONFIG)
    assert not (tmp_path / "data" / "manifest.json").exists()


def test_a_finished_data_set_of_a_changed_folder_is_told(photographs, tmp_path):
    build_dataset(Folder(photographs), tmp_path / "data", CONFIG)
    (photographs / "3.png").unlink()
    with pytest.raises(DeepPaintError, match="holds a data set of another examples; choose"):
        build_dataset(Folder(photographs), tmp_path / "data", CONFIG)


@pytest.mark.parametrize("method", ["write", "close"])
def test_a_full_disk_is_told_and_the_build_goes_on_later(monkeypatch, tmp_path, method):
    def full(*_):
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(tf.io.TFRecordWriter, method, full)
        with pytest.raises(DeepPaintError, match=r"data: cannot be written \(No space left"):
            build_dataset(FakeSource(), tmp_path / "data", CONFIG)
    assert [path.name for path in (tmp_path / "data").iterdir()] == [".building"]
    assert build_dataset(FakeSource(), tmp_path / "data", CONFIG).count("train")


def test_a_build_that_ended_while_this_one_waited_is_not_begun_anew(tmp_path, monkeypatch):
    """Another may finish between the look for a finished data set and the taking of the lock."""
    hold, output = locks.hold, tmp_path / "data"

    @contextlib.contextmanager
    def hold_late(*arguments):
        monkeypatch.setattr(locks, "hold", hold)
        build_dataset(FakeSource(), output, CONFIG)
        before.update(files_of(output))
        with hold(*arguments):
            yield

    before = {}
    monkeypatch.setattr(locks, "hold", hold_late)
    source = FakeSource()
    assert build_dataset(source, output, CONFIG) == records.load_manifest(output)
    assert files_of(output) == before and not source.loaded


def test_two_builds_of_one_output_do_not_mix(tmp_path):
    class Nested(FakeSource):
        def examples(self):
            build_dataset(FakeSource(), tmp_path / "data", CONFIG)
            return super().examples()

    with pytest.raises(
        DeepPaintError, match=rf"data: process {os.getpid()} on .* is building there; wait"
    ):
        build_dataset(Nested(), tmp_path / "data", CONFIG)


# --- twins, and other file systems --------------------------------------------------------------


@pytest.fixture
def copied(tmp_path) -> Path:
    """Sixteen dolls, each also as a smaller JPEG and as an equal file."""
    folder = tmp_path / "copied"
    for example in Dolls(16, seed=1).examples():
        picture = Dolls(16, seed=1).load(example, 128).picture
        write_picture(folder / f"{example.name}.png", picture)
        (folder / f"{example.name}-equal.png").write_bytes(encode_png(picture))
        small = cv2.resize(picture[..., ::-1], (96, 96), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(folder / f"{example.name}-small.jpg"), small)
    return folder


def test_copies_share_a_split(copied, tmp_path):
    build_dataset(Folder(copied), tmp_path / "data", CONFIG)
    found = {}
    for part in records.SPLITS:
        for name, values in examples_of(tmp_path / "data", part).items():
            doll = name[: len("folder/doll-1-000000")]
            found.setdefault(doll, set()).add((part, values["group"][0]))
    assert len(found) == 16 and all(len(places) == 1 for places in found.values())
    assert len({group for places in found.values() for _, group in places}) == 16


def test_copies_are_dropped_on_request(copied, tmp_path):
    config = dataclasses.replace(CONFIG, drop_duplicates=True)
    manifest = build_dataset(Folder(copied), tmp_path / "data", config)
    assert manifest.skipped == {"copy of another": 32}
    stored = examples_of(tmp_path / "data", "train") | examples_of(tmp_path / "data", "test")
    assert len({name[: len("folder/doll-1-000000")] for name in stored}) == len(stored) == 16


def test_input_and_output_may_lie_in_a_cloud(doll_shards, monkeypatch, tmp_path):
    """TensorFlow's file system in memory stands for a bucket."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    gfile, bucket = tf.io.gfile, "ram://bucket/cloud"
    build_dataset(DOLLS, f"{bucket}/data", CONFIG)
    stored = {}
    for name in gfile.listdir(f"{bucket}/data"):
        with gfile.GFile(f"{bucket}/data/{name}", "rb") as file:
            stored[name] = file.read()
    assert stored == files_of(doll_shards)
    assert build_dataset(DOLLS, f"{bucket}/data", CONFIG) == records.load_manifest(doll_shards)
    assert not (tmp_path / "tf_deeppaint" / "builds").exists()
    gfile.rmtree(bucket)


def test_an_output_that_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DeepPaintError, match="file: is a file; choose a folder"):
        build_dataset(FakeSource(), tmp_path / "file", CONFIG)
    with pytest.raises(DeepPaintError, match="cannot be written"):
        build_dataset(FakeSource(), tmp_path / "file" / "data", CONFIG)


@pytest.mark.parametrize(
    "config",
    [
        dataclasses.replace(CONFIG, size=0),
        dataclasses.replace(CONFIG, size=-64),
        dataclasses.replace(CONFIG, size=100),
        dataclasses.replace(CONFIG, size=8256),
        dataclasses.replace(CONFIG, background="none"),
        dataclasses.replace(CONFIG, sketch=("crayon",)),
    ],
    ids=str,
)
def test_a_config_that_is_not_allowed_is_refused(tmp_path, config):
    with pytest.raises(DeepPaintError, match=r"^--(size|background|sketch)="):
        build_dataset(FakeSource(), tmp_path / "data", config)
    assert not (tmp_path / "data").exists()


def test_a_missing_input_makes_no_output(tmp_path):
    with pytest.raises(DeepPaintError, match="none: no such folder"):
        build_dataset(Folder(tmp_path / "none"), tmp_path / "data", CONFIG)
    assert not (tmp_path / "data").exists()


def test_the_manifest_tells_the_split_rule_that_was_used(doll_shards, tmp_path):
    drawn = records.load_manifest(doll_shards).split_rule
    assert drawn.startswith("test where SHA-256") and "source" not in drawn
    picture = Dolls(1).load(next(iter(Dolls(1).examples())), 64)
    pair = np.concatenate([picture.picture, np.full((64, 64, 3), 255, np.uint8)], axis=1)
    for name in ("train/a.png", "val/b.png"):
        pair[:9, :9] = len(name)
        write_picture(tmp_path / "pairs" / name, pair)
    source = make_source("pairs", {"input": str(tmp_path / "pairs")})
    published = build_dataset(source, tmp_path / "data", CONFIG).split_rule
    assert published.startswith("As their source gives it, for 2 examples.")
    assert "SHA-256" not in published
