"""PNG files: texts are left out, and the first frame of an APNG is shown.

Decoders unpack and keep every text, up to eight megabytes each: a file of six megabytes may so
take as many gigabytes. No pixel depends on them.
"""

from PIL.PngImagePlugin import PngImageFile

from tf_deeppaint.images.formats.limits import HEADER_READS, PIXEL_READS, BoundedReader

# W3C PNG, 11.3.3: textual information.
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
# Chunks that are looked at; what stands behind them is left out. A picture of 8192 x 8192 pixels in
# chunks of 8 KiB has some 30,000.
MAX_CHUNKS = 2**17
_SIGNATURE_BYTES, _FRAME_BYTES = 8, 12  # of the file; of a chunk around its data


def drop_texts(data: bytes) -> bytes:
    """A PNG file without its texts; any other bytes give some bytes."""
    if not any(name in data for name in TEXTS):
        return data
    pieces, position = [data[:_SIGNATURE_BYTES]], _SIGNATURE_BYTES
    while position + _FRAME_BYTES <= len(data) and len(pieces) <= MAX_CHUNKS:
        length = int.from_bytes(data[position : position + 4], "big")
        chunk = data[position : position + length + _FRAME_BYTES]
        pieces.append(b"" if chunk[4:8] in TEXTS else chunk)
        position += len(chunk)
    return b"".join(pieces)


class _Png(PngImageFile):
    def load_end(self) -> None:
        """Reads what stands behind the pixels, as many parts as in front of them."""
        self.fp.reads_left = HEADER_READS
        super().load_end()


def open_png(reader: BoundedReader, name: str) -> PngImageFile:
    """Opens a PNG file; of an APNG its first frame."""
    picture = _Png(BoundedReader(drop_texts(reader.getvalue())))
    if picture.default_image and picture.n_frames > 1:
        # The picture for programs that know no APNG; the first frame comes behind it.
        picture.fp.reads_left = PIXEL_READS
        picture.seek(1)
        picture._im = picture._prev_im = None  # a frame begins on nothing
        if picture.palette is not None:
            picture.palette.dirty = 1  # and without colors
    return picture
