"""Picture files read in the graph: the pixels of the library's own reader, and its refusals.

`picture_headers` is tested here too: what it says is what decides about a file.
"""

import struct
import time
import zlib
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.helpers import picture_files
from tests.helpers.huge_files import FILES, huge, png_of
from tests.hostile import memory
from tf_deeppaint.images.decoding import decode_picture, read_header
from tf_deeppaint.images.pixels import to_gray
from tf_deeppaint.serving import decoding, picture_headers
from tf_deeppaint.utils.errors import DeepPaintError

MAX_PIXELS = 1 << 16
TAKEN = (b"\x89PNG", b"\xff\xd8")
ZOO = {name: item for name, item in picture_files.zoo().items() if item.data.startswith(TAKEN)}


def make_decoder(max_pixels: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """Decodes the first of some files in the graph."""

    def decode_first(files: tf.Tensor) -> tf.Tensor:
        names = tf.strings.join(["files[", tf.as_string(tf.range(tf.size(files))), "]"])
        headers = decoding.read_headers(files, names, max_pixels)
        return decoding.decoded(files, names, headers)(tf.constant(0))

    signature = [tf.TensorSpec((None,), tf.string)]
    return tf.function(decode_first, input_signature=signature, autograph=False)


decode_first = make_decoder(MAX_PIXELS)


def decode(data: bytes) -> np.ndarray:
    return decode_first(tf.constant([data])).numpy()


def refusal(*files: bytes) -> str:
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        decode_first(tf.constant(list(files)))
    return caught.value.message


@pytest.mark.parametrize("kind", ZOO)
def test_every_kind_of_file_is_read_as_the_library_reads_it_or_refused(kind):
    data = ZOO[kind].data
    try:
        expected = decode_picture(data, "file")
    except DeepPaintError:
        assert "files[0]: the" in refusal(data)
        return
    got = decode(data)
    assert got.shape == expected.shape
    # CMYK is converted by another formula.
    assert np.abs(got.astype(int) - expected).max() <= ("CMYK" in kind)


def unended(share: float, **options) -> tuple[bytes, bytes]:
    """A JPEG of lines, and that part of its bytes behind the header without the end."""
    pixels = np.full((120, 90, 3), 255, np.uint8)
    pixels[10:90:7, 5:80] = (0, 60, 90)
    whole = picture_files.encode(Image.fromarray(pixels), "JPEG", **options)
    start = whole.rindex(b"\xff\xda")
    return whole, whole[: start + int(share * (len(whole) - 2 - start))]


ENCODED = [{}, {"optimize": True}, {"subsampling": 0}, {"restart_marker_blocks": 2}]


@pytest.mark.parametrize("options", ENCODED, ids=str)
def test_a_jpeg_that_lacks_its_end_alone_is_read(options):
    whole, lacking = unended(1, **options)
    for data in (lacking, lacking + b"\xff"):
        np.testing.assert_array_equal(decode(data), decode_picture(whole, "whole"))


@pytest.mark.parametrize("options", [*ENCODED, {"progressive": True}], ids=str)
def test_a_jpeg_that_was_cut_is_refused(options):
    for share in (0.5, 0.95):
        _, cut = unended(share, **options)
        for data in (cut, cut + bytes(5000)):
            assert "files[0]: the" in refusal(data)


def test_a_progressive_jpeg_that_lacks_its_end_is_refused():
    """Here nothing tells whether all its scans are there."""
    assert "cut off" in refusal(unended(1, progressive=True)[1])


@pytest.mark.parametrize("kind", ["PNG alpha", "JPEG"])
def test_a_file_that_ends_in_its_header_is_refused(kind):
    """Those that end later are in the zoo."""
    for end in (9, 20, 45):
        assert "files[0]: " in refusal(FILES[kind][:end]), end


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"BM", b"<svg/>"]
)
def test_what_is_no_picture_is_named_by_its_place(content):
    good = FILES["PNG gray"]
    assert "files[2]: " in refusal(good, good, content, b"")


