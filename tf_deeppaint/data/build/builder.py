"""Source -> TFRecord shards and their manifest, on one machine or many.

A build lists the drawings, looks at those whose twins are unknown, arranges all of them in a plan,
and writes shard after shard. Everything about a shard follows from the plan, so that any number of
workers, stopped and started at any moment, writes the same bytes.
"""

import collections
import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

from tf_deeppaint.data import records
from tf_deeppaint.data.build.plan import ARRANGED, LISTED, Listing, Plan, Seen
from tf_deeppaint.data.build.preparation import BuildConfig, LookTask, PrepareTask, check_config
from tf_deeppaint.data.build.shards import WORK_FOLDER, PlannedShard, Progress, read_note
from tf_deeppaint.data.build.workers import Workers
from tf_deeppaint.data.sources.fetching import cache_dir
from tf_deeppaint.data.sources.registry import Example, Source
from tf_deeppaint.utils import files, locks
from tf_deeppaint.utils.errors import DeepPaintError

PLAN = "plan.sqlite"
# A shard of 512 pixel pictures holds 256, some 50 - 100 MB; one of smaller pictures holds more.
SHARD_PIXELS = 2**26
TEST_SHARE = 0.1
SPLIT_RULE = (
    "test where SHA-256 of 'SOURCE/GROUP', its first 8 bytes as a number, is below "
    f"{TEST_SHARE} * 2**64; else train. Records of one group share a split."
)
MOVED_RULE = " {} published in another split than a twin were moved to train."


class Engine(Protocol):
    """Where the work of a build is done: `workers.Workers`, or `beam_engine.Beam`."""

    def look(
        self, task: LookTask, output: str, drawings: Iterator[tuple[int, Example]]
    ) -> Iterator[list[tuple[int, Seen]]]:
        """Looks at numbered drawings; yields what was seen, some at a time."""
        ...

    def write(
        self, task: PrepareTask, output: str, shards: Iterable[PlannedShard]
    ) -> Iterator[Progress]:
        """Prepares and writes shards with their notes; yields how far it has come."""
        ...


class Reports(NamedTuple):
    """Whom a build tells about its way.

    Attributes:
        on_progress: Called with what is done to drawings ("looked at", "prepared"), with the
            number done by this run, and the number this run has to do.
        on_skip: Called with one line for every drawing that could not be read.
    """

    on_progress: Callable[[str, int, int], None] = lambda what, done, total: None
    on_skip: Callable[[str], None] = lambda line: None


SILENT = Reports()


def build_dataset(
    source: Source,
    output: str | os.PathLike,
    recipe: BuildConfig,
    engine: Engine | None = None,
    strict: bool = False,
    reports: Reports = SILENT,
) -> records.Manifest:
    """Writes a source's drawings as a data set; a build that was broken off goes on.

    Args:
        source: Where the drawings come from.
        output: Folder of the data set, here or in a cloud; a finished one with the same options
            is left as it is.
        recipe: How drawings are prepared.
        engine: Where the work is done; None: in this process.
        strict: Whether to stop at the first drawing that cannot be read.
        reports: Whom to tell.

    Returns:
        The manifest, as written.

    Raises:
        DeepPaintError: the input is missing, has changed since the build began, or nothing of it
            could be read; the output holds another data set, cannot be written, or another build
            is at work there.
    """
    check_config(recipe)
    engine = engine or Workers(1)
    output = os.fspath(output)
    options = {"source": source.origin.name, **source.options, **recipe.options()}
    lock = _state_folder(output) + locks.LOCK_FILE
    finished = _finished(source, output, options)
    if finished is not None and not (files.is_file(lock) or _is_work_left(output)):
        return finished
    with locks.hold(lock, "building", output):
        # Another build may have come to its end meanwhile.
        if (finished := _finished(source, output, options)) is not None:
            _remove_work(output)
            return finished
        return _build(source, output, recipe, engine, strict, reports, options)


def _build(
    source: Source,
    output: str,
    recipe: BuildConfig,
    engine: Engine,
    strict: bool,
    reports: Reports,
    options: dict,
) -> records.Manifest:
    with _open_plan(output) as plan:
        _list(plan, source, output, options)
        _look(plan, engine, LookTask(source, recipe.min_size, strict), output, reports)
        if plan.stage != ARRANGED:
            plan.arrange(lambda group: split_of(source.origin.name, group), recipe.drop_copies)
        _write(plan, engine, PrepareTask(source, recipe, strict), output, reports)
        manifest = _describe(plan, source, output, recipe.size)
    if not any(manifest.count(split) for split in records.SPLITS):
        _remove_work(output)
        raise DeepPaintError(f"{output}: no drawing is left to write: {summary(manifest.left_out)}")
    records.write_manifest(output, manifest)
    _remove_work(output)
    return manifest


def split_of(source: str, group: str) -> str:
    """The split that a group of drawings belongs to; see `SPLIT_RULE`."""
    digest = hashlib.sha256(f"{source}/{group}".encode(errors="surrogateescape")).digest()
    return "test" if int.from_bytes(digest[:8], "big") < TEST_SHARE * 2**64 else "train"


def summary(left_out: dict[str, int]) -> str:
    """How many drawings were left out for which reasons, in words, the most frequent first."""
    order = sorted(left_out.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} {why}" for why, count in order) or "none"


