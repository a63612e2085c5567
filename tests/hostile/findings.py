"""Inputs that were once findings, of the fuzzer or by hand, each as small as possible.

All are fixed. The tests feed every one again.
"""

import io
import json
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from typing import NamedTuple


class Finding(NamedTuple):
    """An input that was once a finding.

    Attributes:
        target: Which target it was fed to.
        did: What happened.
        make: Makes the input.
    """

    target: str
    did: str
    make: Callable[[], bytes]


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def _png(*chunks: bytes, bits: int = 8) -> bytes:
    header = struct.pack(">IIBBBBB", 1, 1, bits, 0, 0, 0, 0)
    pixels = _chunk(b"IDAT", zlib.compress(b"\0\0")) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + b"".join(chunks) + pixels


def _jpeg(before: bytes = b"", scans: int = 1) -> bytes:
    frame = b"\xff\xc2\x00\x0b\x08\x20\x00\x20\x00\x01\x01\x11\x00"
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x00\x10\x00"
    return b"\xff\xd8" + before + frame + scan * scans + b"\xff\xd9"


def _bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("config.json", "metadata.json"):
            archive.writestr(name, "{}")
        archive.writestr("model.weights.h5", bytes(64 << 20))
    return buffer.getvalue()


def _plan() -> bytes:
    from tf_deeppaint.data.build.plan import Plan

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "plan.sqlite")
        with Plan(path) as plan:
            plan.list_examples([], {})
        with open(path, "rb") as file:
            return file.read().replace(b"TABLE fact", b"TABLE \xffact")


FINDINGS = [
    Finding("plans", "UnicodeDecodeError", _plan),
    Finding("pictures", "ZeroDivisionError", lambda: _png(_chunk(b"tRNS", b"\0\0"), bits=0)),
    Finding("pictures", "minutes of work", lambda: _png(_chunk(b"teXt", b"") * 300_000)),
    Finding("pictures", "minutes of work", lambda: _jpeg(b"\xff" * 1_000_000)),
    Finding("pictures", "minutes of work", lambda: _jpeg(b"\xff\xfe\0\2" * 300_000)),
    Finding("pictures", "hours of work", lambda: _jpeg(scans=2000)),
    Finding("TF_CONFIG", "AttributeError", lambda: json.dumps({"task": 1.5}).encode()),
    Finding("TF_CONFIG", "AttributeError", lambda: json.dumps({"cluster": "x"}).encode()),
    Finding("TF_CONFIG", "TypeError", lambda: json.dumps({"cluster": {"worker": 3}}).encode()),
    Finding("TF_CONFIG", "RecursionError", lambda: b"[" * 200_000),
    Finding("flagfiles", "ValueError", lambda: b""),
    Finding("flagfiles", "UnicodeDecodeError", lambda: b"--width=\xff"),
    Finding("flagfiles", "ValueError", lambda: b"--nofresh=1"),
    Finding("run directories", "UnicodeDecodeError", lambda: b"\xff\xfe"),
    Finding("run directories", "TypeError", lambda: b'{"step": "5", "group": "validation"}'),
    Finding("palettes JSON", "gigabytes of memory", lambda: b" " * (1 << 20)),
    Finding("shard receipts", "RecursionError", lambda: b"[" * 200_000),
    Finding("names of files", "a name of legal length refused", lambda: b"n" * 250),
    Finding("names of files", "RecursionError", lambda: b"d/" * 3000 + b"x"),
    Finding(".keras archives", "gigabytes of memory", _bomb),
]
