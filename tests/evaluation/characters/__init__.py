"""Tests of the benchmark of characters."""
