"""What a run remembers of its starts, also of those that ended badly."""

import json
import subprocess

import pytest

import tf_deeppaint
from tf_deeppaint.training import sessions


def load(folder) -> list[dict]:
    return json.loads((folder / "sessions.json").read_text())


def test_every_start_is_remembered_with_its_end(tmp_path) -> None:
    steps = iter((0, 5, 5, 5, 9))
    with sessions.recorded(tmp_path, ["CPU (2 cores)"], lambda: next(steps)):
        (session,) = load(tmp_path)
        assert session["first_step"] == 0 and "ended" not in session
    with (
        pytest.raises(RuntimeError),
        sessions.recorded(tmp_path, ["GPU (a)", "GPU (b)"], lambda: next(steps)),
    ):
        raise RuntimeError
    first, second = load(tmp_path)
    assert (first["first_step"], first["last_step"]) == (0, 5)
    assert (second["first_step"], second["last_step"]) == (5, 5)
    assert second["devices"] == ["GPU (a)", "GPU (b)"]
    assert first["tf_deeppaint"] == tf_deeppaint.__version__
    assert {"tensorflow", "keras", "numpy", "python", "system", "host", "processors"} < set(first)
    assert first["started"] <= first["ended"] <= second["started"] and "+00:00" in first["ended"]


def test_a_damaged_file_costs_the_earlier_sessions_alone(tmp_path) -> None:
    (tmp_path / "sessions.json").write_bytes(b'[{"first_step": 0')
    with sessions.recorded(tmp_path, [], lambda: 3):
        pass
    assert [session["last_step"] for session in load(tmp_path)] == [3]


def test_the_commit_is_that_of_the_clone(tmp_path) -> None:
    assert sessions.commit_of(tmp_path) is None

    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b")
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-qm", "one")
    commit = git("rev-parse", "HEAD")
    assert sessions.commit_of(tmp_path) == commit
    (tmp_path / "a").write_text("2")
    assert sessions.commit_of(tmp_path) == f"{commit}-dirty"
