r"""Measures what colors of hints do for the rest of a picture when they join the palette.

Dolls are painted by a palette that lacks one color of theirs, with one hint of this color on its
largest region. Told is which part of the other regions comes out right, within 40 levels: with the
hint alone, and with its color in the palette too.

python -m experiments.measure_hints --count=30
"""

import numpy as np
from absl import flags

from tf_deeppaint.utils import programs

_COUNT = flags.DEFINE_integer("count", 30, "How many dolls.", lower_bound=1)
SEED, SIDE = 777, 512
# Levels: within which a pixel is right; colors are the same; and are taken out of the palette.
RIGHT, SAME, GONE = 40, 24, 48
LEAST = 300  # pixels of a region that counts


def main() -> None:
    from tf_deeppaint.data.sources.dolls.source import Dolls
    from tf_deeppaint.painting.painter import Painter

    painter, dolls = Painter.load(), Dolls(_COUNT.value, seed=SEED)
    shares = [_measure(painter, dolls.load(example, SIDE)) for example in dolls.examples()]
    shares = np.array([share for share in shares if share is not None])
    print(f"{len(shares)} dolls, part of the pixels that is right: hint alone, joined")
    for name, (alone, joined) in zip(("same color", "others"), shares.mean(axis=0), strict=True):
        print(f"{name}: {alone:.3f}, {joined:.3f}")


def _measure(painter, doll) -> np.ndarray | None:
    """Parts that are right, `(2, 2)`; None of a doll that has no color in three regions."""
    import cv2

    from tf_deeppaint.painting.hints.hint import Hint

    palette = painter.palette_of(doll.picture)
    labels = painter.make_paintings([doll.sketch], palette[None])[0].regions.labels
    counts, true = np.bincount(labels.ravel()), doll.picture.astype(int)
    listed = [label for label in np.argsort(-counts) if label > 1 and counts[label] > LEAST]
    colors = {label: np.median(true[labels == label], axis=0) for label in listed}
    for label in listed:
        color = colors[label]
        same = [other for other in listed if np.abs(colors[other] - color).max() < SAME]
        rest = [other for other in listed if other not in same]
        if len(same) >= 3 and rest and color.min() < 225:
            break
    else:
        return None
    palette = _without(palette, color)
    inside = cv2.distanceTransform((labels == label).astype(np.uint8), cv2.DIST_L2, 3)
    y, x = np.unravel_index(inside.argmax(), inside.shape)
    hints = [Hint.dot(int(x), int(y), color.astype(int).tolist())]
    (alone,) = painter.make_paintings([doll.sketch], palette[None])
    (joined,) = painter.make_paintings([doll.sketch], palette[None], hints=[hints])
    groups = [[other for other in same if other != label], rest]
    pictures = [alone.add_hints(hints).color(), joined.color()]
    right = [np.abs(picture - true).max(axis=-1) < RIGHT for picture in pictures]
    return np.array([[part[np.isin(labels, group)].mean() for part in right] for group in groups])


def _without(palette: np.ndarray, color: np.ndarray) -> np.ndarray:
    """The palette with another color of its band in the place of one."""
    palette = palette.copy()
    is_near = np.abs(palette - color).max(axis=-1) < GONE
    for band, near in zip(palette, is_near, strict=True):
        band[near] = band[~near][0] if (~near).any() else palette[~is_near][0]
    return palette


if __name__ == "__main__":
    programs.run(main)
