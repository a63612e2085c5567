"""The boxes of an AVIF or HEIC file, and which bytes belong to which picture.

Boxes are those of ISO/IEC 14496-12 (8.11: items; 8.7: samples of a track), pictures are items of
ISO/IEC 23008-12. Of an animation only the first picture is looked for.
"""

from collections.abc import Iterator
from typing import NamedTuple

# The most boxes, items and parts of an item that are followed; those of a camera have some hundred.
_MOST = 20_000
# How often all bytes of the file may belong to a picture.
_SHARED = 4
_TRACK = (b"trak", b"mdia", b"minf", b"stbl")


class Item(NamedTuple):
    """A picture in a file, or a part of one.

    Attributes:
        kind: Four letters, such as `av01` or `grid`.
        data: Its bytes; empty where the file does not tell them.
        width: In pixels, as the file claims; 0 where it does not.
        height: Likewise.
    """

    kind: bytes
    data: bytes
    width: int
    height: int


class Container:
    """The boxes of a file.

    Raises:
        ValueError: there are more than any encoder writes.
        EOFError: something lies behind the end.
    """

    def __init__(self, data: bytes):
        self.data = data
        self.left = _MOST
        self.bytes_left = _SHARED * len(data)

    def items(self) -> list[Item]:
        """The pictures of the file, then the first of each track of an animation."""
        items = []
        for start, end in self._inside(0, len(self.data), b"meta"):
            items += self._items_of(start + 4, end)
        for start, end in self._inside(0, len(self.data), b"moov"):
            items += [
                Item(b"trak", self._first_sample(*table), 0, 0)
                for table in self._tables(start, end)
            ]
        return items

    def is_whole(self) -> bool:
        """Whether the file ends where its last box ends."""
        try:
            for _ in self._boxes(0, len(self.data)):
                pass
        except EOFError:
            return False
        return True

    def _boxes(self, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
        """The kinds of the boxes in a range, and the range inside of each."""
        while start < end:
            self._count()
            size, inside = self._number(start, 4), start + 8
            if size == 1:
                size, inside = self._number(start + 8, 8), start + 16
            stop = end if size == 0 else start + size
            if stop > end:
                raise EOFError
            if stop < inside:
                raise ValueError("a box that is smaller than its header")
            yield self.data[start + 4 : start + 8], inside, stop
            start = stop

    def _inside(self, start: int, end: int, *kinds: bytes) -> Iterator[tuple[int, int]]:
        """The ranges inside the boxes of the first kind, or of those nested in them."""
        for kind, inside, stop in self._boxes(start, end):
            if kind == kinds[0]:
                yield from self._inside(inside, stop, *kinds[1:]) if kinds[1:] else [(inside, stop)]

    def _items_of(self, start: int, end: int) -> list[Item]:
        kinds, sizes, data = {}, {}, {}
        stored = next(self._inside(start, end, b"idat"), (end, end))
        for kind, inside, stop in self._boxes(start, end):
            if kind == b"iinf":
                kinds |= self._kinds(inside, stop)
            elif kind == b"iloc":
                data |= self._locations(inside, stored)
            elif kind == b"iprp":
                sizes |= self._sizes(inside, stop)
        return [Item(k, data.get(n, b""), *sizes.get(n, (0, 0))) for n, k in kinds.items()]

    def _kinds(self, start: int, end: int) -> dict[int, bytes]:
        """The kind of each item, by its number: 8.11.6."""
        kinds = {}
        start += 8 if self.data[start] else 6
        for inside, stop in self._inside(start, end, b"infe"):
            wide = 2 if self.data[inside] >= 3 else 0
            kinds[self._number(inside + 4, 2 + wide)] = self.data[inside + 8 + wide : stop][:4]
        return kinds

    def _sizes(self, start: int, end: int) -> dict[int, tuple[int, int]]:
        """Width and height of each item, by its number: `ispe` joined by `ipma`."""
        claimed = []
        for inside, stop in self._inside(start, end, b"ipco"):
            for kind, content, _ in self._boxes(inside, stop):
                is_size = kind == b"ispe"
                width, height = (self._number(content + n, 4) if is_size else 0 for n in (4, 8))
                claimed.append((width, height))
        sizes: dict[int, tuple[int, int]] = {}
        for inside, _ in self._inside(start, end, b"ipma"):
            wide = 2 if self.data[inside] else 0
            step = 2 if self.data[inside + 3] & 1 else 1
            position = inside + 8
            for _ in range(self._number(inside + 4, 4)):
                self._count()
                item, count = self._number(position, 2 + wide), self.data[position + 2 + wide]
                position += 3 + wide
                for _ in range(count):
                    index = self._number(position, step) & (0x7FFF if step == 2 else 0x7F)
                    position += step
                    if 1 <= index <= len(claimed) and any(claimed[index - 1]):
                        sizes[item] = claimed[index - 1]
        return sizes

    def _locations(self, start: int, stored: tuple[int, int]) -> dict[int, bytes]:
        """The bytes of each item, by its number: 8.11.3."""
        version, sizes = self.data[start], self._number(start + 4, 2)
        offset_size, length_size, base_size, index_size = (sizes >> n & 15 for n in (12, 8, 4, 0))
        wide = 2 if version == 2 else 0
        position = start + 6
        count = self._number(position, 2 + wide)
        position += 2 + wide
        data = {}
        for _ in range(count):
            item = self._number(position, 2 + wide)
            position += 2 + wide
            method = self._number(position, 2) & 15 if version else 0
            position += 4 if version else 2
            base = self._number(position, base_size)
            parts = self._number(position + base_size, 2)
            position += base_size + 2
            pieces = []
            for _ in range(parts):
                self._count()
                position += index_size if version else 0
                first = base + self._number(position, offset_size)
                length = self._number(position + offset_size, length_size)
                position += offset_size + length_size
                pieces.append(self._piece(first, length, method, stored))
            data[item] = b"".join(pieces)
        return data

    def _piece(self, first: int, length: int, method: int, stored: tuple[int, int]) -> bytes:
        """Bytes of the file, or by method 1 of the box `idat`; length 0 is all that follow."""
        start, end = stored if method == 1 else (0, len(self.data))
        first += start
        length = length or max(0, end - first)
        if first + length > end:
            raise EOFError
        self.bytes_left -= length
        if self.bytes_left < 0:
            raise ValueError("pictures that hold more than the file")
        return self.data[first : first + length]

    def _tables(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        yield from self._inside(start, end, *_TRACK)

    def _first_sample(self, start: int, end: int) -> bytes:
        first = length = 0
        for kind, inside, _ in self._boxes(start, end):
            if kind in (b"stco", b"co64") and self._number(inside + 4, 4):
                first = self._number(inside + 8, 4 if kind == b"stco" else 8)
            elif kind == b"stsz":
                length = self._number(inside + 4, 4) or self._number(inside + 12, 4)
        return self._piece(first, length, 0, (0, 0)) if length else b""

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise ValueError("more boxes than any encoder writes")

    def _number(self, position: int, size: int) -> int:
        """The integer of `size` bytes at a position, big-endian."""
        if position + size > len(self.data):
            raise EOFError
        return int.from_bytes(self.data[position : position + size], "big")
