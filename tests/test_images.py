"""Pictures come in from any file, or are refused by name; they fit the canvas and come back."""

import io
import os
import struct
import zlib

import cv2
import numpy as np
import picture_files as pictures
import pytest
from PIL import Image, ImageOps

from tf_deeppaint import images
from tf_deeppaint.errors import DeepPaintError

FILES = pictures.one_of_each()


def seen_over_white(picture: Image.Image) -> np.ndarray:
    """Pillow's pixels over white paper, in float64."""
    rgba = np.asarray(picture.convert("RGBA"), np.float64)
    opacity = rgba[..., 3:] / 255
    return rgba[..., :3] * opacity + 255 * (1 - opacity)


def reopened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


# --- every format and mode ----------------------------------------------------------------------

EXACT = [
    *(("PNG", mode, {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA")),
    *(("BMP", mode, {}) for mode in ("1", "L", "P", "RGB")),
    *(("GIF", mode, {}) for mode in ("1", "L", "P")),
    *(("WEBP", mode, {"lossless": True}) for mode in ("L", "RGB", "RGBA")),
    ("PNG", "P", {"transparency": 3}),
    ("PNG", "RGB", {"transparency": tuple(pictures.gradient()[3, 3].tolist())}),
    ("PNG", "L", {"transparency": 100}),
    ("PNG", "1", {"transparency": 0}),
    ("GIF", "P", {"transparency": 3}),
]


@pytest.mark.parametrize(("kind", "mode", "options"), EXACT, ids=str)
def test_lossless_files_are_read_to_half_a_level(kind, mode, options):
    data = pictures.encode(pictures.image(mode), kind, **options)
    picture = images.decode_picture(data, "it")
    assert picture.dtype == np.uint8 and picture.shape == (12, 17, 3)
    assert np.abs(picture - seen_over_white(reopened(data))).max() <= 0.5


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "L"), ("JPEG", "RGB"), ("JPEG", "CMYK"), ("WEBP", "RGB")]
)
def test_lossy_files_are_read_as_pillow_reads_them(kind, mode):
    data = pictures.encode(pictures.image(mode), kind)
    difference = images.decode_picture(data, "it") - seen_over_white(reopened(data))
    assert np.abs(difference).mean() <= 1


def test_sixteen_bits_are_reduced_to_eight():
    picture = images.decode_picture(FILES["PNG grey 16"], "it")
    assert np.array_equal(picture, pictures.gradient()[..., :1].repeat(3, axis=2))


def with_chunk(png: bytes, kind: bytes, content: bytes) -> bytes:
    """A PNG with one more chunk, after its header."""
    chunk = struct.pack(">I", len(content)) + kind + content
    return png[:33] + chunk + struct.pack(">I", zlib.crc32(kind + content)) + png[33:]


def test_the_transparent_level_of_sixteen_bit_grey_is_compared_in_full():
    levels = np.array([[0x1234, 0x1235, 0xFFFF]], np.uint16)
    png = pictures.encode(Image.fromarray(levels), "PNG")
    rgba = images.decode_rgba(with_chunk(png, b"tRNS", b"\x12\x34"), "it")
    assert rgba[0].tolist() == [[0x12, 0x12, 0x12, 0], [0x12, 0x12, 0x12, 255], [255] * 4]


def test_the_transparent_level_of_bits_is_stretched_with_them():
    png = pictures.encode(pictures.image("1"), "PNG", transparency=1)
    rgba = images.decode_rgba(png, "it")
    assert {tuple(pixel) for pixel in rgba.reshape(-1, 4).tolist()} == {
        (0, 0, 0, 255),
        (255, 255, 255, 0),
    }


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation):
    exif = Image.Exif()
    exif[0x112] = orientation
    large = pictures.image("RGB").resize((64, 40))
    data = pictures.encode(large, "JPEG", exif=exif, quality=95)
    picture = images.decode_picture(data, "it")
    expected = seen_over_white(ImageOps.exif_transpose(reopened(data)))
    assert picture.shape == expected.shape
    assert np.abs(picture - expected).mean() < 1


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_taken(kind):
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "lime", "blue")]
    data = pictures.encode(frames[0], kind, save_all=True, append_images=frames[1:])
    assert reopened(data).n_frames == 3
    picture = images.decode_picture(data, "it")
    assert np.abs(picture - np.array([255.0, 0, 0])).max() < 8


