"""TensorFlow and other native libraries without their notices on stderr."""

import contextlib
import os
import sys
from collections.abc import Iterator
from types import ModuleType


def import_tensorflow() -> ModuleType:
    """Imports TensorFlow; its notices about CUDA and oneDNN are dropped."""
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
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(null)
