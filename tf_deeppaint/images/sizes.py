"""The sizes that the networks take: a multiple of 64 pixels, since six levels halve each side."""

from tf_deeppaint.utils.errors import DeepPaintError

# Pixels of a side of the picture to one pixel of the innermost level: 2 ** 6.
STRIDE = 64


def is_network_size(side: int) -> bool:
    """Whether the networks take pictures with a side of so many pixels."""
    return side >= STRIDE and side % STRIDE == 0


def check_network_size(size: int) -> None:
    """Raises DeepPaintError unless the networks take pictures of `size` x `size` pixels."""
    if not is_network_size(size):
        raise DeepPaintError(f"--size={size}: a multiple of {STRIDE} is needed")
