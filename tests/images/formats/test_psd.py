"""The flattened picture of a PSD is read as Photoshop shows it; other PSDs are refused with why."""

import struct
import time

import numpy as np
import pytest
from PIL import ImageCms

from tests.helpers import picture_files as pictures
from tests.helpers import psd_files
from tests.helpers.psd_files import psd
from tests.hostile import memory
from tf_deeppaint.images.decoding import decode, decode_picture, read_header
from tf_deeppaint.utils.errors import DeepPaintError


def gray_ramp() -> np.ndarray:
    return np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6)


def rgb(channel: np.ndarray) -> np.ndarray:
    return channel[..., None].repeat(3, axis=-1)


@pytest.mark.parametrize("packed", [False, True])
def test_rgb_and_gray_are_read(packed):
    picture = pictures.gradient()
    data = psd(pictures.channels("RGB"), packed=packed)
    np.testing.assert_array_equal(decode_picture(data, "x"), picture)
    assert decode(data, "x").alpha is None
    assert read_header(data) == ("PSD", 12, 17)
    data = psd([gray_ramp()], psd_files.GRAY, packed=packed)
    np.testing.assert_array_equal(decode_picture(data, "x"), rgb(gray_ramp()))


@pytest.mark.parametrize("packed", [False, True])
def test_a_bitmap_is_black_where_its_bits_are_set(packed):
    """As scans of line art are stored."""
    ink = np.random.default_rng(0).random((5, 19)) < 0.3
    data = psd([np.packbits(ink, axis=1)], psd_files.BITMAP, 1, packed=packed, size=ink.shape)
    expected = np.where(ink, 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(decode_picture(data, "x"), rgb(expected))


def test_a_palette_is_stored_by_channels():
    levels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    colors = np.random.default_rng(1).integers(0, 256, (256, 3), dtype=np.uint8)
    data = psd([levels], psd_files.INDEXED, palette=colors.T.tobytes())
    np.testing.assert_array_equal(decode_picture(data, "x"), colors[levels])


def test_cmyk_is_stored_inverted():
    inks = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 255, 255, 0], [0, 0, 0, 255]]], np.uint8)
    data = psd(list(np.moveaxis(255 - inks, -1, 0)), psd_files.CMYK)
    expected = [[255] * 3, [0, 255, 255], [255, 0, 0], [0] * 3]
    assert decode_picture(data, "x")[0].tolist() == expected


# CIELAB of sRGB colors by ISO 15076-1, for the white point D50.
LAB = {(255, 255, 255): (100, 0, 0), (0, 0, 0): (0, 0, 0), (255, 0, 0): (54.29, 80.81, 69.89)}
LAB |= {(0, 128, 0): (46.28, -47.55, 48.59), (119, 119, 119): (50.03, 0, 0)}


def test_lab_is_turned_into_srgb():
    lab = np.array([list(LAB.values())])
    stored = np.rint(lab * [2.55, 1, 1] + [0, 128, 128]).astype(np.uint8)
    data = psd(list(np.moveaxis(stored, -1, 0)), psd_files.LAB)
    assert np.abs(decode_picture(data, "x")[0] - np.array(list(LAB), float)).max() <= 5


def test_transparency_is_kept_and_the_paper_under_it_taken_away():
    rgba = pictures.transparent()
    data = psd(psd_files.over_white(rgba), layers=-1)
    decoded = decode(data, "x")
    np.testing.assert_array_equal(decoded.alpha, rgba[..., 3])
    opacity = rgba[..., 3:] / 255
    shown = rgba[..., :3] * opacity + 255 * (1 - opacity)
    assert np.abs(decoded.over_white() - shown).max() <= 1
    solid = rgba[..., 3] > 100
    assert np.abs(decoded.rgb.astype(int) - rgba[..., :3])[solid].max() <= 2
    assert (decoded.rgb[rgba[..., 3] == 0] == 255).all()


@pytest.mark.parametrize("layers", [None, 0, 2])
def test_a_stored_selection_is_no_transparency(layers):
    decoded = decode(psd([*pictures.channels("RGB"), gray_ramp_for(12, 17)], layers=layers), "x")
    assert decoded.alpha is None
    np.testing.assert_array_equal(decoded.rgb, pictures.gradient())


def gray_ramp_for(height: int, width: int) -> np.ndarray:
    return np.arange(height * width).reshape(height, width).astype(np.uint8)


def test_resolution_and_profile_are_read():
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = psd(
        pictures.channels("RGB"),
        resources=[psd_files.resolution(600, 350.5), (1039, wide), (1005 + 999, b"odd")],
    )
    assert decode(data, "x").dpi == pytest.approx((600, 350.5), abs=1e-3)


REFUSED = {
    "16 bits": (psd([gray_ramp()] * 3, bits=16, size=(4, 3)), "RGB of 16 bits"),
    "multichannel": (psd([gray_ramp()] * 3, psd_files.MULTICHANNEL), "multichannel of 8 bits"),
    "PSB": (psd([gray_ramp()] * 3, version=2), "a PSB file"),
    "layers alone": (
        psd([gray_ramp()] * 3, resources=[psd_files.without_flattened_picture()]),
        "without its flattened picture",
    ),
    "large": (psd([gray_ramp()] * 3, size=(8193, 3)), "3 x 8193 pixels"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_psd_that_is_not_read_is_refused_with_what_to_do(kind):
    data, why = REFUSED[kind]
    with pytest.raises(DeepPaintError) as caught:
        decode_picture(data, "page.psd")
    assert why in str(caught.value) and str(caught.value).startswith("page.psd: ")
    assert "save it" in str(caught.value) or "scale it" in str(caught.value)
    assert caught.value.kind in ("unsupported", "too large")


def header(height: int, width: int) -> bytes:
    return struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, height, width, 8, 3)


HOSTILE = {
    "rows without end": header(2**31 - 1, 1) + bytes(12) + b"\0\1" + bytes(2**22),
    "a resource that holds the file": header(4, 4)
    + bytes(4)
    + struct.pack(">I", 2**31)
    + bytes(99),
    "many resources": header(4, 4) + bytes(4) + struct.pack(">I", 12 * 300_000) + bytes(3_600_000),
    "layers behind the end": header(4, 4) + bytes(8) + struct.pack(">I", 2**32 - 1) + bytes(60),
    "rows that are longer than the file": header(4, 4) + bytes(12) + b"\0\1" + b"\xff" * 24,
    "a picture of nothing": header(8192, 8192) + bytes(12) + b"\0\0",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_psd_costs_little(kind):
    before, began = memory.begin(), time.process_time()
    with pytest.raises(DeepPaintError, match=r"^it: "):
        decode_picture(HOSTILE[kind], "it")
    assert time.process_time() - began < 2
    assert memory.peak() - before < 300 << 20
