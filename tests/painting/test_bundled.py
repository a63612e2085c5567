"""The model that comes with the package: it is there, small, described, and obeys its palette."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tf_deeppaint import Painter
from tf_deeppaint.evaluation.metrics import to_lab
from tf_deeppaint.exporting.traced_function import weights_digest
from tf_deeppaint.images.decoding import read_picture
from tf_deeppaint.images.pixels import to_gray
from tf_deeppaint.line_art.regions import PAGE, find_regions
from tf_deeppaint.networks.model_files import BUNDLED_FILE, load_generator
from tf_deeppaint.painting import litert_backend
from tf_deeppaint.painting.keras_backend import KerasBackend
from tf_deeppaint.painting.litert_backend import LiteRtBackend
from tf_deeppaint.palette.extraction import extract_palette

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"
MAX_BYTES = 8 * 10**6  # each of the two files


@pytest.fixture(scope="module", name="painter")
def load_painter() -> Painter:
    return Painter.load()


@pytest.fixture(scope="module", name="sketch")
def read_sketch() -> np.ndarray:
    return to_gray(read_picture(PICTURES / "sketch.png"))


def test_it_is_small_and_described():
    for path in (BUNDLED_FILE, litert_backend.BUNDLED_FILE):
        assert path.stat().st_size <= MAX_BYTES
    card = BUNDLED_FILE.with_name("MODEL_CARD.md").read_text()
    for heading in ("How it was made", "Data", "Scores", "Limits"):
        assert f"## {heading}\n" in card
    flagfiles = re.findall(r"--flagfile=(\S+)", card)
    assert flagfiles and all((ROOT / name).is_file() for name in flagfiles)


def test_both_files_hold_the_same_network(painter, sketch):
    """LiteRT keeps the weights in float16, as the other file does, and computes in float32."""
    metadata = litert_backend.read_metadata(litert_backend.BUNDLED_FILE)
    assert metadata["weights_sha256"] == weights_digest(load_generator())
    keras_painter = Painter.load(BUNDLED_FILE)
    assert isinstance(painter.backend, LiteRtBackend)
    assert isinstance(keras_painter.backend, KerasBackend)
    one, other = (p.paint(sketch, PICTURES / "reference.png") for p in (painter, keras_painter))
    assert np.abs(one.astype(int) - other).max() <= 2


def test_it_obeys_any_palette(painter, sketch):
    """In regions the colors are mixes of the given ones: here greens, then reds."""
    inside = find_regions(sketch) > PAGE
    assert inside.mean() > 0.05
    for channel in (1, 0):
        colors = np.zeros((4, 4, 3), np.uint8)
        colors[..., channel] = np.linspace(120, 240, 16).reshape(4, 4)
        painted = painter.paint(sketch, colors=colors)[inside].astype(int)
        others = np.delete(painted, channel, axis=1).max(axis=1)
        # White and black are always among the colors to mix.
        assert (painted[:, channel] >= others - 2).all()
        assert np.median(painted[:, channel] - others) > 40


def test_it_leaves_the_paper_white(painter, sketch):
    painted = painter.paint(sketch, reference=PICTURES / "reference.png")
    edge = np.concatenate([painted[:8].reshape(-1, 3), painted[-8:].reshape(-1, 3)])
    assert np.percentile(edge.min(axis=1), 1) > 240


def test_regions_are_of_one_color_but_for_shading(painter, sketch):
    painted = painter.paint(sketch, reference=PICTURES / "reference.png")
    lab, regions = to_lab(painted), find_regions(sketch)
    largest = regions == np.bincount(regions[regions > 0]).argmax()
    # a* and b* hold the hue, which shading leaves alone but for its strength.
    assert lab[largest][:, 1:].std(axis=0).max() < 6


def test_colorize_needs_no_model_and_no_tensorflow(tmp_path):
    output = tmp_path / "painted.png"
    command = [sys.executable, "-X", "importtime", "-m", "tf_deeppaint.colorize"]
    command += [f"--sketch={PICTURES}/sketch.png", f"--reference={PICTURES}/reference.png"]
    command += [f"--output={output}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    imported = {line.split("|")[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "ai_edge_litert" in imported
    assert not imported & {"tensorflow", "keras", "skimage"}
    expected = Painter.load().paint(PICTURES / "sketch.png", PICTURES / "reference.png")
    np.testing.assert_array_equal(read_picture(output), expected)
    # What the picture shows is what the reference holds: greens and browns, no blue.
    given = extract_palette(read_picture(PICTURES / "reference.png"), "white")
    assert to_lab(expected)[..., 2].min() > to_lab(given)[..., 2].min() - 12
