"""The studio's server: Gradio, with one folder for all files."""

import errno
import functools
import importlib.util
import os
import signal
import socket
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from tf_deeppaint.studio import admission, leftovers
from tf_deeppaint.utils.commands import install_command
from tf_deeppaint.utils.errors import DeepPaintError, one_line
from tf_deeppaint.utils.imports import after_import

if TYPE_CHECKING:
    from gradio import Blocks

    from tf_deeppaint.painting.painter import Painter

# The name of the thread that paints a first picture.
_WARM_UP = "warm-up"


def serve(
    load: Callable[[], "Painter"],
    host: str,
    port: int,
    root_path: str = "",
    allowed_hosts: Iterable[str] = (),
) -> None:
    """Opens the studio, prints its address, and returns after SIGINT or SIGTERM.

    All files are written to one temporary folder, which is removed at the end.

    Args:
        load: Loads the painter; called once the port is known to be free.
        host: The address to listen on.
        port: Its port; 0 for any that is free.
        root_path: The path of the page behind a proxy, such as `/paint`.
        allowed_hosts: Names that requests may go to, beside the local ones and `host`.

    Raises:
        DeepPaintError: Gradio is not installed, the port is taken, the model cannot be loaded, or
            `root_path` or a name is none.
    """
    host, root_path = host.strip("[]"), admission.check_root_path(root_path)
    names = admission.names_to_answer(host, allowed_hosts)
    if importlib.util.find_spec("gradio") is None:
        raise DeepPaintError(f"the studio needs Gradio: run {install_command('studio')}")
    port = find_port(host, port)
    print("The studio is starting: it loads the model and the page, some seconds.", flush=True)
    painter = load()
    leftovers.remove()
    with leftovers.own_folder() as folder:
        confine_gradio(folder, host)
        page = launch(painter, host, port, root_path, names)
        signals: list[int] = []
        for number in (signal.SIGINT, signal.SIGTERM):
            # No lock, not even an Event's: a signal may come while it is held.
            signal.signal(number, lambda number, _: signals.append(number))
        address = f"{page.local_url.rstrip('/')}{root_path}/"
        print(f"The studio is open at {address} until you press Ctrl-C.", flush=True)
        _show_page(address)
        while not signals:
            time.sleep(0.1)
        page.close(verbose=False)
        # A process must not end inside a network's run, and its threads start no others at its end.
        for thread in threading.enumerate():
            if thread.name == _WARM_UP:
                thread.join()


def find_port(host: str, port: int) -> int:
    """Returns a port that is free, 0 for any; raises DeepPaintError where that one is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family) as server:
            port = server.getsockname()[1]
        with socket.create_server(("127.0.0.1", port)):  # Gradio insists on that one too
            return port
    except (OSError, OverflowError) as error:
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise DeepPaintError(
                f"--port={port}: is in use, perhaps by a studio that is open already; name another "
                f"one, as --port={port + 1}"
            ) from error
        raise DeepPaintError(
            f"--host={host} --port={port}: cannot be listened on ({one_line(error)}); name others"
        ) from error


def _show_page(address: str) -> None:
    """Opens the page in a browser, where a person started the studio at a screen."""
    has_screen = sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if sys.stdout.isatty() and has_screen:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def confine_gradio(folder: str, host: str) -> None:
    """Makes Gradio write into a folder and send no statistics; it reads these when imported."""
    tempfile.tempdir = folder
    os.environ |= {
        "GRADIO_TEMP_DIR": os.path.join(folder, "files"),
        "GRADIO_EXAMPLES_CACHE": os.path.join(folder, "examples"),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        # Gradio sends itself a request when it starts, which no proxy could forward.
        "NO_PROXY": ",".join([*admission.LOCAL, host, os.environ.get("NO_PROXY", "")]),
    }
    after_import("gradio.component_meta", _write_no_stubs)
    after_import("gradio.events", _render_no_docstrings)


def _write_no_stubs() -> None:
    """Halves Gradio's import, which parses each of its components and writes stubs for editors."""
    sys.modules["gradio.component_meta"].create_or_modify_pyi = lambda *_: None


def _render_no_docstrings() -> None:
    """Spares Gradio's import the docstrings of its methods, which it renders from templates."""
    sys.modules["gradio.events"].EventListener.set_doc = lambda *_, **__: None


def launch(painter: "Painter", host: str, port: int, root_path: str, names: tuple[str, ...]):
    """Opens the page in the background, and returns it; `serve` says what the arguments are.

    `names` is what `admission.names_to_answer` returns.
    """
    from tf_deeppaint.studio import connections, layout
    from tf_deeppaint.studio.sessions import MAX_BYTES

    blocks, options, warm_up = make_application(painter, names)
    blocks.launch(
        server_name=admission.bracketed(host),
        server_port=port,
        root_path=root_path,
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
        # Or Gradio asks itself for the page, and gives up where that takes over three seconds.
        _frontend=False,
        max_file_size=MAX_BYTES,
        theme=layout.make_theme(),
        # Not as `css`, which Gradio rewrites, and breaks selectors with commas.
        head=f"<style>{layout.read_static('page.css')}</style>",
        **options,
    )
    connections.limit_connections(blocks.server.config)
    # The first visitor waits no longer than the others.
    threading.Thread(target=warm_up, name=_WARM_UP).start()
    return blocks


def make_application(painter: "Painter", names: tuple[str, ...]) -> tuple["Blocks", dict, Callable]:
    """The page, the options of its application that keep strangers out, and what warms it up."""
    from starlette.middleware import Middleware

    from tf_deeppaint.studio import page
    from tf_deeppaint.studio.interface import Interface
    from tf_deeppaint.studio.reception import Reception
    from tf_deeppaint.studio.sessions import Sessions
    from tf_deeppaint.studio.visitors import MAX_SESSIONS, Visitors

    folder = os.environ["GRADIO_TEMP_DIR"]
    sessions = Sessions(painter, folder)
    visitors = Visitors(folder, sessions.example_paths)
    middleware = [
        Middleware(admission.RequestCheck, names=names, folders=(folder,)),
        Middleware(Interface, sessions=sessions, visitors=visitors),
        Middleware(Reception, visitors=visitors),
    ]
    options = {
        # More than visitors are let in: what Gradio keeps of one at work is not made again.
        "state_session_capacity": 2 * MAX_SESSIONS,
        "app_kwargs": {"middleware": middleware},
    }
    blocks = page.build_page(sessions)
    visitors.is_awaited = functools.partial(page.is_awaited, blocks)
    visitors.forget = functools.partial(page.forget_session, blocks)
    return blocks, options, sessions.warm_up
