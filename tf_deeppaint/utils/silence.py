"""Native code kept quiet: TensorFlow imported, and other work done, without its notices."""

import contextlib
import os
import sys
from collections.abc import Iterator
from types import ModuleType


def import_tensorflow() -> ModuleType:
    """Imports TensorFlow; what it says about CUDA and oneDNN meanwhile is dropped."""
    if "tensorflow" in sys.modules:
        return sys.modules["tensorflow"]
    with without_stderr():
        import tensorflow
    return tensorflow


@contextlib.contextmanager
def without_stderr() -> Iterator[None]:
    """Drops what is written to stderr inside, by native code too; exceptions pass."""
    sys.stderr.flush()
    stderr = os.dup(2)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(silence)
