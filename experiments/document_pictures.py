"""The pictures of the README and the documents, painted by the bundled model.

No model has been trained on any of them: dolls of a seed of their own, drawings by a hand that is
held out whole, and anime sprites.
"""

import io
from collections.abc import Iterator

import cv2
import numpy as np
from PIL import Image
from skimage.morphology import skeletonize

from tf_deeppaint.data.sources.characters.holdout import UNSEEN
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.evaluation.characters.drawings import draw, draw_sprites, open_sources
from tf_deeppaint.images.canvas import resize
from tf_deeppaint.line_art.cleaning import clean
from tf_deeppaint.painting.layers.layer import NORMAL
from tf_deeppaint.painting.layers.merging import merge
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.painting.painting import Painting
from tf_deeppaint.palette.named_colors import palette_from_colors, parse_colors, replace_bands
from tf_deeppaint.palette.swatches import draw_palette
from tf_deeppaint.visualization.contact_sheets import draw_sheet

SEED, COUNT, SIDE = 4242, 18, 512
# Numbers of the dolls: the first of each is the pair that `make paint` colors.
SKETCHES, REFERENCES = (1, 6, 2), (8, 11, 13, 14, 16)
CELL = 160
# Where hints are put on the third sketch, their colors, and how large that is shown.
SHOE, APRON, DARK, RED, HINTED = (248, 466), (283, 345), (62, 42, 51), (200, 30, 40), 360
# Numbers of the drawings by an unseen hand, and of those whose references are shown.
UNSEEN_SKETCHES, UNSEEN_REFERENCES = (1, 3, 5), (0, 4, 5, 6, 9, 12)
# Numbers of the sprites, and how large they are shown.
SPRITES, SPRITE_CELL = (0, 3), 240
# Sides of a small figure and of one whose upper part is a bust; how large their pages are shown.
SMALL, BUST, MARGIN_CELL = 180, 460, 240
# As large as a scan, and the part of it that is shown pixel by pixel.
SCAN, DETAIL, TOP, LEFT = 2400, 280, 670, 940
COLORS, MIXED = "#5a3f2b,#f4c7a1,#3b5dc9,#f2c14e", "#c0392b"
# Levels and side of the squares that paint programs show behind transparent layers.
CHECKS, CHECK = (255, 214), 8


def draw_all() -> Iterator[tuple[str, np.ndarray]]:
    """Yields names and pictures, uint8 RGB; first the pair that `make paint` colors."""
    dolls = Dolls(COUNT, seed=SEED)
    examples = list(dolls.examples())
    sketches = [dolls.load(examples[number], SIDE).sketch for number in SKETCHES]
    references = [dolls.load(examples[number], SIDE).picture for number in REFERENCES]
    scan = dolls.load(examples[SKETCHES[0]], SCAN).sketch
    yield "sketch", sketches[0]
    yield "reference", references[0]
    yield from draw_pictures(Painter.load(), sketches, references, scan)


def draw_pictures(
    painter: Painter, sketches: list, references: list, scan: np.ndarray
) -> Iterator[tuple[str, np.ndarray]]:
    """The painted pictures; see `draw_all`."""
    sketch, reference = sketches[0], references[0]
    palettes = [painter.palette_of(reference) for reference in references]
    painting, first = (
        painter.make_paintings([s], palettes[0][None])[0] for s in (sketch, sketches[2])
    )
    # As `colorize --pair=all --show` has them.
    yield "folder", _draw_pairs(painter, sketches[:2], references[:3])
    yield "lines", draw_lines(painter.make_paintings([scan], palettes[0][None])[0])
    yield "pens", draw_pens(painter, sketch, reference)
    yield "margins", draw_margins(painter, sketches, reference)
    yield "palettes", draw_palettes(painter, sketch, references[1])
    yield "cleaning", draw_cleaning(painter, sketches[1], reference)
    yield "layers", draw_layers(painting)
    yield "hints", draw_hints(first)
    yield "unseen", draw_unseen(painter)
    yield "sprites", draw_anime(painter)
    # One painting, then the same in other palettes, without the network.
    pictures = [first.recolor(palette).picture() for palette in palettes]
    yield "recoloring", draw_sheet([[draw_palette(p, CELL) for p in palettes], pictures], CELL)


