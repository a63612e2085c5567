"""Memory and time of one picture, for every format: a fresh process for each measurement.

    python -m tests.hostile.costs --report=docs/reliability.md

Files of the largest size that is taken, and small files that are made to be costly. Each is decoded
by a process of its own, which knows its own peak; what the process needs before is subtracted.
"""

import argparse
import datetime
import io
import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The stated bound of one picture: bytes of memory, and seconds of one core of 2026.
MEMORY, SECONDS = 2 * 2**30, 30
SIDE = 8192
_LIMIT = 4 * MEMORY  # so that no machine is harmed


def _encoded(kind: str, mode: str = "RGB", side: int = SIDE, **options) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.effect_noise((side, side), 60).convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def _flat(kind: str, mode: str = "RGB", **options) -> bytes:
    """All of one color: a file of few bytes."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.new(mode, (SIDE, SIDE)).save(buffer, kind, **options)
    return buffer.getvalue()


def _gif() -> bytes:
    """35 bytes that claim the largest picture."""
    screen = b"GIF89a" + struct.pack("<HHBBB", SIDE, SIDE, 0x80, 0, 0) + bytes(6)
    return screen + b"," + struct.pack("<HHHHB", 0, 0, SIDE, SIDE, 0) + b"\x02\x01\x44\x00;"


def _texts() -> bytes:
    """A PNG of 16 x 16 pixels and 900 compressed texts of 7 MiB."""
    from tests.helpers.picture_files import png_chunk

    text = png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(7 * 2**20), 9))
    data = _encoded("PNG", side=16)
    return data[:33] + text * 900 + data[33:]


def _arithmetic(side: int = 1900, scans: int = 255) -> bytes:
    """A progressive JPEG, arithmetic-coded, whose many scans hold next to nothing."""
    table = b"\xff\xdb" + struct.pack(">HB", 67, 0) + b"\x01" * 64
    frame = b"\xff\xca" + struct.pack(">HBHHB", 11, 8, side, side, 1) + b"\x01\x11\x00"
    first = b"\xff\xda" + struct.pack(">HB", 8, 1) + b"\x01\x00\x00\x00\x01" + bytes(60)
    more = b"\xff\xda" + struct.pack(">HB", 8, 1) + b"\x01\x00\x01\x3f\x01" + bytes(60)
    refined = b"\xff\xda" + struct.pack(">HB", 8, 1) + b"\x01\x00\x01\x3f\x10" + bytes(60)
    return b"\xff\xd8" + table + frame + first + more + refined * (scans - 2) + b"\xff\xd9"


FILES: dict[str, Callable[[], bytes]] = {
    "PNG, noise": lambda: _encoded("PNG", compress_level=1),
    "PNG, RGBA of one color": lambda: _flat("PNG", "RGBA"),
    "PNG, 900 compressed texts": _texts,
    "JPEG, noise": lambda: _encoded("JPEG"),
    "JPEG, progressive": lambda: _flat("JPEG", progressive=True),
    "JPEG, CMYK": lambda: _flat("JPEG", "CMYK"),
    "JPEG, arithmetic, 255 scans": _arithmetic,
    "GIF of 35 bytes": _gif,
    "GIF, one color": lambda: _flat("GIF", "P"),
    "BMP, RGB": lambda: _flat("BMP"),
    "WebP, lossless": lambda: _flat("WEBP", "RGBA", lossless=True, method=0),
    "WebP, lossy": lambda: _flat("WEBP", "RGBA", method=0),
    "TIFF, CIELAB": lambda: _flat("TIFF", "LAB", compression="tiff_lzw"),
    "TIFF, RGBA": lambda: _flat("TIFF", "RGBA", compression="tiff_adobe_deflate"),
    "AVIF": lambda: _flat("AVIF", speed=10),
}


def measure(name: str) -> dict:
    """Decodes a file in a process of its own: its size, memory in bytes, seconds, and the end."""
    command = [sys.executable, "-m", "tests.hostile.costs", f"--one={name}"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        return {"end": f"exit {done.returncode}: {done.stderr.strip().splitlines()[-1:]}"}
    return json.loads(done.stdout)


def _measure_here(name: str) -> dict:
    import resource
    import time

    from tests.hostile.memory import peak
    from tf_deeppaint.images.decoding import decode_picture
    from tf_deeppaint.utils.errors import DeepPaintError

    folder = Path(os.environ["COSTS"])
    data = (folder / name.replace(" ", "_")).read_bytes()
    before = peak()
    resource.setrlimit(resource.RLIMIT_AS, (_LIMIT, resource.RLIM_INFINITY))
    began = time.process_time()
    try:
        end = " x ".join(map(str, decode_picture(data, "it").shape[:2]))
    except DeepPaintError as error:
        end = f"refused: {str(error).removeprefix('it: ')[:60]}"
    seconds = time.process_time() - began
    return {"bytes": len(data), "memory": peak() - before, "seconds": seconds, "end": end}


def is_within(measured: dict) -> bool:
    """Whether a measurement keeps the stated bound."""
    return measured.get("memory", MEMORY + 1) <= MEMORY and measured["seconds"] <= SECONDS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=FILES, help="may be repeated")
    parser.add_argument("--one", choices=FILES, help=argparse.SUPPRESS)
    parser.add_argument("--report", type=Path, help="document whose table is rewritten")
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(_measure_here(chosen.one)))
        return
    import tempfile

    rows, bad = [], 0
    with tempfile.TemporaryDirectory(prefix="costs-") as folder:
        os.environ["COSTS"] = folder
        for name in chosen.only or FILES:
            path = Path(folder) / name.replace(" ", "_")
            path.write_bytes(FILES[name]())
            found = measure(name)
            path.unlink()
            bad += not is_within(found)
            size, memory = found.get("bytes", 0), found.get("memory", 0) / 2**20
            rows.append(
                f"| {name} | {size:,} | {memory:,.0f} MiB | {found.get('seconds', 0):.1f} s "
                f"| {found['end']} |"
            )
            print(rows[-1], flush=True)
    if chosen.report and not chosen.only:
        from tests.hostile.figures import rewrite

        head = [f"`make costs`, {datetime.date.today().isoformat()}:", ""]
        head += ["| file | bytes | memory | time of one core | result |", "|---|---|---|---|---|"]
        rewrite(chosen.report, "costs", [*head, *rows])
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
