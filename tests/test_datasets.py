"""Batches: what they hold, in which order, and what augmentation makes of them."""

import shutil

import cv2
import numpy as np
import pytest
import tensorflow as tf
from conftest import DOLLS

from tf_deeppaint import datasets, records
from tf_deeppaint.builder import Recipe, build_dataset
from tf_deeppaint.datasets import augment, load_evaluation, load_training
from tf_deeppaint.errors import DeepPaintError
from tf_deeppaint.images import to_unit_range
from tf_deeppaint.palette import extract_palette
from tf_deeppaint.sources.dolls import Dolls

SHAPES = {"sketch": (64, 64, 3), "picture": (64, 64, 3), "palette": (4, 4, 3)}


def stored(directory, split: str) -> list[dict]:
    """A split's records in order, decoded without the library, uint8 RGB."""

    def decode(feature) -> np.ndarray:
        pixels = np.frombuffer(feature.bytes_list.value[0], np.uint8)
        return cv2.imdecode(pixels, cv2.IMREAD_COLOR)[..., ::-1]

    found = []
    for path in sorted(directory.glob(f"{split}-*.tfrecord")):
        for serialised in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            features = tf.train.Example.FromString(serialised).features.feature
            decoded = {key: decode(features[key]) for key in ("sketch", "picture")}
            decoded["palette"] = decode(features["histogram"])
            found.append(decoded | {"name": features["name"].bytes_list.value[0]})
    return found


def first_batches(directory, count: int, seed: int = 0, augmentations=(), batch_size=4) -> list:
    stream = load_training([directory], batch_size, seed, augmentations)
    return list(stream.take(count).as_numpy_iterator())


def same(one: list[dict], other: list[dict]) -> bool:
    return all(np.array_equal(a[k], b[k]) for a, b in zip(one, other, strict=True) for k in SHAPES)


# --- training batches ---------------------------------------------------------------------------


@pytest.mark.parametrize("augmentations", [(), datasets.AUGMENTATIONS])
def test_training_batches_hold_floats_from_minus_one_to_one(doll_shards, augmentations):
    stream = load_training([doll_shards], 3, 0, augmentations)
    assert {key: spec.shape for key, spec in stream.element_spec.items()} == {
        key: (3, *shape) for key, shape in SHAPES.items()
    }
    for batch in stream.take(4).as_numpy_iterator():
        assert set(batch) == set(SHAPES)
        for key, shape in SHAPES.items():
            assert batch[key].dtype == np.float32 and batch[key].shape == (3, *shape)
            assert batch[key].min() >= -1 and batch[key].max() <= 1
        assert batch["picture"].max() == 1


def test_every_training_record_comes_once_a_pass_as_it_is_stored(doll_shards):
    """Eight records in batches of four: two batches are a pass."""
    expected = {
        key: sorted(to_unit_range(record[key]).tobytes() for record in stored(doll_shards, "train"))
        for key in SHAPES
    }
    batches = first_batches(doll_shards, 6)
    for one, two in zip(batches[::2], batches[1::2], strict=True):
        for key in SHAPES:
            found = [pixels.tobytes() for pixels in np.concatenate([one[key], two[key]])]
            assert sorted(found) == expected[key]


def test_sketch_picture_and_palette_of_a_batch_belong_together(doll_shards):
    trios = {
        tuple(to_unit_range(record[key]).tobytes() for key in SHAPES)
        for record in stored(doll_shards, "train")
    }
    for batch in first_batches(doll_shards, 2):
        for n in range(4):
            assert tuple(batch[key][n].tobytes() for key in SHAPES) in trios


def test_the_stream_goes_on_in_another_order(doll_shards):
    batches = first_batches(doll_shards, 8)
    passes = [batches[n]["sketch"].tobytes() for n in range(0, 8, 2)]
    assert len(set(passes)) > 1


