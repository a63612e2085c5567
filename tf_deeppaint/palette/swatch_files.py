"""Lists of colors as other programs keep them: GIMP's and Adobe's swatches, and hex codes.

* `.gpl`: GIMP, Krita, Inkscape, MyPaint: text, one color a line.
* `.ase`: Adobe Swatch Exchange, of Illustrator, InDesign and Photoshop.
* `.aco`: Photoshop's color swatches (Adobe Photoshop File Formats Specification, "Color swatches").
* `.hex`, `.txt`: codes `rrggbb` or `#rrggbb`, as Lospec lists them.

CMYK becomes RGB by the plain formula, CIELAB by the white point D50, as in pictures.
"""

import colorsys
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tf_deeppaint.images.pixels import WHITE

_GPL = "GIMP Palette"
_GPL_LINE = re.compile(r"\s*(\d{1,3})\s+(\d{1,3})\s+(\d{1,3})(?:\s.*)?")
_HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
_ASE, _ASE_COLOR, _ASE_NORMAL = b"ASEF", 1, 2
_ASE_PARTS = {b"RGB ": 3, b"CMYK": 4, b"LAB ": 3, b"Gray": 1}
# Photoshop's color spaces.
_RGB, _HSB, _CMYK, _LAB, _GRAY = 0, 1, 2, 7, 8

# From XYZ of the white point D50 to linear sRGB, adapted by Bradford's method:
# http://www.brucelindbloom.com/Eqn_RGB_XYZ_Matrix.html
_TO_SRGB = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)


class Swatches(NamedTuple):
    """How a kind of file is read and written.

    Attributes:
        read: Bytes to colors, uint8 `(n, 3)`; raises ValueError, or struct.error where the file is
            cut off.
        write: Colors and their names to bytes.
    """

    read: Callable[[bytes], np.ndarray]
    write: Callable[[np.ndarray, Sequence[str]], bytes]


def _read_gpl(data: bytes) -> np.ndarray:
    lines = data.decode("utf-8", "replace").lstrip("\ufeff").splitlines()
    if not lines or lines[0].strip() != _GPL:
        raise ValueError(f"its first line is not {_GPL!r}")
    colors = []
    for line in lines[1:]:
        if match := _GPL_LINE.fullmatch(line):
            colors.append([int(level) for level in match.groups()])
        elif line.strip() and not line.startswith(("#", "Name:", "Columns:")):
            raise ValueError(f"{line.strip()[:40]!r} is no color")
    if max(map(max, colors), default=0) > WHITE:
        raise ValueError("a level is over 255")
    return np.array(colors, np.uint8).reshape(-1, 3)


def _write_gpl(colors: np.ndarray, names: Sequence[str]) -> bytes:
    lines = [_GPL, "Name: tf-deeppaint", "Columns: 4", "#"]
    for color, name in zip(colors.tolist(), names, strict=True):
        lines.append("{:3} {:3} {:3}\t{}".format(*color, name))
    return "\n".join([*lines, ""]).encode()


def _read_hex(data: bytes) -> np.ndarray:
    codes = []
    for line in data.decode("utf-8", "replace").lstrip("\ufeff").splitlines():
        for word in re.split(r"[\s,]+", line.partition(";")[0].strip()):
            if word and not _HEX.fullmatch(word):
                raise ValueError(f"{word[:40]!r} is no color; write one rrggbb a line")
            codes += [word.lstrip("#")] if word else []
    codes = [code if len(code) == 6 else "".join(2 * digit for digit in code) for code in codes]
    return np.frombuffer(bytes.fromhex("".join(codes)), np.uint8).reshape(-1, 3)


def _write_hex(colors: np.ndarray, names: Sequence[str]) -> bytes:
    return "".join(f"{bytes(color).hex()}\n" for color in colors).encode()


def _read_ase(data: bytes) -> np.ndarray:
    if data[:4] != _ASE:
        raise ValueError("it does not begin with ASEF")
    (count,) = struct.unpack_from(">I", data, 8)
    colors, position = [], 12
    for _ in range(min(count, len(data))):
        kind, length = struct.unpack_from(">HI", data, position)
        if kind == _ASE_COLOR:
            (letters,) = struct.unpack_from(">H", data, position + 6)
            start = position + 8 + 2 * letters
            (model,) = struct.unpack_from("4s", data, start)
            if model not in _ASE_PARTS:
                raise ValueError(f"colors of the model {model!r} are not read")
            parts = struct.unpack_from(f">{_ASE_PARTS[model]}f", data, start + 4)
            colors.append(_from_ase(model, np.array(parts)))
        position += 6 + length
    return np.array(colors, np.uint8).reshape(-1, 3)


