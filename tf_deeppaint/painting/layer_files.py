"""Layers for paint programs: an OpenRaster or a PSD file, or a folder of numbered PNG files.

Krita, GIMP and MyPaint open OpenRaster: https://www.openraster.org/. Photoshop, Clip Studio Paint
and nearly all others open PSD, and everything opens the PNG files one by one.
"""

import os
import re
import types
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO
from xml.etree import ElementTree

import numpy as np

from tf_deeppaint.images.canvas import resize, shrink
from tf_deeppaint.images.encoding import encode_png, stream_png
from tf_deeppaint.images.pixels import row_slices
from tf_deeppaint.images.resolution import Dpi
from tf_deeppaint.images.suffixes import SUFFIXES
from tf_deeppaint.painting.layers.layer import NORMAL, Layer, check_layers
from tf_deeppaint.painting.layers.merging import merge_rows
from tf_deeppaint.painting.layers.psd_files import write_psd
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

OPEN_RASTER, PHOTOSHOP = ".ora", ".psd"
# What layers of many pictures are written as, with the end of their names; PNG files in a folder.
LAYERS = {"ora": OPEN_RASTER, "psd": PHOTOSHOP, "png": "-layers"}
# Suffixes of other formats, which are refused: a folder of such a name would be confusing.
OTHERS = (
    *(".kra", ".xcf", ".clip", ".pdf", ".svg", ".zip"),
    *(suffix for suffix in SUFFIXES if suffix != PHOTOSHOP),
)
THUMBNAIL_SIDE = 256
# Characters of a layer in a file name: at four bytes each, below the 255 bytes of file systems.
_NAME_LENGTH = 50
# OpenRaster's attributes of the resolution, horizontal and vertical.
_PER_INCH = ("xres", "yres")


def write_layers(
    path: str | os.PathLike,
    layers: Sequence[Layer],
    dpi: Dpi | None = None,
    merged: Iterable[np.ndarray] | None = None,
) -> None:
    """Writes layers, listed from the bottom up. Equal layers give equal bytes.

    They are computed and written in row blocks, in the memory of a few. All files say that
    their colors are sRGB.

    Args:
        path: A file that ends in `.ora` or `.psd`, or else a folder, which gets a file a layer:
            `1-paper.png` and so on. Names there tell how a layer blends, if not as usual.
        layers: At least one, all of one size.
        dpi: Horizontal and vertical pixels an inch, which all files keep; None: not known.
        merged: The rows of what the layers show together, uint8 RGB or RGBA, from the top down;
            None: they are merged here, which takes longer.

    Raises:
        DeepPaintError: it cannot be written there; the suffix is that of another format; or the
            folder holds layers of another picture.
    """
    check_layers(layers)
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    if suffix == OPEN_RASTER:
        with files.open_aside(path) as file:
            _write_open_raster(file, layers, dpi, merged)
        return
    if suffix == PHOTOSHOP:
        with files.open_aside(path) as file:
            write_psd(file, str(path), layers, dpi, merged)
        return
    if suffix in OTHERS:
        raise DeepPaintError(
            f"{path}: layers are not written as {suffix}; name an {OPEN_RASTER} or "
            f"{PHOTOSHOP} file, or a folder"
        )
    # Names that sort from the bottom up and that every file system takes.
    digits = len(str(len(layers)))
    names = [re.sub(r"[^\w -]+", "_", layer.name)[:_NAME_LENGTH] for layer in layers]
    names = [
        name if layer.blend == NORMAL else f"{name} ({layer.blend})"
        for name, layer in zip(names, layers, strict=True)
    ]
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


def _encode(layer: Layer, dpi: Dpi | None) -> Iterator[bytes]:
    return stream_png(*layer.size, map(layer.rows, row_slices(layer.size[0])), dpi, is_srgb=True)


def _write(file: IO[bytes], parts: Iterator[bytes]) -> None:
    for data in parts:
        file.write(data)


def _write_open_raster(
    file: IO[bytes],
    layers: Sequence[Layer],
    dpi: Dpi | None,
    merged: Iterable[np.ndarray] | None,
) -> None:
    """Writes an OpenRaster file, version 0.0.5 of its baseline."""
    sources = [f"data/layer{number}.png" for number in range(len(layers))]
    height, width = layers[0].size
    # A power of two, as the number of rows is, so that none is left over.
    step = 1 << max(0, (max(height, width) // (4 * THUMBNAIL_SIDE)).bit_length() - 1)
    small = []

    def watch(block: np.ndarray) -> np.ndarray:
        """Keeps a smaller version, for the thumbnail: the whole would take as much as a picture."""
        small.append(resize(block, -(-len(block) // step), -(-width // step)))
        return block

    if not hasattr(file, "fileno"):  # in a cloud, where no file is written but from its start
        file = types.SimpleNamespace(write=file.write, flush=file.flush)
    with zipfile.ZipFile(file, "w") as archive:
        _add(archive, "mimetype", iter([b"image/openraster"]))
        _add(archive, "stack.xml", iter([_stack(layers, sources, dpi)]))
        for source, layer in zip(sources, layers, strict=True):
            _add(archive, source, _encode(layer, dpi))
        shown = map(watch, _row_blocks(merge_rows(layers) if merged is None else merged))
        _add(archive, "mergedimage.png", stream_png(height, width, shown, dpi, is_srgb=True))
        thumbnail = encode_png(shrink(np.concatenate(small), THUMBNAIL_SIDE))
        _add(archive, "Thumbnails/thumbnail.png", iter([thumbnail]))


def _row_blocks(parts: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Parts of a picture again in those of `row_slices`."""
    for part in parts:
        for rows in row_slices(len(part)):
            yield part[rows]


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
    root = parent = ElementTree.SubElement(image, "stack")
    group = None
    for layer, source in reversed(list(zip(layers, sources, strict=True))):
        if layer.group != group:
            group, parent = layer.group, root
            if group is not None:
                parent = ElementTree.SubElement(root, "stack", _attributes(group, NORMAL))
        attributes = _attributes(layer.name, layer.blend, layer.is_shown)
        ElementTree.SubElement(parent, "layer", attributes | {"src": source})
    return ElementTree.tostring(image, "UTF-8", xml_declaration=True)


def _attributes(name: str, blend: str, is_shown: bool = True) -> dict[str, str]:
    return {
        "name": "".join(letter if letter.isprintable() else " " for letter in name),
        "composite-op": "svg:src-over" if blend == NORMAL else f"svg:{blend}",
        "x": "0",
        "y": "0",
        "opacity": "1.0",
        "visibility": "visible" if is_shown else "hidden",
    }
