"""The page's events without the page: one work, always the one on screen."""

import json
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.painters import FakeBackend
from tf_deeppaint.images.decoding import read_picture
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.studio import sessions as sessions_module
from tf_deeppaint.studio.examples import PALETTES
from tf_deeppaint.studio.sessions import Sessions, palette_to_codes
from tf_deeppaint.studio.work import edits, works
from tf_deeppaint.studio.work.edits import Edit, Edits
from tf_deeppaint.studio.work.handlers import MAX_SKETCHES, Handlers
from tf_deeppaint.utils.errors import DeepPaintError

KEY = "0123456789abcdef" * 2
UNLOCKED = [False] * 16
SEA, NIGHT = (palette_to_codes(PALETTES[name]) for name in ("Sea", "Night"))


class Desk:
    """A page: what its components hold, and what the server answered last."""

    def __init__(self, folder: Path, mixes: bool = True):
        self.folder = folder
        self.sessions = Sessions(Painter(FakeBackend(64, mixes)), str(folder / "files"))
        self.handlers = Handlers(self.sessions)
        self.sketch = {"source": "file", "file": None, "clean": "auto", "recolor": False}
        self.swatches = {"codes": SEA, "locks": UNLOCKED}
        self.look = {}

    @property
    def work(self):
        return self.handlers.works.get(KEY, "page")

    def put(self, name: str, picture: np.ndarray) -> dict:
        write_picture(self.folder / name, picture)
        return {"path": str(self.folder / name), "orig_name": name}

    def put_sketch(self, name: str = "one.png", picture: np.ndarray | None = None) -> dict:
        self.sketch["file"] = self.put(name, boxes() if picture is None else picture)
        return self.handlers.take_sketch(self.work, self.sketch, self.look)

    def color(self) -> dict:
        return self.handlers.color(self.work, self.sketch, self.swatches, self.look)["easel"]

    def edit(self, **order) -> dict:
        changes = self.handlers.edit(self.work, order, self.look)
        self.swatches = changes["swatches"]
        return changes["easel"]

    def recolor(self, codes: list, number: int = 0) -> dict:
        self.swatches = self.swatches | {"codes": codes, "changed": number}
        return self.handlers.recolor(self.work, self.swatches, self.look)["easel"]

    def download(self, kind: str) -> Path:
        changes = self.handlers.save(self.work, {"kind": kind}, self.look)
        return Path(changes["saving"]["file"]["path"])


def boxes() -> np.ndarray:
    """Two closed boxes beside each other on a page."""
    sketch = np.full((64, 96), 255, np.uint8)
    for left in (8, 52):
        sketch[12:52, left : left + 36] = 0
        sketch[14:50, left + 2 : left + 34] = 255
    return sketch


def shown(view: dict) -> np.ndarray:
    return read_picture(view["picture"]["path"]).astype(int)


@pytest.fixture(scope="module", autouse=True)
def draw_examples_once():
    drawn = sessions_module.draw_examples()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessions_module, "draw_examples", lambda: drawn)
        yield


@pytest.fixture(name="desk")
def make_desk(tmp_path) -> Desk:
    return Desk(tmp_path)


def test_a_click_in_a_region_and_a_swatch_color_that_region_alone(desk):
    desk.put_sketch()
    before = shown(desk.color())
    after = shown(desk.edit(kind="hint", x=70, y=30, color="#12ab34"))
    assert tuple(after[30, 70]) == (0x12, 0xAB, 0x34)
    assert np.array_equal(after[:, :48], before[:, :48]) and (after != before).any()
    saved = read_picture(desk.download("png"))
    np.testing.assert_array_equal(saved, after)


