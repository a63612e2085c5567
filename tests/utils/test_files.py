"""Files are found, read, written whole or not at all, and removed; here and in a cloud."""

import hashlib
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError


def test_the_first_name_that_is_a_file_is_found(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "two").write_bytes(b"22")
    (tmp_path / "three").write_bytes(b"333")
    for folder in (tmp_path, "ram://find"):
        for name, content in (("a/two", b"22"), ("three", b"333")):
            files.write_bytes(files.join(folder, name), content)
        assert files.find(folder, ["one", "a", "a/two", "three"]) == ("a/two", 2)
        assert files.find(folder, iter(["three"])) == ("three", 3)
        assert files.find(folder, ["one", "a", "a/one"]) is None
        assert files.find(folder, []) is None


def test_a_link_is_found_only_where_it_stays_within_the_folder(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "outside").write_bytes(b"1")
    (tmp_path / "folder too").mkdir()
    (tmp_path / "folder too" / "file").write_bytes(b"1")
    (folder / "file").write_bytes(b"22")
    (folder / "leaves").symlink_to(tmp_path / "outside")
    (folder / "way out").symlink_to(tmp_path / "folder too")
    (folder / "stays").symlink_to(folder / "file")
    (tmp_path / "door").symlink_to(folder)
    assert files.find(folder, ["leaves", "way out/file", "../outside", "stays"]) == ("stays", 2)
    assert files.find(tmp_path / "door", ["stays"]) == ("stays", 2)


@pytest.mark.parametrize("folder", ["", "ram://blocks"])
def test_a_file_is_read_in_blocks(tmp_path, folder):
    path = files.join(folder or tmp_path, "file")
    content = bytes(range(256)) * 10_000
    files.write_bytes(path, content)
    blocks = list(files.read_blocks(path))
    assert b"".join(blocks) == content
    assert max(map(len, blocks)) == 1 << 20
    assert files.sha256(path) == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("folder", ["", "ram://missing"])
def test_a_file_that_is_missing_is_named_by_whoever_reads_it(tmp_path, folder):
    path = files.join(folder or tmp_path, "nothing")
    with pytest.raises(DeepPaintError, match="nothing: cannot be read"):
        list(files.read_blocks(path))
    with pytest.raises(DeepPaintError, match="nothing: does not exist"):
        files.read_bytes(path)


def test_a_limit_on_size_is_told_in_its_unit(tmp_path):
    (tmp_path / "file").write_bytes(bytes(3 << 20))
    assert len(files.read_bytes(tmp_path / "file", 3 << 20)) == 3 << 20
    with pytest.raises(DeepPaintError, match="file: over 2 MiB"):
        files.read_bytes(tmp_path / "file", 2 << 20)
    with pytest.raises(DeepPaintError, match="file: over 64 KiB"):
        files.read_bytes(tmp_path / "file", 64 << 10)


# --- write, read, list, rename and remove, here and in a cloud ----------------------------------


@pytest.fixture(params=["local", "ram"])
def root(request, tmp_path) -> str:
    """A folder on this machine, and one in TensorFlow's memory, which stands in for a cloud."""
    return str(tmp_path) if request.param == "local" else f"ram://{tmp_path.name}"


def test_what_is_written_is_read_back_and_stands_alone(root):
    path = files.join(root, "new/folder/file")
    for content in (b"first", b"", bytes(range(256)) * 5000):
        files.write_bytes(path, content)
        assert files.read_bytes(path) == content
        assert files.size(path) == len(content)
        with files.open_binary(path) as file:
            assert file.read() == content
        assert files.names(files.join(root, "new/folder")) == ["file"]


@pytest.mark.parametrize("length", [0, 1, (1 << 20) - 1, 1 << 20, (5 << 20) + 7])
def test_sha256_is_hashlibs(root, length):
    content = np.random.default_rng(length).bytes(length)
    path = files.join(root, "file")
    files.write_bytes(path, content)
    assert files.sha256(path) == hashlib.sha256(content).hexdigest()


def test_lines_are_written_as_they_come(root):
    path = files.join(root, "folder/lines")
    assert files.write_lines(path, (f"line {n} ä" for n in range(3))) == 3
    assert files.read_bytes(path) == "line 0 ä\nline 1 ä\nline 2 ä\n".encode()


@pytest.mark.parametrize(
    "folder",
    [
        "",
        "ram://no lines",
    ],
)
def test_no_lines_make_an_empty_file(tmp_path, folder):
    path = files.join(folder or tmp_path, "lines")
    assert files.write_lines(path, []) == 0
    assert files.read_bytes(path) == b""


class Interruption(BaseException):
    """As Ctrl-C is one."""


