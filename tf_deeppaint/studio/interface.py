"""The studio's HTTP interface for other programs: `POST /api/paint`, a form in, a picture out.

The form holds files and fields; `OPTIONS` lists the fields. The answer is a PNG, layers as
OpenRaster or PSD, or JSON, by the field `format` or else by the header `Accept`. A mistake is
answered with status 400 and one line of text; where there is no room now, with 503 and Retry-After.
"""

import asyncio
import base64
import json
import os
import shutil
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from tf_deeppaint.images.decoding import decode_picture
from tf_deeppaint.painting.hints.hint import Hint
from tf_deeppaint.painting.hints.hint_files import hints_from_json, hints_from_picture
from tf_deeppaint.painting.hints.joining import join_palette
from tf_deeppaint.painting.inputs import decode_sketch, parse_gap
from tf_deeppaint.painting.painting import AUTO_PAPER, KEEP, LINES
from tf_deeppaint.palette.named_colors import palette_from_colors, parse_colors
from tf_deeppaint.palette.palette_files import MAX_PALETTE_BYTES, decode_palette
from tf_deeppaint.studio import admission, bodies, routes
from tf_deeppaint.studio.bodies import RefusedError
from tf_deeppaint.studio.sessions import MAX_BYTES, FullError, Sessions, State, palette_to_codes
from tf_deeppaint.studio.visitors import Visitors
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

ROUTE = "/api/paint"
# Requests at once; one of them is answered, the others are received or wait. More are refused,
# but where one has been coming for over so many seconds: it makes room.
MAX_AT_ONCE = 8
SLOW_SECONDS = 30.0
# Seconds after which to try again: where others are painted, and where memory is full.
_BUSY_SECONDS, _FULL_SECONDS = 5, 60
# Files of one form: a sketch, a reference or a palette, hints.
FILES = ("sketch", "reference", "palette", "hints")
MAX_FILES, MAX_FIELDS, MAX_FIELD_BYTES = len(FILES), 16, 2**16
# The fields, with their values where they are left out.
OPTIONS = {
    "format": "",  # one of FORMATS; empty: by Accept
    "palette": "",  # a palette file's JSON, or 1 to 16 codes #rrggbb, instead of a reference
    "hints": "",  # JSON, as `hint_files` has it
    "clean": "auto",
    "recolor": "no",
    "gap": "",  # pixels; empty: 2 % of the longer side
    "lines": LINES[0],
    "line_color": KEEP,
    "paper": AUTO_PAPER,
}
FORMATS = {
    "png": "image/png",
    "ora": "image/openraster",
    "psd": "image/vnd.adobe.photoshop",
    "json": "application/json",
}


class Order(NamedTuple):
    """What a form asks for.

    Attributes:
        sketch: The bytes of the sketch's file, and its name.
        reference: Those of the reference, or None.
        palette: Those of a palette file, or of the field, or None.
        hints: Likewise.
        options: The fields, as `OPTIONS` names them.
    """

    sketch: tuple[bytes, str]
    reference: tuple[bytes, str] | None
    palette: tuple[bytes, str] | None
    hints: tuple[bytes, str] | None
    options: dict[str, str]


class Interface:
    """ASGI middleware behind `admission.RequestCheck`: answers `ROUTE`, and passes on all others.

    No cookie is needed, since nothing of a visitor is reached: what a form brings is forgotten once
    it is answered.

    Args:
        app: The application behind it.
        sessions: Paints, in turn with the page's visitors.
        visitors: Knows whether the studio's folder is full.
    """

    def __init__(self, app: Callable, sessions: Sessions, visitors: Visitors):
        self.app = app
        self.sessions = sessions
        self.visitors = visitors
        self._at_once = 0
        # What ends the forms that are being received, and since when; the oldest first.
        self._receiving: dict[asyncio.Timeout, float] = {}
        # What is decoded and encoded takes the most memory.
        self._turn = asyncio.Semaphore(1)

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        if scope["type"] != "http" or routes.route_of(scope) != ROUTE:
            await self.app(scope, receive, send)
            return
        # Before a body is read: those that wait take no memory.
        if self._at_once >= MAX_AT_ONCE and not self._end_slow_one():
            line = "The studio is busy; try again in a few seconds."
            await admission.refuse(send, 503, line, _BUSY_SECONDS)
            return
        self._at_once += 1
        try:
            self.visitors.check_disk()
            request = Request(
                scope, bodies.counted(receive, MAX_BYTES + MAX_FIELDS * MAX_FIELD_BYTES)
            )
            order = await self._receive(request)
            accept = request.headers.get("accept", "")
            async with self._turn:
                answer = await asyncio.to_thread(self._answer, order, accept)
            await answer(scope, receive, send)
        except RefusedError as refusal:
            await admission.refuse(send, refusal.status, refusal.line)
        except FullError as error:
            await admission.refuse(send, 503, str(error), _FULL_SECONDS)
        except DeepPaintError as error:
            await admission.refuse(send, 400, str(error))
        except ClientDisconnect:
            return
        finally:
            self._at_once -= 1

    async def _receive(self, request: Request) -> Order:
        """What `read_order` returns; a form that makes room for another is refused."""
        try:
            async with asyncio.timeout(None) as end:
                self._receiving[end] = time.monotonic()
                try:
                    return await read_order(request)
                finally:
                    self._receiving.pop(end, None)
        except TimeoutError:
            line = "The request came too slowly, and others wait; send it again."
            raise RefusedError(408, line) from None

    def _end_slow_one(self) -> bool:
        """Ends the form that has been coming for longest, if it is slow; whether there was one."""
        end, since = next(iter(self._receiving.items()), (None, 0.0))
        if end is None or since > time.monotonic() - SLOW_SECONDS:
            return False
        del self._receiving[end]
        end.reschedule(asyncio.get_running_loop().time())
        return True

    def _answer(self, order: Order, accept: str) -> Response:
        options = order.options
        kind = choose_format(options["format"], accept)
        gap = parse_gap(options["gap"])
        recolor = _parse_switch("recolor", options["recolor"])
        palette = self._palette(order)
        prepared = decode_sketch(*order.sketch, options["clean"], recolor, gap)
        hints = read_hints(*order.hints, prepared.sketch.shape) if order.hints else ()
        palette = join_palette(palette, hints, len(prepared.sketch))
        state = self.sessions.paint(prepared.sketch, palette, gap, tuple(hints))
        headers = {"x-content-type-options": "nosniff"}
        data = self._encode(state, kind, options, prepared.note)
        return Response(data, media_type=FORMATS[kind], headers=headers)

    def _palette(self, order: Order) -> np.ndarray:
        if (order.reference is None) == (order.palette is None):
            raise DeepPaintError("give the colors either as a reference or as a palette")
        if order.reference is not None:
            return self.sessions.painter.palette_of(decode_picture(*order.reference))
        return read_palette(*order.palette)

    def _encode(self, state: State, kind: str, options: dict[str, str], note: str) -> bytes:
        look = options["line_color"], options["paper"]
        if kind in ("ora", "psd"):
            return _take(self.sessions.write_layers(state, *look, f"painted.{kind}"))
        picture = _take(self.sessions.write_picture(state, options["lines"], *look))
        if kind == "png":
            return picture
        height, width = state.painting.sketch.shape
        answer = {
            "width": width,
            "height": height,
            "palette": palette_to_codes(state.painting.prediction.palette),
            "note": note,
            "picture": "data:image/png;base64," + base64.b64encode(picture).decode(),
        }
        return json.dumps(answer).encode()


