r"""Draws the pictures of the README and the documents anew, with the bundled model.

    python -m experiments.draw_documents --output=docs/pictures

The drawings are dolls of a seed of their own, which no model has been trained on.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from absl import flags

from tf_deeppaint.utils import programs
from tf_deeppaint.utils.silence import import_tensorflow

if TYPE_CHECKING:
    from tf_deeppaint.data.sources.base import LoadedExample
    from tf_deeppaint.painting.painter import Painter

_OUTPUT = flags.DEFINE_string("output", "docs/pictures", "Folder of the pictures.")

SEED, COUNT, SIDE = 4242, 18, 512
# Numbers of the dolls: the first of each is the pair that `make paint` colors.
SKETCHES, REFERENCES = (1, 6, 2), (8, 11, 13, 14, 16)
CELL = 160
# As large as a scan, and the part of it that is shown pixel by pixel.
SCAN, DETAIL, TOP, LEFT = 2400, 280, 670, 940
COLORS, MIXED = "#5a3f2b,#f4c7a1,#3b5dc9,#f2c14e", "#c0392b"
_CHECKS, _CHECK = (255, 214), 8


def main() -> None:
    import_tensorflow()
    from tf_deeppaint.data.sources.dolls.source import Dolls
    from tf_deeppaint.images.encoding import write_picture
    from tf_deeppaint.painting.painter import Painter

    dolls = Dolls(COUNT, seed=SEED)
    drawings = list(dolls.examples())
    drawn = [dolls.load(drawing, SIDE) for drawing in drawings]
    scan = dolls.load(drawings[SKETCHES[0]], SCAN).sketch
    sketches = [drawn[number].sketch for number in SKETCHES]
    references = [drawn[number].picture for number in REFERENCES]
    painter = Painter.load()
    folder = Path(_OUTPUT.value)
    for name, picture in (("sketch", sketches[0]), ("reference", references[0])):
        write_picture(folder / f"{name}.png", picture)
        print(folder / f"{name}.png")
    for name, picture in (
        ("example", draw_pairs(painter, sketches, references)),
        ("lines", draw_lines(painter, scan, references[0])),
        ("palettes", draw_palettes(painter, sketches[0], references[1])),
        ("cleaning", draw_cleaning(painter, drawn[SKETCHES[1]], references[0])),
        ("folder", draw_pairs(painter, sketches[:2], references[:3])),
        ("layers", draw_layers(painter, sketches[0], references[0])),
        ("attention", draw_attention(painter, sketches[0], references[0])),
        ("recoloring", draw_recoloring(painter, sketches[2], references)),
    ):
        write_small(folder / f"{name}.png", picture)
        print(folder / f"{name}.png")


def draw_pairs(painter: "Painter", sketches: list, references: list) -> np.ndarray:
    """Every sketch in the colors of every reference, as `colorize --pair=all --show` has it."""
    from tf_deeppaint.visualization.contact_sheets import draw_sheet

    rows = [[painter.paint(sketch, reference=r) for r in references] for sketch in sketches]
    corner = np.full_like(sketches[0], 255)
    rows = [[corner, *references], *([s, *row] for s, row in zip(sketches, rows, strict=True))]
    return draw_sheet(rows, CELL)


def draw_lines(painter: "Painter", scan: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """A part of a large sketch, pixel by pixel: as it is, by the network, with its own lines."""
    from tf_deeppaint.visualization.contact_sheets import draw_sheet

    painting = painter.begin([scan], painter.palette_of(reference)[None])[0]
    detail = np.s_[TOP : TOP + DETAIL, LEFT : LEFT + DETAIL]
    shown = [scan, painting.picture("network"), painting.picture("original")]
    return draw_sheet([[picture[detail] for picture in shown]], DETAIL)


def draw_palettes(painter: "Painter", sketch: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Colors from a picture, from a list, and a list's in one band of the picture's palette."""
    from tf_deeppaint.palette.named_colors import palette_from_colors, parse_colors, replace_bands
    from tf_deeppaint.palette.swatches import draw_palette
    from tf_deeppaint.visualization.contact_sheets import draw_sheet

    of_picture = painter.palette_of(reference)
    palettes = [
        of_picture,
        palette_from_colors(parse_colors(COLORS)),
        replace_bands(of_picture, parse_colors(MIXED), [4]),
    ]
    painted = [painter.paint(sketch, colors=palette) for palette in palettes]
    swatches = [draw_palette(palette, CELL) for palette in palettes]
    return draw_sheet([[sketch, *swatches], [reference, *painted]], CELL)