def test_what_is_drawn_again_in_part_is_the_same_as_all_drawn_anew(desk):
    desk.put_sketch("large.png", boxes().repeat(9, axis=0).repeat(9, axis=1))
    desk.color()
    for step in (
        {"kind": "hint", "x": 300, "y": 300, "color": "#12ab34"},
        {"kind": "undo"},
        {"kind": "redo"},
        {"kind": "hint", "x": 5, "y": 5, "color": "#ab1234"},
        {"kind": "remove", "number": 0},
    ):
        view, state = desk.edit(**step), desk.work.state
        anew = sessions_module.render(state._replace(last=None), "original", 0)
        np.testing.assert_array_equal(shown(view), anew)
    desk.look = {"lines": "network"}
    hinted = desk.edit(kind="hint", x=300, y=300, color="#00ff00")
    assert (shown(hinted)[300, 300] == (0, 255, 0)).all()


def test_the_sketch_is_shown_in_the_color_of_its_lines(desk):
    brown = np.array([120, 60, 20])
    page = np.where(boxes()[..., None] < 255, brown, 255).astype(np.uint8)
    preview = desk.put_sketch("brown.png", page)["sketch"]["preview"]
    before = desk.color()["before"]
    for shown_page in (preview, before):
        np.testing.assert_array_equal(read_picture(shown_page["path"]), page)


def test_hints_are_listed_replaced_removed_and_survive_other_colors(desk):
    desk.put_sketch()
    desk.color()
    desk.edit(kind="hint", x=70, y=30, color="#12ab34")
    desk.edit(kind="hint", x=20, y=30, color="#c81e28")
    view = desk.edit(kind="hint", x=70, y=30, color="#0000ff")
    assert [hint["color"] for hint in view["hints"]] == ["#c81e28", "#0000ff"]
    assert view["hints"][0] == {"color": "#c81e28", "everywhere": False, "at": (20, 30)}
    view = desk.recolor(NIGHT)
    assert tuple(shown(view)[30, 70]) == (0, 0, 255) and len(view["hints"]) == 2
    view = desk.color()  # painted anew, the same sketch
    assert tuple(shown(view)[30, 70]) == (0, 0, 255) and len(view["hints"]) == 2
    view = desk.edit(kind="remove", number=1)
    assert [hint["color"] for hint in view["hints"]] == ["#c81e28"]
    assert tuple(shown(view)[30, 70]) != (0, 0, 255)
    desk.put_sketch("two.png", np.full((40, 40), 255, np.uint8))
    assert desk.color()["hints"] == []


def test_undo_and_redo_go_over_hints_and_colors(desk):
    desk.put_sketch()
    first = desk.color()
    assert not first["undo"] and not first["redo"]
    hinted = desk.edit(kind="hint", x=70, y=30, color="#12ab34")
    for level in range(16, 32):  # a picker that is dragged is one step
        dragged = [[f"#{level:02x}0000", *SEA[0][1:]], *SEA[1:]]
        recolored = desk.recolor(dragged)
    assert recolored["undo"]
    back = desk.edit(kind="undo")
    np.testing.assert_array_equal(shown(back), shown(hinted))
    assert desk.swatches["codes"] == SEA and back["redo"]
    back = desk.edit(kind="undo")
    np.testing.assert_array_equal(shown(back), shown(first))
    assert not back["undo"]
    with pytest.raises(DeepPaintError, match="nothing to undo"):
        desk.edit(kind="undo")
    desk.edit(kind="redo")
    again = desk.edit(kind="redo")
    np.testing.assert_array_equal(shown(again), shown(recolored))
    assert desk.swatches["codes"] == dragged and not again["redo"]


def test_edits_are_bounded_and_a_new_one_ends_what_could_be_redone(monkeypatch):
    monkeypatch.setattr(edits, "MAX_STEPS", 3)
    palettes = [np.full((4, 4, 3), level, np.uint8) for level in range(6)]
    steps = Edits(Edit(palettes[0]))
    for palette in palettes[1:]:
        steps.add(Edit(palette))
    for _ in range(3):
        steps.undo()
    assert not steps.can_undo and steps.shown.palette[0, 0, 0] == 2
    steps.add(Edit(palettes[0]))
    assert not steps.can_redo


