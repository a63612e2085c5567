"""The summary of a data set: counts from the manifest, palettes from the records."""

import colorsys

import numpy as np
import pytest

from tf_deeppaint.data.summary import color_shares, first_palettes, summarize


def test_the_lines_say_what_the_manifest_says(doll_shards):
    lines = list(summarize(doll_shards, "train"))
    assert lines[0] == "Dolls drawn by tf_deeppaint, CC0-1.0; 64 pixels"
    assert "source=dolls" in lines[1] and "sketch=own" in lines[1]
    kb = sum(path.stat().st_size for path in doll_shards.glob("test-*.tfrecord")) / 4 / 1000
    assert lines[3].startswith("test: 4 records in 1 shards") and f"{kb:.1f} kB" in lines[3]
    assert lines[4].startswith("palettes of the first 8 train records: ")


def test_palettes_come_from_the_records(doll_shards):
    palettes = first_palettes(doll_shards, "train", 3)
    assert palettes.shape == (3, 4, 4, 3) and palettes.dtype == np.uint8
    assert np.array_equal(palettes, first_palettes(doll_shards, "train", 100)[:3])


@pytest.mark.parametrize(
    ("name", "color"),
    [
        ("white", (240, 255, 231)),
        ("gray", (120, 130, 140)),
        ("black", (63, 0, 40)),
        ("red", (255, 100, 120)),
        ("yellow", (250, 240, 20)),
        ("green", (20, 200, 60)),
        ("cyan", (0, 190, 200)),
        ("blue", (40, 60, 220)),
        ("magenta", (230, 20, 200)),
    ],
)
def test_colors_are_called_by_their_names(name, color):
    palettes = np.tile(np.array(color, np.uint8), (2, 4, 4, 1))
    assert color_shares(palettes)[name] == 1.0


def test_hues_agree_with_the_standard_library():
    rng = np.random.default_rng(0)
    palettes = rng.integers(0, 256, (300, 4, 4, 3), dtype=np.uint8)
    counts = dict.fromkeys(("red", "yellow", "green", "cyan", "blue", "magenta"), 0)
    for r, g, b in palettes.reshape(-1, 3).tolist():
        if max(r, g, b) - min(r, g, b) >= 24 and max(r, g, b) >= 64 and min(r, g, b) < 230:
            sixth = int(colorsys.rgb_to_hsv(r, g, b)[0] * 6 + 0.5) % 6
            counts[list(counts)[sixth]] += 1
    shares = color_shares(palettes)
    assert {name: round(shares[name] * 4800) for name in counts} == counts
    assert sum(shares.values()) == pytest.approx(1)
