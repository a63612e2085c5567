r"""Scores a trained model on held-out drawings.

    deeppaint evaluate --model=runs/base256 --data=data/openmoji256 \
        --output=out/report

or on the benchmark of characters, whose drawings it draws itself:

    deeppaint evaluate --benchmark=characters --output=out/characters
"""

from absl import flags

from tf_deeppaint.utils import files, programs
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.progress import Progress
from tf_deeppaint.utils.silence import import_tensorflow

_MODEL = flags.DEFINE_string(
    "model",
    None,
    "A run directory, or a .keras, .tflite or .onnx file; by default the bundled model.",
)
_DATA = flags.DEFINE_list("data", None, "Folders of the data sets, comma-separated.")
_BENCHMARK = flags.DEFINE_enum(
    "benchmark",
    None,
    ["characters"],
    "Score on the drawings of a benchmark instead of --data. characters: nine sources of "
    "characters, each drawing with a reference in its colors.",
)
_COUNT = flags.DEFINE_integer(
    "count", 60, "Of --benchmark: drawings of each source.", lower_bound=1
)
_INPUT = flags.DEFINE_string(
    "input",
    None,
    "Of --benchmark: folder of the sources' packages; fetched and cached without it.",
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Also write a report to this folder: a page with pictures, and all scores."
)
_LPIPS = flags.DEFINE_string(
    "lpips", None, "File of VGG16's and LPIPS's weights, .npz, to measure LPIPS too."
)
_FEATURES = flags.DEFINE_string(
    "features",
    None,
    "Network that compares the sets of painted and true pictures: inception (for FID and KID), "
    "an .npz of VGG16's weights, a .keras file, or none. By default inception, or none with a "
    "message where its weights cannot be downloaded.",
)
_EVEN_REGIONS = flags.DEFINE_bool(
    "even_regions",
    None,
    "Give each region closed off by lines one color; default: where the model mixes.",
)
_BASELINES = flags.DEFINE_bool("baselines", True, "Also score the baselines, which need no model.")
_ROWS = flags.DEFINE_integer("rows", 8, "Records on each sheet.", lower_bound=1)


def main() -> None:
    if (_DATA.value is None) == (_BENCHMARK.value is None):
        raise DeepPaintError("name the data sets with --data, or pass --benchmark=characters")
    import_tensorflow()
    if _BENCHMARK.value:
        evaluate_characters()
    else:
        evaluate_records()


def evaluate_records() -> None:
    """Scores the model on the test records of data sets."""
    from tf_deeppaint.evaluation import report
    from tf_deeppaint.evaluation.held_out_records import check_data
    from tf_deeppaint.evaluation.lpips import Lpips
    from tf_deeppaint.evaluation.scoring import evaluate
    from tf_deeppaint.painting.painter import Painter

    # 1. Load the model, and check data and output before the long work.
    painter = Painter.load(_MODEL.value, _EVEN_REGIONS.value)
    check_data(painter, _DATA.value)
    if _OUTPUT.value:
        files.make_folder(_OUTPUT.value)
    lpips = Lpips.load(_LPIPS.value) if _LPIPS.value else None
    features = _load_features()

    # 2. Score.
    evaluation = evaluate(
        painter, _DATA.value, lpips, features, _BASELINES.value, Progress("record").update
    )
    print(report.to_table(evaluation))

    # 3. Write the report.
    if _OUTPUT.value:
        model = _MODEL.value or "bundled model"
        report.write_report(_OUTPUT.value, painter, model, _DATA.value, evaluation, _ROWS.value)
        print(f"{_OUTPUT.value}/{report.PAGE}")


def evaluate_characters() -> None:
    """Scores the model on the benchmark of characters."""
    from tf_deeppaint.evaluation.characters import report
    from tf_deeppaint.evaluation.characters.cache import load_drawings
    from tf_deeppaint.evaluation.characters.scoring import score, score_sources
    from tf_deeppaint.evaluation.lpips import Lpips
    from tf_deeppaint.painting.painter import Painter

    # 1. Load the model, and check the output before the long work.
    painter = Painter.load(_MODEL.value, _EVEN_REGIONS.value)
    if _OUTPUT.value:
        files.make_folder(_OUTPUT.value)
    lpips = Lpips.load(_LPIPS.value) if _LPIPS.value else None
    if lpips is None:
        print("without LPIPS: --lpips names no file of its weights")

    # 2. Draw.
    drawn = load_drawings(_COUNT.value, _INPUT.value, Progress("drawing").update)
    sprites = _draw_sprites()

    # 3. Score.
    benchmark = score_sources(painter, drawn, lpips, _BASELINES.value, Progress("scoring").update)
    if sprites is not None:
        scores = score(painter, sprites, lpips, _BASELINES.value)
        benchmark = benchmark._replace(sprites=scores)
    print(report.to_tables(benchmark))

    # 4. Write the report.
    if _OUTPUT.value:
        model = _MODEL.value or "bundled model"
        report.write_report(_OUTPUT.value, painter, model, drawn, sprites, benchmark, _ROWS.value)
        print(f"{_OUTPUT.value}/{report.TABLES}")


def _draw_sprites():
    """The sprites; None where their package cannot be fetched."""
    from tf_deeppaint.evaluation.characters.drawings import draw_sprites

    try:
        return draw_sprites(_INPUT.value)
    except DeepPaintError as error:
        print(f"without sprites: {error}")
        return None


def _load_features():
    """The network of the flag; None for `none`, or where the default cannot be downloaded."""
    from tf_deeppaint.evaluation.features import load_features

    if _FEATURES.value == "none":
        return None
    try:
        return load_features(_FEATURES.value or "inception")
    except DeepPaintError as error:
        if _FEATURES.value:
            raise
        print(f"without FID and KID: {error}")
        return None


if __name__ == "__main__":
    programs.run(main)
