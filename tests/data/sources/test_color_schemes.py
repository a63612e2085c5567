"""Color schemes: seeded, plausible, and apart where parts touch."""

import colorsys

import numpy as np
import pytest

from tf_deeppaint.data.sources.color_schemes import (
    ROLES,
    ColorScheme,
    contrast,
    make_scheme,
    shadow_of,
)

SCHEMES = [make_scheme(np.random.default_rng(seed)) for seed in range(200)]


def test_a_scheme_depends_on_its_seed_alone():
    assert make_scheme(np.random.default_rng(7)) == SCHEMES[7]
    assert len(set(SCHEMES)) == len(SCHEMES)


def test_every_role_of_a_scheme_can_be_a_part():
    assert set(ColorScheme._fields) - {"ink"} == set(ROLES) - {"paper", "plain"}


def test_colors_are_levels():
    levels = np.array(SCHEMES)
    assert levels.shape == (200, len(ColorScheme._fields), 3)
    assert levels.min() >= 0
    assert levels.max() <= 255


def test_skin_is_skin_and_ink_is_dark():
    for scheme in SCHEMES:
        hue, saturation, value = colorsys.rgb_to_hsv(*(level / 255 for level in scheme.skin))
        assert 0.02 < hue < 0.12
        assert 0.1 < saturation < 0.6
        assert value > 0.3
        assert max(scheme.ink) < 50


@pytest.mark.parametrize(
    ("one", "other"), [("skin", "hair"), ("top", "bottom"), ("top", "skin"), ("layer", "top")]
)
def test_parts_that_touch_are_told_apart(one, other):
    distances = [contrast(getattr(scheme, one), getattr(scheme, other)) for scheme in SCHEMES]
    assert np.mean(np.array(distances) > 40) > 0.97


def test_half_of_the_hair_is_natural_and_the_rest_of_any_hue():
    hues = [colorsys.rgb_to_hsv(*scheme.hair)[0] for scheme in SCHEMES]
    counts, _ = np.histogram(hues, bins=6, range=(0, 1))
    assert (counts >= 8).all()
    # Brown, blond and red.
    assert counts[0] > 40


def test_a_shadow_is_darker_and_of_the_same_hue():
    hue, _, value = colorsys.rgb_to_hsv(*(level / 255 for level in shadow_of((200, 120, 40))))
    assert hue == pytest.approx(80 / 160 / 6, abs=0.01)
    assert value == pytest.approx(0.82 * 200 / 255, abs=0.01)
    assert shadow_of((100, 100, 100)) == (82, 82, 82)
