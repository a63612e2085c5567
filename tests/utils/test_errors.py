"""Errors: they pass between processes, and foreign ones are repeated in one short line."""

import pickle

import pytest

from tf_deeppaint.utils.errors import MAX_REASON, DeepPaintError, one_line


def test_an_error_passes_between_processes():
    error = pickle.loads(pickle.dumps(DeepPaintError("a.png: cut off", "cut off")))
    assert (str(error), error.kind) == ("a.png: cut off", "cut off")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("a\n  b\t c\n"), "a b c"),
        (ValueError(" \n"), "ValueError"),
        (KeyError(), "KeyError"),
        (ValueError("x" * 999), "x" * MAX_REASON),
    ],
)
def test_an_error_is_one_short_line(error, expected):
    assert one_line(error) == expected