def draw_unseen(painter: Painter) -> np.ndarray:
    """Busts by a hand that no model has seen, in the colors of drawings by other hands."""
    count = 1 + max(*UNSEEN_SKETCHES, *UNSEEN_REFERENCES)
    drawings = draw(open_sources(count)[UNSEEN[0]], count)
    references = [drawings.references[number] for number in UNSEEN_REFERENCES]
    sketches = [drawings.sketches[number] for number in UNSEEN_SKETCHES]
    return _draw_pairs(painter, sketches, references)


def draw_anime(painter: Painter) -> np.ndarray:
    """Anime sprites that nothing was trained on, each in the colors of two of them."""
    drawings = draw_sprites()
    references = [drawings.pictures[number] for number in SPRITES]
    sketches = [drawings.sketches[number] for number in SPRITES]
    return _draw_pairs(painter, sketches, references, SPRITE_CELL)


def _draw_pairs(painter: Painter, sketches: list, references: list, cell: int = CELL) -> np.ndarray:
    """Every sketch in the colors of every reference."""
    rows = [[s, *(painter.paint(s, reference=r) for r in references)] for s in sketches]
    return draw_sheet([[np.full_like(references[0], 255), *references], *rows], cell)


def draw_lines(painting: Painting) -> np.ndarray:
    """A part of a large sketch: as it is, by the network, with its own lines."""
    shown = [painting.sketch, painting.picture("network"), painting.picture("original")]
    detail = np.s_[TOP : TOP + DETAIL, LEFT : LEFT + DETAIL]
    return draw_sheet([[picture[detail] for picture in shown]], DETAIL)