def test_read_rgba_keeps_transparency(tmp_path):
    (tmp_path / "a.png").write_bytes(FILES["PNG alpha"])
    assert np.array_equal(images.read_rgba(tmp_path / "a.png"), pictures.transparent())


@pytest.mark.parametrize("kind", FILES)
def test_read_rgba_laid_over_white_is_read_picture(kind, tmp_path):
    path = tmp_path / "x"
    path.write_bytes(FILES[kind])
    rgba = images.read_rgba(path)
    assert rgba.shape == (12, 17, 4)
    assert np.array_equal(images.over_white(rgba), images.read_picture(path))


def test_every_level_over_white_at_every_opacity():
    level, alpha = np.indices((256, 256))
    rgba = np.stack([level, level, level, alpha], -1).astype(np.uint8)
    expected = level * (alpha / 255) + 255 * (1 - alpha / 255)
    assert np.abs(images.over_white(rgba) - expected[..., None]).max() <= 0.5


# --- bad input ----------------------------------------------------------------------------------


def refused(path, message: str) -> None:
    with pytest.raises(DeepPaintError) as caught:
        images.read_picture(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\0" * 1000, "not a PNG"),
        (b"just words", "not a PNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a PNG"),
        (FILES["PNG alpha"][:-20], "cut off"),
        (FILES["JPEG"][:-2], "cut off"),
        (FILES["PNG alpha"][:33] + b"\0" * 4 + b"IEND" + b"\xaeB`\x82", "damaged"),
    ],
)
def test_a_bad_file_is_named_with_its_trouble(tmp_path, content, message):
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    refused(path, message)


def test_a_missing_file_a_folder_and_an_odd_path_are_named(tmp_path):
    refused(tmp_path / "none.png", "does not exist")
    refused(tmp_path, "is not a file")
    refused(tmp_path / ("n" * 300), "n")
    refused("nul\0byte.png", "nul")


def test_a_device_or_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    refused(tmp_path / "pipe.png", "is not a file")


def png_claiming(width: int, height: int) -> bytes:
    ihdr = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    claimed = FILES["PNG alpha"]
    return claimed[:8] + b"\0\0\0\r" + ihdr + struct.pack(">I", zlib.crc32(ihdr)) + claimed[33:]


@pytest.mark.parametrize("size", [(30000, 30000), (8193, 1), (1, 8193), (2**31 - 1, 1), (0, 5)])
def test_a_picture_over_the_limits_is_refused_before_it_is_decoded(tmp_path, monkeypatch, size):
    def never(*_):
        raise AssertionError("decoded")

    monkeypatch.setattr(cv2, "imdecode", never)
    path = tmp_path / "huge.png"
    path.write_bytes(png_claiming(*size))
    refused(path, f"{size[0]} x {size[1]} pixels")


def test_the_largest_side_is_accepted():
    data = pictures.encode(Image.new("L", (8192, 1), 7), "PNG")
    assert images.decode_picture(data, "it").shape == (1, 8192, 3)


def test_a_file_of_too_many_bytes_is_refused_unread(tmp_path):
    path = tmp_path / "fat.png"
    with path.open("wb") as file:
        file.truncate(images.MAX_BYTES + 1)
    refused(path, "over 256 MiB")


