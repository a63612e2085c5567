"""The run directory: created, or checked to belong to the run that is to be resumed.

It holds:

    flags.txt          every option's value; a flagfile that repeats the run
    options.json       the same as JSON: what a resumed run must agree with
    data.json          SHA-256 of the data sets' manifests, likewise
    sessions.json      of each start: versions, commit, host, devices, times
    metrics.jsonl      losses of every `log_every` steps, and the validation of every epoch
    tensorboard/       the same and the samples, for TensorBoard
    samples/*.png      what the generator paints of the same few test drawings as it learns
    checkpoints/       the whole state, from which a run resumes
    generator.keras    the generator; its averaged weights where an average is kept
    best.keras         the generator of the epoch with the best validation
"""

import contextlib
import dataclasses
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tf_deeppaint.data import records
from tf_deeppaint.networks.model_files import BEST_FILE, GENERATOR_FILE
from tf_deeppaint.training.options import (
    TrainingOptions,
    to_flagfile,
    unused_options,
    with_current_names,
)
from tf_deeppaint.training.sessions import SESSIONS_FILE
from tf_deeppaint.utils import files, locks
from tf_deeppaint.utils.errors import DeepPaintError

FLAGS_FILE = "flags.txt"
OPTIONS_FILE = "options.json"
DATA_FILE = "data.json"
METRICS_FILE = "metrics.jsonl"
_FILES = (
    FLAGS_FILE,
    DATA_FILE,
    SESSIONS_FILE,
    METRICS_FILE,
    BEST_FILE,
    GENERATOR_FILE,
    OPTIONS_FILE,
)
_FOLDERS = BOARD, SAMPLES, CHECKPOINTS = "tensorboard", "samples", "checkpoints"
# Bytes of options.json and data.json at most; they have about one thousand.
_MAX_OPTIONS = 2**20


@contextlib.contextmanager
def hold_run(options: TrainingOptions, is_chief: bool = True) -> Iterator[Path]:
    """Holds the run directory: inside the block no other process trains in it.

    Workers of a cluster that are not the chief get a temporary folder instead.

    Raises:
        DeepPaintError: another process holds it; see `open_run` for the rest.
    """
    if is_chief:
        with locks.hold(Path(options.run) / locks.LOCK_FILE, "training"):
            yield open_run(options)
        return
    with tempfile.TemporaryDirectory(prefix="tf_deeppaint-", ignore_cleanup_errors=True) as folder:
        for name in _FOLDERS:
            files.make_folder(Path(folder) / name)
        yield Path(folder)


def open_run(options: TrainingOptions) -> Path:
    """Creates the run directory; raises DeepPaintError where it holds a run of other options."""
    run = Path(options.run)
    if options.fresh:
        _remove_run(run)
    values = _as_json(options)
    if (stored := stored_options(run)) is not None:
        _check_same(run, values, stored)
    manifests = {folder: files.join(folder, records.MANIFEST) for folder in options.data}
    digests = {folder: files.sha256(m) for folder, m in manifests.items() if files.is_file(m)}
    _check_data(run, digests)
    for name in _FOLDERS:
        files.make_folder(run / name)
    for folder in (run, run / SAMPLES, run / BOARD):
        files.remove_asides(folder)
    # The options first: they are what makes a folder a run.
    files.write_bytes(run / OPTIONS_FILE, json.dumps(values, indent=2).encode() + b"\n")
    files.write_bytes(run / DATA_FILE, json.dumps(digests, indent=2).encode() + b"\n")
    files.write_bytes(run / FLAGS_FILE, to_flagfile(options).encode())
    return run


def _as_json(options: TrainingOptions) -> dict:
    """The options as JSON has them: tuples are lists there."""
    return json.loads(json.dumps(dataclasses.asdict(options)))


def _remove_run(run: Path) -> None:
    """Removes what belongs to a run, and nothing else; where no run is, it removes nothing."""
    if not files.is_file(run / OPTIONS_FILE):
        full = [name for name in _FOLDERS if files.names(run / name)]
        if taken := full + [name for name in _FILES if files.is_file(run / name)]:
            raise DeepPaintError(
                f"{run}: holds no run ({OPTIONS_FILE} is missing), so --fresh does not remove its "
                f"{taken[0]}; choose another --run, or remove it yourself"
            )
        return
    for name in _FOLDERS:
        files.remove_folder(run / name)
    # The options last: a removal that is interrupted can be repeated.
    for name in _FILES:
        files.remove(run / name)


def stored_options(run: Path) -> dict | None:
    """The options of the run in a folder, as JSON has them; None where no run is there."""
    stored = _load_object(run / OPTIONS_FILE)
    return None if stored is None else with_current_names(stored)


def _load_object(path: Path) -> dict | None:
    if not files.is_file(path):
        return None
    try:
        stored = json.loads(files.read_bytes(path, _MAX_OPTIONS))
        if not isinstance(stored, dict):
            raise ValueError("not a JSON object")
    except (ValueError, RecursionError) as error:
        raise DeepPaintError(
            f"{path}: damaged ({error}); choose another --run, or --fresh to begin anew"
        ) from error
    return stored


def _check_data(run: Path, digests: dict[str, str]) -> None:
    """Raises DeepPaintError where a data set is not the one that the run began with."""
    # Runs of earlier versions have no such file.
    for folder, digest in (_load_object(run / DATA_FILE) or {}).items():
        if digests.get(folder, digest) != digest:
            raise DeepPaintError(
                f"{folder}: built anew since {run} began, so that its records are others; begin "
                f"another run with --init_from={run}, or --fresh"
            )


def _check_same(run: Path, values: dict, stored: dict) -> None:
    fields = dataclasses.fields(TrainingOptions)
    free = {field.name for field in fields if field.metadata.get("resumable")}
    # Earlier versions took options that have no effect.
    free.update(unused_options(values["generator"]))
    # What an earlier version did not have yet was as it is by default.
    stored = _as_json(TrainingOptions(data=(), run="")) | stored
    names = sorted((values.keys() | stored.keys()) - free)
    changed = [name for name in names if values.get(name) != stored.get(name)]
    if changed:
        raise DeepPaintError(
            f"{run}: holds a run of another {', '.join(changed)} ({changed[0]} was "
            f"{stored.get(changed[0])}); choose another --run, or --fresh to begin anew"
        )
