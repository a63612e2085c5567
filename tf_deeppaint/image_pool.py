"""A pool of past fakes, so that the discriminator does not forget what it has seen."""

import keras
import tensorflow as tf


class ImagePool(tf.Module):
    """Hands back pictures generated now or earlier (Shrivastava et al., arXiv:1612.07828).

    Until the pool is full every picture is stored and handed back. Then, with probability 0.5, a
    random stored one is handed back and the new one takes its place; else the new one is.

    The variables are one set a replica: every replica has a pool of its own.

    Args:
        capacity: Number of pictures kept; 0 hands every picture back.
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

    def exchange(self, pictures: tf.Tensor) -> tf.Tensor:
        """Stores and swaps a batch, one picture after another.

        Args:
            pictures: float32 `(N, H, W, C)`; N must be known when the graph is built.

        Returns:
            What is to be judged in their place, same shape.
        """
        if not self.capacity:
            return pictures
        size = pictures.shape[0]
        slots = keras.random.randint((size,), 0, self.capacity, "int32", seed=self.random)
        swaps = keras.random.uniform((size,), seed=self.random) < 0.5
        return tf.stack([self._exchange_one(pictures[i], slots[i], swaps[i]) for i in range(size)])

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

        def choose() -> tf.Tensor:
            return tf.cond(swap, swapped, lambda: tf.identity(picture))

        return tf.cond(self.count < self.capacity, fill, choose)

    def _store(self, slot: tf.Tensor, picture: tf.Tensor) -> None:
        # On the replica's own copy: a distributed variable has no scatter.
        copies = tf.distribute.get_strategy().experimental_local_results(self.stored)
        context = tf.distribute.get_replica_context()
        replica = tf.get_static_value(context.replica_id_in_sync_group)
        copies[replica % len(copies)].scatter_nd_update([[slot]], picture[None])
