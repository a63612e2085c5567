r"""Colors sketches in the colors of reference pictures, by the model of the package.

    python -m tf_deeppaint.colorize --sketch=a.png --reference=b.png --output=c.png
    python -m tf_deeppaint.colorize --sketch=FOLDER --palette=p.json --output=FOLDER
    python -m tf_deeppaint.colorize --sketch="*.png" --reference=FOLDER --pair=all \
        --output=FOLDER --show=sheet.png

`--model` names another.
"""

import functools
import sys

from absl import flags

from tf_deeppaint.utils import programs

_MODEL = flags.DEFINE_string(
    "model",
    None,
    "A run directory, or a .keras or .tflite file; by default the one of the package.",
)
_SKETCH = flags.DEFINE_string(
    "sketch",
    None,
    "The line art, any size; or many: a folder, or a pattern such as 'pages/*.png'.",
    required=True,
)
_REFERENCE = flags.DEFINE_string(
    "reference",
    None,
    "The picture to take the colors from; or many, a folder or a pattern: see --pair.",
)
_PAIR = flags.DEFINE_enum(
    "pair",
    "name",
    ("name", "all"),
    "With many references: each sketch with the one of its name, or with every one.",
)
_PALETTE = flags.DEFINE_string(
    "palette", None, "A palette as JSON, to take the colors from instead."
)
_COLORS = flags.DEFINE_string(
    "colors",
    None,
    "Colors instead: 1 to 16, #rgb or #rrggbb, comma-separated, from the top to the bottom.",
)
_BANDS = flags.DEFINE_string(
    "bands",
    None,
    "With --colors and a reference or palette: the bands, such as 1,4, that get the colors.",
)
_CLEAN = flags.DEFINE_bool(
    "clean", False, "First make a sketch of a scan, a photograph, pencil, or lines on nothing."
)
_LINES = flags.DEFINE_enum(
    "lines",
    "original",
    ("original", "network"),
    "Keep the sketch's lines, or show all as the network painted it.",
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "The colored picture, a PNG; of many sketches, a folder.", required=True
)
_LAYERS = flags.DEFINE_string(
    "layers",
    None,
    "Also write layers: x.ora, or a folder of PNG files; of many sketches, a folder of .ora files.",
)
_ATTENTION = flags.DEFINE_string(
    "attention", None, "Also draw the attention maps over the sketch, into this folder."
)
_SHOW = flags.DEFINE_string(
    "show", None, "Also draw sketch, reference, palette and picture side by side to this PNG."
)
_RESUME = flags.DEFINE_bool("resume", False, "Of many, leave out what has its picture already.")


def main() -> None:
    from tf_deeppaint.painting.jobs import is_many

    # What can be wrong with the files is found before TensorFlow takes seconds to load.
    _check_color_flags()
    _check_png(_SHOW)
    if is_many(_SKETCH.value) or (_REFERENCE.value is not None and is_many(_REFERENCE.value)):
        _paint_many()
    else:
        _paint_one()


def _paint_one() -> None:
    from tf_deeppaint.images.pixels import read_picture, write_picture
    from tf_deeppaint.painting.inputs import to_sketch
    from tf_deeppaint.painting.outputs import Outputs, check_outputs, write_painting

    _check_png(_OUTPUT)
    check_outputs(_written(), filter(None, (_SKETCH.value, _REFERENCE.value)))
    sketch = to_sketch(_SKETCH.value, _CLEAN.value)
    reference = read_picture(_REFERENCE.value) if _REFERENCE.value else None
    given = _given()

    painter = _load()
    from tf_deeppaint.visualization.contact_sheets import draw_painting

    palette = _choose(given, painter.palette_of(reference) if _REFERENCE.value else None)
    painting = painter.begin([sketch], palette[None])[0]
    outputs = Outputs(_OUTPUT.value, _LAYERS.value, _ATTENTION.value)
    write_painting(painter, painting, outputs, _LINES.value)
    if _SHOW.value:
        picture = painting.picture(_LINES.value)
        write_picture(_SHOW.value, draw_painting(sketch, reference, palette, picture))
    for path in (*outputs, _SHOW.value):
        if path:
            print(path)


