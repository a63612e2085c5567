"""Folders are held by one process at a time, and a dead one's are taken over."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import filelock
import pytest

from tf_deeppaint.utils import files, locks
from tf_deeppaint.utils.errors import DeepPaintError

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from tf_deeppaint.utils import errors, files, locks
locks.SETTLE_S = 0.0
with locks.hold(sys.argv[1], "training"):
    print("held", flush=True)
    for path in sys.stdin:
        try:
            files.write_bytes(path.strip(), b"late")
        except errors.DeepPaintError as error:
            print(error, flush=True)
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


def left_by_another_machine(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"host": "elsewhere", "pid": 7, "since": "2026-01-01 00:00:00+00:00"}')


def clock(monkeypatch, sleep=lambda seconds: None) -> list[float]:
    """A clock on which every look is another second; what was slept is kept."""
    ticks, slept = iter(range(1000)), []
    fake = SimpleNamespace(
        monotonic=lambda: next(ticks), sleep=lambda s: (slept.append(s), sleep(s))
    )
    monkeypatch.setattr(locks, "time", fake)
    return slept


@pytest.mark.parametrize("since", ["2026-01-01", "2026-01-01 00:00:00+00:00"])
def test_the_text_of_an_older_version_is_read(path, monkeypatch, since):
    """It counted its signs of life."""
    path.parent.mkdir()
    path.write_text(json.dumps({"host": "elsewhere", "pid": 7, "since": since, "beats": 3}))
    clock(monkeypatch, lambda _: os.utime(path, (1, 1)))
    with (
        pytest.raises(DeepPaintError, match=f"process 7 on elsewhere since {since[:10]}"),
        locks.hold(path, "training"),
    ):
        pass


def test_another_machine_that_gives_a_sign_of_life_keeps_it(path, monkeypatch):
    left_by_another_machine(path)
    slept = clock(monkeypatch, lambda _: os.utime(path, (1, len(slept) // 3)))
    os.utime(path, (1, 0))
    with (
        pytest.raises(DeepPaintError, match="process 7 on elsewhere since 2026-01-01"),
        locks.hold(path, "training"),
    ):
        pass
    assert len(slept) == 3 and "elsewhere" in path.read_text()


def test_another_machine_that_gives_none_loses_it(path, monkeypatch, capsys):
    left_by_another_machine(path)
    slept = clock(monkeypatch)
    with locks.hold(path, "training"):
        assert json.loads(path.read_text())["host"] == socket.gethostname()
    assert len(slept) >= locks.WATCH_S - 2
    assert "process 7 on elsewhere" in capsys.readouterr().out


@pytest.mark.parametrize("error", [OSError(errno.ENOTSUP, "no locks"), NotImplementedError()])
def test_where_the_file_system_has_no_locks_a_living_process_is_still_seen(
    path, monkeypatch, error
):
    def acquire(*_, **__):
        raise error

    first = holder(path)
    monkeypatch.setattr(filelock.FileLock, "acquire", acquire)
    with (
        pytest.raises(DeepPaintError, match=f"process {first.pid} on "),
        locks.hold(path, "training"),
    ):
        pass
    first.kill()
    first.communicate()
    with locks.hold(path, "training"):
        assert json.loads(path.read_text())["pid"] == os.getpid()


def no_system_locks(monkeypatch) -> None:
    """As on a file system whose locks do not reach other machines, or that has none."""

    def acquire(*_, **__):
        raise NotImplementedError

    monkeypatch.setattr(filelock.FileLock, "acquire", acquire)


def test_of_two_machines_that_start_together_one_holds_it(path, monkeypatch, tmp_path):
    path.parent.mkdir()
    (tmp_path / "mount").symlink_to(path.parent)  # where the other machine has the same folder
    no_system_locks(monkeypatch)
    found_free, written, judged = (threading.Barrier(2) for _ in range(3))
    monkeypatch.setattr(locks, "_machine", lambda: threading.current_thread().name)
    monkeypatch.setattr(locks.secrets, "token_hex", lambda _: str(found_free.wait(20)))
    settled = []
    fake = SimpleNamespace(sleep=lambda s: (settled.append(s), written.wait(20)))
    monkeypatch.setattr(locks, "time", fake)
    ends = []

    def work(path):
        try:
            with locks.hold(path, "training"):
                locks.check()
                ends.append("held")
                judged.wait(20)
        except DeepPaintError as error:
            ends.append(str(error))
            judged.wait(20)

    paths = (path, tmp_path / "mount" / path.name)
    machines = [threading.Thread(target=work, args=(each,)) for each in paths]
    for machine in machines:
        machine.start()
    for machine in machines:
        machine.join()
    refused, held = sorted(ends, key="held".__eq__)
    assert settled == [locks.SETTLE_S] * 2  # each reads back once the other must have written
    assert held == "held" and f"process {os.getpid()} on {socket.gethostname()}" in refused
    assert "is training there" in refused  # before it began, not at its first rename
    assert not path.exists()


def test_a_machine_that_slept_longer_than_the_watch_changes_nothing_more(path, monkeypatch):
    late = path.parent / "late"
    first = holder(path)
    os.kill(first.pid, signal.SIGSTOP)
    no_system_locks(monkeypatch)
    monkeypatch.setattr(locks, "_machine", lambda: "another")
    slept = clock(monkeypatch)
    with locks.hold(path, "training"):
        assert len(slept) >= locks.WATCH_S - 2
        os.kill(first.pid, signal.SIGCONT)
        told, _ = first.communicate(f"{late}\n", timeout=60)
        own = f"process {os.getpid()} on {socket.gethostname()} since"
        assert f"{path}: no longer names this process ({own}" in told
        assert list(path.parent.iterdir()) == [path]
        assert json.loads(path.read_text())["pid"] == os.getpid()  # and does not remove it
        locks.check()


def test_whoever_lost_a_folder_gives_no_sign_of_life_for_the_other(path, monkeypatch):
    monkeypatch.setattr(locks, "TOUCH_S", 0.001)
    looked, load = threading.Semaphore(0), locks._load_holder
    with locks.hold(path, "training"):
        path.write_text('{"host": "elsewhere", "pid": 7, "since": "now"}')
        os.utime(path, (1, 1))
        monkeypatch.setattr(locks, "_load_holder", lambda p: (load(p), looked.release())[0])
        for _ in range(3):
            assert looked.acquire(timeout=20)
        assert path.stat().st_mtime == 1
        with pytest.raises(DeepPaintError, match="process 7 on elsewhere since now"):
            locks.check()
    assert "elsewhere" in path.read_text()


def test_whoever_lost_a_folder_changes_no_name_in_it(path):
    with locks.hold(path, "training"):
        for name in ("a", "b"):
            (path.parent / name).write_text(name)
        path.write_text('{"host": "elsewhere", "pid": 7, "since": "now"}')
        for change in (files.rename, files.exchange):
            with pytest.raises(DeepPaintError, match="process 7 on elsewhere since now"):
                change(path.parent / "a", path.parent / "b")
        assert [(path.parent / name).read_text() for name in ("a", "b")] == ["a", "b"]


def named(path: Path, **changes) -> None:
    """Leaves the text of this very process, but for some changes."""
    pid = os.getpid()
    own = {"host": socket.gethostname(), "pid": pid, "since": "2026-01-01"}
    own |= {"machine": locks._machine(), "started": locks._started(pid)}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(own | changes))


def test_another_machine_of_the_same_name_and_number_is_watched(path, monkeypatch):
    named(path, machine="another start")
    slept = clock(monkeypatch, lambda _: os.utime(path, (1, len(slept))))
    with pytest.raises(DeepPaintError, match="since 2026-01-01"), locks.hold(path, "training"):
        pass
    slept = clock(monkeypatch)
    with locks.hold(path, "training"):
        assert len(slept) >= locks.WATCH_S - 2


needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="no /proc here")


@needs_proc
def test_a_process_number_that_is_used_again_is_no_obstacle(path, monkeypatch):
    no_system_locks(monkeypatch)
    for pid in (os.getpid(), os.getppid()):
        named(path, pid=pid, started=1)
        with locks.hold(path, "training"):
            locks.check()
    for pid in (os.getpid(), os.getppid()):
        named(path, pid=pid, started=locks._started(pid))
        with pytest.raises(DeepPaintError, match=f"process {pid} "), locks.hold(path, "training"):
            pass


def test_another_users_process_is_alive(path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EPERM, "not permitted")

    no_system_locks(monkeypatch)
    named(path, pid=os.getppid(), started=locks._started(os.getppid()))
    monkeypatch.setattr(locks.os, "kill", refuse)
    with pytest.raises(DeepPaintError, match="process "), locks.hold(path, "training"):
        pass


def test_a_file_that_lost_its_name_while_it_was_waited_for_is_not_held(path, monkeypatch):
    """The holder before removes it between the opening and the locking."""
    fcntl = pytest.importorskip("fcntl")
    path.parent.mkdir()
    path.touch()
    flock, gone = fcntl.flock, []

    def lock(handle, operation):
        if not gone and operation & fcntl.LOCK_EX:
            gone.append(path.unlink())
        return flock(handle, operation)

    monkeypatch.setattr(fcntl, "flock", lock)
    with pytest.raises(DeepPaintError, match="is training there"), locks.hold(path, "training"):
        pass
    assert gone and not path.exists()
    with locks.hold(path, "training"):
        assert json.loads(path.read_text())["pid"] == os.getpid()


def test_a_refusal_and_an_error_let_go_of_it_at_once(path, monkeypatch):
    """Also where the error is kept, and with it all that the call had at hand."""
    left_by_another_machine(path)
    slept = clock(monkeypatch, lambda _: os.utime(path, (1, len(slept))))
    with pytest.raises(DeepPaintError, match="on elsewhere") as refused, locks.hold(path, "x"):
        pass
    path.write_text("")  # the same file: another of its name would not be locked
    with monkeypatch.context() as patch:
        patch.setattr(locks.os, "fsync", lambda _: os.stat("none"))
        with pytest.raises(DeepPaintError, match="cannot be written") as failed:
            locks.hold(path, "x").__enter__()
    slept = clock(monkeypatch, lambda _: path.write_text('{"host": "b", "pid": 7, "since": ""}'))
    with pytest.raises(DeepPaintError, match="on b") as late, locks.hold(path, "x"):
        pass  # another wrote its name before this one's was read back
    path.write_text("")
    clock(monkeypatch)
    with locks.hold(path, "x"):
        assert refused.value and failed.value and late.value


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 3000, b'{"pid": 1}', b"\xff" * 9000])
def test_a_damaged_file_is_no_obstacle(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    with locks.hold(path, "training"):
        assert json.loads(path.read_bytes())["pid"] == os.getpid()


def test_signs_of_life_are_given(path, monkeypatch):
    monkeypatch.setattr(locks, "TOUCH_S", 0.001)
    touched, utime = threading.Event(), os.utime
    monkeypatch.setattr(locks.os, "utime", lambda *a, **k: (utime(*a, **k), touched.set()))
    with locks.hold(path, "training"):
        before = json.loads(path.read_text())
        assert touched.wait(20)
        assert json.loads(path.read_text()) == before


@pytest.mark.parametrize("has_locks", [True, False])
def test_a_file_that_is_a_link_is_not_written_through(path, tmp_path, monkeypatch, has_locks):
    """Nor where the system has no locks, whose library would not follow it either."""
    if not has_locks:
        no_system_locks(monkeypatch)
    (tmp_path / "victim").write_text("precious")
    path.parent.mkdir()
    path.symlink_to(tmp_path / "victim")
    with pytest.raises(DeepPaintError, match="cannot be written"), locks.hold(path, "training"):
        pass
    assert (tmp_path / "victim").read_text() == "precious"


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
