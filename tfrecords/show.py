r"""Shows a data set: its counts, sizes and palettes in figures, and a contact sheet of records.

python -m tfrecords.show --data=data/mine --output=sheet.png
"""

from absl import flags

from tf_deeppaint.utils import programs
from tf_deeppaint.utils.silence import import_tensorflow

_DATA = flags.DEFINE_string("data", None, "Folder of the data set.", required=True)
_OUTPUT = flags.DEFINE_string("output", None, "The sheet, a PNG.", required=True)
_SPLIT = flags.DEFINE_enum("split", "train", ["train", "test"], "Which records.")
_COUNT = flags.DEFINE_integer("count", 8, "How many records.", lower_bound=1)


def main() -> None:
    import_tensorflow()
    from tf_deeppaint.data.loading import first_records
    from tf_deeppaint.data.summary import summarize
    from tf_deeppaint.images.encoding import write_picture
    from tf_deeppaint.visualization.contact_sheets import draw_records

    for line in summarize(_DATA.value, _SPLIT.value):
        print(line)
    sketches, pictures, palettes = first_records(_DATA.value, _SPLIT.value, _COUNT.value)
    write_picture(_OUTPUT.value, draw_records(sketches, pictures, palettes))
    print(_OUTPUT.value)


if __name__ == "__main__":
    programs.run(main)
