"""How a region chooses among a mixture's colors: votes, shades of one color, and shading."""

import numpy as np

from tf_deeppaint.palette.extraction import NEAR_WHITE
from tf_deeppaint.palette.figure import SHADES, UNIT, shade_features
from tf_deeppaint.palette.mixing import WHITE_SLOT, slot_colors

# Shades of one color are nearer than 15 units of the features, whose lightness counts little: hair
# and its shadow are, skin and hair are not.
NEAR = (15 * UNIT) ** 2
# Weights of colors that are nearly white count so much: a part that is left white by mistake looks
# unfinished, one that is colored by mistake does not.
WHITE_VOTE = 0.5
# That of white where no color of the palette is nearly white: then few parts are, such as eyes.
FOREIGN_WHITE_VOTE = 0.15
# That of black, which is offered beside the palette's colors: it hides the lines in a region.
BLACK_VOTE = 0.4
# How much of the network's shading a region keeps. Its shades are right on average, but uneven from
# pixel to pixel: the mean CIEDE2000 is least near one half, and cloth is not mottled.
KEPT_SHADING = 0.5


def count_votes(palette: np.ndarray) -> np.ndarray:
    """What a weight of each color of `mixing.slot_colors` counts in the choice, `(18,)`.

    Args:
        palette: uint8 `(4, 4, 3)`.
    """
    is_white = (slot_colors(palette) >= NEAR_WHITE).all(axis=-1)
    votes = np.where(is_white, WHITE_VOTE, 1.0)
    if not is_white[:WHITE_SLOT].any():
        votes[WHITE_SLOT] = FOREIGN_WHITE_VOTE
    votes[WHITE_SLOT + 1] = BLACK_VOTE
    return votes


def soften(shade):
    """The shade of a region's pixels, from the network's; NumPy's or TensorFlow's numbers."""
    return 1 + KEPT_SHADING * (shade - 1)


def find_shades(palette: np.ndarray) -> np.ndarray:
    """Tells which colors of `mixing.slot_colors` are shades of one color, bool `(18, 18)`.

    White and black are none but their own. All numbers are integers, so that
    `serving.region_colors` finds the same.

    Args:
        palette: uint8 `(4, 4, 3)`.
    """
    red, green, blue = slot_colors(palette).T.astype(np.int64) * SHADES // 256
    features = shade_features()[(red * SHADES + green) * SHADES + blue]  # (18, 3)
    are_near = ((features[:, None] - features[None]) ** 2).sum(-1) <= NEAR
    are_near[WHITE_SLOT:] = are_near[:, WHITE_SLOT:] = False
    return are_near | np.eye(len(are_near), dtype=bool)
