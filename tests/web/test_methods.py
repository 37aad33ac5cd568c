"""HEAD is what GET is, without the body; whatever else an address does not take is refused with what it does."""

import socket
from urllib.parse import urlsplit

import httpx
import pytest

from tests.compute.tools import every_experiment
from tests.web.tools import PAGES, SUFFIXES, a_small, address
from tests.web.wire import PATIENCE, Sent, exchange

ADDRESSES = [
    *PAGES,
    "/livez",
    "/openapi.json",
    "/api/catalog",
    *(address(a_small("matmul"), suffix) for suffix in SUFFIXES),
    "/matmul?fan_in=x",
    "/api/matmul?fan_in=x",
    "/nowhere",
]
OF_THE_MOMENT = {"date", "x-request-id", "server-timing"}


def lasting(answer: httpx.Response) -> dict[str, str]:
    """The headers that say something of the address. The length of a stream is httpx's own word."""
    passing = OF_THE_MOMENT | ({"content-length"} if "transfer-encoding" in answer.headers else set())
    return {name: value for name, value in answer.headers.items() if name not in passing}


@pytest.mark.parametrize("path", ADDRESSES)
def test_head_is_get_without_the_body(server: str, path: str) -> None:
    got = exchange(server, Sent(path).wire)
    asked = exchange(server, Sent(path, "HEAD").wire)
    assert asked.status_code == got.status_code
    assert lasting(asked) == lasting(got)


@pytest.mark.parametrize("path", ADDRESSES)
def test_not_a_byte_follows_the_head(server: str, path: str) -> None:
    url = urlsplit(server)
    with socket.create_connection((url.hostname or "", url.port or 80), PATIENCE) as connection:
        connection.sendall(Sent(path, "HEAD").wire)
        answer = b"".join(iter(lambda: connection.recv(2**16), b""))
    assert answer.partition(b"\r\n\r\n")[2] == b""


@every_experiment
def test_head_is_not_modified_as_get_is_not(client: httpx.Client, name: str) -> None:
    tag = client.head(address(a_small(name))).headers["etag"]
    assert client.head(address(a_small(name)), headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/api/matmul", "/api/stack/stream", "/api/catalog", "/matmul", "/livez"])
def test_other_methods_are_refused_with_those_there_are(server: str, method: str, path: str) -> None:
    answer = exchange(server, Sent(path, method).wire)
    assert answer.status_code == 405
    allowed = {each.strip() for each in answer.headers["allow"].split(",")} - {"HEAD"}
    assert allowed == ({"GET", "POST"} if path.count("/") > 1 and "catalog" not in path else {"GET"})
