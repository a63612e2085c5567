"""The resolution of a picture, in pixels an inch, as its file tells it."""

import math

from PIL import Image

# Horizontal and vertical pixels an inch.
Dpi = tuple[float, float]

# A number outside of these is no resolution: files that know none say 0 or 1.
_LEAST, _MOST = 10.0, 100_000.0
_X_RESOLUTION, _Y_RESOLUTION, _UNIT = 0x011A, 0x011B, 0x0128
# Units an inch by EXIF's ResolutionUnit: CIPA DC-008, tag 0x0128.
_UNITS = {2: 1.0, 3: 2.54}


def read_dpi(picture: Image.Image) -> Dpi | None:
    """Reads the resolution of an opened picture, not yet turned by EXIF's orientation.

    It stands in PNG's pHYs, JPEG's JFIF header, a TIFF, BMP or PSD; or else in EXIF. Its size must
    be bounded already.

    Returns:
        Horizontal and vertical pixels an inch; None where there is none, or no sound one.
    """
    for read in (_from_header, _from_exif):
        try:
            horizontal, vertical = map(float, read(picture))
        except Exception:  # damaged, or none; Pillow raises whatever reading TIFF raises
            continue
        # False for NaN too.
        if all(_LEAST <= value <= _MOST for value in (horizontal, vertical)):
            return horizontal, vertical
    return None


def _from_header(picture: Image.Image) -> tuple[float, float]:
    return picture.info["dpi"]


def _from_exif(picture: Image.Image) -> tuple[float, float]:
    if "exif" not in picture.info:  # Pillow would decode the pixels to look for it
        raise KeyError("exif")
    exif = picture.getexif()
    unit = _UNITS.get(exif.get(_UNIT, 2), math.nan)
    return exif[_X_RESOLUTION] * unit, exif[_Y_RESOLUTION] * unit
