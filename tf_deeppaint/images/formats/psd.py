"""PSD files: the flattened picture that Photoshop stores behind the layers.

The format is documented at https://www.adobe.com/devnet-apps/photoshop/fileformatashtml/. Pillow
reads the picture; what it takes for something else is put right here.
"""

import struct

import numpy as np
from PIL import Image, ImageChops, ImageFile
from PIL.PsdImagePlugin import PsdImageFile

from tf_deeppaint.images.formats.limits import BoundedReader, check_size
from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.utils.errors import DeepPaintError

_HEADER = struct.Struct(">4sH6xHIIHH")
# Color modes by their number in the header.
_MODES = {0: "bitmap", 1: "gray", 2: "indexed", 3: "RGB", 4: "CMYK", 8: "duotone", 9: "Lab"}
# Image resources: resolution, ICC profile, and whether the flattened picture was stored.
_RESOLUTION, _VERSION_INFO = 1005, 1057
_DPI_UNIT = 2**16  # pixels an inch are stored in 65,536ths


class _Psd(PsdImageFile):
    def load_end(self) -> None:
        """Puts right what Pillow reads otherwise than Photoshop stores it."""
        if self.mode == "1":
            self.im = ImageChops.invert(self).im  # 1 is black
        elif self.mode == "RGBA" and not self._is_transparent():
            self.im = self.convert("RGB").im  # the fourth channel is a stored selection
            self._mode = "RGB"
        elif self.mode == "RGBA":
            self.im = Image.fromarray(_without_paper(np.array(self))).im

    def _is_transparent(self) -> bool:
        """Whether the fourth channel is transparency: a negative number of layers says so."""
        if self._layers_position is None:
            return False
        data = self._fp.getvalue()
        return data[self._layers_position] > 127


def open_psd(reader: BoundedReader, name: str) -> ImageFile.ImageFile:
    """Opens the flattened picture of a PSD; see `registry.Format.opens`."""
    _, version, _, height, width, bits, mode = _HEADER.unpack_from(reader.getvalue())
    if version != 1:
        raise DeepPaintError(f"{name}: a PSB file; save it as PNG or TIFF", "unsupported")
    if mode not in _MODES or bits != (8 if mode else 1):
        kind = f"{_MODES.get(mode, 'multichannel')} of {bits} bits"
        raise DeepPaintError(
            f"{name}: a PSD of a kind not read ({kind}); save it with 8 bits a channel as RGB, "
            "gray or CMYK",
            "unsupported",
        )
    check_size(width, height, name)  # Pillow goes through all rows already to open it
    picture = _Psd(reader)
    resources = {number: content for number, _, content in picture.resources}
    if resources.get(_VERSION_INFO, b"\0\0\0\0\1")[4:5] == b"\0" or not picture.tile:
        raise DeepPaintError(
            f"{name}: a PSD without its flattened picture; save it with 'Maximize compatibility', "
            "or as PNG",
            "unsupported",
        )
    if len(stored := resources.get(_RESOLUTION, b"")) >= 12:
        horizontal, vertical = struct.unpack(">I4xI", stored[:12])
        picture.info["dpi"] = horizontal / _DPI_UNIT, vertical / _DPI_UNIT
    return picture


def is_whole_psd(data: bytes) -> bool:
    """Whether the three sections in front of the picture lie inside the file."""
    position = _HEADER.size
    for _ in range(3):
        if position + 4 > len(data):
            return False
        position += 4 + struct.unpack_from(">I", data, position)[0]
    return position + 2 < len(data)


def _without_paper(rgba: np.ndarray) -> np.ndarray:
    """Takes away the white paper over which Photoshop stores transparent colors.

    A stored color is `opacity * color + (1 - opacity) * white`.
    """
    opacity = rgba[..., 3:].astype(np.int32)
    color = (rgba[..., :3].astype(np.int32) - WHITE + opacity) * WHITE / np.maximum(opacity, 1)
    color = np.where(opacity > 0, np.rint(color).clip(0, WHITE), WHITE)
    return np.dstack([color.astype(np.uint8), rgba[..., 3]])
