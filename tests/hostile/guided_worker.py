"""Feeds one target under Atheris, in a process of its own: `python guided_worker.py TARGET ...`.

Prints a JSON line for every finding; the numbers of inputs and of refusals so far stand in a file.
libFuzzer's own lines, which tell the coverage, go to stderr.
"""

import contextlib
import hashlib
import json
import mmap
import os
import random
import resource
import shutil
import struct
import sys
import tempfile
import time
import traceback
from pathlib import Path

import atheris

os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

# Parts of a thousand of an input's changes that are the target's own, and not libFuzzer's.
OWN_CHANGES = 500
WALL_S = 60  # for one input, on a busy machine
# What libFuzzer changes where none of the corpus reached a branch, and it has kept none therefore.
NO_CORPUS = b"\n"


def main(name: str, seed: str, seconds: str, counts: str, kept: str) -> None:
    say = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # decoders print what they like
    home = "/dev/shm" if os.path.isdir("/dev/shm") else None
    folder = tempfile.mkdtemp(prefix="guided-", dir=home)
    os.chdir(folder)
    with atheris.instrument_imports(include=["tf_deeppaint"]):
        from tests.hostile import memory
        from tests.hostile.findings import FINDINGS
        from tests.hostile.targets import TARGETS
        from tests.hostile.worker import MEMORY
        from tf_deeppaint.utils.errors import DeepPaintError

        target = TARGETS[name]()
        with contextlib.suppress(DeepPaintError):
            target.feed(target.seeds[0])  # loads what is loaded on the first use
    corpus = tempfile.mkdtemp(prefix="corpus-", dir=home)
    found_once = [finding.make() for finding in FINDINGS if finding.target == name]
    for number, data in enumerate(target.seeds + found_once):
        Path(corpus, str(number)).write_bytes(data)
    with open(counts, "r+b") as file:
        shared = mmap.mmap(file.fileno(), 16)
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2 * MEMORY, resource.RLIM_INFINITY))
    seen: set[str] = set()
    base = memory.begin()
    fed, refused = struct.unpack("<QQ", shared[:])

    def report(finding: str, place: str, data: bytes, text: str = "") -> None:
        if f"{finding} {place}" not in seen:
            seen.add(f"{finding} {place}")
            path = Path(kept, f"{hashlib.sha256(data).hexdigest()[:12]}.bin")
            path.write_bytes(data)
            told = {"finding": finding, "input": str(path), "text": text[-3000:]}
            print(json.dumps(told), file=say)

    def feed(data: bytes) -> None:
        nonlocal fed, refused, base
        fed += 1
        began = time.process_time()
        try:
            target.feed(data)
        except DeepPaintError:
            refused += 1
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{last.filename}:{last.lineno}"
            report(type(error).__name__, place, data, traceback.format_exc())
        shared[:] = struct.pack("<QQ", fed, refused)
        if (seconds := time.process_time() - began) > 5:
            report(f"a hang of {seconds:.0f} s", "", data)
        if (grown := memory.peak() - base) > MEMORY:
            report(f"{grown >> 20} MiB of memory", "", data)
            base = memory.begin()

    def change(data: bytes, longest: int, number: int) -> bytes:
        rng = random.Random(number)
        data = rng.choice(target.seeds) if data == NO_CORPUS else data
        if target.change is None or rng.randrange(1000) >= OWN_CHANGES:
            return atheris.Mutate(data, longest)
        # What the target's own change does not take, libFuzzer changes.
        with contextlib.suppress(Exception):
            return target.change(data, rng)[:longest]
        return atheris.Mutate(data, longest)

    longest = 2 * max(map(len, target.seeds)) + 4096
    options = [f"-max_total_time={seconds}", f"-seed={seed}", f"-max_len={longest}"]
    options += [f"-timeout={WALL_S}", "-rss_limit_mb=0", f"-artifact_prefix={kept}/"]
    atheris.Setup([sys.argv[0], *options, corpus], feed, custom_mutator=change)
    try:
        atheris.Fuzz()
    finally:
        os.chdir("/")
        for made in (folder, corpus):
            shutil.rmtree(made, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
