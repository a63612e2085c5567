"""Every route that the application has is open because the page needs it, or closed."""

import asyncio
import os
import re
import tempfile

import pytest

from tests.helpers.painters import FakeBackend
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.studio import admission, server

# What Gradio brings and the page does not need. A release that brings more fails the test below,
# until somebody has read what the new route does. The paths are written as Gradio writes them.
CLOSED = """
GET /gradio_api/user GET /gradio_api/login_check GET /gradio_api/token GET /gradio_api/app_id
GET /gradio_api/dev/reload POST /login GET /logout GET /svelte/{path:path} GET /gradio_api/runs
POST /gradio_api/run-history/connect GET /gradio_api/run-history/buckets
GET /gradio_api/run-history/records
GET /gradio_api/run-history/records/{endpoint}/{record_id}/assets/{asset_id}
GET /gradio_api/deep_link GET /gradio_api/openapi.json GET /openapi.json GET /docs GET /redoc
GET /docs/oauth2-redirect GET /gradio_api/custom_component/{id}/{environment}/{type}/{file_name}
GET /gradio_api/proxy={url_path:path} POST /gradio_api/stream/{event_id}
POST /gradio_api/stream/{event_id}/close
GET /gradio_api/stream/{session_hash}/{run}/{component_id}/playlist.m3u8
GET /gradio_api/stream/{session_hash}/{run}/{component_id}/{segment_id}.{ext}
GET /gradio_api/stream/{session_hash}/{run}/{component_id}/playlist-file
GET /gradio_api/file/{path:path} POST /gradio_api/run/{api_name} POST /gradio_api/api/{api_name}
POST /gradio_api/call/{api_name} POST /gradio_api/call/v2/{api_name}
GET /gradio_api/call/{api_name}/{event_id} GET /gradio_api/call/v2/{api_name}/{event_id}
GET /gradio_api/queue/status POST /gradio_api/component_server GET /gradio_api/theme.css
GET /robots.txt GET /pwa_icon GET /pwa_icon/{size} GET /monitoring
GET /monitoring/summary GET /monitoring/{key}
POST /gradio_api/process_recording POST /gradio_api/vibe-edit POST /gradio_api/undo-vibe-edit
GET /gradio_api/vibe-code POST /gradio_api/vibe-code POST /gradio_api/vibe-starter-queries
GET /gradio_api/profiling/traces GET /gradio_api/profiling/summary
POST /gradio_api/profiling/clear
"""
OPEN = """
GET / GET /config GET /static/{path:path} GET /assets/{path:path} GET /favicon.ico GET /theme.css
GET /manifest.json GET /gradio_api/info GET /gradio_api/file={path_or_url:path}
GET /gradio_api/heartbeat/{session_hash} GET /gradio_api/queue/data
GET /gradio_api/upload_progress GET /gradio_api/startup-events POST /gradio_api/upload
POST /gradio_api/queue/join POST /gradio_api/cancel POST /gradio_api/reset
"""
HOST = [(b"host", b"localhost:7860")]


def pairs(text: str) -> set[tuple[str, str]]:
    words = text.split()
    return set(zip(words[::2], words[1::2], strict=True))


def walk(routes, prefix: str = "") -> set[tuple[str, str]]:
    """Methods and paths of all routes, also of mounted applications and included routers."""
    found = set()
    for route in routes:
        path = prefix + getattr(route, "path", "")
        inner = getattr(route, "routes", None) or getattr(
            getattr(route, "original_router", None), "routes", None
        )
        if inner:
            found |= walk(inner, path)
        else:
            methods = getattr(route, "methods", None) or {"ANY"}
            found |= {(method, path.rstrip("/") or "/") for method in methods - {"HEAD"}}
    return found


