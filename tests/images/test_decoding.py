"""Picture files of any kind become pixels, or are refused by name; hostile ones at bounded cost."""

import io
import struct
import time
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from tests.helpers import picture_files as pictures
from tests.helpers.picture_files import averaged
from tests.helpers.psd_files import psd
from tests.hostile import memory
from tf_deeppaint.images import decoding
from tf_deeppaint.images.decoding import (
    decode_picture,
    decode_rgba,
    decode_small,
    read_header,
    read_picture,
    read_rgba,
)
from tf_deeppaint.images.pixels import over_white
from tf_deeppaint.utils.errors import DeepPaintError

FILES = pictures.one_of_each()
ZOO = pictures.zoo()


def seen_over_white(data: bytes) -> np.ndarray:
    """Pillow's pixels of a file, upright and over white paper, in float64."""
    picture = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if picture.mode == "I;16":  # Pillow would clip the levels, not scale them
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    rgba = np.asarray(picture.convert("RGBA"), np.float64)
    opacity = rgba[..., 3:] / 255
    return rgba[..., :3] * opacity + 255 * (1 - opacity)


def png_of(header: bytes, before: bytes = b"", rows: bytes = b"\0\0") -> bytes:
    """A PNG of one row or more, with chunks before its pixels."""
    chunks = [pictures.png_chunk(b"IHDR", header), before]
    chunks += [pictures.png_chunk(b"IDAT", zlib.compress(rows)), pictures.png_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


# --- every format and mode ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ZOO)
def test_every_kind_of_file_is_read_as_pillow_reads_it_or_refused(kind, tmp_path):
    data, lossy, whole = ZOO[kind]
    path = tmp_path / "it"
    path.write_bytes(data)
    if not whole:
        refused(path, "cut off")
        return
    picture = read_picture(path)
    expected = seen_over_white(data)
    assert picture.dtype == np.uint8 and picture.shape == expected.shape
    difference = np.abs(picture - expected)
    assert difference.mean() <= 1 if lossy else difference.max() <= 0.5


# OpenCV has no gray that is transparent, and what it turns by EXIF differs between versions.
NOT_OPENCV = ("LA", "RGBA", "alpha", "transparen", "oriented", "frame inside")
OPAQUE = [k for k in ZOO if ZOO[k].whole and not any(word in k for word in NOT_OPENCV)]


@pytest.mark.parametrize("kind", OPAQUE)
def test_opaque_files_are_read_as_opencv_reads_them(kind):
    """Another decoder than ours."""
    data, lossy, _ = ZOO[kind]
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), flags)[..., ::-1].astype(float)
    difference = np.abs(decode_picture(data, kind) - expected)
    # JPEG and WebP leave the last bits, and the weights of chroma, to the decoder.
    assert difference.mean() <= 1.5 if lossy else difference.max() == 0


def test_the_zoo_tells_orientations_and_frames_apart():
    """Its pictures have no symmetry, and its frames differ by more than readers do."""
    for kind in ("JPEG RGB", "PNG RGBA", "WEBP RGB"):
        pixels = seen_over_white(ZOO[f"{kind} oriented 1"].data)
        turned = [np.rot90(p, k) for p in (pixels, pixels[::-1]) for k in range(4)]
        alike = [p for p in turned if p.shape == pixels.shape and np.abs(p - pixels).mean() < 5]
        assert len(alike) == 1
    for kind in ("GIF", "WEBP", "PNG"):
        animation = Image.open(io.BytesIO(ZOO[f"{kind} animated, opaque"].data))
        frames = [animation.seek(n) or np.asarray(animation.convert("RGB"), float) for n in (0, 1)]
        assert animation.n_frames == 3 and np.abs(frames[0] - frames[1]).mean() > 5


def test_the_transparent_level_of_sixteen_bit_gray_is_compared_in_full():
    levels = np.array([[0x1234, 0x1235, 0xFFFF]], np.uint16)
    png = pictures.encode(Image.fromarray(levels), "PNG")
    declared = png[:33] + pictures.png_chunk(b"tRNS", b"\x12\x34") + png[33:]
    rgba = decode_rgba(declared, "it")
    assert rgba[0].tolist() == [[0x12, 0x12, 0x12, 0], [0x12, 0x12, 0x12, 255], [255] * 4]