@pytest.mark.parametrize("kind", huge())
def test_a_picture_of_absurd_size_is_refused_before_it_is_decoded(kind):
    """Its pixels, 2.7 GB, would show in the time and memory of the suite."""
    message = refusal(FILES["PNG bits"], huge()[kind])
    assert "files[1]: " in message
    if kind in ("PNG", "JPEG"):
        assert "30000 x 30000 pixels" in message


def test_a_jpeg_of_thousands_of_scans_is_not_decoded():
    """Each goes over the whole picture, and takes a few bytes of the file."""
    data = picture_files.encode(picture_files.image("RGB"), "JPEG", progressive=True)
    start = data.index(b"\xff\xda")
    scan = data[start : data.index(b"\xff\xda", start + 2)]
    assert "damaged" in refusal(data[:-2] + scan * 3000 + data[-2:])


def test_a_huge_picture_cannot_be_hidden_from_the_header():
    assert "30000 x 30000 pixels" in refusal(picture_files.smuggling_jpeg(30000))


@pytest.mark.parametrize(
    "size, words",
    [
        ((256, 256), ""),
        ((257, 256), "256 x 257 pixels; at most 65536 are taken"),
        ((1, 8193), "8193 x 1 pixels; a side may have at most 8192"),
        ((0, 5), "5 x 0 pixels; a side has at least 1"),
    ],
)
def test_the_limits_on_size(size, words):
    header = picture_headers.read_header(tf.constant(png_of(*size)), MAX_PIXELS)
    assert header.error.numpy().decode() == words


def test_a_file_larger_than_its_pixels_can_be_is_refused():
    data = FILES["PNG gray"] + bytes(4 * MAX_PIXELS + (1 << 16))
    assert "the file is over 327680 bytes" in refusal(data)


@pytest.mark.parametrize(("scans", "is_read"), [(10, True), (20, False)])
def test_a_large_jpeg_may_have_fewer_scans(scans, is_read):
    """8000 x 8000 pixels in a few kilobytes: only the header is read here."""
    data = picture_files.encode(picture_files.image("RGB"), "JPEG", progressive=True)
    frame, first = data.index(b"\xff\xc2"), data.index(b"\xff\xda")
    data = data[: frame + 5] + struct.pack(">HH", 8000, 8000) + data[frame + 9 :]
    scan = data[first : data.index(b"\xff", first + 2)]
    many = data[:-2] + scan * (scans - data.count(b"\xff\xda")) + data[-2:]
    assert many.count(b"\xff\xda") == scans
    assert (read_header(many) is not None) == is_read
    in_graph = picture_headers.read_header(tf.constant(many), 8192 * 8192)
    assert (in_graph.error.numpy() == b"") == is_read


def test_a_png_of_many_texts_costs_little():
    """Each unpacks to seven megabytes: libpng would take eight seconds for all of them."""
    text = picture_files.png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(7_500_000), 9))
    plain = FILES["PNG gray"]
    data = plain[:33] + text * 280 + plain[33:]
    decode_large = make_decoder(8 * MAX_PIXELS)
    expected, before, began = decode_large([plain]), memory.begin(), time.process_time()
    np.testing.assert_array_equal(decode_large([data]), expected)
    assert time.process_time() - began < 2
    assert memory.peak() - before < 100 << 20


def test_endless_chunks_are_not_followed():
    png = FILES["PNG gray"]
    assert "cut off" in refusal(png[:33] + picture_files.png_chunk(b"tEXt", b"") * 2000 + png[33:])


@pytest.mark.parametrize("kind", ["GIF", "BMP", "BMP colors"])
def test_other_formats_are_refused_by_name_of_those_taken(kind):
    assert "files[0]: not a PNG or JPEG picture" in refusal(FILES[kind])


def test_gray_is_equal_for_every_level_of_each_channel(monkeypatch):
    monkeypatch.setattr(decoding, "AT_A_TIME", 1000)  # several strips
    levels = np.arange(1 << 14)
    picture = np.stack([levels % 256, levels * 7 // 3 % 256, levels // 64], axis=-1)
    picture = picture.astype(np.uint8).reshape(128, 128, 3)
    gray = decoding.to_gray(tf.constant(picture))
    np.testing.assert_array_equal(gray, to_gray(picture))
