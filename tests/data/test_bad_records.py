"""Damaged shards: each bad record costs itself alone, is counted, and moves no other."""

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint.data import records
from tf_deeppaint.data.bad_records import BAD, BadRecords, is_sound, read_shard
from tf_deeppaint.data.damage import wrap_damage_errors
from tf_deeppaint.data.loading import load_evaluation, load_training
from tf_deeppaint.training.loop import train
from tf_deeppaint.training.options import TrainingOptions
from tf_deeppaint.utils.errors import DeepPaintError

SHARD, COUNT, SIZE = "train-00000.tfrecord", 8, 64


@pytest.fixture
def copy(doll_shards, tmp_path) -> Path:
    return shutil.copytree(doll_shards, tmp_path / "data")


@pytest.fixture(scope="module")
def stored(doll_shards) -> list[bytes]:
    """The training records, as TensorFlow reads them."""
    return list(tf.data.TFRecordDataset(str(doll_shards / SHARD)).as_numpy_iterator())


def starts(stored: list[bytes]) -> list[int]:
    """Where in the shard each record's data begin: after 12 bytes, with 4 behind them."""
    lengths = [len(record) + 16 for record in stored]
    return [12 + sum(lengths[:number]) for number in range(len(stored))]


def flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 16]) + data[place + 1 :]


def read(path: Path, records: int = COUNT) -> tuple[list[bytes], int]:
    bad = BadRecords(silent=True)
    return list(read_shard(str(path), records, SIZE, bad)), bad.count


def test_a_sound_shard_is_read_as_tensorflow_reads_it(doll_shards, stored):
    assert read(doll_shards / SHARD) == (stored, 0)


def test_a_flipped_bit_costs_its_own_record(copy, stored):
    data = (copy / SHARD).read_bytes()
    rng = np.random.default_rng(0)
    for number, (start, record) in enumerate(zip(starts(stored), stored, strict=True)):
        # In the middle, where the picture is; and anywhere, where it may change nothing.
        for offset in (len(record) // 2, *rng.integers(0, len(record), 20)):
            (copy / SHARD).write_bytes(flip(data, start + int(offset)))
            found, count = read(copy / SHARD)
            assert [*found[:number], *found[number + 1 :]] == stored[:number] + stored[number + 1 :]
            assert count == (found[number] == BAD)
            if offset == len(record) // 2:
                assert found[number] == BAD


def test_a_shard_cut_off_costs_what_is_missing(copy, stored):
    data = (copy / SHARD).read_bytes()
    for number, start in enumerate(starts(stored)):
        for length in (start - 12, start - 5, start, start + 9):
            (copy / SHARD).write_bytes(data[:length])
            assert read(copy / SHARD) == (stored[:number] + [BAD] * (8 - number), 8 - number)


@pytest.mark.parametrize("tail", [b"x" * 7, b"\xff" * 100, bytes(64)])
def test_what_is_appended_is_not_read(copy, stored, tail):
    data = (copy / SHARD).read_bytes()
    (copy / SHARD).write_bytes(data + tail)
    assert read(copy / SHARD) == (stored, 0)
    (copy / SHARD).write_bytes(data + data)
    assert read(copy / SHARD) == (stored, 0)


def test_a_wrong_length_costs_the_rest(copy, stored):
    data, third = (copy / SHARD).read_bytes(), starts(stored)[2] - 12
    (copy / SHARD).write_bytes(data[:third] + b"\xff" * 8 + data[third + 8 :])
    assert read(copy / SHARD) == (stored[:2] + [BAD] * 6, 6)


def test_a_missing_shard_is_all_bad(tmp_path, stored):
    (tmp_path / "folder").mkdir()
    for name in ("none", "folder"):
        assert read(tmp_path / name, 3) == ([BAD] * 3, 3)


def test_records_of_another_kind_are_bad(stored):
    def changed(**values) -> bytes:
        example = tf.train.Example.FromString(stored[0])
        for key, value in values.items():
            example.features.feature[key].bytes_list.value[:] = value
        return example.SerializeToString()

    picture = tf.train.Example.FromString(stored[0]).features.feature["picture"].bytes_list.value[0]
    assert is_sound(stored[0], SIZE) and is_sound(changed(sketch=[picture] * 3), SIZE)
    assert not is_sound(stored[0], 128)
    for bad in (
        b"",
        b"\xff" * 50,
        changed(sketch=[]),
        changed(picture=[picture, picture]),
        changed(picture=[picture[:-1]]),
        changed(picture=[b"no PNG"]),
        changed(histogram=[picture]),
        changed(name=[]),
    ):
        assert not is_sound(bad, SIZE)


def test_a_field_that_tensorflow_does_not_parse_is_bad(stored):
    one, other = b"\x0a\x01a", b"\x72\x01b"  # field 1 is known, field 14 is not
    example = tf.train.Example.FromString(stored[0])
    for values in (one + other, other + one):
        feature = tf.train.Feature.FromString(b"\x0a" + bytes([len(values)]) + values)
        example.features.feature["name"].CopyFrom(feature)
        record = example.SerializeToString()
        with pytest.raises(tf.errors.InvalidArgumentError):
            tf.io.parse_single_example(record, {"name": tf.io.FixedLenFeature([], tf.string)})
        assert not is_sound(record, SIZE)


def test_each_record_is_counted_once_and_each_shard_told_of_once(capsys):
    bad = BadRecords()
    for path, number in (("a", 1), ("a", 2), ("a", 1), ("b", 0)):
        bad.note(path, number, 5)
    assert bad.count == 3
    told = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1] for line in told] == [" a", " b"]


