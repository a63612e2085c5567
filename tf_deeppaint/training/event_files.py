"""TensorBoard's event files of a stopped run: the steps that it takes again are removed.

No reader is asked to leave anything out: readers that walk the records see each step once, too.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import tensorflow as tf

from tf_deeppaint.utils import files

# Ends the name of the file that tells readers of now.
_RESUMED = ".resumed"


def remove_events(folder: Path, step: int, is_kept: Callable[[tf.compat.v1.Event], bool]) -> None:
    """Removes the events of a folder's files that are not to be kept, and tells who reads them now.

    What a killed process wrote of a last record is cut off; so is all after a damaged one, which
    no reader can pass. Each file is written aside and renamed.

    Args:
        folder: Of the event files; it may be missing.
        step: The last step that stays. A reader that has read the files already, such as a running
            TensorBoard, forgets the later ones: a session that starts after `step` is written.
        is_kept: Tells of an event whether it stays.

    Raises:
        DeepPaintError: a file cannot be read or written.
    """
    paths = [folder / name for name in files.names(folder) if "tfevents" in name]
    for path in [path for path in paths if path.suffix == _RESUMED]:
        files.remove(path)
        paths.remove(path)
    for path in paths:
        with files.wrap_errors(path, "rewritten"):
            _rewrite(path, is_kept)
    if paths:
        _write_start(Path(f"{paths[-1]}{_RESUMED}"), step + 1)


def _write_start(path: Path, step: int) -> None:
    """Writes a file that says that a session begins at `step`.

    Readers take files by name, where the seconds come first: its name follows that of the last file
    and precedes that of the next.
    """
    start = tf.compat.v1.SessionLog(status=tf.compat.v1.SessionLog.START)
    now = time.time()
    # TensorBoard takes the first start that it reads for that of the run, the second for this one.
    events = [
        tf.compat.v1.Event(wall_time=now, file_version="brain.Event:2"),
        *[tf.compat.v1.Event(wall_time=now, step=step, session_log=start)] * 2,
    ]
    with files.wrap_errors(path, "written"), tf.io.TFRecordWriter(str(path)) as writer:
        for event in events:
            writer.write(event.SerializeToString())


def _rewrite(path: Path, is_kept: Callable[[tf.compat.v1.Event], bool]) -> None:
    # Not the name of an event file: TensorBoard reads every file that has "tfevents" in its name.
    aside = path.parent / files.name_aside("rewound")
    try:
        with tf.io.TFRecordWriter(str(aside)) as writer:
            for record in _whole_records(path):
                if is_kept(tf.compat.v1.Event.FromString(record)):
                    writer.write(record)
        if files.size(aside) == files.size(path):
            return
        files.sync(aside)
        files.rename(aside, path)
    finally:
        files.remove(aside)


def _whole_records(path: Path) -> Iterator[bytes]:
    """The records of a file up to the first that is damaged or cut off."""
    try:
        yield from tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    except tf.errors.DataLossError:
        return
