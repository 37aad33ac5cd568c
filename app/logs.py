"""Logs: one JSON object a line on stderr, with the id of the request it is about. No input can forge a line."""

import json
import logging
import secrets
import time
from contextvars import ContextVar
from datetime import UTC, datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_PATH = 200  # characters of a path in a line

access = logging.getLogger("initscope.access")
_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


class JsonFormatter(logging.Formatter):
    """Everything of a record in one line of ASCII: whatever was sent, it is escaped."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := _request_id.get():
            said["request_id"] = request_id
        said |= getattr(record, "fields", {})
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(said, default=str)


def configure() -> None:
    """Send everything this process logs, warnings too, through one handler."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.captureWarnings(True)
    access.setLevel(logging.INFO)


def new_request_id() -> str:
    """Of our own making: what a client sends is not trusted to name a request."""
    return secrets.token_hex(8)


class RequestLog:
    """Gives every request an id of our own, tells the client in X-Request-Id, and where asked to logs the request.

    A line holds the path and never the query.
    """

    def __init__(self, app: ASGIApp, access_log: bool = False) -> None:
        self._app = app
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_request_id()
        status: int | None = None  # the client may have gone before there was one
        began = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        before = _request_id.set(request_id)
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            if self._access_log:
                fields = {
                    "method": scope["method"],
                    "path": scope["path"][:LONGEST_PATH],
                    "status": status,
                    "milliseconds": round((time.perf_counter() - began) * 1000, 1),
                    "client": (scope.get("client") or (None,))[0],
                }
                access.info("request", extra={"fields": fields})
            _request_id.reset(before)
