"""What the first bytes of a picture file say is read right, and never by way of an exception."""

import struct

import numpy as np
import pytest

from tests.helpers import picture_files as pictures
from tf_deeppaint.images.picture_headers import read_header
from tf_deeppaint.images.pixels import decode_picture
from tf_deeppaint.utils.errors import DeepPaintError

FILES = pictures.one_of_each()


@pytest.mark.parametrize("kind", FILES)
def test_format_size_and_wholeness(kind):
    header = read_header(FILES[kind])
    assert (header.format, header.height, header.width) == (kind.split()[0], 12, 17)
    assert header.complete


@pytest.mark.parametrize(
    ("kind", "alpha"),
    [
        ("PNG gray", False),
        ("PNG colors", True),
        ("PNG alpha", True),
        ("JPEG", False),
        ("BMP", False),
        ("WebP", False),
        ("WebP lossy alpha", True),
        ("WebP lossless", False),
        ("WebP alpha", True),
    ],
)
def test_transparency_is_announced(kind, alpha):
    assert read_header(FILES[kind]).alpha is alpha


def test_old_bmp_header_and_rows_stored_from_the_top():
    old = b"BM" + struct.pack("<IIIIHHHH", 26, 0, 26, 12, 17, 12, 1, 24)
    assert read_header(old)[1:3] == (12, 17)
    downwards = bytearray(FILES["BMP"])
    downwards[22:26] = struct.pack("<i", -12)
    assert read_header(bytes(downwards))[1:3] == (12, 17)


def test_the_end_of_a_jpeg_thumbnail_is_not_the_end_of_the_jpeg():
    thumbnail = b"\xff\xe1" + struct.pack(">H", 4) + b"\xff\xd9"
    with_thumbnail = FILES["JPEG"][:2] + thumbnail + FILES["JPEG"][2:]
    assert read_header(with_thumbnail).complete
    assert not read_header(with_thumbnail[:-2]).complete


def test_jpeg_fill_bytes_are_skipped():
    filled = FILES["JPEG"][:2] + b"\xff\xff\xff" + FILES["JPEG"][2:]
    assert read_header(filled) == read_header(FILES["JPEG"])


# --- EXIF orientation ---------------------------------------------------------------------------


def tiff(*entries: tuple[int, int, int], order: str = "<", start: int = 8) -> bytes:
    """EXIF of one directory; its entries are tag, type and a value of 16 bits."""
    magic = b"II*\0" if order == "<" else b"MM\0*"
    packed = [struct.pack(order + "HHIHH", tag, kind, 1, value, 0) for tag, kind, value in entries]
    directory = struct.pack(order + "H", len(entries)) + b"".join(packed) + bytes(4)
    return magic + struct.pack(order + "I", start) + bytes(start - 8) + directory


def segment(content: bytes) -> bytes:
    """An APP1 segment of a JPEG."""
    return b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content


def jpeg_with(*segments: bytes) -> bytes:
    return FILES["JPEG"][:2] + b"".join(map(segment, segments)) + FILES["JPEG"][2:]


def png_with(exif: bytes) -> bytes:
    """A PNG with its EXIF behind the pixels, where few writers put it."""
    return FILES["PNG alpha"][:-12] + pictures.png_chunk(b"eXIf", exif) + FILES["PNG alpha"][-12:]


def webp_with(exif: bytes) -> bytes:
    """A WebP with its EXIF behind the pixels and a byte to make its length even."""
    flags = struct.pack("<B3xHBHB", 0x18, 16, 0, 11, 0)
    parts = [(b"VP8X", flags), (b"VP8L", b"/" + bytes(8)), (b"EXIF", exif), (b"XMP ", b"")]
    chunks = [k + struct.pack("<I", len(c)) + c + bytes(len(c) % 2) for k, c in parts]
    return b"RIFF" + struct.pack("<I", 4 + sum(map(len, chunks))) + b"WEBP" + b"".join(chunks)


WRAPPED = {"JPEG": lambda exif: jpeg_with(b"Exif\0\0" + exif), "PNG": png_with, "WebP": webp_with}


@pytest.mark.parametrize("wrap", WRAPPED)
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("order", "<>")
def test_orientation_and_upright_size(wrap, orientation, order):
    camera, unit = (0x010F, 2, 77), (0x0128, 3, 2)
    exif = tiff(camera, (0x0112, 3, orientation), unit, order=order, start=21)
    header = read_header(WRAPPED[wrap](exif))
    assert (header.format, header.height, header.width) == (wrap, 12, 17)
    assert header.orientation == orientation and header.complete
    assert header.upright_size == ((12, 17) if orientation < 5 else (17, 12))


@pytest.mark.parametrize("kind", FILES)
def test_without_exif_a_picture_is_upright(kind):
    assert read_header(FILES[kind]).orientation == 1


@pytest.mark.parametrize("wrap", ["PNG", "WebP"])
def test_a_magic_before_the_exif_is_borne(wrap):
    assert read_header(WRAPPED[wrap](b"Exif\0\0" + tiff((0x0112, 3, 6)))).orientation == 6


