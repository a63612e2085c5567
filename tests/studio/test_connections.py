"""Slow connections do not keep others from being answered."""

import contextlib
import http.client
import socket
import subprocess
import sys
import threading
import time

import pytest
import uvicorn

from tests.helpers.programs import ROOT
from tf_deeppaint.studio import connections


async def hello(scope, receive, send):
    if scope["path"] == "/body":
        while (await receive()).get("more_body"):
            pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/endless":
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
    await send({"type": "http.response.body", "body": b"hello"})


@pytest.fixture(name="port")
def open_server(monkeypatch):
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 20)
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    config = uvicorn.Config(hello, port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    connections.limit_connections(config)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def ask(port: int) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", "/")
        return connection.getresponse().read()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: ",
        b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1",
    ],
)
def test_more_slow_connections_than_there_may_be_stop_no_answer(port, said):
    with contextlib.ExitStack() as stack:
        slow = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 30))
            for _ in range(30)
        ]
        for one in slow:
            with contextlib.suppress(OSError):  # closed already
                one.sendall(said)
        assert ask(port) == b"hello"
        assert sum(map(is_open, slow)) <= connections.MAX_CONNECTIONS


def hold(port: int, stack: contextlib.ExitStack, own: str = "127.0.0.1") -> socket.socket:
    """Asks for an answer that does not end, and holds it."""
    one = stack.enter_context(socket.create_connection(("127.0.0.1", port), 30, (own, 0)))
    one.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
    told = b""
    with contextlib.suppress(ConnectionResetError):
        while not told.endswith(b"first\r\n") and (more := one.recv(1000)):
            told += more
    return one


def is_open(one: socket.socket) -> bool:
    one.setblocking(False)
    try:
        return bool(one.recv(1000))
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


def test_more_endless_answers_than_there_may_be_stop_no_other_answer(port):
    with contextlib.ExitStack() as stack:
        held = [hold(port, stack) for _ in range(20)]
        assert ask(port) == b"hello"
        assert [is_open(one) for one in held] == [False] + [True] * 19


@pytest.mark.skipif(sys.platform != "linux", reason="one machine has one local address elsewhere")
def test_who_holds_most_connections_makes_room(port):
    with contextlib.ExitStack() as stack:
        visitor = [hold(port, stack) for _ in range(5)]
        stranger = [hold(port, stack, "127.0.0.2") for _ in range(25)]
        assert ask(port) == b"hello"
        assert all(map(is_open, visitor))
        assert [is_open(one) for one in stranger] == [False] * 11 + [True] * 14


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: "])
def test_a_connection_that_asks_nothing_is_closed(port, said):
    with socket.create_connection(("127.0.0.1", port), 30) as slow:
        slow.sendall(said)
        with contextlib.suppress(ConnectionResetError):
            while slow.recv(1000):  # at last nothing: the end
                pass
    assert ask(port) == b"hello"


def test_where_the_system_has_no_such_modules_the_studio_is_imported_all_the_same():
    """As on Windows, which knows neither `resource` nor `fcntl`."""
    script = (
        "import sys; sys.modules.update(resource=None); import filelock, uvicorn\n"
        "sys.modules.update(fcntl=None)\n"
        "from tf_deeppaint.studio import connections, leftovers\n"
        "config = uvicorn.Config(lambda: None); config.load()\n"
        "connections.limit_connections(config)\n"
        "with leftovers.own_folder(): leftovers.remove()\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
