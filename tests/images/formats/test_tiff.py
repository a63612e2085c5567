"""The first page of a TIFF is read as another reader reads it; hostile directories cost little."""

import io
import struct
import time

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from tests.helpers import picture_files as pictures
from tests.hostile import memory
from tf_deeppaint.images.decoding import decode, decode_picture, decode_rgba, read_header
from tf_deeppaint.utils.errors import DeepPaintError

PICTURE = np.random.default_rng(0).integers(0, 256, (37, 53, 3), dtype=np.uint8)
GRAY16 = np.arange(37 * 53, dtype=np.uint16).reshape(37, 53) * 33
CMYK = np.random.default_rng(2).integers(0, 256, (37, 53, 4), dtype=np.uint8)


def tiff(pixels: np.ndarray, **options) -> bytes:
    """Written by tifffile, another writer than Pillow."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, **options)
    return buffer.getvalue()


def rgb(gray: np.ndarray) -> np.ndarray:
    return gray.astype(np.uint8)[..., None].repeat(3, axis=-1)


READ = {
    "RGB": (tiff(PICTURE, photometric="rgb"), PICTURE),
    "big-endian": (tiff(PICTURE, photometric="rgb", byteorder=">"), PICTURE),
    "planes": (tiff(PICTURE.transpose(2, 0, 1).copy(), photometric="rgb", planarconfig=2), PICTURE),
    "tiles": (tiff(PICTURE, photometric="rgb", tile=(16, 32)), PICTURE),
    "strips": (tiff(PICTURE, photometric="rgb", rowsperstrip=3), PICTURE),
    "Deflate": (tiff(PICTURE, photometric="rgb", compression="zlib", predictor=True), PICTURE),
    "16 bits": (tiff(PICTURE.astype(np.uint16) * 256 + 200, photometric="rgb"), PICTURE),
    "16 bits, big-endian": (
        tiff(PICTURE.astype(np.uint16) * 256 + 9, photometric="rgb", byteorder=">"),
        PICTURE,
    ),
    "gray of 16 bits": (tiff(GRAY16, photometric="minisblack"), rgb(GRAY16 >> 8)),
    "gray of 16 bits, Deflate": (
        tiff(GRAY16, photometric="minisblack", compression="zlib", byteorder=">"),
        rgb(GRAY16 >> 8),
    ),
    "white is zero": (tiff(PICTURE[..., 0], photometric="miniswhite"), rgb(255 - PICTURE[..., 0])),
    "white is zero, 16 bits": (tiff(GRAY16, photometric="miniswhite"), rgb(65535 - GRAY16 >> 8)),
    "pages": (tiff(np.stack([PICTURE, 255 - PICTURE, PICTURE]), photometric="rgb"), PICTURE),
}


@pytest.mark.parametrize("kind", READ)
def test_a_page_is_read(kind):
    data, expected = READ[kind]
    np.testing.assert_array_equal(decode_picture(data, kind), expected)
    assert read_header(data) == ("TIFF", 37, 53)


@pytest.mark.parametrize("bits", [8, 16])
def test_cmyk_is_read(bits):
    data = tiff(CMYK.astype(f"uint{bits}") * (257 if bits == 16 else 1), photometric="separated")
    inks = CMYK.astype(float) / 255
    expected = 255 * (1 - inks[..., :3]) * (1 - inks[..., 3:])
    assert np.abs(decode_picture(data, "x") - expected).max() <= 1


@pytest.mark.parametrize("premultiplied", [False, True])
def test_transparency_is_kept(premultiplied):
    rgba = pictures.transparent()
    opacity = rgba[..., 3:] / 255
    stored = np.dstack([np.rint(rgba[..., :3] * opacity), rgba[..., 3]]) if premultiplied else rgba
    kind = "assocalpha" if premultiplied else "unassalpha"
    data = tiff(stored.astype(np.uint8), photometric="rgb", extrasamples=[kind])
    decoded = decode_rgba(data, "x")
    np.testing.assert_array_equal(decoded[..., 3], rgba[..., 3])
    opaque = rgba[..., 3] > 128
    assert np.abs(decoded[opaque].astype(int) - rgba[opaque]).max() <= (2 if premultiplied else 0)


def test_lab_is_turned_into_srgb():
    smooth = pictures.gradient()
    lab = ImageCms.profileToProfile(
        Image.fromarray(smooth),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    assert np.abs(decode_picture(pictures.encode(lab, "TIFF"), "x").astype(int) - smooth).mean() < 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_page_is_turned_upright(orientation):
    data = tiff(PICTURE, photometric="rgb", extratags=[(274, 3, 1, orientation, True)])
    flipped = PICTURE[:, ::-1] if orientation in (2, 3, 6, 7) else PICTURE
    flipped = flipped[::-1] if orientation in (3, 4, 7, 8) else flipped
    expected = PICTURE if orientation == 1 else flipped
    if orientation >= 5:
        flips = {5: (), 6: (1,), 7: (0, 1), 8: (0,)}[orientation]
        expected = np.flip(PICTURE.swapaxes(0, 1), flips)
    np.testing.assert_array_equal(decode_picture(data, "x"), expected)


@pytest.mark.parametrize(
    ("unit", "per_unit", "dpi"),
    [("INCH", 600, 600), ("CENTIMETER", 100, 254), ("NONE", 300, None), ("INCH", 1, None)],
)
def test_a_resolution_is_read(unit, per_unit, dpi):
    data = tiff(PICTURE, resolution=(per_unit, per_unit), resolutionunit=unit)
    found = decode(data, "x").dpi
    assert found is None if dpi is None else found == pytest.approx((dpi, dpi))


REFUSED = {
    "floats": tiff(PICTURE[..., 0] / np.float32(255)),
    "32 bits": tiff(GRAY16.astype(np.uint32)),
    "signed": tiff(GRAY16.astype(np.int16)),
    "gray and alpha of 16 bits": tiff(np.dstack([GRAY16, GRAY16]), extrasamples=["unassalpha"]),
    "planes of 16 bits": tiff(
        PICTURE.astype(np.uint16).transpose(2, 0, 1).copy(), photometric="rgb", planarconfig=2
    ),
    "YCbCr": pictures.encode(pictures.image("YCbCr"), "TIFF"),
    "Zstandard": pictures.encode(pictures.image("RGB"), "TIFF", compression="zstd"),
    "LZMA": pictures.encode(pictures.image("RGB"), "TIFF", compression="lzma"),
    "BigTIFF": tiff(PICTURE, bigtiff=True),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_tiff_that_is_not_read_is_refused_with_what_to_do(kind):
    with pytest.raises(DeepPaintError, match=r"^scan\.tif: a .*; save it as ") as caught:
        decode_picture(REFUSED[kind], "scan.tif")
    assert caught.value.kind == "unsupported"


# --- files that cost much more than they weigh ----------------------------------------------------

SHORT, LONG, UNDEFINED = 3, 4, 7
WIDTH, HEIGHT, BITS, COMPRESSION, COLORS, STRIPS, STRIP_BYTES = 256, 257, 258, 259, 262, 273, 279
TILE_WIDTH, TILE_HEIGHT, TILES, TILE_BYTES, PAGE_PROFILE = 322, 323, 324, 325, 34675


def directory(*entries: tuple[int, int, int, int], more: bytes = b"") -> bytes:
    """A TIFF of one directory behind `more`, which begins at 8.

    An entry is tag, type, count and value.
    """
    packed = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    start = 8 + len(more)
    return (
        struct.pack("<2sHI", b"II", 42, start)
        + more
        + struct.pack("<H", len(entries))
        + packed
        + bytes(4)
    )


def page(width: int, height: int, *entries: tuple[int, int, int, int], more: bytes = b"") -> bytes:
    sized = [(WIDTH, LONG, 1, width), (HEIGHT, LONG, 1, height), (BITS, SHORT, 1, 8)]
    sized += [(COLORS, SHORT, 1, 1)]
    given = {entry[0] for entry in entries}
    return directory(*(e for e in sized if e[0] not in given), *entries, more=more)


def longs(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)


def many_strips() -> bytes:
    """8192 strips that are all the same 40 MB."""
    size = 40_000_000
    more = longs(*[8 + 8192 * 8] * 8192) + longs(*[size] * 8192) + bytes(size)
    strips = (STRIPS, LONG, 8192, 8), (STRIP_BYTES, LONG, 8192, 8 + 8192 * 4)
    return page(64, 8192, *strips, (278, LONG, 1, 1), (COMPRESSION, SHORT, 1, 5), more=more)


def profiles() -> bytes:
    """Entries that each claim all bytes of the file."""
    more = bytes(30_000_000)
    entries = [(40_000 + n, UNDEFINED, len(more), 8) for n in range(2000)]
    return page(4, 4, (STRIPS, LONG, 1, 8), (STRIP_BYTES, LONG, 1, 16), *entries, more=more)


def long_numbers(tag: int) -> bytes:
    """One entry of 20 million numbers, which Python keeps as objects."""
    more = b"\x7f" * 80_000_000
    return page(4, 4, (STRIPS, LONG, 1, 8), (tag, LONG, 20_000_000, 8), more=more)


def scans() -> bytes:
    """A strip of JPEG that goes over the picture many times."""
    jpeg = pictures.encode(Image.new("L", (2048, 2048), 90), "JPEG", progressive=True)
    scan = jpeg.rindex(b"\xff\xda")
    more = jpeg[:-2] + jpeg[scan:-2] * 90 + jpeg[-2:]
    strips = (STRIPS, LONG, 1, 8), (STRIP_BYTES, LONG, 1, len(more))
    return page(2048, 2048, *strips, (COMPRESSION, SHORT, 1, 7), more=more + bytes(len(more) % 2))


def pages(count: int) -> bytes:
    """Pages of 4 x 4 that follow one another; the last is followed by the first."""
    one = page(4, 4, (STRIPS, LONG, 1, 8), (STRIP_BYTES, LONG, 1, 16), more=bytes(16))
    length = len(one) - 24
    starts = [24 + n * length for n in range(count)]
    follow = [*starts[1:], starts[0]]
    return one[:24] + b"".join(one[24:-4] + struct.pack("<I", start) for start in follow)


def tiles(width: int, height: int) -> bytes:
    entries = (TILE_WIDTH, LONG, 1, width), (TILE_HEIGHT, LONG, 1, height)
    entries += (TILES, LONG, 1, 8), (TILE_BYTES, LONG, 1, 16)
    return page(16, 16, *entries, (COMPRESSION, SHORT, 1, 5), more=bytes(16))


def twice() -> bytes:
    """Two widths, of which one reader takes the first and another the last."""
    strips = (STRIPS, LONG, 1, 8), (STRIP_BYTES, LONG, 1, 16)
    return page(
        60_000, 16, *strips, (WIDTH, LONG, 1, 16), (WIDTH, SHORT, 1, 60_000), more=bytes(16)
    )


HOSTILE = {
    "tiles of 2 GB": lambda: tiles(65520, 32000),
    "tiles of one pixel": lambda: tiles(1, 1),
    "strips that are the file": many_strips,
    "entries that are the file": profiles,
    "a long list of bits": lambda: long_numbers(BITS),
    "a long list of tags": lambda: long_numbers(338),
    "many scans": scans,
    "two widths": twice,
    "a directory behind the end": lambda: struct.pack("<2sHI", b"II", 42, 2**32 - 1) + bytes(99),
    "65535 entries": lambda: directory(*[(n, SHORT, 1, 1) for n in range(65_535)]),
    "no strips": lambda: page(8000, 8000),
    "a width of 0": lambda: page(0, 5, (STRIPS, LONG, 1, 8)),
    "a signed width": lambda: page(5, 5, (WIDTH, 9, 1, 60_000), (STRIPS, LONG, 1, 8)),
    "a picture of nothing": lambda: page(
        8192, 8192, (STRIPS, LONG, 1, 8), (STRIP_BYTES, LONG, 1, 4), (COMPRESSION, SHORT, 1, 5)
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_tiff_costs_little(kind, capfd):
    data = HOSTILE[kind]()
    before, began = memory.begin(), time.process_time()
    with pytest.raises(DeepPaintError, match=r"^it: "):
        decode_picture(data, "it")
    assert time.process_time() - began < 2
    assert memory.peak() - before < 300 << 20
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("count", [1, 100_000])
def test_of_many_pages_the_first_is_read_and_no_other(count):
    data, began = pages(count), time.process_time()
    assert decode_picture(data, "it").shape == (4, 4, 3)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("size", [(8193, 4), (4, 8193), (2**31, 2**31), (60_000, 60_000)])
def test_a_page_over_the_limits_is_refused_before_it_is_decoded(size):
    with pytest.raises(DeepPaintError, match=f"{size[0]} x {size[1]} pixels"):
        decode_picture(page(*size, (STRIPS, LONG, 1, 8)), "it")
