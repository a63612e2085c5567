"""Batches: what they hold, in which order, and how a stream goes on where it was left."""

import itertools
import shutil
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.shards import write_manifest, write_shard
from tf_deeppaint.data import loading, ordering, records
from tf_deeppaint.data.augmentation import AUGMENTATIONS
from tf_deeppaint.data.damage import wrap_damage_errors
from tf_deeppaint.data.loading import load, load_evaluation, load_training
from tf_deeppaint.data.parsing import UNKNOWN_PART
from tf_deeppaint.images.pixels import to_signed_unit_range
from tf_deeppaint.utils.errors import DeepPaintError

SHAPES = {"sketch": (64, 64, 3), "picture": (64, 64, 3), "palette": (4, 4, 3)}


def drawn(name: str, seed: int, sketches: int = 1) -> records.Values:
    """A record whose picture, sketch and palette no other seed has."""
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    picture[0] = 255
    lines = [
        255 * (rng.random((8, 8)) < 0.9).astype(np.uint8).repeat(8, axis=0).repeat(8, axis=1)
        for _ in range(sketches)
    ]
    palette = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return records.make_record(name, f"group {seed // 2}", lines, picture, palette)


def write_dataset(directory: Path, sizes: dict, seed: int, **options) -> Path:
    """A data set of shards with this many records each, by split."""
    directory.mkdir(parents=True)
    numbers = itertools.count(1000 * seed)
    shards = {
        split: [
            write_shard(
                directory / f"{split}-{index:05d}.tfrecord",
                [
                    records.serialize_record(drawn(f"{n}", n))
                    for n in itertools.islice(numbers, count)
                ],
            )
            for index, count in enumerate(sizes.get(split, []))
        ]
        for split in records.SPLITS
    }
    write_manifest(directory, shards, **options)
    return directory


@pytest.fixture(scope="module")
def few(tmp_path_factory) -> Path:
    """Ten training records in three shards, five test records in two; to be read only."""
    sizes = {"train": [3, 5, 2], "test": [3, 2]}
    return write_dataset(tmp_path_factory.mktemp("few") / "data", sizes, seed=1)


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Path:
    """Thirty training records in ten shards, no test record; to be read only."""
    sizes = {"train": [4, 2] * 5}
    return write_dataset(tmp_path_factory.mktemp("many") / "data", sizes, seed=2)


def stored(directory: Path, split: str) -> list[dict]:
    """A split's records in order, decoded without the library, uint8 RGB."""

    def decode(feature) -> np.ndarray:
        pixels = np.frombuffer(feature.bytes_list.value[0], np.uint8)
        return cv2.imdecode(pixels, cv2.IMREAD_COLOR)[..., ::-1]

    found = []
    for path in sorted(directory.glob(f"{split}-*.tfrecord")):
        for serialized in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            features = tf.train.Example.FromString(serialized).features.feature
            decoded = {key: decode(features[key]) for key in ("sketch", "picture")}
            decoded["palette"] = decode(features["histogram"])
            texts = {key: features[key].bytes_list.value[0] for key in ("name", "group")}
            found.append(decoded | texts)
    return found


def fingerprint(record: dict) -> tuple[bytes, ...]:
    return tuple(record[key].tobytes() for key in SHAPES)


def fingerprints(directory: Path, split: str) -> list[tuple[bytes, ...]]:
    """What a split's records must look like in a batch, in stored order."""
    return [
        fingerprint({key: to_signed_unit_range(record[key]) for key in SHAPES})
        for record in stored(directory, split)
    ]


def stream(directories, count: int, seed: int = 0, augmentations=(), start: int = 0) -> list:
    """Fingerprints of the first records of a training stream."""
    batches = load_training(directories, 1, seed, augmentations, start).unbatch().take(count)
    return [fingerprint(record) for record in batches.as_numpy_iterator()]


# --- training batches ---------------------------------------------------------------------------


