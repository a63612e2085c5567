"""Strips: how large they may be, and large ones read and written part by part."""

import numpy as np
import pytest
from PIL import Image

from tests.helpers.huge_files import png_of
from tf_deeppaint.images import strips
from tf_deeppaint.images.decoding import (
    is_large_file,
    read_picture,
    read_resolution,
    read_sketch_pixels,
)
from tf_deeppaint.images.pixels import over_white, to_gray
from tf_deeppaint.painting.inputs import read_sketch, to_rgb, to_sketch
from tf_deeppaint.utils.errors import DeepPaintError

TAKEN = [(65536, 8192), (8192, 65536), (9000, 300), (16385, 8192), (8192, 8192)]
REFUSED = {
    (65536, 65536): "a side may have 1 to 8192",
    (8193, 8193): "a side may have 1 to 8192",
    (16384, 8192): "a side may have 1 to 8192",  # just no strip
    (65536, 8193): "a strip may have 8192 x 65536",
    (300, 65537): "a strip may have 8192 x 65536",
}


def write_header(folder, height: int, width: int):
    """A PNG that claims a size and holds next to nothing."""
    path = folder / "page.png"
    path.write_bytes(png_of(height, width))
    return path


@pytest.mark.parametrize("shape", TAKEN)
def test_a_sketch_may_be_a_long_strip(tmp_path, shape) -> None:
    path = write_header(tmp_path, *shape)
    assert is_large_file(path) == (shape[0] * shape[1] > 8192**2)
    assert read_resolution(path) is None


@pytest.mark.parametrize("shape", REFUSED)
def test_what_is_larger_is_refused_before_it_is_decoded(tmp_path, shape) -> None:
    path = write_header(tmp_path, *shape)
    message = f"page.png: {shape[1]} x {shape[0]} pixels; {REFUSED[shape]}: scale it down"
    for read in (read_sketch, is_large_file, read_resolution):
        with pytest.raises(DeepPaintError, match=message):
            read(path)


def test_a_reference_may_not_be_long(tmp_path) -> None:
    path = write_header(tmp_path, 9000, 300)
    for read in (to_rgb, read_picture):
        with pytest.raises(DeepPaintError, match="300 x 9000 pixels; a side may have 1 to 8192"):
            read(path)
    assert to_sketch(np.full((9000, 3), 255, np.uint8)).shape == (9000, 3)
    with pytest.raises(DeepPaintError, match="1 to 8192"):
        to_rgb(np.full((9000, 3), 255, np.uint8))


def pictures() -> dict[str, Image.Image]:
    rng = np.random.default_rng(0)
    rgba = Image.fromarray(rng.integers(0, 256, (150, 40, 4), dtype=np.uint8))
    gray16 = Image.fromarray(rng.integers(0, 2**16, (150, 40), dtype=np.uint16))
    return {mode: rgba.convert(mode) for mode in ("RGBA", "RGB", "L", "LA", "P", "1")} | {
        "I;16": gray16
    }


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("mode", pictures())
def test_a_large_strip_is_read_as_a_small_one(tmp_path, monkeypatch, mode, orientation) -> None:
    path = tmp_path / "x.png"
    exif = Image.Exif()
    exif[0x0112] = orientation
    pictures()[mode].save(path, exif=exif)
    pixels = read_sketch_pixels(path)
    expected = to_gray(over_white(pixels) if pixels.shape[2] == 4 else pixels)
    monkeypatch.setattr(strips, "LARGE", 1000)
    np.testing.assert_array_equal(read_sketch_pixels(path), expected)
    np.testing.assert_array_equal(read_sketch(path).sketch, expected)
    np.testing.assert_array_equal(read_sketch(pixels).sketch, expected)


def test_a_large_strip_is_not_cleaned(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(strips, "LARGE", 1000)
    pictures()["L"].save(tmp_path / "x.png")
    for clean, recolor in (("on", False), (True, False), ("auto", True)):
        with pytest.raises(DeepPaintError, match=r"x\.png: .* too large to be cleaned"):
            read_sketch(tmp_path / "x.png", clean, recolor)