@pytest.mark.parametrize("kind", FILES)
def test_a_truncated_file_is_refused_wherever_it_ends(kind):
    data = FILES[kind]
    for length in range(0, len(data), max(1, len(data) // 60)):
        with pytest.raises(DeepPaintError, match=r"^it: "):
            images.decode_picture(data[:length], "it")


@pytest.mark.parametrize("kind", FILES)
def test_a_mutated_file_is_a_picture_or_refused(kind, capfd):
    rng = np.random.default_rng(8)
    refusals = 0
    for _ in range(60):
        data = bytearray(FILES[kind])
        for _ in range(rng.integers(1, 6)):
            reach = len(data) if rng.random() < 0.5 else min(64, len(data))
            data[rng.integers(0, reach)] = rng.integers(0, 256)
        try:
            picture = images.decode_picture(bytes(data), "it")
        except DeepPaintError as error:
            assert str(error).startswith("it: ") and "\n" not in str(error)
            refusals += 1
        else:
            assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3
    assert refusals
    capfd.readouterr()  # the decoders' own grumbling


# --- writing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(12, 17), (12, 17, 3), (1, 1)])
def test_what_is_written_is_read_back(tmp_path, shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    images.write_picture(tmp_path / "new" / "folder" / "x.png", pixels)
    back = images.read_picture(tmp_path / "new" / "folder" / "x.png")
    assert np.array_equal(back, pixels if back.ndim == pixels.ndim else np.dstack([pixels] * 3))
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == ["x.png"]


def test_equal_pixels_give_equal_bytes():
    picture = pictures.gradient()
    flipped_twice = np.asfortranarray(picture)[::-1][::-1]
    assert images.encode_png(picture) == images.encode_png(flipped_twice)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "x.png"
    path.write_bytes(b"old")

    def full(self, data):
        with self.open("wb") as file:
            file.write(data[:2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "write_bytes", full)
    with pytest.raises(DeepPaintError, match=r"x\.png: cannot be written \(No space left"):
        images.write_bytes(path, b"new and longer")
    monkeypatch.undo()
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.png"]
    assert path.read_bytes() == b"old"


def test_a_name_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "x.png", tmp_path / "folder", tmp_path / ("n" * 300), ""):
        with pytest.raises(DeepPaintError):
            images.write_bytes(path, b"data")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder"]


# --- the canvas ---------------------------------------------------------------------------------

SHAPES = [(1, 1), (1, 300), (300, 1), (300, 8), (8, 300), (63, 64), (64, 64), (65, 64), (200, 130)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("channels", [(), (3,)])
def test_a_fitted_picture_is_whole_centred_and_keeps_its_aspect(shape, channels):
    ink = np.zeros((*shape, *channels), np.uint8)
    canvas, place = images.fit_to_canvas(ink, 64)
    assert canvas.shape == (64, 64, *channels) and canvas.dtype == np.uint8
    inked = (canvas < 255).reshape(64, 64, -1).any(-1)
    rows, columns = np.flatnonzero(inked.any(1)), np.flatnonzero(inked.any(0))
    assert (rows[0], len(rows)) == (place.top, place.height)
    assert (columns[0], len(columns)) == (place.left, place.width)
    assert max(len(rows), len(columns)) == 64
    assert abs(rows[0] - (63 - rows[-1])) <= 1 and abs(columns[0] - (63 - columns[-1])) <= 1
    scale = 64 / max(shape)
    assert abs(len(rows) - shape[0] * scale) <= 1 and abs(len(columns) - shape[1] * scale) <= 1


@pytest.mark.parametrize("shape", SHAPES)
def test_a_fitted_picture_comes_back_to_its_own_size(shape):
    rows, columns = np.indices(shape) / np.maximum(np.array(shape) - 1, 1)[:, None, None]
    picture = np.stack([rows, columns, (rows + columns) / 2], -1) * 200 + 20
    canvas, place = images.fit_to_canvas(picture.astype(np.uint8), 64)
    back = images.unfit_from_canvas(canvas, place)
    assert back.shape == (*shape, 3)
    # The short side of a strip may shrink to a pixel or two and then loses its own gradient.
    if min(shape) * 64 / max(shape) > 8:
        assert np.abs(back - picture).max() < 12
    else:
        long = 0 if shape[0] > shape[1] else 1
        assert np.abs(back - picture)[..., long].max() < 12


@pytest.mark.parametrize("shape", [(64, 64), (64, 20), (20, 64)])
def test_a_picture_of_the_canvas_size_is_not_touched(shape):
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert np.array_equal(images.unfit_from_canvas(*images.fit_to_canvas(picture, 64)), picture)


def test_shrinking_averages_areas():
    checks = (np.indices((128, 128)).sum(0) % 2 * 255).astype(np.uint8)
    canvas, _ = images.fit_to_canvas(checks, 64)
    assert np.abs(canvas - 127.5).max() <= 1


# --- ranges -------------------------------------------------------------------------------------


def test_unit_range_and_back_is_exact_for_every_level():
    levels = np.arange(256, dtype=np.uint8)
    values = images.to_unit_range(levels)
    assert values.dtype == np.float32
    assert np.allclose(values, np.arange(256) / 127.5 - 1, atol=1e-6)
    assert (values[0], values[255]) == (-1.0, 1.0)
    assert np.array_equal(images.from_unit_range(values), levels)


def test_values_beyond_the_range_are_clipped_and_others_rounded():
    values = np.array([-7.0, -1.001, -0.999, 0.0, 0.9999, 3.0])
    assert images.from_unit_range(values).tolist() == [0, 0, 0, 128, 255, 255]


def test_grey_weighs_the_channels_by_bt601():
    picture = np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    expected = picture @ np.array([0.299, 0.587, 0.114])
    assert np.abs(images.to_grey(picture) - expected).max() <= 1
