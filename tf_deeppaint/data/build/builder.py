"""Source -> TFRecord shards and their manifest, on one machine or many, stage by stage."""

import collections
import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

from tf_deeppaint.data import records
from tf_deeppaint.data.build.config import BuildConfig, check_config
from tf_deeppaint.data.build.listing import ListingDigest
from tf_deeppaint.data.build.plan import ARRANGED, LISTED, InspectionResult, Plan
from tf_deeppaint.data.build.preparation import InspectTask, PrepareTask
from tf_deeppaint.data.build.shards import WORK_FOLDER, PlannedShard, Progress, load_receipt
from tf_deeppaint.data.build.workers import Workers
from tf_deeppaint.data.sources.base import Example, Skipped, Source
from tf_deeppaint.data.sources.fetching import cache_dir
from tf_deeppaint.utils import files, locks
from tf_deeppaint.utils.errors import DeepPaintError

PLAN = "plan.sqlite"
# Pixels of all pictures of a shard. One of 512 x 512 pixels holds 256, some 50 - 100 MB.
SHARD_PIXELS = 2**26
TEST_SHARE = 0.1
SPLIT_RULE = (
    "test where SHA-256 of 'SOURCE/GROUP', its first 8 bytes as a number, is below "
    f"{TEST_SHARE} * 2**64; else train. Records of one group share a split."
)
PUBLISHED_RULE = "As their source gives it, for {} examples."
MOVED_RULE = " {} published in another split than a near-duplicate were moved to train."


class Backend(Protocol):
    """Where the work of a build is done: `workers.Workers`, or `beam.Beam`."""

    def inspect(
        self, task: InspectTask, output: str, examples: Iterator[tuple[int, Example]]
    ) -> Iterator[list[tuple[int, InspectionResult]]]:
        """Inspects numbered examples; yields the results, some at a time."""
        ...

    def write(
        self, task: PrepareTask, output: str, shards: Iterable[PlannedShard]
    ) -> Iterator[Progress]:
        """Prepares and writes shards with their receipts; yields how far it has come."""
        ...


class Reports(NamedTuple):
    """How a build reports.

    Attributes:
        on_progress: Called with the kind of work ("inspected", "prepared"), the number of examples
            done by this run, and the number this run has to do.
        on_skip: Called with one line for every example that could not be read, and for every file
            of the input that is no example.
    """

    on_progress: Callable[[str, int, int], None] = lambda work, done, total: None
    on_skip: Callable[[str], None] = lambda line: None


SILENT = Reports()


def build_dataset(
    source: Source,
    output: str | os.PathLike,
    config: BuildConfig,
    backend: Backend | None = None,
    strict: bool = False,
    reports: Reports = SILENT,
) -> records.Manifest:
    """Writes a source's examples as a data set, and returns its manifest.

    A build that was broken off goes on.

    Args:
        source: Where the examples come from.
        output: Folder of the data set, here or in a cloud; a finished one with the same options
            is left as it is.
        config: How examples are prepared.
        backend: Where the work is done; None: in this process.
        strict: Whether to stop at the first example that cannot be read.
        reports: How to report.

    Raises:
        DeepPaintError: the input is missing, has changed since the build began, or nothing of it
            could be read; the output holds another data set, cannot be written, or another build
            is at work there.
    """
    check_config(config)
    backend = backend or Workers(1)
    output = os.fspath(output)
    options = {"source": source.origin.name, **source.options, **config.manifest_options()}
    lock = _state_folder(output) + locks.LOCK_FILE
    finished = _load_finished(source, output, options, reports)
    is_work_left = files.is_file(lock) or any(map(files.is_folder, _work_folders(output)))
    if finished is not None and not is_work_left:
        return finished
    with locks.hold(lock, "building", output):
        # Another build may have finished meanwhile.
        if (finished := _load_finished(source, output, options, reports)) is not None:
            _remove_work(output)
            return finished
        with _open_plan(output) as plan:
            _list(plan, source, output, options, reports)
            _inspect(plan, backend, InspectTask(source, config.min_size, strict), output, reports)
            if plan.stage != ARRANGED:
                plan.arrange(
                    lambda group: split_of(source.origin.name, group), config.drop_duplicates
                )
            _write(plan, backend, PrepareTask(source, config, strict), output, reports)
            manifest = _make_manifest(plan, source, output, config.size)
        if any(manifest.count(split) for split in records.SPLITS):
            records.write_manifest(output, manifest)
            _remove_work(output)
            return manifest
        _remove_work(output)
        raise DeepPaintError(
            f"{output}: no example is left to write: {summarize_skipped(manifest.skipped)}"
        )


def split_of(source: str, group: str) -> str:
    """The split that a group of examples belongs to; see `SPLIT_RULE`."""
    number = int.from_bytes(records.name_digest(f"{source}/{group}")[:8], "big")
    return "test" if number < TEST_SHARE * 2**64 else "train"


def summarize_skipped(skipped: dict[str, int]) -> str:
    """How many examples were skipped for which reasons, in words, the most frequent first."""
    order = sorted(skipped.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} {reason}" for reason, count in order) or "none"


