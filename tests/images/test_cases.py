"""The files that went wrong once, where they are at hand; other tests draw more of each kind."""

import numpy as np
import pytest

from tests.helpers.programs import ROOT
from tf_deeppaint.images.decoding import read_decoded, read_picture
from tf_deeppaint.painting.jobs import find_pictures

CASES = ROOT.parent / "shared" / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the files are not here")


@pytest.mark.parametrize("name", ["reference_adobe.png", "reference_adobe.jpeg"])
def test_a_profile_shows_the_same_colors(name):
    colors, expected = read_picture(CASES / name), read_picture(CASES / "reference_srgb.png")
    assert np.abs(colors.astype(int) - expected).mean() < 1.5
    assert np.abs(colors[80, 80].astype(int) - (0xC8, 0x28, 0x28)).max() <= 2


def test_a_resolution_is_read():
    assert read_decoded(CASES / "sketch_600dpi.png").dpi == pytest.approx((600, 600), abs=0.01)


def test_transparency_is_read():
    alpha = read_decoded(CASES / "sketch_on_transparency.png").alpha
    assert (alpha.min(), alpha.max()) == (0, 255)


def test_a_jpeg_that_lacks_its_end_is_read():
    data = (CASES / "sketch_no_eoi.jpg").read_bytes()
    assert not data.endswith(b"\xff\xd9")
    assert read_picture(CASES / "sketch_no_eoi.jpg").shape == (200, 200, 3)


def test_every_file_of_the_folder_is_taken():
    pictures, complaints = find_pictures(str(CASES / "folder"))
    assert [picture.name for picture in pictures] == ["a.png", "b.jfif", "c.tif", "d.avif", "e.jpe"]
    assert complaints == []
    shown = [read_picture(picture.path).astype(int) for picture in pictures]
    assert all(np.abs(picture - shown[0]).mean() < 3 for picture in shown)
