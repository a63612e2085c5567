"""How many pixels an AV1 stream makes its decoder decode, before it does.

The decoder believes the stream, whatever the file around it claims. Only the headers are read that
tell sizes: https://aomediacodec.github.io/av1-spec/, 5.3 (OBUs) and 5.5 (sequence headers).
"""

_SEQUENCE_HEADER, _FRAME_HEADER, _FRAME = 1, 3, 6
# Bytes of a sequence header that are read; 32 operating points take 200.
_MOST_BYTES = 512


def decoded_pixels(stream: bytes) -> tuple[int, int]:
    """The longest side that a frame of a stream may have, and the pixels of all its frames.

    Raises:
        EOFError: the stream ends inside a header.
    """
    longest = pixels = size = position = 0
    while position < len(stream):
        header = stream[position]
        position += 2 if header & 4 else 1
        length = len(stream) - position
        if header & 2:
            length, position = _leb128(stream, position)
        kind = header >> 3 & 15
        if kind == _SEQUENCE_HEADER:
            width, height = _frame_size(stream[position : position + min(length, _MOST_BYTES)])
            longest, size = max(longest, width, height), width * height
        elif kind in (_FRAME_HEADER, _FRAME):
            pixels += size
        position += length
    return longest, pixels


def _leb128(stream: bytes, position: int) -> tuple[int, int]:
    """A number of at most 8 bytes, 7 bits in each, and where it ends: 4.10.5."""
    number = 0
    for count in range(8):
        if position >= len(stream):
            raise EOFError
        byte = stream[position]
        position += 1
        number |= (byte & 127) << 7 * count
        if byte < 128:
            break
    return number, position


class _Bits:
    """Reads numbers of any number of bits, the highest first."""

    def __init__(self, data: bytes):
        self.number = int.from_bytes(data, "big")
        self.left = 8 * len(data)

    def read(self, count: int) -> int:
        self.left -= count
        if self.left < 0:
            raise EOFError
        return self.number >> self.left & (1 << count) - 1

    def skip_uvlc(self) -> None:
        """Passes over a number written with as many zeros in front as it has bits: 4.10.3."""
        zeros = 0
        while not self.read(1):
            zeros += 1
        if zeros < 32:
            self.read(zeros)


def _frame_size(header: bytes) -> tuple[int, int]:
    """The largest width and height that a sequence header allows its frames."""
    bits = _Bits(header)
    bits.read(4)  # profile, whether it is a still picture
    is_reduced = bits.read(1)
    if is_reduced:
        bits.read(5)  # level
    else:
        _skip_timing(bits)
    lengths = bits.read(4) + 1, bits.read(4) + 1
    width, height = (bits.read(length) + 1 for length in lengths)
    # The header of a frame may state another size in as many bits, but not that of a still picture
    # with a reduced header.
    return (width, height) if is_reduced else (1 << lengths[0], 1 << lengths[1])


def _skip_timing(bits: _Bits) -> None:
    """Passes over timing and operating points: 5.5.1 to 5.5.4."""
    delay_bits = 0
    if bits.read(1):  # timing_info_present_flag
        bits.read(64)
        if bits.read(1):  # equal_picture_interval
            bits.skip_uvlc()
        if bits.read(1):  # decoder_model_info_present_flag
            delay_bits = bits.read(5) + 1
            bits.read(42)
    has_display_delay = bits.read(1)
    for _ in range(bits.read(5) + 1):
        bits.read(12)
        if bits.read(5) > 7:  # seq_level_idx
            bits.read(1)
        if delay_bits and bits.read(1):
            bits.read(2 * delay_bits + 1)
        if has_display_delay and bits.read(1):
            bits.read(4)