def test_of_a_jpeg_the_first_exif_counts_and_other_segments_do_not():
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + tiff((0x0112, 3, 2))
    first, second = (b"Exif\0\0" + tiff((0x0112, 3, value)) for value in (6, 3))
    assert read_header(jpeg_with(xmp, first, second)).orientation == 6


@pytest.mark.parametrize("wrap", WRAPPED)
@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"II",
        b"II*\0",
        b"JPEG" + tiff((0x0112, 3, 6))[4:],
        tiff(),
        tiff((0x0112, 3, 0)),
        tiff((0x0112, 3, 9)),
        tiff((0x0112, 3, 65535)),
        tiff((0x0112, 2, 6)),
        tiff((0x0113, 3, 6)),
        tiff((0x0112, 3, 6))[:12],
        b"II*\0" + struct.pack("<I", 2**32 - 1) + tiff((0x0112, 3, 6))[8:],
        b"II*\0" + struct.pack("<IH", 8, 65535) + bytes(60),
    ],
)
def test_damaged_exif_leaves_the_picture_upright(wrap, exif):
    header = read_header(WRAPPED[wrap](exif))
    assert header.orientation == 1 and header[:3] == (wrap, 12, 17) and header.complete


def test_exif_is_not_read_past_its_end():
    directory = tiff((0x0112, 3, 6))[8:]
    pointing_on = b"II*\0" + struct.pack("<I", 8 + 4)  # past the marker of the next segment
    assert read_header(jpeg_with(b"Exif\0\0" + pointing_on, directory)).orientation == 1
    inside = pointing_on + bytes(4) + directory
    assert read_header(jpeg_with(b"Exif\0\0" + inside)).orientation == 6


@pytest.mark.parametrize("wrap", WRAPPED)
def test_mutated_exif_is_borne(wrap):
    rng = np.random.default_rng(3)
    data = WRAPPED[wrap](tiff((0x010F, 2, 77), (0x0112, 3, 6)))
    start = data.index(b"II*\0")
    seen = set()
    for _ in range(400):
        mutated = bytearray(data)
        for _ in range(rng.integers(1, 4)):
            mutated[start + rng.integers(-8, 40)] = rng.integers(0, 256)
        header = read_header(bytes(mutated))
        seen.add(header and header.orientation)
    assert {1, 6} <= seen <= {None, *range(1, 9)}


# --- files that are cut off, others, noise ------------------------------------------------------


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_breaks_off_is_not_whole(kind):
    for length in range(len(FILES[kind])):
        header = read_header(FILES[kind][:length])
        assert header is None or not header.complete, length


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"BM",
        b"RIFF",
        b"GIF89a",
        b"\xff\xd8",
        b"\xff\xd8\xff",
        b"\xff\xd8" + b"\xff" * 50,
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIDAT" + bytes(20),
        b"RIFF\x20\0\0\0WAVEfmt " + bytes(30),
        b"%PDF-1.7",
        b"<svg/>",
        bytes(100),
    ],
)
def test_other_files_have_no_header(data):
    assert read_header(data) is None


@pytest.mark.parametrize("kind", FILES)
def test_noise_after_any_magic_is_borne(kind):
    rng = np.random.default_rng(len(kind))
    for _ in range(100):
        kept = int(rng.integers(2, 40))
        header = read_header(FILES[kind][:kept] + rng.bytes(60))
        assert header is None or (header.height >= 0 and header.width >= 0)


# --- files that would keep a reader busy ---------------------------------------------------------


def test_a_jpeg_of_more_scans_than_any_encoder_writes_is_none():
    """Each scan goes over the whole picture: a megabyte of them keeps a decoder busy for hours."""
    data = pictures.encode(pictures.image("RGB"), "JPEG", progressive=True)
    first = data.index(b"\xff\xda")
    scan = data[first : data.index(b"\xff", first + 2)]
    many = data[:-2] + scan * 300 + data[-2:]
    assert read_header(data) is not None and read_header(many) is None
    with pytest.raises(DeepPaintError):
        decode_picture(many, "many.jpg")


def test_parts_without_end_are_given_up_on():
    png = FILES["PNG alpha"]
    chunk = pictures.png_chunk(b"teXt", b"")
    assert read_header(png[:33] + chunk * 9 + png[33:]).complete
    assert not read_header(png[:33] + chunk * 400_000 + png[33:]).complete
    jpeg = FILES["JPEG"]
    assert read_header(jpeg[:2] + b"\xff\xfe\x00\x02" * 400_000 + jpeg[2:]) is None
    # Any number of fill bytes may stand before a marker: ITU-T T.81, B.1.1.2.
    assert read_header(jpeg[:2] + b"\xff" * 400_000 + jpeg[2:]) == read_header(jpeg)
    webp = FILES["WebP"]
    extended = b"RIFF\0\0\0\0WEBPVP8X" + bytes([10, 0, 0, 0, 8, *bytes(9)])
    assert read_header(extended + b"junk\0\0\0\0" * 400_000 + webp).orientation == 1
