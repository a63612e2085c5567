"""A picture is the same however it is given: as a file, an array or a Pillow image of any mode."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.helpers.painters import FakeBackend
from tests.helpers.picture_files import encode, gradient, image, oriented, png16, transparent, zoo
from tf_deeppaint import Painter
from tf_deeppaint.images.decoding import read_picture
from tf_deeppaint.line_art.cleaning import clean
from tf_deeppaint.painting.inputs import parse_gap, resolution_of, to_rgb, to_sketch
from tf_deeppaint.utils.errors import DeepPaintError

# What a Pillow image can hold of the gradient, as (R, G, B) floats over white.
MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "I;16"]
# By how many levels the way there and back through a mode's own colors may differ.
LOSS = {"YCbCr": 4, "HSV": 12}


def over_white(picture: Image.Image) -> np.ndarray:
    """Pillow's own idea of a picture over white."""
    rgba = picture.convert("RGBA")
    paper = Image.new("RGBA", rgba.size, "white")
    return np.asarray(Image.alpha_composite(paper, rgba).convert("RGB"))


def plain(mode: str) -> np.ndarray:
    """The picture of a mode as 8-bit RGB."""
    if mode == "I;16":
        return gradient()[..., :1].repeat(3, axis=-1)
    return over_white(image(mode))


def gray_of(rgb: np.ndarray) -> np.ndarray:
    """ITU-R BT.601."""
    return rgb @ np.array([0.299, 0.587, 0.114])


@pytest.mark.parametrize("mode", MODES)
def test_a_pillow_image_of_a_mode_is_its_plain_version(mode):
    expected = plain(mode)
    given = image(mode)
    np.testing.assert_allclose(to_rgb(given).astype(int), expected, atol=1)
    np.testing.assert_allclose(to_sketch(given), gray_of(expected), atol=1.6)
    if mode in LOSS:
        np.testing.assert_allclose(expected.astype(int), gradient(), atol=LOSS[mode])


FILES = {name: specimen for name, specimen in zoo().items() if specimen.whole}
KINDS = {
    name: specimen
    for name, specimen in FILES.items()
    if not any(word in name for word in ("animated", "x 1", "x 5000", "local", "inside"))
}


@pytest.mark.parametrize("name", KINDS)
def test_a_file_of_a_kind_and_its_pillow_image_are_alike(tmp_path, name):
    """Also turned by EXIF, cut from a palette, in sixteen bits or CMYK."""
    data, lossy, _ = KINDS[name]
    path = tmp_path / "picture"
    path.write_bytes(data)
    with Image.open(path) as opened:
        from_pillow = to_rgb(opened).astype(int)
    from_file = to_rgb(path).astype(int)
    assert from_file.shape == from_pillow.shape
    difference = np.abs(from_file - from_pillow)
    assert difference.mean() <= 1 if lossy else difference.max() <= 1
    np.testing.assert_allclose(to_sketch(path), gray_of(from_file), atol=1)


def test_arrays_of_every_shape_are_alike():
    gray = gradient()[..., 1]
    rgb = gray[..., None].repeat(3, axis=-1)
    opaque = np.dstack([rgb, np.full_like(gray, 255)])
    black = np.dstack([np.zeros_like(rgb), 255 - gray])
    for given in (gray, gray[..., None], rgb, opaque, black):
        np.testing.assert_array_equal(to_rgb(given), rgb)
        np.testing.assert_array_equal(to_sketch(given), gray)


def test_arrays_may_be_views():
    """Flipped, turned, cut and thinned out, and not to be written to."""
    rgb = gradient()
    rgb.flags.writeable = False
    for view in (rgb[::-1], rgb[:, ::-1], rgb.swapaxes(0, 1), rgb[2:, 3:-1], rgb[::2, ::3]):
        expected = gray_of(view)
        np.testing.assert_allclose(to_sketch(view), expected, atol=1)
        np.testing.assert_array_equal(to_rgb(view), view)
        np.testing.assert_array_equal(to_sketch(view[..., 0]), view[..., 0])


def painted(painter: Painter, given) -> np.ndarray:
    palette = np.full((4, 4, 3), (250, 200, 120), np.uint8)
    return painter.paint(given, colors=palette).astype(int)


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_paints_as_its_plain_version_does(tmp_path, mode):
    painter = Painter(FakeBackend())
    expected = painted(painter, to_sketch(plain(mode)))
    assert expected.std() > 5
    np.testing.assert_allclose(painted(painter, image(mode)), expected, atol=2)
    if mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        image(mode).save(tmp_path / "sketch.png")
        np.testing.assert_allclose(painted(painter, tmp_path / "sketch.png"), expected, atol=2)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_pillow_image_is_turned_upright_as_its_file_is(tmp_path, orientation):
    path = tmp_path / "photo.jpg"
    turned = image("RGB").resize((64, 40))
    path.write_bytes(encode(turned, "JPEG", exif=oriented(orientation), quality=95))
    with Image.open(path) as opened:
        given = to_rgb(opened).astype(int)
    assert given.shape == ((40, 64, 3) if orientation < 5 else (64, 40, 3))
    assert np.abs(given - read_picture(path)).mean() < 1


