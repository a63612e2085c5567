"""AVIF and HEIC are read; what they claim of sizes and parts is checked before they are decoded."""

import struct
import sys
import time

import numpy as np
import pytest
from PIL import Image

from tests.helpers import picture_files as pictures
from tests.hostile import memory
from tf_deeppaint.images.decoding import decode, decode_picture, decode_rgba
from tf_deeppaint.images.formats import heif, limits
from tf_deeppaint.images.formats.av1 import decoded_pixels
from tf_deeppaint.images.formats.boxes import Container
from tf_deeppaint.utils.errors import DeepPaintError

FILES = pictures.one_of_each()
KINDS = [kind for kind in FILES if kind.startswith(("AVIF", "HEIC"))]


def smooth(height: int, width: int) -> np.ndarray:
    """RGBA (height, width, 4) that lossy formats keep well."""
    rows, columns = np.indices((height, width))
    levels = [rows * 200 / height, columns * 200 / width, rows * 0 + 90, columns * 255 / width]
    return np.stack(levels, -1).astype(np.uint8)


def encode(rgba: np.ndarray, kind: str, **options) -> bytes:
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    mode = options.pop("mode", "RGBA")
    picture = Image.fromarray(rgba).convert(mode)
    return pictures.encode(picture, kind, quality=95, **options)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
@pytest.mark.parametrize("size", [(64, 64), (61, 97), (300, 40)])
@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_a_picture_is_read(kind, size, mode):
    rgba = smooth(*size)
    decoded = decode(encode(rgba, kind, mode=mode), "x")
    expected = np.asarray(Image.fromarray(rgba).convert(mode).convert("RGBA")).astype(int)
    assert np.abs(decoded.rgb - expected[..., :3]).mean() < 3
    assert (decoded.alpha is not None) == (mode == "RGBA")
    if mode == "RGBA":
        assert np.abs(decoded.alpha - expected[..., 3]).mean() < 3


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_of_many_pictures_the_first_is_read(kind):
    frames = [smooth(64, 64), 255 - smooth(64, 64)]
    more = [Image.fromarray(frames[1]).convert("RGB")] * 5
    data = encode(frames[0], kind, mode="RGB", save_all=True, append_images=more)
    assert np.abs(decode_picture(data, "x").astype(int) - frames[0][..., :3]).mean() < 4


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_orientation_and_resolution_are_read(kind):
    exif = pictures.oriented(6)
    exif[0x011A] = exif[0x011B] = 300.0
    exif[0x0128] = 2
    rgba = smooth(40, 64)
    decoded = decode(encode(rgba, kind, mode="RGB", exif=exif.tobytes()), "x")
    assert decoded.rgb.shape == (64, 40, 3) and decoded.dpi == (300, 300)
    assert np.abs(decoded.rgb.astype(int) - np.rot90(rgba[..., :3], -1)).mean() < 3


def test_a_grid_of_a_camera_is_read():
    rgba = smooth(150, 200)
    data = encode(rgba, "HEIF", mode="RGB", tile_size=64)
    kinds = [item.kind for item in Container(data).items()]
    assert kinds.count(b"hvc1") == 12 and b"grid" in kinds
    assert np.abs(decode_picture(data, "x").astype(int) - rgba[..., :3]).mean() < 3


def test_without_its_library_heic_is_refused_with_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif.as_plugin", None)
    data = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40)
    for name in ("decode_picture", "open_heic"):
        with pytest.raises(DeepPaintError, match=r"page\.heic: .*pip install .*\[heic\]") as caught:
            if name == "open_heic":
                heif.open_heic(limits.BoundedReader(data), "page.heic")
            decode_picture(data, "page.heic")
        assert caught.value.kind == "unsupported"


# --- what is inside -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_container_tells_the_pictures_and_their_end(kind):
    items = Container(FILES[kind]).items()
    assert len(items) == (2 if "alpha" in kind else 1)
    assert all(item.data and (item.width, item.height) != (0, 0) for item in items)
    assert Container(FILES[kind]).is_whole()
    assert not Container(FILES[kind][:-1]).is_whole()


@pytest.mark.parametrize("side", [16, 17, 100, 1000, 4097])
def test_a_stream_tells_the_size_that_is_decoded(side):
    data = pictures.encode(Image.new("L", (side, 24), 9), "AVIF", speed=10)
    (item,) = Container(data).items()
    assert decoded_pixels(item.data) == (max(side, 24), side * 24)


def test_the_frames_of_a_stream_count():
    frame = Image.new("RGB", (64, 48), "red")
    data = pictures.encode(frame, "AVIF", save_all=True, append_images=[frame] * 3)
    items = Container(data).items()
    assert [item.kind for item in items] == [b"av01", b"trak"]
    for item in items:
        longest, pixels = decoded_pixels(item.data)
        assert longest == 64 and pixels == 64 * 64  # 48 takes as many bits as 64


