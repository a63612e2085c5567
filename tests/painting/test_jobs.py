"""Which sketch is colored after which reference, and what the picture is called."""

import os

import pytest

from tf_deeppaint.painting.jobs import Job, PictureFile, find_pictures, is_many, plan_jobs
from tf_deeppaint.utils.errors import DeepPaintError


def fill(folder, *names) -> str:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return str(folder)


def found(*names) -> list[PictureFile]:
    return [PictureFile(f"in/{name}", name) for name in names]


def names_of(pictures) -> list[str]:
    return [picture.name for picture in pictures]


# --- finding -------------------------------------------------------------------------------------


def test_one_file_is_itself(tmp_path):
    fill(tmp_path, "a.png")
    path = str(tmp_path / "a.png")
    assert not is_many(path)
    assert find_pictures(path) == [PictureFile(path, "a.png")]


def test_a_file_that_is_missing_is_found_out_when_it_is_read():
    assert find_pictures("nowhere/a.png") == [PictureFile("nowhere/a.png", "a.png")]


def test_of_a_folder_all_pictures_below_it_are_taken(tmp_path):
    taken = ("B.PNG", "a.png", "sub/c.jpeg", "sub/deep/d.WebP", "e.gif", "f.bmp", "g.jpg", "h.tiff")
    given = fill(tmp_path, *taken, ".hidden.png", ".cache/x.png", "notes.txt", "png")
    assert is_many(given)
    pictures = find_pictures(given)
    assert names_of(pictures) == sorted(taken)
    assert [picture.path for picture in pictures] == [
        os.path.join(given, name) for name in sorted(taken)
    ]
    assert find_pictures(given + "/") == [
        PictureFile(os.path.join(given + "/", name), name) for name in sorted(taken)
    ]