def test_sixteen_bits_are_reduced_not_cut_off():
    levels = np.array([[0, 255, 256, 32768, 65535]], np.uint16)
    expected = [[0, 0, 1, 128, 255]]
    np.testing.assert_array_equal(to_sketch(Image.fromarray(levels)), expected)
    wide = Image.fromarray(levels.astype(np.int32))  # as older versions of Pillow open them
    assert wide.mode == "I"
    np.testing.assert_array_equal(to_sketch(wide), expected)


def test_sixteen_bit_color_files_are_reduced(tmp_path):
    path = tmp_path / "deep.png"
    path.write_bytes(png16(gradient().astype(np.uint16) * 257, 2))
    np.testing.assert_array_equal(to_rgb(path), gradient())
    path.write_bytes(png16(transparent().astype(np.uint16) * 257, 6))
    expected = over_white(Image.fromarray(transparent()))
    np.testing.assert_allclose(to_rgb(path).astype(int), expected, atol=1)


def test_cleaning_sees_transparency_wherever_the_lines_come_from(tmp_path):
    """Light lines on nothing, which over white could hardly be seen."""
    layer = np.zeros((60, 80, 4), np.uint8)
    layer[..., :3] = 230
    cv2.circle(layer, (40, 30), 20, (230, 230, 230, 255), 3)
    path = tmp_path / "layer.png"
    Image.fromarray(layer).save(path)
    expected = clean(layer)
    assert expected.min() == 0 and to_sketch(path, clean=False).min() == 230
    for given in (path, str(path), layer, Image.fromarray(layer)):
        for choice in (True, "on", "auto"):
            np.testing.assert_array_equal(to_sketch(given, choice), expected)


WRONG = {
    "floats": np.zeros((4, 4)),
    "truths": np.zeros((4, 4), bool),
    "one row of numbers": np.zeros(9, np.uint8),
    "one number": np.array(7, np.uint8),
    "two channels": np.zeros((4, 4, 2), np.uint8),
    "a batch": np.zeros((2, 4, 4, 3), np.uint8),
    "no pixels": np.zeros((0, 4, 3), np.uint8),
    "too wide": np.zeros((1, 65537), np.uint8),
    "a number": 7,
    "a list": [[0, 255]],
    "bytes": b"\x89PNG",
    "an empty image": Image.new("L", (0, 4)),
    "a huge image": Image.new("1", (70000, 1)),
}


@pytest.mark.parametrize("convert", [to_rgb, to_sketch, lambda given: to_sketch(given, True)])
@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_picture_is_refused(convert, name):
    with pytest.raises(DeepPaintError, match=r"picture|uint8|8192 x 65536|1 to 8192"):
        convert(WRONG[name])


def test_a_huge_pillow_image_is_refused_before_it_is_decoded(tmp_path):
    path = tmp_path / "huge.png"
    Image.new("1", (8193, 4)).save(path)
    path.write_bytes(path.read_bytes()[:60])  # so that decoding it would be another error
    with Image.open(path) as opened, pytest.raises(DeepPaintError, match="8193 x 4 pixels"):
        to_rgb(opened)


def test_a_damaged_pillow_image_is_refused(tmp_path):
    path = tmp_path / "cut.png"
    noise = np.random.default_rng(0).integers(0, 256, (50, 50), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:1000])
    with Image.open(path) as opened, pytest.raises(DeepPaintError, match="cannot be decoded"):
        to_rgb(opened)


def test_a_pillow_image_is_turned_into_srgb_as_its_file_is(tmp_path):
    lab = ImageCms.profileToProfile(
        Image.fromarray(gradient()),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    lab.save(tmp_path / "lab.tif")
    with Image.open(tmp_path / "lab.tif") as opened:
        np.testing.assert_array_equal(to_rgb(opened), to_rgb(tmp_path / "lab.tif"))
    assert np.abs(to_rgb(tmp_path / "lab.tif").astype(int) - gradient()).mean() < 3


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP"])
def test_a_resolution_is_kept_in_what_is_painted(tmp_path, kind):
    path = tmp_path / f"sketch.{kind}"
    path.write_bytes(encode(image("RGB"), kind, dpi=(600, 600)))
    painter = Painter(FakeBackend())
    palette = np.zeros((4, 4, 3), np.uint8)
    for sketch in (path, Image.open(path)):
        assert resolution_of(sketch) == pytest.approx((600, 600), abs=0.02)
        painter.paint(sketch, colors=palette).save(tmp_path / "painted.png")
        with Image.open(tmp_path / "painted.png") as painted:
            assert painted.info["dpi"] == pytest.approx((600, 600), abs=0.02)
    painter.paint(gradient(), colors=palette).save(tmp_path / "painted.png")
    with Image.open(tmp_path / "painted.png") as painted:
        assert "dpi" not in painted.info


@pytest.mark.parametrize(
    "text, gap", [("auto", None), ("", None), ("0", 0), ("12", 12), ("999999999", 10**9 - 1)]
)
def test_a_gap_is_a_number_of_pixels_or_auto(text, gap) -> None:
    assert parse_gap(text) == gap


@pytest.mark.parametrize("text", ["-1", "1.5", "wide", "2%", "\u0663", "1e3", "1" * 10])
def test_a_gap_that_is_neither_is_refused(text) -> None:
    with pytest.raises(DeepPaintError, match="a number of pixels, 0 for none, or auto"):
        parse_gap(text)
