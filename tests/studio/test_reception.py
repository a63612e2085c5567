"""What visitors send is theirs, bounded, and leaves nothing behind."""

import asyncio
import gc
import json
import os
import time
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.painters import FakeBackend
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.studio import bodies, reception, sessions, visitors
from tf_deeppaint.studio.reception import Reception
from tf_deeppaint.studio.visitors import Visitors
from tf_deeppaint.utils.errors import DeepPaintError

JOIN = "/gradio_api/queue/join"
UPLOAD = "/gradio_api/upload"


class Studio:
    """A reception before an application that keeps the bodies it gets."""

    def __init__(self, folder: Path, shared=()):
        self.folder = folder
        self.bodies: list[bytes] = []
        self.reception = Reception(self._behind, Visitors(str(folder), shared))

    async def _behind(self, scope, receive, send):
        message = await receive() if scope["method"] == "POST" else {"body": b""}
        self.bodies.append(message["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"[]"})

    def ask(self, method, path, parts=(), visitor="", kind="application/json"):
        """Status, text and headers of the answer to a body that comes in parts.

        A part that is None is a visitor who leaves; where the parts end too early, none comes.
        """
        sent, left = [], [{"type": "http.request", "body": p, "more_body": True} for p in parts]
        if left and parts[-1] is None:
            left[-1] = {"type": "http.disconnect"}
        elif parts:
            left[-1]["more_body"] = False

        async def receive():
            if not left:
                await asyncio.Event().wait()
            return left.pop(0)

        async def send(message):
            sent.append(message)

        path, _, query = path.partition("?")
        cookie = f"{self.reception.cookie}={visitor}".encode()
        headers = [(b"content-type", kind.encode()), *([(b"cookie", cookie)] if visitor else [])]
        scope = {"type": "http", "method": method, "path": path, "headers": headers}
        scope |= {"query_string": query.encode(), "root_path": ""}
        asyncio.run(self.reception(scope, receive, send))
        if not sent:
            return None, "", {}
        text = b"".join(message.get("body", b"") for message in sent[1:]).decode()
        return sent[0]["status"], text, dict(sent[0]["headers"])

    def join(self, visitor, *files, session="one"):
        call = {"data": list(files), "fn_index": 0, "session_hash": session}
        status, text, _ = self.ask("POST", JOIN, [json.dumps(call).encode()], visitor)
        return status, text

    def upload(self, visitor, data=b"picture", name="a.png"):
        status, text, _ = self.ask("POST", UPLOAD, form((name, data)), visitor, FORM)
        assert status == 200, text
        return json.loads(text)[0]

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]


FORM = "multipart/form-data; boundary=b"


def form(*files: tuple[str | None, bytes], end: bytes = b"--b--\r\n") -> list[bytes]:
    """The parts of a form's body: files, and fields where the name is None."""
    parts = []
    for name, data in files:
        head = f'; filename="{name}"' if name is not None else ""
        head = f'--b\r\nContent-Disposition: form-data; name="files"{head}\r\n\r\n'
        parts += [head.encode(), data, b"\r\n"]
    return [*parts, end]


@pytest.fixture(name="studio")
def make_studio(tmp_path) -> Studio:
    return Studio(tmp_path, {"/shared/sketch.png"})


# --- visitors -----------------------------------------------------------------------------------


def test_a_visitor_gets_a_cookie_with_the_page_and_only_once(studio):
    _, _, headers = studio.ask("GET", "/")
    cookie = headers[b"set-cookie"].decode()
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    name, value = cookie.split(";")[0].split("=")
    assert name == studio.reception.cookie and len(value) == 32
    assert b"set-cookie" not in studio.ask("GET", "/", visitor=value)[2]
    for path in (JOIN, UPLOAD, "/gradio_api/cancel"):
        assert studio.ask("POST", path, [b"{}"])[0] == 403
    assert studio.bodies == [b"", b""]


def test_an_upload_is_its_visitors_alone(studio):
    path = studio.upload("anna")
    assert Path(path).read_bytes() == b"picture" and Path(path).name == "a.png"
    assert studio.join("anna", {"path": path, "url": f"http://h/gradio_api/file={path}"})[0] == 200
    assert json.loads(studio.bodies[-1])["data"] == [{"path": path}]
    assert studio.join("anna", {"composite": {"path": path}}, None)[0] == 200
    assert studio.join("anna", {"path": "/shared/sketch.png"})[0] == 200
    assert studio.join("boris", {"path": path}, session="two")[0] == 400
    assert len(studio.bodies) == 3


@pytest.mark.parametrize(
    "file",
    [
        {"path": "http://127.0.0.1/x"},
        {"path": "HTTPS://127.0.0.1/x"},
        {"path": "/etc/passwd"},
        {"path": "OWN/../../../etc/passwd"},
        {"path": "OWN", "url": "http://127.0.0.1/x"},
        {"path": "OWN", "url": "http://127.0.0.1/gradio_api/file=/etc/passwd"},
        {"path": None, "url": "http://127.0.0.1/x"},
        {"path": ["OWN"]},
        {"path": 7},
        {"path": ""},
        {"composite": {"layers": [[{"path": "/etc/passwd"}]]}},
    ],
)
def test_no_url_and_no_other_path_is_taken_for_a_file(studio, file):
    own = studio.upload("anna")
    file = json.loads(json.dumps(file).replace("OWN", own))
    status, text = studio.join("anna", file)
    assert status == 400 and text.count("\n") == 1 and "not uploaded here" in text
    assert studio.bodies == []


def test_a_session_is_its_visitors_alone(studio):
    assert studio.join("anna")[0] == 200
    assert studio.join("boris")[0] == 403
    for path in ("/gradio_api/queue/data?session_hash=one", "/gradio_api/heartbeat/one"):
        assert studio.ask("GET", path, visitor="anna")[0] == 200
        assert studio.ask("GET", path, visitor="boris")[0] == 403
        assert studio.ask("GET", path)[0] == 403


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"7", b'{"session_hash": "../x"}', b'{"session_hash": 7}', b"[" * 9**5],
)
def test_what_is_no_call_is_one_line(studio, body):
    status, text, _ = studio.ask("POST", JOIN, [body], "anna")
    assert status == 400 and text.count("\n") == 1


