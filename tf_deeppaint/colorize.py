r"""Colours a sketch in the colours of a reference picture, by the model of the package.

    python -m tf_deeppaint.colorize --sketch=a.png --reference=b.png --output=c.png

`--model` names another.
"""

from absl import flags

from tf_deeppaint import program
from tf_deeppaint.quiet import import_tensorflow

_MODEL = flags.DEFINE_string(
    "model",
    None,
    "A run directory, or a .keras file of a generator; by default the one of the package.",
)
_SKETCH = flags.DEFINE_string("sketch", None, "The line art, any size.", required=True)
_REFERENCE = flags.DEFINE_string("reference", None, "The picture to take the colours from.")
_PALETTE = flags.DEFINE_string(
    "palette", None, "A palette as JSON, to take the colours from instead."
)
_OUTPUT = flags.DEFINE_string("output", None, "The coloured picture, a PNG.", required=True)
_SHOW = flags.DEFINE_string(
    "show", None, "Also draw sketch, reference, palette and picture side by side to this PNG."
)


def main() -> None:
    from tf_deeppaint.errors import DeepPaintError
    from tf_deeppaint.images import read_picture, write_picture
    from tf_deeppaint.palette import read_palette

    # What can be wrong with the files is found before TensorFlow takes seconds to load.
    if (_REFERENCE.value is None) == (_PALETTE.value is None):
        raise DeepPaintError("give either --reference=PICTURE or --palette=JSON")
    for flag in (_OUTPUT, _SHOW):
        if flag.value and not flag.value.lower().endswith(".png"):
            raise DeepPaintError(f"--{flag.name}={flag.value}: pictures are written as .png")
    sketch = read_picture(_SKETCH.value)
    reference = read_picture(_REFERENCE.value) if _REFERENCE.value else None
    colours = read_palette(_PALETTE.value) if _PALETTE.value else None

    import_tensorflow()
    from tf_deeppaint.painter import Painter
    from tf_deeppaint.sheet import draw_painting

    painter = Painter.load(_MODEL.value)
    if reference is not None:
        colours = painter.palette_of(reference)
    painted = painter.paint(sketch, colours=colours)
    write_picture(_OUTPUT.value, painted)
    print(_OUTPUT.value)
    if _SHOW.value:
        write_picture(_SHOW.value, draw_painting(sketch, reference, colours, painted))
        print(_SHOW.value)


if __name__ == "__main__":
    program.run(main)
