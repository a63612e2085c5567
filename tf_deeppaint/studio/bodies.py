"""Bodies of requests, counted while they come: neither too large nor too slow."""

import asyncio
import time
from collections.abc import Callable

# Largest body of any request but an upload, in bytes.
MAX_JSON_BYTES = 2**20
# Seconds that the next part of a body may take, and the whole body.
PART_SECONDS = 20.0
BODY_SECONDS = 600.0


class RefusedError(Exception):
    """A request is not answered: the status, and one line that says why."""

    def __init__(self, status: int, line: str):
        super().__init__(line)
        self.status = status
        self.line = line


def counted(receive: Callable, limit: int) -> Callable:
    """An ASGI `receive` that raises `RefusedError` at over `limit` bytes, or where they are slow.

    What a Content-Length says is not looked at: a body in chunks has none.
    """
    read, end = 0, time.monotonic() + BODY_SECONDS

    async def receive_next() -> dict:
        nonlocal read
        patience = min(PART_SECONDS, end - time.monotonic())
        try:
            message = await asyncio.wait_for(receive(), max(0, patience))
        except asyncio.TimeoutError:
            raise RefusedError(408, "The request came too slowly; send it again.") from None
        read += len(message.get("body", b""))
        if read > limit:
            raise RefusedError(
                413, f"That is larger than the {limit / 2**20:g} MiB that are taken."
            )
        return message

    return receive_next


async def read_body(receive: Callable, limit: int) -> bytes | None:
    """The whole body, at most `limit` bytes; None where the visitor has left.

    Raises:
        RefusedError: it is larger or comes too slowly.
    """
    parts, is_whole, receive = [], False, counted(receive, limit)
    while not is_whole:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        is_whole = not message.get("more_body", False)
    return b"".join(parts)


def replayed(body: bytes, receive: Callable) -> Callable:
    """An ASGI `receive` that gives a body that was read already, and then what comes."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_next() -> dict:
        return messages.pop() if messages else await receive()

    return receive_next
