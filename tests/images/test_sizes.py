"""The sizes that the networks take."""

import pytest

from tf_deeppaint.images.sizes import check_network_size, is_network_size
from tf_deeppaint.utils.errors import DeepPaintError


def test_network_sizes_are_the_positive_multiples_of_64():
    assert [side for side in range(-64, 200) if is_network_size(side)] == [64, 128, 192]


def test_another_size_is_refused_and_named():
    check_network_size(512)
    with pytest.raises(DeepPaintError, match="--size=100: a multiple of 64"):
        check_network_size(100)