@pytest.mark.parametrize(
    "order",
    [
        None,
        7,
        {"kind": "none"},
        {"kind": "hint"},
        {"kind": "hint", "x": 1, "y": 1, "color": "red"},
        {"kind": "hint", "x": 1e9, "y": 1, "color": "#ffffff"},
        {"kind": "hint", "x": float("nan"), "y": 1, "color": "#ffffff"},
        {"kind": "remove", "number": 0},
        {"kind": "remove", "number": True},
        {"kind": "redo"},
    ],
)
def test_a_mistaken_edit_is_told_and_changes_nothing(desk, order):
    desk.put_sketch()
    before = shown(desk.color())
    with pytest.raises(DeepPaintError):
        desk.handlers.edit(desk.work, order, desk.look)
    np.testing.assert_array_equal(shown(desk.handlers.show(desk.work, desk.look)["easel"]), before)


def test_another_sketch_makes_the_picture_stale_until_it_is_painted(desk):
    desk.put_sketch()
    assert not desk.color()["stale"]
    first = desk.sketch["file"]
    view = desk.put_sketch("two.png", np.full((40, 40), 255, np.uint8))["easel"]
    assert view["stale"] and "Not painted yet" in view["status"]
    for act in (lambda: desk.download("png"), lambda: desk.edit(kind="undo")):
        with pytest.raises(DeepPaintError, match="Not painted yet"):
            act()
    assert "easel" not in desk.handlers.recolor(desk.work, desk.swatches, desk.look)
    # Back to the sketch that is painted: the picture is right again.
    desk.sketch["file"] = first
    assert not desk.handlers.take_sketch(desk.work, desk.sketch, desk.look)["easel"]["stale"]
    desk.sketch["file"] = None
    assert desk.handlers.take_sketch(desk.work, desk.sketch, desk.look)["easel"]["stale"]
    desk.put_sketch("two.png", np.full((40, 40), 255, np.uint8))
    assert not desk.color()["stale"] and desk.download("png").exists()


def test_another_way_to_read_the_sketch_paints_it_at_once(desk):
    chalk = 235 - boxes() // 255 * 215
    desk.put_sketch("chalk.png", np.pad(chalk, 40, mode="edge"))
    auto = shown(desk.color())
    desk.sketch["clean"] = "off"
    off = desk.handlers.read_again(desk.work, desk.sketch, desk.swatches, desk.look)["easel"]
    assert np.abs(shown(off) - auto).max() > 50 and not off["stale"]


def test_a_painting_as_sketch_is_told_with_the_way_out(desk):
    picture = desk.sessions.examples[0].reference
    changes = desk.put_sketch("painting.png", picture)
    assert changes["sketch"]["painted"] and "not line art" in changes["note"]
    desk.sketch["recolor"] = True
    changes = desk.handlers.read_again(desk.work, desk.sketch, desk.swatches, desk.look)
    assert not changes["sketch"]["painted"] and "taken out" in changes["note"]
    assert not desk.put_sketch()["sketch"]["painted"]


def test_a_note_on_the_sketch_stands_once_and_beside_the_sketch(desk):
    desk.sketch["gap"] = "64"
    note = desk.put_sketch()["note"]
    assert "gaps of up to 9 pixels are closed" in note

    def read_again():
        return desk.handlers.read_again(desk.work, desk.sketch, desk.swatches, desk.look)

    color = desk.handlers.color(desk.work, desk.sketch, desk.swatches, desk.look)
    assert not color["note"] and color["easel"]["picture"]
    assert desk.handlers.restore(desk.work, desk.look)["note"] == note
    assert read_again()["note"] == note
    desk.sketch["gap"] = "8"
    assert read_again()["note"] == ""
    desk.sketch["gap"] = "32"  # what was never told beside the sketch is told
    told = desk.handlers.color(desk.work, desk.sketch, desk.swatches, desk.look)["note"]
    assert told.startswith("gap=32")


