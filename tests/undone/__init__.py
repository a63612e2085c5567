"""Mends undone, one at a time: the tests that hold them must fail."""
