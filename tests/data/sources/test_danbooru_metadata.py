"""Danbooru's metadata is read in each of its forms, in little memory, whatever is in it."""

import json
import tracemalloc

import pytest

from tf_deeppaint.data.sources import danbooru_metadata
from tf_deeppaint.data.sources.danbooru_metadata import Post, read_posts
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError


def post(number, *tags: str, **others) -> dict:
    """A post as the public dumps have it, with some of the fields that play no part."""
    return {
        "id": number,
        "created_at": "2017-01-02 03:04:05 UTC",
        "rating": "s",
        "file_ext": "jpg",
        "tags": [{"id": "1", "name": tag, "category": "0"} for tag in tags],
        "pools": [],
    } | others


def test_a_post_of_the_dumps_is_understood(tmp_path):
    path = tmp_path / "posts.json"
    path.write_text(json.dumps(post("2345678", "solo", "1girl", file_ext="PNG", rating="q")))
    assert list(read_posts(str(path))) == [
        Post(2345678, "png", "q", frozenset({"solo", "1girl"})),
    ]


def test_a_post_of_the_newer_dumps_is_understood(tmp_path):
    path = tmp_path / "posts.json"
    fields = {"id": 7, "rating": "g", "file_ext": "jpg", "tag_string": "solo white_background"}
    path.write_text(json.dumps(fields))
    assert list(read_posts(str(path))) == [
        Post(7, "jpg", "g", frozenset({"solo", "white_background"}))
    ]


EVERY_FORM = {
    "lines": lambda found: "\n".join(map(json.dumps, found)),
    "lines, the last ended": lambda found: "".join(json.dumps(one) + "\n" for one in found),
    "lines of Windows": lambda found: "\r\n".join(map(json.dumps, found)) + "\r\n\r\n",
    "lines after a mark": lambda found: "\ufeff" + "\n".join(map(json.dumps, found)),
    "lines not in ASCII": lambda found: "\n".join(
        json.dumps(one, ensure_ascii=False) for one in found
    ),
    "list": json.dumps,
    "list, indented": lambda found: "\n " + json.dumps(found, indent=2) + "\n",
    "list after a mark": lambda found: "\ufeff" + json.dumps(found, ensure_ascii=False),
}


@pytest.mark.parametrize("form", EVERY_FORM)
@pytest.mark.parametrize("block", [5, 7, 1000, 1 << 20])
def test_every_form_gives_the_same_posts_wherever_blocks_end(tmp_path, monkeypatch, form, block):
    found = [post(number, "solo", f"初音ミク{number}", 'a]b}"[\\') for number in range(30)]
    path = tmp_path / "posts"
    path.write_text(EVERY_FORM[form](found), encoding="utf-8", newline="")
    monkeypatch.setattr(files, "_CHUNK", block)
    assert list(read_posts(str(path))) == [
        Post(number, "jpg", "s", frozenset({"solo", f"初音ミク{number}", 'a]b}"[\\'}))
        for number in range(30)
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[",
        b"no JSON at all",
        b"\x00\x01\xff\xfe",
        b"\xff\xfe{\x00",
        b"17",
        b"null",
        b'"text"',
        b"[1, 2]",
        b"{}",
        b'{"id": null}',
        b'{"id": true}',
        b'{"id": 1.5}',
        b'{"id": -3}',
        b'{"id": [1]}',
        b'{"id": "../../etc/passwd"}',
        b'{"id": "12\\u0000"}',
        b'{"id": "\\u0661\\u0662"}',
        b'{"id": ' + b"9" * 13 + b"}",
        b'{"id": ' + b"9" * 9999 + b"}",
        b'{"a":' * 100_000,
        b"[" * 100_000,
        b'{"id": 5, "x": "' + b"y" * (1 << 20) + b'"}',
        b"z" * (3 << 20),
    ],
    ids=lambda line: repr(line[:20]),
)
def test_a_line_that_is_no_post_is_passed_over(tmp_path, line):
    path = tmp_path / "posts.jsonl"
    good = json.dumps(post(1)).encode()
    path.write_bytes(b"\n".join([good, line, good]))
    assert [found and found.number for found in read_posts(str(path))] == [1, None, 1]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, Post(1, "", "", frozenset())),
        ({"tags": None, "rating": None, "file_ext": None}, Post(1, "", "", frozenset())),
        ({"tags": "solo", "rating": 3, "file_ext": ["jpg"]}, Post(1, "", "", frozenset())),
        ({"tags": [None, 1, "x", {}, {"name": 5}, {"name": "y"}]}, Post(1, "", "", {"y"})),
        ({"tags": {"name": "x"}, "tag_string": ["y"]}, Post(1, "", "", frozenset())),
        ({"tags": [{"name": "x"}], "tag_string": " y  z "}, Post(1, "", "", {"x", "y", "z"})),
        ({"tag_string": "\ud800"}, Post(1, "", "", {"\ud800"})),
    ],
)
def test_fields_that_make_no_sense_are_empty(tmp_path, fields, expected):
    path = tmp_path / "posts.jsonl"
    path.write_text(json.dumps({"id": 1} | fields))
    assert list(read_posts(str(path))) == [expected]


