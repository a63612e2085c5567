"""The studio's server: one folder for all it writes, and a gate that lets nobody else in."""

import importlib.util
import os
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tf_deeppaint.utils.errors import DeepPaintError

if TYPE_CHECKING:
    from tf_deeppaint.painting.painter import Painter

LOCAL = ("127.0.0.1", "localhost", "::1")
# Parts of Gradio that fetch from elsewhere for whoever asks, or keep what they are sent.
_CLOSED = ("/gradio_api/file=http", "/gradio_api/proxy=", "/gradio_api/component_server")


def serve(load: Callable[[], "Painter"], host: str, port: int) -> None:
    """Opens the studio, says where, and returns when the process is told to end.

    All that is written meanwhile lies in one temporary folder, which is removed at the end.

    Args:
        load: Loads the painter; called once it is sure that the port is free.
        host: The address to listen on; only on those of `LOCAL` are pages of other names refused.
        port: Its port; 0 for any that is free.

    Raises:
        DeepPaintError: Gradio is not installed, the port is taken, or the model cannot be loaded.
    """
    if importlib.util.find_spec("gradio") is None:
        raise DeepPaintError("the studio needs Gradio: pip install 'tf-deeppaint[studio]'")
    port = _free_port(host, port)
    painter = load()
    with tempfile.TemporaryDirectory(
        prefix="tf-deeppaint-studio-", ignore_cleanup_errors=True
    ) as folder:
        _keep_inside(folder)
        page = _open(painter, folder, host, port)
        ended = _hear_the_end()
        print(f"The studio is open at {page.local_url} until you press Ctrl-C.", flush=True)
        while not ended:
            time.sleep(0.1)
        page.close(verbose=False)


def _free_port(host: str, port: int) -> int:
    try:
        with socket.create_server((host, port)) as found:
            return found.getsockname()[1]
    except (OSError, OverflowError) as error:
        raise DeepPaintError(
            f"--host={host} --port={port}: cannot be listened on ({error}); name another port"
        ) from error


def _keep_inside(folder: str) -> None:
    """Has Gradio, which reads these when it is imported, write into a folder and phone nobody."""
    tempfile.tempdir = folder
    os.environ |= {
        "GRADIO_TEMP_DIR": os.path.join(folder, "files"),
        "GRADIO_EXAMPLES_CACHE": os.path.join(folder, "examples"),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        # Gradio looks itself up once it runs, which no proxy could answer.
        "NO_PROXY": ",".join([*LOCAL, os.environ.get("NO_PROXY", "")]),
    }


def _open(painter: "Painter", folder: str, host: str, port: int):
    from starlette.middleware import Middleware

    from tf_deeppaint.studio import assets, page
    from tf_deeppaint.studio.sessions import MAX_BYTES, Desk

    blocks = page.build_page(Desk(painter, os.environ["GRADIO_TEMP_DIR"]))
    blocks.launch(
        server_name=host,
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        share=False,
        inline=False,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        max_file_size=MAX_BYTES,
        state_session_capacity=page.MOST_SESSIONS,
        app_kwargs={"middleware": [Middleware(Gate, names=LOCAL if host in LOCAL else ())]},
        theme=page.theme(),
        css=assets.CSS,
    )
    return blocks


def _hear_the_end() -> list[int]:
    """A list that gets the signal by which the process is told to end."""
    told: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        # No lock, not even an Event's: a signal may come while it is held.
        signal.signal(number, lambda number, _: told.append(number))
    return told


class Gate:
    """Refuses what does not come from the studio's own page, as an ASGI middleware.

    A page of somebody else, open in the same browser, can send requests to this machine, and by
    a name of its own that leads here even read the answers.

    Args:
        app: What is behind the gate.
        names: The names by which the studio may be called; none for any.
    """

    def __init__(self, app: Callable, names: tuple[str, ...]):
        self.app = app
        self.names = names

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        if scope["type"] != "http" or self._is_own(scope):
            await self.app(scope, receive, send)
            return
        headers = [(b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": b"Only the studio's own page may ask."})

    def _is_own(self, scope: dict) -> bool:
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        name = host.rsplit(":", 1)[0].strip("[]")
        return (
            (not self.names or name in self.names)
            and (origin is None or origin.split("://")[-1] == host)
            and not scope["path"].startswith(_CLOSED)
        )
