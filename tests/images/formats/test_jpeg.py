"""A JPEG that only lacks its end is read; one that lacks pixels is refused."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tf_deeppaint.images.decoding import decode, decode_picture, decode_small
from tf_deeppaint.utils.errors import DeepPaintError


def page(height: int = 150, width: int = 203, mode: str = "RGB") -> Image.Image:
    """Line art with white at its bottom, which takes few bits."""
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    for n in range(12):
        draw.line((n * 9, 10, width - n * 11, height * 0.7), fill=(n * 9, 0, 40), width=2)
    return picture.convert(mode)


def noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(3).integers(0, 256, (40, 61, 3), dtype=np.uint8))


def jpeg(picture: Image.Image, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", **options)
    return buffer.getvalue()


KINDS = {
    "baseline": jpeg(page()),
    "optimized": jpeg(page(), optimize=True),
    "progressive": jpeg(page(), progressive=True),
    "gray": jpeg(page(mode="L"), quality=95),
    "CMYK": jpeg(page(mode="CMYK")),
    "restarts": jpeg(page(), restart_marker_blocks=2),
    "restarts, progressive": jpeg(page(), restart_marker_rows=1, progressive=True),
    "full chroma": jpeg(page(), subsampling=0),
    "noise": jpeg(noise(), quality=30),
    "white": jpeg(Image.new("L", (90, 90), 255), optimize=True),
    "one row": jpeg(page(1, 300)),
    "of a camera": jpeg(page(), exif=b"Exif\0\0" + jpeg(noise())[:4000]),  # holds another JPEG
}


@pytest.mark.parametrize("missing", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_a_jpeg_that_lacks_its_end_alone_is_read(kind, missing):
    whole = KINDS[kind]
    assert whole.endswith(b"\xff\xd9")
    lacking = decode(whole[:-missing], kind)
    np.testing.assert_array_equal(lacking.rgb, decode_picture(whole, kind))
    assert lacking.dpi == decode(whole, kind).dpi
    small, *size = decode_small(whole[:-missing], kind, 20)
    assert tuple(size) == lacking.rgb.shape[:2]
    np.testing.assert_array_equal(small, decode_small(whole, kind, 20)[0])


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("kind", KINDS)
def test_a_jpeg_that_was_cut_is_refused(kind, share):
    data = KINDS[kind]
    start = data.rindex(b"\xff\xda")  # its last scan
    with pytest.raises(DeepPaintError, match=r"^it: .*(cut off|damaged)") as caught:
        decode_picture(data[: start + int(share * (len(data) - start))], "it")
    assert caught.value.kind in ("cut off", "damaged")


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_that_is_taken_loses_no_pixel(kind):
    """The last bytes may hold bits that fill up the last byte, or nothing that shows."""
    data = KINDS[kind]
    whole = decode_picture(data, kind)
    for missing in range(3, 30):
        try:
            taken = decode_picture(data[:-missing], kind)
        except DeepPaintError as error:
            assert error.kind in ("cut off", "damaged")
        else:
            np.testing.assert_array_equal(taken, whole)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("zeros", [20, 400, 100_000])
def test_room_that_was_never_written_is_no_picture(kind, zeros):
    """A download that broke off, in a file of its final size: zeros may decode as white."""
    data = KINDS[kind]
    start = data.rindex(b"\xff\xda")
    cut = data[: (start + len(data)) // 2]
    with pytest.raises(DeepPaintError, match=r"^it: "):
        decode_picture(cut + bytes(zeros), "it")


def test_a_progressive_jpeg_without_its_last_scans_is_refused():
    """All rows are there, but only roughly."""
    data = KINDS["progressive"]
    scans = [n for n in range(len(data) - 1) if data[n : n + 2] == b"\xff\xda"]
    assert len(scans) > 5
    for start in scans[1:]:
        end = data.rindex(b"\xff\xc4", 0, start)  # the tables of the next scan
        with pytest.raises(DeepPaintError, match="cut off"):
            decode_picture(data[:end], "it")
