"""Errors as application/problem+json (RFC 9457): what is wrong, where, and what to do."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..compute.cluster import Away
from ..compute.cost import TooExpensive
from ..compute.flight import Busy, DeadlineExceeded, TooMany
from ..fields import SpecError
from .prefix import prefix_of, route_path

logger = logging.getLogger("initscope")
AWAY_SECONDS = 5  # after which to ask again for what computes on a cluster that is away


@dataclass(frozen=True)
class Problem:
    """A problem and the status it is answered with; `extra` are members of its own."""

    kind: str
    title: str
    status: int
    detail: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, prefix: str = "") -> dict[str, Any]:
        """As JSON has it, its `type` below the application's prefix."""
        said = {"title": self.title, "status": self.status, "detail": self.detail}
        return {"type": f"{prefix}/docs#{self.kind}", **said, **self.extra}

    def response(self, prefix: str = "") -> Response:
        content = json.dumps(self.body(prefix), allow_nan=False).encode()
        return Response(content, self.status, dict(self.headers), "application/problem+json")


def problem(error: Exception) -> Problem:
    """What an exception is to whoever asked. Anything unforeseen is a 500 that says nothing of the inside."""
    match error:
        case TooExpensive():
            extra = {"cost": error.cost, "limit": error.limit, "fits": error.fits, "errors": _listed(error)}
            return Problem("too-expensive", "Too expensive", 422, _price(error), extra)
        case SpecError():
            detail = "Some fields have to change: each is named with what it takes."
            return Problem("invalid-input", "Invalid input", 422, detail, {"errors": _listed(error)})
        case Busy():
            detail = "Every place is taken. Try again in a few seconds."
            return Problem("busy", "Busy", 503, detail, headers={"Retry-After": str(error.retry_after)})
        case TooMany():
            detail = f"One client may have {error.allowed} experiments in flight. Wait for one of yours, or cancel it."
            return Problem("too-many", "Too many at once", 429, detail, headers={"Retry-After": "1"})
        case Away():
            detail = f"What computes this is away: {error}. It is looked for again every second; single runs go on."
            return Problem("away", "Cluster away", 503, detail, headers={"Retry-After": str(AWAY_SECONDS)})
        case DeadlineExceeded():
            return Problem("deadline", "Deadline exceeded", 504, "The experiment took longer than it may.")
        case HTTPException():
            phrase = HTTPStatus(error.status_code).phrase
            headers = dict(error.headers or {})
            return Problem("http", phrase, error.status_code, error.detail or phrase, headers=headers)
        case _:
            return Problem("internal", "Internal error", 500, "Something went wrong here, not with the request.")


def install(app: FastAPI, page: Callable[[Request, Problem], Response]) -> None:
    """Answer every error of the app with a problem, and a browser that wanted a page with one that says the same."""

    async def answer(request: Request, error: Exception) -> Response:
        said = problem(error)
        if said.kind == "http" and _wants_a_page(request):
            return page(request, said)
        return said.response(prefix_of(request))

    for kind in (SpecError, Away, Busy, TooMany, DeadlineExceeded, HTTPException):
        app.add_exception_handler(kind, answer)
    app.add_middleware(Faults)


class Faults:
    """Answers what nobody foresaw, and keeps the connection: the framework's own 500 raises again, and loses it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            logger.exception("A request failed.")
            await problem(error).response(scope.get("root_path", ""))(scope, receive, send)


def _wants_a_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not route_path(request.scope).startswith("/api/")


def _listed(error: SpecError) -> list[dict[str, str]]:
    return [{"field": name, "message": message} for name, message in error.errors]


def _price(error: TooExpensive) -> str:
    cost, limit = error.cost, error.limit
    over = [
        f"{cost[name]:,} {unit} of {limit[name]:,}"
        for name, unit in (
            ("seconds", "seconds of computing"),
            ("memory_bytes", "bytes of memory"),
            ("result_bytes", "bytes of result"),
        )
        if cost[name] > limit[name]
    ]
    return f"This experiment would take {' and '.join(over)} allowed."