# --- files that cost much more than they weigh ----------------------------------------------------


def white(side: int) -> bytes:
    return pictures.encode(Image.new("L", (side, side), 255), "AVIF", speed=10, quality=1)


def box(kind: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def container(*boxes: bytes, brand: bytes = b"avif") -> bytes:
    return box(b"ftyp", brand, bytes(4), brand) + box(b"meta", bytes(4), *boxes)


def items(count: int, parts: int, length: int) -> bytes:
    """Items whose parts all are the whole file."""
    entries = (
        struct.pack(">HHH", n, 0, parts) + struct.pack(">II", 0, length) * parts
        for n in range(count)
    )
    infos = (box(b"infe", b"\2\0\0\0", struct.pack(">HH", n, 0), b"av01\0") for n in range(count))
    return container(
        box(b"iinf", bytes(4), struct.pack(">H", count), *infos),
        box(b"iloc", bytes(4), b"\x44\0", struct.pack(">H", count), *entries),
    ) + bytes(length)


def repeated() -> bytes:
    """The stream of one item is the same frame, over and over again."""
    data = white(64)
    (item,) = Container(data).items()
    at = data.index(item.data)
    many = item.data * 40
    location = data.index(struct.pack(">I", len(item.data)))
    data = data[:location] + struct.pack(">I", len(many)) + data[location + 4 : at] + many
    mdat = data.index(b"mdat") - 4
    return data[:mdat] + struct.pack(">I", len(data) - mdat) + data[mdat + 4 :]


HOSTILE = {
    "a box without end": lambda: (
        b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + b"\0\0\0\1meta" + b"\xff" * 40
    ),
    "many boxes": lambda: container(box(b"free") * 500_000),
    "boxes in boxes": lambda: container(*[box(b"iprp", box(b"ipco", box(b"free")))] * 100_000),
    "items that are the file": lambda: items(5000, 1, 4_000_000),
    "parts that are the file": lambda: items(1, 5000, 4_000_000),
    "many parts": lambda: items(100, 3000, 1),
    "properties of many items": lambda: container(
        box(b"iprp", box(b"ipco"), box(b"ipma", bytes(4), b"\xff" * 4, bytes(1_000_000)))
    ),
}


@pytest.mark.parametrize("brand", [b"avif", b"heic"])
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_container_costs_little(kind, brand):
    if brand == b"heic":
        pytest.importorskip("pillow_heif")
    data = HOSTILE[kind]().replace(b"avif", brand).replace(b"mif1miaf", b"mif1mif1")
    before, began = memory.begin(), time.process_time()
    with pytest.raises(DeepPaintError, match=r"^it: "):
        decode_picture(data, "it")
    assert time.process_time() - began < 2
    assert memory.peak() - before < 300 << 20


def test_a_stream_larger_than_the_limits_is_refused_whatever_the_file_claims(monkeypatch):
    """libavif would decode it and scale it down."""
    data = white(256).replace(struct.pack(">II", 256, 256), struct.pack(">II", 64, 64))
    assert decode_picture(data, "it").shape == (64, 64, 3)
    monkeypatch.setattr(limits, "MAX_SIDE", 255)
    with pytest.raises(DeepPaintError, match="256 x 256 pixels"):
        decode_picture(data, "it")


def test_the_frames_of_a_stream_are_bounded_together(monkeypatch):
    data = repeated()
    assert decode_picture(data, "it").shape == (64, 64, 3)
    monkeypatch.setattr(heif, "_MOST_PIXELS", 39 * 64 * 64)
    with pytest.raises(DeepPaintError, match="pixels in all"):
        decode_picture(data, "it")


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_a_picture_over_the_limits_is_refused_before_it_is_decoded(kind):
    rgba = smooth(64, 64)
    data = encode(rgba, kind, mode="RGB")
    for size in ((8193, 64), (64, 8193), (2**31, 2**31)):
        claimed = data.replace(struct.pack(">II", 64, 64), struct.pack(">II", *size))
        assert claimed != data
        with pytest.raises(DeepPaintError, match=f"{size[0]} x {size[1]} pixels"):
            decode_rgba(claimed, "it")


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutated_container_is_a_picture_or_refused(kind):
    rng = np.random.default_rng(5)
    end = FILES[kind].index(b"mdat")
    for _ in range(300):
        data = bytearray(FILES[kind])
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(0, end)] = rng.choice([0, 1, 127, 255, rng.integers(256)])
        try:
            assert decode_picture(bytes(data), "it").size
        except DeepPaintError as error:
            assert str(error).startswith("it: ") and "\n" not in str(error)
