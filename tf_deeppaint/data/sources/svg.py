"""Rasterizing SVG, which needs the package `resvg_py`."""

from types import ModuleType

import numpy as np

from tf_deeppaint.images.pixels import over_white
from tf_deeppaint.utils.errors import DeepPaintError


def rasterize(svg: bytes, name: str, size: int, background: str | None = None) -> np.ndarray:
    """Draws SVG: uint8 RGB `(H, W, 3)`, the longer side `size` pixels.

    Args:
        svg: The document, UTF-8, with a size of its own.
        name: How an error names it.
        size: Longer side in pixels.
        background: The color of the canvas; white by default.

    Raises:
        DeepPaintError: it is not an SVG, or the rasterizer is not installed.
    """
    from tf_deeppaint.images.decoding import decode_rgba

    resvg = load_rasterizer()
    try:
        # As text, not as a path: the file is then read here and by no rule of the rasterizer's.
        # Fonts differ from machine to machine, and the art has none.
        png = resvg.svg_to_bytes(
            svg_string=svg.decode("utf-8"),
            width=size,
            height=size,
            background=background,
            skip_system_fonts=True,
        )
    except ValueError as error:
        raise DeepPaintError(f"{name}: not an SVG that can be drawn ({error})", "no SVG") from error
    return over_white(decode_rgba(png, name))


def load_rasterizer() -> ModuleType:
    """Imports the rasterizer.

    Raises:
        DeepPaintError: it is not installed.
    """
    try:
        import resvg_py
    except ImportError as error:
        raise DeepPaintError(
            'drawing SVG needs resvg_py: run pip install "tf-deeppaint[svg]"'
        ) from error
    return resvg_py
