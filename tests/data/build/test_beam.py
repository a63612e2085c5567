"""Building with Apache Beam: the same shards as at home, and the same words when it fails."""

import subprocess
import sys
from pathlib import Path

import pytest

from tf_deeppaint.data.build import builder
from tf_deeppaint.data.build.beam import Beam
from tf_deeppaint.data.build.builder import Reports, build_dataset
from tf_deeppaint.data.build.config import BuildConfig
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.data.sources.folder import Folder
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.utils.errors import DeepPaintError

CONFIG = BuildConfig(64, "drop", ("mixture", "thin"))
TWO_WORKERS = ("--direct_num_workers=2", "--direct_running_mode=multi_processing")
IN_PROCESS = ("--direct_running_mode=in_memory",)


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    """Shards of eight records."""
    monkeypatch.setattr(builder, "SHARD_PIXELS", 8 * 64 * 64)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Thirty dolls, some twice, and a file that is no picture."""
    dolls = Dolls(30, seed=9)
    for number, example in enumerate(dolls.examples()):
        picture = dolls.load(example, 80).picture
        write_picture(tmp_path / "pictures" / f"{number}.png", picture)
        if number % 4 == 0:
            write_picture(tmp_path / "pictures" / f"{number}-again.png", picture)
    (tmp_path / "pictures" / "text.png").write_text("no picture")
    return tmp_path / "pictures"


def files_of(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.mark.slow
def test_two_workers_of_a_runner_write_the_bytes_of_a_local_build(folder, tmp_path, capfd):
    complaints = []
    reports = Reports(on_skip=complaints.append)
    local = build_dataset(Folder(folder), tmp_path / "local", CONFIG)
    beam = Beam("DirectRunner", TWO_WORKERS)
    assert build_dataset(Folder(folder), tmp_path / "beam", CONFIG, beam, False, reports) == local
    assert files_of(tmp_path / "beam") == files_of(tmp_path / "local")
    assert len(local.shards["train"]) > 2
    (complaint,) = complaints
    assert "text.png: not a PNG" in complaint
    capfd.readouterr()  # the runner's own words


def test_what_fails_on_a_worker_is_told_in_its_own_words(folder, tmp_path):
    beam = Beam("DirectRunner", IN_PROCESS)
    with pytest.raises(DeepPaintError, match=r"text\.png: not a PNG, JPEG, .* picture"):
        build_dataset(Folder(folder), tmp_path / "beam", CONFIG, beam, strict=True)


def test_a_build_begun_at_home_ends_on_a_runner(folder, tmp_path):
    class Stopped(Folder):
        def load(self, example, size):
            if len(list((tmp_path / "beam").glob("train-*.tfrecord"))) == 3:
                raise KeyboardInterrupt
            return super().load(example, size)

    with pytest.raises(KeyboardInterrupt):
        build_dataset(Stopped(folder), tmp_path / "beam", CONFIG)
    prepared = []
    reports = Reports(lambda *step: prepared.append(step))
    build_dataset(
        Folder(folder), tmp_path / "beam", CONFIG, Beam("DirectRunner", IN_PROCESS), False, reports
    )
    local = build_dataset(Folder(folder), tmp_path / "local", CONFIG)
    assert files_of(tmp_path / "beam") == files_of(tmp_path / "local")
    total = local.count("train") + local.count("test")
    assert prepared[-1] == ("prepared", total - 24, total - 24)


def test_an_unknown_runner_is_told(folder, tmp_path):
    with pytest.raises(DeepPaintError, match="NoRunner"):
        build_dataset(Folder(folder), tmp_path / "beam", CONFIG, Beam("NoRunner"))


def test_without_beam_the_way_to_get_it_is_told(tmp_path):
    code = "import sys; sys.modules['apache_beam'] = None; import tf_deeppaint.data.build.beam"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert 'run pip install -e ".[beam]"' in done.stderr.splitlines()[-1]
