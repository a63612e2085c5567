"""What the first bytes of a picture file say is read right, and never by way of an exception."""

import struct

import numpy as np
import picture_files as pictures
import pytest

from tf_deeppaint.picture_headers import read_header

FILES = pictures.one_of_each()


@pytest.mark.parametrize("kind", FILES)
def test_format_size_and_wholeness(kind):
    header = read_header(FILES[kind])
    assert (header.format, header.height, header.width) == (kind.split()[0], 12, 17)
    assert header.complete


@pytest.mark.parametrize(
    ("kind", "alpha"),
    [
        ("PNG grey", False),
        ("PNG colours", True),
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
