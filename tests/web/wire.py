"""Requests byte by byte, as no client library would send them."""

import socket
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPResponse
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

PATIENCE = 30  # seconds an answer may take


class Sent(NamedTuple):
    """One request. Text is sent as Latin-1, so that every byte can be said."""

    path: str = "/api/matmul"
    method: str = "GET"
    headers: Mapping[str, str] = MappingProxyType({})
    content: bytes = b""

    @property
    def wire(self) -> bytes:
        headers = {"Host": "initscope", "Connection": "close", **self.headers}
        if self.content and "Transfer-Encoding" not in headers:
            headers.setdefault("Content-Length", str(len(self.content)))
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.content


def chunked(*chunks: bytes) -> bytes:
    """A body of unknown length."""
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


def exchange(url: str, request: bytes) -> httpx.Response:
    """What a server answers to these bytes."""
    server = urlsplit(url)
    with socket.create_connection((server.hostname or "", server.port or 80), PATIENCE) as connection:
        with suppress(ConnectionError):  # it may answer and hang up before it has read everything
            connection.sendall(request)
        answer = HTTPResponse(connection, method=request.partition(b" ")[0].decode("latin-1"))
        answer.begin()
        content = bytearray()
        with suppress(ConnectionError):
            while piece := answer.read1():
                content += piece
        return httpx.Response(answer.status, headers=answer.getheaders(), content=bytes(content))
