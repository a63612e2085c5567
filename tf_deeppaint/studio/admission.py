"""Which requests the studio answers: those to its own names, from its own page, to open routes.

A foreign page, open in the same browser, can send requests to this machine, and through a host name
of its own that resolves to this machine (DNS rebinding) even read the answers. It may only link to
the studio's page. Browsers tell by `Origin` and `Sec-Fetch-*` where a request comes from.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable

from tf_deeppaint.studio import routes
from tf_deeppaint.utils.errors import DeepPaintError

LOCAL = ("127.0.0.1", "localhost", "::1")
# Addresses that stand for all of the machine's.
_EVERYWHERE = ("0.0.0.0", "::")
# A Host header, as RFC 3986 has it: a name or IPv4 address, or an IPv6 address in brackets; a port.
_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([0-9a-z._-]+))(?::[0-9]{1,5})?")
_ROOT_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")


def read_host(header: str) -> str | None:
    """The name or address in a Host header, lower-case and without its port; None where malformed.

    An IPv6 address comes without brackets, in its shortest form.
    """
    match = _HOST.fullmatch(header.lower())
    if match is None:
        return None
    six, name = match.groups()
    if six is None:
        return name.removesuffix(".")
    try:
        return str(ipaddress.IPv6Address(six))
    except ValueError:
        return None


def bracketed(address: str) -> str:
    """An address as URLs have it: IPv6 in brackets."""
    return f"[{address}]" if ":" in address else address


def names_to_answer(host: str, more: Iterable[str]) -> tuple[str, ...]:
    """The names that requests may go to: this machine's local ones, the host's, and more.

    Args:
        host: The address that is listened on.
        more: Further names or addresses, without ports, such as that of a proxy.

    Raises:
        DeepPaintError: one of them is no name.
    """
    names = [*LOCAL, read_host(bracketed(host)) or host]
    for text in more:
        # A colon stands in an IPv6 address, or before a port, which no name has.
        name = read_host(bracketed(text.strip("[]")))
        if name is None:
            raise DeepPaintError(
                f"--allowed_hosts={text}: no name of a host; give names without scheme and port, "
                "such as paint.example"
            )
        names.append(name)
    return tuple(names)


def check_root_path(path: str) -> str:
    """The path without a slash at its end; raises DeepPaintError where it is none."""
    bare = path.removesuffix("/")
    if not _ROOT_PATH.fullmatch(bare):
        raise DeepPaintError(f"--root_path={path}: no path; give one such as /paint")
    return bare


class RequestCheck:
    """ASGI middleware: 403 to requests to other names or from other pages, 404 to closed routes.

    Args:
        app: The application behind it.
        names: What `names_to_answer` returns. Where an address that stands for all of the machine's
            is among them, every address is answered: only a name can be made to resolve to this
            machine.
        folders: The folders whose files may be downloaded.
    """

    def __init__(self, app: Callable, names: tuple[str, ...], folders: tuple[str, ...]):
        self.app = app
        self.names = names
        self.folders = folders

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":  # the page has none
            await send({"type": "websocket.close", "code": 1008})
        elif foreign := self._why_foreign(scope):
            await refuse(send, 403, foreign)
        elif not routes.is_open(scope["method"], routes.route_of(scope), self.folders):
            await refuse(send, 404, "The studio has no such page.")
        else:
            await self.app(scope, receive, send)

    def _why_foreign(self, scope: dict) -> str | None:
        """Why a request is none of the studio's own page; None where it may be one."""
        headers = [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        hosts = [value for name, value in headers if name == b"host"]
        # Gradio takes its own address from this one where a proxy sends it.
        forwarded = [v.split(",")[0].strip() for n, v in headers if n == b"x-forwarded-host"]
        if len(hosts) != 1 or not all(map(self._is_own, hosts + forwarded)):
            return "The studio does not answer to this name; --allowed_hosts takes further names."
        origins = [value for name, value in headers if name == b"origin"]
        if any(origin.split("://")[-1].lower() != hosts[0].lower() for origin in origins):
            return "Only the studio's own page may ask; a proxy must pass on the Host header."
        fetch = {n: v for n, v in headers if n.startswith(b"sec-fetch-")}
        is_link = routes.route_of(scope) == "/" and fetch.get(b"sec-fetch-dest") == "document"
        if fetch.get(b"sec-fetch-site", "none") not in ("none", "same-origin") and not is_link:
            return "Other pages may only link to the studio."
        return None

    def _is_own(self, host: str) -> bool:
        name = read_host(host)
        if name is None or name in self.names:
            return name is not None
        return _is_address(name) and not set(_EVERYWHERE).isdisjoint(self.names)


async def refuse(send: Callable, status: int, line: str, retry_after: int | None = None) -> None:
    """Answers an ASGI request with one line of plain text.

    `retry_after`: in how many seconds it may be asked again, where that helps.
    """
    headers = [(b"content-type", b"text/plain"), (b"x-content-type-options", b"nosniff")]
    if retry_after is not None:
        headers.append((b"retry-after", str(retry_after).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": line.encode() + b"\n"})


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
