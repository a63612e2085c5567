r"""Shows and writes the palette of a picture, or of color codes.

    deeppaint palette --picture=b.png --output=p.json --swatches=p.png
    deeppaint palette --colors="#f4c7a1,#3b5dc9" --output=p.json
    deeppaint palette --picture=b.png --colors="#3b5dc9" --bands=4 --output=p.json

The bands are the quarters of the picture, 1 at the top. Without `--output` and `--swatches` the
JSON is printed.
"""

from absl import flags

from tf_deeppaint.palette.rules import BACKGROUNDS, FIGURE
from tf_deeppaint.utils import programs

_PICTURE = flags.DEFINE_string("picture", None, "The picture to take the colors from.")
_COLORS = flags.DEFINE_string(
    "colors", None, "1 to 16 colors, #rgb or #rrggbb, comma-separated, from the top to the bottom."
)
_BANDS = flags.DEFINE_string(
    "bands", None, "With --picture and --colors: the bands, such as 1,4, that get the colors."
)
_BACKGROUND = flags.DEFINE_enum(
    "background",
    FIGURE,
    BACKGROUNDS,
    "figure, which counts only what is drawn, or the rule for a band's most frequent color; the "
    "bundled model was trained with figure.",
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "The palette: .json, or swatches of other programs, .gpl, .ase, .aco or .hex."
)
_SWATCHES = flags.DEFINE_string(
    "swatches", None, "The colors with their codes, beside the picture's bands, a PNG."
)


def main() -> None:
    from tf_deeppaint.images.decoding import read_picture
    from tf_deeppaint.images.encoding import write_picture
    from tf_deeppaint.palette.extraction import reference_palette
    from tf_deeppaint.palette.named_colors import ColorChoice
    from tf_deeppaint.palette.palette_files import SUFFIXES, palette_to_json, write_palette
    from tf_deeppaint.palette.swatches import draw_swatches
    from tf_deeppaint.utils.errors import DeepPaintError

    for flag, suffixes in ((_OUTPUT, SUFFIXES), (_SWATCHES, (".png",))):
        if flag.value and not flag.value.lower().endswith(suffixes):
            written = ", ".join(suffixes)
            raise DeepPaintError(f"--{flag.name}={flag.value}: this is written as {written}")
    if _PICTURE.value is None and _COLORS.value is None:
        raise DeepPaintError("give --picture=PICTURE, --colors=CODES or both")
    choice = ColorChoice.parse(_COLORS.value, _BANDS.value, _PICTURE.value is not None)
    picture = None if _PICTURE.value is None else read_picture(_PICTURE.value)
    palette = None if picture is None else reference_palette(picture, _BACKGROUND.value)
    palette = choice.apply(palette)
    rule = None if picture is None else _BACKGROUND.value
    if _OUTPUT.value:
        write_palette(_OUTPUT.value, palette, rule)
        print(_OUTPUT.value)
    if _SWATCHES.value:
        write_picture(_SWATCHES.value, draw_swatches(palette, picture))
        print(_SWATCHES.value)
    if not (_OUTPUT.value or _SWATCHES.value):
        print(palette_to_json(palette, rule))


if __name__ == "__main__":
    programs.run(main)