def test_the_seed_decides_everything(doll_shards):
    one = first_batches(doll_shards, 5, seed=7, augmentations=datasets.AUGMENTATIONS)
    assert same(one, first_batches(doll_shards, 5, seed=7, augmentations=datasets.AUGMENTATIONS))
    assert not same(
        one, first_batches(doll_shards, 5, seed=8, augmentations=datasets.AUGMENTATIONS)
    )


def test_any_seed_that_a_flag_takes_is_usable(doll_shards):
    assert first_batches(doll_shards, 1, seed=2**40, augmentations=datasets.AUGMENTATIONS)


def test_data_sets_are_mixed_in_their_shares_throughout(doll_shards, tmp_path):
    build_dataset(Dolls(30, seed=40), tmp_path / "more", Recipe(64, "drop", "thin"))
    few, many = (
        {to_unit_range(record["picture"]).tobytes() for record in stored(directory, "train")}
        for directory in (doll_shards, tmp_path / "more")
    )
    stream = load_training([doll_shards, tmp_path / "more"], 1, 0, ()).unbatch().batch(120)
    for batch in stream.take(3).as_numpy_iterator():
        pictures = [picture.tobytes() for picture in batch["picture"]]
        assert set(pictures) <= few | many
        share = sum(picture in few for picture in pictures) / len(pictures)
        # Three standard deviations to either side.
        assert share == pytest.approx(len(few) / (len(few) + len(many)), abs=0.13)


@pytest.fixture
def many_sketches(tmp_path):
    """One training record with a black sketch and then five white ones."""
    blank = np.full((64, 64), 255, np.uint8)
    picture, palette = np.dstack([blank] * 3), np.zeros((4, 4, 3), np.uint8)
    record = records.make_record("x", [blank * 0] + [blank] * 5, picture, palette)
    path = tmp_path / "train-00000.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(records.to_example(record))
    shard = records.Shard(path.name, 1, path.stat().st_size, records.file_sha256(path))
    options = {"size": 64, "background": "drop"}
    shards = {"train": [shard], "test": []}
    records.write_manifest(tmp_path, records.Manifest(options, DOLLS.origin, "", 0, shards))
    return tmp_path


def test_of_several_sketches_training_takes_any_and_evaluation_the_first(many_sketches):
    choices = [
        [batch["sketch"].mean() for batch in first_batches(many_sketches, 40, seed, batch_size=1)]
        for seed in (0, 1)
    ]
    assert set(choices[0]) == {-1.0, 1.0}
    assert choices[0] != choices[1]
    (batch,) = load_evaluation([many_sketches], "train", 4).as_numpy_iterator()
    assert (batch["sketch"] == -1).all()


# --- evaluation ---------------------------------------------------------------------------------


@pytest.mark.parametrize("split", records.SPLITS)
def test_evaluation_covers_every_record_once_in_order(doll_shards, split):
    expected = stored(doll_shards, split)
    batches = list(load_evaluation([doll_shards], split, 3).as_numpy_iterator())
    assert [len(batch["name"]) for batch in batches[:-1]] == [3] * (len(batches) - 1)
    names = [name for batch in batches for name in batch["name"]]
    assert names == [record["name"] for record in expected]
    for key in SHAPES:
        found = np.concatenate([batch[key] for batch in batches])
        assert np.array_equal(found, to_unit_range(np.stack([r[key] for r in expected])))


def test_evaluation_of_an_empty_split_has_no_batch(many_sketches):
    assert not list(load_evaluation([many_sketches], "test", 4))


def test_first_records_are_the_stored_pixels(doll_shards):
    sketches, pictures, palettes = datasets.first_records(doll_shards, "train", 3)
    expected = stored(doll_shards, "train")[:3]
    assert np.array_equal(sketches, [record["sketch"][..., 0] for record in expected])
    assert np.array_equal(pictures, [record["picture"] for record in expected])
    assert np.array_equal(palettes, [record["palette"] for record in expected])
    assert len(datasets.first_records(doll_shards, "test", 100)[0]) == 4