def _list(plan: Plan, source: Source, output: str, options: dict, reports: Reports) -> None:
    if not plan.stage:
        _clear_shards(output)
        plan.list_examples(_examples(source, reports), options)
        return
    current = _with_listing(source, options, reports)
    if current != plan.options:
        raise DeepPaintError(
            f"{output}: holds an unfinished data set of another "
            f"{_differing_keys(current, plan.options)}; go on with that, or remove "
            f"{_state_folder(output)} to begin anew"
        )


def _inspect(
    plan: Plan, backend: Backend, task: InspectTask, output: str, reports: Reports
) -> None:
    def steps() -> Iterator[Progress]:
        for results in backend.inspect(task, output, plan.uninspected()):
            plan.record_inspections(results)
            yield Progress(len(results), [r.complaint for _, r in results if r.complaint])

    if plan.stage == LISTED:
        _report("inspected", plan.count_uninspected(), steps(), reports)
        plan.finish_inspections()


def _write(plan: Plan, backend: Backend, task: PrepareTask, output: str, reports: Reports) -> None:
    layout = _plan_shards(plan, task.config.size)
    missing = [shard for shard in layout if load_receipt(output, shard[0]) is None]
    planned = (
        PlannedShard(name, plan.planned(split, positions)) for name, split, positions in missing
    )
    total = sum(len(positions) for _, _, positions in missing)
    _report("prepared", total, backend.write(task, output, planned), reports)


def _report(work: str, total: int, steps: Iterable[Progress], reports: Reports) -> None:
    done = 0
    if total:
        reports.on_progress(work, done, total)
    for step in steps:
        for complaint in step.complaints:
            reports.on_skip(complaint)
        done += step.examples
        reports.on_progress(work, done, total)


def _make_manifest(plan: Plan, source: Source, output: str, size: int) -> records.Manifest:
    """The manifest, from the receipts of all shards."""
    shards: dict[str, list[records.Shard]] = {split: [] for split in records.SPLITS}
    skipped = collections.Counter(plan.skipped())
    for name, split, _ in _plan_shards(plan, size):
        receipt = load_receipt(output, name)
        skipped.update(receipt.skipped)
        if receipt.shard.records:
            shards[split].append(receipt.shard)
    return records.Manifest(plan.options, source.origin, _split_rule(plan), dict(skipped), shards)


def _split_rule(plan: Plan) -> str:
    """How the examples of a plan really came to their splits, in words."""
    published = sum(map(plan.count_planned, records.SPLITS)) - plan.drawn
    rule = PUBLISHED_RULE.format(published) if published else ""
    if plan.drawn:
        rule += f" Any other: {SPLIT_RULE}" if published else SPLIT_RULE
    return rule + (MOVED_RULE.format(plan.moved) if plan.moved else "")


def _plan_shards(plan: Plan, size: int) -> Iterator[tuple[str, str, range]]:
    """Yields the name and the split of each shard, and the positions of its examples there."""
    room = max(1, SHARD_PIXELS // size**2)
    for split in records.SPLITS:
        count = plan.count_planned(split)
        for index, first in enumerate(range(0, count, room)):
            yield records.shard_name(split, index), split, range(first, min(first + room, count))


def _load_finished(
    source: Source, output: str, options: dict, reports: Reports
) -> records.Manifest | None:
    """The manifest of a data set that is there already; None where there is none."""
    if not files.is_file(files.join(output, records.MANIFEST)):
        if files.is_file(output):
            raise DeepPaintError(f"{output}: is a file; choose a folder for the data set")
        return None
    manifest = records.load_manifest(output)
    current = _with_listing(source, options, reports)
    if manifest.options == current:
        return manifest
    raise DeepPaintError(
        f"{output}: holds a data set of another {_differing_keys(current, manifest.options)}; "
        "choose another output, or remove it first"
    )


def _examples(source: Source, reports: Reports) -> Iterator[Example | Skipped]:
    """Lists the source; reports files that are no examples."""
    for item in source.examples():
        if isinstance(item, Skipped) and item.complaint:
            reports.on_skip(item.complaint)
        yield item


def _with_listing(source: Source, options: dict, reports: Reports) -> dict:
    """The options, and the digest of what the source lists now, as a plan keeps them."""
    listing = ListingDigest()
    for item in _examples(source, reports):
        listing.add(item)
    return options | {"examples": listing.hexdigest()}


def _differing_keys(options: dict, others: dict) -> str:
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
    """Where the plan is: beside the shards, or on this machine where those are in a cloud."""
    if files.is_remote(output):
        digest = hashlib.sha256(output.encode()).hexdigest()[:16]
        return os.path.join(cache_dir(), "builds", digest)
    return os.path.join(output, WORK_FOLDER)


def _clear_shards(output: str) -> None:
    """Removes the shards and receipts of an older build, which no manifest names."""
    for name in files.names(output):
        # Versions before wrote unfinished shards under this name.
        if records.is_shard_name(name.removesuffix(files.INCOMPLETE)):
            files.remove(files.join(output, name))
    files.remove_asides(output)
    receipts, _ = _work_folders(output)
    for name in files.names(receipts):
        if name.endswith(".json"):
            files.remove(files.join(receipts, name))


def _work_folders(output: str) -> tuple[str, str]:
    return files.join(output, WORK_FOLDER), _state_folder(output)


def _remove_work(output: str) -> None:
    files.remove_asides(output)
    for folder in _work_folders(output):
        files.remove_folder(folder)
