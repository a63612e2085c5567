"""Tests of the sources of characters."""