async def read_order(request: Request) -> Order:
    """Reads a form.

    Raises:
        RefusedError: it is too large, too slow, or no form.
        DeepPaintError: it has an unknown field, or lacks the sketch.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise RefusedError(415, f"{ROUTE} takes a form: multipart/form-data.")
    limits = {"max_files": MAX_FILES, "max_fields": MAX_FIELDS, "max_part_size": MAX_FIELD_BYTES}
    try:
        async with request.form(**limits) as form:
            return await _to_order(form)
    except (HTTPException, MultiPartException, ValueError):
        raise RefusedError(
            400, f"That is no form of up to {MAX_FILES} files and {MAX_FIELDS} fields."
        ) from None


async def _to_order(form: FormData) -> Order:
    uploads, options = {}, dict(OPTIONS)
    for name, value in form.multi_items():
        if isinstance(value, UploadFile) and name in FILES:
            uploads[name] = await value.read(), (value.filename or name)[-80:]
        elif isinstance(value, str) and name in OPTIONS:
            options[name] = value
        else:
            kind = "field" if isinstance(value, str) else "file"
            raise DeepPaintError(
                f"{name[:40]!r}: there is no such {kind}; files are {', '.join(FILES)}, "
                f"fields {', '.join(OPTIONS)}"
            )
    if "sketch" not in uploads:
        raise DeepPaintError("there is no sketch; send one as the file 'sketch'")
    for name in ("palette", "hints"):  # files, or else fields
        if options[name] and name not in uploads:
            uploads[name] = options[name].encode(), name
    return Order(*map(uploads.get, FILES), options)


def choose_format(name: str, accept: str) -> str:
    """The format of an answer, a key of `FORMATS`.

    Args:
        name: The field; empty where there is none.
        accept: The header `Accept`; the first format in it counts, and PNG where it names none.

    Raises:
        DeepPaintError: the field names no format.
    """
    if name:
        if name not in FORMATS:
            raise DeepPaintError(f"format={name[:40]!r}: choose one of {', '.join(FORMATS)}")
        return name
    kinds = [part.split(";")[0].strip().lower() for part in accept.split(",")]
    found = [name for kind in kinds for name, media in FORMATS.items() if media == kind]
    return found[0] if found else "png"


def read_palette(data: bytes, name: str) -> np.ndarray:
    """The palette, uint8 `(4, 4, 3)`, of a palette file's bytes, or of codes `#rrggbb`.

    Args:
        data: The bytes.
        name: The file's name, which tells its format, and what errors call it.

    Raises:
        DeepPaintError: it is neither.
    """
    if len(data) > MAX_PALETTE_BYTES:
        raise DeepPaintError(f"{name}: over {MAX_PALETTE_BYTES >> 10} KiB; that is no palette")
    text = data.decode("utf-8", "replace").strip()
    is_list = name.lower().endswith((".hex", ".txt"))
    if text.startswith("#") and "\n" not in text and not is_list:
        return palette_from_colors(parse_colors(text))
    return decode_palette(data, name)


def read_hints(data: bytes, name: str, shape: tuple[int, int]) -> list[Hint]:
    """Hints of a JSON text or file, or of a transparent picture of the sketch's size.

    Args:
        data: The bytes.
        name: What errors call them.
        shape: Height and width of the sketch.

    Raises:
        DeepPaintError: they are no hints.
    """
    if data.lstrip().startswith(b"["):
        return hints_from_json(data, name)
    return hints_from_picture(data, name, shape)


def _parse_switch(name: str, text: str) -> bool:
    if text.lower() not in ("yes", "no", "true", "false", "1", "0"):
        raise DeepPaintError(f"{name}={text[:40]!r}: choose yes or no")
    return text.lower() in ("yes", "true", "1")


def _take(path: str) -> bytes:
    """The bytes of a file, which is removed with its folder."""
    data = files.read_bytes(path)
    shutil.rmtree(os.path.dirname(path), ignore_errors=True)
    return data
