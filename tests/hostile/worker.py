"""Feeds one target with inputs, in a process of its own: `python worker.py TARGET ...`.

Prints a JSON line when it is ready, then one for every finding and one at the end; before each
input it writes the input's number into a file that the watcher maps too.
"""

import contextlib
import json
import mmap
import os
import resource
import shutil
import sys
import tempfile
import time
import traceback

os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

from tests.hostile import memory
from tests.hostile.targets import TARGETS
from tf_deeppaint.utils.errors import DeepPaintError

# Bytes of memory that one input may take.
MEMORY = 2**30


def main(name: str, seed: str, first: str, last: str, progress: str) -> None:
    say = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # decoders print what they like
    # In memory where there is such a place: files are synced to the disk.
    home = "/dev/shm" if os.path.isdir("/dev/shm") else None
    folder = tempfile.mkdtemp(prefix="hostile-", dir=home)
    os.chdir(folder)
    target = TARGETS[name]()
    with contextlib.suppress(DeepPaintError):
        target.feed(target.input(name, 0, 0))  # loads what is loaded on the first use
    with open(progress, "r+b") as file:
        shared = mmap.mmap(file.fileno(), 8)
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2 * MEMORY, resource.RLIM_INFINITY))
    print(json.dumps({"ready": True}), file=say)
    refused = 0
    for number in range(int(first), int(last)):
        data = target.input(name, int(seed), number)
        before = memory.begin()
        shared[:8] = number.to_bytes(8, "little")
        began = time.process_time()
        try:
            target.feed(data)
        except DeepPaintError as error:
            refused += 1
            if len(str(error)) > 20_000 + len(data):
                print(json.dumps({"number": number, "finding": "an endless message"}), file=say)
        except BaseException as error:
            text = "".join(traceback.format_exception(error))[-3000:]
            kind = type(error).__name__
            print(json.dumps({"number": number, "finding": kind, "text": text}), file=say)
        seconds = time.process_time() - began
        if seconds > 5:
            told = {"number": number, "finding": f"a hang of {seconds:.0f} s"}
            print(json.dumps(told), file=say)
        grown = memory.peak() - before
        if grown > MEMORY:
            told = {"number": number, "finding": f"{grown >> 20} MiB of memory"}
            print(json.dumps(told), file=say)
    print(json.dumps({"done": int(last) - int(first), "refused": refused}), file=say)
    os.chdir("/")
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
