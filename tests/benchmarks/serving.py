"""The application beside bare pages and a bare route on the same server: python -m tests.benchmarks.serving."""

import re
import socket

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.__main__ import listen
from app.experiments.matmul.run import run_matmul
from app.experiments.matmul.spec import MatmulSpec
from app.main import create_app
from app.settings import Settings
from app.web.assets import Assets

PAGE = b"""<!doctype html><title>bare</title><div class="plot"></div>
<script src="%s"></script><script src="/bare.js"></script>"""
SCRIPT = b"Plotly.newPlot(document.querySelector('.plot'), [{type: 'bar', y: [1, 3, 2]}])"


def beside(app: ASGIApp) -> ASGIApp:
    """The app, and next to it what it is compared with, each on a bare route."""
    *_, last = run_matmul(MatmulSpec())
    result = last.partial().model_dump_json()

    async def bare(_: Request) -> Response:
        return Response(result, media_type="application/json")

    async def page(_: Request) -> Response:
        return Response(PAGE % Assets().url("plotly-cartesian.min.js").encode(), media_type="text/html")

    async def script(_: Request) -> Response:
        return Response(SCRIPT, media_type="text/javascript")

    of_bare = Starlette(routes=[Route("/bare", bare), Route("/bare.html", page), Route("/bare.js", script)])

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope.get("path", "")  # none where the server starts and stops
        await (of_bare if asked.startswith("/bare") else app)(scope, receive, send)

    return either


class Client:
    """One connection that is kept, and as little as possible between a request and its answer."""

    def __init__(self, address: str) -> None:
        url = httpx.URL(address)
        self._socket = socket.create_connection((url.host, url.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, path: str) -> bytes:
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
        head, body = self._more(b"").split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 200 "), (head, body)
        length = re.search(rb"content-length: (\d+)", head)
        assert length
        while len(body) < int(length[1]):
            body = self._more(body)
        return body

    def _more(self, so_far: bytes) -> bytes:
        part = self._socket.recv(2**16)
        assert part, "the server closed the connection"
        return so_far + part


def main() -> None:
    listener = listen(Settings(port=0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    app = beside(create_app(Settings()))
    # A connection waits while the other contender has its turn, which is longer than uvicorn's own 5 s.
    config = uvicorn.Config(app, log_level="error", access_log=False, timeout_keep_alive=600)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
