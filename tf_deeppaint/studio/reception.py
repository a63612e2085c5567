"""Takes what visitors send: knows them by their cookie, takes uploads, checks calls of events.

Gradio's own route for uploads bounds only single files, leaves those of aborted uploads behind, and
does not remember whose a file is.
"""

import asyncio
import secrets
import shutil
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from tf_deeppaint.studio import admission, bodies, routes
from tf_deeppaint.studio.bodies import MAX_JSON_BYTES, RefusedError
from tf_deeppaint.studio.sessions import MAX_BYTES
from tf_deeppaint.studio.visitors import Visitors

# An upload has one file; a drawing has three, its paper, its strokes and both together.
MAX_FILES = 4
MAX_FIELD_BYTES = 2**16
_API = "/gradio_api"
_HEARTBEAT = f"{_API}/heartbeat/"


class Reception:
    """ASGI middleware behind `admission.RequestCheck`.

    Args:
        app: The application behind it.
        visitors: Keeps what is whose.
    """

    def __init__(self, app: Callable, visitors: Visitors):
        self.app = app
        self.visitors = visitors
        # Cookies are the same for all ports of a host: each studio has one of its own.
        self.cookie = f"studio_{secrets.token_hex(4)}"

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            await self._answer(scope, receive, send)
        except RefusedError as refusal:
            await admission.refuse(send, refusal.status, refusal.line)

    async def _answer(self, scope: dict, receive: Callable, send: Callable) -> None:
        route, visitor = routes.route_of(scope), self._visitor(scope)
        if scope["method"] == "POST":
            if visitor is None:
                raise RefusedError(403, "Open the page first; the studio needs its cookie.")
            if route == f"{_API}/upload":
                await self._take_upload(scope, receive, send, visitor)
                return
            body = await bodies.read_body(receive, MAX_JSON_BYTES)
            if body is None:
                return
            if route == f"{_API}/queue/join":
                self.visitors.check_disk()
                body = self.visitors.check_event(body, visitor)
                scope = scope | {"headers": _with_length(scope["headers"], len(body))}
            receive = bodies.replayed(body, receive)
        elif route == "/" and visitor is None:
            send = self._with_cookie(send)
        elif route == f"{_API}/queue/data":
            asked = parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [])
            for session in asked:
                self.visitors.check_session(session, visitor)
        elif route.startswith(_HEARTBEAT):
            self.visitors.check_session(route.removeprefix(_HEARTBEAT), visitor)
        elif route == f"{_API}/upload_progress":  # the file is there before its progress is shown
            done = Response('data: {"msg": "done"}\n\n', media_type="text/event-stream")
            await done(scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def _take_upload(
        self, scope: dict, receive: Callable, send: Callable, visitor: str
    ) -> None:
        """Answers with the paths of the files of a form, as Gradio does.

        The parser keeps files where they have no name, so that what is aborted leaves nothing.
        """
        self.visitors.check_disk()
        request = Request(scope, bodies.counted(receive, MAX_BYTES + MAX_FIELD_BYTES))
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            raise RefusedError(400, "That is no upload.")
        limits = {"max_files": MAX_FILES, "max_fields": MAX_FILES, "max_part_size": MAX_FIELD_BYTES}
        try:
            async with request.form(**limits) as form:
                files = [f for f in form.getlist("files") if isinstance(f, UploadFile)]
                paths = [await asyncio.to_thread(self._keep, file, visitor) for file in files]
        except ClientDisconnect:
            return
        except (HTTPException, MultiPartException, ValueError):
            raise RefusedError(400, f"That is no upload of up to {MAX_FILES} files.") from None
        for path in paths:
            self.visitors.add_upload(path, visitor)
        await JSONResponse(paths)(scope, receive, send)

    def _keep(self, file: UploadFile, visitor: str) -> str:
        path = self.visitors.new_path(file.filename or "")
        with open(path, "xb") as kept:
            shutil.copyfileobj(file.file, kept)
        return path

    def _visitor(self, scope: dict) -> str | None:
        for name, value in scope["headers"]:
            if name.lower() == b"cookie":
                try:
                    found = SimpleCookie(value.decode("latin-1")).get(self.cookie)
                except CookieError:
                    found = None
                if found is not None and found.value:
                    return found.value
        return None

    def _with_cookie(self, send: Callable) -> Callable:
        # Lax: with Strict a link from another page would bring the visitor a second cookie.
        cookie = f"{self.cookie}={secrets.token_hex(16)}; HttpOnly; SameSite=Lax; Path=/"

        async def send_with_cookie(message: dict) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"set-cookie", cookie.encode())]
            await send(message)

        return send_with_cookie


def _with_length(headers: list, length: int) -> list:
    """Headers of a body of another length."""
    kept = [(n, v) for n, v in headers if n.lower() not in (b"content-length", b"content-encoding")]
    return [*kept, (b"content-length", str(length).encode())]
