"""What is written as PNG is read back, equal pixels as equal bytes."""

import numpy as np
import pytest

from tests.helpers import picture_files as pictures
from tf_deeppaint.images.decoding import read_picture
from tf_deeppaint.images.encoding import PNG_END, encode_png, write_picture


@pytest.mark.parametrize("shape", [(12, 17), (12, 17, 3), (1, 1)])
def test_what_is_written_is_read_back(tmp_path, shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    write_picture(tmp_path / "new" / "folder" / "x.png", pixels)
    back = read_picture(tmp_path / "new" / "folder" / "x.png")
    assert np.array_equal(back, pixels if back.ndim == pixels.ndim else np.dstack([pixels] * 3))
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == ["x.png"]


def test_equal_pixels_give_equal_bytes():
    picture = pictures.gradient()
    flipped_twice = np.asfortranarray(picture)[::-1][::-1]
    assert encode_png(picture) == encode_png(flipped_twice)
    assert encode_png(picture).endswith(PNG_END)