def _from_ase(model: bytes, parts: np.ndarray) -> np.ndarray:
    if not np.isfinite(parts).all():
        raise ValueError("a color is no number")
    if model == b"LAB ":
        return _from_lab(100 * parts[0], *parts[1:])
    return _from_cmyk(parts) if model == b"CMYK" else _to_levels(np.resize(parts, 3))


def _write_ase(colors: np.ndarray, names: Sequence[str]) -> bytes:
    blocks = []
    for color, name in zip(colors, names, strict=True):
        text = f"{name}\0".encode("utf-16-be")
        parts = struct.pack(">3f", *(color / WHITE))
        body = struct.pack(">H", len(text) // 2) + text + b"RGB " + parts
        body += struct.pack(">H", _ASE_NORMAL)
        blocks.append(struct.pack(">HI", _ASE_COLOR, len(body)) + body)
    return _ASE + struct.pack(">HHI", 1, 0, len(blocks)) + b"".join(blocks)


def _read_aco(data: bytes) -> np.ndarray:
    version, count = struct.unpack_from(">HH", data)
    if version not in (1, 2):
        raise ValueError("it is no list of Photoshop's swatches")
    return np.array(list(_walk_aco(data, version, count)), np.uint8).reshape(-1, 3)


def _walk_aco(data: bytes, version: int, count: int) -> Iterator[np.ndarray]:
    position = 4
    for _ in range(count):
        space, *values = struct.unpack_from(">5H", data, position)
        yield _from_aco(space, np.array(values, np.float64))
        position += 10
        if version == 2:  # a name follows
            (letters,) = struct.unpack_from(">I", data, position)
            position += 4 + 2 * letters


def _from_aco(space: int, values: np.ndarray) -> np.ndarray:
    most = 2**16 - 1
    if space == _RGB:
        return _to_levels(values[:3] / most)
    if space == _HSB:
        return _to_levels(np.array(colorsys.hsv_to_rgb(*(values[:3] / most))))
    if space == _CMYK:  # 0 is all ink
        return _from_cmyk(1 - values / most)
    if space == _LAB:
        signed = (values[1:3] + 2**15) % 2**16 - 2**15
        return _from_lab(values[0] / 100, *(signed / 100))
    if space == _GRAY:
        return _to_levels(np.repeat(values[0] / 10_000, 3))
    raise ValueError(f"colors of Photoshop's space {space} are not read")


def _write_aco(colors: np.ndarray, names: Sequence[str]) -> bytes:
    """Both versions, one behind the other, as Photoshop does: the second has the names."""
    values = [struct.pack(">5H", _RGB, *(257 * int(level) for level in c), 0) for c in colors]
    texts = [f"{name}\0".encode("utf-16-be") for name in names]
    named = [
        value + struct.pack(">I", len(text) // 2) + text
        for value, text in zip(values, texts, strict=True)
    ]
    first, second = (struct.pack(">HH", version, len(values)) for version in (1, 2))
    return first + b"".join(values) + second + b"".join(named)


def _to_levels(parts: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(parts, 0, 1) * WHITE).astype(np.uint8)


def _from_cmyk(ink: np.ndarray) -> np.ndarray:
    return _to_levels((1 - ink[:3]) * (1 - ink[3]))


def _from_lab(lightness: float, a: float, b: float) -> np.ndarray:
    from skimage.color import lab2xyz

    lab = np.clip([lightness, a, b], (0, -128, -128), (100, 128, 128))
    linear = np.clip(_TO_SRGB @ lab2xyz(lab[None], illuminant="D50")[0], 0, 1)
    # IEC 61966-2-1.
    curved = 1.055 * linear ** (1 / 2.4) - 0.055
    return _to_levels(np.where(linear <= 0.0031308, 12.92 * linear, curved))


# By suffix.
SWATCHES = {
    ".gpl": Swatches(_read_gpl, _write_gpl),
    ".ase": Swatches(_read_ase, _write_ase),
    ".aco": Swatches(_read_aco, _write_aco),
    ".hex": Swatches(_read_hex, _write_hex),
    ".txt": Swatches(_read_hex, _write_hex),
}