def test_first_records_of_an_empty_split_are_refused(many_sketches):
    with pytest.raises(DeepPaintError, match="no test records"):
        datasets.first_records(many_sketches, "test", 4)


# --- augmentation -------------------------------------------------------------------------------


def seeds(number: int) -> tf.Tensor:
    return tf.random.split([5, number], 3)


@pytest.fixture(scope="module")
def example() -> dict:
    """Colours far enough from 0 and 255 that no rotation of their hue is clipped."""
    rng = np.random.default_rng(3)
    return {
        "sketch": rng.integers(0, 256, (16, 16, 3), dtype=np.uint8),
        "picture": rng.integers(90, 166, (16, 16, 3), dtype=np.uint8),
        "palette": rng.integers(90, 166, (4, 4, 3), dtype=np.uint8),
    }


def augmented(example: dict, names, number: int) -> dict[str, np.ndarray]:
    result = augment({k: tf.constant(v) for k, v in example.items()}, names, seeds(number))
    return {key: value.numpy() for key, value in result.items()}


@pytest.mark.parametrize(
    "names", [(), ("flip",), ("colour",), ("bands",), ("flip", "colour", "bands")], ids=str
)
def test_augmentation_inside_tf_data_is_the_same_as_outside(example, names):
    tensors = {key: tf.constant(value) for key, value in example.items()}
    inside = tf.data.Dataset.range(12).map(
        lambda n: augment(tensors, names, tf.random.split(tf.stack([5, tf.cast(n, tf.int32)]), 3))
    )
    changed = False
    for number, found in enumerate(inside.as_numpy_iterator()):
        outside = augmented(example, names, number)
        for key in SHAPES:
            assert found[key].dtype == np.uint8
            # A sum of three products may round the other way where the graph fuses them.
            assert np.abs(found[key].astype(int) - outside[key]).max() <= 1
            changed |= not np.array_equal(found[key], example[key])
    assert changed == bool(names)


def test_flip_mirrors_sketch_and_picture_together_half_of_the_time(example):
    flips = []
    for number in range(60):
        found = augmented(example, ["flip"], number)
        flipped = not np.array_equal(found["sketch"], example["sketch"])
        for key in ("sketch", "picture"):
            expected = example[key][:, ::-1] if flipped else example[key]
            assert np.array_equal(found[key], expected)
        assert np.array_equal(found["palette"], example["palette"])
        flips.append(flipped)
    assert 15 < sum(flips) < 45


def test_colour_leaves_grey_and_the_sketch_alone(example):
    greys = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    for number in range(20):
        found = augmented(example | {"picture": greys}, ["colour"], number)
        assert np.array_equal(found["picture"], greys)
        assert np.array_equal(found["sketch"], example["sketch"])