def _list(plan: Plan, source: Source, output: str, options: dict) -> None:
    if not plan.stage:
        _clear_shards(output)
        plan.list_drawings(source.drawings(), options)
        return
    now = _with_listing(source, options)
    if now != plan.options:
        raise DeepPaintError(
            f"{output}: holds an unfinished data set of another {_differing(now, plan.options)}; "
            f"go on with that, or remove {_state_folder(output)} to begin anew"
        )


def _look(plan: Plan, engine: Engine, task: LookTask, output: str, reports: Reports) -> None:
    if plan.stage != LISTED:
        return
    done, total = 0, plan.count_unseen()
    if total:
        reports.on_progress("looked at", done, total)
    for looks in engine.look(task, output, plan.unseen()):
        plan.record_looks(looks)
        for _, seen in looks:
            if seen.complaint:
                reports.on_skip(seen.complaint)
        done += len(looks)
        reports.on_progress("looked at", done, total)
    plan.finish_looks()


def _write(plan: Plan, engine: Engine, task: PrepareTask, output: str, reports: Reports) -> None:
    size = task.recipe.size
    missing = [s for s in _shard_list(plan, size) if read_note(output, s.name) is None]
    done, total = 0, sum(shard.drawings for shard in missing)
    planned = (
        PlannedShard(shard.name, plan.planned(shard.split, shard.first, shard.drawings))
        for shard in missing
    )
    if total:
        reports.on_progress("prepared", done, total)
    for progress in engine.write(task, output, planned):
        for complaint in progress.complaints:
            reports.on_skip(complaint)
        done += progress.drawings
        reports.on_progress("prepared", done, total)


def _describe(plan: Plan, source: Source, output: str, size: int) -> records.Manifest:
    """The manifest, from the notes of all shards."""
    shards: dict[str, list[records.Shard]] = {split: [] for split in records.SPLITS}
    left_out = collections.Counter(plan.left_out())
    for planned in _shard_list(plan, size):
        note = read_note(output, planned.name)
        left_out.update(note.left_out)
        if note.shard.records:
            shards[planned.split].append(note.shard)
    rule = SPLIT_RULE + (MOVED_RULE.format(plan.moved) if plan.moved else "")
    return records.Manifest(plan.options, source.origin, rule, dict(left_out), shards)


class _ShardPlace(NamedTuple):
    """Which of a split's drawings a shard is planned to hold."""

    name: str
    split: str
    first: int
    drawings: int


def _shard_list(plan: Plan, size: int) -> list[_ShardPlace]:
    room = max(1, SHARD_PIXELS // size**2)
    return [
        _ShardPlace(
            records.shard_name(split, first // room), split, first, min(room, count - first)
        )
        for split in records.SPLITS
        for count in (plan.count_planned(split),)
        for first in range(0, count, room)
    ]


def _steps(count: int, room: int) -> Iterator[tuple[int, int]]:
    """Yields how many of `count` are left, and the number of the first of those, each `room`."""
    return ((count - first, first) for first in range(0, count, room))


def _finished(source: Source, output: str, options: dict) -> records.Manifest | None:
    """The manifest of a data set that is there already; None where there is none."""
    if not files.is_file(files.join(output, records.MANIFEST)):
        if files.is_file(output):
            raise DeepPaintError(f"{output}: is a file; choose a folder for the data set")
        return None
    manifest = records.read_manifest(output)
    now = _with_listing(source, options)
    if manifest.options == now:
        return manifest
    raise DeepPaintError(
        f"{output}: holds a data set of another {_differing(now, manifest.options)}; "
        "choose another output, or remove it first"
    )


def _with_listing(source: Source, options: dict) -> dict:
    """The options, and the digest of what the source lists now, as a plan keeps them."""
    listing = Listing()
    collections.deque(listing.add(source.drawings()), maxlen=0)
    return options | {"drawings": listing.digest()}


def _differing(options: dict, others: dict) -> str:
    keys = sorted(options.keys() | others.keys())
    return ", ".join(key for key in keys if options.get(key) != others.get(key))


@contextlib.contextmanager
def _open_plan(output: str) -> Iterator[Plan]:
    folder = _state_folder(output)
    is_new = not files.is_folder(output)
    files.make_folder(output)
    files.make_folder(folder)
    path = os.path.join(folder, PLAN)
    with contextlib.ExitStack() as afterwards, Plan(path) as plan:
        try:
            yield plan
        finally:
            if not plan.stage:  # a source that cannot be listed leaves nothing behind
                afterwards.callback(files.remove_folder, output if is_new else folder)


def _state_folder(output: str) -> str:
    """Where the plan lies: with the shards, or on this machine where those are in a cloud."""
    if files.is_remote(output):
        digest = hashlib.sha256(output.encode()).hexdigest()[:16]
        return os.path.join(cache_dir(), "builds", digest)
    return os.path.join(output, WORK_FOLDER)


def _clear_shards(output: str) -> None:
    """Removes shards that no manifest names: what an older build left lies beside new ones."""
    for name in files.names(output):
        if records.is_shard_name(name.removesuffix(files.INCOMPLETE)):
            files.remove(files.join(output, name))
    notes = files.join(output, WORK_FOLDER)
    for name in files.names(notes):
        if name.endswith(".json"):
            files.remove(files.join(notes, name))


def _work_folders(output: str) -> tuple[str, str]:
    return files.join(output, WORK_FOLDER), _state_folder(output)


def _is_work_left(output: str) -> bool:
    return any(map(files.is_folder, _work_folders(output)))


def _remove_work(output: str) -> None:
    files.remove_asides(output)
    for folder in _work_folders(output):
        files.remove_folder(folder)
