"""`POST /api/paint` of a studio that runs: what other programs send, and what they get."""

import base64
import contextlib
import http.client
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.painters import FakeBackend
from tf_deeppaint.images.encoding import encode_png
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.palette.palette_files import palette_to_json
from tf_deeppaint.studio import admission, interface, server

ROOT = Path(__file__).parents[2]
PAINTER = Painter(FakeBackend(64))
SKETCH = np.full((60, 40), 255, np.uint8)
SKETCH[10:12, 5:35] = SKETCH[48:50, 5:35] = SKETCH[10:50, 5:7] = SKETCH[10:50, 33:35] = 0
REFERENCE = np.random.default_rng(4).integers(0, 256, (8, 8, 3), np.uint8).repeat(9, 0).repeat(9, 1)


class Client:
    """A program that asks a studio; it has no cookie."""

    def __init__(self, port: int, folder: Path):
        self.port = port
        self.folder = folder
        self.before = set(folder.rglob("*"))

    def paint(self, *files, headers=(), **fields) -> tuple[int, bytes, dict]:
        """Status, body and headers of the answer to files (name, bytes) and fields."""
        body = io.BytesIO()
        for name, data in files:
            body.write(f'--b\r\nContent-Disposition: form-data; name="{name}"; '.encode())
            body.write(f'filename="{name}.png"\r\n\r\n'.encode() + data + b"\r\n")
        for name, text in fields.items():
            body.write(f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode())
            body.write(text.encode() + b"\r\n")
        body.write(b"--b--\r\n")
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        return self.ask("POST", interface.ROUTE, body.getvalue(), kind | dict(headers))

    def ask(self, method: str, path: str, body: bytes | None, headers: dict):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.headers)
        finally:
            connection.close()

    def left(self) -> list[Path]:
        """What requests have left on the disk."""
        found = {path for path in self.folder.rglob("*") if path.is_file()}
        return sorted(found - self.before)


@pytest.fixture(scope="module", name="client")
def open_studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studio")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", os.environ.copy())
        patch.setattr(tempfile, "tempdir", tempfile.gettempdir())
        server.confine_gradio(str(folder), "127.0.0.1")
        port = server.find_port("127.0.0.1", 0)
        names = admission.names_to_answer("127.0.0.1", [])
        page = server.launch(PAINTER, "127.0.0.1", port, "", names)
        yield Client(port, folder)
        page.close(verbose=False)


