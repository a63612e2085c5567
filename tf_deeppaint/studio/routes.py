"""The routes that the page needs; every other route that Gradio has is closed.

Gradio brings far more than this page uses: it fetches from other servers (`file=http://...`,
`proxy=...`), runs programs on uploads (`process_recording`), and edits its own source
(`vibe-edit`). A new release may bring more, so what is not named here is refused.
"""

import os
import re

_ID = "[A-Za-z0-9_-]{1,64}"
_FILE = "/gradio_api/file="
_OPEN = {
    "HEAD": "/",
    "GET": "|".join(
        [
            "/",
            "/config",
            r"/(?:theme\.css|manifest\.json|favicon\.ico)",
            # The page's own scripts, styles and pictures, inside Gradio's package.
            r"/(?:assets|static)/[\w.-]+(?:/[\w.-]+)*",
            "/gradio_api/(?:info|startup-events|upload_progress|queue/data)",
            f"/gradio_api/heartbeat/{_ID}",
        ]
    ),
    # `/api/paint` is the studio's own, for other programs; see `interface`.
    "POST": "/gradio_api/(?:upload|queue/join|cancel|reset)|/api/paint",
}
_PATTERNS = {method: re.compile(pattern, re.ASCII) for method, pattern in _OPEN.items()}


def route_of(scope: dict) -> str:
    """The path of an ASGI request below the path of the page, as Starlette's router takes it."""
    path, root = scope["path"], scope.get("root_path", "")
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


def is_open(method: str, route: str, folders: tuple[str, ...]) -> bool:
    """Whether the page needs a route.

    Args:
        method: The method of the request.
        route: What `route_of` returns: decoded once, and never decoded again.
        folders: The folders whose files may be downloaded, absolute; no other file, and no URL.
    """
    if method == "GET" and route.startswith(_FILE):
        path = route.removeprefix(_FILE)
        return os.path.normpath(path) == path and path.startswith(
            tuple(folder + os.sep for folder in folders)
        )
    pattern = _PATTERNS.get(method)
    return pattern is not None and pattern.fullmatch(route) is not None and "/.." not in route
