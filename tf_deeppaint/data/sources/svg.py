"""Rasterizing SVG, which needs the package `resvg_py`.

The rasterizer trusts its input: it opens the files that a document names, draws filters for hours,
and its stack ends with deep groups. So only documents of plain shapes reach it.
"""

import re
import xml.parsers.expat
from collections.abc import Mapping
from types import ModuleType

import numpy as np

from tf_deeppaint.images.pixels import over_white
from tf_deeppaint.utils.commands import install_command
from tf_deeppaint.utils.errors import DeepPaintError

# Bytes, elements and levels of a document; the largest of the fetched art have 62,000, 900 and 8.
_MAX_BYTES, _MAX_ELEMENTS, _MAX_LEVELS = 2**22, 50_000, 64
# Elements that are drawn in all, those that `use` repeats included.
_MAX_DRAWN = 200_000
_SHAPES = ("path", "circle", "ellipse", "line", "polyline", "polygon", "rect")
_AROUND = ("svg", "g", "defs", "symbol", "use", "clipPath", "mask", "title", "desc", "metadata")
_COLORS = ("style", "linearGradient", "radialGradient", "stop")
# A reference to anything but a part of the document itself.
_ELSEWHERE = re.compile(r"""url\(\s*["']?\s*(?!#)""")


def rasterize(svg: bytes, name: str, size: int, background: str | None = None) -> np.ndarray:
    """Draws SVG: uint8 RGB `(H, W, 3)`, the longer side `size` pixels.

    Args:
        svg: The document, UTF-8, with a size of its own.
        name: How an error names it.
        size: Longer side in pixels.
        background: The color of the canvas; white by default.

    Raises:
        DeepPaintError: it is not an SVG of plain shapes, or the rasterizer is not installed.
    """
    from tf_deeppaint.images.decoding import decode_rgba

    resvg = load_rasterizer()
    try:
        _Checker().check(svg)
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
        raise DeepPaintError(f"drawing SVG needs resvg_py: run {install_command('svg')}") from error
    return resvg_py


class _Checker:
    """Checks a document as it is parsed: what is in it, and how much is drawn."""

    def __init__(self):
        self._elements = self._level = 0
        self._open: list[str] = []  # the names that the elements around have
        self._own: dict[str, int] = {}  # elements below each name
        self._used: dict[str, list[str]] = {"": []}  # names that are drawn again below each name

    def check(self, svg: bytes) -> None:
        """Raises ValueError unless a document holds plain shapes, and few enough."""
        if len(svg) > _MAX_BYTES:
            raise ValueError(f"over {_MAX_BYTES >> 20} MiB")
        parser = xml.parsers.expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.EntityDeclHandler = self._entity
        try:
            parser.Parse(svg, True)
        except xml.parsers.expat.ExpatError as error:
            raise ValueError(str(error)) from error
        self._count_drawn("", ())

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        self._level += 1
        if self._elements > _MAX_ELEMENTS or self._level > _MAX_LEVELS:
            raise ValueError("more elements, or deeper ones, than a drawing has")
        if name.rpartition(":")[2] not in (*_SHAPES, *_AROUND, *_COLORS):
            raise ValueError(f"a {name[:40]} is no plain shape")
        own_name = attributes.get("id", "")
        self._open.append(own_name)
        for around in {"", *self._open}:
            self._own[around] = self._own.get(around, 0) + 1
        for key, value in attributes.items():
            is_link = key.rpartition(":")[2] == "href"
            if _ELSEWHERE.search(value) or (is_link and not value.strip().startswith("#")):
                raise ValueError("it refers to something outside of it")
            if is_link:
                for around in {"", *self._open}:
                    self._used.setdefault(around, []).append(value.strip()[1:])

    def _end(self, name: str) -> None:
        self._level -= 1
        self._open.pop()

    def _entity(self, *_: object) -> None:
        raise ValueError("it declares entities")

    def _count_drawn(self, name: str, around: tuple[str, ...]) -> int:
        """Elements that are drawn for a name; raises ValueError where there are too many."""
        if name in around or len(around) > _MAX_LEVELS:
            raise ValueError("it draws a part inside of itself")
        drawn = self._own.get(name, 0)
        for used in self._used.get(name, ()):
            drawn += self._count_drawn(used, (*around, name))
            if drawn > _MAX_DRAWN:
                raise ValueError("it draws more than a drawing has")
        return drawn
