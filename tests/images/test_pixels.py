"""Pictures come in from any file, or are refused by name; they fit the canvas and come back."""

import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.helpers import picture_files as pictures
from tf_deeppaint.images.picture_headers import read_header
from tf_deeppaint.images.pixels import (
    FITS,
    decode_picture,
    decode_rgba,
    decode_small,
    encode_png,
    fit_to_canvas,
    from_unit_range,
    over_white,
    read_picture,
    read_rgba,
    shrink,
    to_gray,
    to_unit_range,
    unfit_from_canvas,
    write_picture,
)
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


# --- every format and mode ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ZOO)
def test_every_kind_of_file_is_read_as_pillow_reads_it_or_refused(kind, tmp_path):
    data, lossy, whole = ZOO[kind]
    path = tmp_path / "it"
    path.write_bytes(data)
    if not whole:
        refused(path, "cut off" if read_header(data) else "not a PNG")
        return
    picture = read_picture(path)
    expected = seen_over_white(data)
    assert picture.dtype == np.uint8 and picture.shape == expected.shape
    difference = np.abs(picture - expected)
    assert difference.mean() <= 1 if lossy else difference.max() <= 0.5


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


def test_every_level_over_white_at_every_opacity():
    level, alpha = np.indices((256, 256))
    rgba = np.stack([level, level, level, alpha], -1).astype(np.uint8)
    expected = level * (alpha / 255) + 255 * (1 - alpha / 255)
    assert np.abs(over_white(rgba) - expected[..., None]).max() <= 0.5


# --- a small look -------------------------------------------------------------------------------


def area_weights(before: int, after: int) -> np.ndarray:
    """How much of each of `after` equal parts of a side each of its `before` pixels covers."""
    edges = np.arange(after + 1)[:, None] * before / after
    pixels = np.arange(before)
    overlap = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    return np.maximum(overlap, 0) * after / before


