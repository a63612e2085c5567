"""Hostile input, in short: what was found once, some new input for each parser, and properties."""

import dataclasses
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.programs import ROOT
from tests.hostile import data_targets, targets
from tests.hostile.figures import rewrite
from tests.hostile.findings import FINDINGS
from tests.hostile.mutations import mutate, mutate_json, mutate_png
from tf_deeppaint.images.decoding import decode_picture, decode_rgba, read_header
from tf_deeppaint.images.encoding import encode_png
from tf_deeppaint.palette import named_colors, palette_files
from tf_deeppaint.utils import locks
from tf_deeppaint.utils.errors import DeepPaintError

# Those that load TensorFlow's larger parts, Gradio or PyTorch take seconds to begin.
QUICK = [
    "pictures",
    "palettes JSON",
    "palettes of programs",
    "pair JSON",
    "Danbooru metadata",
    "manifests",
    "shard receipts",
]
QUICK += [
    "plans",
    "colors",
    "packages",
    "flagfiles",
    "names of files",
    "layers",
    "hints",
    "TF_CONFIG",
]
QUICK += ["shard receipts", "HDF5 weights", "NPZ weights", "run directories", ".keras archives"]
INPUTS = 60


@pytest.fixture(scope="module")
def fed(tmp_path_factory):
    """Feeds a target in a folder of its own; DeepPaintError is what should come of it."""
    made = {}
    home, watch = os.getcwd(), locks.WATCH_S

    def feed(name: str, data: bytes | None = None, number: int = 0, seed: int = 0) -> None:
        if name not in made:
            folder = tmp_path_factory.mktemp("target")
            os.chdir(folder)
            made[name] = folder, targets.TARGETS[name]()
        folder, target = made[name]
        os.chdir(folder)
        try:
            target.feed(target.input(name, seed, number) if data is None else data)
        except DeepPaintError as error:
            assert str(error)
        finally:
            os.chdir(home)

    yield feed
    locks.WATCH_S = watch


@pytest.mark.parametrize("found", FINDINGS, ids=lambda f: f"{f.target}, {f.did}")
def test_what_was_found_once_does_no_harm(fed, found):
    fed(found.target, found.make())


