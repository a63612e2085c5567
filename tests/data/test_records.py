"""The record contract: what a record holds, what the manifest says, what is refused."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint.data import records
from tf_deeppaint.images.decoding import decode_picture
from tf_deeppaint.utils.errors import DeepPaintError


@pytest.fixture
def copy(doll_shards, tmp_path):
    """The dolls' data set, free to be damaged."""
    return shutil.copytree(doll_shards, tmp_path / "data")


def rewrite(directory, change) -> None:
    """Changes the manifest's document in place by `change`, or replaces it by what that returns."""
    path = directory / records.MANIFEST
    document = json.loads(path.read_text())
    path.write_text(json.dumps(change(document) or document))


def refused(directory, message: str) -> None:
    with pytest.raises(DeepPaintError, match=message) as caught:
        records.load_manifest(directory)
    assert str(directory) in str(caught.value)
    assert "\n" not in str(caught.value)


# --- records ------------------------------------------------------------------------------------


def test_an_example_holds_name_group_sketches_picture_and_histogram():
    rng = np.random.default_rng(0)
    sketches = list(rng.integers(0, 256, (2, 64, 64), dtype=np.uint8))
    picture = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    palette = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    record = records.make_record("folder/Zoë.png", "twins", sketches, picture, palette)
    example = tf.train.Example.FromString(records.serialize_record(record))
    feature = {key: value.bytes_list.value for key, value in example.features.feature.items()}
    assert set(feature) == {"name", "group", "sketch", "picture", "histogram"}
    assert [name.decode() for name in feature["name"]] == ["folder/Zoë.png"]
    assert list(feature["group"]) == [b"twins"]
    for stored, sketch in zip(feature["sketch"], sketches, strict=True):
        assert np.array_equal(decode_picture(stored, "")[..., 0], sketch)
    assert np.array_equal(decode_picture(feature["picture"][0], ""), picture)
    assert np.array_equal(decode_picture(feature["histogram"][0], ""), palette)


def test_sketches_are_stored_as_gray():
    blank = np.full((64, 64), 255, np.uint8)
    record = records.make_record(
        "x", "x", [blank], np.dstack([blank] * 3), np.zeros((4, 4, 3), "u1")
    )
    color_type = record["sketch"][0][25]
    assert color_type == 0


def test_shards_are_named_by_split_and_number():
    assert records.shard_name("train", 0) == "train-00000.tfrecord"
    assert records.shard_name("test", 12) == "test-00012.tfrecord"


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("train-00000.tfrecord", True),
        ("test-12345.tfrecord", True),
        ("train-0.tfrecord", False),
        ("val-00000.tfrecord", False),
        ("train-00000.tfrecord.incomplete", False),
        ("my-train-00000.tfrecord", False),
    ],
)
def test_shards_are_known_by_their_names(name, is_one):
    assert records.is_shard_name(name) == is_one


def test_the_values_of_a_record_are_read_back_and_nothing_else_is_one():
    picture = np.zeros((64, 64, 3), np.uint8)
    record = records.make_record("a/b", "g", [picture[..., 0]] * 2, picture, picture[:4, :4])
    values = records.read_values(records.serialize_record(record))
    assert set(values) == set(records.KEYS) and values["name"] == [b"a/b"]
    assert values == record
    assert records.read_values(b"\xff\xff") is None


def test_palettes_of_partners_come_after_the_own_one_and_parts_are_stored_as_gray():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    palettes = rng.integers(0, 256, (3, 4, 4, 3), dtype=np.uint8)
    parts = rng.integers(0, 14, (64, 64), dtype=np.uint8)
    record = records.make_record(
        "a/b", "g", [picture[..., 0]], picture, palettes[0], palettes[1:], parts
    )
    values = records.read_values(records.serialize_record(record))
    assert set(values) == {*records.KEYS, "palettes", "parts"}
    stored = [decode_picture(png, "") for png in values["palettes"]]
    assert np.array_equal(stored, palettes)
    assert values["palettes"][0] == values["histogram"][0]
    assert np.array_equal(decode_picture(values["parts"][0], "")[..., 0], parts)
    assert values["parts"][0][25] == 0  # gray


# --- the manifest -------------------------------------------------------------------------------


def test_a_manifest_comes_back_as_it_was_written(copy):
    manifest = records.load_manifest(copy)
    records.write_manifest(copy, manifest)
    assert records.load_manifest(copy) == manifest
    assert (manifest.size, manifest.background) == (64, "drop")
    assert manifest.count("train") + manifest.count("test") == 12


