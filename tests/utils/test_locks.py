"""Folders are held by one process at a time, and a dead one's are taken over."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tf_deeppaint.utils import locks
from tf_deeppaint.utils.errors import DeepPaintError

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from tf_deeppaint.utils import locks
with locks.hold(sys.argv[1], "training"):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(path: Path) -> subprocess.Popen:
    """Another process, once it holds a folder; it lets go when its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, path],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    return process


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "run" / ".lock"


def test_a_folder_is_held_and_let_go_of_without_a_trace(path):
    with locks.hold(path, "training"):
        text = path.read_text()
        assert json.loads(text)["pid"] == os.getpid()
    assert not path.parent.exists()
    path.parent.mkdir()
    with pytest.raises(ZeroDivisionError), locks.hold(path, "training"):
        raise ZeroDivisionError
    assert list(path.parent.iterdir()) == []


def test_the_second_is_refused_and_told_of_the_first(path):
    first = holder(path)
    with pytest.raises(DeepPaintError) as caught, locks.hold(path, "training"):
        pass
    said = str(caught.value)
    assert f"process {first.pid} on {socket.gethostname()} since 20" in said
    assert said.startswith(f"{path.parent}: ") and "is training there" in said
    first.communicate()
    with locks.hold(path, "training"):
        pass


def test_what_a_killed_process_left_is_taken_over(path):
    first = holder(path)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert path.is_file()
    with locks.hold(path, "training"):
        assert json.loads(path.read_text())["pid"] == os.getpid()
    assert not path.exists()


def test_of_several_at_once_one_holds_it_at_any_time(path):
    path.parent.mkdir()
    inside, most, refused = [], [], []

    def work():
        held = 0
        while held < 10:  # whoever is refused tries again
            try:
                with locks.hold(path, "x"):
                    inside.append(1)
                    most.append(len(inside))
                    inside.pop()
                    held += 1
            except DeepPaintError as error:
                refused.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1 and len(most) == 40
    assert all("is x there" in message for message in refused)


def left_by_another_machine(path: Path) -> locks.Holder:
    path.parent.mkdir()
    found = locks.Holder("elsewhere", 7, "2026-01-01 00:00:00+00:00", 3)
    path.write_text(json.dumps(found._asdict()))
    return found


def test_another_machine_that_gives_a_sign_of_life_keeps_it(path, monkeypatch):
    found = left_by_another_machine(path)
    monkeypatch.setattr(locks, "WATCH_S", 5.0)
    clock = iter(range(100))
    monkeypatch.setattr(locks.time, "monotonic", lambda: next(clock))
    beat = found._replace(beats=4)._asdict()
    monkeypatch.setattr(locks.time, "sleep", lambda _: path.write_text(json.dumps(beat)))
    with pytest.raises(DeepPaintError, match="process 7 on elsewhere since 2026-01-01"):
        locks._take(str(path), "training", "run")


def test_another_machine_that_gives_none_loses_it(path, monkeypatch, capsys):
    left_by_another_machine(path)
    monkeypatch.setattr(locks, "WATCH_S", 5.0)
    clock, slept = iter(range(100)), []
    monkeypatch.setattr(locks.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(locks.time, "sleep", slept.append)
    handle = locks._take(str(path), "training", "run")
    assert json.loads(path.read_text())["host"] == socket.gethostname() and slept
    os.close(handle)
    assert "process 7 on elsewhere" in capsys.readouterr().out


def test_where_the_file_system_has_no_locks_a_living_process_is_still_seen(path, monkeypatch):
    first = holder(path)
    monkeypatch.setattr(locks, "fcntl", None)
    with pytest.raises(DeepPaintError, match=f"process {first.pid} on "):
        locks._take(str(path), "training", "run")
    first.kill()
    first.communicate()
    os.close(locks._take(str(path), "training", "run"))


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 3000, b'{"pid": 1}', b"\xff" * 9000])
def test_a_damaged_file_is_no_obstacle(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    with locks.hold(path, "training"):
        assert json.loads(path.read_bytes())["pid"] == os.getpid()


def test_signs_of_life_are_given(path, monkeypatch):
    monkeypatch.setattr(locks, "BEAT_S", 0.001)
    seen = threading.Event()
    write = locks._write

    def noticed(handle, holder):
        write(handle, holder)
        if holder.beats >= 2:
            seen.set()

    monkeypatch.setattr(locks, "_write", noticed)
    with locks.hold(path, "training"):
        assert seen.wait(20)
        assert json.loads(path.read_text())["beats"] >= 2


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "file" / ".lock", tmp_path / ("n" * 300) / ".lock"):
        with (
            pytest.raises(DeepPaintError, match="cannot be written") as caught,
            locks.hold(path, "training"),
        ):
            pass
        assert "\n" not in str(caught.value)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    link = tmp_path / "link"
    with pytest.raises(DeepPaintError, match="link: cannot be written"), locks.hold(link, "x"):
        pass
    assert not (tmp_path / "elsewhere").exists()