@pytest.mark.parametrize("name", QUICK)
def test_some_new_input_for_each(fed, name):
    """Of another seed in every version: `make fuzz` tries a hundred thousand."""
    for number in range(INPUTS if name != ".keras archives" else INPUTS // 6):
        fed(name, number=number, seed=2026)


def test_the_same_seed_gives_the_same_input_and_another_others(fed):
    target = data_targets.palettes()
    inputs = [target.input("x", seed, n) for seed in (1, 1, 2) for n in range(1, 40)]
    assert inputs[:39] == inputs[39:78] != inputs[78:]
    assert len(set(inputs[:39])) > 30


def test_mutations_change_and_keep_what_they_promise():
    import random

    png = encode_png(np.zeros((9, 9, 3), np.uint8))
    rng = random.Random(1)
    changed = [mutate_png(png, rng) for _ in range(200)]
    assert sum(data != png for data in changed) > 150
    # Their checksums are right, so that a decoder goes on to what is inside.
    assert sum(read_header(data) is not None for data in changed) > 100
    texts = [mutate_json(b'{"a": [1, {"b": "c"}]}', rng) for _ in range(200)]
    parsed = 0
    for text in texts:
        try:
            json.loads(text)
            parsed += 1
        except (ValueError, RecursionError):
            pass
    assert parsed > 100
    assert sum(mutate(b"abcdefgh" * 9, rng) != b"abcdefgh" * 9 for _ in range(100)) > 90


def test_a_fuzzer_sees_an_exception_a_crash_and_a_hang(tmp_path, monkeypatch):
    """Of a parser that goes wrong on purpose."""
    from tests.hostile import fuzz

    worker = (Path(__file__).parent / "worker.py").read_text()
    harm = (
        "import time\n"
        "from tests.hostile.target import Target\n"
        "def feed(data):\n"
        "    if data == b'1': raise KeyError\n"
        "    if data == b'2': os.kill(os.getpid(), 11)\n"
        "    if data == b'3': time.sleep(1e9)\n"
        "    if data == b'4': raise DeepPaintError('x')\n"
        "TARGETS = {'bad': lambda: Target([b'0', b'1', b'2', b'3', b'4', b'5'], feed)}\n"
    )
    line = "from tests.hostile.targets import TARGETS\n"
    assert line in worker
    worker = worker.replace(line, "")
    (tmp_path / "worker.py").write_text(worker.replace("\n\ndef main", f"\n{harm}\n\ndef main"))
    monkeypatch.setattr(fuzz, "HERE", tmp_path)
    monkeypatch.setattr(fuzz, "WALL_S", 5.0)  # a busy machine takes a second to begin
    outcome = fuzz.fuzz("bad", 1, 6)
    assert (outcome.inputs, outcome.refused) == (6, 1)
    found = [(f["number"], f["finding"]) for f in outcome.findings]
    assert found == [(1, "KeyError"), (2, "a crash (signal 11)"), (3, "a hang over 5 s")]
    assert sum(fuzz.shares(100_000).values()) >= 100_000
    plans = dataclasses.replace(outcome, target="plans")
    rows = fuzz.table([plans], 1, "| colors | 1,000 | 10 | 0 | another day |\n")
    assert rows[2].startswith("| plans | 6 | 1 | 3 |") and rows[3].startswith("| colors | 1,000")
    assert rows[4] == "| **all** | **1,006** | **11** | **3** | |"


def test_coverage_guides_the_other_fuzzer(tmp_path, monkeypatch):
    from tests.hostile import guided

    outcome = guided.Outcome("colors", 1200, 30, 4, 9)
    rows = guided.table([outcome], 60, "| layers | 5 | 1 | 2 | 3 | 0 | another day |\n")
    assert rows[2].startswith("| colors | 1,200 | 30 | 4 | 9 | 0 | ") and rows[2].endswith("60 s |")
    assert rows[3].startswith("| layers | 5 ")
    pytest.importorskip("atheris")  # of an extra of its own
    monkeypatch.setattr(guided, "KEPT", tmp_path)
    outcome = guided.guide("colors", 1, 3)
    assert outcome.inputs > 100 and outcome.reached >= outcome.began_with > 0
    assert outcome.findings == []


def test_a_target_whose_inputs_run_native_code_alone_is_fed_all_the_same(tmp_path, monkeypatch):
    """libFuzzer tells no coverage then; where it tells nothing at all, it did not begin."""
    from tests.hostile import guided

    lines = ["import struct, sys", "with open(sys.argv[4], 'wb') as counts:"]
    lines += [
        "    counts.write(struct.pack('<QQ', 9, 2))",
        "print('#9 INITED rss: 1Mb', file=sys.stderr)",
    ]
    worker = tmp_path / "guided_worker.py"
    worker.write_text("\n".join(lines))
    monkeypatch.setattr(guided, "HERE", tmp_path)
    monkeypatch.setattr(guided, "KEPT", tmp_path)
    monkeypatch.setattr(guided, "LEAST_S", 3.0)
    outcome = guided.guide("colors", 1, 3)
    assert (outcome.inputs, outcome.refused, outcome.findings) == (9, 2, [])
    assert (outcome.began_with, outcome.reached) == (0, 0)
    worker.write_text("raise SystemExit('no such target')")
    with pytest.raises(RuntimeError, match="does not start: no such target"):
        guided.guide("colors", 1, 3)


def test_without_coverage_the_valid_inputs_are_what_is_changed(tmp_path, monkeypatch):
    """libFuzzer keeps no corpus then, and would change one line feed into noise."""
    pytest.importorskip("atheris")  # of an extra of its own
    from tests.hostile import guided

    code = (ROOT / "tests" / "hostile" / "guided_worker.py").read_text()
    line = 'atheris.instrument_imports(include=["tf_deeppaint"])'
    assert line in code
    (tmp_path / "guided_worker.py").write_text(code.replace(line, "contextlib.nullcontext()"))
    monkeypatch.setattr(guided, "HERE", tmp_path)
    monkeypatch.setattr(guided, "KEPT", tmp_path)
    outcome = guided.guide("manifests", 1, 3)
    assert outcome.reached == 0
    assert outcome.inputs - outcome.refused > 30, "no more is taken than the corpus itself"


def test_figures_are_rewritten_between_their_marks(tmp_path):
    document = tmp_path / "page.md"
    document.write_text("a\n<!-- x -->\nold\n<!-- end of x -->\nb\n")
    for lines in (["1", "2"], ["3"]):
        rewrite(document, "x", lines)
        content = "\n".join(lines)
        assert document.read_text() == f"a\n<!-- x -->\n\n{content}\n\n<!-- end of x -->\nb\n"
    with pytest.raises(ValueError, match="no marks for y"):
        rewrite(document, "y", [])


# --- properties ---------------------------------------------------------------------------------

PROPERTY = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
LEVELS = st.integers(0, 255)


@PROPERTY
@given(st.lists(LEVELS, min_size=48, max_size=48))
def test_any_palette_comes_back_from_its_json(levels):
    expected = np.array(levels, np.uint8).reshape(4, 4, 3)
    found = palette_files.palette_from_json(palette_files.palette_to_json(expected), "x")
    np.testing.assert_array_equal(found, expected)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(["1", "2", "3", "4", "x"]), inner, max_size=5)
    ),
    max_leaves=60,
)


