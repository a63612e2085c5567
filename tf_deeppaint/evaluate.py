r"""Scores a trained model on held-out drawings.

    python -m tf_deeppaint.evaluate --model=runs/drawings256 --data=data/openmoji256 \
        --sheet=sheet.png
"""

from absl import flags

from tf_deeppaint import program
from tf_deeppaint.quiet import import_tensorflow

_MODEL = flags.DEFINE_string(
    "model", None, "A run directory, or a .keras file of a generator.", required=True
)
_DATA = flags.DEFINE_list("data", None, "Folders of the data sets, comma-separated.", required=True)
_SHEET = flags.DEFINE_string("sheet", None, "Also draw the first test records to this PNG.")
_ROWS = flags.DEFINE_integer("rows", 8, "Records on the sheet.", lower_bound=1)


def main() -> None:
    import_tensorflow()
    from tf_deeppaint import evaluation
    from tf_deeppaint.images import write_picture
    from tf_deeppaint.painter import Painter
    from tf_deeppaint.progress import Progress

    painter = Painter.load(_MODEL.value)
    scores = evaluation.evaluate(painter, _DATA.value, Progress("record").update)
    print(evaluation.to_table(scores))
    if _SHEET.value:
        write_picture(_SHEET.value, evaluation.draw_first(painter, _DATA.value, _ROWS.value))
        print(_SHEET.value)


if __name__ == "__main__":
    program.run(main)
