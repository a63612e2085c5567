"""Which requests the studio answers: names, addresses, origins and routes, and under a sub-path."""

import asyncio
import http.client
import http.server
import json
import os
import re
import socket
import tempfile
import threading
from typing import ClassVar

import keras
import pytest

from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.painting.keras_backend import KerasBackend
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.studio import admission, server
from tf_deeppaint.utils.errors import DeepPaintError

# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost", "localhost"),
        ("localhost:7860", "localhost"),
        ("LocalHost:80", "localhost"),
        ("paint.example.", "paint.example"),
        ("127.0.0.1:7860", "127.0.0.1"),
        ("[::1]", "::1"),
        ("[::1]:7860", "::1"),
        ("[0:0:0:0:0:0:0:1]:7860", "::1"),
        ("[2001:DB8::0:1]", "2001:db8::1"),
        ("[::ffff:127.0.0.1]:1", "::ffff:7f00:1"),
        ("::1", None),
        ("::1:7860", None),
        ("[::1", None),
        ("[::1]7860", None),
        ("[::1]:7860:1", None),
        ("[localhost]", None),
        ("[1:2:3]", None),
        ("localhost:", None),
        ("localhost:http", None),
        ("localhost:7860:7860", None),
        ("localhost@evil.example", None),
        ("localhost:1@evil.example", None),
        ("evil.example/localhost", None),
        ("local host", None),
        ("localhost\n", None),
        ("", None),
    ],
)
def test_a_host_header_names_one_host(header, name):
    read = admission.read_host(header)
    # An IPv4 address inside IPv6 has two notations; both are of the same address.
    assert read == name or (header.startswith("[::ffff") and read == "::ffff:127.0.0.1")


def test_local_names_and_the_address_are_answered_and_what_is_allowed():
    names = admission.names_to_answer("192.168.1.5", ["Paint.Example", "[2001:DB8::1]", "fe80::1"])
    more = {"192.168.1.5", "paint.example", "2001:db8::1", "fe80::1"}
    assert set(names) == {"localhost", "127.0.0.1", "::1", *more}


@pytest.mark.parametrize(
    "name", ["https://x", "x:80", "x/", "*", "", "a b", "::1:7860:x", "x,y", "[x]:1"]
)
def test_what_is_no_name_is_refused(name):
    with pytest.raises(DeepPaintError, match=f"--allowed_hosts={re.escape(name)}: no name"):
        admission.names_to_answer("127.0.0.1", [name])


def test_a_root_path_is_a_path():
    assert [admission.check_root_path(path) for path in ("", "/", "/paint", "/a/b.c/")] == [
        "",
        "",
        "/paint",
        "/a/b.c",
    ]
    for wrong in ("paint", "//x", "/a//b", "/a?b", "https://x/paint", "/a b", "/a%2f", "/\n"):
        with pytest.raises(DeepPaintError, match="--root_path="):
            admission.check_root_path(wrong)


# --- requests -----------------------------------------------------------------------------------

OWN = admission.names_to_answer("127.0.0.1", ["paint.example"])
EVERYWHERE = admission.names_to_answer("0.0.0.0", [])


def ask(names, *hosts, path="/config", kind="http", root_path="", **headers) -> object:
    """Status of a request after the check, 200 of the application behind it; or the only event."""
    sent = []

    async def behind(scope, receive, send):
        await send({"status": 200})

    async def send(message):
        sent.append(message)

    listed = [(b"Host", host.encode()) for host in hosts]
    listed += [(n.replace("_", "-").encode(), v.encode()) for n, v in headers.items()]
    scope = {"type": kind, "method": "GET", "path": path, "headers": listed, "root_path": root_path}
    asyncio.run(admission.RequestCheck(behind, names, ("/files",))(scope, None, send))
    if len(sent) == 2:
        body = sent[1]["body"]
        assert body.count(b"\n") == 1 and body.endswith(b"\n") and len(body) < 120
    return sent[0].get("status", sent[0])


def test_requests_of_the_studios_own_page_are_answered():
    for host in ("127.0.0.1:7860", "localhost:80", "[::1]:7860", "localhost", "paint.example"):
        assert ask(OWN, host) == 200
        assert ask(OWN, host, origin=f"http://{host}") == 200
        assert ask(OWN, host, origin=f"https://{host}", x_forwarded_host="paint.example") == 200