def test_items_of_a_list_that_are_no_posts_are_passed_over(tmp_path):
    path = tmp_path / "posts.json"
    path.write_text(json.dumps([post(1), 17, None, "x", [post(9)], {}, post(2)]))
    found = [found and found.number for found in read_posts(str(path))]
    assert found == [1, None, None, None, None, None, 2]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-1],
        lambda text: text[:-40],
        lambda text: text[:-1] + "{",
        lambda text: text[:-1] + ', {"id": ' + "9" * 9999 + "}]",
        lambda text: text[:-1] + "," + "[" * 100_000,
        lambda text: text[:-1] + ', "' + "y" * (3 << 20) + '"]',
    ],
)
def test_a_damaged_list_is_named_with_what_was_read(tmp_path, damage):
    path = tmp_path / "posts.json"
    path.write_text(damage(json.dumps([post(1), post(2), post(3)])))
    found = []
    with pytest.raises(DeepPaintError, match=r"posts\.json: its list is .* after [23] posts"):
        # Not all at once, so that what came before the damage is kept.
        for one in read_posts(str(path)):
            found.append(one.number)
    assert found[:2] == [1, 2]


def test_an_empty_file_and_an_empty_list_hold_no_posts(tmp_path):
    for content in ("", "\n\n", "[]", " [ ] "):
        (tmp_path / "posts.json").write_text(content)
        assert list(read_posts(str(tmp_path / "posts.json"))) == []


def test_a_folder_of_metadata_is_read_file_by_file(tmp_path):
    folder = tmp_path / "metadata"
    for name in ("2017.json", "deep/a.JSONL", "b.ndjson", "2017000000000012"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(post(len(name))))
    for name in ("README.md", "metadata.tar.xz", ".hidden.json", "x.png"):
        (folder / name).write_text(json.dumps(post(99)))
    (tmp_path / "outside.json").write_text(json.dumps(post(99)))
    (folder / "leaves.json").symlink_to(tmp_path / "outside.json")
    assert sorted(found.number for found in read_posts(str(folder))) == [8, 9, 12, 16]


def test_metadata_that_is_missing_or_cannot_be_read_is_named(tmp_path, monkeypatch):
    with pytest.raises(DeepPaintError, match=r"nowhere\.json: cannot be read \(No such file"):
        list(read_posts(str(tmp_path / "nowhere.json")))

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "posts.json").write_text("{}")
    monkeypatch.setattr(files, "open_binary", refuse)
    with pytest.raises(DeepPaintError, match=r"posts\.json: cannot be read \(Permission denied"):
        list(read_posts(str(tmp_path / "posts.json")))


@pytest.mark.parametrize("form", ["lines", "list"])
def test_memory_does_not_grow_with_the_file(tmp_path, form):
    path = tmp_path / "posts.json"
    path.write_text(EVERY_FORM[form]([post(n, *"abcdefghij") for n in range(20_000)]))
    assert path.stat().st_size > 9 * danbooru_metadata.MAX_POST
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_posts(str(path))) == 20_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 7 * danbooru_metadata.MAX_POST
