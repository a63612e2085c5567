"""Averaged weights: between those of two networks, and refused where these differ."""

import numpy as np

from tests.helpers.programs import assert_refused, run
from tf_deeppaint.networks.matcher.color_matcher import ColorMatcher
from tf_deeppaint.networks.model_files import load_generator


def save(path, seed: int, **options) -> str:
    ColorMatcher(width=8, blocks=1, size=64, seed=seed, **options).save(path)
    return str(path)


def average(before: str, after: str, output):
    flags = (f"--before={before}", f"--after={after}", "--share=0.25", f"--output={output}")
    return run("experiments.average_weights", *flags)


def test_weights_lie_between_those_of_both(tmp_path):
    before = save(tmp_path / "before.keras", 1, dtype="float16")
    after = save(tmp_path / "after.keras", 2)
    assert average(before, after, tmp_path / "out" / "averaged.keras").returncode == 0
    one, other, averaged = map(load_generator, (before, after, tmp_path / "out" / "averaged.keras"))
    for a, b, c in zip(one.weights, other.weights, averaged.weights, strict=True):
        expected = 0.75 * np.asarray(a, "float64") + 0.25 * np.asarray(b, "float64")
        np.testing.assert_allclose(np.asarray(c), expected, atol=1e-6)
        assert np.asarray(c).dtype == np.float32


def test_networks_that_differ_are_refused(tmp_path):
    before = save(tmp_path / "before.keras", 1)
    after = save(tmp_path / "after.keras", 1, background="figure")
    assert_refused(
        average(before, after, tmp_path / "out" / "averaged.keras"), "another network than"
    )
    assert not (tmp_path / "out" / "averaged.keras").exists()
