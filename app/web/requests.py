"""A spec out of a request, and the request's patience."""

import asyncio
from collections.abc import Coroutine
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any, TypeVar

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from ..compute.key import spec_key
from ..fields import SpecError
from ..spec import Spec
from ..view import View, split

T = TypeVar("T")

LARGEST_BODY = 64 * 1024
BODY_SECONDS = 10


async def spec_of(request: Request, model: type[Spec]) -> Spec:
    """The spec a query (GET) or a JSON body (POST) gives; a view in it is left aside.

    Raises SpecError or HTTPException 415.
    """
    return (await spec_and_key_of(request, model))[0]


async def spec_and_key_of(request: Request, model: type[Spec]) -> tuple[Spec, str]:
    """The same, and the key its Result is kept under: both are remembered where the same query comes again."""
    if request.method != "POST":
        return _from_query(model, query_string(request))
    spec = model.from_json(await json_body(request))
    return spec, spec_key(spec)


@lru_cache(maxsize=256)
def _from_query(model: type[Spec], query: str) -> tuple[Spec, str]:
    spec = model.from_query(split(query)[0])
    return spec, spec_key(spec)


def view_of(request: Request) -> View:
    """How the Result is looked at, as the query says. Raises SpecError."""
    return View.from_query(split(query_string(request))[1])


async def json_body(request: Request, largest: int = LARGEST_BODY, seconds: float = BODY_SECONDS) -> bytes:
    """The whole body of a POST, as it came. Raises SpecError or HTTPException 408, 413, 415."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" or "content-encoding" in request.headers:
        raise HTTPException(415, "Send the fields as a plain application/json body.")
    if request.scope["query_string"]:
        raise SpecError([("query", "a POST takes its fields from the body alone")])
    return await _body(request, largest, seconds)


async def _body(request: Request, largest: int, seconds: float) -> bytes:
    """Refused as soon as it is known to be too large, or has not come."""
    too_large = HTTPException(413, f"A body may have {largest:,} bytes.")
    if int(request.headers.get("content-length", 0)) > largest:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > largest:
                    raise too_large
    except TimeoutError:
        raise HTTPException(408, f"A body has {seconds:g} seconds to come.", {"Connection": "close"}) from None
    except ClientDisconnect:
        raise ClientGone from None
    return bytes(body)


def client_of(request: Request) -> str:
    """Who asks: an IPv4 address, or the /64 network that one client of IPv6 has to itself."""
    return _network(request.client.host if request.client else "")


@lru_cache(maxsize=1024)
def _network(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return ""
    return str(address) if address.version == 4 else str(ip_network((address, 64), strict=False))


def query_string(request: Request) -> str:
    try:
        query: bytes = request.scope["query_string"]
        return query.decode()
    except UnicodeDecodeError:
        raise SpecError([("query", "must be URL-encoded UTF-8")]) from None


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The outcome of some work, which is cancelled when the client goes away. Raises ClientGone then."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientGone
        return task.result()
    finally:
        task.cancel()
        gone.cancel()


class ClientGone(HTTPException):
    """Nobody is there to read an answer."""

    def __init__(self) -> None:
        super().__init__(400, "The client has gone.")


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
