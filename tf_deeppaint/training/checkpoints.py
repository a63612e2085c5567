"""The whole state of a training on disk: a run resumed from it ends with the same weights."""

import os
import re
import sys
from pathlib import Path

import tensorflow as tf

from tf_deeppaint.networks.model_files import load_generator, stored_rule
from tf_deeppaint.training.run_directory import CHECKPOINTS
from tf_deeppaint.training.trainer import Trainer
from tf_deeppaint.utils import files, locks
from tf_deeppaint.utils.errors import DeepPaintError, one_line

# The files of a checkpoint are called so, followed by its step.
NAME = "state"


class Checkpoints:
    """The last few states of a model, in a folder.

    A checkpoint holds both networks with their random states, both optimizers with averages and
    loss scales, the pool and the counters. The position in the data follows from the steps.

    Args:
        model: Compiled; under its strategy, if any.
        folder: Where the last `keep` checkpoints are.
        own_folder: Where this process writes instead, unless it is the chief: all workers must
            write, because variables are read together, but only one checkpoint counts.
    """

    def __init__(self, model: Trainer, folder: str, keep: int, own_folder: str | None = None):
        self.model = model
        # By their variables: TensorFlow does not find those of an optimizer inside another.
        names = model.network_names
        owners = (*names, *(f"{name}_optimizer" for name in names))
        self.state = tf.train.Checkpoint(
            **{owner: list(getattr(model, owner).variables) for owner in owners},
            **model.more_state(),
            counters=[model.steps, model.skipped, model.skipped_in_a_row],
        )
        self.folder = folder
        self.keep = keep
        self.own_folder = own_folder
        # The step whose checkpoint was written or read last: it is whole, and not written again.
        self._last_step = None

    def save(self) -> None:
        """Writes the state and reads it back, then removes old ones.

        These stay where it raises DeepPaintError.
        """
        folder, step = self.own_folder or self.folder, int(self.model.steps.numpy())
        if step == self._last_step:
            return
        path = files.join(folder, f"{NAME}-{step}")
        locks.check()
        try:
            self.state.write(path)
            for name in files.names(folder):
                if name.startswith(f"{NAME}-{step}."):
                    files.sync(files.join(folder, name))
            _read_back(path)
        # Reading a cut file raises errors of Python's own.
        except (OSError, tf.errors.OpError, IndexError, ValueError) as error:
            reason = getattr(error, "strerror", None) or getattr(error, "message", error)
            raise DeepPaintError(f"{folder}: cannot be written ({reason}); free space") from error
        self._last_step = step
        locks.check()
        for path in _list_checkpoints(folder)[: -1 if self.own_folder else -self.keep]:
            files.remove(f"{path}.index")  # first: without it a checkpoint does not count
            for name in files.names(folder):
                if name.startswith(f"{os.path.basename(path)}."):
                    files.remove(files.join(folder, name))

    def restore(self) -> int:
        """Restores the latest state that can be read; a damaged one is skipped with a warning.

        What is left of an interrupted `save` is removed first. Returns the number of steps done, 0
        without a checkpoint; raises DeepPaintError where there are some, but none can be read.
        """
        paths = _list_checkpoints(self.folder)[::-1]
        if self.own_folder is None:
            complete = {os.path.basename(path) for path in paths}
            for name in files.names(self.folder):
                if name.startswith(f"{NAME}-") and name.partition(".")[0] not in complete:
                    path = files.join(self.folder, name)
                    (files.remove_folder if files.is_folder(path) else files.remove)(path)
        for path in paths:
            try:
                self.state.read(path).assert_existing_objects_matched()
            except (tf.errors.OpError, AssertionError, ValueError, IndexError) as error:
                print(f"warning: {path}: damaged ({one_line(error)}); skipped", file=sys.stderr)
                continue
            self._last_step = int(self.model.steps.numpy())
            return self._last_step
        if paths:
            message = f"{self.folder}: no checkpoint can be read; begin anew with --fresh"
            raise DeepPaintError(message)
        return 0


def load_initial_networks(model: Trainer, source: str) -> None:
    """Loads the weights to begin with; steps and optimizers stay as they are.

    The source is a `.keras` file of a generator; or a run: both networks of its latest checkpoint,
    or its generator where it has none. Where it was trained with another palette rule, that is said
    in one line.

    Raises:
        DeepPaintError: it does not exist, or holds networks of other options.
    """
    path = Path(source)
    if not (files.is_file(path) or files.is_folder(path)):
        raise DeepPaintError(f"--init_from={path}: does not exist; name a .keras file or a run")
    try:
        if checkpoints := _list_checkpoints(str(path / CHECKPOINTS)):
            networks = {name: list(getattr(model, name).variables) for name in model.network_names}
            state = tf.train.Checkpoint(**networks)
            state.read(checkpoints[-1]).assert_existing_objects_matched()
        else:
            model.generator.set_weights(load_generator(path).get_weights())
    except Exception as error:  # zip, JSON, HDF5, TensorFlow and Keras each have their own errors
        raise DeepPaintError(
            f"--init_from={path}: no networks of these options ({one_line(error)})"
        ) from error
    tell_other_rule(path, model.generator.background)


def tell_other_rule(source: str | os.PathLike, background: str) -> None:
    """Says so where a run's generator, or a `.keras` file's, knows another palette rule.

    The run goes on: with the rule of its data, `background`.
    """
    rule = stored_rule(source)
    if rule not in (None, background):
        print(
            f"note: {source}: trained with palettes of background={rule}, but the data was built "
            f"with {background}: training goes on with {background}; to keep {rule}, build with "
            f"--background={rule}",
            file=sys.stderr,
        )


def _read_back(path: str) -> None:
    """Reads every number of a checkpoint; raises TensorFlow's errors where a checksum differs."""
    reader = tf.train.load_checkpoint(path)
    for name in reader.get_variable_to_shape_map():
        reader.get_tensor(name)


def _list_checkpoints(folder: str) -> list[str]:
    """The checkpoints in a folder, the latest last."""
    matches = (re.fullmatch(rf"{NAME}-([0-9]+)\.index", name) for name in files.names(folder))
    steps = sorted(int(match[1]) for match in matches if match)
    return [files.join(folder, f"{NAME}-{step}") for step in steps]
