"""Records decoded in the graph: what a picture's file holds beside its pixels is bounded."""

import zlib

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.picture_files import png_chunk
from tf_deeppaint.data import parsing, records
from tf_deeppaint.images.encoding import encode_png

# Eight kilobytes that unpack to seven megabytes, which libpng would keep.
TEXT = png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(7_500_000), 9))


@pytest.mark.parametrize(("texts", "is_read"), [(0, True), (1, True), (3, False)])
def test_what_a_png_holds_beside_its_pixels_is_bounded(texts, is_read):
    palette = np.random.default_rng(0).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    png = encode_png(palette)
    values = {records.PALETTE: [png[:33] + TEXT * texts + png[33:]]}
    record = tf.constant(records.serialize_record(values))
    if is_read:
        np.testing.assert_array_equal(parsing.decode_palette(record), palette)
        return
    with pytest.raises(tf.errors.InvalidArgumentError):
        parsing.decode_palette(record)
