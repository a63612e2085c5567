"""Files below a folder are found, or left out by name; here and in a cloud."""

import os

import pytest

from tf_deeppaint.utils import files, walking
from tf_deeppaint.utils.errors import DeepPaintError


@pytest.fixture(params=["local", "ram"])
def root(request, tmp_path) -> str:
    """A folder on this machine, and one in TensorFlow's memory, which stands in for a cloud."""
    return str(tmp_path) if request.param == "local" else f"ram://{tmp_path.name}"


def walked(folder, *suffixes: str) -> dict[str, int]:
    found = list(walking.walk(folder, suffixes))
    assert len(dict(found)) == len(found)
    return dict(found)


def test_a_walk_finds_the_files_of_a_kind_but_hidden_ones(root):
    kept = {"a.png": 1, "B.PNG": 2, "in/c.jpg": 3, "in/deeper/d.png": 0, "e.x.png": 5}
    left = [
        "f.txt",
        "png",
        ".g.png",
        "in/.h.png",
        ".i/j.png",
        "in/.k/l.png",
        ".m/n/o.png",
        "p.png.x",
    ]
    for name, length in kept.items():
        files.write_bytes(files.join(root, name), bytes(length))
    for name in left:
        files.write_bytes(files.join(root, name), b"1")
    files.make_folder(files.join(root, "folder.png"))
    assert walked(root, ".png", ".jpg") == kept
    assert walked(f"{root}/", ".png", ".jpg") == kept
    assert walked(root, ".txt") == {"f.txt": 1}
    assert walked(root, ".bmp") == {}
    assert walked(files.join(root, "in"), ".png", ".jpg") == {"c.jpg": 3, "deeper/d.png": 0}


def test_a_walk_stays_in_its_folder(tmp_path):
    folder = tmp_path / "folder"
    (folder / "in").mkdir(parents=True)
    (tmp_path / "folder too").mkdir()
    outside = [tmp_path / "out.png", tmp_path / "folder too" / "out.png", tmp_path / "out.txt"]
    for path in outside:
        path.write_bytes(b"12345")
    (folder / "own.png").write_bytes(b"1")
    (folder / "link out.png").symlink_to(outside[0])
    (folder / "beside.png").symlink_to(outside[1])
    (folder / "in" / "link.png").symlink_to(folder / "own.png")
    (folder / "broken.png").symlink_to(folder / "none.png")
    (folder / "loop.png").symlink_to(folder / "loop.png")
    (folder / "out").symlink_to(tmp_path / "folder too")
    (folder / "up").symlink_to(folder)
    os.mkfifo(folder / "pipe.png")
    assert walked(folder, ".png") == {"own.png": 1, "in/link.png": 1}
    (tmp_path / "door").symlink_to(folder)
    assert walked(tmp_path / "door", ".png") == {"own.png": 1, "in/link.png": 1}


def test_a_walk_bears_names_that_are_no_utf8(tmp_path):
    (tmp_path / os.fsdecode(b"odd \xff.png")).write_bytes(b"12")
    [(name, length)] = walking.walk(tmp_path, (".png",))
    assert name.encode() and name.endswith(".png") and length == 2


def test_what_a_walk_has_found_can_be_read_by_its_name(tmp_path):
    """A name that is no UTF-8 comes escaped; one that looks escaped is itself."""
    inside = tmp_path / os.fsdecode(b"in \xe9")
    inside.mkdir()
    (inside / os.fsdecode(b"odd \xff.png")).write_bytes(b"12")
    (tmp_path / "plain \\udcff.png").write_bytes(b"345")
    for name, length in walking.walk(tmp_path, (".png",)):
        path = files.join(tmp_path, name)
        assert files.is_file(path) and files.size(path) == length
        assert len(files.read_bytes(path)) == length == sum(map(len, files.read_blocks(path)))
    assert not files.is_file(tmp_path / "no \\udcff.png")


def test_a_walk_where_there_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "none", tmp_path / "file", "ram://none"):
        with pytest.raises(DeepPaintError, match=f"{path}: no such folder"):
            list(walking.walk(path, (".png",)))


def left_out(folder, *suffixes: str) -> dict[str, str]:
    found = [i for i in walking.walk_all(folder, suffixes) if isinstance(i, walking.LeftOut)]
    assert len({item.name for item in found}) == len(found)
    assert all(item.complaint("f").startswith(f"f/{item.name}: {item.reason}") for item in found)
    return {item.name: item.reason for item in found}


def test_files_that_are_left_out_are_named_but_those_of_programs(root):
    for name in ("a.png", "b.txt", "in/.c.png", "in/d", ".e/f.png", "g.PNG.x"):
        files.write_bytes(files.join(root, name), b"1")
    for name in (".DS_Store", "Thumbs.db", "._a.png", "in/desktop.ini", ".a.png.0a.incomplete.png"):
        files.write_bytes(files.join(root, name), b"1")
    assert walked(root, ".png") == {"a.png": 1}
    assert left_out(root, ".png") == {
        "b.txt": "not a picture by its name",
        "in/.c.png": "hidden",
        "in/d": "not a picture by its name",
        "g.PNG.x": "not a picture by its name",
    }


def test_links_are_left_out_where_they_lead_away(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "a.png").write_bytes(b"1")
    (folder / "own.png").write_bytes(b"1")
    (folder / "out.png").symlink_to(tmp_path / "a.png")
    (folder / "in.png").symlink_to(folder / "own.png")
    (folder / "broken.png").symlink_to(folder / "none.png")
    (folder / "door").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.png")
    assert left_out(folder, ".png") == {
        "out.png": "a link that leads out of the folder",
        "broken.png": "a link that leads nowhere",
        "door": "a link to a folder",
        "pipe.png": "not a regular file",
    }


def test_a_folder_that_cannot_be_read_is_left_out_or_raises(tmp_path, monkeypatch):
    files.write_bytes(tmp_path / "a.png", b"1")
    files.write_bytes(tmp_path / "closed" / "b.png", b"1")
    scan = os.scandir

    def refuse(path):
        if "closed" in str(path):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert left_out(tmp_path, ".png") == {"closed": "cannot be read (Permission denied)"}
    with pytest.raises(DeepPaintError, match=r"closed: cannot be read \(Permission denied\)"):
        list(walking.walk(tmp_path, (".png",)))
