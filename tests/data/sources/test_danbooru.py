"""Danbooru: which posts are chosen, where their pictures lie, and why others are left out."""

import collections
import hashlib
import json

import numpy as np
import pytest

from tests.helpers.source_files import check_travels, write_picture
from tf_deeppaint.data.sources.base import Example, Inspection, Skipped
from tf_deeppaint.data.sources.danbooru import Danbooru
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

WANTED = ("solo", "white_background", "1girl")
PICTURE = np.full((40, 30, 3), (255, 255, 255), np.uint8)
PICTURE[10:30, 10:20] = (20, 200, 10)


def post(number, tags=WANTED, rating="s", ext="jpg") -> dict:
    named = [{"id": "9", "name": tag, "category": "0"} for tag in tags]
    return {"id": str(number), "file_ext": ext, "rating": rating, "tags": named}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "512px"
    for name in (
        "0678/2345678.jpg",
        "0005/5.png",
        "7.webp",
        "0012/3012.jpg",
        "3012.jpg",
        "0013/13.png",
        "0013/13.jpg",
        "0000/1000.jpeg",
    ):
        write_picture(folder / name, PICTURE)
    return folder


def chosen(folder, found: list, **options) -> tuple[list[str], dict[str, int]]:
    """Names of the examples listed, and how many posts were left out for which reason."""
    metadata = folder.parent / "posts.json"
    metadata.write_text("\n".join(map(json.dumps, found)))
    listed = list(Danbooru(folder, metadata=[metadata], **options).examples())
    examples = [item for item in listed if isinstance(item, Example)]
    for example in examples:
        assert example.bytes == (folder / example.name).stat().st_size
        assert (example.group, example.split) == ("", "")
    reasons = collections.Counter(item.reason for item in listed if isinstance(item, Skipped))
    return [example.name for example in examples], dict(reasons)


def test_a_picture_is_found_in_its_bucket_or_beside_the_others(folder):
    found = [
        post(2345678),
        post(5, ext="png"),
        post(7, ext="webp"),
        post(3012),
        post(1000, ext="jpeg"),
    ]
    assert chosen(folder, found) == (
        ["0678/2345678.jpg", "0005/5.png", "7.webp", "0012/3012.jpg", "0000/1000.jpeg"],
        {},
    )


def test_the_extension_of_the_metadata_comes_first_then_jpg_then_png(folder):
    found = [post(13, ext="png"), post(13, ext="gif"), post(5, ext="zip"), post(5, ext="")]
    names, reasons = chosen(folder, found)
    assert names == ["0013/13.png", "0013/13.jpg", "0005/5.png", "0005/5.png"]
    assert reasons == {}


def test_each_reason_is_told(folder):
    found = [
        post(5),
        post(5, tags=["solo", "1girl"]),
        post(5, tags=["white_background", "hat"]),
        post(5, tags=["solo_focus", "white_background"]),
        post(5, tags=[]),
        post(5, rating="q"),
        post(5, rating="e", tags=[]),
        post(5, rating="e"),
        post(5, rating=""),
        post(5, rating="sausages"),
        post(6),
        post(7, ext="txt"),
        post("x"),
        17,
    ]
    assert chosen(folder, found) == (
        ["0005/5.png"],
        {
            "without tag white_background": 1,
            "without tag solo": 3,
            "rating q": 1,
            "rating e": 2,
            "unknown rating": 2,
            "no picture file": 2,
            "unreadable metadata line": 2,
        },
    )


def test_tags_and_ratings_are_chosen_by_hand(folder):
    found = [
        post(5, tags=["hat", "comic"], rating="q"),
        post(7, tags=["hat", "text"], rating="e", ext="webp"),
        post(13, tags=["hat"], rating="e"),
        post(3012, tags=["solo"], rating="e"),
        post(2345678, tags=["hat"], rating="s"),
    ]
    options = {"include_tags": ["hat"], "exclude_tags": ["text", "comic"], "ratings": ["e", "q"]}
    assert chosen(folder, found, **options) == (
        ["0013/13.jpg"],
        {"with tag comic": 1, "with tag text": 1, "without tag hat": 1, "rating s": 1},
    )


def test_no_tag_at_all_can_be_asked_for(folder):
    names, reasons = chosen(folder, [post(5, tags=[])], include_tags=[])
    assert (names, reasons) == (["0005/5.png"], {})


def test_the_order_of_the_flags_changes_nothing(folder):
    found = [post(5, tags=["c", "d"]), post(7, tags=["a", "b", "c"]), post(13, tags=["a", "b"])]
    one = {"include_tags": ["a", "b"], "exclude_tags": ["c", "d"], "ratings": ["s", "q"]}
    other = {flag: values[::-1] for flag, values in one.items()}
    assert chosen(folder, found, **one) == chosen(folder, found, **other)
    assert (
        Danbooru(folder, metadata=["x"], **one).options
        == Danbooru(folder, metadata=["x"], **other).options
    )


