"""A client of the studio: visitors who do over HTTP what the page in their browser does."""

import http.client
import json
import secrets
import threading

PATIENCE_S = 120
FILE = {"_type": "gradio.FileData"}


class StudioClient:
    """Visitors of a studio that is open; each thread is one, with a cookie of its own.

    Args:
        address: Host and port.

    Attributes:
        config: What the page is told of its events.
    """

    def __init__(self, address: str):
        self.address = address
        self.visitor = threading.local()
        _, body = self.ask("GET", "/config")
        self.config = json.loads(body)

    def ask(
        self, method: str, path: str, body: bytes | None = None, kind: str = "application/json"
    ) -> tuple[int, bytes]:
        """Status and body of the answer to a request."""
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE_S)
        cookie = getattr(self.visitor, "cookie", None)
        headers = ({"Content-Type": kind} if body else {}) | ({"Cookie": cookie} if cookie else {})
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            if answer.headers["Set-Cookie"]:
                self.visitor.cookie = answer.headers["Set-Cookie"].split(";")[0]
            return answer.status, answer.read()
        finally:
            connection.close()

    def event(self, element: str, name: str) -> int:
        """The number of the event of an element of the page."""
        found = {c["props"].get("elem_id"): c["id"] for c in self.config["components"]}
        target = [found[element], name]
        return next(d["id"] for d in self.config["dependencies"] if target in d["targets"])

    def upload(self, data: bytes, name: str) -> dict:
        """Puts a file on the page; what the page sends of it afterwards."""
        if getattr(self.visitor, "cookie", None) is None:
            self.ask("GET", "/")
        mark = secrets.token_hex(8)
        head = f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
        body = head.encode() + b"Content-Type: image/png\r\n\r\n" + data
        body += f"\r\n--{mark}--\r\n".encode()
        kind = f"multipart/form-data; boundary={mark}"
        status, found = self.ask("POST", "/gradio_api/upload", body, kind)
        if status != 200:
            raise OSError(f"upload: {status}")
        return {"path": json.loads(found)[0], "orig_name": name, "meta": FILE}

    def call(self, event: int, data: list) -> tuple[bool, str]:
        """Runs an event as the page does; whether it succeeded, and what it said."""
        # A page has one session as long as it is open; the studio counts them.
        if not hasattr(self.visitor, "session"):
            self.visitor.session = secrets.token_hex(8)
        session = self.visitor.session
        body = json.dumps({"data": data, "fn_index": event, "session_hash": session}).encode()
        status, found = self.ask("POST", "/gradio_api/queue/join", body)
        if status != 200:
            return False, f"join: {status} {found[:200]!r}"
        status, found = self.ask("GET", f"/gradio_api/queue/data?session_hash={session}")
        lines = [line for line in found.decode().splitlines() if "process_completed" in line]
        return '"success":true' in (lines or [""])[-1].replace(" ", ""), found.decode()


def color_data(key: str, file: object) -> list:
    """What the page of a work's key sends to color a sketch that `upload` put on it."""
    codes = [["#c0392b", "#f4c7a1", "#3b5dc9", "#2a9d9d"]] * 4
    return [key, {"source": "file", "file": file}, {"codes": codes, "locks": [False] * 16}, {}]
