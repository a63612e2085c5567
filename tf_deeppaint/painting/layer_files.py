"""Layers for paint programs: one OpenRaster file, or a folder of numbered PNG files.

Krita, GIMP and MyPaint open OpenRaster: https://www.openraster.org/. Other paint programs open the
PNG files one by one.
"""

import os
import re
import types
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, NamedTuple
from xml.etree import ElementTree

import cv2
import numpy as np

from tf_deeppaint.images.canvas import resize, shrink
from tf_deeppaint.images.encoding import encode_png, stream_png
from tf_deeppaint.images.pixels import WHITE, row_slices
from tf_deeppaint.images.resolution import Dpi
from tf_deeppaint.images.suffixes import SUFFIXES
from tf_deeppaint.line_art.pens import BLACK_PEN, Pen, draw_lines
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

OPEN_RASTER = ".ora"
# Suffixes of other formats, which are refused: a folder of such a name would be confusing.
OTHERS = (".kra", ".xcf", ".clip", ".pdf", ".svg", ".zip", *SUFFIXES)
THUMBNAIL_SIDE = 256
# Characters of a layer in a file name: at four bytes each, below the 255 bytes of file systems.
_NAME_LENGTH = 50
# Color is paper from this level on in all channels, since networks round to a level less.
_PAPER_WHITE = 254
# OpenRaster's attributes of the resolution, horizontal and vertical.
_PER_INCH = ("xres", "yres")
_WHITE_SHEET = np.full(3, WHITE, np.uint8)


class Layer(NamedTuple):
    """A layer: its name, for people, and its pixels.

    Attributes:
        name: The name.
        pixels: uint8 RGBA `(H, W, 4)`; or what computes some of the rows where they are asked for.
        shape: Height and width, where the pixels are computed.
    """

    name: str
    pixels: np.ndarray | Callable[[slice], np.ndarray]
    shape: tuple[int, int] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.shape or self.pixels.shape[:2]

    @property
    def rgba(self) -> np.ndarray:
        """All pixels, uint8 RGBA `(H, W, 4)`."""
        return self.rows(slice(0, self.size[0]))

    def rows(self, rows: slice) -> np.ndarray:
        """Some rows, uint8 RGBA `(h, W, 4)`."""
        return self.pixels(rows) if callable(self.pixels) else self.pixels[rows]


def make_layers(
    color: np.ndarray,
    sketch: np.ndarray,
    labels: np.ndarray | None = None,
    names: Mapping[int, str] | None = None,
    pen: Pen = BLACK_PEN,
    paper: np.ndarray | None = _WHITE_SHEET,
    is_paper: np.ndarray | None = None,
) -> list[Layer]:
    """Splits a colored sketch into layers: paper, color and lines, from the bottom up.

    Together they show what `lay_lines` returns, within a level. The color is opaque or transparent:
    on white paper it is transparent where it is white, so that another paper shows, on other paper
    where `is_paper` says so. Transparent paper is no layer.

    Args:
        color: uint8 RGB `(H, W, 3)`, without lines.
        sketch: uint8 `(H, W)`.
        labels: A group's number for each pixel, uint8 `(H, W)`; None: all of one.
        names: The names of groups. Each is a layer of its own, in this order; empty ones are left
            out. The layer `color` below them holds what is in none. Without labels it holds
            everything, and exists even if empty.
        pen: What draws the lines.
        paper: As `lay_lines` takes it.
        is_paper: Likewise; None only with white paper.
    """
    height, width = shape = sketch.shape

    def painted(rows: slice) -> np.ndarray:
        if is_paper is not None:
            return (is_paper[rows] == 0).astype(np.uint8)
        return (cv2.inRange(color[rows], (_PAPER_WHITE,) * 3, (WHITE,) * 3) == 0).astype(np.uint8)

    def group(chosen: Sequence[int] | None) -> Callable[[slice], np.ndarray]:
        table = np.isin(np.arange(WHITE + 1), chosen).astype(np.uint8)

        def pixels(rows: slice) -> np.ndarray:
            mask = painted(rows) if labels is None else painted(rows) & cv2.LUT(labels[rows], table)
            return _cut_out(color[rows], mask)

        return pixels

    def sheet(rows: slice) -> np.ndarray:
        return np.full((len(sketch[rows]), width, 4), (*paper, WHITE), np.uint8)

    parts = [("color", group(None))]
    if labels is not None:
        counts = sum(_count(labels[rows], painted(rows)) for rows in row_slices(height))
        listed = [number for number in names or {} if counts[number]]
        rest = [number for number in np.flatnonzero(counts) if number not in listed]
        parts = [("color", group(rest))] if rest else []
        parts += [(names[number], group([number])) for number in listed]
    bottom = [] if paper is None else [("paper", sheet)]
    lines = ("lines", lambda rows: draw_lines(sketch, rows, pen))
    return [Layer(name, pixels, shape) for name, pixels in (*bottom, *parts, lines)]