def decode(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


SENT = ("sketch", encode_png(SKETCH))


def test_a_sketch_and_a_reference_give_what_the_painter_paints(client):
    status, body, headers = client.paint(SENT, ("reference", encode_png(REFERENCE)))
    assert (status, headers["content-type"]) == (200, "image/png")
    np.testing.assert_array_equal(decode(body), PAINTER.paint(SKETCH, REFERENCE))
    assert client.left() == []


@pytest.mark.parametrize("way", ["codes", "json", "file"])
def test_a_palette_may_be_codes_or_a_palette_file(client, way):
    palette = PAINTER.palette_of(REFERENCE)
    text = palette_to_json(palette)
    if way == "codes":
        text = ",".join(f"#{bytes(color).hex()}" for color in palette.reshape(-1, 3))
    sent = [SENT, ("palette", text.encode())] if way == "file" else [SENT]
    status, body, _ = client.paint(*sent, **({} if way == "file" else {"palette": text}))
    assert status == 200
    np.testing.assert_array_equal(decode(body), PAINTER.paint(SKETCH, colors=palette))


def test_options_are_those_of_the_painter(client):
    options = {"line_color": "#c81e28", "paper": "#fff0d0", "gap": "0", "clean": "off"}
    status, body, _ = client.paint(SENT, palette="#ff0000,#00ff00,#0000ff", **options)
    palette = np.asarray(PAINTER.palette_of(REFERENCE))
    assert status == 200 and palette.shape == (4, 4, 3)
    assert tuple(decode(body)[0, 0]) == (0xFF, 0xF0, 0xD0)
    assert tuple(decode(body)[11, 20]) == (0xC8, 0x1E, 0x28)


@pytest.mark.parametrize("way", ["field", "accept"])
def test_layers_and_json_are_asked_for_by_a_field_or_by_accept(client, way):
    def ask(kind: str, media: str):
        if way == "field":
            return client.paint(SENT, palette="#14406b", format=kind)
        return client.paint(SENT, palette="#14406b", headers={"Accept": f"{media};q=0.9"})

    status, body, headers = ask("ora", "image/openraster")
    assert (status, headers["content-type"]) == (200, "image/openraster")
    with zipfile.ZipFile(io.BytesIO(body)) as layers:
        assert layers.read("mimetype") == b"image/openraster"
        merged = decode(layers.read("mergedimage.png"))
    status, body, headers = ask("json", "application/json")
    assert (status, headers["content-type"]) == (200, "application/json")
    answer = json.loads(body)
    assert (answer["width"], answer["height"], answer["note"]) == (40, 60, "")
    assert answer["palette"] == [["#14406b"] * 4] * 4
    picture = decode(base64.b64decode(answer["picture"].removeprefix("data:image/png;base64,")))
    np.testing.assert_allclose(picture.astype(int), merged, atol=1)
    assert client.left() == []


def test_layers_come_as_psd(client):
    from psd_tools import PSDImage

    status, body, headers = client.paint(SENT, palette="#14406b,#c4572b", format="psd")
    assert (status, headers["content-type"]) == (200, "image/vnd.adobe.photoshop")
    merged = np.asarray(PSDImage.open(io.BytesIO(body)).topil().convert("RGB"))
    status, body, _ = client.paint(SENT, palette="#14406b,#c4572b")
    np.testing.assert_allclose(merged.astype(int), decode(body), atol=1)


@pytest.mark.parametrize("way", ["field", "json", "picture"])
def test_hints_color_their_regions(client, way):
    text = '[{"x": 20, "y": 30, "color": "#12ab34"}]'
    marks = np.zeros((60, 40, 4), np.uint8)
    marks[29:32, 19:22] = 0x12, 0xAB, 0x34, 255
    sent = {"json": text.encode(), "picture": encode_png(marks)}
    files = [SENT, ("hints", sent[way])] if way in sent else [SENT]
    fields = {} if way in sent else {"hints": text}
    status, body, _ = client.paint(*files, palette="#14406b", **fields)
    assert status == 200, body
    assert tuple(decode(body)[30, 20]) == (0x12, 0xAB, 0x34)


def test_the_color_of_a_hint_joins_the_palette_as_on_the_command_line(client):
    hints = '[{"x": 20, "y": 30, "color": "#12ab34"}]'
    status, body, _ = client.paint(SENT, palette="#14406b", hints=hints, format="json")
    assert status == 200, body
    assert "#12ab34" in str(json.loads(body)["palette"]).lower()


@pytest.mark.parametrize(
    ("files", "fields", "words"),
    [
        ([SENT], {"palette": "#fff", "hints": "[7]"}, "hints: no list of hints"),
        ([SENT], {"palette": "#fff", "hints": '[{"x": 99, "y": 1, "color": "#fff"}]'}, "hint"),
        ([SENT, ("hints", b"x")], {"palette": "#fff"}, "hints.png: "),
        ([], {"palette": "#fff"}, "there is no sketch"),
        ([SENT], {}, "either as a reference or as a palette"),
        ([SENT, ("reference", SENT[1])], {"palette": "#fff"}, "either as a reference"),
        ([SENT, ("secret", b"x")], {"palette": "#fff"}, "'secret': there is no such file"),
        ([SENT], {"palette": "#fff", "model": "x"}, "'model': there is no such field"),
        ([SENT], {"palette": "red"}, "not a palette"),
        ([SENT], {"palette": "#ggg"}, "'#ggg' is no color"),
        ([SENT], {"palette": "#fff", "gap": "-1"}, "gap='-1'"),
        ([SENT], {"palette": "#fff", "gap": "٣"}, "gap="),
        ([SENT], {"palette": "#fff", "clean": "perhaps"}, "clean='perhaps'"),
        ([SENT], {"palette": "#fff", "recolor": "perhaps"}, "recolor='perhaps'"),
        ([SENT], {"palette": "#fff", "format": "gif"}, "format='gif'"),
        ([SENT], {"palette": "#fff", "lines": "none"}, "lines='none'"),
        ([SENT], {"palette": "#fff", "paper": "/etc"}, "paper='/etc'"),
        ([("sketch", b"no picture")], {"palette": "#fff"}, "sketch.png: "),
        ([SENT, ("reference", b"")], {}, "reference.png: "),
    ],
)
def test_a_mistake_is_one_line(client, files, fields, words):
    status, body, headers = client.paint(*files, **fields)
    assert (status, headers["content-type"]) == (400, "text/plain"), body
    assert words in body.decode() and body.count(b"\n") == 1
    assert client.left() == []


def test_what_is_no_form_or_too_much_is_refused(client):
    assert (
        client.ask("POST", interface.ROUTE, b"{}", {"Content-Type": "application/json"})[0] == 415
    )
    assert client.ask("GET", interface.ROUTE, None, {})[0] == 404
    assert client.ask("PUT", interface.ROUTE, b"", {})[0] == 404
    many = {f"field{number}": "x" for number in range(interface.MAX_FIELDS + 1)}
    assert client.paint(SENT, **many)[0] == 400
    assert client.paint(*[SENT] * (interface.MAX_FILES + 1))[0] == 400
    assert client.paint(SENT, palette=" " * (interface.MAX_FIELD_BYTES + 1))[0] == 400


def test_a_form_too_large_is_refused_while_it_comes(client, monkeypatch):
    monkeypatch.setattr(interface, "MAX_BYTES", 100)
    monkeypatch.setattr(interface, "MAX_FIELD_BYTES", 10)
    status, body, _ = client.paint(("sketch", bytes(1000)))
    assert status == 413 and body.count(b"\n") == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Host": "evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "empty"},
    ],
)
def test_other_pages_in_a_browser_are_kept_out(client, headers):
    assert client.paint(SENT, palette="#fff", headers=headers)[0] == 403


