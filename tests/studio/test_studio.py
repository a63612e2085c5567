"""The studio without its page: what a visitor's files, colors and clicks lead to."""

import functools
import socket
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from tests.helpers.picture_files import png_chunk
from tf_deeppaint.images.decoding import decode_picture, read_picture
from tf_deeppaint.images.encoding import encode_png
from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.painting.keras_backend import KerasBackend
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.palette.extraction import extract_palette
from tf_deeppaint.studio import server
from tf_deeppaint.studio.examples import PALETTES
from tf_deeppaint.studio.sessions import (
    MAX_BYTES,
    SHOWN_SIDE,
    Sessions,
    Upload,
    codes_to_palette,
    palette_to_codes,
    read_sketch,
    render,
)
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.visualization.heat_maps import draw_heat_map

ROOT = Path(__file__).parents[2]


@functools.cache
def painter_of(head: str) -> Painter:
    keras.utils.set_random_seed(2)
    generator = Generator(4, size=64, head_kind=head, background="white")
    # Weights of N(0, 0.02) paint everything one gray; larger ones paint pictures that differ.
    generator.set_weights([w * 12 if w.ndim == 4 else w for w in generator.get_weights()])
    return Painter(KerasBackend(generator))


@pytest.fixture(name="sessions", params=["mixture", "rgb"])
def make_sessions(request, tmp_path) -> Sessions:
    return Sessions(painter_of(request.param), str(tmp_path / "files"))


@pytest.fixture(name="rng")
def make_rng() -> np.random.Generator:
    return np.random.default_rng(7)


