"""Progress of long work, where there is a terminal and where there is none."""

import sys

from tf_deeppaint.progress import Progress


def test_without_a_terminal_every_tenth_is_a_line(capsys):
    progress = Progress("drawing")
    for done in range(1, 51):
        progress.update(done, 50)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        f"drawing {done}/50" for done in range(5, 51, 5)
    ]
    assert all(line.endswith(" a second") for line in lines)


def test_on_a_terminal_there_is_one_bar(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    progress = Progress("drawing")
    for done in (1, 2, 3):
        progress.update(done, 3)
    out = capsys.readouterr().out
    assert "3/3" in out and "/drawing" in out
