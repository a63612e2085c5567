"""Which sketch is colored after which reference, and what the picture is called."""

import os

import pytest

from tf_deeppaint.painting import jobs as painting_jobs
from tf_deeppaint.painting.jobs import Job, PictureFile, is_many, pair_hints, plan_jobs
from tf_deeppaint.utils.errors import DeepPaintError


def fill(folder, *names) -> str:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return str(folder)


def found(*names) -> list[PictureFile]:
    return [PictureFile(f"in/{name}", name) for name in names]


def find_pictures(path, others=()) -> list[PictureFile]:
    return painting_jobs.find_pictures(path, others)[0]


def complaints_of(path, others=()) -> list[str]:
    """The complaints about the files of a folder, without its path."""
    complaints = painting_jobs.find_pictures(path, others)[1]
    assert all(line.startswith(os.path.join(path, "")) for line in complaints)
    return [line[len(os.path.join(path, "")) :] for line in complaints]


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


BRACKETS = {
    "[Artist] pages/*.png": ["a.png", "b.png"],
    "[Artist] pages/[12] *.jpg": ["[12] c.jpg"],
    "[Artist] pages/[ab].png": ["a.png", "b.png"],
    "[Artist] pages/**/*.png": ["[x]/d.png", "a.png", "b.png"],
    "[Artist] pages/[x]/*": ["d.png"],
    "*/[x]/*.png": ["[Artist] pages/[x]/d.png"],
    "[Artist]*/a.png": ["[Artist] pages/a.png"],
    "[AZ]*/a.png": ["Artist/a.png"],
    "What?/*.png": ["e.png"],
    "**/[12]*.jpg": ["[Artist] pages/[12] c.jpg"],
}


@pytest.mark.parametrize("pattern", BRACKETS)
def test_brackets_in_names_are_letters_where_there_are_such_names(tmp_path, monkeypatch, pattern):
    fill(tmp_path, "Artist/a.png", "A pages/x.png", "What?/e.png", "Whats/f.png", "1 c.jpg")
    fill(tmp_path / "[Artist] pages", "a.png", "b.png", "[12] c.jpg", "1 c.jpg", "[x]/d.png")
    monkeypatch.chdir(tmp_path)
    for given in (pattern, str(tmp_path / pattern)):
        assert is_many(given)
        assert sorted(names_of(find_pictures(given))) == sorted(BRACKETS[pattern])


def test_of_a_folder_in_brackets_one_file_is_one(tmp_path):
    folder = fill(tmp_path / "[Artist] pages", "a.png")
    assert is_many(folder) and names_of(find_pictures(folder)) == ["a.png"]
    for name in ("a.png", "gone.png"):
        assert not is_many(os.path.join(folder, name))


def test_every_file_that_is_not_taken_is_named_with_its_reason(tmp_path):
    folder = fill(tmp_path / "in", "a.png", "notes.txt", "sub/b.jpg", "sub/c.svg", ".hidden.png")
    fill(tmp_path, "outside.png")
    for name, target in {
        "out.png": tmp_path / "outside.png",
        "nowhere.png": tmp_path / "gone.png",
        "inside.png": tmp_path / "in/a.png",
        "folder": tmp_path,
    }.items():
        (tmp_path / "in" / name).symlink_to(target)
    os.mkfifo(tmp_path / "in/pipe.png")
    assert names_of(find_pictures(folder)) == ["a.png", "inside.png", "sub/b.jpg"]
    reasons = dict(line.split(": ", 1) for line in complaints_of(folder))
    assert reasons.keys() == {
        *(".hidden.png", "folder", "notes.txt", "nowhere.png", "out.png", "pipe.png", "sub/c.svg")
    }
    assert reasons["notes.txt"] == reasons["sub/c.svg"] == "not a picture by its name"
    assert "leads out of the folder; " in reasons["out.png"]
    assert "leads nowhere" in reasons["nowhere.png"] and "hidden" in reasons[".hidden.png"]


def test_what_programs_leave_in_folders_is_not_named(tmp_path):
    folder = fill(
        tmp_path, "a.png", ".DS_Store", "Thumbs.db", "desktop.ini", "._a.png", ".git/x.png"
    )
    fill(tmp_path, ".b.png.0123456789ab.incomplete.png", ".cache/thumbs/y.txt")
    assert names_of(find_pictures(folder)) == ["a.png"]
    assert complaints_of(folder) == []


def test_what_is_written_or_used_otherwise_is_not_named(tmp_path):
    folder = fill(tmp_path, "a.png", "palette.json", "out/a.ora", "out/b.txt", "more.json")
    others = [str(tmp_path / "out"), str(tmp_path / "palette.json")]
    assert complaints_of(folder, others) == ["more.json: not a picture by its name"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_is_named(tmp_path):
    folder = fill(tmp_path, "a.png", "closed/b.png")
    (tmp_path / "closed").chmod(0)
    try:
        assert names_of(find_pictures(folder)) == ["a.png"]
        assert [line.split(":")[0] for line in complaints_of(folder)] == ["closed"]
    finally:
        (tmp_path / "closed").chmod(0o700)


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


def test_hints_are_paired_by_name(tmp_path):
    sketches = found("a.png", "sub/b.jpg", "c.png")
    jobs, _ = plan_jobs(sketches, None, "name")
    (tmp_path / "sub").mkdir()
    for name in ("a.json", "sub/b.PNG", "b.png", "a.png", "note.txt"):
        (tmp_path / name).write_text("")
    paired, complaints = pair_hints(jobs, sketches, str(tmp_path))
    expected = [f"{tmp_path}/a.json", f"{tmp_path}/sub/b.PNG", None]
    assert [job.hints for job in paired] == expected
    assert complaints == [
        f"{tmp_path}/a.png: these are hints of a sketch that has others; remove one",
        f"{tmp_path}/b.png: there is no sketch of this name",
    ]
