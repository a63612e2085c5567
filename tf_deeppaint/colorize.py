r"""Colors sketches in the colors of reference pictures.

    deeppaint colorize --sketch=a.png --reference=b.png --output=c.png
    deeppaint colorize --sketch=FOLDER --palette=p.json --output=FOLDER
    deeppaint colorize --sketch="*.png" --reference=FOLDER --pair=all \
        --output=FOLDER --show=sheet.png

Without `--model` the bundled model paints.
"""

import functools
import sys
from typing import TYPE_CHECKING

from absl import flags

from tf_deeppaint.utils import files, programs
from tf_deeppaint.utils.commands import command
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.options import AutoFlag

if TYPE_CHECKING:
    from tf_deeppaint.painting.outputs import Outputs
    from tf_deeppaint.palette.named_colors import ColorChoice

_MODEL = flags.DEFINE_string(
    "model",
    None,
    "A run directory, or a .keras, .tflite or .onnx file; by default the bundled model.",
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
    "The picture, or the file of a palette, to take the colors from; or many pictures, a folder or "
    "a pattern: see --pair.",
)
_PAIR = flags.DEFINE_enum(
    "pair",
    "name",
    ("name", "all"),
    "With many references: each sketch with the reference of its name, or with all of them.",
)
_PALETTE = flags.DEFINE_string(
    "palette", None, "Instead of a reference: a palette, .json, .gpl, .ase, .aco or .hex."
)
_COLORS = flags.DEFINE_string(
    "colors", None, "1 to 16 colors, #rgb or #rrggbb, comma-separated, from the top to the bottom."
)
_BANDS = flags.DEFINE_string(
    "bands",
    None,
    "With --colors and a reference or palette: the bands, such as 1,4, that get the colors.",
)
_HINTS = flags.DEFINE_string(
    "hints",
    None,
    "Colors put where they belong: a transparent PNG of the sketch's size with dots or strokes, or "
    "JSON; of many sketches, a folder of such files named as the sketches.",
)
_CLEAN = flags.DEFINE_flag(
    AutoFlag(
        "clean",
        "Clean a scan, a photograph, pencil or light lines first: where the sketch is certainly "
        "one of them, always (--clean), or never (--noclean).",
    )
)
_RECOLOR = flags.DEFINE_bool(
    "recolor", False, "Take the lines out of a sketch that is colored or gray-toned already first."
)
_GAP = flags.DEFINE_string(
    "gap",
    "auto",
    "The widest gap in lines that lets no color out, in pixels of the sketch; 0: none; auto: 2 "
    "percent of the longer side.",
)
_LINES = flags.DEFINE_enum(
    "lines",
    "original",
    ("original", "network"),
    "Whose lines are in the picture: the sketch's, or those that the network painted.",
)
_LINE_COLOR = flags.DEFINE_string(
    "line_color",
    "keep",
    "The color of the sketch's own lines in picture and layers: keep, black or #rrggbb.",
)
_PAPER = flags.DEFINE_string(
    "paper",
    "auto",
    "What stands where nothing is painted up to the edge, in picture and layers: white, "
    "transparent or #rrggbb; auto: transparent where the sketch is, else white.",
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "The colored picture, a PNG; of many sketches, a folder.", required=True
)
_LAYERS = flags.DEFINE_string(
    "layers",
    None,
    "Also write layers: x.ora, x.psd, or a folder of PNG files; of many sketches, a folder: see "
    "--layers_format.",
)
_LAYERS_FORMAT = flags.DEFINE_enum(
    "layers_format",
    None,
    ("ora", "psd", "png"),
    "Of many sketches: what the layers of each are, an .ora or a .psd file, or a folder of PNG "
    "files; ora by default. Of one sketch, the name that --layers gives tells it.",
)
_FLATS = flags.DEFINE_enum(
    "flats",
    "color",
    ("color", "region", "unique"),
    "What has a flat layer of its own: each color, or each region; unique: each color, and a "
    "hidden layer on which no two regions are of one color, to select them by.",
)
_ATTENTION = flags.DEFINE_string(
    "attention", None, "Also draw the attention maps over the sketch, into this folder."
)
_SHOW = flags.DEFINE_string(
    "show", None, "Also draw sketch, reference, palette and picture side by side to this PNG."
)
_RESUME = flags.DEFINE_bool("resume", False, "Of many, skip those whose picture exists.")


def main() -> None:
    from tf_deeppaint.painting.jobs import is_many

    # Mistakes in flags and files are reported before TensorFlow loads, which takes seconds.
    choice = _check_flags()
    if any(path is not None and is_many(path) for path in (_SKETCH.value, _REFERENCE.value)):
        _color_many(choice)
    else:
        _color_one(choice)