@pytest.mark.parametrize("augmentations", [(), AUGMENTATIONS])
def test_training_batches_hold_floats_from_minus_one_to_one(few, augmentations):
    batches = load_training([few], 3, 0, augmentations)
    assert {key: spec.shape for key, spec in batches.element_spec.items()} == {
        key: (3, *shape) for key, shape in SHAPES.items()
    }
    for batch in batches.take(4).as_numpy_iterator():
        assert set(batch) == set(SHAPES)
        for key, shape in SHAPES.items():
            assert batch[key].dtype == np.float32 and batch[key].shape == (3, *shape)
            assert batch[key].min() >= -1 and batch[key].max() <= 1
        assert batch["sketch"].max() == 1
        assert (batch["sketch"] == batch["sketch"][..., :1]).all()


@pytest.mark.parametrize("buffer_bytes", [ordering.SHUFFLE_BYTES, 5_000])
def test_every_epoch_is_every_record_of_all_data_sets_once(few, many, monkeypatch, buffer_bytes):
    monkeypatch.setattr(ordering, "SHUFFLE_BYTES", buffer_bytes)
    expected = sorted(fingerprints(few, "train") + fingerprints(many, "train"))
    found = stream([few, many], 3 * 40)
    epochs = [found[first : first + 40] for first in (0, 40, 80)]
    for epoch in epochs:
        assert sorted(epoch) == expected
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]


def test_batches_go_on_over_the_border_of_an_epoch(few):
    batches = load_training([few], 4, 0, ()).take(5)
    found = [fingerprint(record) for record in batches.unbatch().as_numpy_iterator()]
    assert found == stream([few], 20)


def test_a_small_buffer_shuffles_shards_too(many, monkeypatch):
    """With a buffer of one record the order is that in which shards are read."""
    monkeypatch.setattr(ordering, "SHUFFLE_BYTES", 1)
    expected = fingerprints(many, "train")
    places = [expected.index(record) for record in stream([many], 60)]
    epochs = places[:30], places[30:]
    assert epochs[0] != epochs[1]
    for epoch in epochs:
        assert sorted(epoch) == list(range(30)) != epoch
        # Shards take turns, so that neighbors in a shard are none in the stream.
        assert sum(after == before + 1 for before, after in itertools.pairwise(epoch)) < 6