def test_several_files_and_folders_of_metadata_are_read(folder, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([post(5)]))
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.json").write_text(json.dumps(post(13)))
    (tmp_path / "more" / "c.json").write_text(
        json.dumps({"id": 3012, "rating": "g", "tag_string": "solo white_background"})
    )
    source = Danbooru(folder, metadata=[tmp_path / "a.json", tmp_path / "more"])
    assert {example.name for example in source.examples()} == {
        "0005/5.png",
        "0013/13.jpg",
        "0012/3012.jpg",
    }


def test_a_picture_that_a_link_fetches_from_outside_is_left_alone(folder, tmp_path):
    write_picture(tmp_path / "outside.jpg", PICTURE)
    (folder / "21.jpg").symlink_to(tmp_path / "outside.jpg")
    (folder / "0022").symlink_to(tmp_path)
    write_picture(tmp_path / "22.jpg", PICTURE)
    (folder / "23.jpg").symlink_to(folder / "0005" / "5.png")
    (folder / "24.jpg").mkdir()
    names, reasons = chosen(folder, [post(21), post(22), post(23), post(24)])
    assert names == ["23.jpg"]
    assert reasons == {"no picture file": 3}


def test_choosing_nothing_is_an_error_that_tells_why(folder):
    with pytest.raises(DeepPaintError) as caught:
        chosen(folder, [post(6), post(8), post(5, rating="e")])
    message = str(caught.value)
    assert "512px: holds the picture of none of the posts in " in message
    assert message.endswith("posts.json (2 no picture file, 1 rating e)")
    with pytest.raises(DeepPaintError, match=r"\(there are none\)"):
        chosen(folder, [])


def test_what_is_missing_is_named(folder, tmp_path):
    with pytest.raises(DeepPaintError, match="nowhere: no such folder"):
        list(Danbooru(tmp_path / "nowhere", metadata=[tmp_path / "posts.json"]).examples())
    with pytest.raises(DeepPaintError, match=r"posts\.json: cannot be read"):
        list(Danbooru(folder, metadata=[tmp_path / "posts.json"]).examples())


def test_without_metadata_the_pictures_are_looked_at(folder):
    write_picture(folder / "0001" / "1.png", np.full((40, 30, 3), 90, np.uint8))
    source = Danbooru(folder, select="white_background")
    listed = {example.name: example for example in source.examples()}
    assert set(listed) == {p.relative_to(folder).as_posix() for p in folder.rglob("*.*")}
    assert source.inspect(listed["0001/1.png"]) == Skipped("no white background")
    look = source.inspect(listed["0005/5.png"])
    assert isinstance(look, Inspection)
    artwork = source.load(listed["0005/5.png"], 512)
    np.testing.assert_array_equal(artwork.picture, PICTURE)
    data = (folder / "0005" / "5.png").read_bytes()
    assert look.digest == artwork.digest == hashlib.sha256(data).hexdigest()


def test_tags_choose_first_and_looking_second(folder):
    write_picture(folder / "0001" / "1.png", np.full((40, 30, 3), 90, np.uint8))
    found = [post(1), post(5)]
    assert chosen(folder, found, select="white_background")[0] == ["0001/1.png", "0005/5.png"]
    source = Danbooru(folder, metadata=[folder.parent / "posts.json"], select="white_background")
    assert source.inspect(Example("0001/1.png")) == Skipped("no white background")
    by_tags = Danbooru(folder, metadata=[folder.parent / "posts.json"])
    assert isinstance(by_tags.inspect(Example("0001/1.png")), Inspection)


def test_pictures_and_metadata_in_a_cloud_are_read_like_those_here(folder, tmp_path):
    found = [post(5), post(2345678), post(6), post(7, ext="webp")]
    near = chosen(folder, found)
    for path in folder.rglob("*.*"):
        name = path.relative_to(folder).as_posix()
        files.write_bytes(f"ram://danbooru/{name}", path.read_bytes())
    files.write_bytes("ram://metadata/posts", (tmp_path / "posts.json").read_bytes())
    far = list(Danbooru("ram://danbooru", metadata=["ram://metadata"]).examples())
    assert [item.name for item in far if isinstance(item, Example)] == near[0]
    assert [item for item in far if isinstance(item, Skipped)] == [Skipped("no picture file")]


def test_danbooru_travels_to_workers(folder):
    chosen(folder, [post(5), post(6)])
    check_travels(Danbooru(folder, metadata=[folder.parent / "posts.json"]))
