"""Picture files of every format, as Pillow writes them, for the tests that read pictures."""

import io

import numpy as np
from PIL import Image

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
        "PNG grey": encode(image("L"), "PNG"),
        "PNG grey 16": encode(image("I;16"), "PNG"),
        "PNG bits": encode(image("1"), "PNG"),
        "PNG colours": encode(image("P"), "PNG", transparency=3),
        "PNG alpha": encode(image("RGBA"), "PNG"),
        "JPEG": encode(image("RGB"), "JPEG"),
        "JPEG progressive": encode(image("RGB"), "JPEG", progressive=True),
        "JPEG CMYK": encode(image("CMYK"), "JPEG"),
        "GIF": encode(image("P"), "GIF"),
        "BMP": encode(image("RGB"), "BMP"),
        "BMP colours": encode(image("P"), "BMP"),
        "WebP": encode(image("RGB"), "WEBP"),
        "WebP lossy alpha": encode(image("RGBA"), "WEBP"),
        "WebP lossless": encode(image("RGB"), "WEBP", lossless=True),
        "WebP alpha": encode(image("RGBA"), "WEBP", lossless=True),
    }
