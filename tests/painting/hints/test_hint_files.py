"""Files of hints: what is read of them, and what is told of files that are none."""

import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tf_deeppaint.images.encoding import encode_png, write_picture
from tf_deeppaint.painting.hints.hint import Hint
from tf_deeppaint.painting.hints.hint_files import MAX_JSON_BYTES, MOST_HINTS, load_hints
from tf_deeppaint.utils.errors import DeepPaintError

RED, BLUE = (200, 30, 40), (30, 60, 220)


def transparent(width: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGBA", (width, height))
    return image, ImageDraw.Draw(image)


def load(tmp_path, image: Image.Image) -> list[Hint]:
    image.save(tmp_path / "hints.png")
    return load_hints(tmp_path / "hints.png", (image.height, image.width))


@pytest.mark.parametrize("scale", [1, 4])
def test_marks_of_a_picture_are_dots_and_strokes(tmp_path, scale):
    """Of 4 pixels each, the strokes are found on a fourth of the size."""
    image, draw = transparent(500 * scale, 400 * scale)
    boxes = {RED: [(20, 30, 26, 36), (200, 220, 300, 223)], BLUE: [(400, 60, 403, 340)]}
    for color, listed in boxes.items():
        for box in listed:
            draw.rectangle([scale * value for value in box], (*color, 255))
    hints = load(tmp_path, image)
    assert sorted(hint.color for hint in hints) == [BLUE, RED, RED]
    assert not any(hint.everywhere for hint in hints)
    for color, listed in boxes.items():
        found = [np.array(hint.points) for hint in hints if hint.color == color]
        ends = sorted((*p.min(axis=0).tolist(), *p.max(axis=0).tolist()) for p in found)
        np.testing.assert_allclose(ends, scale * np.array(sorted(listed)), atol=scale)
    # Each pixel of the working size once.
    assert sum(len(hint.points) for hint in hints) == 7 * 7 + 101 * 4 + 4 * 281


def test_soft_edges_and_noise_of_a_brush_make_no_other_stroke(tmp_path):
    image, _ = transparent(300, 200)
    rng = np.random.default_rng(0)
    pixels = np.array(image)
    y, x = np.indices((200, 300))
    for center, color in (((60, 100), RED), ((82, 100), BLUE), ((240, 50), RED)):
        distance = np.hypot(x - center[0], y - center[1])
        inside = distance < 14
        noisy = np.array(color) + rng.integers(-9, 10, (200, 300, 3))
        pixels[inside, :3] = noisy[inside]
        opacity = np.clip((14 - distance) * 90, 0, 255)
        pixels[..., 3] = np.maximum(pixels[..., 3], opacity)
    # Where the two overlap their colors are mixed.
    seam = np.abs(x - 71) < 1
    pixels[seam & (np.abs(y - 100) < 9), :3] = (115, 45, 130)
    hints = load(tmp_path, Image.fromarray(pixels))
    assert len(hints) == 3
    for hint in hints:
        expected = RED if np.mean(hint.points, axis=0)[0] not in range(72, 95) else BLUE
        near = [np.abs(np.array(hint.color) - color).max() <= 10 for color in (RED, BLUE)]
        assert sum(near) == 1 and expected in (RED, BLUE)
    colors = [min((RED, BLUE), key=lambda c: abs(c[0] - hint.color[0])) for hint in hints]
    places = [round(float(np.mean(hint.points, axis=0)[0])) for hint in hints]
    assert sorted(zip(colors, (place // 40 for place in places), strict=True)) == [
        (BLUE, 2),
        (RED, 1),
        (RED, 6),
    ]


def test_a_single_pixel_is_a_dot(tmp_path):
    image, draw = transparent(60, 40)
    draw.point((7, 9), (*RED, 255))
    draw.point((8, 9), (*RED, 100))  # too faint
    assert load(tmp_path, image) == [Hint(((7, 9),), RED)]


def test_json_lists_dots_and_strokes(tmp_path):
    listed = [
        {"x": 3.7, "y": 5, "color": "#c81e28"},
        {"points": [[0, 0], [2, 0]], "color": [30, 60, 220], "everywhere": True},
    ]
    (tmp_path / "h.JSON").write_text(json.dumps(listed))
    assert load_hints(tmp_path / "h.JSON", (10, 20)) == [
        Hint(((3, 5),), RED),
        Hint(((0, 0), (1, 0), (2, 0)), BLUE, True),
    ]
    (tmp_path / "none.json").write_text("[]")
    assert load_hints(tmp_path / "none.json", (10, 20)) == []


DOT = {"x": 1, "y": 2, "color": "#fff"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff[", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (DOT, "no list of hints"),
        ([DOT, 5], "no list of hints"),
        ([DOT] * (MOST_HINTS + 1), f"{MOST_HINTS} at most"),
        ([DOT, {"x": 1, "y": 2}], "2. hint: has other keys"),
        ([DOT | {"size": 5}], "1. hint: has other keys"),
        ([DOT | {"everywhere": 1}], "everywhere is true or false"),
        ([{"points": 5, "color": "#fff"}], r"points is a list of \[x, y\]"),
        ([{"points": [], "color": "#fff"}], "a hint of 0 points"),
        ([{"points": [[1]], "color": "#fff"}], "no point"),
        ([DOT | {"x": "1"}], "no point"),
        ([DOT | {"x": -1}], "no point"),
        ([DOT | {"color": "red"}], "1. hint: color='red'"),
        ([DOT, DOT | {"x": 20}], r"2\. hint: .*x=20, y=2 lies beside the picture of 20 x 10"),
        ([{"points": [[1, 1], [5, 15]], "color": "#fff"}], "lies beside the picture"),
        (b" " * (MAX_JSON_BYTES + 1), "over 2 MiB"),
    ],
)
def test_what_is_no_json_of_hints_is_told_in_one_line(tmp_path, content, words):
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    (tmp_path / "h.json").write_bytes(data)
    with pytest.raises(DeepPaintError, match=rf"h\.json: .*({words})") as told:
        load_hints(tmp_path / "h.json", (10, 20))
    assert "\n" not in str(told.value)


def test_all_strokes_of_a_file_share_one_bound(tmp_path):
    # Back and forth on one line: few pixels are marked, but many are gone over.
    stroke = {"points": [[0, 0], [60_000, 0]] * 8, "color": "#ffffff"}
    (tmp_path / "hints.json").write_text(json.dumps([stroke, stroke]))
    with pytest.raises(DeepPaintError, match=r"hints\.json: strokes of over 1048576 pixels"):
        load_hints(tmp_path / "hints.json", (8, 8))


def test_what_is_no_picture_of_hints_is_told(tmp_path):
    path = tmp_path / "h.png"
    marks = np.zeros((10, 20, 4), np.uint8)
    marks[3, 4] = 255
    opaque = np.full((10, 20, 4), 255, np.uint8)
    noise = np.random.default_rng(1).integers(0, 256, (90, 90, 4), dtype=np.uint8)
    noise[..., 3], noise[0, 0, 3] = 255, 0
    dots = np.zeros((200, 200, 4), np.uint8)
    dots[::2, ::2] = 255
    for picture, words in (
        (marks[:, :10], "10 x 10 pixels, but the sketch has 20 x 10"),
        (opaque, "is not transparent"),
        (opaque[..., :3], "is not transparent"),
        (np.zeros_like(marks), "no dot or stroke"),
        (noise, "over .*; draw"),
        (dots, "dots and strokes; draw fewer"),
    ):
        write_picture(path, picture)
        shape = (10, 20) if picture.shape[0] == 10 else picture.shape[:2]
        with pytest.raises(DeepPaintError, match=rf"h\.png: .*{words}"):
            load_hints(path, shape)
    for data in (b"", b"text", encode_png(marks)[:-30]):
        path.write_bytes(data)
        with pytest.raises(DeepPaintError, match=r"h\.png: "):
            load_hints(path, (10, 20))
    with pytest.raises(DeepPaintError, match="gone"):
        load_hints(tmp_path / "gone.png", (10, 20))


def test_the_size_is_compared_before_pixels_are_decoded(tmp_path):
    """The pixels are missing: only who decodes them finds that out."""
    data = encode_png(np.zeros((30, 40, 4), np.uint8))
    (tmp_path / "h.png").write_bytes(data[: data.index(b"IDAT") + 4])
    with pytest.raises(DeepPaintError, match="40 x 30 pixels, but the sketch has 20 x 10"):
        load_hints(tmp_path / "h.png", (10, 20))