@pytest.mark.parametrize(
    "fields",
    [
        None,
        [],
        {"source": "web"},
        {"source": []},
        {"clean": []},
        {"clean": "perhaps"},
        {"gap": 7},
        {"gap": "wide"},
        {"file": 7},
        {"file": {"path": 7}},
    ],
)
def test_a_mistaken_sketch_is_told(desk, fields):
    desk.put_sketch()
    desk.sketch = desk.sketch | fields if isinstance(fields, dict) else fields
    with pytest.raises(DeepPaintError):
        desk.color()


def test_what_is_no_picture_is_taken_off_the_page(desk):
    (desk.folder / "text.png").write_text("no picture")
    desk.sketch["file"] = {"path": str(desk.folder / "text.png"), "orig_name": "text.png"}
    changes = desk.handlers.take_sketch(desk.work, desk.sketch, desk.look)
    assert changes["sketch"] == {"gone": True} and changes["error"].startswith("text.png: ")


def test_locked_swatches_stay_when_another_palette_comes(desk):
    desk.put_sketch()
    desk.color()
    desk.swatches["locks"] = [number == 5 for number in range(16)]
    changes = desk.handlers.take_ready_palette(
        desk.work, {"name": "Night"}, desk.swatches, desk.look
    )
    expected = [list(row) for row in NIGHT]
    expected[1][1] = SEA[1][1]
    assert changes["swatches"]["codes"] == expected
    reference = desk.put("reference.png", np.full((40, 40, 3), (255, 0, 0), np.uint8))
    changes = desk.handlers.take_reference(desk.work, {"file": reference}, desk.swatches, desk.look)
    found = changes["swatches"]["codes"]
    assert found[1][1] == SEA[1][1] and found[0][0] == "#ff0000"


@pytest.mark.parametrize("kind", ["json", "gpl", "ase", "aco", "hex"])
def test_a_palette_is_exported_and_imported_again(desk, kind):
    desk.swatches = {"codes": NIGHT, "locks": UNLOCKED, "kind": kind}
    saved = desk.handlers.save_palette(desk.work, desk.swatches)["saving"]
    file = {"path": saved["file"]["path"], "orig_name": saved["name"]}
    order = {"codes": SEA, "locks": UNLOCKED, "file": file}
    changes = desk.handlers.import_palette(desk.work, order, desk.look)
    assert changes["swatches"]["codes"] == NIGHT


def test_another_kind_of_palette_is_refused(desk):
    for kind in ("exe", None, ["json"]):
        with pytest.raises(DeepPaintError, match="no such kind"):
            desk.handlers.save_palette(desk.work, desk.swatches | {"kind": kind})
    with pytest.raises(DeepPaintError, match="no such kind"):
        desk.handlers.save_palette(desk.work, desk.swatches)


def test_it_says_whether_a_picture_is_painted_or_recolored(desk):
    desk.put_sketch()
    assert desk.color()["status"].startswith("Painted")
    assert desk.recolor(NIGHT)["status"].startswith("Recolored")
    assert desk.color()["status"].startswith("Painted")


def test_layers_and_a_recipe_are_downloaded(desk):
    desk.put_sketch()
    desk.color()
    desk.edit(kind="hint", x=70, y=30, color="#12ab34", everywhere=True)
    with zipfile.ZipFile(desk.download("ora")) as layers:
        assert layers.read("mimetype") == b"image/openraster"
    with zipfile.ZipFile(desk.download("layers")) as layers:
        assert layers.namelist()[-1].endswith("lines.png")
    assert desk.download("psd").read_bytes()[:4] == b"8BPS"
    recipe = json.loads(desk.download("recipe").read_text())
    assert recipe["palette"] == SEA and recipe["sketch"]["clean"] == "auto"
    assert recipe["hints"] == [{"points": [[70, 30]], "color": "#12ab34", "everywhere": True}]
    for kind in (None, "exe", ["png"]):
        with pytest.raises(DeepPaintError, match="no such download"):
            desk.download(kind)


