r"""Draws the pictures of the README and the documents anew, with the bundled model.

    python -m experiments.draw_documents --output=docs/pictures

The drawings are dolls of a seed of their own, which no model has been trained on.
"""

from pathlib import Path

from absl import flags

from tf_deeppaint import program
from tf_deeppaint.quiet import import_tensorflow

_OUTPUT = flags.DEFINE_string("output", "docs/pictures", "Folder of the pictures.")

SEED, COUNT, SIDE = 4242, 18, 512
# Numbers of the dolls: the first of each is the pair that `make paint` colours.
SKETCHES, REFERENCES = (1, 6, 2), (8, 11, 13, 14, 16)
CELL = 160


def main() -> None:
    import_tensorflow()
    from tf_deeppaint.images import write_picture
    from tf_deeppaint.painter import Painter
    from tf_deeppaint.sheet import draw_sheet
    from tf_deeppaint.sources.dolls import Dolls

    dolls = Dolls(COUNT, seed=SEED)
    drawn = [dolls.load(drawing, SIDE) for drawing in dolls.drawings()]
    sketches = [drawn[number].sketch for number in SKETCHES]
    references = [drawn[number].picture for number in REFERENCES]
    painter = Painter.load()
    rows = [[painter.paint(sketch, reference=r) for r in references] for sketch in sketches]
    corner = sketches[0][:1, :1] * 0 + 255
    sheet = draw_sheet(
        [[corner, *references], *([s, *row] for s, row in zip(sketches, rows, strict=True))], CELL
    )
    folder = Path(_OUTPUT.value)
    for name, picture in (
        ("sketch", sketches[0]),
        ("reference", references[0]),
        ("example", sheet),
    ):
        write_picture(folder / f"{name}.png", picture)
        print(folder / f"{name}.png")


if __name__ == "__main__":
    program.run(main)
