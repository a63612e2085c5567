"""A folder of pictures: which are listed, looked at, selected and loaded."""

import hashlib

import numpy as np
import pytest
from PIL import Image

from tests.helpers.source_files import check_travels, write_picture
from tf_deeppaint.data.sources.base import Example, Inspection, Skipped
from tf_deeppaint.data.sources.folder import Folder, has_white_border
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

RED = np.full((20, 30, 3), (200, 10, 20), np.uint8)


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "mine"
    write_picture(folder / "b.png", RED)
    write_picture(folder / "a" / "deep" / "Copy.PNG", RED)
    write_picture(folder / "a" / "other.jpg", np.full((8, 8, 3), 90, np.uint8))
    write_picture(folder / ".hidden.png", RED)
    write_picture(folder / ".trash" / "old.png", RED)
    write_picture(tmp_path / "outside.png", RED)
    (folder / "notes.txt").write_text("no picture")
    (folder / "leaves.png").symlink_to(tmp_path / "outside.png")
    (folder / "dangles.png").symlink_to(folder / "nothing.png")
    (folder / "turns.png").symlink_to(folder / "turns.png")
    (folder / "stays.png").symlink_to(folder / "b.png")
    return folder


def listed(folder) -> list[Example]:
    return sorted(item for item in Folder(folder).examples() if isinstance(item, Example))


def test_files_that_are_not_taken_are_skipped_by_name(pictures):
    skipped = [item for item in Folder(pictures).examples() if isinstance(item, Skipped)]
    told = {item.complaint.removeprefix(f"{pictures}/").split(":")[0]: item for item in skipped}
    names = (".hidden.png", "notes.txt", "leaves.png", "dangles.png", "turns.png")
    assert told.keys() == set(names)
    assert told["leaves.png"].reason == "a link that leads out of the folder"
    assert told["leaves.png"].complaint.startswith(f"{pictures}/leaves.png: a link that leads out")
    assert told["notes.txt"].reason == "not a picture by its name"


def test_visible_pictures_that_lie_within_the_folder_are_listed(pictures):
    found = listed(pictures)
    assert [example.name for example in found] == [
        "a/deep/Copy.PNG",
        "a/other.jpg",
        "b.png",
        "stays.png",
    ]
    assert [d.bytes for d in found] == [(pictures / d.name).stat().st_size for d in found]
    assert {(example.group, example.split) for example in found} == {("", "")}


def test_a_look_tells_digest_size_and_a_small_copy(tmp_path):
    rng = np.random.default_rng(0)
    pixels = np.kron(rng.integers(0, 256, (8, 12, 3)), np.ones((50, 50, 1))).astype(np.uint8)
    data = write_picture(tmp_path / "x.png", pixels)
    look = Folder(tmp_path).inspect(Example("x.png"))
    assert look.digest == hashlib.sha256(data).hexdigest()
    assert (look.height, look.width) == (400, 600)
    # Areas averaged, independently of the decoder's own shrinking.
    expected = np.asarray(Image.fromarray(pixels).resize((192, 128), Image.Resampling.BOX))
    assert np.abs(look.picture.astype(int) - expected).mean() < 1