def keep_forgotten(studio) -> list[str]:
    """The sessions that make room, as they do."""
    forgotten = []

    studio.reception.visitors.forget = forgotten.append
    return forgotten


def test_whoever_opens_pages_in_a_loop_keeps_nobody_out(studio, monkeypatch):
    monkeypatch.setattr(visitors, "MAX_SESSIONS", 3)
    forgotten = keep_forgotten(studio)
    for number in range(9):
        assert studio.join("stranger", session=f"page{number}")[0] == 200
    assert studio.join("anna", session="hers")[0] == 200
    assert forgotten == [f"page{number}" for number in range(7)]
    assert studio.join("stranger", session="hers")[0] == 403


def test_the_page_that_was_idle_longest_makes_room_and_may_come_back(studio, monkeypatch):
    monkeypatch.setattr(visitors, "MAX_SESSIONS", 2)
    forgotten = keep_forgotten(studio)
    assert [studio.join("v", session=s)[0] for s in ("a", "b", "a", "c", "b")] == [200] * 5
    assert forgotten == ["b", "a"]


def test_a_page_that_waits_for_an_answer_makes_no_room(studio, monkeypatch):
    monkeypatch.setattr(visitors, "MAX_SESSIONS", 3)
    forgotten, awaited = keep_forgotten(studio), set("abc")
    studio.reception.visitors.is_awaited = awaited.__contains__
    assert [studio.join("anna", session=s)[0] for s in "abc"] == [200] * 3
    status, text = studio.join("stranger", session="d")
    assert status == 503 and "at work" in text and text.count("\n") == 1
    awaited -= {"b", "c"}
    assert studio.join("stranger", session="d")[0] == 200 and forgotten == ["b"]
    awaited.remove("a")  # its answer may be on its way: the page was in use until now
    assert studio.join("stranger", session="e")[0] == 200 and forgotten == ["b", "c"]


# --- bounds -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [JOIN, "/gradio_api/cancel", "/gradio_api/reset"])
def test_json_is_bounded_while_it_comes(studio, path):
    status, text, _ = studio.ask("POST", path, [b" " * 2**19] * 2 + [b" "], "anna")
    assert (status, text.count("\n")) == (413, 1) and "1 MiB" in text
    assert studio.bodies == []


def test_uploads_are_bounded_in_sum_and_number_and_leave_nothing(studio, monkeypatch):
    monkeypatch.setattr(reception, "MAX_BYTES", 1000)
    monkeypatch.setattr(reception, "MAX_FIELD_BYTES", 1000)
    for wrong, expected in (
        (form(*[("a.png", b"x" * 700)] * 3), 413),
        (form((None, b"x" * 1500)), 400),
        (form(*[("a.png", b"x")] * 5), 400),
        (form(*[(None, b"x")] * 5), 400),
        ([b"x" * 50], 400),
        ([*form(("a.png", b"x" * 100), end=b"")[:-2], None], None),
    ):
        status, text, _ = studio.ask("POST", UPLOAD, wrong, "anna", FORM)
        assert status == expected and text.count("\n") == (status is not None)
        assert studio.files() == []
    assert (
        studio.ask("POST", UPLOAD, [b"a=1"], "anna", "application/x-www-form-urlencoded")[0] == 400
    )
    assert len(studio.upload("anna", b"x" * 900)) > 0