@pytest.mark.parametrize(
    "request_",
    [
        {"hosts": ["evil.example:7860"]},
        {"hosts": ["127.0.0.1.evil.example"]},
        {"hosts": ["paint.example.evil.example"]},
        {"hosts": ["192.168.1.5"]},
        {"hosts": ["localhost@evil.example"]},
        {"hosts": [""]},
        {"hosts": []},
        {"hosts": ["localhost", "evil.example"]},
        {"x-forwarded-host": "evil.example"},
        {"x-forwarded-host": "evil.example, localhost"},
        {"origin": "http://evil.example"},
        {"origin": "http://evil.127.0.0.1:7860"},
        {"origin": "http://127.0.0.1:7860.evil.example"},
        {"origin": "http://127.0.0.1:8000"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "cross-site", "sec-fetch-dest": "document"},
        {"path": "/", "sec-fetch-site": "cross-site", "sec-fetch-dest": "iframe"},
        {"path": "/paint/config", "root_path": "/paint", "sec-fetch-site": "same-site"},
    ],
)
def test_other_requests_are_refused(request_):
    hosts = request_.pop("hosts", ["127.0.0.1:7860"])
    assert ask(OWN, *hosts, **request_) == 403


def test_a_link_on_another_page_leads_to_the_page():
    link = {"sec-fetch-site": "cross-site", "sec-fetch-dest": "document"}
    assert ask(OWN, "localhost", path="/", **link) == 200


@pytest.mark.parametrize(("seconds", "told"), [(None, []), (0, [b"0"]), (7, [b"7"])])
def test_a_refusal_tells_when_to_ask_again_where_that_helps(seconds, told):
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(admission.refuse(send, 503, "Later.", seconds))
    assert [value for name, value in sent[0]["headers"] if name == b"retry-after"] == told


def test_closed_routes_are_closed_under_a_sub_path_too():
    for path in ("/gradio_api/proxy=http://evil.example", "/gradio_api/component_server"):
        assert ask(OWN, "localhost", path=path, root_path="/paint") == 404
        assert ask(OWN, "localhost", path="/paint" + path, root_path="/paint") == 404
    for path in ("/config", "/paint/config", "/paint/", "/gradio_api/file=/files/a/b.png"):
        assert ask(OWN, "localhost", path=path, root_path="/paint") == 200


def test_on_all_addresses_each_is_answered_and_no_name_but_the_local_ones():
    for host in ("192.168.1.5:7860", "[fe80::1]:7860", "localhost", "10.0.0.1"):
        assert ask(EVERYWHERE, host, origin=f"http://{host}") == 200
        assert ask(EVERYWHERE, host, origin="http://evil.example") == 403
    for host in ("evil.example", "192.168.1.5.evil.example", "1.2.3", "0x7f.1", "[::1"):
        assert ask(EVERYWHERE, host) == 403


def test_no_websocket_is_opened_and_what_is_no_request_passes():
    assert ask(OWN, kind="lifespan") == 200
    assert ask(OWN, "localhost", kind="websocket") == {"type": "websocket.close", "code": 1008}


# --- the page under a sub-path ------------------------------------------------------------------


