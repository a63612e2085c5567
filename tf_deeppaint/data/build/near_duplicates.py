"""Which pictures show the same: equal files, and near copies by a perceptual hash.

The hash is that of Zauner, "Implementation and benchmarking of perceptual image hash functions"
(2010), at 255 bits: the signs, about their median, of the lowest 16 x 16 coefficients of the
cosine transform of the picture in gray at 64 x 64. It sees shapes, hardly colors.
"""

from collections.abc import Iterator

import numpy as np

from tf_deeppaint.images.canvas import resize
from tf_deeppaint.images.pixels import to_gray

SIDE, COEFFICIENTS = 64, 16
# Of 255 bits. Among 600 dolls, which all stand alike, the closest two strangers differ in 52;
# a doll saved as JPEG at 100 of 128 pixels differs from itself in 10 at most, with its channels
# permuted in 31 (99 of 100), shifted by 2 pixels of 128 in 30 (half of them).
NEAR_BITS = 32
# Pictures are compared where they agree in one of sixteen blocks of the hash: so every pair within
# 15 bits is found, and most up to NEAR_BITS, without comparing all with all.
BLOCKS = 16
# Past this many agreeing in a block, a picture is compared with the next ones in order only.
NEIGHBORS = 1024
CELLS = 4
# Levels of 255, in the mean colors of 4 x 4 cells: a recolored drawing is a twin, but no copy.
SAME_COLOR = 16
HASH_BYTES = COEFFICIENTS * COEFFICIENTS // 8


def likeness(picture: np.ndarray) -> bytes:
    """What a picture looks like, in 80 bytes: its hash, then the mean colors of 4 x 4 cells.

    Args:
        picture: uint8 RGB `(H, W, 3)`, any size; alike for a large and a small copy.
    """
    import cv2

    gray = resize(to_gray(picture), SIDE, SIDE).astype(np.float32)
    # Rounded, so that a flat picture is the same on every machine: no bit hangs on noise.
    low = np.rint(cv2.dct(gray))[:COEFFICIENTS, :COEFFICIENTS].ravel()
    low[0] = np.median(low[1:])  # the mean brightness is no shape
    bits = (low > low[0]).reshape(-1, BLOCKS).T  # a block mixes low and high frequencies
    return np.packbits(bits).tobytes() + resize(picture, CELLS, CELLS).tobytes()


def find_twins(digests: np.ndarray, hashes: np.ndarray) -> np.ndarray:
    """Joins equal files and near copies, also by way of others.

    Args:
        digests: uint64 `(N,)`, of the files' bytes.
        hashes: uint8 `(N, 32)`, the first `HASH_BYTES` of `likeness`.

    Returns:
        int64 `(N,)`: the same number for all that belong together.
    """
    _, by_digest = np.unique(digests, return_inverse=True)
    distinct, by_hash = np.unique(hashes, axis=0, return_inverse=True)
    by_hash = by_hash.ravel()
    links = _Links(len(distinct))
    for first, second in _near_pairs(distinct):
        links.join(first, second)
    # Equal files have equal hashes, unless a picture was looked at by different decoders.
    first_of_file = np.full(len(digests), -1)
    first_of_file[by_digest[::-1]] = by_hash[::-1]
    odd = by_hash != first_of_file[by_digest]
    links.join(by_hash[odd], first_of_file[by_digest[odd]])
    return links.roots()[by_hash]


def are_copies(first: bytes, second: bytes) -> bool:
    """Whether two pictures, by their `likeness`, have the same shapes in the same colors."""
    one, two = (np.frombuffer(data, np.uint8) for data in (first, second))
    if _bit_count(one[:HASH_BYTES] ^ two[:HASH_BYTES]).sum() > NEAR_BITS:
        return False
    colors = one[HASH_BYTES:].astype(np.int16) - two[HASH_BYTES:]
    return bool(np.abs(colors).max() <= SAME_COLOR)


def _near_pairs(hashes: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields the places of pairs of distinct, sorted hashes that differ in NEAR_BITS at most."""
    blocks = hashes.view(np.uint16)  # of BLOCKS columns
    for block in range(BLOCKS):
        order = np.argsort(blocks[:, block], kind="stable")
        keys = blocks[order, block]
        for step in range(1, min(NEIGHBORS, len(hashes) - 1) + 1):
            agree = np.flatnonzero(keys[step:] == keys[:-step])
            if not agree.size:
                break
            first, second = order[agree], order[agree + step]
            near = _bit_count(hashes[first] ^ hashes[second]).sum(axis=1) <= NEAR_BITS
            yield first[near], second[near]


def _bit_count(values: np.ndarray) -> np.ndarray:
    return np.bitwise_count(values).astype(np.int32)


class _Links:
    """Disjoint sets of the numbers below `count`."""

    def __init__(self, count: int):
        self.parents = np.arange(count)

    def join(self, first: np.ndarray, second: np.ndarray) -> None:
        for a, b in zip(first.tolist(), second.tolist(), strict=True):
            low, high = sorted((self._root(a), self._root(b)))
            self.parents[high] = low

    def roots(self) -> np.ndarray:
        """The smallest member of each number's set, int64 `(count,)`."""
        while True:
            shorter = self.parents[self.parents]
            if np.array_equal(shorter, self.parents):
                return shorter
            self.parents = shorter

    def _root(self, number: int) -> int:
        while self.parents[number] != number:
            self.parents[number] = self.parents[self.parents[number]]
            number = int(self.parents[number])
        return number