def test_a_look_at_a_jpeg_shows_what_loading_shows(tmp_path):
    rows, columns = np.indices((900, 700))
    pixels = np.stack([rows // 4, columns // 3, 255 - rows // 4], -1).astype(np.uint8)
    write_picture(tmp_path / "x.jpg", pixels, quality=90)
    source = Folder(tmp_path)
    look, artwork = source.inspect(Example("x.jpg")), source.load(Example("x.jpg"), 512)
    assert look.digest == artwork.digest
    height, width = look.picture.shape[:2]
    small = Image.fromarray(artwork.picture).resize((width, height), Image.Resampling.BOX)
    assert np.abs(look.picture.astype(int) - np.asarray(small)).mean() < 3


def test_a_picture_is_loaded_as_it_is_without_sketch(pictures):
    artwork = Folder(pictures).load(Example("b.png"), 512)
    assert artwork.sketch is None and artwork.palette is None
    np.testing.assert_array_equal(artwork.picture, RED)
    assert artwork.digest == hashlib.sha256((pictures / "b.png").read_bytes()).hexdigest()


def test_a_damaged_picture_is_listed_and_named(pictures):
    (pictures / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    source = Folder(pictures)
    (broken,) = (d for d in listed(pictures) if d.name == "broken.png")
    for act in (source.inspect, lambda example: source.load(example, 64)):
        with pytest.raises(DeepPaintError, match=r"broken\.png"):
            act(broken)


def test_a_picture_that_vanished_or_cannot_be_read_is_named(pictures, monkeypatch):
    source = Folder(pictures)
    with pytest.raises(DeepPaintError, match=r"gone\.png: does not exist"):
        source.inspect(Example("gone.png"))

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "open_binary", refuse)
    with pytest.raises(DeepPaintError, match=r"b\.png: cannot be read \(Permission denied\)"):
        source.load(Example("b.png"), 64)


def test_a_name_that_is_no_text_is_listed_as_text_and_read(tmp_path):
    write_picture(tmp_path / "x.png", RED)
    expected = Folder(tmp_path).load(Example("x.png"), 64).picture
    (tmp_path / "x.png").rename(tmp_path / "x\udcff.png")
    source = Folder(tmp_path)
    (odd,) = source.examples()
    assert odd.name == "x\\udcff.png"
    np.testing.assert_array_equal(source.load(odd, 64).picture, expected)


def test_a_folder_that_is_missing_or_bare_is_named(tmp_path):
    with pytest.raises(DeepPaintError, match="nowhere: no such folder"):
        list(Folder(tmp_path / "nowhere").examples())
    with pytest.raises(DeepPaintError, match="holds no picture"):
        list(Folder(tmp_path).examples())


def test_a_folder_in_a_cloud_is_read_like_one_here(pictures):
    for name in ("b.png", "a/deep/Copy.PNG", ".hidden.png", "notes.txt"):
        files.write_bytes(f"ram://folder/{name}", (pictures / name).read_bytes())
    far, near = Folder("ram://folder"), Folder(pictures)
    assert listed("ram://folder") == [
        example for example in listed(pictures) if example.name in ("a/deep/Copy.PNG", "b.png")
    ]
    complaints = [item.complaint for item in far.examples() if isinstance(item, Skipped)]
    assert sorted(line.split(": ")[0] for line in complaints) == [
        f"ram://folder/{name}" for name in (".hidden.png", "notes.txt")
    ]
    one, other = far.inspect(Example("b.png")), near.inspect(Example("b.png"))
    assert one.digest == other.digest
    np.testing.assert_array_equal(one.picture, other.picture)
    np.testing.assert_array_equal(far.load(Example("a/deep/Copy.PNG"), 64).picture, RED)


def figure(background: int, edges: str = "") -> np.ndarray:
    """A red figure on a background, reaching to the top (t), bottom (b), left (l), right (r)."""
    picture = np.full((300, 200, 3), background, np.uint8)
    top, bottom = 0 if "t" in edges else 60, 300 if "b" in edges else 240
    left, right = 0 if "l" in edges else 50, 200 if "r" in edges else 150
    picture[top:bottom, left:right] = (200, 10, 20)
    return picture


@pytest.mark.parametrize(
    ("picture", "white"),
    [
        (figure(255), True),
        (figure(230), True),
        (figure(229), False),
        (figure(255, "b"), True),
        (figure(255, "tb"), True),
        (figure(255, "lr"), False),
        (figure(255, "tblr"), False),
        (np.full((200, 200, 3), (255, 255, 200), np.uint8), False),
        (np.full((1, 1, 3), 255, np.uint8), True),
        (np.zeros((1, 5000, 3), np.uint8), False),
        (np.full((2, 3, 3), 240, np.uint8), True),
    ],
)
def test_a_white_background_is_known_by_the_border(picture, white):
    assert has_white_border(picture) is white


def test_a_white_frame_thinner_than_the_border_is_no_background():
    picture = np.zeros((400, 400, 3), np.uint8)
    picture[:2] = picture[-2:] = picture[:, :2] = picture[:, -2:] = 255
    assert not has_white_border(picture)


def test_selecting_leaves_out_other_backgrounds_when_looking(tmp_path):
    write_picture(tmp_path / "white.jpg", figure(250, "b"))
    write_picture(tmp_path / "gray.jpg", figure(128))
    cut_out = np.dstack([figure(0), np.where(figure(0).any(-1), 255, 0)]).astype(np.uint8)
    write_picture(tmp_path / "clear.png", cut_out)
    source = Folder(tmp_path, select="white_background")
    assert isinstance(source.inspect(Example("white.jpg")), Inspection)
    assert isinstance(source.inspect(Example("clear.png")), Inspection)
    assert source.inspect(Example("gray.jpg")) == Skipped("no white background")
    assert isinstance(Folder(tmp_path).inspect(Example("gray.jpg")), Inspection)


def test_the_folder_travels_to_workers(pictures):
    check_travels(Folder(pictures, select="white_background"))