@pytest.mark.parametrize("trouble", [RuntimeError, Interruption])
def test_a_write_that_breaks_off_leaves_the_old_file_and_nothing_else(root, trouble):
    def breaking_off():
        yield "x" * 3_000_000
        raise trouble

    path = files.join(root, "file")
    files.write_bytes(path, b"old")
    with pytest.raises(trouble):
        files.write_lines(path, breaking_off())
    assert files.names(root) == ["file"] and files.read_bytes(path) == b"old"


def test_a_disk_that_is_full_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.raises(DeepPaintError) as caught:
            files.write_bytes(path, bytes(1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert re.fullmatch(r".*/file: cannot be written \(File too large\)", str(caught.value))
    assert caught.value.kind == "unreadable"
    assert os.listdir(tmp_path) == ["file"] and path.read_bytes() == b"old"


def test_a_rename_that_fails_leaves_nothing_behind(tmp_path):
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(DeepPaintError, match=r"folder: cannot be written \(Is a directory\)"):
        files.write_bytes(tmp_path / "folder", b"data")
    assert os.listdir(tmp_path) == ["folder"] and os.listdir(tmp_path / "folder") == ["inside"]


def test_a_name_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "file" / "x.png", tmp_path / ("n" * 300), tmp_path / "a\0b"):
        with pytest.raises(DeepPaintError, match="cannot be written") as caught:
            files.write_bytes(path, b"data")
        assert str(caught.value).startswith(str(tmp_path)) and "\n" not in str(caught.value)
    for path in ("", "/", f"{tmp_path}/", f"{tmp_path}/..", "ram://", "ram://folder/"):
        with pytest.raises(DeepPaintError, match="is a folder; name a file to write"):
            files.write_bytes(path, b"data")
    assert os.listdir(tmp_path) == ["file"]


def test_files_and_folders_are_told_apart(root):
    files.write_bytes(files.join(root, "folder/file"), b"1")
    files.make_folder(files.join(root, "empty/inside"))
    files.make_folder(files.join(root, "empty"))
    for name, is_file, is_folder in (
        ("folder", False, True),
        ("folder/file", True, False),
        ("empty/inside", False, True),
        ("none", False, False),
        ("folder/none", False, False),
    ):
        path = files.join(root, name)
        assert (files.is_file(path), files.is_folder(path)) == (is_file, is_folder), name


def test_names_are_sorted_and_none_where_there_is_no_folder(root):
    for name in ("b", "a.png", "C", ".hidden", "folder/inside"):
        files.write_bytes(files.join(root, name), b"")
    assert files.names(root) == [".hidden", "C", "a.png", "b", "folder"]
    assert files.names(files.join(root, "none")) == files.names(files.join(root, "b")) == []


def test_a_renamed_file_replaces_what_bore_its_name(root):
    old, new = files.join(root, "old"), files.join(root, "new")
    files.write_bytes(old, b"old")
    files.write_bytes(new, b"new")
    files.rename(new, old)
    assert files.names(root) == ["old"] and files.read_bytes(old) == b"new"
    with pytest.raises(DeepPaintError, match="final: cannot be written"):
        files.rename(new, files.join(root, "final"))


def test_what_is_removed_is_gone_and_may_have_been(root):
    for name in ("file", "folder/a", "folder/deep/b", "other"):
        files.write_bytes(files.join(root, name), b"")
    for _ in range(2):
        files.remove(files.join(root, "file"))
        assert files.names(root) == ["folder", "other"]
    for _ in range(2):
        files.remove_folder(files.join(root, "folder"))
        assert files.names(root) == ["other"] and not files.is_folder(files.join(root, "folder"))


def test_what_cannot_be_removed_is_named(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DeepPaintError, match="folder: cannot be removed"):
        files.remove(tmp_path / "folder")
    with pytest.raises(DeepPaintError, match="file: cannot be removed"):
        files.remove_folder(tmp_path / "file")


@pytest.mark.parametrize("read", [files.read_bytes, files.sha256, files.size])
@pytest.mark.parametrize("name", ["none", "no/such/folder/file"])
def test_a_missing_file_is_named(root, read, name):
    path = files.join(root, name)
    with pytest.raises(DeepPaintError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)


def test_a_folder_is_not_read_as_a_file(root):
    files.write_bytes(files.join(root, "folder/file"), b"")
    with pytest.raises(DeepPaintError, match="folder: is not a file") as caught:
        files.read_bytes(files.join(root, "folder"))
    assert caught.value.kind == "missing"


def test_odd_paths_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, message in (
        (tmp_path / "pipe", "is not a file"),  # and is not waited for
        (tmp_path / ("n" * 300), "does not exist"),
        ("nul\0byte", "does not exist"),
        ("", "does not exist"),
        ("/dev/zero", "is not a file"),
    ):
        with pytest.raises(DeepPaintError) as caught:
            files.read_bytes(path)
        assert str(caught.value).startswith(f"{path}: {message}")


def test_a_file_of_too_many_bytes_is_refused_unread(tmp_path, monkeypatch):
    path = tmp_path / "fat.png"
    with path.open("wb") as file:
        file.truncate(files.MAX_BYTES + 1)
    monkeypatch.setattr(files, "open_binary", None)
    with pytest.raises(DeepPaintError, match=r"fat\.png: over 256 MiB") as caught:
        files.read_bytes(path)
    assert caught.value.kind == "too large"


def test_paths_join_as_their_file_system_has_it():
    assert (
        files.join("gs://bucket", "a/b") == files.join("gs://bucket/", "a/b") == "gs://bucket/a/b"
    )
    assert files.join("folder", "a") == os.path.join("folder", "a")
    for path in ("gs://b/x", "s3://b", "hdfs://host:1/x", "abfss+v2://x"):
        assert files.is_remote(path)
    for path in ("x", "/x", "C:/x", "C:\\x", "a/b://c", "://x", Path("gs://b")):
        assert not files.is_remote(path)


def test_files_of_this_machine_need_no_tensorflow(tmp_path):
    code = (
        "import sys; from tf_deeppaint.utils import files, walking; root = sys.argv[1];"
        "files.write_bytes(root + '/a/b.png', b'1'); list(walking.walk(root, ['.png']));"
        "files.sha256(root + '/a/b.png'); files.names(root); files.remove_folder(root + '/a');"
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, tmp_path], check=False).returncode == 0


