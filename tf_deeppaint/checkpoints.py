"""The whole state of a training, written so that it can go on bit for bit where it stopped."""

import sys

import tensorflow as tf

from tf_deeppaint.deep_paint import DeepPaint
from tf_deeppaint.errors import DeepPaintError

NETWORKS = ("generator", "discriminator")


class Checkpoints:
    """Keeps the last few states of a model in a run directory.

    A checkpoint holds both networks with their random states, both optimisers with averages and
    loss scales, the pool and the counters. The input's position follows from the steps.

    Args:
        model: Compiled; under its strategy, if any.
        folder: Where they lie.
        keep: How many.
        aside: Where this process writes its own instead, for nobody: of several workers all
            must write, for their variables are read together, but only one is to be seen.
    """

    def __init__(self, model: DeepPaint, folder: str, keep: int, aside: str | None = None):
        self.model = model
        # By their variables: TensorFlow does not find those of an optimiser inside another.
        owners = (*NETWORKS, *(f"{name}_optimizer" for name in NETWORKS))
        state = tf.train.Checkpoint(
            **{owner: list(getattr(model, owner).variables) for owner in owners},
            pool=model.pool,
            pool_random=model.pool.random.state,
            counters=[model.steps, model.skipped, model.skipped_in_a_row],
        )
        self.manager = tf.train.CheckpointManager(state, folder, keep, checkpoint_name="state")
        self.writer = self.manager
        if aside is not None:
            self.writer = tf.train.CheckpointManager(state, aside, 1, checkpoint_name="state")

    def save(self) -> None:
        """Writes the state of now.

        Raises:
            DeepPaintError: it cannot be written; those before stay.
        """
        try:
            self.writer.save(checkpoint_number=int(self.model.steps.numpy()))
        except (OSError, tf.errors.OpError) as error:
            reason = getattr(error, "strerror", None) or getattr(error, "message", error)
            raise DeepPaintError(
                f"{self.manager.directory}: cannot be written ({reason}); free space"
            ) from error

    def restore(self) -> int:
        """Brings the model to the latest state that can be read; returns its number of steps.

        A damaged one is passed over with a warning; without any the model stays, and it is 0.

        Raises:
            DeepPaintError: there are some, but none of them can be read.
        """
        paths = self.manager.checkpoints[::-1]
        for path in paths:
            try:
                self.manager.checkpoint.restore(path).assert_existing_objects_matched()
            except (tf.errors.OpError, AssertionError, ValueError, IndexError) as error:
                reason = " ".join(str(error).split())[:120]
                print(f"warning: {path}: damaged ({reason}); passed over", file=sys.stderr)
                continue
            return int(self.model.steps.numpy())
        if paths:
            raise DeepPaintError(
                f"{self.manager.directory}: no checkpoint can be read; begin anew with --fresh"
            )
        return 0


def restore_networks(model: DeepPaint, folder: str) -> bool:
    """Takes over both networks, and nothing else, from the latest checkpoint of another run.

    Args:
        model: What they go into.
        folder: Where the other run's checkpoints lie.

    Returns:
        Whether there is a checkpoint.

    Raises:
        Exception: TensorFlow's own, where it is damaged or of networks of other shapes.
    """
    path = tf.train.latest_checkpoint(folder)
    if path is None:
        return False
    networks = {name: list(getattr(model, name).variables) for name in NETWORKS}
    tf.train.Checkpoint(**networks).restore(path).assert_existing_objects_matched()
    return True
