"""The studio's server: one folder for all files, and a check of where requests come from."""

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
# Routes of Gradio that fetch from other servers, or store what they are sent: all are refused.
_CLOSED_ROUTES = ("/gradio_api/file=http", "/gradio_api/proxy=", "/gradio_api/component_server")


def serve(load: Callable[[], "Painter"], host: str, port: int) -> None:
    """Opens the studio, prints its address, and returns after SIGINT or SIGTERM.

    All files are written to one temporary folder, which is removed at the end.

    Args:
        load: Loads the painter; called once the port is known to be free.
        host: The address to listen on. On one of `LOCAL` only requests to these names are answered.
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
        _confine_gradio(folder)
        page = _launch(painter, host, port)
        signals: list[int] = []
        for number in (signal.SIGINT, signal.SIGTERM):
            # No lock, not even an Event's: a signal may come while it is held.
            signal.signal(number, lambda number, _: signals.append(number))
        print(f"The studio is open at {page.local_url} until you press Ctrl-C.", flush=True)
        while not signals:
            time.sleep(0.1)
        page.close(verbose=False)


def _free_port(host: str, port: int) -> int:
    try:
        with socket.create_server((host, port)) as server:
            return server.getsockname()[1]
    except (OSError, OverflowError) as error:
        raise DeepPaintError(
            f"--host={host} --port={port}: cannot be listened on ({error}); name another port"
        ) from error


def _confine_gradio(folder: str) -> None:
    """Makes Gradio write into a folder and send no statistics; it reads these when imported."""
    tempfile.tempdir = folder
    os.environ |= {
        "GRADIO_TEMP_DIR": os.path.join(folder, "files"),
        "GRADIO_EXAMPLES_CACHE": os.path.join(folder, "examples"),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        # Gradio sends itself a request when it starts, which no proxy could forward.
        "NO_PROXY": ",".join([*LOCAL, os.environ.get("NO_PROXY", "")]),
    }


def _launch(painter: "Painter", host: str, port: int):
    from starlette.middleware import Middleware

    from tf_deeppaint.studio import layout, page
    from tf_deeppaint.studio.sessions import MAX_BYTES, Sessions

    allowed_hosts = LOCAL if host in LOCAL else ()
    blocks = page.build_page(Sessions(painter, os.environ["GRADIO_TEMP_DIR"]))
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
        state_session_capacity=page.MAX_SESSIONS,
        app_kwargs={"middleware": [Middleware(OriginCheck, allowed_hosts=allowed_hosts)]},
        theme=layout.make_theme(),
        css=layout.read_static("page.css"),
    )
    return blocks


class OriginCheck:
    """ASGI middleware that answers 403 to requests that do not come from the studio's own page.

    A foreign page, open in the same browser, can send requests to this machine, and through a host
    name of its own that resolves to this machine (DNS rebinding) even read the answers.

    Args:
        app: The application behind it.
        allowed_hosts: Host names in requests that are answered; empty for any.
    """

    def __init__(self, app: Callable, allowed_hosts: tuple[str, ...]):
        self.app = app
        self.allowed_hosts = allowed_hosts

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        if scope["type"] != "http" or self._is_own_page(scope):
            await self.app(scope, receive, send)
            return
        headers = [(b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": b"Only the studio's own page may ask."})

    def _is_own_page(self, scope: dict) -> bool:
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        name = host.rsplit(":", 1)[0].strip("[]")
        return (
            (not self.allowed_hosts or name in self.allowed_hosts)
            and (origin is None or origin.split("://")[-1] == host)
            and not scope["path"].startswith(_CLOSED_ROUTES)
        )
