"""comicgen's people: which files a drawing takes, and which role each of their colors plays."""

import numpy as np
import pytest

from tests.helpers.character_files import CLOTHES, HEADS, POSES, fill, svg, write_comicgen
from tf_deeppaint.data.sources.characters.comicgen import MIXED, Part, People, read_part
from tf_deeppaint.data.sources.characters.figures import INK, code, ink_code
from tf_deeppaint.utils.errors import DeepPaintError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(write_comicgen(tmp_path_factory.mktemp("comicgen")) / "svg")


@pytest.fixture(scope="module")
def people(folder):
    return People(folder)


def sample(people: People, test: bool) -> list[tuple[Part, ...]]:
    rng = np.random.default_rng(2)
    return [people.sample(rng, test) for _ in range(1500)]


def paths(drawings: list[tuple[Part, ...]], kind: str) -> set[str]:
    return {part.path for parts in drawings for part in parts if part.kind == kind}


@pytest.mark.parametrize("kind", ["hair", "body"])
def test_held_out_parts_are_in_no_drawing_of_the_training_split(people, kind):
    trained, tested = (paths(sample(people, test), kind) for test in (False, True))
    assert trained
    assert tested
    assert trained.isdisjoint(tested)


def test_one_head_in_eight_is_held_out(people):
    assert len(paths(sample(people, True), "hair")) == len(HEADS) / 8


def test_a_pose_is_held_out_in_all_clothes_and_clothes_in_all_poses(people):
    held_out = {body.path for body in people.test_bodies if body.character == MIXED}
    by_clothes = {
        clothes: {path for path in held_out if f"/{clothes}/" in path} for clothes in CLOTHES
    }
    counts = sorted(len(held) for held in by_clothes.values())
    # One outfit is held out whole; of the others two poses in sixteen.
    assert counts == [2, 2, 2, 2, len(POSES)]


def test_faces_belong_to_the_character_and_lie_in_its_order(people):
    for parts in sample(people, False):
        names = [part.path for part in parts]
        if names[-1].startswith("ringonuovo"):
            assert names[0] == "ringonuovo/straight/emotion/smile.svg"
        elif any(name.startswith("sophie") for name in names):
            assert names[0].startswith("sophie/pose")
            assert names[1] == "sophie/emotion/smile.svg"
        else:
            assert [part.kind for part in parts] == ["hair", "face", "body"]


def read(tmp_path, kind: str, *elements: str, name: str = "a/b/c.svg") -> str:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(svg(*elements))
    return read_part(str(tmp_path), Part(kind, name))


SQUARE = (0, 0, 9, 9)


@pytest.mark.parametrize(
    ("kind", "color", "expected"),
    [
        ("body", "#eeddc5", code("skin")),
        ("body", "#BCD1EC", code("top")),
        ("body", "#fff", code("plain")),
        ("body", "#161616", ink_code("bottom")),
        ("hair", "#171717", ink_code("hair")),
        ("hair", "#fff", code("hair")),
        ("head", "#fff", code("plain")),
        ("face", "#000", INK),
        ("face", "#af2a00", code("mouth")),
        ("body", "#e0e0e0", code("plain")),
        ("body", "#808080", code("accent")),
        ("body", "#20d0d0", code("accent")),
        # Dark, but a color.
        ("body", "#00325f", code("bottom")),
    ],
)
def test_a_fill_plays_the_role_of_its_kind_of_file(tmp_path, kind, color, expected):
    text = read(tmp_path, kind, fill(color, *SQUARE))
    assert f'fill="{expected}"' in text


def test_what_has_no_fill_is_ink(tmp_path):
    assert f'fill="{INK}"' in read(tmp_path, "face", '<path d="M0 0H9V9Z"/>')


def test_lines_get_strokes_that_do_not_fade(tmp_path):
    line = '<path fill="none" stroke="#171717" stroke-width="0.5" d="M0 0H9"/>'
    text = read(tmp_path, "body", line)
    assert f'stroke="{INK}"' in text
    assert 'stroke-width="3.000"' in text


def test_thin_ink_of_some_characters_is_thickened(tmp_path):
    square = fill("#000", *SQUARE)
    assert "stroke" not in read(tmp_path, "body", square)
    assert f'stroke="{INK}"' in read(tmp_path, "body", square, name="aryan/pose/x.svg")


def test_tints_are_dropped_and_masks_keep_their_colors(tmp_path):
    mask = f'<mask id="a">{fill("#fff", *SQUARE)}</mask>'
    tint = fill("#bcd1ec", 1, 1, 2, 2, more=' opacity="0.2"')
    text = read(tmp_path, "body", mask, tint, f'<g mask="url(#a)">{fill("#bcd1ec", *SQUARE)}</g>')
    assert 'fill="#fff"' in text
    assert text.count(code("top")) == 1
    # Files laid over each other must not share the names of their masks.
    assert 'id="a"' not in text
    other = read(tmp_path, "body", mask, name="a/b/d.svg")
    (name,) = {part.partition('"')[0] for part in text.split('id="')[1:]}
    assert f"url(#{name})" in text
    assert f'id="{name}"' not in other


@pytest.mark.parametrize(
    "text",
    ["", "no SVG", "<svg", '<svg viewBox="0 0 x y"/>', "<svg>" * 3000 + "</svg>" * 3000],
    ids=["empty", "text", "cut", "box", "deep"],
)
def test_a_file_that_is_no_svg_is_named(tmp_path, text):
    (tmp_path / "bad.svg").write_text(text)
    with pytest.raises(DeepPaintError, match=r"bad\.svg"):
        read_part(str(tmp_path), Part("body", "bad.svg"))


def test_a_folder_without_the_characters_is_named(tmp_path):
    with pytest.raises(DeepPaintError, match="holds no characters of comicgen"):
        People(str(tmp_path))
