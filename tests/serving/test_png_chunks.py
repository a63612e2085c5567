"""Texts of PNG files, left out in the graph and by the library: all other bytes stay."""

import zlib

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.huge_files import FILES
from tests.helpers.picture_files import png_chunk
from tf_deeppaint.images.decoding import decode_picture
from tf_deeppaint.images.formats import png
from tf_deeppaint.serving import png_chunks

in_graph = tf.function(
    png_chunks.drop_texts, input_signature=[tf.TensorSpec((), tf.string)], autograph=False
)
PLAIN = FILES["PNG alpha"]
UNPACKED = zlib.compress(bytes(7_500_000), 9)
TEXTS = {
    "tEXt": png_chunk(b"tEXt", b"Comment\0" + b"words " * 50),
    "zTXt": png_chunk(b"zTXt", b"a\0\0" + UNPACKED),
    "iTXt": png_chunk(b"iTXt", b"a\0\1\0\0\0" + UNPACKED),
}


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("count", [1, 40])
def test_a_picture_with_texts_is_the_picture_without(kind, count) -> None:
    texts = TEXTS[kind] * count
    data = PLAIN[:33] + texts + PLAIN[33:-12] + texts + PLAIN[-12:]
    assert png.drop_texts(data) == PLAIN
    assert in_graph(data).numpy() == PLAIN
    np.testing.assert_array_equal(decode_picture(data, "it"), decode_picture(PLAIN, "it"))


@pytest.mark.parametrize("kind", [kind for kind in FILES if kind.startswith("PNG")])
def test_other_chunks_stay(kind) -> None:
    """Also where the name of a text stands in what is none."""
    odd = FILES[kind][:33] + png_chunk(b"prIv", b"zTXt iTXt tEXt") + FILES[kind][33:]
    for data in (FILES[kind], odd):
        assert png.drop_texts(data) == data
        assert in_graph(data).numpy() == data


def test_damaged_files_are_treated_alike() -> None:
    """Cut anywhere, with lengths that lead out, and where texts have no end."""
    data = PLAIN[:33] + TEXTS["tEXt"] + PLAIN[33:]
    cut = [data[:length] for length in range(0, len(data), 7)]
    long = [data[:33] + length + data[37:] for length in (b"\xff" * 4, b"\x7f" + b"\xff" * 3)]
    for part in (*cut, *long, b"zTXt", b"\0" * 5000 + b"iTXt"):
        assert in_graph(part).numpy() == png.drop_texts(part)
        assert len(png.drop_texts(part)) <= len(part)
