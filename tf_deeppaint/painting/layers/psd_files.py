"""Layers as Photoshop's format, by psd-tools: groups, blend modes, resolution and sRGB profile.

The format wants the lengths of compressed layers before the layers. They are compressed in row
blocks, as PackBits, and kept in memory that way: flats take next to nothing.
"""

import functools
import io
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

import cv2
import numpy as np

from tf_deeppaint.images.pixels import row_slices
from tf_deeppaint.images.profiles import srgb_profile
from tf_deeppaint.images.resolution import Dpi
from tf_deeppaint.painting.layers.layer import MULTIPLY, NORMAL, SCREEN, Layer
from tf_deeppaint.painting.layers.merging import merge_rows
from tf_deeppaint.utils.errors import DeepPaintError

# The longest side of the format, in pixels, and the letters of a name.
MAX_PSD_SIDE, _NAME_LENGTH = 30_000, 250
# Units of the resource of the resolution: pixels an inch, inches; numbers are 16.16 fixed point.
_PER_INCH, _INCHES = 1, 1
_FIXED = 1 << 16


def write_psd(
    file: IO[bytes],
    name: str,
    layers: Sequence[Layer],
    dpi: Dpi | None = None,
    merged: Iterable[np.ndarray] | None = None,
) -> None:
    """Writes layers, listed from the bottom up; see `layer_files.write_layers`.

    Args:
        file: Where to.
        name: What errors call it.
        layers: At least one, all of one size.
        dpi: Horizontal and vertical pixels an inch; None: not known.
        merged: The rows of what they show together, RGB or RGBA; None: they are merged here.

    Raises:
        DeepPaintError: a side has over 30,000 pixels.
    """
    from psd_tools.constants import ColorMode
    from psd_tools.psd import PSD
    from psd_tools.psd.header import FileHeader
    from psd_tools.psd.layer_and_mask import LayerAndMaskInformation, LayerInfo

    height, width = layers[0].size
    if max(height, width) > MAX_PSD_SIDE:
        raise DeepPaintError(
            f"{name}: {width} x {height} pixels; a .psd has {MAX_PSD_SIDE} a side at most: name an "
            ".ora file"
        )
    image_data, channels = _pack_merged(merge_rows(layers) if merged is None else merged, height)
    info = LayerInfo()
    for group, members in _grouped(layers):
        if group is not None:
            _append(info, *_divider("</Layer group>", is_end=True))
        for layer in members:
            _append(info, *_pack_layer(layer))
        if group is not None:
            _append(info, *_divider(group, is_end=False))
    # A negative number says that the first channel behind the colors is the merged opacity.
    info.layer_count = (-1 if channels == 4 else 1) * len(info.layer_records)
    document = PSD(
        header=FileHeader(
            version=1,
            channels=channels,
            height=height,
            width=width,
            depth=8,
            color_mode=ColorMode.RGB,
        ),
        image_resources=_resources(dpi),
        layer_and_mask_information=LayerAndMaskInformation(layer_info=info),
        image_data=image_data,
    )
    if hasattr(file, "fileno"):
        document.write(file)
        return
    buffer = io.BytesIO()  # in a cloud, where no file is written but from its start
    document.write(buffer)
    file.write(buffer.getbuffer())


def _grouped(layers: Sequence[Layer]) -> Iterator[tuple[str | None, list[Layer]]]:
    """Groups of neighbors, and layers of none one by one."""
    members: list[Layer] = []
    for layer in layers:
        if members and (layer.group is None or layer.group != members[0].group):
            yield members[0].group, members
            members = []
        members.append(layer)
    yield members[0].group, members


def _append(info, record, channels) -> None:
    info.layer_records.append(record)
    info.channel_image_data.append(channels)


def _pack_layer(layer: Layer) -> tuple:
    """The record of a layer, and its compressed channels: opacity first, then red to blue."""
    from psd_tools.constants import BlendMode, ChannelID
    from psd_tools.psd.layer_and_mask import (
        ChannelDataList,
        ChannelInfo,
        LayerBlendingRanges,
        LayerFlags,
        LayerRecord,
    )

    height, width = layer.size
    planes = _Planes(4)
    for rows in row_slices(height):
        planes.add(layer.rows(rows))
    blends = {NORMAL: BlendMode.NORMAL, MULTIPLY: BlendMode.MULTIPLY, SCREEN: BlendMode.SCREEN}
    channels = planes.channels()
    channels = [channels[3], *channels[:3]]
    numbers = (
        ChannelID.TRANSPARENCY_MASK,
        ChannelID.CHANNEL_0,
        ChannelID.CHANNEL_1,
        ChannelID.CHANNEL_2,
    )
    record = LayerRecord(
        top=0,
        left=0,
        bottom=height,
        right=width,
        channel_info=[
            ChannelInfo(number, len(data.data) + 2)
            for number, data in zip(numbers, channels, strict=True)
        ],
        blend_mode=blends[layer.blend],
        flags=LayerFlags(visible=layer.is_shown),
        blending_ranges=LayerBlendingRanges(),
    )
    _name(record, layer.name)
    return record, ChannelDataList(channels)