def test_several_sketches_are_colored_in_one_palette(desk):
    files = [desk.put(f"{n}.png", boxes()) for n in range(2)]
    (desk.folder / "bad.png").write_text("no picture")
    bad = {"path": str(desk.folder / "bad.png"), "orig_name": "bad.png"}
    given = desk.work, {"files": [*files, bad]}, desk.sketch, desk.swatches, desk.look
    changes = desk.handlers.color_all(*given)
    assert changes["error"].startswith("bad.png: ")
    with zipfile.ZipFile(changes["saving"]["file"]["path"]) as pictures:
        assert pictures.namelist() == ["01-0.png", "02-1.png"]
    for files in (None, [], [bad], [bad] * (MAX_SKETCHES + 1)):
        with pytest.raises(DeepPaintError):
            desk.handlers.color_all(desk.work, {"files": files}, *given[2:])


def test_the_map_names_the_color_and_region_of_each_pixel(desk):
    desk.put_sketch()
    view = desk.color()
    drawn = read_picture(view["map"]["path"]).astype(int)
    regions = (drawn[..., 1] << 8) | drawn[..., 2]
    assert drawn.shape == (64, 96, 3)
    left, right, page = regions[30, 20], regions[30, 70], regions[2, 2]
    assert len({left, right, page, 0}) == 4 and (regions[14:50, 10:42] == left).mean() > 0.95
    assert regions[13, 20] == 0  # a line
    assert drawn[..., 0].max() < 18 and drawn[30, 70, 0] < 16
    view = desk.edit(kind="hint", x=70, y=30, color="#12ab34")
    hinted = read_picture(view["map"]["path"])[..., 0]
    assert hinted[30, 70] == 18 and hinted[30, 20] == drawn[30, 20, 0]


def test_a_reload_finds_all_again(desk):
    assert desk.handlers.restore(desk.work, desk.look) == {}
    desk.put_sketch()
    desk.color()
    before = desk.edit(kind="hint", x=70, y=30, color="#12ab34")
    desk.handlers.works.leave("page")
    changes = desk.handlers.restore(desk.handlers.works.get(KEY, "another"), desk.look)
    assert changes["sketch"]["file"] == desk.sketch["file"] and changes["sketch"]["preview"]
    assert changes["swatches"]["codes"] == SEA
    np.testing.assert_array_equal(shown(changes["easel"]), shown(before))
    assert changes["easel"]["undo"] and len(changes["easel"]["hints"]) == 1


def test_a_work_lives_as_long_as_its_page_and_an_hour(desk, monkeypatch):
    now = time.monotonic()
    monkeypatch.setattr(works.time, "monotonic", lambda: now)
    desk.put_sketch()
    desk.color()
    now += 100 * works.IDLE_SECONDS
    assert desk.work.state is not None  # its page is open
    desk.handlers.works.leave("page")
    now += works.IDLE_SECONDS - 1
    desk.handlers.works.sweep()
    assert desk.work.state is not None
    desk.handlers.works.leave("page")
    now += works.IDLE_SECONDS + 1
    assert desk.work.state is None