def sketch_of(height: int, width: int) -> np.ndarray:
    sketch = np.full((height, width), 255, np.uint8)
    sketch[height // 4 : height // 4 + 2] = 0
    sketch[:, width // 3 : width // 3 + 2] = 0
    return sketch


def palettes(rng, count: int) -> np.ndarray:
    return rng.integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)


def put(folder: Path, data: bytes, name: str = "mine.png") -> Upload:
    """A file as the server keeps it: under a name of the server's."""
    (folder / "kept").write_bytes(data)
    return Upload(str(folder / "kept"), name)


# --- colors ------------------------------------------------------------------------------------


def test_codes_are_the_palette(rng):
    (palette,) = palettes(rng, 1)
    codes = palette_to_codes(palette)
    assert [len(row) for row in codes] == [4] * 4
    assert codes[1][2] == "#{:02x}{:02x}{:02x}".format(*palette[1, 2])
    np.testing.assert_array_equal(codes_to_palette(codes), palette)


@pytest.mark.parametrize(
    "codes",
    [
        None,
        "#ffffff",
        [],
        {"0": 1},
        [["#ffffff"] * 4] * 3,
        [["#ffffff"] * 4] * 5,
        [["#ffffff"] * 3] * 4,
        [["red"] * 4] * 4,
        [[255] * 4] * 4,
        [["#fff,#fff"] * 4] * 4,
        [["#ffffff"] * 4] * 3 + [None],
    ],
)
def test_what_is_no_palette_is_refused(codes):
    with pytest.raises(DeepPaintError):
        codes_to_palette(codes)


def test_ready_palettes_differ_in_every_pair():
    assert len(PALETTES) >= 4
    assert len({palette.tobytes() for palette in PALETTES.values()}) == len(PALETTES)
    for palette in PALETTES.values():
        assert (palette.shape, palette.dtype) == ((4, 4, 3), np.uint8)


def test_a_reference_gives_its_palette(sessions, rng, tmp_path):
    picture = rng.integers(0, 256, (40, 30, 3), dtype=np.uint8)
    found = sessions.palette_of(put(tmp_path, encode_png(picture)))
    np.testing.assert_array_equal(found, extract_palette(picture, "white"))


def test_a_reference_that_is_none_is_told_of(sessions):
    with pytest.raises(DeepPaintError, match="no reference yet"):
        sessions.palette_of(None)


# --- painting -----------------------------------------------------------------------------------


@pytest.mark.parametrize("lines", ["original", "network"])
def test_what_is_shown_is_what_the_painter_paints(sessions, rng, lines):
    sketch, (palette,) = sketch_of(90, 60), palettes(rng, 1)
    state = sessions.paint(sketch, palette)
    expected = sessions.painter.paint(sketch, colors=palette, lines=lines)
    assert expected.std() > 5  # a picture, not one gray
    np.testing.assert_array_equal(render(state, lines, 0), expected)


def test_other_colors_are_those_the_painter_would_mix(rng, tmp_path):
    sessions = Sessions(painter_of("mixture"), str(tmp_path))
    sketch, (first, second) = sketch_of(64, 64), palettes(rng, 2)
    original = sessions.paint(sketch, first)
    state = sessions.recolor(original, second)
    expected = sessions.painter.make_paintings([sketch], first[None])[0].recolor(second).picture()
    np.testing.assert_array_equal(render(state, "original", 0), expected)
    assert np.abs(render(original, "original", 0).astype(int) - expected).mean() > 1
    np.testing.assert_array_equal(
        render(sessions.recolor(state, first), "original", 0), render(original, "original", 0)
    )


def test_other_colors_need_no_network_where_the_model_mixes(rng, tmp_path, monkeypatch):
    sessions = Sessions(painter_of("mixture"), str(tmp_path))
    first, second = palettes(rng, 2)
    state = sessions.paint(sketch_of(64, 64), first)
    expected = render(sessions.recolor(state, second), "original", 0)
    monkeypatch.setattr(sessions.painter.backend, "run", None)
    recolored = render(sessions.recolor(state, second), "original", 0)
    np.testing.assert_array_equal(recolored, expected)
    assert (recolored != render(state, "original", 0)).any()


def test_a_model_that_does_not_mix_paints_anew(rng, tmp_path):
    sessions = Sessions(painter_of("rgb"), str(tmp_path))
    sketch, (first, second) = sketch_of(64, 64), palettes(rng, 2)
    state = sessions.recolor(sessions.paint(sketch, first), second)
    expected = sessions.painter.paint(sketch, colors=second)
    np.testing.assert_array_equal(render(state, "original", 0), expected)


def test_large_sketches_are_shown_small_and_saved_whole(sessions, rng):
    state = sessions.paint(sketch_of(40, 2 * SHOWN_SIDE), palettes(rng, 1)[0])
    assert render(state, "original", 0).shape == (20, SHOWN_SIDE, 3)
    saved = read_picture(sessions.write_picture(state, "original"))
    np.testing.assert_array_equal(saved, state.painting.picture("original"))
    assert saved.shape == (40, 2 * SHOWN_SIDE, 3)


def test_attention_is_that_of_the_painting_whatever_colors_came_later(rng, tmp_path):
    sessions = Sessions(painter_of("mixture"), str(tmp_path))
    assert sessions.attention_maps == 6
    sketch, (first, second) = sketch_of(64, 64), palettes(rng, 2)
    state = sessions.with_attention(sessions.recolor(sessions.paint(sketch, first), second))
    maps = sessions.painter.attention(sessions.painter.make_paintings([sketch], first[None])[0])
    for number, level in enumerate(maps, start=1):
        np.testing.assert_array_equal(
            render(state, "original", number), draw_heat_map(level, sketch)
        )
    for wrong in (7, -1):
        with pytest.raises(DeepPaintError, match="no attention map"):
            render(state, "original", wrong)


def test_layers_are_saved_as_one_file_that_shows_the_picture(sessions, rng):
    state = sessions.paint(sketch_of(64, 48), palettes(rng, 1)[0])
    with zipfile.ZipFile(sessions.write_layers(state)) as layers:
        merged = decode_picture(layers.read("mergedimage.png"), "merged")
    np.testing.assert_allclose(merged.astype(int), state.painting.picture(), atol=1)


@pytest.mark.parametrize("shape", [(60, 50), (90, 120), (40, 2 * SHOWN_SIDE)])
def test_lines_paper_and_resolution_of_a_sketch_are_kept_or_chosen(sessions, rng, tmp_path, shape):
    ink, (top, left) = np.zeros(shape, np.uint8), (shape[0] // 4, shape[1] // 4)
    ink[top:-top, left:-left], ink[top + 3 : -top - 3, left + 3 : -left - 3] = 255, 0
    page = np.dstack([np.broadcast_to(np.uint8([120, 60, 20]), (*shape, 3)), ink])
    sketch, _ = read_sketch(put(tmp_path, encode_png(page, (300, 300))), "off")
    state = sessions.paint(sketch, palettes(rng, 1)[0])
    mixes = sessions.painter.backend.mixes  # otherwise the network paints the paper, too
    for look, corner, line in (
        ((), (0,), (120, 60, 20)),
        (("black", "white"), (255, 255, 255), None),
        (("#c81e28", "#fff0d0"), (255, 240, 208), None),
    ):
        saved = Image.open(sessions.write_picture(state, "original", *look))
        assert np.allclose(saved.info["dpi"], 300, atol=0.02)
        pixels, chosen = np.asarray(saved), look or ("keep", "auto")
        np.testing.assert_array_equal(pixels, state.painting.picture("original", *chosen))
        assert line is None or tuple(pixels[top, left][:3]) == line
        shown = render(state, "original", 0, *look)
        assert shown.shape[2] == pixels.shape[2]
        if mixes or "white" not in look:
            assert tuple(pixels[-1, -1][-len(corner) :]) == corner
            assert tuple(shown[-1, -1][-len(corner) :]) == corner
        if line is not None:
            close = np.abs(shown[..., :3].astype(int) - line).max(axis=-1) < 40
            assert close[shown[..., 3] == 255].any()
        with zipfile.ZipFile(sessions.write_layers(state, *look)) as layers:
            assert (b'name="paper"' in layers.read("stack.xml")) == bool(look)
            assert b'xres="300" yres="300"' in layers.read("stack.xml")
    with pytest.raises(DeepPaintError, match=r"paper=\['x'\]"):
        render(state, "original", 0, "keep", ["x"])


def test_what_is_saved_lies_apart_in_the_sessions_folder(sessions, rng):
    state = sessions.paint(sketch_of(20, 20), palettes(rng, 1)[0])
    saved = [Path(sessions.write_picture(state, "network")) for _ in range(2)]
    assert saved[0].parent != saved[1].parent
    assert {path.parent.parent for path in saved} == {Path(sessions.folder)}


def test_examples_are_sketches_and_references_of_their_own(sessions):
    assert len(sessions.examples) >= 3
    for number, (sketch, reference) in enumerate(sessions.examples):
        paths = sessions.write_example(number)
        np.testing.assert_array_equal(read_sketch(Upload(paths[0], "one"), "auto")[0], sketch)
        np.testing.assert_array_equal(read_picture(paths[1]), reference)
        assert (sketch < 128).mean() > 0.01 and np.ptp(reference, axis=-1).max() > 50


# --- files of strangers -------------------------------------------------------------------------


def test_a_sketch_is_read_at_its_own_size(tmp_path):
    sketch = sketch_of(33, 21)
    upload = put(tmp_path, encode_png(sketch))
    np.testing.assert_array_equal(read_sketch(upload, "auto")[0], sketch)


def test_lines_on_nothing_are_a_sketch_once_cleaned(tmp_path):
    sketch = sketch_of(60, 80)
    light = np.dstack([np.full((60, 80, 3), 200, np.uint8), 255 - sketch])
    upload = put(tmp_path, encode_png(light))
    np.testing.assert_allclose(read_sketch(upload, "auto")[0].astype(int), sketch, atol=5)
    assert read_sketch(upload, "off")[0].min() == 200


def test_what_a_page_is_comes_with_its_sketch(tmp_path):
    chalk = 235 - sketch_of(240, 200) // 255 * 215
    sketch, note = read_sketch(put(tmp_path, encode_png(chalk)), "auto")
    assert note == "light lines on dark paper: inverted"
    np.testing.assert_allclose(sketch.astype(int), sketch_of(240, 200), atol=25)
    assert read_sketch(put(tmp_path, encode_png(sketch_of(240, 200))), "auto")[1] == ""
    with pytest.raises(DeepPaintError, match="choose one of auto, on, off"):
        read_sketch(put(tmp_path, encode_png(chalk)), "perhaps")


def bomb(side: int) -> bytes:
    """A small PNG file of 1 bit a pixel that says it is so large."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(side * (1 + side // 8)), 9)
    chunks = [(b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, content) for kind, content in chunks)


@pytest.mark.parametrize("clean", ["auto", "on", "off"])
@pytest.mark.parametrize(
    "data",
    [b"", b"no picture", b"<svg/>", encode_png(sketch_of(40, 40))[:-30], bomb(9000)],
    ids=["empty", "text", "svg", "cut off", "huge"],
)
def test_a_bad_file_is_one_line_with_the_visitors_own_name(tmp_path, data, clean):
    upload = put(tmp_path, data, "my drawing.png")
    with pytest.raises(DeepPaintError) as raised:
        read_sketch(upload, clean)
    assert str(raised.value).startswith("my drawing.png: ")
    assert "\n" not in str(raised.value) and str(tmp_path) not in str(raised.value)


def test_a_file_too_large_is_not_read(tmp_path):
    with open(tmp_path / "kept", "wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(DeepPaintError, match="over 32 MiB"):
        read_sketch(Upload(str(tmp_path / "kept"), "large.png"), "auto")


def test_no_file_and_a_file_that_is_gone_are_told_apart(tmp_path):
    with pytest.raises(DeepPaintError, match="no sketch yet"):
        read_sketch(None, "auto")
    with pytest.raises(DeepPaintError, match=r"a\.png: the upload has expired"):
        read_sketch(Upload(str(tmp_path / "gone"), "a.png"), "auto")


# --- the program --------------------------------------------------------------------------------


def never() -> Painter:
    raise AssertionError("loaded a model in vain")


def test_a_port_in_use_is_told_before_a_model_is_loaded():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(DeepPaintError, match=f"--port={port}: is in use, perhaps by a studio"):
            server.serve(never, "127.0.0.1", port)


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_a_port_of_ipv6_in_use_is_told_too(host):
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(DeepPaintError, match=f"--port={port}: is in use"):
            server.serve(never, host, port)


@pytest.mark.parametrize(
    ("flag", "options"),
    [
        ("--root_path=paint", {"root_path": "paint"}),
        ("--allowed_hosts=https://x", {"allowed_hosts": ["https://x"]}),
    ],
)
def test_a_mistaken_flag_is_told_before_a_model_is_loaded(flag, options):
    with pytest.raises(DeepPaintError, match=flag):
        server.serve(never, "127.0.0.1", 0, **options)


def test_without_gradio_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(server.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DeepPaintError, match=r'pip install -e "\.\[studio\]"'):
        server.serve(never, "127.0.0.1", 0)


def test_a_mistaken_command_line_is_one_line():
    done = subprocess.run(
        [sys.executable, "-m", "tf_deeppaint.studio", "--port=70000"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert "70000" in done.stderr


# A studio that is ended while it paints the first picture, and what it has imported.
ENDED_AT_ONCE = """
import os, signal, sys, threading
from tests.helpers.painters import FakeBackend
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.studio import server

class Ending(FakeBackend):
    def run(self, *given):
        os.kill(os.getpid(), signal.SIGTERM)
        threading.main_thread().join(1)
        return super().run(*given)

compiled = []
sys.addaudithook(lambda name, about: name == "compile" and compiled.append(about[1]))
server.serve(lambda: Painter(Ending()), "127.0.0.1", 0)
heavy = {"tensorflow", "keras", "skimage", "scipy", "torch", "matplotlib"} & set(sys.modules)
print(sorted(heavy), compiled.count("<unknown>"), compiled.count("<template>"))
"""


def test_a_studio_imports_what_its_page_needs_and_ends_in_order():
    """Gradio parses all of its components and renders 300 templates, unless it is kept from it."""
    done = subprocess.run(
        [sys.executable, "-c", ENDED_AT_ONCE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    modules, parsed, rendered = done.stdout.splitlines()[-1].rsplit(maxsplit=2)
    assert modules == "[]"
    assert int(parsed) < 20 and int(rendered) < 20
