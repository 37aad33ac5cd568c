"""Clients that send half of what they should, or nothing, keep nobody else from an answer."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.conftest import Served, serving

IDLE = 500
HALVES = {
    "nothing": b"",
    "half a request line": b"GET /api/mat",
    "half a header": b"GET /api/matmul HTTP/1.1\r\nHost: he",
    "half a body": b"POST /api/matmul HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
    b"Content-Length: 100\r\n\r\n{",
}


@pytest.fixture
def served() -> Iterator[Served]:
    with serving("--port", "0", processes=None) as running:
        yield running


@pytest.mark.parametrize("half", HALVES.values(), ids=list(HALVES))
def test_five_hundred_slow_clients_stop_nobody(served: Served, half: bytes) -> None:
    url = httpx.URL(served.url)
    with ExitStack() as open_sockets:
        for _ in range(IDLE):
            slow = open_sockets.enter_context(socket.create_connection((url.host, url.port)))
            slow.sendall(half)
        with httpx.Client(base_url=served.url, timeout=30) as client:
            assert client.get("/api/matmul").status_code == 200
            assert client.get("/livez").status_code == 200