PATTERNS = {
    "*.png": ["a.png", "b.png"],
    "[ab].*": ["a.png", "b.jpg", "b.png"],
    "?.jpg": ["b.jpg"],
    "**/*.png": ["a.png", "b.png", "one/a.png", "one/two/c.png"],
    "**/**/*.png": ["a.png", "b.png", "one/a.png", "one/two/c.png"],
    "*/*.png": ["one/a.png"],
    "one/**": ["a.png", "two/c.png"],
    "o*": None,
    "*.gif": None,
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_names_pictures_from_where_it_begins_to_be_one(tmp_path, monkeypatch, pattern):
    fill(tmp_path, "a.png", "b.png", "b.jpg", "one/a.png", "one/two/c.png", ".hidden.png")
    monkeypatch.chdir(tmp_path)
    for given in (pattern, str(tmp_path / pattern)):
        assert is_many(given)
        if PATTERNS[pattern] is None:
            with pytest.raises(DeepPaintError, match="no pictures there"):
                find_pictures(given)
        else:
            assert names_of(find_pictures(given)) == PATTERNS[pattern]
            assert all(os.path.isfile(picture.path) for picture in find_pictures(given))


def test_a_pattern_that_goes_up_names_nothing_outside_of_the_output(tmp_path, monkeypatch):
    fill(tmp_path, "in/a/x.png", "out/y.png", "z.png")
    monkeypatch.chdir(tmp_path / "in")
    pictures = find_pictures("a*/../../*/*.png")
    assert names_of(pictures) == ["out/y.png"]
    assert all(os.path.isfile(picture.path) for picture in pictures)


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(tmp_path):
    path = os.path.join(fill(tmp_path, "page [1].png", "page 1.png"), "page [1].png")
    assert not is_many(path)
    assert find_pictures(path) == [PictureFile(path, "page [1].png")]


@pytest.mark.parametrize("given", ["", "sub"])
def test_a_folder_without_pictures_is_told_of(tmp_path, given):
    fill(tmp_path, "sub/notes.txt")
    with pytest.raises(DeepPaintError, match=r"no pictures there; \.png, .* are taken"):
        find_pictures(str(tmp_path / given))


@pytest.mark.parametrize("pattern", ["", "**/*.png"])
def test_what_was_painted_last_time_is_no_sketch_this_time(tmp_path, pattern):
    fill(tmp_path, "a.png", "out/a.png", "out/sub/b.png", "output/c.png", "sheet.png")
    written = [str(tmp_path / "out"), str(tmp_path / "sheet.png")]
    given = os.path.join(tmp_path, pattern)
    assert names_of(find_pictures(given, written)) == ["a.png", "output/c.png"]
    assert len(find_pictures(given)) == 5


@pytest.mark.parametrize("written", [".", "..", "../elsewhere"])
def test_folders_written_around_the_sketches_hide_none(tmp_path, written):
    given = fill(tmp_path / "in", "a.png", "sub/b.png")
    assert names_of(find_pictures(given, [os.path.join(given, written)])) == ["a.png", "sub/b.png"]


# --- pairing -------------------------------------------------------------------------------------


def test_without_references_each_sketch_is_a_job():
    jobs, complaints = plan_jobs(found("a.png", "sub/b.jpg"), None, "name")
    assert jobs == [Job("in/a.png", None, "a"), Job("in/sub/b.jpg", None, "sub/b")]
    assert complaints == []


def test_one_reference_is_for_all():
    jobs, complaints = plan_jobs(found("a.png", "b.png"), [PictureFile("r.jpg", "r.jpg")], "name")
    assert jobs == [Job("in/a.png", "r.jpg", "a"), Job("in/b.png", "r.jpg", "b")]
    assert complaints == []


def test_many_references_are_paired_by_name():
    references = [
        PictureFile(f"ref/{name}", name) for name in ("b.png", "a.jpg", "sub/c.webp", "d.png")
    ]
    sketches = found("a.png", "b.png", "c.png", "sub/c.png")
    jobs, complaints = plan_jobs(sketches, references, "name")
    assert jobs == [
        Job("in/a.png", "ref/a.jpg", "a"),
        Job("in/b.png", "ref/b.png", "b"),
        Job("in/sub/c.png", "ref/sub/c.webp", "sub/c"),
    ]
    assert complaints == ["in/c.png: there is no reference of this name"]


def test_every_sketch_is_paired_with_every_reference_row_by_row():
    references = [PictureFile(f"ref/{name}", name) for name in ("x.png", "sub/y.png")]
    jobs, complaints = plan_jobs(found("a.png", "b.png"), references, "all")
    assert [(job.sketch, job.reference, job.name) for job in jobs] == [
        ("in/a.png", "ref/x.png", "a--x"),
        ("in/a.png", "ref/sub/y.png", "a--sub-y"),
        ("in/b.png", "ref/x.png", "b--x"),
        ("in/b.png", "ref/sub/y.png", "b--sub-y"),
    ]
    assert complaints == []


def planned_names(*names, references=None, pairing="name") -> list[str]:
    jobs, _ = plan_jobs(found(*names), references and found(*references), pairing)
    return [job.name for job in jobs]


def test_sketches_of_one_name_keep_apart_by_their_suffix():
    names = planned_names("a.jpg", "a.png", "b.png", "sub/a.png")
    assert names == ["a_jpg", "a_png", "b", "sub/a"]


COLLISIONS = {
    "suffix and name": (("a.jpg", "a.png", "a_png.png"), None, "name"),
    "upper case": (("A.png", "a.png", "B.PNG", "b.png"), None, "name"),
    "folders and dashes": (("a.png",), ("x/y.png", "x-y.png", "x-y.jpg"), "all"),
    "dashes": (("a.png", "a--b.png"), ("b--c.png", "c.png"), "all"),
    "numbers": (("a.png", "a.jpg", "a_png.png", "a_png-2.png"), None, "name"),
}


@pytest.mark.parametrize("case", COLLISIONS)
def test_no_two_pictures_bear_one_name(case):
    """Not even where upper and lower case are the same."""
    sketches, references, pairing = COLLISIONS[case]
    names = planned_names(*sketches, references=references, pairing=pairing)
    assert len(names) == len(sketches) * len(references or "1")
    assert len({name.lower() for name in names}) == len(names)
    assert names == planned_names(*sketches, references=references, pairing=pairing)


def test_many_thousand_sketches_are_planned_at_once():
    names = planned_names(*(f"{number % 5000}.{number // 5000}.png" for number in range(10000)))
    assert len(set(names)) == 10000