def test_the_transparent_level_of_bits_is_stretched_with_them():
    png = pictures.encode(pictures.image("1"), "PNG", transparency=1)
    rgba = decode_rgba(png, "it")
    assert {tuple(pixel) for pixel in rgba.reshape(-1, 4).tolist()} == {
        (0, 0, 0, 255),
        (255, 255, 255, 0),
    }


@pytest.mark.parametrize(("bits", "levels"), [(2, [0, 1, 2, 3]), (4, [0, 5, 10, 15])])
def test_the_transparent_level_of_few_bits_is_stretched_with_them(bits, levels):
    packed = sum(level << bits * (3 - n) for n, level in enumerate(levels))
    row = b"\0" + packed.to_bytes(bits // 2, "big")
    transparent = pictures.png_chunk(b"tRNS", struct.pack(">H", levels[1]))
    header = struct.pack(">IIBBBBB", 4, 1, bits, 0, 0, 0, 0)
    rgba = decode_rgba(png_of(header, transparent, row), "")
    assert rgba[0, :, 0].tolist() == [0, 85, 170, 255]
    assert rgba[0, :, 3].tolist() == [255, 0, 255, 255]


def test_the_transparent_color_of_sixteen_bits_is_reduced_with_them():
    """Pillow keeps 8 bits; so colors that are equal in these are transparent too."""
    row = b"\0" + struct.pack(">6H", 0x1234, 0x5678, 0x9ABC, 0x1334, 0x5678, 0x9ABC)
    transparent = pictures.png_chunk(b"tRNS", row[1:7])
    rgba = decode_rgba(png_of(struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0), transparent, row), "")
    assert rgba.tolist() == [[[0x12, 0x56, 0x9A, 0], [0x13, 0x56, 0x9A, 255]]]


def test_read_rgba_keeps_transparency(tmp_path):
    (tmp_path / "a.png").write_bytes(FILES["PNG alpha"])
    assert np.array_equal(read_rgba(tmp_path / "a.png"), pictures.transparent())


@pytest.mark.parametrize("kind", FILES)
def test_read_rgba_laid_over_white_is_read_picture(kind, tmp_path):
    path = tmp_path / "x"
    path.write_bytes(FILES[kind])
    rgba = read_rgba(path)
    assert rgba.shape == (12, 17, 4)
    assert np.array_equal(over_white(rgba), read_picture(path))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_the_first_frame_of_an_animation_counts_not_the_picture_for_other_programs(mode):
    """A PNG may hold a picture that is no frame: for programs that know no animations."""
    shown, first, second = (np.roll(pictures.gradient(), shift, (0, 1)) for shift in (0, 4, 8))
    frames = [Image.fromarray(frame).convert(mode) for frame in (shown, first, second)]
    options = {"save_all": True, "append_images": frames[1:]}
    for default, expected in ((False, frames[0]), (True, frames[1])):
        data = pictures.encode(frames[0], "PNG", default_image=default, **options)
        assert data.count(b"fcTL") == (2 if default else 3)
        np.testing.assert_array_equal(
            decode_picture(data, "x"), np.asarray(expected.convert("RGB"))
        )


# --- a small look -------------------------------------------------------------------------------


def photograph(height: int, width: int, mode: str) -> Image.Image:
    """A smooth picture, as JPEG keeps it well."""
    corners = np.random.default_rng(6).integers(0, 256, (4, 5, 4), dtype=np.uint8)
    smooth = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)
    return Image.fromarray(smooth).convert(mode)


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("side", [1, 16, 37, 99])
@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("JPEG", "RGB", {"quality": 95}),
        ("JPEG", "L", {"progressive": True, "quality": 95}),
        ("JPEG", "CMYK", {"quality": 95}),
        ("PNG", "RGB", {}),
        ("PNG", "RGBA", {}),
        ("WEBP", "RGBA", {"lossless": True}),
    ],
)
def test_a_small_look_is_the_picture_averaged(kind, mode, options, side, orientation):
    exif = pictures.oriented(orientation)
    data = pictures.encode(photograph(150, 399, mode), kind, exif=exif, **options)
    small, height, width = decode_small(data, "it", side)
    full = seen_over_white(data)
    assert full.shape == (height, width, 3) and min(height, width) == 150
    expected = averaged(full, *(round(length * side / 150) for length in (height, width)))
    assert small.dtype == np.uint8 and small.shape == expected.shape
    assert min(small.shape[:2]) == side
    difference = np.abs(small - expected)
    # A decoder that shrinks leaves out the finest waves, which lossy files hold imprecisely.
    assert difference.mean() <= 2 if kind == "JPEG" else difference.max() <= 1


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("side", [12, 13, 500])
def test_a_small_look_never_enlarges(kind, side):
    small, height, width = decode_small(FILES[kind], "it", side)
    assert (height, width) == (12, 17)
    assert np.array_equal(small, decode_picture(FILES[kind], "it"))