def test_colour_turns_colours_about_grey(example):
    """Brightness and distance from grey are what a rotation of hue, mirrored or not, keeps."""

    def brightness_and_chroma(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean = picture.mean(-1, keepdims=True)
        return mean, np.linalg.norm(picture - mean, axis=-1)

    before = brightness_and_chroma(example["picture"])
    seen = set()
    for number in range(20):
        picture = augmented(example, ["colour"], number)["picture"]
        for one, other in zip(before, brightness_and_chroma(picture), strict=True):
            assert np.abs(one - other).max() <= 1
        seen.add(picture.tobytes())
    assert len(seen) == 20


def test_colour_exchanges_leading_channels(example):
    red = example | {"picture": np.full((16, 16, 3), (160, 100, 100), np.uint8)}
    leaders = {
        int(augmented(red, ["colour"], number)["picture"][0, 0].argmax()) for number in range(30)
    }
    assert leaders == {0, 1, 2}


def test_colour_gives_picture_and_palette_the_same_colours(example):
    picture = example["palette"].repeat(4, axis=0).repeat(4, axis=1)
    for number in range(20):
        found = augmented(example | {"picture": picture}, ["colour"], number)
        shown = found["palette"].repeat(4, axis=0).repeat(4, axis=1)
        assert np.array_equal(found["picture"], shown)


def test_the_palette_of_a_recoloured_flat_picture_is_the_recoloured_palette(example):
    rng = np.random.default_rng(6)
    for number in range(20):
        flat = np.full((16, 16, 3), rng.integers(0, 256, 3), np.uint8)
        trio = example | {"picture": flat, "palette": extract_palette(flat)}
        found = augmented(trio, ["colour"], number)
        difference = extract_palette(found["picture"]).astype(int) - found["palette"]
        assert np.abs(difference).max() <= 1


def test_bands_permutes_whole_bands_and_nothing_else(example):
    bands = [band.tobytes() for band in example["palette"]]
    orders = []
    for number in range(80):
        found = augmented(example, ["bands"], number)
        assert np.array_equal(found["picture"], example["picture"])
        assert np.array_equal(found["sketch"], example["sketch"])
        orders.append(tuple(bands.index(band.tobytes()) for band in found["palette"]))
    assert all(sorted(order) == [0, 1, 2, 3] for order in orders)
    assert len(set(orders)) > 12
    kept = sum(order == (0, 1, 2, 3) for order in orders)
    assert 10 < kept < 42  # three in ten, and one in 24 of the rest


def test_the_stream_uses_the_augmentations_asked_for(doll_shards):
    plain = {to_unit_range(r["sketch"]).tobytes() for r in stored(doll_shards, "train")}
    mirrored = {to_unit_range(r["sketch"][:, ::-1]).tobytes() for r in stored(doll_shards, "train")}
    found = {
        sketch.tobytes()
        for batch in first_batches(doll_shards, 6, augmentations=["flip"])
        for sketch in batch["sketch"]
    }
    assert found <= plain | mirrored
    assert found & plain and found & mirrored - plain


# --- bad input ----------------------------------------------------------------------------------


def test_too_few_records_for_a_batch_are_refused(doll_shards):
    with pytest.raises(DeepPaintError, match=r"8 training records are too few .* batch of 9"):
        load_training([doll_shards], 9, 0)


def test_an_unknown_augmentation_is_refused(doll_shards):
    with pytest.raises(DeepPaintError, match="'spin': choose from flip, colour, bands"):
        load_training([doll_shards], 4, 0, ["flip", "spin"])


@pytest.mark.parametrize(
    ("recipe", "what"),
    [(Recipe(128, "drop", "thin"), "size"), (Recipe(64, "keep", "thin"), "back")],
)
def test_data_sets_that_differ_are_not_mixed(doll_shards, tmp_path, recipe, what):
    build_dataset(Dolls(2), tmp_path / "other", recipe)
    for load in (
        lambda both: load_training(both, 2, 0),
        lambda both: load_evaluation(both, "test", 2),
    ):
        with pytest.raises(DeepPaintError, match=f"data sets of different {what}.*other"):
            load([doll_shards, tmp_path / "other"])


def test_a_missing_data_set_is_named(doll_shards, tmp_path):
    with pytest.raises(DeepPaintError, match="none: no such folder"):
        load_training([doll_shards, tmp_path / "none"], 2, 0)


def test_a_damaged_shard_is_named(doll_shards, tmp_path):
    shutil.copytree(doll_shards, tmp_path / "data")
    shard = tmp_path / "data" / "train-00000.tfrecord"
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    with (
        pytest.raises(DeepPaintError, match=r"data/train-00000\.tfrecord: damaged") as caught,
        datasets.naming_damage([tmp_path / "data"]),
    ):
        list(load_training([tmp_path / "data"], 4, 0, ()).take(4))
    assert "\n" not in str(caught.value)
