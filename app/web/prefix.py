"""Where the application stands below its host, so that it can live behind any proxy, under any prefix."""

from typing import Any, cast

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from ..settings import PREFIX


class Prefix:
    """Tells the application its prefix (ASGI's root_path), whether or not a proxy leaves that in the path."""

    def __init__(self, app: ASGIApp, root_path: str = "") -> None:
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        root = scope.get("root_path") or self._root_path
        if root and scope["type"] == "http":
            path = scope["path"]
            if not f"{path}/".startswith(f"{root}/"):
                path = root + path
            scope = {**scope, "root_path": root, "path": f"{root}/" if path == root else path}
        await self._app(scope, receive, send)


class ForwardedPrefix(ProxyHeadersMiddleware):
    """Believes what these proxies forward: the client's address and scheme, and X-Forwarded-Prefix too."""

    def __init__(self, app: ASGIApp, proxies: str) -> None:
        super().__init__(cast(Any, app), proxies)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["client"] and scope["client"][0] in self.trusted_hosts:
            said = next((value for name, value in scope["headers"] if name == b"x-forwarded-prefix"), b"")
            prefix = said.decode("latin-1").strip().rstrip("/")
            if PREFIX.fullmatch(prefix):
                scope["root_path"] = prefix
        await super().__call__(scope, receive, send)


def prefix_of(request: Request) -> str:
    """What stands before every address here; empty if nothing does."""
    prefix: str = request.scope.get("root_path", "")
    return prefix


def root_of(request: Request) -> str:
    """The way from the page at this request's address to the application's root: `.`, `..`, `../..`, …

    A page's links begin with it, so that they are right under any prefix, known here or not.
    """
    return "/".join([".."] * (route_path(request.scope).count("/") - 1)) or "."


def route_path(scope: Scope) -> str:
    """What is asked for, below the prefix."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def base_of(request: Request) -> str:
    """The application's absolute address, without a slash at its end, for whoever reads a page elsewhere."""
    return str(request.base_url).rstrip("/")