def _color_one(choice: "ColorChoice") -> None:
    from tf_deeppaint.images.decoding import read_picture
    from tf_deeppaint.images.encoding import write_picture
    from tf_deeppaint.images.pixels import over_white
    from tf_deeppaint.painting.hints.hint_files import load_hints
    from tf_deeppaint.painting.hints.joining import join_palette
    from tf_deeppaint.painting.inputs import parse_gap, read_sketch, resolution_of
    from tf_deeppaint.painting.outputs import check_outputs, write_painting
    from tf_deeppaint.painting.painter import Painter
    from tf_deeppaint.palette.palette_files import load_palette
    from tf_deeppaint.visualization.contact_sheets import draw_painting

    # 1. Read the sketch and the colors.
    if not files.is_file(_SKETCH.value):
        raise DeepPaintError(f"--sketch={_SKETCH.value}: there is no such file or folder")
    _check_png(_OUTPUT)
    if _LAYERS_FORMAT.value:
        raise DeepPaintError(
            f"--layers_format={_LAYERS_FORMAT.value}: is for many sketches; of one, name an .ora "
            "or a .psd file, or a folder, by --layers"
        )
    read = (_SKETCH.value, _REFERENCE.value, _HINTS.value)
    check_outputs(_output_paths(), filter(None, read))
    gap = parse_gap(_GAP.value)
    page = read_sketch(_SKETCH.value, _CLEAN.value, _RECOLOR.value, gap)
    if page.note:
        _tell(_SKETCH.value, page.note)
    reference = read_picture(_REFERENCE.value) if _REFERENCE.value else None
    palette = load_palette(_PALETTE.value) if _PALETTE.value else None
    hints = load_hints(_HINTS.value, page.sketch.shape) if _HINTS.value else []

    # 2. Load the model and paint.
    painter = Painter.load(_MODEL.value)
    _tell_other_rule(painter.background)
    if reference is not None:
        palette = painter.palette_of(reference)
    palette = choice.apply(palette)
    joined = join_palette(palette, hints, len(page.sketch))
    painting = painter.make_paintings([page.sketch], joined[None], gap)[0]
    painting = painting.add_hints(hints, _HINTS.value)

    # 3. Write the files.
    outputs, look = _outputs(), (_LINE_COLOR.value, _PAPER.value)
    dpi = resolution_of(_SKETCH.value)
    write_painting(painter, painting, outputs, _LINES.value, dpi, *look, _FLATS.value)
    if _SHOW.value:
        picture = painting.picture(_LINES.value, *look)
        picture = over_white(picture) if picture.shape[2] == 4 else picture
        write_picture(_SHOW.value, draw_painting(page.sketch, reference, palette, picture))
    for path in filter(None, (*outputs, _SHOW.value)):
        print(path)


def _color_many(choice: "ColorChoice") -> None:
    from tf_deeppaint.painting.batch import paint_jobs
    from tf_deeppaint.painting.inputs import parse_gap, resolution_of
    from tf_deeppaint.painting.outputs import outputs_of, write_contact_sheet, write_painting
    from tf_deeppaint.painting.painter import Painter
    from tf_deeppaint.palette.palette_files import load_palette
    from tf_deeppaint.utils.progress import Progress

    # 1. Pair sketches with references, and read the colors.
    folders = _outputs()
    jobs, problems, columns = _plan_jobs(folders)
    palette = load_palette(_PALETTE.value) if _PALETTE.value else None
    todo = jobs
    if _RESUME.value:
        todo = [job for job in jobs if not files.is_file(outputs_of(job, folders).picture)]

    # 2. Load the model, paint, and write each picture.
    painter = Painter.load(_MODEL.value)
    _tell_other_rule(painter.background)
    files.make_folder(_OUTPUT.value)
    notes: list[tuple[str, str]] = []
    failures = paint_jobs(
        painter,
        todo,
        functools.cache(lambda path: choice.apply(painter.palette_of(path) if path else palette)),
        lambda job, painting: write_painting(
            painter,
            painting,
            outputs_of(job, folders, _LAYERS_FORMAT.value or "ora"),
            _LINES.value,
            resolution_of(job.sketch),
            _LINE_COLOR.value,
            _PAPER.value,
            _FLATS.value,
        ),
        _CLEAN.value,
        _RECOLOR.value,
        parse_gap(_GAP.value),
        Progress("picture").update,
        lambda job, note: notes.append((job.sketch, note)),
    )

    # 3. Report.
    for path, note in dict.fromkeys(notes):
        _tell(path, note)
    problems += [failure.reason for failure in failures]
    for problem in dict.fromkeys(problems):
        print("skipped:", *problem.splitlines(), file=sys.stderr)
    existing = f", {len(jobs) - len(todo)} existed" if _RESUME.value else ""
    print(f"{_OUTPUT.value}: {len(todo) - len(failures)} pictures painted{existing}")
    if _SHOW.value and jobs:
        write_contact_sheet(_SHOW.value, jobs, folders, columns)
        print(_SHOW.value)
    if problems:
        raise DeepPaintError(f"{len(set(problems))} files could not be painted; see above")


