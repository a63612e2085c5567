"""A killed studio's folder is removed at the next start; no other is."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tf_deeppaint.studio import leftovers, server

ROOT = Path(__file__).parents[2]
OPEN = (
    "import time; from tf_deeppaint.studio import leftovers\n"
    "with leftovers.own_folder() as folder:\n"
    "    open(folder + '/upload', 'w').close(); print(folder, flush=True); time.sleep(600)"
)


@pytest.fixture(autouse=True)
def make_temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def age(folder: Path) -> Path:
    os.utime(folder, (1, 1))
    return folder


def test_what_a_killed_studio_left_is_removed_and_what_a_living_one_has_stays(tmp_path):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    start = {"stdout": subprocess.PIPE, "text": True, "env": environment}
    with subprocess.Popen([sys.executable, "-c", OPEN], **start) as studio:
        folder = age(Path(studio.stdout.readline().strip()))
        leftovers.remove()
        assert (folder / "upload").is_file()
        studio.kill()
        studio.wait()
        leftovers.remove()
        assert not folder.exists()


class Page:
    """Stands in for the page; the studio is told to end once it asks for the address."""

    @property
    def local_url(self) -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        return "http://127.0.0.1:1/"

    def close(self, verbose: bool) -> None:
        pass


def test_a_studio_that_starts_removes_what_others_left(tmp_path, monkeypatch):
    killed = tmp_path / "tf-deeppaint-studio-killed"
    killed.mkdir()
    (killed / "lock").touch()
    age(killed)
    monkeypatch.setattr(server, "confine_gradio", lambda *_: None)
    monkeypatch.setattr(server, "launch", lambda *_: Page())
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.serve(lambda: None, "127.0.0.1", 0)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert not list(tmp_path.iterdir())


def test_folders_of_others_stay(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "lock").touch()
    (tmp_path / "tf-deeppaint-studio-link").symlink_to(other)
    bare = tmp_path / "tf-deeppaint-studio-bare"
    bare.mkdir()
    new = tmp_path / "tf-deeppaint-studio-new"
    new.mkdir()
    (new / "lock").touch()
    for folder in (other, bare):
        age(folder)
    leftovers.remove()
    assert (other / "lock").is_file() and bare.is_dir() and (new / "lock").is_file()


def test_a_folder_goes_with_its_studio(tmp_path):
    with leftovers.own_folder() as folder:
        age(Path(folder))
        leftovers.remove()
        assert Path(folder, "lock").is_file()
    assert list(tmp_path.iterdir()) == []
