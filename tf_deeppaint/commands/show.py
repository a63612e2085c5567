r"""Shows a data set: its counts, sizes and palettes in figures, and a contact sheet of records.

    deeppaint show --data=data/mine --output=sheet.png

With `--augment` the sheet shows what becomes of the records in training, each change by itself.
"""

import numpy as np
from absl import flags

from tf_deeppaint.utils import programs
from tf_deeppaint.utils.silence import import_tensorflow

_DATA = flags.DEFINE_string("data", None, "Folder of the data set.", required=True)
_OUTPUT = flags.DEFINE_string("output", None, "The sheet, a PNG.", required=True)
_SPLIT = flags.DEFINE_enum("split", "train", ["train", "test"], "Which records.")
_COUNT = flags.DEFINE_integer("count", 8, "How many records.", lower_bound=1)
_AUGMENT = flags.DEFINE_list(
    "augment", [], "Changes that `tf_deeppaint.train --augment` makes, each shown by itself."
)


def main() -> None:
    import_tensorflow()
    from tf_deeppaint.data.loading import first_records
    from tf_deeppaint.data.summary import summarize
    from tf_deeppaint.images.encoding import write_picture
    from tf_deeppaint.visualization.contact_sheets import draw_records

    for line in summarize(_DATA.value, _SPLIT.value):
        print(line)
    records = first_records(_DATA.value, _SPLIT.value, _COUNT.value)
    augmented = {name: _augment(name) for name in _AUGMENT.value}
    write_picture(_OUTPUT.value, draw_records(*records, augmented))
    print(_OUTPUT.value)


def _augment(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The records with one augmentation: sketches, pictures, palettes, as of `first_records`."""
    from tf_deeppaint.data.loading import load
    from tf_deeppaint.images.pixels import from_signed_unit_range

    batches = load(_DATA.value, _SPLIT.value, _COUNT.value, augmentations=[name])
    inputs, pictures = next(iter(batches))
    sketches, palettes = inputs["sketch"][..., 0], inputs["palette"]
    return tuple(map(from_signed_unit_range, (sketches, pictures, palettes)))


if __name__ == "__main__":
    programs.run(main)
