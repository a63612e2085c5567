"""The resolution that a file tells is found, whatever the format; what is none is passed over."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageFile
from PIL.TiffImagePlugin import IFDRational

from tests.helpers import picture_files as pictures
from tf_deeppaint.images.decoding import decode, read_resolution
from tf_deeppaint.images.encoding import encode_png


def exif(x: float, y: float, unit: int | None = 2, orientation: int = 1) -> Image.Exif:
    tags = pictures.oriented(orientation)
    tags[0x011A], tags[0x011B] = IFDRational(x), IFDRational(y)
    if unit is not None:
        tags[0x0128] = unit
    return tags


def encode(kind: str, **options) -> bytes:
    return pictures.encode(pictures.image("RGB"), kind, **options)


def with_phys(x: int, y: int, unit: int) -> bytes:
    png = encode("PNG")
    return png[:33] + pictures.png_chunk(b"pHYs", struct.pack(">IIB", x, y, unit)) + png[33:]


def with_jfif(unit: int, x: int, y: int) -> bytes:
    jpeg = bytearray(encode("JPEG"))
    assert jpeg[6:11] == b"JFIF\0"
    jpeg[13:18] = struct.pack(">BHH", unit, x, y)
    return bytes(jpeg)


TOLD = {
    "PNG": (encode("PNG", dpi=(600, 300)), (600, 300)),
    "PNG, a scan of 1200 dpi": (with_phys(47244, 47244, 1), (1200, 1200)),
    "JPEG": (encode("JPEG", dpi=(350, 351)), (350, 351)),
    "JPEG, by the centimeter": (with_jfif(2, 100, 200), (254, 508)),
    "JPEG, EXIF alone": (encode("JPEG", exif=exif(240, 250)), (240, 250)),
    "PNG, EXIF alone": (encode("PNG", exif=exif(240, 250)), (240, 250)),
    "WebP, EXIF": (encode("WEBP", exif=exif(100, 200, 3)), (254, 508)),
    "WebP, EXIF without a unit": (encode("WEBP", exif=exif(96, 97, None)), (96, 97)),
    "BMP": (encode("BMP", dpi=(96, 72)), (96, 72)),
    "PNG on its side": (encode("PNG", dpi=(600, 300), exif=exif(1, 1, 2, 6)), (300, 600)),
    "JPEG on its side": (encode("JPEG", exif=exif(240, 250, 2, 8)), (250, 240)),
}
NOT_TOLD = {
    "PNG": encode("PNG"),
    "PNG, a ratio": with_phys(4, 3, 0),
    "PNG of zero": with_phys(0, 0, 1),
    "PNG of 2**32": with_phys(2**32 - 1, 2**32 - 1, 1),
    "JPEG, a ratio": with_jfif(0, 300, 300),
    "JPEG of 1": with_jfif(1, 1, 1),
    "EXIF, a ratio": encode("JPEG", exif=exif(300, 300, 1)),
    "EXIF that divides by zero": encode("WEBP", exif=exif(IFDRational(5, 0), 300)),
    "GIF": pictures.encode(pictures.image("P"), "GIF"),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_resolution_is_read(name):
    data, expected = TOLD[name]
    decoded = decode(data, name)
    # PNG and BMP keep whole pixels a meter.
    assert decoded.dpi == pytest.approx(expected, abs=0.02)
    # It belongs to the sides of the picture as it is seen.
    is_upright = decoded.rgb.shape == (12, 17, 3)
    assert is_upright == ("on its side" not in name)


@pytest.mark.parametrize("name", TOLD)
def test_a_resolution_is_read_without_the_pixels(name, tmp_path, monkeypatch):
    monkeypatch.setattr(ImageFile.ImageFile, "load", None)
    (tmp_path / "x").write_bytes(TOLD[name][0])
    assert read_resolution(tmp_path / "x") == pytest.approx(TOLD[name][1], abs=0.02)


@pytest.mark.parametrize("name", NOT_TOLD)
def test_what_is_no_resolution_is_passed_over(name):
    assert decode(NOT_TOLD[name], name).dpi is None


@pytest.mark.parametrize("dpi", [(600.0, 600.0), (72.0, 71.5), (11811 * 0.0254, 300.0)])
@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (5, 7, 4)])
def test_a_resolution_that_is_written_is_read_back_by_pillow(dpi, shape):
    pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    with Image.open(io.BytesIO(encode_png(pixels, dpi))) as stored:
        assert stored.info["dpi"] == pytest.approx(dpi, abs=0.02)
        np.testing.assert_array_equal(np.asarray(stored), pixels)
    assert decode(encode_png(pixels, dpi), "x").dpi == pytest.approx(dpi, abs=0.02)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_transparency_comes_beside_the_colors(mode):
    picture = pictures.image(mode)
    decoded = decode(pictures.encode(picture, "PNG"), "x")
    np.testing.assert_array_equal(decoded.rgb, np.asarray(picture.convert("RGB")))
    if mode == "RGBA":
        np.testing.assert_array_equal(decoded.alpha, pictures.transparent()[..., 3])
    else:
        assert decoded.alpha is None
