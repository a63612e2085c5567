"""Clusters of pictures that show the same: equal files, and near-duplicates by perceptual hash."""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tf_deeppaint.images.perceptual_hash import SHAPE_BYTES, count_differing_bits

# Of the 255 bits of shape. Among 600 dolls, which all stand alike, the closest two strangers differ
# in 52; a doll saved as JPEG at 100 of 128 pixels differs from itself in 10 at most, with its
# channels permuted in 31 (99 of 100), shifted by 2 pixels of 128 in 30 (half of them).
NEAR_BITS = 32
# Pictures are compared where they agree in one of sixteen blocks of the hash: so every pair within
# 15 bits is found, and most up to NEAR_BITS, without comparing all with all.
BLOCKS = 16
# Past this many that agree in a block, a picture is compared with the next ones in order only.
NEIGHBORS = 1024
# Levels of 255, in the mean colors of the hash: a recolored picture is a near-duplicate, no copy.
SAME_COLOR = 16


def find_clusters(digests: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """Joins equal files and near-duplicates, also by way of others.

    Args:
        digests: uint64 `(N,)`, of the files' bytes.
        shapes: uint8 `(N, 32)`, the first `SHAPE_BYTES` of each perceptual hash.

    Returns:
        int `(N,)`: the same number for all of a cluster, from 0.
    """
    _, by_digest = np.unique(digests, return_inverse=True)
    distinct, by_shape = np.unique(shapes, axis=0, return_inverse=True)
    by_shape = by_shape.ravel()
    # Equal files have equal hashes, unless they were inspected by different decoders.
    first_of_file = np.full(len(digests), -1)
    first_of_file[by_digest[::-1]] = by_shape[::-1]
    pairs = [(by_shape, first_of_file[by_digest]), *_near_pairs(distinct)]
    first, second = (np.concatenate(members) for members in zip(*pairs, strict=True))
    links = coo_array((np.ones(len(first), bool), (first, second)), shape=2 * (len(distinct),))
    _, clusters = connected_components(links, directed=False)
    return clusters[by_shape]


def are_copies(first: bytes, second: bytes) -> bool:
    """Whether two pictures, by their perceptual hashes, show the same shapes in the same colors."""
    first, second = (np.frombuffer(data, np.uint8) for data in (first, second))
    if count_differing_bits(first[:SHAPE_BYTES], second[:SHAPE_BYTES]) > NEAR_BITS:
        return False
    colors = first[SHAPE_BYTES:].astype(np.int16) - second[SHAPE_BYTES:]
    return bool(np.abs(colors).max() <= SAME_COLOR)


def _near_pairs(shapes: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields the row numbers of pairs of distinct, sorted hashes within NEAR_BITS."""
    blocks = shapes.view(np.uint16)  # (N, BLOCKS)
    for block in range(BLOCKS):
        order = np.argsort(blocks[:, block], kind="stable")
        keys = blocks[order, block]
        for step in range(1, min(NEIGHBORS, len(shapes) - 1) + 1):
            agree = np.flatnonzero(keys[step:] == keys[:-step])
            if not agree.size:
                break
            first, second = order[agree], order[agree + step]
            near = count_differing_bits(shapes[first], shapes[second]) <= NEAR_BITS
            yield first[near], second[near]
