"""Picture files of every format, as Pillow writes them, for the tests that read pictures."""

import importlib.util
import io
import struct
import zlib
from typing import NamedTuple

import numpy as np
from PIL import Image

from tests.helpers import psd_files

HEIGHT, WIDTH = 12, 17


def gradient() -> np.ndarray:
    """A picture with no symmetry, uint8 RGB (12, 17, 3)."""
    rows, columns = np.indices((HEIGHT, WIDTH))
    return np.stack([rows * 20, columns * 14, 250 - rows * 9 - columns * 8], -1).astype(np.uint8)


def transparent() -> np.ndarray:
    """The gradient with every level of opacity, uint8 RGBA (12, 17, 4)."""
    alpha = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH) * 255 // (HEIGHT * WIDTH - 1)
    return np.dstack([gradient(), alpha.astype(np.uint8)])


def image(mode: str) -> Image.Image:
    """The gradient as a Pillow image of a mode; those with an alpha channel use it."""
    if mode == "I;16":
        return Image.fromarray(gradient()[..., 0].astype(np.uint16) * 257)
    source = transparent() if mode in ("LA", "RGBA") else gradient()
    return Image.fromarray(source).convert(mode)


def encode(picture: Image.Image, kind: str, **options) -> bytes:
    """The bytes of a picture file."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def one_of_each() -> dict[str, bytes]:
    """A small valid file for each way of storing a picture, by a name for it."""
    return {
        "PNG gray": encode(image("L"), "PNG"),
        "PNG gray 16": encode(image("I;16"), "PNG"),
        "PNG bits": encode(image("1"), "PNG"),
        "PNG colors": encode(image("P"), "PNG", transparency=3),
        "PNG alpha": encode(image("RGBA"), "PNG"),
        "JPEG": encode(image("RGB"), "JPEG"),
        "JPEG progressive": encode(image("RGB"), "JPEG", progressive=True),
        "JPEG CMYK": encode(image("CMYK"), "JPEG"),
        "GIF": encode(image("P"), "GIF"),
        "BMP": encode(image("RGB"), "BMP"),
        "BMP colors": encode(image("P"), "BMP"),
        "WebP": encode(image("RGB"), "WEBP"),
        "WebP lossy alpha": encode(image("RGBA"), "WEBP"),
        "WebP lossless": encode(image("RGB"), "WEBP", lossless=True),
        "WebP alpha": encode(image("RGBA"), "WEBP", lossless=True),
        "TIFF": encode(image("RGB"), "TIFF"),
        "TIFF gray 16": encode(image("I;16"), "TIFF"),
        "TIFF bits": encode(image("1"), "TIFF", compression="group4"),
        "TIFF colors": encode(image("P"), "TIFF", compression="packbits"),
        "TIFF alpha": encode(image("RGBA"), "TIFF", compression="tiff_lzw"),
        "TIFF CMYK": encode(image("CMYK"), "TIFF", compression="tiff_adobe_deflate"),
        "TIFF JPEG": encode(image("RGB"), "TIFF", compression="jpeg"),
        "PSD": psd_files.psd(channels("RGB")),
        "PSD gray": psd_files.psd(channels("L"), psd_files.GRAY, packed=True),
        "AVIF": encode(image("RGB"), "AVIF"),
        "AVIF alpha": encode(image("RGBA"), "AVIF"),
        **_heic(),
    }


def channels(mode: str) -> list[np.ndarray]:
    """The channels of the gradient in a mode, uint8 (12, 17) each."""
    pixels = np.asarray(image(mode))
    return [pixels] if pixels.ndim == 2 else list(np.moveaxis(pixels, -1, 0))


def _heic() -> dict[str, bytes]:
    """None where the library of this optional extra is missing."""
    if importlib.util.find_spec("pillow_heif") is None:
        return {}
    import pillow_heif

    pillow_heif.register_heif_opener()
    return {
        "HEIC": encode(image("RGB"), "HEIF"),
        "HEIC alpha": encode(image("RGBA"), "HEIF"),
    }


def more_seeds() -> list[bytes]:
    """Files of formats that Pillow does not write, or reads otherwise than they are shown."""
    rgba = transparent()
    profile = psd_files.resolution(300, 300), (1039, bytes(300))
    first, other = image("RGB"), Image.fromarray(255 - gradient())
    return [
        psd_files.psd(channels("RGB"), resources=profile, packed=True),
        psd_files.psd(psd_files.over_white(rgba), layers=-2),
        psd_files.psd(channels("CMYK"), psd_files.CMYK),
        psd_files.psd(channels("L"), psd_files.INDEXED, palette=bytes(range(256)) * 3),
        psd_files.psd([np.packbits(rgba[..., 3] > 99, axis=1)], 0, 1, size=(HEIGHT, WIDTH)),
        encode(first, "PNG", save_all=True, append_images=[other], default_image=True),
        *(encode(first, "JPEG", progressive=progressive)[:-2] for progressive in (False, True)),
        encode(first, "JPEG", restart_marker_blocks=1, subsampling=0)[:-1],
        *_heic().values(),
    ]


# --- every kind of file --------------------------------------------------------------------------


class Specimen(NamedTuple):
    """A picture file, and how far two readers of it may differ.

    Lossless ones differ by the rounding over white, half a level. Of lossy ones the standards
    leave the last bits of the transforms, and the weights of chroma, to the decoder; so their mean
    difference counts, and one level is allowed. `whole` is false where a file is to be refused.
    """

    data: bytes
    lossy: bool = False
    whole: bool = True


def zoo() -> dict[str, Specimen]:
    """All the modes in which pictures come, by a name for each."""
    return {
        **_modes(),
        **_orientations(),
        **_animations(),
        **_shapes(),
        **{
            f"{kind}, cut to {part:.0%}": Specimen(data[: int(part * len(data))], whole=False)
            for kind, data in one_of_each().items()
            for part in (0.3, 0.6, 0.9)
        },
    }


def _modes() -> dict[str, Specimen]:
    lossless = [
        *(("PNG", mode, {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
        *(("BMP", mode, {}) for mode in ("1", "L", "P", "RGB")),
        *(("GIF", mode, {}) for mode in ("1", "L", "P")),
        *(("WEBP", mode, {"lossless": True}) for mode in ("L", "RGB", "RGBA")),
        ("PNG", "P", {"transparency": 3}),
        ("PNG", "P", {"transparency": bytes(range(256))}),
        ("PNG", "RGB", {"transparency": tuple(gradient()[3, 3].tolist())}),
        ("PNG", "L", {"transparency": 100}),
        ("PNG", "1", {"transparency": 0}),
        ("GIF", "P", {"transparency": 3}),
    ]
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        modes = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16")
        lossless += [("TIFF", mode, {"compression": compression}) for mode in modes]
    lossless += [("TIFF", "1", {"compression": f"group{number}"}) for number in (3, 4)]
    lossy = [
        *(("JPEG", mode, {"quality": 95}) for mode in ("L", "RGB", "CMYK")),
        *(("TIFF", mode, {"compression": "jpeg", "quality": 95}) for mode in ("L", "RGB")),
        *(("AVIF", mode, {"quality": 95}) for mode in ("L", "RGB", "RGBA")),
        ("JPEG", "RGB", {"progressive": True}),
        *(("WEBP", mode, {}) for mode in ("RGB", "RGBA")),
    ]
    files = {
        f"{kind} {mode} {options or ''}": Specimen(encode(image(mode), kind, **options), is_lossy)
        for listed, is_lossy in ((lossless, False), (lossy, True))
        for kind, mode, options in listed
    }
    deep = {
        "gray": (gradient()[..., :1], 0),
        "gray and alpha": (transparent()[..., [0, 3]], 4),
        "RGB": (gradient(), 2),
        "RGBA": (transparent(), 6),
    }
    for name, (levels, color_type) in deep.items():
        # The lower byte differs from the upper one, so that a swap of the two would show.
        sixteen = levels.astype(np.uint16) * 256 + 255 - levels
        files[f"PNG 16 bits {name}"] = Specimen(png16(sixteen, color_type))
    return files


def _orientations() -> dict[str, Specimen]:
    kinds = [
        ("JPEG", "RGB", {"quality": 95}, True),
        ("PNG", "RGB", {}, False),
        ("PNG", "RGBA", {}, False),
        ("WEBP", "RGB", {"lossless": True}, False),
        ("WEBP", "RGBA", {"lossless": True}, False),
        ("AVIF", "RGB", {"quality": 95}, True),
        ("TIFF", "RGB", {}, False),
        ("TIFF", "RGBA", {"compression": "tiff_lzw"}, False),
    ]
    return {
        f"{kind} {mode} oriented {orientation}": Specimen(
            encode(image(mode).resize((64, 40)), kind, exif=oriented(orientation), **options), lossy
        )
        for kind, mode, options, lossy in kinds
        for orientation in range(1, 9)
    }


def oriented(orientation: int) -> Image.Exif:
    """EXIF data of an orientation, 1 to 8."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def _animations() -> dict[str, Specimen]:
    frames = [np.roll(transparent(), shift, axis=(0, 1)) for shift in (0, 4, 8)]
    opaque = [Image.fromarray(frame[..., :3].copy()) for frame in frames]
    # GIF knows no half-transparency; Pillow would dither it.
    holed = [np.dstack([f[..., :3], np.where(f[..., 3] < 90, 0, 255)]) for f in frames]
    holed = [Image.fromarray(frame.astype(np.uint8)) for frame in holed]
    files = {}
    for kind, options in (("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("TIFF", {})):
        for name, pictures in (("opaque", opaque), ("transparent", holed)):
            options = {"save_all": True, "append_images": pictures[1:], **options}
            files[f"{kind} animated, {name}"] = Specimen(encode(pictures[0], kind, **options))
    more = {"save_all": True, "append_images": opaque[1:], "quality": 95}
    files["AVIF animated"] = Specimen(encode(opaque[0], "AVIF", **more), lossy=True)
    levels = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).astype(np.uint8)
    files["GIF of a local palette"] = Specimen(gif(levels))
    files["GIF of a local palette, transparent"] = Specimen(gif(levels, transparent=77))
    files["GIF with a frame inside"] = Specimen(gif(levels, transparent=77, margin=5))
    return files


def _shapes() -> dict[str, Specimen]:
    files = {}
    for height, width in ((1, 1), (1, 5000), (5000, 1)):
        rows, columns = np.indices((height, width))
        levels = np.stack([rows // 20, columns // 20, (rows + columns) % 2 * 99], -1)
        picture = Image.fromarray(levels.astype(np.uint8))
        for kind in ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"):
            options = {"lossless": True} if kind == "WEBP" else {}
            data = encode(picture, kind, **options)
            files[f"{kind} {height} x {width}"] = Specimen(data, lossy=kind == "JPEG")
    return files


def png16(levels: np.ndarray, color_type: int) -> bytes:
    """A PNG of 16 bits a channel, uint16 `(H, W, C)`, which Pillow reads but does not write."""
    height, width, _ = levels.shape
    rows = levels.astype(">u2").reshape(height, -1).view(np.uint8)
    unfiltered = np.insert(rows, 0, 0, axis=1).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(unfiltered)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, content) for kind, content in chunks)


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG file, with its length and checksum."""
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def smuggling_jpeg(side: int) -> bytes:
    """A JPEG that a careless reader takes for the small gradient, and a decoder for a huge square.

    A marker that stands alone comes before the huge picture's frame. Who takes that for a length
    passes over the whole picture and goes on at the small one behind it.
    """
    small = encode(image("RGB"), "JPEG")
    size = small.index(b"\xff\xc0") + 5
    huge = small[2:size] + struct.pack(">HH", side, side) + small[size + 4 : -2]
    frame = huge.index(b"\xff\xc0")
    end = frame + 2 + int.from_bytes(huge[frame + 2 : frame + 4], "big")
    first = huge[frame:end] + huge[:frame] + huge[end:]  # the frame's marker reads as 65472
    return b"\xff\xd8\xff\x01" + first.ljust(0xFFC0, b"\0") + small[2:]


def gif(levels: np.ndarray, transparent: int | None = None, margin: int = 0) -> bytes:
    """A GIF whose frame has a palette of its own, which Pillow never gives the first.

    Args:
        levels: uint8 `(H, W)`, indices of colors.
        transparent: The index that is transparent.
        margin: Width of the empty screen around the frame.
    """
    height, width = levels.shape
    screen = struct.pack("<HHBBB", width + 2 * margin, height + 2 * margin, 0xF7, 0, 0)
    gray = np.arange(256, dtype=np.uint8).repeat(3).tobytes()
    own = np.random.default_rng(5).integers(0, 256, 768, dtype=np.uint8).tobytes()
    control = struct.pack(
        "<BBBBHBB", 0x21, 0xF9, 4, transparent is not None, 0, transparent or 0, 0
    )
    frame = b"," + struct.pack("<HHHHB", margin, margin, width, height, 0x87)
    return b"GIF89a" + screen + gray + control + frame + own + _gif_pixels(levels) + b";"


def _gif_pixels(levels: np.ndarray) -> bytes:
    """LZW that never uses its table: it is cleared before its codes would grow to ten bits."""
    clear, end = 256, 257
    codes = []
    for number, level in enumerate(levels.ravel().tolist()):
        codes += [clear, level] if number % 250 == 0 else [level]
    bits = sum(code << 9 * number for number, code in enumerate([*codes, end]))
    packed = bits.to_bytes((9 * len(codes) + 16) // 8, "little")
    blocks = (packed[start : start + 255] for start in range(0, len(packed), 255))
    return b"\x08" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


# --- an oracle for resizing ---------------------------------------------------------------------


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
