"""The palette extractor for browsers: the palettes of the Python one, level by level."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from tests.helpers.programs import ROOT
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.images.pixels import over_white
from tf_deeppaint.palette.extraction import extract_palette

SCRIPT = (ROOT / "export/browser/palette.js").read_text().replace("export function", "function")


def pictures() -> dict[str, np.ndarray]:
    """Drawings on paper and on a backdrop, noise, one color, a figure cut by the edge; RGBA."""
    rng = np.random.default_rng(3)
    dolls = Dolls(3, seed=8)
    drawn = [dolls.load(example, 128).picture for example in dolls.examples()]
    larger = dolls.load(next(iter(dolls.examples())), 320).picture
    tinted = drawn[1].copy()
    tinted[(tinted == 255).all(axis=-1)] = (160, 200, 230)
    noise = rng.integers(0, 256, (40, 70, 3), dtype=np.uint8)
    two = np.full((9, 30, 3), (200, 30, 40), np.uint8)
    two[:, 10:] = (30, 60, 200)
    opaque = {
        "on paper": drawn[0],
        "on a backdrop": tinted,
        "cut": drawn[2][30:, 20:110],
        "larger": larger,
        "noise": noise,
        "paper alone": np.full((20, 20, 3), 255, np.uint8),
        "two colors": two,
        "one row": two[:1],
    }
    pictures = {name: np.dstack([p, np.full(p.shape[:2], 255)]) for name, p in opaque.items()}
    alpha = rng.choice([0, 90, 255], drawn[0].shape[:2], p=[0.2, 0.2, 0.6])
    pictures["see-through"] = np.dstack([drawn[0], alpha])
    return {name: picture.astype(np.uint8) for name, picture in pictures.items()}


def run_script(code: str, folder) -> str:
    """What a script gives to `told`, by Node, or by Chromium where that is missing."""
    if node := shutil.which("node"):
        path = folder / "script.js"
        path.write_text("const told = console.log;\n" + code)
        command = [node, str(path)]
    elif chromium := shutil.which("chromium"):
        path = folder / "page.html"
        told = "const told = (text) => { document.body.textContent = text; };\n"
        path.write_text(f"<meta charset=utf-8><body><script>{told}{code}</script></body>")
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", str(path)]
    else:
        pytest.skip("neither Node nor Chromium is installed")
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout[done.stdout.index("[") : done.stdout.rindex("]") + 1]


def test_the_palettes_are_those_of_python(tmp_path):
    given = pictures()
    calls = []
    for picture in given.values():
        height, width = picture.shape[:2]
        pixels = json.dumps(picture.ravel().tolist())
        calls.append(f"[...extractPalette(Uint8ClampedArray.from({pixels}), {width}, {height})]")
    code = f"{SCRIPT}\ntold(JSON.stringify([{', '.join(calls)}]));\n"
    found = json.loads(run_script(code, tmp_path))
    for (name, picture), palette in zip(given.items(), found, strict=True):
        expected = extract_palette(over_white(picture), "figure")
        assert np.array(palette).reshape(4, 4, 3).tolist() == expected.tolist(), name