def test_a_slow_body_is_ended(studio, monkeypatch):
    monkeypatch.setattr(bodies, "PART_SECONDS", 0.01)
    endless = form(("a.png", b"x"))[:-1]
    for path, kind in ((JOIN, "application/json"), (UPLOAD, FORM)):
        sent = []

        async def send(message, sent=sent):
            sent.append(message)

        async def receive(parts=list(endless)):  # noqa: B006, one list a request
            if not parts:
                await asyncio.Event().wait()
            return {"type": "http.request", "body": parts.pop(0), "more_body": True}

        cookie = f"{studio.reception.cookie}=anna".encode()
        headers = [(b"content-type", kind.encode()), (b"cookie", cookie)]
        scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
        asyncio.run(studio.reception(scope | {"query_string": b""}, receive, send))
        assert sent[0]["status"] == 408
    assert studio.files() == []


def test_of_one_visitor_the_oldest_uploads_go_and_of_others_none(studio, monkeypatch):
    monkeypatch.setattr(visitors, "MAX_UPLOADS", 2)
    kept = studio.upload("boris")
    own = [studio.upload("anna") for _ in range(3)]
    assert {str(path) for path in studio.files()} == {kept, *own[1:]}
    assert studio.join("anna", {"path": own[0]})[0] == 400


def test_what_is_in_use_is_no_old_upload(studio, monkeypatch):
    monkeypatch.setattr(visitors, "MAX_UPLOADS", 2)
    first, _ = studio.upload("anna"), studio.upload("anna")
    assert studio.join("anna", {"path": first})[0] == 200
    third = studio.upload("anna")
    assert {str(path) for path in studio.files()} == {first, third}


def test_a_full_folder_takes_no_more_work(studio, monkeypatch):
    studio.upload("anna")
    monkeypatch.setattr(visitors, "MAX_DISK_BYTES", 3)
    monkeypatch.setattr(visitors, "_MEASURE_SECONDS", -1)
    assert studio.join("anna")[0] == 507
    assert studio.ask("POST", UPLOAD, form(("a.png", b"x")), "anna", FORM)[0] == 507


def test_where_the_folder_is_full_what_was_used_longest_ago_makes_room(studio, monkeypatch):
    """Uploads and what was written to be downloaded; never examples, nor what is in use."""
    kept = sessions.Sessions(Painter(FakeBackend()), str(studio.folder))
    example, download = Path(kept.write_example(0)[0]), Path(kept.new_path("painted.png"))
    download.parent.mkdir()
    download.write_bytes(b"picture")
    own = [Path(studio.upload("stranger")) for _ in range(3)]
    hers = Path(studio.upload("anna"))
    long_ago = time.time() - visitors.AT_WORK_SECONDS - 100
    for age, path in enumerate([download, own[1], hers, own[0], example]):
        os.utime(path, (long_ago + age, long_ago + age))
    assert studio.join("anna", {"path": str(hers)})[0] == 200
    monkeypatch.setattr(visitors, "_MEASURE_SECONDS", -1)
    total = sum(path.stat().st_size for path in studio.files())
    monkeypatch.setattr(visitors, "MAX_DISK_BYTES", total - 8)
    assert studio.join("boris", session="two")[0] == 200
    assert [path.exists() for path in (download, own[1], own[0])] == [False, False, True]
    assert studio.join("stranger", {"path": str(own[1])}, session="three")[0] == 400
    monkeypatch.setattr(visitors, "MAX_DISK_BYTES", 1)
    assert studio.join("boris", session="two")[0] == 507
    assert [path.exists() for path in (own[0], own[2], hers, example)] == [False, True, True, True]


@pytest.mark.parametrize("name", ["../../x.png", "/etc/x.png", "..", "", "a" * 500, "<b>\n.png"])
def test_a_files_name_leads_nowhere(studio, name):
    path = Path(studio.upload("anna", name=name.replace("\n", "")))
    assert path.parent.parent == studio.folder and path.is_file()


def test_paintings_are_kept_within_a_bound_and_none_is_forgotten(tmp_path, monkeypatch):
    studio = sessions.Sessions(Painter(FakeBackend()), str(tmp_path))
    sketch, palette = np.full((300, 300), 255, np.uint8), np.zeros((4, 4, 3), np.uint8)
    states = [studio.paint(sketch + n, palette) for n in range(3)]
    assert studio.kept_bytes >= 3 * sketch.nbytes
    monkeypatch.setattr(sessions, "MAX_PAINTINGS_BYTES", studio.kept_bytes - 1)
    with pytest.raises(DeepPaintError, match="as many paintings as it can"):
        studio.paint(sketch, palette)
    states[0] = studio.recolor(states[0], palette + 9)  # who is at work goes on
    assert Path(studio.write_picture(states[0], "original")).is_file()
    del states
    gc.collect()
    assert studio.kept_bytes == 0
    studio.paint(sketch, palette)