def _plan_jobs(folders: "Outputs") -> tuple[list, list[str], int]:
    """The jobs, the files that are not taken, one line each, and columns of the sheet."""
    from tf_deeppaint.painting import layer_files
    from tf_deeppaint.painting.jobs import find_pictures, pair_hints, plan_jobs
    from tf_deeppaint.painting.outputs import cell_side, check_outputs, outputs_of

    layers = (layer_files.OPEN_RASTER, layer_files.PHOTOSHOP, *layer_files.OTHERS)
    for flag, suffixes in ((_OUTPUT, (".png",)), (_LAYERS, layers)):
        if flag.value and (flag.value.lower().endswith(suffixes) or files.is_file(flag.value)):
            raise DeepPaintError(f"--{flag.name}={flag.value}: of many sketches, name a folder")
    if _HINTS.value and not files.is_folder(_HINTS.value):
        raise DeepPaintError(
            f"--hints={_HINTS.value}: of many sketches, name a folder of files named as they are"
        )
    others = [*_output_paths(), *filter(None, [_PALETTE.value, _HINTS.value])]
    sketches, problems = find_pictures(_SKETCH.value, others)
    references = None
    if _REFERENCE.value:
        references, more = find_pictures(_REFERENCE.value, others)
        problems += more
    jobs, more = plan_jobs(sketches, references, _PAIR.value)
    problems += more
    if _HINTS.value:
        jobs, more = pair_hints(jobs, sketches, _HINTS.value)
        problems += more
    columns = len(references) if references and _PAIR.value == "all" else 1
    if _SHOW.value:
        cell_side(len(jobs), columns)  # raises where there are too many
    pictures = [outputs_of(job, folders).picture for job in jobs]
    inputs = [picture.path for picture in (*sketches, *(references or ()))]
    check_outputs([*pictures, *_output_paths()], inputs)
    return jobs, problems, columns


def _check_flags() -> "ColorChoice":
    """Checks the flags that need no file; returns the colors that they name."""
    from tf_deeppaint.line_art.pens import parse_line_color
    from tf_deeppaint.painting.inputs import parse_gap
    from tf_deeppaint.painting.painting import parse_paper
    from tf_deeppaint.palette.named_colors import ColorChoice
    from tf_deeppaint.palette.palette_files import is_palette_file

    if _REFERENCE.value and _PALETTE.value is None and is_palette_file(_REFERENCE.value):
        flags.FLAGS.palette, flags.FLAGS.reference = _REFERENCE.value, None
    _check_png(_SHOW)
    parse_gap(_GAP.value)
    parse_line_color(_LINE_COLOR.value)
    parse_paper(_PAPER.value)
    palettes = [flag.value is not None for flag in (_REFERENCE, _PALETTE)]
    if all(palettes) or not (any(palettes) or _COLORS.value is not None):
        raise DeepPaintError(
            "give the colors either by --reference=PICTURE, by --palette=FILE or by --colors=CODES"
        )
    return ColorChoice.parse(_COLORS.value, _BANDS.value, any(palettes))


def _tell(path: str, note: str) -> None:
    """Tells of a file that is painted all the same, such as what was done to a page."""
    print("note:", *f"{path}: {note}".splitlines(), file=sys.stderr)  # see `utils.programs`


def _tell_other_rule(background: str) -> None:
    """Tells of a palette file that was extracted by another rule than the model's palettes were."""
    from tf_deeppaint.palette.palette_files import load_rule

    rule = load_rule(_PALETTE.value) if _PALETTE.value else None
    if rule not in (None, background):
        _tell(
            _PALETTE.value,
            f"extracted with --background={rule}, but the model was trained with {background}: "
            f"extract it again by `{command(f'palette --background={background}')}`",
        )


def _check_png(flag: flags.FlagHolder) -> None:
    if flag.value and not flag.value.lower().endswith(".png"):
        advice = "; this is a folder: name a file in it" if files.is_folder(flag.value) else ""
        raise DeepPaintError(f"--{flag.name}={flag.value}: pictures are written as .png{advice}")


def _outputs() -> "Outputs":
    from tf_deeppaint.painting.outputs import Outputs

    return Outputs(_OUTPUT.value, _LAYERS.value, _ATTENTION.value)


def _output_paths() -> list[str]:
    """The files and folders that are written."""
    return [flag.value for flag in (_OUTPUT, _LAYERS, _ATTENTION, _SHOW) if flag.value]


if __name__ == "__main__":
    programs.run(main)
