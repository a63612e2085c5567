"""What the tests of sources share: writing pictures, and checks that hold for every source."""

import pickle
from pathlib import Path

import numpy as np
from PIL import Image

from tf_deeppaint.data.sources.base import Source


def write_picture(path: Path, pixels: np.ndarray, **options) -> bytes:
    """Writes uint8 gray, RGB or RGBA by Pillow, in the kind of the suffix; the file's bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path.read_bytes()


def check_travels(source: Source) -> None:
    """A source sent to a worker is small and lists the same drawings there."""
    parcel = pickle.dumps(source)
    copy = pickle.loads(parcel)
    assert len(parcel) < 1000
    assert sorted(copy.examples()) == sorted(source.examples())
    assert (copy.origin, copy.options) == (source.origin, source.options)
    assert source.origin.name == type(source).__name__.lower()
