"""TensorFlow, imported without the notices it prints as it loads."""

import os
import sys
from types import ModuleType


def import_tensorflow() -> ModuleType:
    """Imports TensorFlow; what it says about CUDA and oneDNN meanwhile is dropped."""
    if "tensorflow" in sys.modules:
        return sys.modules["tensorflow"]
    sys.stderr.flush()
    stderr = os.dup(2)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    try:
        import tensorflow
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(silence)
    return tensorflow
