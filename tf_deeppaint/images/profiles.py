"""Colors of any model and ICC profile to sRGB."""

import io

from PIL import Image, ImageCms

# Bytes of an ICC profile; those of CMYK printers have 3 MB.
_MAX_ICC = 2**23
# Where in a profile its time stands: ICC.1:2022, table 17.
_DATE = slice(24, 36)
GRAY_MODES = ("1", "L", "LA", "La")


def to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Turns an opaque picture into sRGB by an ICC profile; without one, by the plain formulas.

    CIELAB, which needs none, has the white point D50, as in TIFF and PSD.
    """
    colors = picture
    if colors.mode not in ("L", "RGB", "CMYK", "LAB"):
        colors = colors.convert("L" if colors.mode in GRAY_MODES else "RGB")
    if colors.mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        return ImageCms.profileToProfile(colors, lab, _srgb(), outputMode="RGB")
    if profile and len(profile) <= _MAX_ICC:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "sRGB" not in ImageCms.getProfileDescription(source):
                return ImageCms.profileToProfile(colors, source, _srgb(), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # damaged, or of another kind of picture: such a profile is passed over
    return colors if colors.mode == "RGB" else colors.convert("RGB")


def srgb_profile() -> bytes:
    """The ICC profile of sRGB, without the time at which it was made: always the same bytes."""
    profile = bytearray(ImageCms.ImageCmsProfile(_srgb()).tobytes())
    profile[_DATE] = bytes(12)
    return bytes(profile)


def _srgb() -> ImageCms.core.CmsProfile:
    return ImageCms.createProfile("sRGB")