def draw_pens(painter: Painter, sketch: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """A thin gray pen with gaps, and a panel with a speech bubble."""
    sketches = draw_thin(sketch), draw_panel(sketch)
    cells = [cell for s in sketches for cell in (s, painter.paint(s, reference))]
    return draw_sheet([cells], 2 * CELL)


def draw_margins(painter: Painter, sketches: list, reference: np.ndarray) -> np.ndarray:
    """A small figure on a page, a bust that ends in the middle of one, and a sheet of four."""
    small, bust = np.full((2, SIDE, SIDE), 255, np.uint8)
    quarters = [resize(s, SIDE // 2, SIDE // 2) for s in (*sketches, sketches[0][:, ::-1])]
    four = np.block([quarters[:2], quarters[2:]])
    small[-SMALL:, -SMALL:] = resize(sketches[0], SMALL, SMALL)
    upper = resize(sketches[2], BUST, BUST)[: BUST * 5 // 8]
    top, left = (SIDE - len(upper)) // 2, (SIDE - BUST) // 2
    bust[top : top + len(upper), left : left + BUST] = upper
    cells = [
        cell for page in (small, bust, four) for cell in (page, painter.paint(page, reference))
    ]
    return draw_sheet([cells], MARGIN_CELL)


def draw_palettes(painter: Painter, sketch: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Colors from a picture, from a list, and a list's in one band of the picture's palette."""
    extracted = painter.palette_of(reference)
    named = palette_from_colors(parse_colors(COLORS))
    chosen = [extracted, named, replace_bands(extracted, parse_colors(MIXED), [4])]
    swatches = [draw_palette(palette, CELL) for palette in chosen]
    painted = [painter.paint(sketch, colors=palette) for palette in chosen]
    return draw_sheet([[sketch, *swatches], [reference, *painted]], CELL)


def draw_cleaning(painter: Painter, sketch: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """A photograph of a sketch, the sketch found in it, and that colored."""
    photograph = draw_photograph(sketch)
    cleaned = clean(photograph)
    return draw_sheet([[photograph, cleaned, painter.paint(cleaned, reference)]], 240)


def draw_layers(painting: Painting) -> np.ndarray:
    """The two largest flats, what is above them, over checks, and all layers together."""
    layers = painting.layers()
    flats = [layer for layer in layers if layer.group]
    flats.sort(key=lambda layer: np.count_nonzero(layer.rgba[..., 3]))
    above = [layer for layer in layers if layer.blend != NORMAL or layer.name == "lines"]
    shown = [lay_over_checks(layer.rgba) for layer in (*flats[-2:], *above)]
    return draw_sheet([[*shown, merge(layers)]], CELL)


def draw_hints(painting: Painting) -> np.ndarray:
    """A wrong region with the dot that puts it right, put right, and all of a color changed."""
    wrong, right = painting.picture(), painting.hint(*SHOE, DARK)
    cv2.circle(wrong, SHOE, 11, (255, 255, 255), -1, cv2.LINE_AA)
    cv2.circle(wrong, SHOE, 8, DARK, -1, cv2.LINE_AA)
    everywhere = right.hint(*APRON, RED, everywhere=True)
    pictures = [wrong, right.picture(), everywhere.picture()]
    return draw_sheet([[picture[24:-24, 24:-24] for picture in pictures]], HINTED)


def draw_thin(sketch: np.ndarray) -> np.ndarray:
    """The sketch by a gray pen of 2 pixels at four times the size, with gaps of 1 % of the side."""
    large = cv2.resize(sketch, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    lines = cv2.dilate(skeletonize(large < 128).astype(np.uint8), np.ones((2, 2)))
    thin = np.where(lines, 110, 255).astype(np.uint8)
    rows, columns = np.nonzero(thin < 255)
    for number in np.random.default_rng(SEED).choice(len(rows), 25):
        cv2.circle(thin, (int(columns[number]), int(rows[number])), len(thin) // 200, 255, -1)
    return thin


def draw_panel(sketch: np.ndarray) -> np.ndarray:
    """The sketch in a frame, with a speech bubble."""
    panel = sketch.copy()
    cv2.rectangle(panel, (5, 5), (SIDE - 6, SIDE - 6), 0, 4)
    cv2.ellipse(panel, (92, 70), (76, 42), 0, 0, 360, 0, 4)
    cv2.putText(panel, "WHAT?", (42, 80), cv2.FONT_HERSHEY_DUPLEX, 1.0, 0, 2, cv2.LINE_AA)
    return panel


def draw_photograph(sketch: np.ndarray) -> np.ndarray:
    """A sketch as a telephone sees it: pencil on cream paper, in a lamp's light, with noise."""
    y, x = np.mgrid[-1 : 1 : sketch.shape[0] * 1j, -1 : 1 : sketch.shape[1] * 1j]
    light = 1 - 0.22 * ((x + 0.5) ** 2 + (y + 0.6) ** 2) / 2
    pencil = 1 - 0.7 * (1 - cv2.GaussianBlur(sketch, (0, 0), 0.8) / 255)
    noise = np.random.default_rng(SEED).normal(0, 4, (*sketch.shape, 1))
    levels = np.array([238, 226, 200]) * (light * pencil)[..., None] + noise
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def lay_over_checks(rgba: np.ndarray) -> np.ndarray:
    """Lays uint8 RGBA `(H, W, 4)` over gray and white checks, as paint programs do."""
    row, column = np.indices(rgba.shape[:2]) * CELL // SIDE // CHECK
    checks = np.choose((row + column) % 2, CHECKS)[..., None]
    opacity = rgba[..., 3:] / 255
    return np.rint(rgba[..., :3] * opacity + checks * (1 - opacity)).astype(np.uint8)


def encode_small(picture: np.ndarray) -> bytes:
    """Encodes a PNG of 256 colors, a third as large."""
    buffer = io.BytesIO()
    colors = Image.fromarray(picture).quantize(256, dither=Image.Dither.NONE)
    colors.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
