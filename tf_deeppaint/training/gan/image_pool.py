"""The pool of past fake pairs: the discriminator sees these again and does not forget them."""

import keras
import tensorflow as tf


class ImagePool(tf.Module):
    """Exchanges new pictures for stored ones (Shrivastava et al., arXiv:1612.07828).

    Until the pool is full every picture is stored and returned. Then, with probability 0.5, a
    random stored one is returned and the new one takes its place; else the new one is returned.
    Every replica has its own variables: a pool and random choices of its own.

    Args:
        capacity: Number of pictures kept; with 0 every new picture is returned.
        picture_shape: `(H, W, C)`.
        seed: Seed of the choices.
    """

    def __init__(self, capacity: int, picture_shape: tuple[int, int, int], seed: int):
        super().__init__(name="image_pool")
        self.capacity = capacity
        local = {
            "trainable": False,
            "synchronization": tf.VariableSynchronization.ON_READ,
            "aggregation": tf.VariableAggregation.ONLY_FIRST_REPLICA,
        }
        self.stored = tf.Variable(tf.zeros((capacity, *picture_shape)), name="stored", **local)
        self.count = tf.Variable(0, name="count", **local)
        self.random = keras.random.SeedGenerator(seed)

    def exchange(self, pictures: tf.Tensor, finite: tf.Tensor | bool = True) -> tf.Tensor:
        """Exchanges a batch, float32 `(N, H, W, C)`, one picture after another.

        Where it is not `finite`, the pictures are returned and the pool stays.
        """
        if not self.capacity:
            return pictures
        size = tf.shape(pictures)[0]
        seed = tf.cast(self.random.next(), tf.int32) + tf.constant([0, _replica()])
        seeds = tf.random.split(seed, 2)
        slots = tf.random.stateless_uniform((size,), seeds[0], 0, self.capacity, tf.int32)
        swaps = tf.random.stateless_uniform((size,), seeds[1]) < 0.5

        def exchange_all() -> tf.Tensor:
            count = pictures.shape[0]
            if count is None:  # such as of a data set's last batch
                return tf.map_fn(
                    lambda one: self._exchange_one(*one),
                    (pictures, slots, swaps),
                    parallel_iterations=1,
                    fn_output_signature=tf.TensorSpec(self.stored.shape[1:], pictures.dtype),
                )
            return tf.stack(
                [self._exchange_one(pictures[i], slots[i], swaps[i]) for i in range(count)]
            )

        return tf.cond(tf.convert_to_tensor(finite), exchange_all, lambda: tf.identity(pictures))

    def _exchange_one(self, picture: tf.Tensor, slot: tf.Tensor, swap: tf.Tensor) -> tf.Tensor:
        def fill() -> tf.Tensor:
            self._store(self.count, picture)
            self.count.assign_add(1)
            return picture

        def swapped() -> tf.Tensor:
            old = tf.identity(tf.gather(self.stored, slot))
            with tf.control_dependencies([old]):
                self._store(slot, picture)
            return old

        return tf.cond(
            self.count < self.capacity,
            fill,
            lambda: tf.cond(swap, swapped, lambda: tf.identity(picture)),
        )

    def _store(self, slot: tf.Tensor, picture: tf.Tensor) -> None:
        # Into the replica's own copy: a distributed variable has no scatter.
        copies = tf.distribute.get_strategy().experimental_local_results(self.stored)
        copies[_replica() % len(copies)].scatter_nd_update([[slot]], picture[None])


def _replica() -> int:
    """The number of the replica whose step is being traced."""
    return tf.get_static_value(tf.distribute.get_replica_context().replica_id_in_sync_group)
