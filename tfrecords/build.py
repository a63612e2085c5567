r"""Builds TFRecord shards of sketch, picture and palette from drawings.

python -m tfrecords.build --source=folder --input=my_pictures --output=data/mine --size=256

The same command goes on with a build that was broken off.
"""

import itertools
import os
import sys

from absl import flags

from tf_deeppaint.utils import programs

# Bad pictures named one by one; a folder of a million may hold thousands.
COMPLAINTS = 100

_SOURCE = flags.DEFINE_enum(
    "source",
    None,
    ["dolls", "folder", "pairs", "danbooru", "openmoji", "wesnoth"],
    "Where the drawings come from: drawn by the program, your folder, pairs of picture and "
    "sketch, Danbooru's pictures and metadata, or public art.",
    required=True,
)
_INPUT = flags.DEFINE_string(
    "input",
    None,
    "Folder of the source's files, here or in a cloud (gs://). Needed by `folder`, `pairs` and "
    "`danbooru`; `openmoji` and `wesnoth` fetch and cache their package without it.",
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder of the data set, here or in a cloud.", required=True
)

_COUNT = flags.DEFINE_integer("count", 2000, "dolls: how many to draw.", lower_bound=1)
_SEED = flags.DEFINE_integer("seed", 0, "dolls: which ones.", lower_bound=0)
_PAIR_ORDER = flags.DEFINE_enum(
    "pair_order",
    "color_sketch",
    ["color_sketch", "sketch_color"],
    "pairs: what is left and what is right.",
)
_SKETCHES = flags.DEFINE_string(
    "sketches", None, "pairs: folder of the sketches, where --input holds the pictures alone."
)
_CHECK_PALETTE = flags.DEFINE_bool(
    "check_palette",
    False,
    "pairs: leave out pairs whose colorgram/<id>.json differs from the palette found here.",
)
_METADATA = flags.DEFINE_list(
    "metadata", [], "danbooru: files or folders of metadata, one JSON object a line or a list."
)
_INCLUDE_TAGS = flags.DEFINE_list(
    "include_tags", ["solo", "white_background"], "danbooru: tags that a picture must have."
)
_EXCLUDE_TAGS = flags.DEFINE_list(
    "exclude_tags", [], "danbooru: tags that a picture must not have."
)
_RATINGS = flags.DEFINE_list("ratings", ["g", "s"], "danbooru: ratings to take, of g, s, q, e.")
_SELECT = flags.DEFINE_enum(
    "select",
    None,
    ["white_background"],
    "folder, danbooru: take pictures whose border is near white.",
)

_SIZE = flags.DEFINE_integer("size", 256, "Side of the pictures in pixels, a multiple of 64.")
_BACKGROUND = flags.DEFINE_enum(
    "background",
    "drop",
    ["drop", "white", "keep"],
    "The most frequent color of a palette band is left out: always (the reference's rule), "
    "where near white, or never.",
)
_SKETCH = flags.DEFINE_list(
    "sketch",
    ["own"],
    "Styles of the sketches in a record, one or more: own (the source's line art; mixture where "
    "it has none), xdog (thin, bold or soft at random), thin, bold, soft, sketchkeras, "
    "sketchkeras_pured, mixture (any of them at random).",
)
_NETWORK = flags.DEFINE_string(
    "network", "", "sketchKeras's mod.h5, or a .keras file of it, for its styles."
)
_FIT = flags.DEFINE_enum(
    "fit", "pad", ["pad", "crop"], "Pictures that are not square: white beside them, or cut."
)
_MAX_ENLARGEMENT = flags.DEFINE_float(
    "max_enlargement", 2.0, "Small pictures are enlarged by this factor at most, then padded."
)
_MIN_SIZE = flags.DEFINE_integer(
    "min_size",
    64,
    "Leave out pictures of fewer pixels on their shorter side (folder, pairs, danbooru).",
    lower_bound=1,
)
_DROP_DUPLICATES = flags.DEFINE_bool(
    "drop_duplicates",
    False,
    "Keep one of equal and nearly equal pictures; otherwise they stay, in one split.",
)
_STRICT = flags.DEFINE_bool("strict", False, "Stop at the first picture that cannot be read.")

_WORKERS = flags.DEFINE_integer(
    "workers", None, "Processes that prepare pictures; all cores by default.", lower_bound=1
)
_RUNNER = flags.DEFINE_string(
    "runner",
    None,
    "Build with Apache Beam on this runner: DirectRunner, FlinkRunner, SparkRunner, "
    'DataflowRunner. Needs pip install "tf-deeppaint[beam]".',
)
_BEAM_OPTION = flags.DEFINE_multi_string(
    "beam_option", [], "An option for the Beam runner, such as --beam_option=--region=europe-west1."
)


def main() -> None:
    from tf_deeppaint.data.build.builder import build_dataset, summary
    from tf_deeppaint.data.build.preparation import BuildConfig

    recipe = BuildConfig(
        size=_SIZE.value,
        background=_BACKGROUND.value,
        sketch=tuple(_SKETCH.value),
        network=_NETWORK.value,
        fit=_FIT.value,
        max_enlargement=_MAX_ENLARGEMENT.value,
        min_size=_MIN_SIZE.value,
        drop_copies=_DROP_DUPLICATES.value,
    )
    with _engine() as engine:
        manifest = build_dataset(
            _source(), _OUTPUT.value, recipe, engine, _STRICT.value, _reports()
        )
    print(
        f"{_OUTPUT.value}: {manifest.count('train')} training and {manifest.count('test')} test "
        f"records of {manifest.size} pixels; left out: {summary(manifest.left_out)}"
    )


def _source():
    from tf_deeppaint.data.sources.registry import open_source

    return open_source(
        _SOURCE.value,
        _INPUT.value,
        count=_COUNT.value,
        seed=_SEED.value,
        sketches=_SKETCHES.value,
        pair_order=_PAIR_ORDER.value,
        check_palette=_CHECK_PALETTE.value,
        metadata=_METADATA.value,
        include_tags=_INCLUDE_TAGS.value,
        exclude_tags=_EXCLUDE_TAGS.value,
        ratings=_RATINGS.value,
        select=_SELECT.value,
    )


def _engine():
    if _RUNNER.value:
        from tf_deeppaint.data.build.beam import Beam

        return Beam(_RUNNER.value, _BEAM_OPTION.value)
    from tf_deeppaint.data.build.workers import Workers

    return Workers(_WORKERS.value or os.cpu_count())


def _reports():
    from tf_deeppaint.data.build.builder import Reports
    from tf_deeppaint.utils.progress import Progress

    shown: dict[str, Progress] = {}
    complaints = itertools.count(1)

    def on_progress(what: str, done: int, total: int) -> None:
        if what not in shown:
            shown[what] = Progress(what)
        shown[what].update(done, total)

    def on_skip(line: str) -> None:
        if (number := next(complaints)) <= COMPLAINTS:
            print(f"skipped: {line}", file=sys.stderr)
        elif number == COMPLAINTS + 1:
            print("skipped: more, which are only counted", file=sys.stderr)

    return Reports(on_progress, on_skip)


if __name__ == "__main__":
    programs.run(main)