@PROPERTY
@given(JSON)
def test_any_other_json_is_no_palette(document):
    try:
        found = palette_files.palette_from_json(json.dumps(document), "x")
    except DeepPaintError as error:
        assert str(error).startswith("x: ")
    else:
        assert found.shape == (4, 4, 3)


@PROPERTY
@given(st.binary(max_size=200))
def test_any_bytes_are_a_picture_or_refused_by_name(data):
    for start in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"GIF89a", b"BM", b"RIFF0000WEBPVP8X"):
        try:
            pixels = decode_picture(start + data, "the name")
        except DeepPaintError as error:
            assert str(error).startswith("the name: ") and "\n" not in str(error)
        else:
            assert pixels.dtype == np.uint8 and pixels.shape[2] == 3


@PROPERTY
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_any_pixels_come_back_from_a_png(height, width, seed):
    rng = np.random.default_rng(seed)
    for channels in ((), (3,), (4,)):
        pixels = rng.integers(0, 256, (height, width, *channels), dtype=np.uint8)
        data = encode_png(pixels)
        rgba = decode_rgba(data, "x")
        shown = rgba if channels == (4,) else rgba[..., :3] if channels else rgba[..., 0]
        np.testing.assert_array_equal(shown, pixels)


@PROPERTY
@given(st.text(max_size=60))
def test_any_text_is_colors_or_refused(text):
    try:
        found = named_colors.parse_colors(text)
    except DeepPaintError as error:
        assert str(error).startswith("colors: ")
    else:
        assert found.shape == (len(text.split(",")), 3)


# --- nothing is run, nothing is asked for ---------------------------------------------------------

ALONE = """
import importlib, pkgutil, socket, sys
def refused(*arguments, **more):
    raise AssertionError("a connection")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refused
import tf_deeppaint
for module in pkgutil.walk_packages(tf_deeppaint.__path__, "tf_deeppaint."):
    if not module.name.endswith("__main__") and module.name not in sys.argv:
        importlib.import_module(module.name)
"""


def test_importing_opens_no_connection():
    import subprocess

    # Programs define flags, and two of them define the same.
    programs = ["train", "colorize", "evaluate", "import_torch"]
    commands = sorted((ROOT / "tf_deeppaint/commands").glob("[!_]*.py"))
    assert commands
    programs += [f"commands.{path.stem}" for path in commands]
    names = [f"tf_deeppaint.{program}" for program in programs]
    done = subprocess.run(
        [sys.executable, "-c", ALONE, *names, "tf_deeppaint.data.build.beam"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_nothing_in_the_library_unpickles_or_evaluates():
    forbidden = ("pickle.load", "eval(", "exec(", "yaml.load", "marshal", "shell=True", "os.system")
    for path in sorted((ROOT / "tf_deeppaint").rglob("*.py")):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert not any(f" {word}" in f" {line.strip()}" for word in forbidden), (path, line)
