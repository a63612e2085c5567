"""Wesnoth's portraits: which are listed, how they are grouped and cut."""

import hashlib

import cv2
import numpy as np
import pytest

from tests.helpers.source_files import check_travels, write_picture
from tf_deeppaint.data.sources import wesnoth
from tf_deeppaint.data.sources.base import Example
from tf_deeppaint.data.sources.wesnoth import Wesnoth
from tf_deeppaint.utils.errors import DeepPaintError


def portrait(seed: int, height: int = 300, width: int = 260) -> np.ndarray:
    """A made-up figure: blobs of color standing on the lower edge of a transparent canvas."""
    rng = np.random.default_rng(seed)
    rgba = np.zeros((height, width, 4), np.uint8)
    cv2.rectangle(rgba, (80, 120), (180, height), (90, 90, 90, 255), -1)
    for _ in range(14):
        center = (int(rng.integers(90, 170)), int(rng.integers(90, height - 20)))
        color = (*(int(level) for level in rng.integers(0, 256, 3)), 255)
        cv2.circle(rgba, center, int(rng.integers(10, 30)), color, -1)
    return rgba


@pytest.fixture
def game(tmp_path):
    root = tmp_path / "game"
    core = root / "data" / "core" / "images" / "portraits"
    campaign = root / "data" / "campaigns" / "One" / "images" / "portraits"
    knight = portrait(1)
    write_picture(core / "humans" / "knight.png", knight)
    write_picture(core / "elves" / "archer.png", portrait(2))
    write_picture(campaign / "same-knight.png", knight)
    variant = knight.copy()
    cv2.circle(variant, (110, 200), 8, (255, 0, 0, 255), -1)
    write_picture(campaign / "wounded-knight.png", variant)
    opaque = portrait(3)
    opaque[..., 3] = 255
    write_picture(campaign / "scene.png", opaque)
    write_picture(campaign / "icon.png", cv2.resize(portrait(4), (199, 230)))
    write_picture(root / "data" / "core" / "images" / "units" / "sprite.png", portrait(5))
    return root


KNIGHT = "data/core/images/portraits/humans/knight.png"
ARCHER = "data/core/images/portraits/elves/archer.png"
SAME = "data/campaigns/One/images/portraits/same-knight.png"
WOUNDED = "data/campaigns/One/images/portraits/wounded-knight.png"


def test_wesnoth_keeps_distinct_portraits_on_transparent_ground(game):
    names = [example.name for example in Wesnoth(game).examples()]
    assert names == [SAME, WOUNDED, ARCHER]


def groups(source: Wesnoth) -> dict[str, str]:
    return {example.name: example.group for example in source.examples()}


def test_wesnoth_groups_variants_under_the_first_name(game):
    assert groups(Wesnoth(game)) == {SAME: SAME, WOUNDED: SAME, ARCHER: ARCHER}


def test_wesnoth_tells_the_size_of_each_file_and_leaves_the_split_open(game):
    for example in Wesnoth(game).examples():
        assert example.bytes == (game / example.name).stat().st_size
        assert example.split == ""


def test_wesnoth_takes_the_folder_of_portraits_itself(game):
    source = Wesnoth(game / "data" / "core" / "images" / "portraits")
    assert [example.name for example in source.examples()] == [
        "elves/archer.png",
        "humans/knight.png",
    ]


def test_wesnoth_lists_a_damaged_portrait_in_a_group_of_its_own(game):
    damaged = game / "data" / "core" / "images" / "portraits" / "broken.png"
    damaged.write_bytes((game / KNIGHT).read_bytes()[:200])
    source = Wesnoth(game)
    name = "data/core/images/portraits/broken.png"
    assert groups(source)[name] == name
    with pytest.raises(DeepPaintError, match=r"broken\.png"):
        source.load(Example(name), 64)


def test_wesnoth_loads_the_figure_over_white(game):
    artwork = Wesnoth(game).load(Example(KNIGHT), 256)
    assert artwork.sketch is None
    assert artwork.digest == hashlib.sha256((game / KNIGHT).read_bytes()).hexdigest()
    height, width = artwork.picture.shape[:2]
    assert (height, width) < (300, 260)
    assert artwork.picture[0].min() == artwork.picture[:, 0].min() == 255
    assert artwork.picture[-1].min() < 255, "the figure stands on the lower edge"


def test_crop_to_figure_keeps_a_margin_within_the_canvas():
    rgba = np.zeros((100, 200, 4), np.uint8)
    rgba[40:100, 50:151] = 255
    cropped = wesnoth.crop_to_figure(rgba, margin=0.1)
    assert cropped.shape == (70, 121, 4)
    assert (cropped[..., 3] > 0).sum() == 60 * 101


def test_near_duplicates_are_joined_also_by_way_of_others():
    bits = np.zeros((6, 256), bool)
    bits[1, :70] = bits[2, :140] = True
    bits[3, 60:] = bits[4, 186:] = bits[5, 120:] = True

    def group(bits: np.ndarray) -> dict[str, str]:
        hashes = (row.tobytes() + bytes(48) for row in np.packbits(bits, axis=1))
        return wesnoth.group_near_duplicates(dict(zip("abcdef", hashes, strict=True)))

    # e is like a, f is like both d and e, so that all are of one group in the end.
    assert set(group(bits).values()) == {"a"}
    bits[5] = bits[0]
    assert group(bits) == {"a": "a", "b": "a", "c": "a", "d": "d", "e": "a", "f": "a"}


def test_wesnoth_names_a_folder_that_is_missing_or_bare(tmp_path):
    with pytest.raises(DeepPaintError, match="nowhere: no such folder"):
        list(Wesnoth(tmp_path / "nowhere").examples())
    with pytest.raises(DeepPaintError, match="holds no portrait"):
        list(Wesnoth(tmp_path).examples())


def test_wesnoth_travels_to_workers(game):
    check_travels(Wesnoth(game))
