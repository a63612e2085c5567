"""Mutations: valid inputs changed at random, the same for the same seed."""

import json
import random
import struct
import zlib
from collections.abc import Callable, Sequence

# Numbers at whose edges readers go wrong.
EDGES = (0, 1, 2, 7, 8, 63, 64, 127, 128, 255, 256, 4095, 4096, 32767, 32768, 65535, 65536)
EDGES += (2**24, 2**31 - 1, 2**31, 2**32 - 1, 2**33, 2**63 - 1, 2**64 - 1)

# What may stand in JSON where something else is expected.
ODD_VALUES = (
    None, True, False, 0, -1, 1, 255, 256, 1e308, -0.5, 2**63, 10**4000, "", "x", "\ud800", "\0",
    "../..", "/etc/passwd", "x" * 5000, [], {},
    [[]], [None] * 50, {"1": 1}, {"class_name": "Lambda"},
    float("nan"), float("inf"), float("-inf"),
)  # fmt: skip

Mutator = Callable[[bytes, random.Random], bytes]


def mutate(data: bytes, rng: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """Changes bytes in one to eight of many ways.

    Args:
        data: A valid input.
        rng: Decides how.
        others: Further inputs, of which parts are taken.
    """
    ways = [_flip, _set_byte, _set_number, _cut, _repeat, _delete, _insert, _blank, _shuffle]
    for _ in range(rng.choice((1, 1, 1, 2, 2, 4, 8))):
        data = rng.choice(ways)(data, rng)
        if others and rng.random() < 0.1:
            data = _splice(data, rng.choice(others), rng)
    return data


def mutate_json(text: bytes, rng: random.Random) -> bytes:
    """Changes JSON in its structure, so that it is still JSON; now and then its bytes instead."""
    if rng.random() < 0.3:
        return mutate(text, rng)
    document = json.loads(text)
    for _ in range(rng.choice((1, 1, 2, 3))):
        document = _change_node(document, rng)
    if rng.random() < 0.03:
        depth = rng.choice((50, 5000, 200_000))
        return b"[" * depth + b"]" * depth
    # json.dumps would refuse a number of more digits than Python reads.
    return json.dumps(document, default=str).encode() if _is_short(document) else text


def mutate_png(data: bytes, rng: random.Random) -> bytes:
    """Changes a PNG inside its chunks and makes their checksums right again."""
    chunks, position = [], 8
    while position + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        chunks.append(
            (data[position + 4 : position + 8], data[position + 8 : position + 8 + length])
        )
        position += 12 + length
    for _ in range(rng.choice((1, 1, 2))):
        at = rng.randrange(len(chunks))
        kind, content = chunks[at]
        if kind == b"IDAT" and rng.random() < 0.5:
            try:
                content = zlib.compress(mutate(zlib.decompress(content), rng))
            except zlib.error:
                content = mutate(content, rng)
        elif rng.random() < 0.2:
            chunks.insert(at, chunks[rng.randrange(len(chunks))])
            continue
        else:
            content = mutate(content, rng)
        chunks[at] = (kind, content)
    return data[:8] + b"".join(
        struct.pack(">I", len(content)) + kind + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )  # fmt: skip


# --- bytes --------------------------------------------------------------------------------------


def _place(data: bytes, rng: random.Random) -> int:
    # Headers stand in front, and decide more than what follows.
    room = min(len(data), 64) if rng.random() < 0.4 else len(data)
    return rng.randrange(max(room, 1))


def _flip(data: bytes, rng: random.Random) -> bytes:
    if not data:
        return b"\0"
    at = _place(data, rng)
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]


def _set_byte(data: bytes, rng: random.Random) -> bytes:
    at = _place(data, rng)
    return (
        data[:at] + bytes([rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))]) + data[at + 1 :]
    )


def _set_number(data: bytes, rng: random.Random) -> bytes:
    form = rng.choice(("<H", ">H", "<I", ">I", "<Q", ">Q"))
    size = struct.calcsize(form)
    number = struct.pack(form, rng.choice(EDGES) % 256**size)
    at = _place(data, rng)
    return data[:at] + number + data[at + size :]


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _piece(data: bytes, rng: random.Random) -> tuple[int, int]:
    start = _place(data, rng)
    return start, start + rng.choice((1, 2, 4, 16, 64, 1024))


def _repeat(data: bytes, rng: random.Random) -> bytes:
    start, end = _piece(data, rng)
    return data[:end] + data[start:end] * rng.choice((1, 2, 30)) + data[end:]


def _delete(data: bytes, rng: random.Random) -> bytes:
    start, end = _piece(data, rng)
    return data[:start] + data[end:]


def _insert(data: bytes, rng: random.Random) -> bytes:
    at = _place(data, rng)
    return data[:at] + rng.randbytes(rng.choice((1, 4, 40, 400))) + data[at:]


def _blank(data: bytes, rng: random.Random) -> bytes:
    start, end = _piece(data, rng)
    fill = rng.choice((b"\0", b"\xff", b"A", b"9"))
    return data[:start] + fill * len(data[start:end]) + data[end:]


def _shuffle(data: bytes, rng: random.Random) -> bytes:
    start, end = _piece(data, rng)
    part = bytearray(data[start:end])
    rng.shuffle(part)
    return data[:start] + bytes(part) + data[end:]


def _splice(data: bytes, other: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


# --- JSON ---------------------------------------------------------------------------------------


def _change_node(node: object, rng: random.Random, depth: int = 0) -> object:
    if isinstance(node, dict | list) and node and rng.random() < (0.95 if depth == 0 else 0.75):
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = rng.choice(keys)
        changed = dict(node) if isinstance(node, dict) else list(node)
        if rng.random() < 0.1:
            del changed[key]
        elif rng.random() < 0.08 and isinstance(changed, dict):
            changed[rng.choice(("", "self", "__class__", "x" * 300, "name"))] = changed.pop(key)
        else:
            changed[key] = _change_node(node[key], rng, depth + 1)
        return changed
    if isinstance(node, int | float) and not isinstance(node, bool) and rng.random() < 0.4:
        return rng.choice((node + 1, -node, node * 1000, *EDGES))
    return rng.choice(ODD_VALUES)


def _is_short(node: object) -> bool:
    if isinstance(node, dict | list):
        return all(map(_is_short, node.values() if isinstance(node, dict) else node))
    return not isinstance(node, int) or node.bit_length() < 10_000