def averaged(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Shrinks `(H, W, C)` by the mean of the area under every new pixel."""
    rows = np.tensordot(area_weights(len(pixels), height), pixels, 1)
    return np.einsum("wv,hvc->hwc", area_weights(pixels.shape[1], width), rows)


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
    decode, decoded = cv2.imdecode, []
    monkeypatch.setattr(cv2, "imdecode", lambda *a: decoded.append(decode(*a)) or decoded[-1])
    decode_small(pictures.encode(photograph(150, 400, "RGB"), "JPEG"), "it", side)
    assert decoded[0].shape == (-(-150 // reduction), -(-400 // reduction), 3)


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
        (FILES["JPEG"][:-2], "cut off", "cut off"),
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

    monkeypatch.setattr(cv2, "imdecode", never)
    path = tmp_path / "huge.png"
    path.write_bytes(png_claiming(*size))
    kind = refused(path, f"{size[0]} x {size[1]} pixels")
    assert kind == ("too large" if max(size) > 8192 else "damaged")


def test_a_huge_picture_cannot_be_hidden_from_the_header():
    with pytest.raises(DeepPaintError, match="30000 x 30000 pixels"):
        decode_picture(pictures.smuggling_jpeg(30000), "file")


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


# --- writing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(12, 17), (12, 17, 3), (1, 1)])
def test_what_is_written_is_read_back(tmp_path, shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    write_picture(tmp_path / "new" / "folder" / "x.png", pixels)
    back = read_picture(tmp_path / "new" / "folder" / "x.png")
    assert np.array_equal(back, pixels if back.ndim == pixels.ndim else np.dstack([pixels] * 3))
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == ["x.png"]


def test_equal_pixels_give_equal_bytes():
    picture = pictures.gradient()
    flipped_twice = np.asfortranarray(picture)[::-1][::-1]
    assert encode_png(picture) == encode_png(flipped_twice)


# --- the canvas ---------------------------------------------------------------------------------

SHAPES = [(1, 1), (1, 300), (300, 1), (300, 8), (8, 300), (63, 64), (64, 64), (65, 64), (200, 130)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("channels", [(), (3,)])
def test_a_fitted_picture_is_whole_centered_and_keeps_its_aspect(shape, channels):
    ink = np.zeros((*shape, *channels), np.uint8)
    canvas, place = fit_to_canvas(ink, 64)
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
    canvas, place = fit_to_canvas(picture.astype(np.uint8), 64)
    back = unfit_from_canvas(canvas, place)
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
    assert np.array_equal(unfit_from_canvas(*fit_to_canvas(picture, 64)), picture)


@pytest.mark.parametrize("shape", [(128, 128), (150, 399), (399, 150), (65, 64)])
def test_shrinking_averages_areas(shape):
    picture = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    canvas, place = fit_to_canvas(picture, 64)
    rows = slice(place.top, place.top + place.height)
    columns = slice(place.left, place.left + place.width)
    expected = averaged(picture, place.height, place.width)
    assert np.abs(canvas[rows, columns] - expected).max() <= 1


@pytest.mark.parametrize("shape", [(64, 64), (64, 91), (98, 150), (400, 151), (64, 65), (512, 64)])
@pytest.mark.parametrize("limit", [1, 2, np.inf])
def test_a_cropped_picture_is_its_central_square_averaged(shape, limit):
    picture = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    canvas, _ = fit_to_canvas(picture, 64, "crop", limit)
    side = min(shape)
    top, left = ((length - side) // 2 for length in shape)
    square = picture[top : top + side, left : left + side]
    assert np.abs(canvas - averaged(square, 64, 64)).max() <= 1


@pytest.mark.parametrize("shape", [(10, 10), (16, 40), (40, 16), (63, 900)])
def test_a_small_picture_is_enlarged_until_its_shorter_side_fills_the_canvas(shape):
    """On a slope, so that the level of a pixel tells the place it came from."""
    for axis in (0, 1):
        slope = np.indices(shape)[axis] * 255 / max(shape)
        canvas, _ = fit_to_canvas(slope.astype(np.float32).round().astype(np.uint8), 64, "crop")
        side, start = min(shape), (shape[axis] - min(shape)) // 2
        source = start + (np.arange(64) + 0.5) * side / 64 - 0.5
        line = canvas.mean(1 - axis)[4:-4]  # at its ends the slope breaks off
        assert np.abs(line - source[4:-4] * 255 / max(shape)).max() < 3


@pytest.mark.parametrize("shape", [(1, 5000), (5000, 1), (1, 1)])
def test_a_strip_is_cropped_to_its_middle_without_growing_first(shape):
    picture = np.zeros(shape, np.uint8)
    picture[(shape[0] - 1) // 2, (shape[1] - 1) // 2] = 200
    canvas, _ = fit_to_canvas(picture, 512, "crop")
    assert canvas.shape == (512, 512) and (canvas == 200).all()


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("limit", [1, 1.5, 2, 3, 4, 10, np.inf])
@pytest.mark.parametrize("shape", [(10, 10), (10, 30), (30, 10), (9, 64), (7, 300), (1, 1)])
def test_enlargement_has_its_limit_and_leaves_white_around(fit, limit, shape):
    canvas, place = fit_to_canvas(np.zeros((*shape, 3), np.uint8), 64, fit, limit)
    scale = min(64 / (max if fit == "pad" else min)(shape), limit)
    inked = (canvas < 255).all(-1)
    for axis, length in enumerate(shape):
        (places,) = np.nonzero(inked.any(1 - axis))
        assert abs(len(places) - max(1, min(64, length * scale))) <= 0.5
        assert abs(places[0] - (63 - places[-1])) <= 1
        assert (places[0], len(places)) == (place[axis], place[2 + axis])
    assert inked.sum() == place.height * place.width and canvas[~inked].min(initial=255) == 255


@pytest.mark.parametrize(
    ("fit", "shape", "rows", "columns"),
    [
        ("pad", (20, 50), slice(22, 42), slice(7, 57)),
        ("crop", (20, 50), slice(22, 42), slice(7, 57)),
        ("crop", (20, 90), slice(22, 42), slice(0, 64)),
    ],
)
def test_a_picture_that_may_not_grow_is_copied(fit, shape, rows, columns):
    picture = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    canvas, _ = fit_to_canvas(picture, 64, fit, max_enlargement=1)
    expected = np.full((64, 64, 3), 255, np.uint8)
    cut = (shape[1] - (columns.stop - columns.start)) // 2
    expected[rows, columns] = picture[:, cut : shape[1] - cut]
    assert np.array_equal(canvas, expected)


def test_an_unknown_fit_and_an_enlargement_below_one_are_refused():
    picture = pictures.gradient()
    with pytest.raises(DeepPaintError, match=r"fit='stretch': choose one of pad, crop"):
        fit_to_canvas(picture, 64, "stretch")
    for limit in (0, 0.99, -1, float("nan")):
        with pytest.raises(DeepPaintError, match=r"max_enlargement=.*: at least 1"):
            fit_to_canvas(picture, 64, "pad", limit)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((300, 90), (50, 15)), ((90, 301), (15, 50)), ((1, 5000), (1, 50)), ((50, 20), (50, 20))],
)
def test_a_picture_is_shrunk_to_its_longer_side(shape, expected):
    for picture in (np.full((*shape, 3), 77, np.uint8), np.full(shape, 0.25, np.float32)):
        small = shrink(picture, 50)
        assert small.shape == (*expected, *picture.shape[2:]) and small.dtype == picture.dtype
        assert (small == picture.flat[0]).all()


def test_shrinking_averages_and_never_enlarges():
    picture = np.random.default_rng(4).integers(0, 256, (60, 40), dtype=np.uint8)
    means = picture.reshape(30, 2, 20, 2).mean(axis=(1, 3))
    assert np.abs(shrink(picture, 30) - means).max() <= 0.5
    assert shrink(picture, 60) is picture and shrink(picture, 900) is picture


# --- ranges -------------------------------------------------------------------------------------


def test_unit_range_and_back_is_exact_for_every_level():
    levels = np.arange(256, dtype=np.uint8)
    values = to_unit_range(levels)
    assert values.dtype == np.float32
    assert np.allclose(values, np.arange(256) / 127.5 - 1, atol=1e-6)
    assert (values[0], values[255]) == (-1.0, 1.0)
    assert np.array_equal(from_unit_range(values), levels)


def test_values_beyond_the_range_are_clipped_and_others_rounded():
    values = np.array([-7.0, -1.001, -0.999, 0.0, 0.9999, 3.0])
    assert from_unit_range(values).tolist() == [0, 0, 0, 128, 255, 255]


def test_gray_weighs_the_channels_by_bt601():
    picture = np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    expected = picture @ np.array([0.299, 0.587, 0.114])
    assert np.abs(to_gray(picture) - expected).max() <= 1
