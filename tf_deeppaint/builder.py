"""Source -> prepared pairs -> TFRecord shards and their manifest.

Workers load and encode one drawing each; the calling process alone writes, in the drawings'
order, so that any number of workers gives the same bytes. A shard bears its name only when whole.
"""

import collections
import concurrent.futures.process
import contextlib
import hashlib
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tf_deeppaint import images, palette, records, sketch
from tf_deeppaint.errors import DeepPaintError
from tf_deeppaint.sources import Artwork, Drawing, Source

SHARD_BYTES = 128 * 2**20
INCOMPLETE = ".incomplete"
TEST_SHARE = 0.1
SPLIT_RULE = (
    "test where SHA-256 of 'SOURCE/GROUP', its first 8 bytes as a number, is below "
    f"{TEST_SHARE} * 2**64; else train. Drawings of one group share a split."
)


class Recipe(NamedTuple):
    """How a drawing becomes a record.

    Attributes:
        size: Side of the canvas in pixels, a multiple of 64.
        background: Palette rule; see `palette.extract_palette`.
        sketch: Style of extracted sketches; a source's own line art is taken as it is.
    """

    size: int
    background: str
    sketch: str


class Prepared(NamedTuple):
    """What came of one drawing: a record for a split, or the reason why there is none."""

    split: str
    record: records.Record | None
    reason: str


def build_dataset(
    source: Source,
    output: Path,
    recipe: Recipe,
    workers: int = 1,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    on_skip: Callable[[str], None] = lambda reason: None,
) -> records.Manifest:
    """Writes a source's drawings as a data set.

    Args:
        source: Where the drawings come from.
        output: Folder of the data set; a finished one with the same options is left as it is.
        recipe: How drawings are prepared.
        workers: Processes that prepare; 1 works in this process.
        on_progress: Called with drawings done and drawings in all.
        on_skip: Called with one line for every drawing that could not be read.

    Returns:
        The manifest, as written.

    Raises:
        DeepPaintError: the input is missing, nothing could be read, the output holds another
            data set or cannot be written.
    """
    check_recipe(recipe)
    options = {"source": source.origin.name, **recipe._asdict()}
    drawings = sorted(source.drawings(), key=lambda drawing: _digest(drawing.name))
    options["drawings_sha256"] = _list_digest(drawings)
    if (finished := _finished(output, options)) is not None:
        return finished
    task = _Task(source, recipe)
    skipped = 0
    with _Shards(output) as shards, _mapper(workers) as bounded_map:
        for done, prepared in enumerate(bounded_map(task, drawings), start=1):
            if prepared.record is None:
                skipped += 1
                on_skip(prepared.reason)
            else:
                shards.write(prepared.split, records.to_example(prepared.record))
            on_progress(done, len(drawings))
        if skipped == len(drawings):
            raise DeepPaintError(f"none of the {skipped} drawings could be read; see above")
        finished_shards = shards.finish()
    manifest = records.Manifest(options, source.origin, SPLIT_RULE, skipped, finished_shards)
    records.write_manifest(output, manifest)
    return manifest


def check_recipe(recipe: Recipe) -> None:
    """Raises DeepPaintError where a recipe cannot be followed."""
    if recipe.size < 64 or recipe.size % 64 or recipe.size > images.MAX_SIDE:
        raise DeepPaintError(f"size={recipe.size}: a multiple of 64 from 64 to {images.MAX_SIDE}")
    palette.check_background(recipe.background)
    if recipe.sketch not in sketch.CHOICES:
        raise DeepPaintError(f"sketch={recipe.sketch!r}: choose one of {', '.join(sketch.CHOICES)}")


def split_of(source: str, group: str) -> str:
    """The split that a group of drawings belongs to; see `SPLIT_RULE`."""
    number = int.from_bytes(_digest(f"{source}/{group}")[:8], "big")
    return "test" if number < TEST_SHARE * 2**64 else "train"


def prepare(artwork: Artwork, name: str, recipe: Recipe) -> records.Record:
    """Fits an artwork to the canvas, finds its lines and palette, and encodes the record."""
    picture, _ = images.fit_to_canvas(artwork.picture, recipe.size)
    if artwork.sketch is None:
        rng = np.random.default_rng(int.from_bytes(_digest(name)[:8], "big"))
        lines = sketch.extract_sketch(picture, recipe.sketch, rng)
    else:
        lines, _ = images.fit_to_canvas(artwork.sketch, recipe.size)
    colours = palette.extract_palette(picture, recipe.background)
    return records.make_record(name, [lines], picture, colours)


