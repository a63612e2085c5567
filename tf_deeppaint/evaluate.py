r"""Scores a trained model on held-out drawings.

    python -m tf_deeppaint.evaluate --model=runs/base256 --data=data/openmoji256 \
        --output=out/report
"""

from absl import flags

from tf_deeppaint.utils import programs
from tf_deeppaint.utils.silence import import_tensorflow

_MODEL = flags.DEFINE_string(
    "model",
    None,
    "A run directory, or a .keras or .tflite file; by default the one of the package.",
)
_DATA = flags.DEFINE_list("data", None, "Folders of the data sets, comma-separated.", required=True)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Also write a report to this folder: a page with pictures, and every figure."
)
_LPIPS = flags.DEFINE_string(
    "lpips", None, "File of VGG16's and LPIPS's weights, .npz, to measure LPIPS too."
)
_FEATURES = flags.DEFINE_string(
    "features",
    None,
    "Network that compares the sets of painted and true pictures: inception (for FID and KID), "
    "an .npz of VGG16's weights or a .keras file. By default inception, left out with a word "
    "where its weights cannot be had; none: leave out.",
)
_EVEN_REGIONS = flags.DEFINE_bool(
    "even_regions",
    None,
    "Give each region closed off by lines one mixture of colors; default: where the model mixes.",
)
_BASELINES = flags.DEFINE_bool("baselines", True, "Score the answers that cost nothing too.")
_ROWS = flags.DEFINE_integer("rows", 8, "Records on each sheet.", lower_bound=1)


def main() -> None:
    import_tensorflow()
    from tf_deeppaint.evaluation import report, scoring
    from tf_deeppaint.evaluation.lpips import Lpips
    from tf_deeppaint.painting.painter import Painter
    from tf_deeppaint.utils import files
    from tf_deeppaint.utils.progress import Progress

    painter = Painter.load(_MODEL.value, _EVEN_REGIONS.value)
    model = _MODEL.value or "bundled model"
    scoring.open_test_data(painter, _DATA.value)
    if _OUTPUT.value:
        # Before the work, lest it be in vain.
        files.make_folder(_OUTPUT.value)
    lpips = Lpips.load(_LPIPS.value) if _LPIPS.value else None
    found = scoring.evaluate(
        painter, _DATA.value, lpips, _features(), _BASELINES.value, Progress("record").update
    )
    print(report.to_table(found))
    if _OUTPUT.value:
        report.write_report(_OUTPUT.value, painter, model, _DATA.value, found, _ROWS.value)
        print(f"{_OUTPUT.value}/{report.PAGE}")


def _features():
    from tf_deeppaint.evaluation.distributions import load_features
    from tf_deeppaint.utils.errors import DeepPaintError

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