def merge(layers: Sequence[Layer]) -> np.ndarray:
    """Composites layers, listed from the bottom up.

    The operator is "over" (Porter and Duff 1984); the result is rounded once, to the nearest.

    Returns:
        uint8 RGB `(H, W, 3)` where the lowest layer is opaque, otherwise RGBA `(H, W, 4)`.
    """
    _check(layers)
    return np.concatenate(list(_merged(layers)))


def _merged(layers: Sequence[Layer]) -> Iterator[np.ndarray]:
    """What `merge` returns, strip by strip."""
    height, _ = layers[0].size
    is_opaque = all((layers[0].rows(r)[..., 3] == WHITE).all() for r in row_slices(height))
    for rows in row_slices(height):
        shown = _lay(layer.rows(rows) for layer in layers)
        yield np.ascontiguousarray(shown[..., :3]) if is_opaque else shown


def _lay(strips: Iterator[np.ndarray]) -> np.ndarray:
    """Lays uint8 RGBA `(h, W, 4)` over each other; they come one by one, to save memory."""
    shown = next(strips).astype(np.float32)  # colors times opacity, and opacity in levels
    shown[..., :3] *= shown[..., 3:] / WHITE
    for rgba in strips:
        alpha = rgba[..., 3]
        if not alpha.any():
            continue
        if ((alpha == 0) | (alpha == WHITE)).all():  # which is most of them, and faster
            shown = cv2.copyTo(rgba.astype(np.float32), alpha, shown)
            continue
        opacity = alpha[..., None].astype(np.float32) / WHITE
        shown *= 1 - opacity
        shown[..., :3] += rgba[..., :3] * opacity
        shown[..., 3:] += opacity * WHITE
    if shown[..., 3].min() < WHITE:
        shown[..., :3] *= WHITE / np.maximum(shown[..., 3:], 1e-3)
    return np.rint(shown).astype(np.uint8)


def write_layers(path: str | os.PathLike, layers: Sequence[Layer], dpi: Dpi | None = None) -> None:
    """Writes layers, listed from the bottom up. Equal layers give equal bytes.

    They are computed and written strip by strip, in the memory of a few strips.

    Args:
        path: A file that ends in `.ora`, or else a folder, which gets a file a layer:
            `1-paper.png` and so on.
        layers: At least one, all of one size.
        dpi: Horizontal and vertical pixels an inch, which all files keep; None: not known.

    Raises:
        DeepPaintError: it cannot be written there; the suffix is that of another format; or the
            folder holds layers of another picture.
    """
    _check(layers)
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    if suffix == OPEN_RASTER:
        with files.open_aside(path) as file:
            _write_open_raster(file, layers, dpi)
        return
    if suffix in OTHERS:
        raise DeepPaintError(
            f"{path}: layers are not written as {suffix}; name an {OPEN_RASTER} file or a folder"
        )
    # Names that sort from the bottom up and that every file system takes.
    digits = len(str(len(layers)))
    names = [re.sub(r"[^\w -]+", "_", layer.name)[:_NAME_LENGTH] for layer in layers]
    names = [f"{number:0{digits}}-{name}.png" for number, name in enumerate(names, start=1)]
    for name in files.names(path):
        if re.fullmatch(r"\d+-.*\.png", name) and name not in names:
            raise DeepPaintError(
                f"{files.join(path, name)}: is a layer of something else; remove it, or name "
                "another folder"
            )
    for name, layer in zip(names, layers, strict=True):
        with files.open_aside(files.join(path, name)) as file:
            _write(file, _encode(layer, dpi))