class _Task(NamedTuple):
    """Prepares drawings of one source; sent to the workers once."""

    source: Source
    recipe: Recipe

    def __call__(self, drawing: Drawing) -> Prepared:
        name = f"{self.source.origin.name}/{drawing.name}"
        split = split_of(self.source.origin.name, drawing.group)
        try:
            artwork = self.source.load(drawing, self.recipe.size)
            return Prepared(split, prepare(artwork, name, self.recipe), "")
        except DeepPaintError as error:
            return Prepared(split, None, str(error))


class _Shards:
    """The open shards of a data set, one a split; written aside, renamed when whole."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.open: dict = {}
        self.finished: dict[str, list[records.Shard]] = {s: [] for s in records.SPLITS}

    def __enter__(self) -> "_Shards":
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            # What a killed build left would lie beside the new shards unnamed by the manifest.
            for split in records.SPLITS:
                for leftover in self.directory.glob(f"{split}-[0-9][0-9][0-9][0-9][0-9].tfrecord*"):
                    leftover.unlink()
        except OSError as error:
            raise _not_written(self.directory, error) from error
        return self

    def __exit__(self, *exception) -> None:
        for writer, path, _ in self.open.values():
            with contextlib.suppress(Exception):
                writer.close()
            path.unlink(missing_ok=True)
        self.open.clear()

    def write(self, split: str, example: bytes) -> None:
        import tensorflow as tf

        try:
            if split not in self.open:
                name = records.shard_name(split, len(self.finished[split]))
                path = self.directory / (name + INCOMPLETE)
                self.open[split] = [tf.io.TFRecordWriter(str(path)), path, 0]
            writer, path, count = self.open[split]
            writer.write(example)
            self.open[split][2] = count + 1
            if path.stat().st_size >= SHARD_BYTES:
                self._close(split)
        except (OSError, tf.errors.OpError) as error:
            raise _not_written(self.directory, error) from error

    def finish(self) -> dict[str, list[records.Shard]]:
        import tensorflow as tf

        try:
            for split in list(self.open):
                self._close(split)
        except (OSError, tf.errors.OpError) as error:
            raise _not_written(self.directory, error) from error
        return self.finished

    def _close(self, split: str) -> None:
        writer, path, count = self.open[split]
        writer.close()
        final = path.with_name(path.name.removesuffix(INCOMPLETE))
        digest, size = records.file_sha256(path), path.stat().st_size
        path.replace(final)
        del self.open[split]
        self.finished[split].append(records.Shard(final.name, count, size, digest))


def _finished(output: Path, options: dict) -> records.Manifest | None:
    """The manifest of a data set that is there already; None where there is none."""
    if not (output / records.MANIFEST).exists():
        if output.exists() and not output.is_dir():
            raise DeepPaintError(f"{output}: is a file; choose a folder for the data set")
        return None
    manifest = records.read_manifest(output)
    if manifest.options == options:
        return manifest
    keys = sorted(options.keys() | manifest.options.keys())
    differing = [key for key in keys if manifest.options.get(key) != options.get(key)]
    raise DeepPaintError(
        f"{output}: holds a data set of another {', '.join(differing)}; "
        "choose another output, or remove it first"
    )


@contextlib.contextmanager
def _mapper(workers: int) -> Iterator[Callable]:
    """Yields `map(task, items)`, in order and with bounded memory, on this many processes."""
    if workers <= 1:
        yield map
        return
    # Spawned, not forked: a fork of a process that has TensorFlow's threads can hang.
    executor = concurrent.futures.ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), _start_worker
    )
    try:
        yield lambda task, items: _bounded_map(executor, task, items, 8 * workers)
    except concurrent.futures.process.BrokenProcessPool as error:
        raise DeepPaintError(
            "a worker process died, most likely for want of memory; try fewer workers"
        ) from error
    finally:
        executor.shutdown(cancel_futures=True)


def _bounded_map(
    executor: concurrent.futures.Executor, task: Callable, items: Iterable, window: int
) -> Iterator:
    """`executor.map` that holds at most `window` items and results at a time."""
    pending: collections.deque = collections.deque()
    for item in items:
        pending.append(executor.submit(task, item))
        if len(pending) >= window:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


def _start_worker() -> None:
    import cv2

    cv2.setNumThreads(1)  # one process a core is threads enough


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogateescape")).digest()


def _list_digest(drawings: list[Drawing]) -> str:
    digest = hashlib.sha256()
    for drawing in drawings:
        digest.update(_digest(drawing.name) + _digest(drawing.group))
    return digest.hexdigest()


def _not_written(directory: Path, error: Exception) -> DeepPaintError:
    reason = getattr(error, "strerror", None) or getattr(error, "message", None) or error
    return DeepPaintError(
        f"{directory}: cannot be written ({reason}); free space or choose another"
    )
