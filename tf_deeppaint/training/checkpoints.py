"""The whole state of a training, written so that it can go on bit for bit where it stopped."""

import os
import re
import sys

import tensorflow as tf

from tf_deeppaint.training.deep_paint import DeepPaint
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError, one_line

NETWORKS = ("generator", "discriminator")
# A checkpoint is called so, and by its step.
NAME = "state"


class Checkpoints:
    """Keeps the last few states of a model in a run directory.

    A checkpoint holds both networks with their random states, both optimizers with averages and
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
        # By their variables: TensorFlow does not find those of an optimizer inside another.
        owners = (*NETWORKS, *(f"{name}_optimizer" for name in NETWORKS))
        state = tf.train.Checkpoint(
            **{owner: list(getattr(model, owner).variables) for owner in owners},
            pool=model.pool,
            pool_random=model.pool.random.state,
            counters=[model.steps, model.skipped, model.skipped_in_a_row],
        )
        self.state = state
        self.folder = folder
        self.keep = keep
        self.aside = aside
        if aside is None:
            _remove_pieces(folder)

    def save(self) -> None:
        """Writes the state of now.

        Raises:
            DeepPaintError: it cannot be written; those before stay.
        """
        folder = self.aside or self.folder
        try:
            self.state.write(files.join(folder, f"{NAME}-{int(self.model.steps.numpy())}"))
        except (OSError, tf.errors.OpError) as error:
            reason = getattr(error, "strerror", None) or getattr(error, "message", error)
            raise DeepPaintError(f"{folder}: cannot be written ({reason}); free space") from error
        for path in _find(folder)[: -self.keep if self.aside is None else -1]:
            for name in _files_of(path):
                files.remove(name)

    def restore(self) -> int:
        """Brings the model to the latest state that can be read; returns its number of steps.

        A damaged one is passed over with a warning; without any the model stays, and it is 0.

        Raises:
            DeepPaintError: there are some, but none of them can be read.
        """
        paths = _find(self.folder)[::-1]
        for path in paths:
            try:
                self.state.read(path).assert_existing_objects_matched()
            except (tf.errors.OpError, AssertionError, ValueError, IndexError) as error:
                print(f"warning: {path}: damaged ({one_line(error)}); passed over", file=sys.stderr)
                continue
            return int(self.model.steps.numpy())
        if paths:
            raise DeepPaintError(
                f"{self.folder}: no checkpoint can be read; begin anew with --fresh"
            )
        return 0


def _find(folder: str) -> list[str]:
    """The checkpoints that lie in a folder, the latest last."""
    found = (re.fullmatch(rf"{NAME}-([0-9]+)\.index", name) for name in files.names(folder))
    steps = sorted(int(match[1]) for match in found if match)
    return [files.join(folder, f"{NAME}-{step}") for step in steps]


def _files_of(path: str) -> list[str]:
    """The files of a checkpoint, its index, without which it is none, first."""
    folder, stem = os.path.split(path)
    names = [name for name in files.names(folder) if name.startswith(f"{stem}.")]
    return [files.join(folder, name) for name in sorted(names, key=lambda n: ".index" not in n)]


def _remove_pieces(folder: str) -> None:
    """Removes what is left of checkpoints during whose writing a run was killed."""
    whole = {os.path.basename(path) for path in _find(folder)}
    for name in files.names(folder):
        if name.startswith(f"{NAME}-") and name.partition(".")[0] not in whole:
            path = files.join(folder, name)
            (files.remove_folder if files.is_folder(path) else files.remove)(path)


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
    paths = _find(folder)
    if not paths:
        return False
    networks = {name: list(getattr(model, name).variables) for name in NETWORKS}
    tf.train.Checkpoint(**networks).read(paths[-1]).assert_existing_objects_matched()
    return True
