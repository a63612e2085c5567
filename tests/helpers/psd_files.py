"""PSD files, which Pillow reads but does not write: https://www.adobe.com/devnet-apps/photoshop/."""

import struct
from collections.abc import Sequence

import numpy as np

BITMAP, GRAY, INDEXED, RGB, CMYK, MULTICHANNEL, LAB = 0, 1, 2, 3, 4, 7, 9


def psd(
    channels: Sequence[np.ndarray],
    mode: int = RGB,
    bits: int = 8,
    layers: int | None = None,
    resources: Sequence[tuple[int, bytes]] = (),
    palette: bytes = b"",
    packed: bool = False,
    version: int = 1,
    size: tuple[int, int] | None = None,
) -> bytes:
    """A PSD with a flattened picture and no layer that has pixels.

    Args:
        channels: uint8 `(H, W)` each, as they are stored; of a bitmap its rows packed.
        mode: The color mode.
        bits: Bits a channel.
        layers: The number of layers that is stated; negative where the fourth channel is
            transparency.
        resources: Numbers and contents of image resources.
        palette: 768 bytes of an indexed picture: all reds, greens and blues.
        packed: Whether the rows are packed.
        version: 2 for PSB.
        size: Height and width, where they are not those of the channels.
    """
    height, width = size or channels[0].shape
    header = struct.pack(">4sH6xHIIHH", b"8BPS", version, len(channels), height, width, bits, mode)
    stored = b"".join(
        b"8BIM" + struct.pack(">H2xI", number, len(content)) + content + bytes(len(content) % 2)
        for number, content in resources
    )
    layer_section = b""
    if layers is not None:
        records = struct.pack(">h", layers) + abs(layers) * _empty_layer()
        layer_section = struct.pack(">I", len(records)) + records
    sections = (struct.pack(">I", len(part)) + part for part in (palette, stored, layer_section))
    rows = [row.tobytes() for channel in channels for row in channel]
    if packed:
        rows = [pack_bits(row) for row in rows]
        rows.insert(0, b"".join(struct.pack(">H", len(row)) for row in rows))
    return header + b"".join(sections) + struct.pack(">H", packed) + b"".join(rows)


def resolution(horizontal: float, vertical: float) -> tuple[int, bytes]:
    """The image resource of a resolution in pixels an inch."""
    per_inch = [round(65536 * value) for value in (horizontal, vertical)]
    return 1005, struct.pack(">IHHIHH", per_inch[0], 1, 1, per_inch[1], 1, 1)


def without_flattened_picture() -> tuple[int, bytes]:
    """The image resource that says that no flattened picture was stored."""
    return 1057, struct.pack(">IB", 1, 0) + bytes(12)


def over_white(rgba: np.ndarray) -> list[np.ndarray]:
    """The four channels of RGBA `(H, W, 4)` as Photoshop stores them: colors over white."""
    opacity = rgba[..., 3:] / 255
    colors = np.rint(rgba[..., :3] * opacity + 255 * (1 - opacity)).astype(np.uint8)
    return [*np.moveaxis(colors, -1, 0), rgba[..., 3]]


def pack_bits(row: bytes) -> bytes:
    """PackBits that never finds a repetition: runs of up to 128 bytes as they are."""
    pieces = (row[start : start + 128] for start in range(0, len(row), 128))
    return b"".join(bytes([len(piece) - 1]) + piece for piece in pieces)


def _empty_layer() -> bytes:
    return struct.pack(">4iH", 0, 0, 0, 0, 0) + b"8BIMnorm" + bytes(4) + struct.pack(">I", 0)