# --- batches ------------------------------------------------------------------------------------


def spoil(data: Path, stored: list[bytes], *numbers: int) -> None:
    path = data / SHARD
    for number in numbers:
        middle = starts(stored)[number] + len(stored[number]) // 2
        path.write_bytes(flip(path.read_bytes(), middle))


def batches(data: Path, count: int, batch_size: int = 4, start: int = 0, **options) -> np.ndarray:
    """Pictures of the stream, `(count * batch_size, ...)`."""
    stream = load_training([data], batch_size, 7, (), start, **options).take(count)
    return np.concatenate([batch["picture"] for batch in stream])


def test_a_sound_data_set_gives_the_same_batches_either_way(doll_shards):
    bad = BadRecords()
    np.testing.assert_array_equal(batches(doll_shards, 5, bad=bad), batches(doll_shards, 5))
    assert bad.count == 0


@pytest.mark.parametrize("size", [4, 2])
def test_another_of_its_batch_takes_a_bad_records_place(doll_shards, copy, stored, capsys, size):
    expected = batches(doll_shards, 16 // size, size)
    spoil(copy, stored, 3)
    bad = BadRecords()
    found = batches(copy, 16 // size, size, bad=bad)
    changed = [n for n in range(16) if not np.array_equal(found[n], expected[n])]
    # Once in each of the two epochs.
    assert [number // 8 for number in changed] == [0, 1] and bad.count == 1
    for number in changed:
        of_batch = range(number // size * size, number // size * size + size)
        others = [expected[n] for n in of_batch if n != number]
        assert any(np.array_equal(found[number], other) for other in others)
    assert capsys.readouterr().err.count(SHARD) == 1


def test_a_stream_goes_on_in_its_middle_and_for_each_worker(copy, stored):
    spoil(copy, stored, 0, 5)
    whole = batches(copy, 9, 2, bad=BadRecords(silent=True))
    for step in (1, 4, 7):
        rest = batches(copy, 9 - step, 2, start=2 * step, bad=BadRecords(silent=True))
        np.testing.assert_array_equal(rest, whole[2 * step :])
    for worker in (0, 1):
        own = batches(copy, 4, 2, part=(worker, 2), bad=BadRecords(silent=True))
        expected = np.concatenate([whole[4 * n + 2 * worker :][:2] for n in range(4)])
        np.testing.assert_array_equal(own, expected)


def test_where_all_of_a_batch_is_bad_a_spare_takes_its_place(doll_shards, copy, stored):
    spoil(copy, stored, *range(7))
    found = batches(copy, 8, 1, bad=BadRecords(silent=True))
    assert all(np.array_equal(picture, found[0]) for picture in found)
    assert any(np.array_equal(found[0], picture) for picture in batches(doll_shards, 8, 1))


def test_where_no_record_can_be_read_it_is_told(copy):
    (copy / SHARD).unlink()
    with pytest.raises(DeepPaintError, match="no training record can be read"):
        load_training([copy], 2, 0, (), bad=BadRecords(silent=True))
    with pytest.raises(DeepPaintError, match="missing; build"):
        load_training([copy], 2, 0, ())


def test_bad_test_records_are_left_out(doll_shards, copy):
    path = copy / "test-00000.tfrecord"
    whole = next(batch["picture"] for batch in load_evaluation([doll_shards], "test", 9))
    path.write_bytes(path.read_bytes()[:-1])
    bad = BadRecords(silent=True)
    [found] = [batch["picture"] for batch in load_evaluation([copy], "test", 9, bad)]
    np.testing.assert_array_equal(found, whole[:-1])
    assert bad.count == 1


# --- what is told where they stop the run -------------------------------------------------------


def harm(data: Path, kind: str, stored: list[bytes]) -> None:
    path = data / SHARD
    if kind == "gone":
        path.unlink()
    elif kind == "flipped":
        spoil(data, stored, 4)
    elif kind == "cut":
        path.write_bytes(path.read_bytes()[:-30])
    else:  # another record of other pictures, with right checksums
        with tf.io.TFRecordWriter(str(path)) as writer:
            for record in [stored[0][:-9], *stored[1:]]:
                writer.write(record)


@pytest.mark.parametrize("kind", ["gone", "flipped", "cut", "no record"])
def test_damage_while_a_shard_is_in_use_is_named(copy, stored, kind):
    stream = load_training([copy], 2, 0, ())
    harm(copy, kind, stored)
    with (
        pytest.raises(DeepPaintError, match=f"{SHARD}: damaged; do this$"),
        wrap_damage_errors([copy], "do this"),
    ):
        list(stream.take(12))


def test_a_record_that_is_wrong_from_the_start_is_named(copy, stored):
    harm(copy, "no record", stored)
    manifest = json.loads((copy / records.MANIFEST).read_text())
    path = copy / SHARD
    manifest["shards"]["train"][0] |= {
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    (copy / records.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(DeepPaintError, match=f"{SHARD}: damaged"), wrap_damage_errors([copy]):
        list(load_training([copy], 2, 0, ()).take(4))


def test_a_mistake_that_is_no_damage_stays_one(doll_shards):
    with pytest.raises(tf.errors.InvalidArgumentError), wrap_damage_errors([doll_shards]):
        tf.reshape(tf.zeros([2]), [3])


# --- training -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def eagerly():
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Even though the `tf.config:UserWarning")
def test_a_training_stops_with_advice_or_goes_on_and_counts(eagerly, copy, stored, tmp_path):
    small = {"steps": 2, "batch_size": 2, "width": 2, "pool_size": 2, "log_every": 1}
    spoil(copy, stored, 1)
    chosen = TrainingOptions(data=(str(copy),), run=str(tmp_path / "run"), **small)
    with pytest.raises(DeepPaintError, match=rf"{SHARD}: damaged; .*--on_bad_record=skip"):
        train(chosen)
    train(dataclasses.replace(chosen, on_bad_record="skip"))
    lines = map(json.loads, (tmp_path / "run" / "metrics.jsonl").read_text().splitlines())
    counts = [line["bad_records"] for line in lines if line["group"] == "training"]
    assert counts[-1] == 1 and len(counts) == 2
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    board.Reload()
    assert "training/bad_records" in board.Tags()["tensors"]
