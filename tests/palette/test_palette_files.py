"""Palettes as JSON: the published format, read back, and refused where it is damaged."""

import json
import os

import numpy as np
import pytest

from tf_deeppaint.palette.palette_files import (
    load_palette,
    load_rule,
    palette_from_json,
    palette_to_json,
    write_palette,
)
from tf_deeppaint.utils.errors import DeepPaintError


@pytest.fixture(name="palette")
def make_palette() -> np.ndarray:
    return np.random.default_rng(4).integers(0, 256, (4, 4, 3), dtype=np.uint8)


def test_json_is_the_published_format(palette):
    document = json.loads(palette_to_json(palette))
    assert list(document) == ["1", "2", "3", "4"]
    assert list(document["2"]) == ["1", "2", "3", "4"]
    assert document["2"]["3"] == palette[1, 2].tolist()


def test_json_comes_back_the_same(palette, tmp_path):
    assert np.array_equal(palette_from_json(palette_to_json(palette), "it"), palette)
    write_palette(tmp_path / "new" / "p.json", palette)
    back = load_palette(tmp_path / "new" / "p.json")
    assert np.array_equal(back, palette) and back.dtype == np.uint8


def test_a_file_may_say_its_rule(palette, tmp_path):
    write_palette(tmp_path / "p.json", palette, "figure")
    assert np.array_equal(load_palette(tmp_path / "p.json"), palette)
    assert load_rule(tmp_path / "p.json") == "figure"
    assert list(json.loads((tmp_path / "p.json").read_text())) == ["1", "2", "3", "4", "background"]


@pytest.mark.parametrize("rule", [None, "blue", 7, ["white"], {"white": 1}, "white" * 5000])
def test_a_rule_that_is_none_is_left_out(palette, tmp_path, rule):
    document = json.loads(palette_to_json(palette)) | {"background": rule}
    (tmp_path / "p.json").write_text(json.dumps(document))
    assert load_rule(tmp_path / "p.json") is None
    write_palette(tmp_path / "p.json", palette)
    assert load_rule(tmp_path / "p.json") is None
    (tmp_path / "p.json").write_text("[]")
    with pytest.raises(DeepPaintError, match="not a palette"):
        load_rule(tmp_path / "p.json")


def changed(band: str, rank: str, value) -> str:
    document = json.loads(palette_to_json(np.zeros((4, 4, 3), np.uint8)))
    document[band][rank] = value
    return json.dumps(document)


def without(band: str, rank: str | None = None) -> str:
    document = json.loads(palette_to_json(np.zeros((4, 4, 3), np.uint8)))
    del (document if rank is None else document[band])[rank or band]
    return json.dumps(document)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "7",
        "[]",
        '"1"',
        "{}",
        '{"1": null, "2": null, "3": null, "4": null}',
        "[" * 100_000,
        '{"1": ' * 100_000,
        palette_to_json(np.zeros((4, 4, 3), np.uint8))[:-1],
        without("4"),
        without("2", "4"),
        changed("1", "1", None),
        changed("1", "1", "red"),
        changed("1", "1", 7),
        changed("1", "1", []),
        changed("1", "1", [1, 2]),
        changed("1", "1", [1, 2, 3, 4]),
        changed("1", "1", [[1, 2, 3]]),
        changed("1", "1", [1, 2, "3"]),
        changed("1", "1", [1, 2, 3.0]),
        changed("1", "1", [1, 2, float("nan")]),
        changed("1", "1", [1, 2, True]),
        changed("1", "1", [1, 2, None]),
        changed("1", "1", {"r": 1, "g": 2, "b": 3}),
        changed("1", "1", [1, 2, -1]),
        changed("1", "1", [1, 2, 256]),
        changed("1", "1", [1, 2, 2**63]),
        changed("1", "1", [1, 2, 10**30]),
        changed("1", "1", [1, 2, 3]).replace("3", "9" * 5000, 1),
    ],
    ids=lambda text: text[:30] or "nothing",
)
def test_json_that_is_no_palette_is_refused_in_one_line(text):
    with pytest.raises(DeepPaintError, match=r"^mine\.json: ") as caught:
        palette_from_json(text, "mine.json")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\xef\xbb\xbf{}"])
def test_a_file_that_is_no_text_is_refused(tmp_path, content):
    (tmp_path / "p.json").write_bytes(content)
    with pytest.raises(DeepPaintError, match=r"p\.json: "):
        load_palette(tmp_path / "p.json")


def test_a_missing_palette_file_is_named(tmp_path):
    with pytest.raises(DeepPaintError, match=r"none\.json: does not exist"):
        load_palette(tmp_path / "none.json")
    with pytest.raises(DeepPaintError, match="is not a file"):
        load_palette(tmp_path)


def test_a_file_that_could_not_be_read_to_its_end_is_refused(tmp_path):
    (tmp_path / "long.json").write_bytes(b" " * 100_000)
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff" * 20)
    for name in ("long.json", "pipe.json", "bytes.json"):
        with pytest.raises(DeepPaintError, match=name.replace(".", r"\.")):
            load_palette(tmp_path / name)