def _check(layers: Sequence[Layer]) -> None:
    if len({layer.size for layer in layers}) != 1:
        raise ValueError("layers of one size are needed, at least one")


def _cut_out(color: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The color inside a mask; outside transparent white, which scaling a layer mixes in."""
    cut = np.full((*mask.shape, 4), (WHITE, WHITE, WHITE, 0), np.uint8)
    return cv2.copyTo(cv2.cvtColor(color, cv2.COLOR_RGB2RGBA), mask, cut)


def _count(labels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """How many pixels of each label are in a mask, int `(256,)`."""
    return np.bincount(labels[mask > 0], minlength=WHITE + 1)


def _encode(layer: Layer, dpi: Dpi | None) -> Iterator[bytes]:
    return stream_png(*layer.size, map(layer.rows, row_slices(layer.size[0])), dpi)


def _write(file: IO[bytes], parts: Iterator[bytes]) -> None:
    for data in parts:
        file.write(data)


def _write_open_raster(file: IO[bytes], layers: Sequence[Layer], dpi: Dpi | None) -> None:
    """Writes an OpenRaster file, version 0.0.5 of its baseline."""
    sources = [f"data/layer{number}.png" for number in range(len(layers))]
    height, width = layers[0].size
    # A power of two, as the number of rows is, so that none is left over.
    step = 1 << max(0, (max(height, width) // (4 * THUMBNAIL_SIDE)).bit_length() - 1)
    small = []

    def watch(strip: np.ndarray) -> np.ndarray:
        """Keeps a smaller version, for the thumbnail: the whole would take as much as a picture."""
        small.append(resize(strip, -(-len(strip) // step), -(-width // step)))
        return strip

    if not hasattr(file, "fileno"):  # in a cloud, where no file is written but from its start
        file = types.SimpleNamespace(write=file.write, flush=file.flush)
    with zipfile.ZipFile(file, "w") as archive:
        _add(archive, "mimetype", iter([b"image/openraster"]))
        _add(archive, "stack.xml", iter([_stack(layers, sources, dpi)]))
        for source, layer in zip(sources, layers, strict=True):
            _add(archive, source, _encode(layer, dpi))
        merged = stream_png(height, width, map(watch, _merged(layers)), dpi)
        _add(archive, "mergedimage.png", merged)
        thumbnail = encode_png(shrink(np.concatenate(small), THUMBNAIL_SIDE))
        _add(archive, "Thumbnails/thumbnail.png", iter([thumbnail]))


def _add(archive: zipfile.ZipFile, name: str, parts: Iterator[bytes]) -> None:
    entry = zipfile.ZipInfo(name)  # of 1980, so that equal layers give equal bytes
    entry.create_system = 3  # Unix, wherever it is written
    entry.external_attr = 0o644 << 16
    with archive.open(entry, "w") as file:  # not compressed: PNG is already
        _write(file, parts)


def _stack(layers: Sequence[Layer], sources: Sequence[str], dpi: Dpi | None) -> bytes:
    """The list of the layers as XML, the uppermost first."""
    height, width = layers[0].size
    attributes = {"version": "0.0.5", "w": str(width), "h": str(height)}
    if dpi is not None:
        attributes |= {name: str(round(value)) for name, value in zip(_PER_INCH, dpi, strict=True)}
    image = ElementTree.Element("image", attributes)
    stack = ElementTree.SubElement(image, "stack")
    for layer, source in reversed(list(zip(layers, sources, strict=True))):
        name = "".join(letter if letter.isprintable() else " " for letter in layer.name)
        attributes = {"name": name, "src": source, "composite-op": "svg:src-over"}
        attributes |= {"x": "0", "y": "0", "opacity": "1.0", "visibility": "visible"}
        ElementTree.SubElement(stack, "layer", attributes)
    return ElementTree.tostring(image, "UTF-8", xml_declaration=True)