def test_where_memory_is_full_the_longest_alone_makes_room_and_is_told(desk, monkeypatch):
    now = time.monotonic()
    monkeypatch.setattr(works.time, "monotonic", lambda: now)
    desk.put_sketch()
    desk.color()
    monkeypatch.setattr(sessions_module, "MAX_PAINTINGS_BYTES", desk.sessions.kept_bytes // 2)
    other = desk.handlers.works.get("f" * 32, "other")
    with pytest.raises(DeepPaintError, match="as many paintings"):
        desk.handlers.color(other, desk.sketch, desk.swatches, desk.look)
    now += works.AT_WORK_SECONDS + 1
    other = desk.handlers.works.get("f" * 32, "other")
    desk.handlers.color(other, desk.sketch, desk.swatches, desk.look)
    with pytest.raises(DeepPaintError, match="left alone for a while"):
        desk.edit(kind="undo")
    view = desk.handlers.after_error(desk.work)["easel"]
    assert view["stale"] and "Press Color to paint it again" in view["status"]


@pytest.mark.parametrize("way", ["program", "batch"])
def test_idle_pages_make_room_for_programs_and_batches(desk, monkeypatch, way):
    now = time.monotonic()
    monkeypatch.setattr(works.time, "monotonic", lambda: now)
    get, kept = desk.handlers.works.get, []
    for number in range(3):
        desk.put_sketch(f"{number}.png")
        page = get(f"{number:032x}", f"page {number}")
        desk.handlers.color(page, desk.sketch, desk.swatches, desk.look)
        kept.append(page)
        now += 1
    del page
    desk.work.source = None
    monkeypatch.setattr(sessions_module, "MAX_PAINTINGS_BYTES", desk.sessions.kept_bytes * 2 // 3)

    def paint():
        if way == "program":
            return desk.sessions.paint(boxes(), PALETTES["Sea"])
        order = {"files": [desk.sketch["file"]]}
        return desk.handlers.color_all(desk.work, order, desk.sketch, desk.swatches, desk.look)

    with pytest.raises(DeepPaintError, match="as many paintings"):
        paint()
    assert all(work.source for work in kept)  # of visitors at work nothing goes
    now += works.AT_WORK_SECONDS
    get(f"{1:032x}", "page 1")
    paint()
    assert [work.state is not None for work in kept] == [False, True, True]
    assert [work.source is not None for work in kept] == [False, True, True]


def test_sketches_on_which_nothing_was_painted_make_room_first_and_are_read_again(
    desk, monkeypatch
):
    """Who puts one sketch after another on pages takes no memory from those who paint."""
    desk.put_sketch()
    desk.color()
    desk.sketch["file"] = desk.put("other.png", boxes())
    other = desk.handlers.works.get("f" * 32, "other")
    desk.handlers.take_sketch(other, desk.sketch, desk.look)
    assert other.source is not None
    monkeypatch.setattr(sessions_module, "MAX_PAINTINGS_BYTES", desk.sessions.kept_bytes - 1)
    desk.sessions.check_room()
    assert other.source is None and desk.work.state is not None
    monkeypatch.undo()
    easel = desk.handlers.color(other, desk.sketch, desk.swatches, desk.look)["easel"]
    assert shown(easel).shape == (64, 96, 3)


@pytest.mark.parametrize("key", [None, "", "a" * 31, "A" * 32, "g" * 32, 7, ["a" * 32]])
def test_what_is_no_key_is_refused(desk, key):
    with pytest.raises(DeepPaintError, match="load the page again"):
        desk.handlers.works.get(key, "page")


def test_a_model_that_does_not_mix_paints_anew_and_takes_no_hints(tmp_path):
    desk = Desk(tmp_path, mixes=False)
    desk.put_sketch()
    view = desk.color()
    assert view["map"] is None
    assert desk.recolor(NIGHT)["status"].startswith("Painted")
    with pytest.raises(DeepPaintError, match="single regions"):
        desk.edit(kind="hint", x=70, y=30, color="#12ab34")


def test_what_a_page_shows_is_not_synced_to_the_disk(desk, monkeypatch):
    """Disks take 13 ms for each file; these go with the studio."""
    synced = []
    monkeypatch.setattr("os.fsync", synced.append)
    desk.sketch["file"] = desk.put("one.png", boxes())
    assert len(synced) == 1  # by the test itself: people's own files are
    easel = desk.color()
    assert len(synced) == 1 and shown(easel).shape == (64, 96, 3)
