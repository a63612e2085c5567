"""OpenMoji: which examples are listed, how they are grouped and rasterized."""

import hashlib
import json
import sys

import numpy as np
import pytest

from tests.helpers.source_files import check_travels
from tf_deeppaint.data.sources import openmoji
from tf_deeppaint.data.sources.base import Example
from tf_deeppaint.data.sources.openmoji import OpenMoji
from tf_deeppaint.utils.errors import DeepPaintError

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 72">{}</svg>'
BOX_LINES = (
    '<rect x="12" y="12" width="40" height="48" fill="none" stroke="#000" stroke-width="2"/>'
)
DISC_LINES = '<circle cx="36" cy="36" r="20" fill="none" stroke="#000" stroke-width="2"/>'


def box(fill: str) -> str:
    return f'<rect x="12" y="12" width="40" height="48" fill="{fill}"/>{BOX_LINES}'


@pytest.fixture
def emoji(tmp_path):
    pytest.importorskip("resvg_py", reason="example OpenMoji needs resvg_py")
    art = {
        "1F170": (box("#EA5A47"), BOX_LINES),
        "1F171": (box("#92D3F5"), BOX_LINES),
        # The same example, written another way.
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
    for kind, index in ((openmoji.COLOR, 0), (openmoji.LINES, 1)):
        (root / kind).mkdir(parents=True)
        for name, drawn in art.items():
            (root / kind / f"{name}.svg").write_text(SVG.format(drawn[index]))
    (root / openmoji.COLOR / "E099.svg").write_text(SVG.format(box("#EA5A47")))
    kinds = {"1F3F4": ("flags", "flag"), "E053": ("extras-openmoji", "flags")}
    listing = []
    for name in art:
        group, subgroups = kinds.get(name, ("objects", "tool"))
        listing.append({"hexcode": name, "group": group, "subgroups": subgroups})
    (root / "data").mkdir()
    (root / openmoji.LISTING).write_text(json.dumps(listing))
    return root


def test_openmoji_leaves_out_flags_black_unfilled_and_unpaired_drawings(emoji):
    names = [example.name for example in OpenMoji(emoji).examples()]
    assert names == ["1F170", "1F171", "1F172", "1F600"]


def groups(source: OpenMoji) -> dict[str, str]:
    return {example.name: example.group for example in source.examples()}


def test_openmoji_groups_colorings_of_one_drawing_by_the_digest_of_its_lines(emoji):
    found = groups(OpenMoji(emoji))
    lines = (emoji / openmoji.LINES / "1F170.svg").read_bytes()
    assert found["1F170"] == hashlib.sha256(lines).hexdigest()[:16]
    assert found["1F170"] == found["1F171"] == found["1F172"]
    assert found["1F600"] != found["1F170"]


def test_openmoji_tells_the_size_of_both_files(emoji):
    for example in OpenMoji(emoji).examples():
        files = (emoji / kind / f"{example.name}.svg" for kind in (openmoji.COLOR, openmoji.LINES))
        assert example.bytes == sum(path.stat().st_size for path in files)


def test_openmoji_loads_picture_and_lines_at_the_same_place(emoji):
    artwork = OpenMoji(emoji).load(Example("1F170"), 144)
    assert artwork.picture.shape == (144, 144, 3)
    assert artwork.sketch.shape == (144, 144)
    lines = artwork.sketch < 64
    assert lines.sum() > 500
    assert artwork.picture[lines].max() < 100
    assert artwork.picture[72, 64].tolist() == [0xEA, 0x5A, 0x47]
    assert artwork.sketch[72, 64] == 255
    assert artwork.picture[2, 2].tolist() == [255, 255, 255]
    parts = ((emoji / k / "1F170.svg").read_bytes() for k in (openmoji.COLOR, openmoji.LINES))
    digests = b"".join(hashlib.sha256(part).digest() for part in parts)
    assert artwork.digest == hashlib.sha256(digests).hexdigest()


def test_openmoji_centers_a_drawing_that_is_not_square(emoji):
    wide = SVG.replace("72 72", "144 72").format('<circle cx="72" cy="36" r="30"/>')
    (emoji / openmoji.LINES / "1F170.svg").write_text(wide)
    sketch = OpenMoji(emoji).load(Example("1F170"), 144).sketch
    assert sketch.shape == (144, 144)
    rows, columns = np.nonzero(sketch < 128)
    assert (rows.min() + rows.max()) == (columns.min() + columns.max()) == 143
    assert np.ptp(rows) == np.ptp(columns)
    assert "1F170" in groups(OpenMoji(emoji))


def test_openmoji_lists_a_damaged_drawing_and_load_names_it(emoji):
    (emoji / openmoji.COLOR / "1F171.svg").write_text("<svg")
    source = OpenMoji(emoji)
    assert "1F171" in groups(source)
    with pytest.raises(DeepPaintError, match=r"1F171\.svg"):
        source.load(Example("1F171"), 64)


def test_openmoji_lists_a_drawing_too_large_to_read_and_load_names_it(emoji, monkeypatch):
    path = emoji / openmoji.LINES / "1F171.svg"
    monkeypatch.setattr(openmoji, "MAX_SVG_BYTES", path.stat().st_size + 200)
    path.write_text(path.read_text() + " " * 201)
    source = OpenMoji(emoji)
    assert groups(source)["1F171"] == "1F171"
    with pytest.raises(DeepPaintError, match=r"1F171\.svg: over"):
        source.load(Example("1F171"), 64)


@pytest.mark.parametrize("listing", ["{", "[1]", '[{"hexcode": "1F600"}]', "[" * 100_000, "\xff"])
def test_openmoji_names_a_listing_that_is_none(emoji, listing):
    (emoji / openmoji.LISTING).write_text(listing, encoding="latin-1")
    with pytest.raises(DeepPaintError, match=r"openmoji\.json: not OpenMoji's listing"):
        list(OpenMoji(emoji).examples())


def test_openmoji_names_what_the_folder_lacks(emoji):
    (emoji / openmoji.LISTING).unlink()
    with pytest.raises(DeepPaintError, match=r"openmoji\.json: does not exist; .*--input"):
        list(OpenMoji(emoji).examples())
    (emoji / openmoji.LISTING).write_text("[]")
    for path in (emoji / openmoji.LINES).iterdir():
        path.unlink()
    with pytest.raises(DeepPaintError, match="no emoji in both kinds"):
        list(OpenMoji(emoji).examples())


def test_openmoji_without_rasterizer_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(DeepPaintError, match=r'pip install -e "\.\[svg\]"'):
        next(OpenMoji(tmp_path).examples())


def test_openmoji_travels_to_workers(emoji):
    check_travels(OpenMoji(emoji))
