"""Tests of the sources of drawings: what they list, group, leave out, load and fetch."""

import io
import json
import pickle
import sys
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from tf_deeppaint.errors import DeepPaintError
from tf_deeppaint.sources import Drawing, fetching, openmoji, wesnoth
from tf_deeppaint.sources.folder import Folder
from tf_deeppaint.sources.openmoji import OpenMoji
from tf_deeppaint.sources.wesnoth import Wesnoth

INSTEAD = "pass --input with the art"


def write_png(path: Path, rgb_or_rgba: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    channels = [2, 1, 0, 3][: rgb_or_rgba.shape[2]]
    assert cv2.imwrite(str(path), rgb_or_rgba[..., channels])


# --- a folder -----------------------------------------------------------------------------------


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "mine"
    red = np.full((20, 30, 3), (200, 10, 20), np.uint8)
    write_png(folder / "b.png", red)
    write_png(folder / "a" / "deep" / "Copy.PNG", red)
    write_png(folder / "a" / "other.jpg", np.full((8, 8, 3), 90, np.uint8))
    write_png(folder / ".hidden.png", red)
    write_png(folder / ".trash" / "old.png", red)
    write_png(tmp_path / "outside.png", red)
    (folder / "notes.txt").write_text("no picture")
    (folder / "leaves.png").symlink_to(tmp_path / "outside.png")
    (folder / "stays.png").symlink_to(folder / "b.png")
    return folder


def test_folder_lists_visible_pictures_that_lie_within_it_sorted(pictures):
    names = [drawing.name for drawing in Folder(pictures).drawings()]
    assert names == ["a/deep/Copy.PNG", "a/other.jpg", "b.png", "stays.png"]


def test_folder_groups_files_of_equal_bytes(pictures):
    groups = {drawing.name: drawing.group for drawing in Folder(pictures).drawings()}
    assert groups["b.png"] == groups["a/deep/Copy.PNG"] == groups["stays.png"]
    assert groups["a/other.jpg"] != groups["b.png"]


def test_folder_group_depends_on_the_bytes_alone(pictures, tmp_path):
    write_png(tmp_path / "elsewhere" / "x.png", np.full((20, 30, 3), (200, 10, 20), np.uint8))
    (moved,) = Folder(tmp_path / "elsewhere").drawings()
    assert moved.group == {d.name: d.group for d in Folder(pictures).drawings()}["b.png"]


def test_folder_loads_rgb_without_sketch(pictures):
    artwork = Folder(pictures).load(Drawing("b.png", ""), 512)
    assert artwork.sketch is None
    assert artwork.picture.shape == (20, 30, 3)
    assert artwork.picture[0, 0].tolist() == [200, 10, 20]


def test_folder_lists_a_damaged_picture_and_load_names_it(pictures):
    (pictures / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    source = Folder(pictures)
    (broken,) = (d for d in source.drawings() if d.name == "broken.png")
    with pytest.raises(DeepPaintError, match=r"broken\.png"):
        source.load(broken, 64)


@pytest.mark.parametrize("source", [Folder, Wesnoth])
def test_missing_folder_is_named(source, tmp_path):
    with pytest.raises(DeepPaintError, match="nowhere: no such folder"):
        source(tmp_path / "nowhere").drawings()


@pytest.mark.parametrize("source", [Folder, Wesnoth])
def test_folder_without_pictures_is_named(source, tmp_path):
    (tmp_path / "bare").mkdir()
    with pytest.raises(DeepPaintError, match="bare: holds no p"):
        source(tmp_path / "bare").drawings()


# --- Wesnoth ------------------------------------------------------------------------------------


def portrait(seed: int, height: int = 300, width: int = 260) -> np.ndarray:
    """A made-up figure: blobs of colour standing on the lower edge of a transparent canvas."""
    rng = np.random.default_rng(seed)
    rgba = np.zeros((height, width, 4), np.uint8)
    cv2.rectangle(rgba, (80, 120), (180, height), (90, 90, 90, 255), -1)
    for _ in range(14):
        centre = (int(rng.integers(90, 170)), int(rng.integers(90, height - 20)))
        colour = (*(int(level) for level in rng.integers(0, 256, 3)), 255)
        cv2.circle(rgba, centre, int(rng.integers(10, 30)), colour, -1)
    return rgba


@pytest.fixture
def game(tmp_path):
    root = tmp_path / "game"
    core = root / "data" / "core" / "images" / "portraits"
    campaign = root / "data" / "campaigns" / "One" / "images" / "portraits"
    knight = portrait(1)
    write_png(core / "humans" / "knight.png", knight)
    write_png(core / "elves" / "archer.png", portrait(2))
    write_png(campaign / "same-knight.png", knight)
    variant = knight.copy()
    cv2.circle(variant, (110, 200), 8, (255, 0, 0, 255), -1)
    write_png(campaign / "wounded-knight.png", variant)
    opaque = portrait(3)
    opaque[..., 3] = 255
    write_png(campaign / "scene.png", opaque)
    write_png(campaign / "icon.png", cv2.resize(portrait(4), (199, 230)))
    write_png(root / "data" / "core" / "images" / "units" / "sprite.png", portrait(5))
    return root


KNIGHT = "data/core/images/portraits/humans/knight.png"
ARCHER = "data/core/images/portraits/elves/archer.png"
SAME = "data/campaigns/One/images/portraits/same-knight.png"
WOUNDED = "data/campaigns/One/images/portraits/wounded-knight.png"


def test_wesnoth_keeps_distinct_portraits_on_transparent_ground(game):
    names = [drawing.name for drawing in Wesnoth(game).drawings()]
    assert names == [SAME, WOUNDED, ARCHER]


def test_wesnoth_groups_variants_under_the_first_name(game):
    assert dict(Wesnoth(game).drawings()) == {SAME: SAME, WOUNDED: SAME, ARCHER: ARCHER}


def test_wesnoth_takes_the_folder_of_portraits_itself(game):
    source = Wesnoth(game / "data" / "core" / "images" / "portraits")
    assert [drawing.name for drawing in source.drawings()] == [
        "elves/archer.png",
        "humans/knight.png",
    ]


def test_wesnoth_lists_a_damaged_portrait_in_a_group_of_its_own(game):
    damaged = game / "data" / "core" / "images" / "portraits" / "broken.png"
    damaged.write_bytes((game / KNIGHT).read_bytes()[:200])
    source = Wesnoth(game)
    name = "data/core/images/portraits/broken.png"
    assert dict(source.drawings())[name] == name
    with pytest.raises(DeepPaintError, match=r"broken\.png"):
        source.load(Drawing(name, name), 64)


def test_wesnoth_loads_the_figure_over_white(game):
    artwork = Wesnoth(game).load(Drawing(KNIGHT, KNIGHT), 256)
    assert artwork.sketch is None
    height, width = artwork.picture.shape[:2]
    assert (height, width) < (300, 260)
    assert artwork.picture[0].min() == artwork.picture[:, 0].min() == 255
    assert artwork.picture[-1].min() < 255, "the figure stands on the lower edge"


def test_crop_to_figure_keeps_a_margin_within_the_canvas():
    rgba = np.zeros((100, 200, 4), np.uint8)
    rgba[40:100, 50:151] = 255
    cropped = wesnoth.crop_to_figure(rgba, margin=0.1)
    assert cropped.shape == (70, 121, 4)
    assert (cropped[..., 3] > 0).sum() == 60 * 101


def test_group_twins_joins_by_way_of_others():
    bits = np.zeros((6, 256), bool)
    bits[1, :50] = bits[2, :100] = True
    bits[3, 120:] = bits[4, 220:] = bits[5, 170:] = True
    groups = wesnoth.group_twins(dict(zip("abcdef", bits, strict=True)))
    # e is like a, f is like both d and e, so that all are of one group in the end.
    assert set(groups.values()) == {"a"}
    bits[5] = bits[0]
    bits[3, :120] = True
    groups = wesnoth.group_twins(dict(zip("abcdef", bits, strict=True)))
    assert groups == {"a": "a", "b": "a", "c": "a", "d": "d", "e": "a", "f": "a"}


# --- OpenMoji -----------------------------------------------------------------------------------

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 72">{}</svg>'
BOX_LINES = (
    '<rect x="12" y="12" width="40" height="48" fill="none" stroke="#000" stroke-width="2"/>'
)
DISC_LINES = '<circle cx="36" cy="36" r="20" fill="none" stroke="#000" stroke-width="2"/>'


def box(fill: str) -> str:
    return f'<rect x="12" y="12" width="40" height="48" fill="{fill}"/>{BOX_LINES}'


@pytest.fixture
def emoji(tmp_path):
    pytest.importorskip("resvg_py", reason="drawing OpenMoji needs resvg_py")
    art = {
        "1F170": (box("#EA5A47"), BOX_LINES),
        "1F171": (box("#92D3F5"), BOX_LINES),
        # The same drawing, written another way.
        "1F172": (box("#B1CC33"), BOX_LINES.replace("#000", "#000000")),
        "1F600": (f'<circle cx="36" cy="36" r="20" fill="#FCEA2B"/>{DISC_LINES}', DISC_LINES),
        "E001": (box("#3F3F3F"), BOX_LINES),
        "E002": (BOX_LINES, BOX_LINES),
        "E003": (
            f'<rect x="20" y="20" width="9" height="9" fill="#EA5A47"/>{BOX_LINES}',
            BOX_LINES,
        ),
        "1F3F4": (box("#D22F27"), BOX_LINES),
        "E053": (box("#D22F27"), BOX_LINES),
    }
    root = tmp_path / "openmoji"
    for kind, index in ((openmoji.COLOUR, 0), (openmoji.LINES, 1)):
        (root / kind).mkdir(parents=True)
        for name, drawn in art.items():
            (root / kind / f"{name}.svg").write_text(SVG.format(drawn[index]))
    (root / openmoji.COLOUR / "E099.svg").write_text(SVG.format(box("#EA5A47")))
    kinds = {"1F3F4": ("flags", "flag"), "E053": ("extras-openmoji", "flags")}
    listing = []
    for name in art:
        group, subgroups = kinds.get(name, ("objects", "tool"))
        listing.append({"hexcode": name, "group": group, "subgroups": subgroups})
    (root / "data").mkdir()
    (root / openmoji.LISTING).write_text(json.dumps(listing))
    return root


def test_openmoji_leaves_out_flags_black_unfilled_and_unpaired_drawings(emoji):
    names = [drawing.name for drawing in OpenMoji(emoji).drawings()]
    assert names == ["1F170", "1F171", "1F172", "1F600"]


def test_openmoji_groups_colourings_of_one_drawing(emoji):
    groups = dict(OpenMoji(emoji).drawings())
    assert groups["1F170"] == groups["1F171"] == groups["1F172"]
    assert groups["1F600"] != groups["1F170"]


def test_openmoji_loads_picture_and_lines_at_the_same_place(emoji):
    artwork = OpenMoji(emoji).load(Drawing("1F170", ""), 144)
    assert artwork.picture.shape == (144, 144, 3)
    assert artwork.sketch.shape == (144, 144)
    lines = artwork.sketch < 64
    assert lines.sum() > 500
    assert artwork.picture[lines].max() < 100
    assert artwork.picture[72, 64].tolist() == [0xEA, 0x5A, 0x47]
    assert artwork.sketch[72, 64] == 255
    assert artwork.picture[2, 2].tolist() == [255, 255, 255]


def test_openmoji_centres_a_drawing_that_is_not_square(emoji):
    wide = SVG.replace("72 72", "144 72").format('<circle cx="72" cy="36" r="30"/>')
    (emoji / openmoji.LINES / "1F170.svg").write_text(wide)
    sketch = OpenMoji(emoji).load(Drawing("1F170", ""), 144).sketch
    assert sketch.shape == (144, 144)
    rows, columns = np.nonzero(sketch < 128)
    assert (rows.min() + rows.max()) == (columns.min() + columns.max()) == 143
    assert np.ptp(rows) == np.ptp(columns)
    assert "1F170" in dict(OpenMoji(emoji).drawings())


def test_openmoji_lists_a_damaged_drawing_and_load_names_it(emoji):
    (emoji / openmoji.COLOUR / "1F171.svg").write_text("<svg")
    source = OpenMoji(emoji)
    assert "1F171" in dict(source.drawings())
    with pytest.raises(DeepPaintError, match=r"1F171\.svg"):
        source.load(Drawing("1F171", ""), 64)


def test_openmoji_names_what_the_folder_lacks(emoji):
    (emoji / openmoji.LISTING).unlink()
    with pytest.raises(DeepPaintError, match=r"openmoji\.json: cannot be read .*--input"):
        OpenMoji(emoji).drawings()
    (emoji / openmoji.LISTING).write_text("[]")
    for path in (emoji / openmoji.LINES).iterdir():
        path.unlink()
    with pytest.raises(DeepPaintError, match="no drawing in both kinds"):
        OpenMoji(emoji).drawings()


def test_openmoji_without_rasteriser_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(DeepPaintError, match=r'pip install "tf-deeppaint\[openmoji\]"'):
        OpenMoji(tmp_path)


# --- all of them --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "fixture"), [(OpenMoji, "emoji"), (Wesnoth, "game"), (Folder, "pictures")]
)
def test_sources_travel_to_workers_and_list_the_same_there(kind, fixture, request):
    source = kind(request.getfixturevalue(fixture))
    parcel = pickle.dumps(source)
    copy = pickle.loads(parcel)
    assert len(parcel) < 1000
    assert copy.drawings() == source.drawings()
    assert copy.origin == source.origin
    assert source.origin.name == kind.__name__.lower()


# --- fetching -----------------------------------------------------------------------------------


@pytest.fixture
def clients(tmp_path, monkeypatch):
    """A folder that is all of PATH, and an empty cache."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def write_client(folder: Path, name: str, code: str) -> None:
    """Puts an executable on PATH; its code finds `sys` and `shutil` and the folder it runs in."""
    client = folder / name
    client.write_text(f"#!{sys.executable} -S\nimport shutil, sys\n{code}\n")
    client.chmod(0o755)


def write_archive(path: Path, files: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("package/art/link.svg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return path


NPM_FILES = {
    "package/art/one.svg": b"one",
    "package/art/deep/two.svg": b"two",
    "package/readme.md": b"not wanted",
    "package/../../escaped.svg": b"must not be written",
}


def npm_pack(clients: Path, archive: Path) -> None:
    log = f"open({str(clients / 'calls')!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')"
    write_client(clients, "npm", f"{log}\nshutil.copy({str(archive)!r}, 'fake-1.0.0.tgz')")


def fetch_fake() -> Path:
    return fetching.fetch_npm("fake@1.0.0", ["art/*", "*escaped*"], INSTEAD)


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_cache_lies_where_xdg_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert fetching.cache_dir() == tmp_path / "tf_deeppaint"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert fetching.cache_dir() == tmp_path / "me" / ".cache" / "tf_deeppaint"


def test_fetch_npm_unpacks_only_wanted_files_and_only_once(clients, tmp_path):
    npm_pack(clients, write_archive(tmp_path / "good.tgz", NPM_FILES))
    folder = fetch_fake()
    assert files_below(folder) == {"art/one.svg": b"one", "art/deep/two.svg": b"two"}
    assert not list(tmp_path.rglob("*escaped*"))
    assert list(fetching.cache_dir().iterdir()) == [folder]
    assert fetch_fake() == folder
    (call,) = (clients / "calls").read_text().splitlines()
    assert call.startswith("pack fake@1.0.0 ")


def test_fetch_of_other_files_is_another_cache_entry(clients, tmp_path):
    npm_pack(clients, write_archive(tmp_path / "good.tgz", NPM_FILES))
    readme = fetching.fetch_npm("fake@1.0.0", ["readme.md"], INSTEAD)
    assert readme != fetch_fake()
    assert files_below(readme) == {"readme.md": b"not wanted"}


def test_fetch_npm_quotes_the_line_that_tells(clients):
    said = [
        "npm warn something else",
        "npm error code ETARGET",
        "npm error notarget No matching version found for fake@1.0.0.",
        "npm error notarget In most cases you are requesting a version that doesn't exist.",
        "npm error A complete log of this run can be found in: somewhere",
    ]
    write_client(clients, "npm", f"sys.exit({chr(10).join(said)!r})")
    with pytest.raises(DeepPaintError) as caught:
        fetch_fake()
    message = str(caught.value)
    assert "No matching version found for fake@1.0.0;" in message
    assert message.endswith(INSTEAD)
    assert "\n" not in message
    assert not list(fetching.cache_dir().iterdir())


def test_fetch_npm_of_a_package_without_the_art_says_so(clients, tmp_path):
    npm_pack(clients, write_archive(tmp_path / "other.tgz", {"package/readme.md": b""}))
    with pytest.raises(DeepPaintError, match=r"fake@1\.0\.0: holds no file named art/\*"):
        fetch_fake()


def test_missing_clients_are_named(clients):
    with pytest.raises(DeepPaintError, match=r"npm is not installed: .*--input"):
        fetch_fake()
    with pytest.raises(DeepPaintError, match=r"apt-get is not installed: .*--input"):
        fetching.fetch_debian(["fake-data"], ["*"], INSTEAD)


def test_damaged_download_leaves_nothing_and_the_next_fetch_succeeds(clients, tmp_path):
    noise = np.random.default_rng(0).bytes(100_000)
    good = write_archive(tmp_path / "good.tgz", {**NPM_FILES, "package/art/big.svg": noise})
    cut = tmp_path / "cut.tgz"
    cut.write_bytes(good.read_bytes()[:50_000])
    npm_pack(clients, cut)
    with pytest.raises(DeepPaintError, match="damaged"):
        fetch_fake()
    assert not list(fetching.cache_dir().iterdir())
    npm_pack(clients, good)
    assert files_below(fetch_fake())["art/big.svg"] == noise


def test_interrupted_fetch_leaves_nothing_that_looks_complete(clients, tmp_path, monkeypatch):
    npm_pack(clients, write_archive(tmp_path / "good.tgz", NPM_FILES))
    seen = []

    def interrupted(source, target):
        target.write(b"half")
        seen.extend(path.name for path in fetching.cache_dir().iterdir())
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fetching.shutil, "copyfileobj", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fetch_fake()
    # What stood there half-way, as after a power cut, must not be taken for the folder either.
    assert [name.startswith(".incomplete-") for name in seen] == [True]
    (fetching.cache_dir() / seen[0] / "art").mkdir(parents=True)
    assert files_below(fetch_fake())["art/one.svg"] == b"one"


def test_fetch_debian_unpacks_all_packages_into_one_folder(clients, tmp_path):
    for name in ("data", "extra"):
        files = {f"./usr/share/{name}/images/portraits/x.png": name.encode(), "./usr/bin/no": b""}
        write_archive(clients / f"{name}.deb", files, "w")
    copy = f"shutil.copy({str(clients)!r} + '/' + name + '.deb', name + '_1%3a1.0_all.deb')"
    write_client(
        clients,
        "apt-get",
        f"assert sys.argv[1] == 'download'\nfor name in sys.argv[2:]:\n    {copy}",
    )
    pipe = "shutil.copyfileobj(open(sys.argv[2], 'rb'), sys.stdout.buffer)"
    write_client(clients, "dpkg", f"assert sys.argv[1] == '--fsys-tarfile'\n{pipe}")
    folder = fetching.fetch_debian(["data", "extra"], ["*/portraits/*"], INSTEAD)
    assert files_below(folder) == {
        "usr/share/data/images/portraits/x.png": b"data",
        "usr/share/extra/images/portraits/x.png": b"extra",
    }


def test_fetch_debian_of_an_unknown_package_advises_an_update(clients):
    write_client(clients, "dpkg", "")
    write_client(clients, "apt-get", "sys.exit('W: odd\\nE: Unable to locate package fake-data')")
    with pytest.raises(DeepPaintError) as caught:
        fetching.fetch_debian(["fake-data"], ["*"], INSTEAD)
    message = str(caught.value)
    assert "Unable to locate package fake-data; run `apt-get update`" in message
    assert message.endswith(INSTEAD)