def draw_cleaning(painter: "Painter", doll: "LoadedExample", reference: np.ndarray) -> np.ndarray:
    """A photograph of a sketch, the sketch found in it, and that colored."""
    from tf_deeppaint.line_art.cleaning import clean
    from tf_deeppaint.visualization.contact_sheets import draw_sheet

    photograph = photographed(doll.sketch)
    cleaned = clean(photograph)
    return draw_sheet([[photograph, cleaned, painter.paint(cleaned, reference)]], 240)


def photographed(sketch: np.ndarray) -> np.ndarray:
    """A sketch as a telephone sees it: pencil on cream paper, in a lamp's light, with noise."""
    import cv2

    rng = np.random.default_rng(SEED)
    y, x = np.mgrid[-1 : 1 : sketch.shape[0] * 1j, -1 : 1 : sketch.shape[1] * 1j]
    light = 1 - 0.22 * ((x + 0.5) ** 2 + (y + 0.6) ** 2) / 2
    pencil = 1 - 0.7 * (1 - cv2.GaussianBlur(sketch, (0, 0), 0.8) / 255)
    paper = np.array([238, 226, 200])
    noise = rng.normal(0, 4, (*sketch.shape, 1))
    levels = paper * (light * pencil)[..., None] + noise
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def draw_layers(painter: "Painter", sketch: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The three largest layers of color and the lines, over checks, and all of them together."""
    from tf_deeppaint.painting.layer_files import merge
    from tf_deeppaint.visualization.contact_sheets import draw_sheet

    layers = painter.begin([sketch], painter.palette_of(reference)[None])[0].layers()
    areas = [np.count_nonzero(layer.rgba[..., 3]) for layer in layers]
    largest = sorted(np.argsort(areas[1:-1])[-3:] + 1)
    shown = [over_checks(layers[number].rgba) for number in (*largest, -1)]
    return draw_sheet([[*shown, merge(layers)]], CELL)


def over_checks(rgba: np.ndarray) -> np.ndarray:
    """Lays uint8 RGBA `(H, W, 4)` over gray and white checks, as paint programs do."""
    row, column = np.indices(rgba.shape[:2]) * CELL // SIDE // _CHECK
    checks = np.choose((row + column) % 2, _CHECKS)[..., None]
    opacity = rgba[..., 3:] / 255
    return np.rint(rgba[..., :3] * opacity + checks * (1 - opacity)).astype(np.uint8)


def draw_attention(painter: "Painter", sketch: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The six attention maps over the sketch."""
    from tf_deeppaint.visualization.contact_sheets import draw_sheet
    from tf_deeppaint.visualization.heat_maps import draw_heat_map

    painting = painter.begin([sketch], painter.palette_of(reference)[None])[0]
    maps = [draw_heat_map(level, sketch) for level in painter.attention(painting)]
    return draw_sheet([maps], CELL)


def draw_recoloring(painter: "Painter", sketch: np.ndarray, references: list) -> np.ndarray:
    """One painting, then the same in other palettes, without the network."""
    from tf_deeppaint.palette.swatches import draw_palette
    from tf_deeppaint.visualization.contact_sheets import draw_sheet

    palettes = [painter.palette_of(reference) for reference in references]
    painting = painter.begin([sketch], palettes[0][None])[0]
    pictures = [painting.recolor(palette).picture() for palette in palettes]
    return draw_sheet([[draw_palette(p, CELL) for p in palettes], pictures], CELL)


def write_small(path: Path, picture: np.ndarray) -> None:
    """Writes a PNG of 256 colors, a third as large."""
    from PIL import Image

    from tf_deeppaint.utils.files import write_bytes

    buffer = io.BytesIO()
    Image.fromarray(picture).quantize(256, dither=Image.Dither.NONE).save(
        buffer, "PNG", optimize=True
    )
    write_bytes(path, buffer.getvalue())


if __name__ == "__main__":
    programs.run(main)