# --- aside --------------------------------------------------------------------------------------


def test_a_name_as_long_as_may_be_is_written(tmp_path):
    for name in ("n" * 251 + ".png", "ä" * 127, "a." + "s" * 253):
        files.write_bytes(tmp_path / name, b"1")
        assert os.listdir(tmp_path) == [name]
        files.remove(tmp_path / name)


def test_a_name_aside_is_hidden_and_nobody_elses_and_ends_alike():
    names = {files.name_aside("x.keras") for _ in range(100)}
    assert len(names) == 100
    assert all(name.startswith(".x.") and name.endswith(".incomplete.keras") for name in names)


def test_a_suffix_is_kept_aside_where_it_is_no_longer_than_any_in_use():
    for name, is_kept in (("x." + "s" * 15, True), ("x." + "s" * 16, False)):
        assert files.name_aside(name).endswith(name[1:]) == is_kept


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux exchanges names")
def test_two_names_are_exchanged_in_one_step(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    assert files.exchange(tmp_path / "a", tmp_path / "b")
    assert [(tmp_path / name).read_text() for name in ("a", "b")] == ["b", "a"]
    assert not files.exchange(tmp_path / "a", tmp_path / "none")


def test_a_link_in_the_place_of_the_file_aside_is_not_followed(tmp_path, monkeypatch):
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    monkeypatch.setattr(files, "name_aside", lambda name: ".known")
    (tmp_path / ".known").symlink_to(victim)
    with pytest.raises(DeepPaintError, match="cannot be written"):
        files.write_bytes(tmp_path / "file", b"harm")
    assert victim.read_bytes() == b"precious"


def test_data_are_on_the_disk_before_the_name_is(tmp_path, monkeypatch):
    done = []
    monkeypatch.setattr(files.os, "fsync", lambda number: done.append("sync"))
    replace = os.replace
    monkeypatch.setattr(files.os, "replace", lambda *a: (done.append("rename"), replace(*a)))
    files.write_bytes(tmp_path / "file", b"1")
    assert done == ["sync", "rename"]


def test_what_killed_writers_left_is_removed_and_nothing_else(tmp_path):
    for name in (files.name_aside("a.png"), files.name_aside("b"), ".hidden", "x.incomplete"):
        (tmp_path / name).write_bytes(b"")
    files.remove_asides(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".hidden", "x.incomplete"]


def test_what_is_left_of_a_file_aside_of_a_file_aside_is_removed(tmp_path):
    """As of a network that is written aside into the name aside of an export."""
    aside = files.name_aside("model.keras")
    left = [aside, files.name_aside(aside)]
    others = ["model.keras", files.name_aside("other.keras"), "..model.keras", ".model.keras"]
    for name in (*left, *others):
        (tmp_path / name).touch()
    files.remove_asides(tmp_path, "model.keras")
    assert sorted(os.listdir(tmp_path)) == sorted(others)