def test_a_full_folder_and_full_memory_are_told(client, monkeypatch):
    from tf_deeppaint.studio import sessions, visitors

    monkeypatch.setattr(sessions, "MAX_PAINTINGS_BYTES", -1)
    status, body, headers = client.paint(SENT, palette="#fff")
    assert status == 503 and b"as many paintings as it can" in body
    assert int(headers["retry-after"]) > 0
    monkeypatch.setattr(visitors, "MAX_DISK_BYTES", -1)
    assert client.paint(SENT, palette="#fff")[0] == 507


def test_requests_beyond_those_at_once_are_refused_and_then_taken_again(client):
    """So many connections begin a form and wait; the next request is refused."""
    head = (
        f"POST {interface.ROUTE} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nExpect: 100-continue\r\n\r\n"
    )
    waiting = []
    for _ in range(interface.MAX_AT_ONCE):
        one = socket.create_connection(("127.0.0.1", client.port), 60)
        one.sendall(head.encode())
        assert b"100 Continue" in one.recv(100)  # its body is being read
        waiting.append(one)
    status, body, headers = client.paint(SENT, palette="#fff")
    assert status == 503 and body == b"The studio is busy; try again in a few seconds.\n"
    assert int(headers["retry-after"]) > 0
    for one in waiting:
        one.sendall(bytes(100))
        assert b" 400 " in one.recv(1000)
        one.close()
    assert client.paint(SENT, palette="#fff")[0] == 200


def test_forms_that_come_slowly_make_room_for_others(client, monkeypatch):
    """Whoever begins forms and sends no more of them keeps no other program out."""
    head = (
        f"POST {interface.ROUTE} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nExpect: 100-continue\r\n\r\n"
    )
    with contextlib.ExitStack() as stack:
        slow = []
        for _ in range(interface.MAX_AT_ONCE):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", client.port), 60))
            one.sendall(head.encode())
            assert b"100 Continue" in one.recv(100)
            slow.append(one)
        assert client.paint(SENT, palette="#fff")[0] == 503
        monkeypatch.setattr(interface, "SLOW_SECONDS", -1)
        assert client.paint(SENT, palette="#fff")[0] == 200
        assert b" 408 " in slow[0].recv(1000)
        monkeypatch.undo()
        assert client.paint(SENT, palette="#fff")[0] == 200
        for one in slow[1:]:
            one.sendall(bytes(100))
            assert b" 400 " in one.recv(1000)


def test_several_programs_at_once_get_their_own_pictures(client):
    found = {}

    def ask(code: str) -> None:
        found[code] = decode(client.paint(SENT, palette=code)[1])

    codes = ["#14406b", "#c4572b", "#7ad3bf"]
    threads = [threading.Thread(target=ask, args=(code,)) for code in codes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for code in codes:
        color = np.frombuffer(bytes.fromhex(code[1:]), np.uint8)
        expected = PAINTER.paint(SKETCH, colors=np.tile(color, (4, 4, 1)))
        np.testing.assert_array_equal(found[code], expected)


# --- the document -------------------------------------------------------------------------------


def examples(language: str) -> list[str]:
    text = (ROOT / "docs/studio.md").read_text()
    blocks = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return [block for block in blocks if interface.ROUTE in block]


def test_the_documents_commands_paint(client, tmp_path):
    """Those of curl and of Python, as they stand, at another port."""
    (tmp_path / "sketch.png").write_bytes(encode_png(SKETCH))
    (tmp_path / "reference.png").write_bytes(encode_png(REFERENCE))
    address = f"127.0.0.1:{client.port}"
    (shell,), (python,) = examples("sh"), examples("python")
    script = shell.replace("127.0.0.1:7860", address)
    if shutil.which("curl"):
        subprocess.run(["bash", "-ec", script], cwd=tmp_path, check=True, timeout=60)
        assert zipfile.is_zipfile(tmp_path / "painted.ora")
        expected = PAINTER.paint(SKETCH, REFERENCE)
        painted = decode((tmp_path / "painted.png").read_bytes())
        np.testing.assert_array_equal(painted, expected)
        (tmp_path / "painted.png").unlink()
    script = python.replace("127.0.0.1:7860", address)
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, timeout=60)
    assert decode((tmp_path / "painted.png").read_bytes()).shape == (60, 40, 4)


def test_the_document_names_every_field_and_format():
    text = (ROOT / "docs/studio.md").read_text().split("## From other programs")[1]
    for name in (*interface.OPTIONS, *interface.FORMATS, "sketch", "reference"):
        assert f"`{name}`" in text, name
