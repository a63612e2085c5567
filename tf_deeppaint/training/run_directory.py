"""The run directory: made anew, or found to be of the same run that is to go on.

It holds:

    flags.txt          every flag's value; a flagfile that repeats the run
    options.json       the same as JSON: what a run that goes on must agree with
    metrics.jsonl      losses of every `log_every` steps, and the validation of every epoch
    tensorboard/       the same and the samples, for TensorBoard
    samples/*.png      what the generator paints of the same few test drawings as it learns
    checkpoints/       the whole state, from which a run goes on
    generator.keras    the generator; its averaged weights where an average is kept
    best.keras         the generator of the epoch with the best validation
"""

import dataclasses
import json
from pathlib import Path

from tf_deeppaint.networks.generator import GENERATOR_FILE
from tf_deeppaint.training.options import TrainingOptions
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

FLAGS_FILE = "flags.txt"
OPTIONS_FILE = "options.json"
METRICS_FILE = "metrics.jsonl"
BEST_FILE = "best.keras"
BOARD, SAMPLES, CHECKPOINTS = "tensorboard", "samples", "checkpoints"
_MOST_OPTIONS = 2**20  # bytes; it has about one thousand

# A run that goes on may change these; everything else must stay.
FREE = {
    "run",
    "steps",
    "epochs",
    "strategy",
    "init_from",
    "fresh",
    "log_every",
    "save_every",
    "checkpoint_every",
    "on_bad_record",
    "checkpoint_minutes",
    "keep_checkpoints",
    "validation_records",
}


def open_run(options: TrainingOptions, flagfile: str) -> Path:
    """Makes the run directory, or finds that what is there is the same run.

    Args:
        options: What decides about the run.
        flagfile: The text of flags.txt.

    Raises:
        DeepPaintError: it cannot be written, or holds a run of other options.
    """
    run = Path(options.run)
    if options.fresh:
        _clear(run)
    # As JSON has it: tuples are lists there.
    now = json.loads(json.dumps(dataclasses.asdict(options) | {"data": list(options.data)}))
    if (before := stored_options(run)) is not None:
        keys = sorted((now.keys() | before.keys()) - FREE)
        changed = [key for key in keys if now.get(key) != before.get(key)]
        if changed:
            key = changed[0]
            raise DeepPaintError(
                f"{run}: holds a run of another {', '.join(changed)} "
                f"({key} was {before.get(key)}); choose another --run, or --fresh to begin anew"
            )
    for name in (SAMPLES, CHECKPOINTS, BOARD):
        files.make_folder(run / name)
    for folder in (run, run / SAMPLES):
        files.remove_asides(folder)
    files.write_bytes(run / FLAGS_FILE, flagfile.encode())
    files.write_bytes(run / OPTIONS_FILE, json.dumps(now, indent=2).encode() + b"\n")
    return run


def stored_options(run: Path) -> dict | None:
    """The options of the run in a folder, as JSON has them; None where no run is there.

    Raises:
        DeepPaintError: they are damaged.
    """
    path = run / OPTIONS_FILE
    if not files.is_file(path):
        return None
    try:
        stored = json.loads(files.read_bytes(path, _MOST_OPTIONS))
        if not isinstance(stored, dict):
            raise ValueError("not a JSON object")
    except (ValueError, RecursionError) as error:
        raise DeepPaintError(
            f"{path}: damaged ({error}); choose another --run, or --fresh to begin anew"
        ) from error
    return stored


def _clear(run: Path) -> None:
    """Removes what a run leaves, and nothing else that lies there."""
    for name in (BOARD, SAMPLES, CHECKPOINTS):
        files.remove_folder(run / name)
    for name in (FLAGS_FILE, OPTIONS_FILE, METRICS_FILE, BEST_FILE, GENERATOR_FILE):
        files.remove(run / name)