def _divider(name: str, is_end: bool) -> tuple:
    """A record without pixels that begins or ends a group."""
    from psd_tools.constants import BlendMode, SectionDivider, Tag
    from psd_tools.psd.layer_and_mask import ChannelData, ChannelDataList, ChannelInfo, LayerRecord

    record = LayerRecord(channel_info=[ChannelInfo(number - 1, 2) for number in range(4)])
    _name(record, name)
    kind = SectionDivider.BOUNDING_SECTION_DIVIDER if is_end else SectionDivider.OPEN_FOLDER
    record.tagged_blocks.set_data(Tag.SECTION_DIVIDER_SETTING, kind)
    record.blend_mode = BlendMode.NORMAL
    return record, ChannelDataList([ChannelData() for _ in range(4)])


def _name(record, name: str) -> None:
    from psd_tools.constants import Tag
    from psd_tools.psd.tagged_blocks import TaggedBlocks

    printable = "".join(letter if letter.isprintable() else " " for letter in name)[:_NAME_LENGTH]
    record.name = printable.encode("ascii", "replace").decode()
    record.tagged_blocks = TaggedBlocks()
    record.tagged_blocks.set_data(Tag.UNICODE_LAYER_NAME, printable)


class _Planes:
    """Channels of a picture that comes in row blocks, compressed as PackBits."""

    def __init__(self, count: int):
        self._lengths = [[] for _ in range(count)]
        self._rows = [[] for _ in range(count)]

    def add(self, block: np.ndarray) -> None:
        """Adds rows, uint8 `(h, W, count)`."""
        first = block[0, 0].tobytes()
        if (block == block[0, 0]).all():  # most blocks of a flat are empty
            packed = _pack_even(first, *block.shape[:2])
        else:
            packed = [_pack(plane.tobytes(), *plane.shape) for plane in cv2.split(block)]
        for channel, data in enumerate(packed):
            self._lengths[channel].append(data[: 2 * len(block)])
            self._rows[channel].append(data[2 * len(block) :])

    def channels(self) -> list:
        """A `ChannelData` a channel."""
        from psd_tools.constants import Compression
        from psd_tools.psd.layer_and_mask import ChannelData

        packed = (b"".join(parts) for parts in map(operator.add, self._lengths, self._rows))
        # Of even length, as some readers expect.
        return [ChannelData(Compression.RLE, data + bytes(len(data) % 2)) for data in packed]

    def image_data(self):
        """All channels as `ImageData`."""
        from psd_tools.constants import Compression
        from psd_tools.psd.image_data import ImageData

        parts = [part for lengths in self._lengths for part in lengths]
        parts += [part for rows in self._rows for part in rows]
        return ImageData(Compression.RLE, b"".join(parts))


def _pack(plane: bytes, height: int, width: int) -> bytes:
    """The lengths of the packed rows, two bytes each, and the rows."""
    from psd_tools.compression import encode_rle

    return encode_rle(plane, width, height, 8, 1)


@functools.lru_cache(maxsize=64)
def _pack_even(color: bytes, height: int, width: int) -> list[bytes]:
    """The packed channels of rows of one color, a byte a channel."""
    return [_pack(bytes([level]) * (height * width), height, width) for level in color]


def _pack_merged(merged: Iterable[np.ndarray], height: int) -> tuple:
    """The merged picture, and its number of channels."""
    planes, count = None, 0
    for block in merged:
        count = block.shape[2]
        planes = planes or _Planes(count)
        for rows in row_slices(len(block)):
            planes.add(block[rows])
    return planes.image_data(), count


def _resources(dpi: Dpi | None):
    from psd_tools.constants import Resource
    from psd_tools.psd.image_resources import ImageResource, ImageResources, ResoulutionInfo

    resources = ImageResources.new()
    resources[Resource.ICC_PROFILE] = ImageResource(key=Resource.ICC_PROFILE, data=srgb_profile())
    if dpi is not None:
        horizontal, vertical = (round(value * _FIXED) for value in dpi)
        info = ResoulutionInfo(horizontal, _PER_INCH, _INCHES, vertical, _PER_INCH, _INCHES)
        resources[Resource.RESOLUTION_INFO] = ImageResource(key=Resource.RESOLUTION_INFO, data=info)
    return resources
