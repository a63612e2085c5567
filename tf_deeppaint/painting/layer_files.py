"""Layers for paint programs: one OpenRaster file, or a folder of numbered PNG files.

Krita, GIMP and MyPaint open OpenRaster: https://www.openraster.org/. Other paint programs open the
PNG files one by one.
"""

import io
import os
import re
import zipfile
from collections.abc import Sequence
from typing import NamedTuple
from xml.etree import ElementTree

import cv2
import numpy as np

from tf_deeppaint.images.canvas import shrink
from tf_deeppaint.images.encoding import encode_png
from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.images.suffixes import SUFFIXES
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

OPEN_RASTER = ".ora"
# Suffixes of other formats, which are refused: a folder of such a name would be confusing.
OTHERS = (".kra", ".xcf", ".clip", ".pdf", ".svg", ".zip", *SUFFIXES)
THUMBNAIL_SIDE = 256
# Rows merged at a time, which bounds the memory beside the pictures.
STRIP = 256
# Characters of a layer in a file name: at four bytes each, below the 255 bytes of file systems.
_NAME_LENGTH = 50
# Color is paper from this level on in all channels, since networks round to a level less.
_PAPER_WHITE = 254


class Layer(NamedTuple):
    """A layer: its name, for people, and its pixels, uint8 RGBA `(H, W, 4)`."""

    name: str
    rgba: np.ndarray


def make_layers(
    color: np.ndarray,
    sketch: np.ndarray,
    groups: Sequence[tuple[str, np.ndarray]] | None = None,
) -> list[Layer]:
    """Splits a colored sketch into layers: paper, color and lines, from the bottom up.

    Together they show what `lay_lines` returns, within a level. The color is transparent where it
    is white, so that another paper shows, and opaque elsewhere.

    Args:
        color: uint8 RGB `(H, W, 3)`, without lines.
        sketch: uint8 `(H, W)`.
        groups: Names and masks, bool `(H, W)`, no pixel in two. Each is a layer of the color in
            its mask, in this order; empty ones are left out. The layer `color` below them holds
            what is in no mask. Without groups it holds everything, and exists even if empty.
    """
    painted = cv2.inRange(color, (_PAPER_WHITE,) * 3, (WHITE,) * 3) == 0
    if groups is None:
        parts = [("color", painted)]
    else:
        parts = [(name, mask & painted) for name, mask in groups]
        rest = painted & ~np.logical_or.reduce([mask for _, mask in parts], initial=False)
        parts = [(name, mask) for name, mask in [("color", rest), *parts] if mask.any()]
    paper = np.full((*sketch.shape, 4), WHITE, np.uint8)
    opaque = cv2.cvtColor(color, cv2.COLOR_RGB2RGBA)
    lines = np.zeros((*sketch.shape, 4), np.uint8)
    lines[..., 3] = WHITE - sketch  # black, which shows what `lay_lines` returns
    return [
        Layer("paper", paper),
        *(Layer(name, _cut_out(opaque, mask)) for name, mask in parts),
        Layer("lines", lines),
    ]


def merge(layers: Sequence[Layer]) -> np.ndarray:
    """Composites layers, listed from the bottom up, over white: uint8 RGB `(H, W, 3)`.

    The operator is "over" (Porter and Duff 1984); the result is rounded once, to the nearest.
    """
    _check(layers)
    height, width, _ = layers[0].rgba.shape
    merged = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, STRIP):
        rows = slice(top, top + STRIP)
        shown = np.full(merged[rows].shape, WHITE, np.float32)
        for layer in layers:
            opacity = layer.rgba[rows, :, 3:].astype(np.float32) / 255
            shown += opacity * (layer.rgba[rows, :, :3] - shown)
        merged[rows] = np.rint(shown)
    return merged


def write_layers(path: str | os.PathLike, layers: Sequence[Layer]) -> None:
    """Writes layers, listed from the bottom up. Equal layers give equal bytes.

    Args:
        path: A file that ends in `.ora`, or else a folder, which gets a file a layer:
            `1-paper.png` and so on.
        layers: At least one, all of one size.

    Raises:
        DeepPaintError: it cannot be written there; the suffix is that of another format; or the
            folder holds layers of another picture.
    """
    _check(layers)
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    if suffix == OPEN_RASTER:
        files.write_bytes(path, _open_raster(layers))
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
        files.write_bytes(files.join(path, name), encode_png(layer.rgba))


def _check(layers: Sequence[Layer]) -> None:
    if len({layer.rgba.shape for layer in layers}) != 1:
        raise ValueError("layers of one size are needed, at least one")


def _cut_out(rgba: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The pixels inside a mask; outside transparent white, which scaling a layer mixes in."""
    cut = np.full(rgba.shape, (WHITE, WHITE, WHITE, 0), np.uint8)
    return cv2.copyTo(rgba, mask.astype(np.uint8), cut)


def _open_raster(layers: Sequence[Layer]) -> bytes:
    """The bytes of an OpenRaster file, version 0.0.5 of its baseline."""
    merged = merge(layers)
    sources = [f"data/layer{number}.png" for number in range(len(layers))]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _add(archive, "mimetype", b"image/openraster")
        _add(archive, "stack.xml", _stack(layers, sources))
        for source, layer in zip(sources, layers, strict=True):
            _add(archive, source, encode_png(layer.rgba))
        _add(archive, "mergedimage.png", encode_png(merged))
        _add(archive, "Thumbnails/thumbnail.png", encode_png(shrink(merged, THUMBNAIL_SIDE)))
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name)  # of 1980, so that equal layers give equal bytes
    entry.create_system = 3  # Unix, wherever it is written
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data, zipfile.ZIP_STORED)  # PNG is compressed already


def _stack(layers: Sequence[Layer], sources: Sequence[str]) -> bytes:
    """The list of the layers as XML, the uppermost first."""
    height, width, _ = layers[0].rgba.shape
    image = ElementTree.Element("image", {"version": "0.0.5", "w": str(width), "h": str(height)})
    stack = ElementTree.SubElement(image, "stack")
    for layer, source in reversed(list(zip(layers, sources, strict=True))):
        name = "".join(letter if letter.isprintable() else " " for letter in layer.name)
        attributes = {"name": name, "src": source, "composite-op": "svg:src-over"}
        attributes |= {"x": "0", "y": "0", "opacity": "1.0", "visibility": "visible"}
        ElementTree.SubElement(stack, "layer", attributes)
    return ElementTree.tostring(image, "UTF-8", xml_declaration=True)
