"""Connections that keep the server waiting are closed, so that others are answered.

uvicorn waits for a request as long as its sender likes, and opens a connection for everybody until
the process has no file left to open.
"""

import asyncio
from collections import Counter, OrderedDict

import uvicorn

try:
    import resource
except ImportError:  # Windows, which has no such limit
    resource = None

# Connections at once; what comes beyond them takes the place of one of the address that has most.
MAX_CONNECTIONS = 512
# Seconds that a connection may take to send the head of a request.
HEAD_SECONDS = 15.0


def limit_connections(config: uvicorn.Config) -> None:
    """Makes a server that runs already close connections on which nothing is asked.

    uvicorn makes a protocol of `config.http_protocol_class` for each connection.
    """
    _raise_limit_on_files()
    config.http_protocol_class = _make_impatient(config.http_protocol_class)
    config.limit_concurrency = 2 * MAX_CONNECTIONS


def _raise_limit_on_files() -> None:
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * MAX_CONNECTIONS
    if soft < wanted:
        wanted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def _make_impatient(protocol: type) -> type:
    """A protocol that closes connections which wait for too long, or which are too many."""
    opened: OrderedDict[object, None] = OrderedDict()

    class Impatient(protocol):
        def connection_made(self, transport):
            super().connection_made(transport)
            opened[self] = None
            self._last_cycle = None
            self._timer = self.loop.call_later(HEAD_SECONDS, self._look)
            if len(opened) > MAX_CONNECTIONS:
                _one_to_close([one for one in opened if one is not self]).abort()

        def connection_lost(self, exc):
            self._timer.cancel()
            opened.pop(self, None)
            super().connection_lost(exc)

        @property
        def address(self) -> str:
            return self.client[0] if self.client else ""

        def is_waiting(self) -> bool:
            """Whether there is no request, or one whose body is not whole, on this connection."""
            cycle = self.cycle
            return cycle is None or cycle.response_complete or cycle.more_body

        def abort(self) -> None:
            opened.pop(self, None)
            self.transport.abort()

        def _look(self) -> None:
            # Of bodies `bodies.counted` takes care. The second time at the same answer, nothing
            # was asked since; uvicorn itself closes what has not begun to ask again.
            cycle = self.cycle
            is_idle = cycle is None or (cycle.response_complete and cycle is self._last_cycle)
            if is_idle:
                self.abort()
                return
            self._last_cycle = cycle
            self._timer = self.loop.call_later(HEAD_SECONDS, self._look)

    return Impatient


def _one_to_close(opened: list) -> asyncio.Protocol:
    """Of the address with most connections the oldest that only waits, or else the oldest.

    Somebody who holds many and reads no answer closes the studio to nobody else.
    """
    ((address, _),) = Counter(one.address for one in opened).most_common(1)
    own = [one for one in opened if one.address == address]
    return next((one for one in own if one.is_waiting()), own[0])