class Client:
    """Asks a studio at IPv6's ::1 as a proxy does, for a page of another name."""

    def __init__(self, port: int):
        self.port = port
        self.cookie = ""

    def ask(self, path: str, data: object = None, host: str = "paint.example"):
        """Status and text of an answer."""
        connection = http.client.HTTPConnection("::1", self.port, timeout=120)
        headers = {"Host": host, "Content-Type": "application/json", "Cookie": self.cookie}
        body = None if data is None else json.dumps(data)
        connection.request("GET" if data is None else "POST", path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        self.cookie = (answer.headers["Set-Cookie"] or self.cookie).split(";")[0]
        connection.close()
        return answer.status, text


@pytest.fixture(scope="module", name="client")
def open_studio(tmp_path_factory):
    keras.utils.set_random_seed(2)
    painter = Painter(KerasBackend(Generator(2, size=64, head_kind="mixture", background="white")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", os.environ.copy())
        patch.setattr(tempfile, "tempdir", tempfile.gettempdir())
        server.confine_gradio(str(tmp_path_factory.mktemp("studio")), "::1")
        port = server.find_port("::1", 0)
        names = admission.names_to_answer("::1", ["paint.example"])
        page = server.launch(painter, "::1", port, "/paint", names)
        client = Client(port)
        client.ask("/")
        yield client
        page.close(verbose=False)


def addresses(text: str) -> list[str]:
    """The links and sources of a page."""
    return re.findall(r'(?:src|href)="([^"]+)"', text)


@pytest.mark.slow
def test_a_page_under_a_sub_path_takes_all_it_needs_from_there(client):
    """Whether the proxy strips the path or passes it on."""
    for path in ("/", "/paint/"):
        status, text = client.ask(path)
        assert status == 200
        config = json.loads(re.search(r"window\.gradio_config = (\{.*?\});</script>", text)[1])
        assert config["root"] == "http://paint.example/paint"
    # Gradio puts the manifest of an installed page at the root in any case; nothing needs it.
    found = [link for link in addresses(text) if link != "/manifest.json"]
    assert any(link.endswith(".js") for link in found)
    for link in found:
        assert link.startswith(("./", "/paint/", "data:"))
    for link in found:
        if link.startswith("./"):  # of the page /paint/
            assert client.ask("/paint" + link[1:])[0] == 200
            assert client.ask(link[1:])[0] == 200


SWATCHES = {"codes": [["#ffffff"] * 4] * 4, "locks": [False] * 16}


@pytest.mark.slow
@pytest.mark.parametrize("root", ["", "/paint"])
def test_an_event_works_under_a_sub_path(client, root):
    config = json.loads(client.ask(f"{root}/config")[1])
    elements = {c["props"].get("elem_id"): c["id"] for c in config["components"]}
    target = [elements["colors"], "select"]
    event = next(d["id"] for d in config["dependencies"] if target in d["targets"])
    data = ["5" * 32, {"name": "Sea"}, SWATCHES, {}]
    call = {"data": data, "fn_index": event, "session_hash": "s"}
    assert client.ask(f"{root}/gradio_api/queue/join", call)[0] == 200
    _, events = client.ask(f"{root}/gradio_api/queue/data?session_hash=s")
    done = [json.loads(e[6:]) for e in events.splitlines() if "process_completed" in e]
    assert done[0]["success"] and "#14406b" in json.dumps(done[0]["output"])


class Bait(http.server.BaseHTTPRequestHandler):
    """A server of a stranger, which counts who asks."""

    asked: ClassVar[list[str]] = []

    def do_GET(self):
        self.asked.append(self.path)
        self.send_error(404)


@pytest.mark.slow
def test_an_event_takes_no_url_for_a_file(client, tmp_path):
    config = json.loads(client.ask("/config")[1])
    (sketch,) = (c["id"] for c in config["components"] if c["props"].get("elem_id") == "sketch")
    event = next(d["id"] for d in config["dependencies"] if [sketch, "upload"] in d["targets"])
    (tmp_path / "secret.png").write_bytes(b"x")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bait) as bait:
        threading.Thread(target=bait.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{bait.server_port}/x.png"
        meta = {"_type": "gradio.FileData"}
        for file in (
            {"path": url},
            {"path": "", "url": url},
            {"path": str(tmp_path / "secret.png")},
        ):
            call = {"data": [file | {"meta": meta}], "fn_index": event, "session_hash": "u"}
            status, text = client.ask("/gradio_api/queue/join", call)
            if status == 200:
                client.ask("/gradio_api/queue/data?session_hash=u")
            assert status == 400 and text.count("\n") == 1
        assert client.ask(f"/gradio_api/file={url}")[0] == 404
        assert client.ask(f"/gradio_api/file/{url}")[0] == 404
        bait.shutdown()
    assert Bait.asked == []


@pytest.mark.slow
def test_each_of_many_visitors_at_once_can_download(client):
    config = json.loads(client.ask("/config")[1])
    elements = {c["props"].get("elem_id"): c["id"] for c in config["components"]}

    def run(visitor, number, element, kind, *data):
        target = [elements[element], kind]
        event = next(d["id"] for d in config["dependencies"] if target in d["targets"])
        session = f"crowd{number}"
        call = {"data": [f"{number:032x}", *data], "fn_index": event, "session_hash": session}
        assert visitor.ask("/gradio_api/queue/join", call)[0] == 200
        _, events = visitor.ask(f"/gradio_api/queue/data?session_hash={session}")
        (done,) = (json.loads(e[6:]) for e in events.splitlines() if "process_completed" in e)
        assert done["success"], done
        return done["output"]["data"]

    crowd = [Client(client.port) for _ in range(24)]
    for number, visitor in enumerate(crowd):
        visitor.ask("/")
        run(visitor, number, "sketch", "select", {"example": 0}, SWATCHES, {})
    for number, visitor in enumerate(crowd):
        found = run(visitor, number, "saving", "input", {"kind": "png"}, {})
        (file,) = (value["file"] for value in found if isinstance(value, dict) and "file" in value)
        status, picture = visitor.ask(f"/gradio_api/file={file['path']}")
        assert status == 200 and picture[1:4] == "PNG"


@pytest.mark.slow
def test_a_studio_answers_to_its_names_alone(client):
    for host in ("[::1]", "[::1]:7860", "localhost:1", "paint.example:8443"):
        assert client.ask("/config", host=host)[0] == 200
    for path in ("/", "/paint/", "/config", "/paint/gradio_api/info"):
        status, text = client.ask(path, host="evil.example")
        assert status == 403 and text.count("\n") == 1 and "--allowed_hosts" in text
    assert client.ask("/paint/gradio_api/proxy=http://paint.example/")[0] == 404


def test_the_port_must_be_free_on_ipv6_and_where_gradio_looks():
    port = server.find_port("::1", 0)
    with socket.create_server(("127.0.0.1", port)), pytest.raises(DeepPaintError, match="--port"):
        server.find_port("::1", port)
