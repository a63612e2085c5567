"""The pool of past fakes, against the rule of its paper in plain Python."""

import ast
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint.training.gan.image_pool import ImagePool

SHAPE = (2, 3, 6)


class PlainPool:
    """The rule, one picture at a time."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.stored = []

    def exchange(self, pictures, slots, chances) -> list:
        return [self._one(*each) for each in zip(pictures, slots, chances, strict=True)]

    def _one(self, picture, slot, chance):
        if len(self.stored) < self.capacity:
            self.stored.append(picture)
            return picture
        if chance >= 0.5:
            return picture
        old, self.stored[slot] = self.stored[slot], picture
        return old


def numbered(first: int, count: int) -> np.ndarray:
    """Pictures that are told apart by their number."""
    return np.broadcast_to(
        np.arange(first, first + count, dtype="float32")[:, None, None, None], (count, *SHAPE)
    )


def numbers(pictures) -> list[float]:
    pictures = np.asarray(pictures)
    assert (pictures == pictures[:, :1, :1, :1]).all(), "a picture was mixed"
    return pictures[:, 0, 0, 0].tolist()


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch):
    """Replaces the random draws by given ones: `scripted(slots, chances)`."""

    def script(slots: list[int], chances: list[float]) -> None:
        drawn = iter([slots, chances])
        monkeypatch.setattr(tf.random, "stateless_uniform", lambda *_: tf.constant(next(drawn)))

    return script


@pytest.mark.parametrize("way", ["eager", "graph", "graph of any batch"])
@pytest.mark.parametrize("capacity, batch", [(5, 2), (3, 4), (1, 3), (50, 4)])
def test_twenty_batches_follow_the_rule(capacity: int, batch: int, way: str) -> None:
    pool = ImagePool(capacity, SHAPE, seed=11)
    given = [tf.TensorSpec((None, *SHAPE))] if way == "graph of any batch" else None
    exchange = pool.exchange
    if way != "eager":
        exchange = tf.function(exchange, input_signature=given, autograph=False)
    plain, draws = PlainPool(capacity), keras.random.SeedGenerator(11)
    for step in range(20):
        seeds = tf.random.split(tf.cast(draws.next(), tf.int32), 2)
        slots = tf.random.stateless_uniform((batch,), seeds[0], 0, capacity, tf.int32).numpy()
        chances = tf.random.stateless_uniform((batch,), seeds[1]).numpy()
        pictures = numbered(step * batch, batch)
        expected = plain.exchange(pictures, slots, chances)
        assert numbers(exchange(tf.constant(pictures))) == numbers(expected)
    assert numbers(pool.stored[: len(plain.stored)]) == numbers(plain.stored)
    assert int(pool.count) == len(plain.stored)


def test_a_batch_that_fills_the_pool_on_its_way_goes_on_by_swapping(scripted) -> None:
    pool = ImagePool(2, SHAPE, seed=0)
    scripted([0, 0, 1, 0], [0.0, 0.0, 0.1, 0.9])
    assert numbers(pool.exchange(numbered(1, 4))) == [1, 2, 2, 4]
    assert numbers(pool.stored) == [1, 3]


def test_one_slot_drawn_twice_in_a_batch_gives_the_picture_just_stored(scripted) -> None:
    pool = ImagePool(2, SHAPE, seed=0)
    scripted([0, 0], [0.9, 0.9])
    pool.exchange(numbered(1, 2))
    scripted([1, 1, 1], [0.0, 0.0, 0.0])
    assert numbers(pool.exchange(numbered(3, 3))) == [2, 3, 4]
    assert numbers(pool.stored) == [1, 5]


def test_a_picture_that_is_not_swapped_is_not_stored(scripted) -> None:
    pool = ImagePool(1, SHAPE, seed=0)
    scripted([0, 0], [0.5, 0.5])
    assert numbers(pool.exchange(numbered(1, 2))) == [1, 2]
    assert numbers(pool.stored) == [1]


def test_half_of_the_pictures_are_swapped_and_all_slots_alike() -> None:
    pool = ImagePool(4, SHAPE, seed=3)
    exchange = tf.function(pool.exchange, autograph=False)
    exchange(numbered(0, 4))
    swapped, slots = 0, np.zeros(4)
    for step in range(1, 101):
        before = numbers(pool.stored)
        new = numbered(8 * step, 8)
        swapped += sum(np.array(numbers(exchange(new))) != numbers(new))
        slots += np.array(numbers(pool.stored)) != before
    # 800 draws: a fair coin stays within five standard deviations (71).
    assert abs(swapped - 400) < 71
    # A slot survives a batch with probability (1 - 1/8)^8 = 0.34: about 66 changes of 100.
    assert (abs(slots - 66) < 24).all()


def test_a_pool_without_capacity_hands_every_picture_back() -> None:
    pictures = tf.constant(numbered(1, 3))
    pool = ImagePool(0, SHAPE, seed=0)
    for _ in range(2):
        assert numbers(pool.exchange(pictures)) == [1, 2, 3]


def test_nothing_of_a_pool_is_trained() -> None:
    pool = ImagePool(2, SHAPE, seed=0)
    assert pool.variables and not pool.trainable_variables


def test_pictures_that_are_not_finite_are_handed_back_and_not_stored() -> None:
    pool = ImagePool(2, SHAPE, seed=0)
    pool.exchange(tf.constant(numbered(1, 2)))
    bad = numbered(3, 2) * np.nan
    for _ in range(8):
        assert np.isnan(pool.exchange(tf.constant(bad), finite=tf.constant(False))).all()
    assert numbers(pool.stored) == [1, 2]


def test_another_seed_makes_other_choices() -> None:
    results = []
    for seed in (1, 1, 2):
        pool = ImagePool(4, SHAPE, seed)
        results.append([numbers(pool.exchange(numbered(4 * i, 4))) for i in range(8)])
    assert results[0] == results[1] != results[2]


REPLICAS = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
from tf_deeppaint.training.gan.image_pool import ImagePool
with strategy.scope():
    pool = ImagePool(2, (1, 1, 1), seed=0)

@tf.function
def step(number):
    def on_replica():
        context = tf.distribute.get_replica_context()
        first = 1000.0 * tf.cast(context.replica_id_in_sync_group, tf.float32) + number
        return pool.exchange(tf.reshape(tf.stack([first, first + 1.0]), (2, 1, 1, 1)))
    return strategy.run(on_replica)

def local(values):
    return [v.numpy().ravel().tolist() for v in strategy.experimental_local_results(values)]

shown = [local(step(tf.constant(2.0 * i))) for i in range(12)]
print([shown, local(pool.stored), local(pool.count)])
"""


def test_two_replicas_have_pools_of_their_own() -> None:
    done = subprocess.run(
        [sys.executable, "-c", REPLICAS], check=True, capture_output=True, text=True
    )
    shown, stored, counts = ast.literal_eval(done.stdout.splitlines()[-1])
    assert counts == [[2], [2]]
    for replica in (0, 1):
        seen = [number for step in shown for number in step[replica]]
        new = [1000.0 * replica + i for i in range(24)]
        # Only the replica's own pictures, each shown once or still stored, the first two, which
        # filled the pool, once more; and some came late.
        assert sorted(seen + stored[replica]) == sorted(new + new[:2])
        assert seen[:2] == new[:2] and seen != new
    late = [[number % 1000 for step in shown for number in step[replica]] for replica in (0, 1)]
    assert late[0] != late[1], "both replicas drew the same slots"
