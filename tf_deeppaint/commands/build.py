r"""Builds TFRecord shards of sketch, picture and palette.

    deeppaint build --source=folder --input=my_pictures --output=data/mine --size=256

The same command goes on with a build that was broken off.
"""

import collections
import contextlib
import os
import sys

from absl import flags

from tf_deeppaint.data.build.config import BuildConfig
from tf_deeppaint.data.sources.registry import SOURCES, make_source, source_options
from tf_deeppaint.utils import programs
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.options import define_flags, flag_values

# Bad pictures named one by one; a folder of a million may hold thousands.
COMPLAINTS = 100

_SOURCE = flags.DEFINE_enum(
    "source",
    None,
    list(SOURCES),
    "Where the examples come from: drawn by the program, your folder, pairs of picture and "
    "sketch, Danbooru's pictures and metadata, or public art.",
    required=True,
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder of the data set, here or in a cloud.", required=True
)
_SOURCE_OPTIONS = source_options()
define_flags(_SOURCE_OPTIONS, required=False)
define_flags(BuildConfig)
_STRICT = flags.DEFINE_bool("strict", False, "Stop at the first picture that cannot be read.")
_WORKERS = flags.DEFINE_integer(
    "workers", None, "Processes that prepare pictures; all cores by default.", lower_bound=1
)
_RUNNER = flags.DEFINE_string(
    "runner",
    None,
    "Build with Apache Beam on this runner: DirectRunner, FlinkRunner, SparkRunner, "
    "DataflowRunner. Needs the extra `beam`.",
)
_BEAM_OPTION = flags.DEFINE_multi_string(
    "beam_option", [], "An option for the Beam runner, such as --beam_option=--region=europe-west1."
)


def main() -> None:
    from tf_deeppaint.data.build.builder import build_dataset, summarize_skipped

    source = make_source(_SOURCE.value, flag_values(_SOURCE_OPTIONS, only_given=True))
    config = BuildConfig(**flag_values(BuildConfig))
    complaints: collections.Counter[str] = collections.Counter()
    with _make_backend() as backend:
        reports = _make_reports(complaints)
        manifest = build_dataset(source, _OUTPUT.value, config, backend, _STRICT.value, reports)
    print(
        f"{_OUTPUT.value}: {manifest.count('train')} training and {manifest.count('test')} test "
        f"records of {manifest.size} pixels; skipped: {summarize_skipped(manifest.skipped)}"
    )
    if count := complaints.total():
        raise DeepPaintError(f"{count} files were skipped; see above. The data set is complete")


def _make_backend():
    if _RUNNER.value:
        from tf_deeppaint.data.build.beam import Beam

        return contextlib.nullcontext(Beam(_RUNNER.value, _BEAM_OPTION.value))
    from tf_deeppaint.data.build.workers import Workers

    return Workers(_WORKERS.value or os.cpu_count())


def _make_reports(complaints: collections.Counter):
    """Reports a build to people; counts the complaints."""
    from tf_deeppaint.data.build.builder import Reports
    from tf_deeppaint.utils.progress import Progress

    bars: dict[str, Progress] = {}

    def on_progress(work: str, done: int, total: int) -> None:
        if work not in bars:
            bars[work] = Progress(work)
        bars[work].update(done, total)

    def on_skip(line: str) -> None:
        complaints["skipped"] += 1
        if complaints.total() <= COMPLAINTS:
            print(f"skipped: {line}", file=sys.stderr)
        elif complaints.total() == COMPLAINTS + 1:
            print("skipped: more, which are only counted", file=sys.stderr)

    return Reports(on_progress, on_skip)


if __name__ == "__main__":
    programs.run(main)