@pytest.fixture(scope="module", name="app")
def make_app(tmp_path_factory):
    """The application as the studio launches it, without a socket."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", os.environ.copy())
        patch.setattr(tempfile, "tempdir", tempfile.gettempdir())
        server.confine_gradio(str(tmp_path_factory.mktemp("studio")), "127.0.0.1")
        from gradio.routes import App

        blocks, options, _ = server.make_application(Painter(FakeBackend()), ("localhost",))
        yield App.create_app(blocks, app_kwargs=options["app_kwargs"])


def status_and_body(app, method: str, path: str, headers=()):
    """The answer to a request that has no body."""
    sent = []

    received = []

    async def receive():
        if received:
            await asyncio.Event().wait()  # the visitor stays
        received.append({"type": "http.request", "body": b"", "more_body": False})
        return received[0]

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [*HOST, *headers],
        "client": ("127.0.0.1", 5),
        "server": ("127.0.0.1", 7860),
    }
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def test_every_route_is_known_and_all_that_the_page_does_not_need_is_closed(app):
    found = walk(app.routes)
    assert len(found) > 40 and ("POST", "/gradio_api/queue/join") in found
    assert found - pairs(CLOSED) - pairs(OPEN) == set()
    for method, path in (found | pairs(CLOSED)) - pairs(OPEN):
        for real in (path, re.sub(r"{[^}]*}", "x", path)):
            for end in ("", "/"):
                status, body = status_and_body(app, method, real + end)
                assert status == 404 and body.count(b"\n") == 1, (method, real, body[:80])


@pytest.mark.parametrize("way", ["/gradio_api/file=", "/gradio_api/file/", "/gradio_api/proxy="])
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/x.png",
        "https://127.0.0.1:9/x.png",
        "HTTP://127.0.0.1:9/x.png",
        "http:/127.0.0.1:9/x.png",
        "//127.0.0.1:9/x.png",
        "/http://127.0.0.1:9/x.png",
        "http%3A%2F%2F127.0.0.1:9/x.png",
        " http://127.0.0.1:9",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "/etc/passwd",
        "FOLDER/../../../etc/passwd",
        "FOLDER//etc/passwd",
        "FOLDERx/a.png",
        "FOLDER",
        "",
    ],
)
def test_no_url_is_fetched_and_no_file_served_but_the_visitors(app, way, url):
    folder = os.environ["GRADIO_TEMP_DIR"]
    path = way + url.replace("FOLDER", folder)
    for real in (path, path.replace("/gradio", "//gradio"), path.replace("gradio_", "Gradio_")):
        assert status_and_body(app, "GET", real)[0] == 404


def test_a_file_of_the_studio_is_served(app):
    folder = os.path.join(os.environ["GRADIO_TEMP_DIR"], "one")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "a b.png"), "wb") as file:
        file.write(b"picture")
    app.get_blocks().temp_file_sets[0].add(file.name)
    assert status_and_body(app, "GET", f"/gradio_api/file={file.name}") == (200, b"picture")


def fetch(site: str, dest: str = "empty") -> list[tuple[bytes, bytes]]:
    return [(b"sec-fetch-site", site.encode()), (b"sec-fetch-dest", dest.encode())]


async def behind(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


CHECK = admission.RequestCheck(behind, ("localhost",), ("/files",))


@pytest.mark.parametrize("site", ["cross-site", "same-site", "what-comes-next"])
def test_other_pages_may_only_link_to_the_page(site):
    assert status_and_body(CHECK, "GET", "/", fetch(site, "document"))[0] == 200
    for dest in ("empty", "iframe", "image", "script"):
        assert status_and_body(CHECK, "GET", "/", fetch(site, dest))[0] == 403
    for method, path in pairs(OPEN) - {("GET", "/")}:
        for dest in ("document", "empty"):
            status, body = status_and_body(CHECK, method, path, fetch(site, dest))
            assert status == 403 and body.count(b"\n") == 1


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_the_page_itself_may_ask(site):
    assert status_and_body(CHECK, "GET", "/config", fetch(site))[0] == 200