def test_the_manifest_states_version_counts_license_and_rule(doll_shards):
    document = json.loads((doll_shards / "manifest.json").read_text())
    assert (document["format"], document["version"]) == ("tf_deeppaint records", 3)
    assert document["counts"] == {"train": 8, "test": 4}
    assert document["options"]["source"] == "dolls"
    assert document["options"]["size"] == 64
    assert document["origin"]["license"] == "CC0-1.0"
    assert document["origin"]["attribution"]
    assert "SHA-256" in document["split_rule"]
    assert document["skipped"] == {}


def test_a_missing_folder_or_manifest_is_named(tmp_path):
    refused(tmp_path / "none", r"no such folder; `.*deeppaint build`")
    (tmp_path / "file").write_text("")
    refused(tmp_path / "file", "no such folder")
    refused(tmp_path, r"holds no manifest\.json")


@pytest.mark.parametrize(
    "change", [{"version": 1}, {"version": 4}, {"version": None}, {"format": "others"}]
)
def test_another_version_is_refused(copy, change):
    rewrite(copy, lambda document: document.update(change))
    refused(copy, r"manifest\.json: written as .* but this program reads .* version 3; build")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"null", b"[]", b"{}", b"7", b"[" * 100_000, b'"x"']
)
def test_a_damaged_manifest_is_refused(copy, content):
    (copy / "manifest.json").write_bytes(content)
    refused(copy, r"manifest\.json: damaged .*; build the data set again")


def test_a_cut_manifest_is_refused_wherever_it_ends(copy):
    whole = (copy / "manifest.json").read_bytes()
    for length in range(0, len(whole) - 2, 97):
        (copy / "manifest.json").write_bytes(whole[:length])
        refused(copy, "damaged")


@pytest.mark.parametrize("key", ["options", "origin", "split_rule", "skipped", "shards"])
def test_a_manifest_without_one_of_its_keys_is_damaged(copy, key):
    rewrite(copy, lambda document: {k: v for k, v in document.items() if k != key})
    refused(copy, "damaged")


@pytest.mark.parametrize("value", [None, [], "text", {"a": 1.5}, 1.5])
@pytest.mark.parametrize("key", ["options", "origin", "skipped", "shards"])
def test_a_manifest_with_another_type_in_it_is_damaged(copy, key, value):
    rewrite(copy, lambda document: document.update({key: value}))
    refused(copy, "damaged")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("records", "5"),
        ("records", None),
        ("records", True),
        ("records", -1),
        ("records", 10**12),
        ("bytes", 10**30),
        ("bytes", 2.5),
        ("name", 3),
        ("no", 1),
    ],
)
def test_a_shard_that_is_listed_wrongly_is_damage(copy, key, value):
    rewrite(copy, lambda document: document["shards"]["train"][0].update({key: value}))
    refused(copy, "damaged")


@pytest.mark.parametrize(
    ("key", "value"), [("size", "64"), ("size", 1e999), ("background", "none"), ("background", [])]
)
def test_options_that_cannot_be_are_damage(copy, key, value):
    rewrite(copy, lambda document: document["options"].update({key: value}))
    refused(copy, "damaged")


@pytest.mark.parametrize(
    "name",
    ["../train-00000.tfrecord", "/etc/passwd", "a/b", "./x", "", ".", "..", "nul\0byte", "notes"],
)
def test_a_shard_name_that_is_none_is_refused(copy, name):
    rewrite(copy, lambda document: document["shards"]["test"][0].update(name=name))
    refused(copy, "a shard has another name")


def test_both_counts_of_a_shard_may_not_be_huge(copy):
    huge = {"records": 10**28, "bytes": 10**30}
    rewrite(copy, lambda document: document["shards"]["train"][0].update(huge))
    refused(copy, "damaged .*too large")


@pytest.mark.parametrize("split", records.SPLITS)
def test_a_missing_shard_is_named(copy, split):
    (copy / f"{split}-00000.tfrecord").unlink()
    refused(copy, rf"{split}-00000\.tfrecord: missing; build the data set again")


def test_a_cut_shard_is_named(copy):
    shard = copy / "train-00000.tfrecord"
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-1])
    refused(copy, rf"train-00000\.tfrecord: {len(whole) - 1} bytes, but .* says {len(whole)}")


def test_a_manifest_of_version_2_is_read_under_its_old_keys(copy):
    """As the version before wrote it: a few keys had other names."""
    expected = records.load_manifest(copy)

    def age(document):
        document["version"] = 2
        document["left_out"] = document.pop("skipped")
        document["origin"]["licence"] = document["origin"].pop("license")
        document["options"]["drawings"] = document["options"].pop("examples")
        document["options"]["drop_copies"] = document["options"].pop("drop_duplicates")

    rewrite(copy, age)
    assert records.load_manifest(copy) == expected