def _paint_many() -> None:
    from tf_deeppaint.painting.batch import paint_jobs
    from tf_deeppaint.painting.outputs import (
        Outputs,
        outputs_of,
        write_contact_sheet,
        write_painting,
    )
    from tf_deeppaint.utils import files
    from tf_deeppaint.utils.errors import DeepPaintError
    from tf_deeppaint.utils.progress import Progress

    folders = Outputs(_OUTPUT.value, _LAYERS.value, _ATTENTION.value)
    planned, complaints, columns = _plan(folders)
    given = _given()
    todo = [
        job
        for job in planned
        if not (_RESUME.value and files.is_file(outputs_of(job, folders).picture))
    ]

    painter = _load()
    files.make_folder(_OUTPUT.value)
    failures = paint_jobs(
        painter,
        todo,
        functools.cache(lambda path: _choose(given, painter.palette_of(path) if path else None)),
        lambda job, done: write_painting(painter, done, outputs_of(job, folders), _LINES.value),
        _CLEAN.value,
        Progress("picture").update,
    )
    complaints += [failure.reason for failure in failures]
    for complaint in dict.fromkeys(complaints):
        print("left out:", *complaint.splitlines(), file=sys.stderr)
    print(f"{_OUTPUT.value}: {len(todo) - len(failures)} pictures painted", end="")
    print(f", {len(planned) - len(todo)} were there" if _RESUME.value else "")
    if _SHOW.value and planned:
        write_contact_sheet(_SHOW.value, planned, folders, columns)
        print(_SHOW.value)
    if complaints:
        raise DeepPaintError(f"{len(complaints)} pictures could not be painted; see above")


def _plan(folders) -> tuple[list, list[str], int]:
    """The jobs, complaints about sketches without a reference, and the contact sheet's columns."""
    from tf_deeppaint.painting import jobs, layer_files
    from tf_deeppaint.painting.outputs import cell_side, check_outputs, outputs_of
    from tf_deeppaint.utils import files
    from tf_deeppaint.utils.errors import DeepPaintError

    layers = (layer_files.OPEN_RASTER, *layer_files.OTHERS)
    for flag, suffixes in ((_OUTPUT, (".png",)), (_LAYERS, layers)):
        if flag.value and (flag.value.lower().endswith(suffixes) or files.is_file(flag.value)):
            raise DeepPaintError(f"--{flag.name}={flag.value}: of many sketches, name a folder")
    sketches = jobs.find_pictures(_SKETCH.value, _written())
    references = jobs.find_pictures(_REFERENCE.value, _written()) if _REFERENCE.value else None
    planned, complaints = jobs.plan_jobs(sketches, references, _PAIR.value)
    columns = len(references) if references and _PAIR.value == "all" else 1
    if _SHOW.value:
        cell_side(len(planned), columns)
    pictures = [outputs_of(job, folders).picture for job in planned]
    check_outputs([*pictures, *_written()], [one.path for one in (*sketches, *(references or ()))])
    return planned, complaints, columns


def _written() -> list[str]:
    """The files and folders that are written."""
    return [flag.value for flag in (_OUTPUT, _LAYERS, _ATTENTION, _SHOW) if flag.value]


def _check_png(flag: flags.FlagHolder) -> None:
    from tf_deeppaint.utils.errors import DeepPaintError

    if flag.value and not flag.value.lower().endswith(".png"):
        raise DeepPaintError(f"--{flag.name}={flag.value}: pictures are written as .png")


def _check_color_flags() -> None:
    from tf_deeppaint.utils.errors import DeepPaintError

    from_picture = [flag for flag in (_REFERENCE, _PALETTE) if flag.value is not None]
    if len(from_picture) == 2 or not (from_picture or _COLORS.value is not None):
        raise DeepPaintError(
            "give the colors either by --reference=PICTURE, by --palette=JSON or by --colors=CODES"
        )
    both = bool(from_picture) and _COLORS.value is not None
    if both != (_BANDS.value is not None):
        raise DeepPaintError(
            "--bands says which bands of a reference or palette --colors replace; give it with both"
        )


def _given() -> tuple:
    """Palette, colors and bands as the flags give them; None where they do not."""
    import numpy as np

    from tf_deeppaint.palette import named_colors
    from tf_deeppaint.palette.extraction import BANDS, COLORS, read_palette

    palette = read_palette(_PALETTE.value) if _PALETTE.value else None
    named = None if _COLORS.value is None else named_colors.parse_colors(_COLORS.value)
    bands = None if _BANDS.value is None else named_colors.parse_bands(_BANDS.value)
    # More colors than have room are told of before a picture is painted.
    named_colors.choose_palette(np.zeros((BANDS, COLORS, 3), np.uint8), named, bands)
    return palette, named, bands


def _choose(given: tuple, of_reference):
    from tf_deeppaint.palette.named_colors import choose_palette

    palette, named, bands = given
    return choose_palette(palette if of_reference is None else of_reference, named, bands)


def _load():
    from tf_deeppaint.painting.painter import Painter

    return Painter.load(_MODEL.value)


if __name__ == "__main__":
    programs.run(main)
