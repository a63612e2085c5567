"""The size of a palette, and the background rules by which palettes are extracted."""

from collections.abc import Callable

from tf_deeppaint.utils.errors import DeepPaintError

# Bands of a picture, and colors of a band.
BANDS = COLORS = 4

# Background rule -> whether a band's most frequent color (rank 0) is left out, given whether it is
# near white. The functions take NumPy and TensorFlow booleans, so both extractions share them.
LEAVES_OUT: dict[str, Callable] = {
    "drop": lambda near_white: near_white | True,
    "white": lambda near_white: near_white,
    "keep": lambda near_white: near_white & False,
}
# The rule that counts the figure alone; see `figure`.
FIGURE = "figure"
BACKGROUNDS = (*LEAVES_OUT, FIGURE)


def check_background(background: str) -> None:
    """Raises DeepPaintError unless `background` names a background rule."""
    if background not in BACKGROUNDS:
        raise DeepPaintError(f"background={background!r}: choose one of {', '.join(BACKGROUNDS)}")