@pytest.mark.parametrize("shape", [(1, 5000), (5000, 1), (3, 900)])
def test_a_small_look_at_a_strip(shape):
    for kind in ("PNG", "JPEG"):
        data = pictures.encode(Image.new("L", shape[::-1], 90), kind)
        small, *size = decode_small(data, "it", 2)
        assert tuple(size) == shape and np.abs(small - 90.0).max() <= 1
        assert small.shape == (*shape, 3) if min(shape) == 1 else small.shape == (2, 600, 3)


@pytest.mark.parametrize(
    ("side", "reduction"), [(150, 1), (76, 1), (75, 2), (37, 4), (18, 8), (2, 8)]
)
def test_a_small_look_at_a_jpeg_decodes_no_more_than_it_needs(side, reduction, monkeypatch):
    shapes = []
    monkeypatch.setattr(decoding, "resize", lambda pixels, *_: shapes.append(pixels.shape))
    decode_small(pictures.encode(photograph(150, 400, "RGB"), "JPEG"), "it", side)
    assert shapes == [(-(-150 // reduction), -(-400 // reduction), 3)]


@pytest.mark.parametrize("kind", FILES)
def test_a_small_look_at_a_truncated_file_is_refused(kind):
    with pytest.raises(DeepPaintError, match=r"^it: "):
        decode_small(FILES[kind][:-30], "it", 4)


# --- bad input ----------------------------------------------------------------------------------


def refused(path, message: str) -> str:
    """Asserts that a file is refused in one line, and returns the kind of its trouble."""
    with pytest.raises(DeepPaintError) as caught:
        read_picture(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value.kind


@pytest.mark.parametrize(
    ("content", "message", "kind"),
    [
        (b"", "empty", "empty"),
        (b"\0" * 1000, "not a PNG", "not a picture"),
        (b"just words", "not a PNG", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a PNG", "not a picture"),
        (FILES["PNG alpha"][:-20], "cut off", "cut off"),
        (FILES["JPEG"][:-12], "cut off", "cut off"),
        (FILES["TIFF"][:-12], "cut off", "cut off"),
        (FILES["PSD"][:-12], "cut off", "cut off"),
        (FILES["AVIF"][:-12], "cut off", "cut off"),
        (FILES["PNG alpha"][:33] + pictures.png_chunk(b"IEND", b""), "damaged", "damaged"),
    ],
)
def test_a_bad_file_is_named_with_its_trouble(tmp_path, content, message, kind):
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    assert refused(path, message) == kind


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    assert refused(tmp_path / "none.png", "does not exist") == "missing"
    assert refused(tmp_path, "is not a file") == "missing"


def png_claiming(width: int, height: int) -> bytes:
    ihdr = pictures.png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return FILES["PNG alpha"][:8] + ihdr + FILES["PNG alpha"][33:]


@pytest.mark.parametrize("size", [(30000, 30000), (8193, 1), (1, 8193), (2**31 - 1, 1), (0, 5)])
def test_a_picture_over_the_limits_is_refused_before_it_is_decoded(tmp_path, monkeypatch, size):
    def never(*_):
        raise AssertionError("decoded")

    monkeypatch.setattr(decoding, "_decode", never)
    path = tmp_path / "huge.png"
    path.write_bytes(png_claiming(*size))
    if min(size) == 0:
        assert refused(path, "damaged") == "damaged"
    else:
        assert refused(path, f"{size[0]} x {size[1]} pixels") == "too large"


def test_a_huge_picture_cannot_be_hidden_from_the_header():
    with pytest.raises(DeepPaintError, match="it: "):
        decode_picture(pictures.smuggling_jpeg(30000), "it")


def test_the_largest_side_is_accepted():
    data = pictures.encode(Image.new("L", (8192, 1), 7), "PNG")
    assert decode_picture(data, "it").shape == (1, 8192, 3)


@pytest.mark.parametrize("kind", FILES)
def test_a_truncated_file_is_refused_wherever_it_ends(kind):
    data = FILES[kind]
    for length in range(0, len(data), max(1, len(data) // 60)):
        with pytest.raises(DeepPaintError, match=r"^it: "):
            decode_picture(data[:length], "it")


MUTATED = FILES | {
    f"{kind} oriented 6": ZOO[f"{kind} oriented 6"].data
    for kind in ("JPEG RGB", "PNG RGB", "PNG RGBA", "WEBP RGB", "WEBP RGBA")
}


@pytest.mark.parametrize("kind", MUTATED)
def test_a_mutated_file_is_a_picture_or_refused(kind, capfd):
    rng = np.random.default_rng(8)
    refusals = 0
    for _ in range(60):
        data = bytearray(MUTATED[kind])
        for _ in range(rng.integers(1, 6)):
            reach = len(data) if rng.random() < 0.5 else min(64, len(data))
            data[rng.integers(0, reach)] = rng.integers(0, 256)
        try:
            picture = decode_picture(bytes(data), "it")
        except DeepPaintError as error:
            assert str(error).startswith("it: ") and "\n" not in str(error)
            refusals += 1
        else:
            assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3
    assert refusals
    capfd.readouterr()  # the decoders' own grumbling


# --- headers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FILES)
def test_format_and_size(kind):
    assert read_header(FILES[kind]) == (kind.split()[0], 12, 17)


def test_old_bmp_header_and_rows_stored_from_the_top():
    old = b"BM" + struct.pack("<IIIIHHHH", 26, 0, 26, 12, 17, 12, 1, 24)
    assert read_header(old) == ("BMP", 12, 17)
    downwards = bytearray(FILES["BMP"])
    downwards[22:26] = struct.pack("<i", -12)
    assert read_header(bytes(downwards)) == ("BMP", 12, 17)
    expected = decode_picture(FILES["BMP"], "")[::-1]
    assert np.array_equal(decode_picture(bytes(downwards), ""), expected)


def test_the_end_of_a_jpeg_thumbnail_is_not_the_end_of_the_jpeg():
    with_thumbnail = jpeg_with(FILES["JPEG progressive"])
    assert np.array_equal(decode_picture(with_thumbnail, ""), decode_picture(FILES["JPEG"], ""))
    for length in (9, 40):
        with pytest.raises(DeepPaintError, match="cut off"):
            decode_picture(with_thumbnail[:-length], "")


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
        assert header is None or (header.height > 0 and header.width > 0)


# --- EXIF orientation ---------------------------------------------------------------------------

# Where the stored rows and columns belong: CIPA DC-008, tag 0x0112.
TURNED = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p, -1),
    7: lambda p: p[::-1, ::-1].swapaxes(0, 1),
    8: lambda p: np.rot90(p, 1),
}


def tiff(*entries: tuple[int, int, int], order: str = "<", start: int = 8) -> bytes:
    """EXIF of one directory; its entries are tag, type and a value of 16 bits."""
    magic = b"II*\0" if order == "<" else b"MM\0*"
    packed = [struct.pack(order + "HHIHH", tag, kind, 1, value, 0) for tag, kind, value in entries]
    directory = struct.pack(order + "H", len(entries)) + b"".join(packed) + bytes(4)
    return magic + struct.pack(order + "I", start) + bytes(start - 8) + directory


def jpeg_with(*segments: bytes) -> bytes:
    """A JPEG with APP1 segments in front."""
    packed = [b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content for content in segments]
    return FILES["JPEG"][:2] + b"".join(packed) + FILES["JPEG"][2:]


def png_with(exif: bytes) -> bytes:
    """A PNG with its EXIF behind the pixels, where few writers put it."""
    return FILES["PNG alpha"][:-12] + pictures.png_chunk(b"eXIf", exif) + FILES["PNG alpha"][-12:]


def webp_with(exif: bytes) -> bytes:
    """A WebP with its EXIF behind the pixels and a byte to make its length even."""
    chunks = struct.pack("<4sIB3xHBHB", b"VP8X", 10, 0x08, 16, 0, 11, 0) + FILES["WebP"][12:]
    chunks += b"EXIF" + struct.pack("<I", len(exif)) + exif + bytes(len(exif) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


WRAPPED = {
    "JPEG": lambda exif: jpeg_with(b"Exif\0\0" + exif),
    "PNG alpha": png_with,
    "WebP": webp_with,
}


def orientation_of(kind: str, data: bytes) -> int:
    """The orientation by which a file was turned."""
    pixels, stored = decode_picture(data, kind), decode_picture(FILES[kind], kind)
    (turned,) = [n for n, turn in TURNED.items() if np.array_equal(turn(stored), pixels)]
    return turned


@pytest.mark.parametrize("kind", WRAPPED)
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("order", "<>")
def test_pictures_are_turned_upright(kind, orientation, order):
    camera, unit = (0x010F, 2, 77), (0x0128, 3, 2)
    exif = tiff(camera, (0x0112, 3, orientation), unit, order=order, start=21)
    data = WRAPPED[kind](exif)
    assert orientation_of(kind, data) == orientation
    assert read_header(data)[1:] == (12, 17)
    assert decode_small(data, "", 99)[1:] == ((12, 17) if orientation < 5 else (17, 12))


@pytest.mark.parametrize("kind", ["PNG alpha", "WebP"])
def test_a_magic_before_the_exif_is_borne(kind):
    assert orientation_of(kind, WRAPPED[kind](b"Exif\0\0" + tiff((0x0112, 3, 6)))) == 6


def test_of_a_jpeg_the_first_exif_counts_and_other_segments_do_not():
    other = b"http://ns.adobe.com/xap/2.0/\0" + tiff((0x0112, 3, 2))
    first, second = (b"Exif\0\0" + tiff((0x0112, 3, value)) for value in (6, 3))
    assert orientation_of("JPEG", jpeg_with(other, first, second)) == 6


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of EXIF that breaks off
@pytest.mark.parametrize("kind", WRAPPED)
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
def test_damaged_exif_leaves_the_picture_upright(kind, exif):
    assert orientation_of(kind, WRAPPED[kind](exif)) == 1


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_exif_is_not_read_past_its_end():
    directory = tiff((0x0112, 3, 6))[8:]
    pointing_on = b"II*\0" + struct.pack("<I", 8 + 4)  # past the marker of the next segment
    assert orientation_of("JPEG", jpeg_with(b"Exif\0\0" + pointing_on, directory)) == 1
    inside = pointing_on + bytes(4) + directory
    assert orientation_of("JPEG", jpeg_with(b"Exif\0\0" + inside)) == 6


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", WRAPPED)
def test_mutated_exif_is_borne(kind):
    rng = np.random.default_rng(3)
    data = WRAPPED[kind](tiff((0x010F, 2, 77), (0x0112, 3, 6)))
    start = data.index(b"II*\0")
    seen = set()
    for _ in range(400):
        mutated = bytearray(data)
        for _ in range(rng.integers(1, 4)):
            mutated[(start + rng.integers(-8, 40)) % len(data)] = rng.integers(0, 256)
        try:
            seen.add(orientation_of(kind, bytes(mutated)))
        except DeepPaintError:
            seen.add(None)
    assert {1, 6} <= seen <= {None, *range(1, 9)}


# --- color profiles -----------------------------------------------------------------------------


def matrix_profile(gamma: float = 1.0) -> bytes:
    """sRGB's primaries with another curve: an ICC profile whose effect is known in closed form."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    position = 0
    curves = set()
    for n in range(struct.unpack_from(">I", profile, 128)[0]):
        tag, start, length = struct.unpack_from(">4sII", profile, 132 + 12 * n)
        if tag in (b"rTRC", b"gTRC", b"bTRC"):
            curves.add((start, length))
        if tag == b"desc":
            position = start
            profile[start + 4 : start + length] = bytes(length - 4)  # no longer called sRGB
    assert position and curves
    for start, length in curves:
        curve = struct.pack(">4s4xIH", b"curv", 1, round(gamma * 256))
        profile[start : start + length] = curve.ljust(length, b"\0")
    return bytes(profile)


def to_srgb_levels(linear: np.ndarray) -> np.ndarray:
    """IEC 61966-2-1: linear light in [0, 1] to levels 0..255."""
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("gamma", [1.0, 1.8])
@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("PNG", "RGB"),
        ("PNG", "RGBA"),
        ("PNG", "P"),
        ("WEBP", "RGBA"),
        ("TIFF", "RGB"),
        ("TIFF", "RGBA"),
    ],
)
def test_an_icc_profile_is_turned_into_srgb(kind, mode, gamma):
    options = {"lossless": True} if kind == "WEBP" else {}
    plain = pictures.encode(pictures.image(mode), kind, **options)
    tagged = pictures.encode(
        pictures.image(mode), kind, icc_profile=matrix_profile(gamma), **options
    )
    stored, shown = decode_rgba(plain, ""), decode_rgba(tagged, "")
    expected = to_srgb_levels((stored[..., :3] / 255.0) ** gamma)
    assert np.abs(shown[..., :3] - expected).max() <= 2
    assert np.array_equal(shown[..., 3], stored[..., 3])
    assert np.abs(shown[..., :3].astype(int) - stored[..., :3]).mean() > 5


@pytest.mark.parametrize("kind", ["JPEG", "AVIF", "HEIF", "PSD"])
def test_an_icc_profile_of_other_formats_is_turned_into_srgb(kind):
    profile = matrix_profile()
    flat = np.array([[20, 90, 200]], np.uint8).repeat(64 * 64, 0).reshape(64, 64, 3)
    if kind == "PSD":
        data = psd(list(np.moveaxis(flat, -1, 0)), resources=[(1039, profile)])
    else:
        if kind == "HEIF":
            pytest.importorskip("pillow_heif").register_heif_opener()
        data = pictures.encode(Image.fromarray(flat), kind, icc_profile=profile, quality=95)
    expected = to_srgb_levels(flat[0, 0] / 255.0)
    assert np.abs(decode_picture(data, "x") - expected).max() <= 6


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_srgb_and_profiles_that_do_not_fit_change_nothing(kind):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain = decode_picture(pictures.encode(pictures.image("RGB"), kind), "")
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (srgb, lab, srgb[:200], b"x" * 300, srgb[:128] + b"\xff" * len(srgb[128:])):
        data = pictures.encode(pictures.image("RGB"), kind, icc_profile=profile)
        assert np.array_equal(decode_picture(data, ""), plain)


def test_gray_with_a_profile_of_rgb_stays_as_it_is():
    data = pictures.encode(pictures.image("L"), "PNG", icc_profile=matrix_profile())
    assert np.array_equal(
        decode_picture(data, ""), decode_picture(pictures.encode(pictures.image("L"), "PNG"), "")
    )


# --- files that cost much more than they weigh --------------------------------------------------


def exif_bomb() -> bytes:
    """A directory each of whose entries claims all bytes of the EXIF."""
    total = 60_000
    entries = total // 12 - 10
    packed = [struct.pack("<HHII", 0x9000 + n, 7, total - 8, 8) for n in range(entries)]
    return (b"II*\0" + struct.pack("<IH", 8, entries) + b"".join(packed)).ljust(total, b"\0")


def gif_comments(count: int, extensions: int) -> bytes:
    block = b"\xff" + b"a" * 255
    comments = (b"!\xfe" + block * count + b"\0") * extensions
    start = 13 + 3 * 2 ** (FILES["GIF"][10] % 8 + 1)  # behind the screen and its palette
    return FILES["GIF"][:start] + comments + FILES["GIF"][start:]


def gif_of_35_bytes() -> bytes:
    """One that claims the largest picture, and holds no pixel of it."""
    screen = b"GIF89a" + struct.pack("<HHBBB", 8192, 8192, 0x80, 0, 0) + bytes(6)
    return screen + b"," + struct.pack("<HHHHB", 0, 0, 8192, 8192, 0) + b"\x02\x01\x44\x00;"


HEADER = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
_BOMB = zlib.compress(bytes(2**20 - 100), 9)
COSTLY = {
    "PNG: chunks of compressed text": lambda: png_of(
        HEADER, pictures.png_chunk(b"zTXt", b"a\0\0" + _BOMB) * 3000
    ),
    "PNG: compressed text without a key": lambda: png_of(
        HEADER, pictures.png_chunk(b"zTXt", b"\0\0" + _BOMB) * 3000
    ),
    "PNG: profiles": lambda: png_of(HEADER, pictures.png_chunk(b"iCCP", b"a\0\0" + _BOMB) * 3000),
    "PNG: empty chunks": lambda: png_of(HEADER, pictures.png_chunk(b"teXt", b"") * 400_000),
    "PNG: empty chunks behind": lambda: (
        png_of(HEADER)[:-12] + pictures.png_chunk(b"teXt", b"") * 1_500_000 + png_of(HEADER)[-12:]
    ),
    "PNG: EXIF of copies": lambda: png_with(exif_bomb() * 40),
    "JPEG: EXIF of copies": lambda: jpeg_with(b"Exif\0\0" + exif_bomb()),
    "JPEG: EXIF of copies, continued": lambda: jpeg_with(*[b"Exif\0\0" + exif_bomb()] * 9),
    "JPEG: EXIF in many parts": lambda: jpeg_with(*[b"Exif\0\0" + bytes(3000)] * 9000),
    "JPEG: comments": lambda: FILES["JPEG"][:2] + b"\xff\xfe\x00\x02" * 400_000 + FILES["JPEG"][2:],
    "JPEG: fill bytes": lambda: FILES["JPEG"][:2] + b"\xff" * 4_000_000 + FILES["JPEG"][2:],
    "GIF: a comment of many blocks": lambda: gif_comments(60_000, 1),
    "GIF: many comments": lambda: gif_comments(1, 60_000),
    "GIF: 35 bytes": gif_of_35_bytes,
    "WebP: chunks": lambda: (
        b"RIFF" + struct.pack("<I", 4 + 8 * 400_000) + b"WEBP" + b"junk\0\0\0\0" * 400_000
    ),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", COSTLY)
def test_hostile_files_cost_little(name):
    """Under two seconds of one core and 700 MiB, whether refused or not."""
    data = COSTLY[name]()
    before, began = memory.begin(), time.process_time()
    try:
        assert decode_picture(data, "it").shape[:2] in {(1, 1), (12, 17)}
    except DeepPaintError as error:
        assert str(error).startswith("it: ")
    assert time.process_time() - began < 2
    assert memory.peak() - before < 700 << 20


def test_a_jpeg_of_more_scans_than_any_encoder_writes_is_refused():
    """Each scan goes over the whole picture: a megabyte of them keeps a decoder busy for hours."""
    data = pictures.encode(pictures.image("RGB"), "JPEG", progressive=True)
    first = data.index(b"\xff\xda")
    scan = data[first : data.index(b"\xff", first + 2)]
    many = data[:-2] + scan * 300 + data[-2:]
    assert read_header(data) is not None and read_header(many) is None
    with pytest.raises(DeepPaintError, match="more parts"):
        decode_picture(many, "many.jpg")


def test_parts_within_reason_are_passed_over():
    """Any number of fill bytes may stand before a marker: ITU-T T.81, B.1.1.2."""
    text = pictures.png_chunk(b"tEXt", b"a\0b")
    jpeg = FILES["JPEG"]
    for data in (
        FILES["PNG alpha"][:33] + text * 900 + FILES["PNG alpha"][33:],
        jpeg[:2] + b"\xff\xfe\x00\x02" * 900 + jpeg[2:],
        jpeg[:2] + b"\xff" * 900 + jpeg[2:],
        gif_comments(900, 1),
    ):
        assert decode_picture(data, "").shape == (12, 17, 3)


def test_pixels_in_many_parts_are_read():
    """A scan of 8192 x 8192 in PNG chunks of 2 kB has 100,000."""
    rows = np.random.default_rng(0).integers(0, 256, (256, 257), dtype=np.uint8)
    rows[:, 0] = 0
    packed = zlib.compress(rows.tobytes())
    chunks = b"".join(pictures.png_chunk(b"IDAT", packed[n : n + 1]) for n in range(len(packed)))
    data = png_of(struct.pack(">IIBBBBB", 256, 256, 8, 0, 0, 0, 0))
    start, end = data.index(b"IDAT") - 4, data.index(b"IEND") - 4
    picture = decode_picture(data[:start] + chunks + data[end:], "")
    assert np.array_equal(picture[..., 0], rows[:, 1:])


def test_a_wide_webp_takes_no_memory_before_it_is_refused():
    data = pictures.encode(Image.new("L", (16383, 900), 9), "WEBP", lossless=True, method=0)
    before = memory.begin()
    with pytest.raises(DeepPaintError, match="16383 x 900 pixels"):
        decode_picture(data, "it")
    assert memory.peak() - before < 50 << 20
