"""Small files that claim huge pictures."""

import struct
import zlib

from tests.helpers import picture_files

KINDS = ("PNG", "JPEG", "GIF", "BMP")
FILES = {n: data for n, data in picture_files.one_of_each().items() if n.startswith(KINDS)}


def png_of(height: int, width: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = picture_files.png_chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + picture_files.png_chunk(b"IHDR", header) + pixels


def huge() -> dict[str, bytes]:
    """Files that claim 30000 x 30000 pixels."""
    side = 30000
    gif = FILES["GIF"]
    frame = gif.index(b",")
    jpeg = FILES["JPEG"]
    size = jpeg.index(b"\xff\xc0") + 5
    bmp = struct.pack("<2sIIIIiiHHII", b"BM", 200, 0, 54, 40, side, side, 1, 24, 0, 0)
    return {
        "PNG": png_of(side, side),
        "GIF": gif[:6] + struct.pack("<HH", side, side) + gif[10:],
        "GIF frame": gif[: frame + 5] + struct.pack("<HH", side, side) + gif[frame + 9 :],
        "JPEG": jpeg[:size] + struct.pack(">HH", side, side) + jpeg[size + 4 :],
        "BMP": bmp + bytes(200),
    }