def test_the_buffer_holds_no_more_bytes_than_it_may(tmp_path, monkeypatch):
    """With room for five of sixty records none is seen before those 55 ahead of it were read."""
    directory = write_dataset(tmp_path / "data", {"train": [60]}, seed=3)
    shard = directory / "train-00000.tfrecord"
    monkeypatch.setattr(ordering, "SHUFFLE_BYTES", 11 * shard.stat().st_size // 120)
    expected = fingerprints(directory, "train")
    places = [expected.index(record) for record in stream([directory], 60)]
    ahead = [place - turn for turn, place in enumerate(places)]
    assert 0 < max(ahead) < 5


def test_a_large_data_set_shuffles_670_records_of_400_kb_at_a_time():
    """The bound as it is: a smaller buffer hardly shuffles, a larger one fills the memory."""
    shards = ordering.ShardList([b"a"], [5000], 5000, 5000 * 400_000)

    def numbered(path, count):
        return tf.data.Dataset.range(5000).map(tf.strings.as_string)

    stream = ordering.shuffled([shards], tf.constant([1, 2]), numbered)
    places = [int(number) for number in stream.as_numpy_iterator()]
    assert sorted(places) == list(range(5000))
    assert 600 < max(place - turn for turn, place in enumerate(places)) <= 671


@pytest.mark.parametrize("seed", [(0, 0), (-1, 0)])
def test_no_seed_shuffles_by_the_clock(seed):
    """As TensorFlow does where both of its numbers are zero."""
    numbers = tf.data.Dataset.range(100).map(tf.strings.as_string)
    orders = [
        list(ordering._shuffle(numbers, 100, tf.constant(seed)).as_numpy_iterator())
        for _ in range(3)
    ]
    assert orders[0] == orders[1] == orders[2]


@pytest.mark.parametrize("buffer_bytes", [ordering.SHUFFLE_BYTES, 5_000])
def test_data_sets_are_mixed_in_their_shares_throughout(tmp_path, monkeypatch, buffer_bytes):
    monkeypatch.setattr(ordering, "SHUFFLE_BYTES", buffer_bytes)
    few = write_dataset(tmp_path / "few", {"train": [20, 20]}, seed=4)
    many = write_dataset(tmp_path / "many", {"train": [60, 60]}, seed=5)
    of_few = set(fingerprints(few, "train"))
    found = stream([few, many], 320)
    for first in range(0, 320, 40):
        share = sum(record in of_few for record in found[first : first + 40]) / 40
        # Three standard deviations of a fair draw.
        assert share == pytest.approx(0.25, abs=0.2)


def test_a_single_record_is_mixed_into_the_middle_of_many(monkeypatch):
    monkeypatch.setattr(ordering, "SHUFFLE_BYTES", 1)
    shards = [
        ordering.ShardList([name], [count], count, 9) for name, count in ((b"a", 1), (b"b", 20))
    ]

    def named(path, count):
        return tf.data.Dataset.from_tensors(path).repeat(tf.cast(count, tf.int64))

    stream = ordering.shuffled(shards, tf.constant([1, 2]), named)
    assert list(stream.as_numpy_iterator()) == [b"b"] * 10 + [b"a"] + [b"b"] * 10


@pytest.mark.slow
def test_the_seed_alone_decides_everything(few, many):
    asked = dict(directories=[few, many], count=50, augmentations=AUGMENTATIONS)
    found = stream(**asked, seed=7)
    assert stream(**asked, seed=8) != found and stream(**asked, seed=6) != found
    try:
        for global_seed in (1, 2):
            keras.utils.set_random_seed(global_seed)
            assert stream(**asked, seed=7) == found
    finally:
        tf.random.set_seed(None)


@pytest.mark.slow
def test_any_seed_that_a_flag_takes_is_usable(few):
    assert stream([few], 1, 2**32 - 1, AUGMENTATIONS) != stream([few], 1, 0, AUGMENTATIONS)


def test_the_stream_uses_the_augmentations_asked_for(few):
    plain = {to_signed_unit_range(record["sketch"]).tobytes() for record in stored(few, "train")}
    mirrored = {to_signed_unit_range(r["sketch"][:, ::-1]).tobytes() for r in stored(few, "train")}
    found = {record[0] for record in stream([few], 40, augmentations=["flip"])}
    assert found <= plain | mirrored
    assert found & plain and found & mirrored - plain


def test_a_record_inspections_different_in_every_epoch(tmp_path):
    directory = write_dataset(tmp_path / "data", {"train": [1]}, seed=7)
    found = stream([directory], 20, augmentations=["color"])
    assert len(set(found)) == 20


def test_palettes_are_found_anew_by_the_rule_of_the_data_set(tmp_path):
    """The stripes below are half white: only where it may stay does it lead."""
    picture = np.full((64, 64, 3), 255, np.uint8)
    picture[:, :24] = (200, 0, 0)
    lines, unused = np.full((64, 64), 255, np.uint8), np.zeros((4, 4, 3), np.uint8)
    content = records.serialize_record(records.make_record("x", "x", [lines], picture, unused))
    first_colors = {}
    for background in ("keep", "white"):
        folder = tmp_path / background
        folder.mkdir()
        shards = {"train": [write_shard(folder / "train-00000.tfrecord", [content])], "test": []}
        write_manifest(folder, shards, background=background)
        (batch,) = load_training([folder], 1, 0, ["warp"]).take(1).as_numpy_iterator()
        first_colors[background] = np.rint(127.5 * (batch["palette"][0, :, 0] + 1)).tolist()
    assert first_colors == {"keep": [[255, 255, 255]] * 4, "white": [[200, 0, 0]] * 4}


@pytest.fixture
def many_sketches(tmp_path) -> Path:
    """One training record with a black sketch and then five white ones."""
    blank = np.full((64, 64), 255, np.uint8)
    picture, palette = np.dstack([blank] * 3), np.zeros((4, 4, 3), np.uint8)
    record = records.make_record("x", "x", [blank * 0] + [blank] * 5, picture, palette)
    shard = write_shard(tmp_path / "train-00000.tfrecord", [records.serialize_record(record)])
    write_manifest(tmp_path, {"train": [shard], "test": []})
    return tmp_path


def test_of_several_sketches_training_takes_any_and_evaluation_the_first(many_sketches):
    choices = [
        [
            np.frombuffer(record[0], np.float32).mean()
            for record in stream([many_sketches], 40, seed)
        ]
        for seed in (0, 1)
    ]
    assert set(choices[0]) == {-1.0, 1.0}
    assert choices[0] != choices[1]
    (batch,) = load_evaluation([many_sketches], "train", 4).as_numpy_iterator()
    assert (batch["sketch"] == -1).all()


# --- palettes of other drawings -------------------------------------------------------------------


@pytest.fixture(scope="module")
def partners(tmp_path_factory) -> Path:
    """Twenty records, each with its own palette and those of two partners; one without any."""
    directory = tmp_path_factory.mktemp("partners") / "data"
    directory.mkdir()
    contents = []
    for number in range(21):
        rng = np.random.default_rng(number)
        picture = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        own, *others = (np.full((4, 4, 3), 3 * number + i, np.uint8) for i in range(3))
        parts = np.full((64, 64), number % 14, np.uint8)
        others, parts = (others, parts) if number < 20 else ((), None)
        record = records.make_record(
            f"{number}", f"{number}", [picture[..., 0]], picture, own, others, parts
        )
        contents.append(records.serialize_record(record))
    shards = {
        split: [write_shard(directory / f"{split}-00000.tfrecord", contents)]
        for split in records.SPLITS
    }
    write_manifest(directory, shards)
    return directory


def levels(values: np.ndarray) -> np.ndarray:
    return np.rint((values + 1) * 127.5).astype(int)


@pytest.mark.parametrize("share", [0.0, 0.65, 1.0])
def test_as_many_records_as_asked_come_with_another_palette_of_their_own(partners, share):
    batches = load_training([partners], 1, 0, (), swapped_palettes=share)
    taken = []
    for batch in batches.take(21 * 20).as_numpy_iterator():
        number, which = divmod(int(levels(batch["palette"]).max()), 3)
        red = np.random.default_rng(number).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        assert np.array_equal(levels(batch["picture"])[0], red)
        assert number < 20 or which == 0
        if number < 20:
            taken.append(which)
    taken = np.bincount(taken, minlength=3) / len(taken)
    expected = [1 - share, share / 2, share / 2]
    np.testing.assert_allclose(taken, expected, atol=0.08 if 0 < share < 1 else 0.06)


def test_a_new_palette_of_a_crop_is_not_put_in_the_place_of_another_drawing_s(partners):
    batches = load_training([partners], 1, 0, ("crop", "warp"), swapped_palettes=1.0)
    for batch in batches.take(40).as_numpy_iterator():
        palette = levels(batch["palette"])
        assert (palette == palette.flat[0]).all() or palette.std() > 5  # a partner's, or the last


def test_parts_come_as_roles_at_the_size_of_the_picture(partners):
    batches = load_training([partners], 3, 0, ("flip",), size=128, parts=True)
    for batch in batches.take(10).as_numpy_iterator():
        assert batch["parts"].shape == (3, 128, 128) and batch["parts"].dtype == np.int32
        assert batch["sketch"].shape == batch["picture"].shape == (3, 128, 128, 3)
        numbers = levels(batch["palette"]).max(axis=(1, 2, 3)) // 3
        expected = np.where(numbers < 20, numbers % 14, UNKNOWN_PART)
        assert (batch["parts"] == expected[:, None, None]).all()


def test_evaluation_tells_the_palette_of_the_first_partner(partners):
    (batch,) = load_evaluation([partners], "test", 32, size=128).as_numpy_iterator()
    own, partner = (levels(batch[key])[:, 0, 0, 0] for key in ("palette", "partner_palette"))
    assert np.array_equal(own, 3 * np.arange(21))
    assert np.array_equal(partner, own + batch["has_partner"])
    assert batch["has_partner"].tolist() == [True] * 20 + [False]
    assert batch["sketch"].shape == (21, 128, 128, 3)


# --- going on -----------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [1, 17, 40, 95])
def test_a_stream_begun_at_a_record_is_the_whole_stream_from_there(few, many, start):
    whole = stream([few, many], 110, 5, AUGMENTATIONS)
    assert stream([few, many], 110 - start, 5, AUGMENTATIONS, start) == whole[start:]


def test_no_more_than_an_epoch_is_read_to_begin_far_on(few):
    """From the beginning this would take years."""
    found = stream([few], 10, start=10**15)
    assert sorted(found) == sorted(fingerprints(few, "train"))


def test_records_before_the_start_are_not_decoded(tmp_path):
    written = [drawn(str(n), n) for n in range(8)]
    written[3]["picture"] = [b"no picture"]
    contents = [records.serialize_record(record) for record in written]
    shard = write_shard(tmp_path / "train-00000.tfrecord", contents)
    write_manifest(tmp_path, {"train": [shard], "test": []})
    sound = 0
    with pytest.raises(tf.errors.InvalidArgumentError):
        for _ in load_training([tmp_path], 1, 0, ()).take(8):
            sound += 1
    rest = 8 - sound - 1
    assert len(stream([tmp_path], rest, start=sound + 1)) == rest


@pytest.mark.parametrize("start", [0, 12])
def test_workers_share_every_round_of_batches(few, many, start):
    """Two workers with batches of three: together, in turns, they see the whole stream."""
    whole = stream([few, many], 36, 5, AUGMENTATIONS, start)
    parts = []
    for worker in (0, 1):
        batches = load_training([few, many], 3, 5, AUGMENTATIONS, start, (worker, 2)).take(6)
        assert batches.element_spec["sketch"].shape[0] == 3
        parts.append([fingerprint(record) for record in batches.unbatch().as_numpy_iterator()])
    in_turns = [
        record for first in range(0, 18, 3) for part in parts for record in part[first : first + 3]
    ]
    assert in_turns == whole


def test_a_checkpoint_of_the_iterator_goes_on_in_the_middle_of_an_epoch(few, many, tmp_path):
    def iterator():
        return iter(load_training([few, many], 3, 4, AUGMENTATIONS))

    def taken(batches, count: int) -> list:
        return [fingerprint({k: v.numpy() for k, v in next(batches).items()}) for _ in range(count)]

    left = iterator()
    taken(left, 5)
    saved = tf.train.Checkpoint(iterator=left).write(str(tmp_path / "state"))
    expected = taken(left, 20)
    resumed = iterator()
    tf.train.Checkpoint(iterator=resumed).read(saved).assert_consumed()
    assert taken(resumed, 20) == expected


# --- for any Keras model ------------------------------------------------------------------------


def loaded(batches) -> list:
    return [
        fingerprint(inputs | {"picture": picture})
        for inputs, picture in batches.unbatch().as_numpy_iterator()
    ]


def test_load_gives_inputs_and_picture_as_documented(few):
    batches = load(few, "train", 4, shuffle=True, augmentations=AUGMENTATIONS)
    inputs, picture = batches.element_spec
    assert inputs["sketch"].shape == picture.shape == (None, 64, 64, 3)
    assert inputs["palette"].shape == (None, 4, 4, 3)
    found = list(batches.as_numpy_iterator())
    assert int(batches.cardinality()) == len(found) == 3
    assert [len(picture) for _, picture in found] == [4, 4, 2]
    for inputs, picture in found:
        assert set(inputs) == {"sketch", "palette"}
        for values in (*inputs.values(), picture):
            assert values.dtype == np.float32
            assert values.min() >= -1 and values.max() <= 1


@pytest.mark.parametrize("split", records.SPLITS)
def test_load_is_the_split_in_order_unless_told_otherwise(few, split):
    batches = load(few, split, 3)
    for _ in range(2):
        assert loaded(batches) == fingerprints(few, split)


def test_load_shuffles_every_pass_anew_and_alike_for_a_seed(many):
    batches, twin = (load(many, "train", 7, shuffle=True, seed=3) for _ in range(2))
    passes = [loaded(batches) for _ in range(3)]
    for one in passes:
        assert sorted(one) == sorted(fingerprints(many, "train"))
    assert passes[0] != passes[1] != passes[2] != passes[0]
    try:
        keras.utils.set_random_seed(9)
        assert [loaded(twin) for _ in range(3)] == passes
        assert loaded(load(many, "train", 7, shuffle=True, seed=3)) == passes[0]
    finally:
        tf.random.set_seed(None)
    assert loaded(load(many, "train", 7, shuffle=True, seed=4)) != passes[0]


def test_load_augments_every_pass_anew_in_the_stored_order(few):
    batches = load(few, "train", 4, augmentations=["bands"])
    expected = fingerprints(few, "train")
    passes = [loaded(batches) for _ in range(2)]
    for one in passes:
        assert [record[:2] for record in one] == [record[:2] for record in expected]
    assert passes[0] != passes[1]
    assert loaded(load(few, "train", 4, augmentations=["bands"])) == passes[0]


def test_a_name_alone_is_taken_where_a_list_is_meant(few):
    assert stream(str(few), 10, augmentations="bands") == stream([few], 10, augmentations=["bands"])
    named, listed = (load(few, "train", 4, augmentations=names) for names in ("bands", ["bands"]))
    assert loaded(named) == loaded(listed)
    assert len(list(load_evaluation(few, "test", 1))) == 5


def test_load_draws_among_sketches_where_it_shuffles(many_sketches):
    stored_order = load(many_sketches, "train")
    assert all((inputs["sketch"] == -1).numpy().all() for inputs, _ in stored_order)
    shuffled = load(many_sketches, "train", shuffle=True).repeat(40)
    assert {inputs["sketch"].mean() for inputs, _ in shuffled.as_numpy_iterator()} == {-1.0, 1.0}


def test_a_plain_keras_model_learns_from_it(few):
    """The answer is a layer of weights away: the sketch, tinted by the palette's mean."""
    inputs = {key: keras.Input(SHAPES[key], name=key) for key in ("sketch", "palette")}
    tint = keras.layers.Dense(3)(keras.layers.Flatten()(inputs["palette"]))
    tint = keras.layers.Reshape((1, 1, 3))(tint)
    model = keras.Model(inputs, keras.layers.Conv2D(3, 1)(inputs["sketch"]) + tint)
    model.compile(keras.optimizers.Adam(0.05), "mse")
    batches = load(few, "train", 4, shuffle=True, augmentations=["flip"])
    validation = load(few, "test", 4)
    # Keras says of every tf.data.Dataset that it does not shuffle it.
    quiet = {"verbose": 0, "shuffle": False}
    history = model.fit(batches, validation_data=validation, epochs=8, **quiet).history
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert np.isfinite(history["val_loss"]).all()
    assert model.predict(validation, verbose=0).shape == (5, 64, 64, 3)


def test_load_refuses_what_is_not_there(few, many, tmp_path):
    with pytest.raises(DeepPaintError, match="'all': choose one of train, test"):
        load(few, "all")
    with pytest.raises(DeepPaintError, match=r"data: no test records; build"):
        load(many, "test")
    with pytest.raises(DeepPaintError, match="none: no such folder"):
        load(tmp_path / "none", "train")
    with pytest.raises(DeepPaintError, match="--augment=spin: choose from"):
        load(few, "train", augmentations=["spin"])


# --- evaluation ---------------------------------------------------------------------------------


@pytest.mark.parametrize("split", records.SPLITS)
def test_evaluation_covers_every_record_once_in_order(few, split):
    expected = stored(few, split)
    batches = list(load_evaluation([few], split, 3).as_numpy_iterator())
    assert [len(batch["name"]) for batch in batches[:-1]] == [3] * (len(batches) - 1)
    for key in ("name", "group"):
        found = [text for batch in batches for text in batch[key]]
        assert found == [record[key] for record in expected]
    for key in SHAPES:
        found = np.concatenate([batch[key] for batch in batches])
        assert np.array_equal(found, to_signed_unit_range(np.stack([r[key] for r in expected])))


def test_training_batches_hold_no_names_and_no_groups(few):
    assert set(load_training([few], 2, 0).element_spec) == set(SHAPES)


def test_evaluation_of_an_empty_split_has_no_batch(many):
    assert not list(load_evaluation([many], "test", 4))


def test_first_records_are_the_stored_pixels(few):
    sketches, pictures, palettes = loading.first_records(few, "train", 4)
    expected = stored(few, "train")[:4]
    assert np.array_equal(sketches, [record["sketch"][..., 0] for record in expected])
    assert np.array_equal(pictures, [record["picture"] for record in expected])
    assert np.array_equal(palettes, [record["palette"] for record in expected])
    assert len(loading.first_records(few, "test", 100)[0]) == 5


def test_first_records_of_an_empty_split_are_refused(many):
    with pytest.raises(DeepPaintError, match="no test records"):
        loading.first_records(many, "test", 4)


# --- bad input ----------------------------------------------------------------------------------


def test_too_few_records_for_a_batch_are_refused(few):
    with pytest.raises(DeepPaintError, match=r"10 training records are too few .* batch of 11"):
        load_training([few], 11, 0)


def test_an_unknown_augmentation_is_refused(few):
    with pytest.raises(DeepPaintError, match="--augment=spin: choose from flip, crop, warp"):
        load_training([few], 4, 0, ["flip", "spin"])


@pytest.mark.parametrize("options", [{"size": 128}, {"background": "keep"}])
def test_data_sets_that_differ_are_not_mixed(few, tmp_path, options):
    other = write_dataset(tmp_path / "other", {"train": [1]}, seed=6, **options)
    (what,) = options
    for load_both in (
        lambda both: load_training(both, 2, 0),
        lambda both: load_evaluation(both, "test", 2),
    ):
        with pytest.raises(DeepPaintError, match=f"data sets of different {what}.*other"):
            load_both([few, other])


def test_a_missing_data_set_is_named(few, tmp_path):
    with pytest.raises(DeepPaintError, match="none: no such folder"):
        load_training([few, tmp_path / "none"], 2, 0)


def test_a_damaged_shard_is_named(few, tmp_path):
    shutil.copytree(few, tmp_path / "data")
    shard = tmp_path / "data" / "train-00001.tfrecord"
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    with (
        pytest.raises(DeepPaintError, match=r"data/train-00001\.tfrecord: damaged") as caught,
        wrap_damage_errors([tmp_path / "data"]),
    ):
        list(load_training([tmp_path / "data"], 4, 0, ()).take(4))
    assert "\n" not in str(caught.value)
