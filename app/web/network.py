"""`/network`: a recording of somebody's network, seen; kept only where the operator has given a file for it."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ..compute.flight import Busy
from ..fields import SpecError, json_values
from ..network.charts import CHARTS, figures
from ..network.charts.lines import COLORS
from ..network.diagnosis import diagnose
from ..network.document import summary
from ..network.example import example
from ..network.layers import names, readings, table
from ..network.recording import Recording, read
from ..network.store import Store, StoreFull
from .encoding import accepts_gzip, compressed
from .requests import json_body

Page = Callable[..., Response]

LARGEST = 8 * 2**20  # bytes of a recording
SECONDS = 60  # in which it has to come
AT_ONCE = 4  # recordings being read
NOT_KEPT = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
NO_STORE = "This server keeps no recordings: its operator has to start it with --store."


def router(page: Page, store: Store | None) -> APIRouter:
    """The page, and what it asks for."""
    network = APIRouter(include_in_schema=False)
    reading: set[asyncio.Task[Any] | None] = set()

    async def body_of(request: Request) -> bytes:
        """The whole body, of as many at once as there is memory for. Raises Busy."""
        if len(reading) >= AT_ONCE:
            raise Busy(2)
        reading.add(task := asyncio.current_task())
        try:
            return await json_body(request, LARGEST, SECONDS)
        finally:
            reading.discard(task)

    async def answered(request: Request, make: Callable[[Recording], Any]) -> Response:
        body, gzip = await body_of(request), accepts_gzip(request)

        def made() -> bytes:
            content = _json(make(read(body)))
            return compressed(content) if gzip else content

        headers = NOT_KEPT | ({"Content-Encoding": "gzip"} if gzip else {})
        return Response(await asyncio.to_thread(made), 200, headers, "application/json")

    @network.get("/network")
    async def show(request: Request) -> Response:
        return page(request, "network.html", charts=CHARTS, row_colors=COLORS, keeps=store is not None, largest=LARGEST)

    @network.post("/api/network/figures")
    async def draw(request: Request) -> Response:
        return await answered(request, figures)

    @network.post("/api/network/findings")
    async def find(request: Request) -> Response:
        return await answered(request, _findings)

    @network.post("/api/network/look")
    async def look(request: Request) -> Response:
        return await answered(request, _look)

    @network.get("/api/network/example")
    async def shown() -> Response:
        content = await asyncio.to_thread(lambda: example().model_dump_json())
        return Response(content, 200, {"Cache-Control": "no-cache"}, "application/json")

    @network.get("/api/network/schema")
    async def schema() -> Response:
        return Response(_json(Recording.model_json_schema()), media_type="application/json")

    @network.post("/api/network/kept")
    async def keep(request: Request) -> Response:
        held = _asked(store)
        body = await body_of(request)
        try:
            kept = await asyncio.to_thread(lambda: held.keep(read(body).model_dump_json().encode()))
        except StoreFull:
            raise HTTPException(507, "There is no room for another recording just now.") from None
        said = {
            "key": kept.key,
            "links": {"page": f"/network?recording={kept.key}", "api": f"/api/network/kept/{kept.key}"},
            "secret": kept.secret,
            "expires": datetime.fromtimestamp(kept.expires, UTC).isoformat(timespec="seconds"),
        }
        return Response(_json(said), 201, NOT_KEPT, "application/json")

    @network.get("/api/network/kept/{key}")
    async def fetch(key: str) -> Response:
        content = await asyncio.to_thread(_asked(store).get, key)
        if content is None:
            raise HTTPException(404, "No such recording is kept here, or no longer.")
        return Response(content, 200, NOT_KEPT, "application/json")

    @network.post("/api/network/kept/{key}/remove")
    async def remove(request: Request, key: str) -> Response:
        held = _asked(store)
        secret = json_values(await json_body(request)).get("secret")
        if not isinstance(secret, str):
            raise SpecError([("secret", "must be the text that came when the recording was kept")])
        if not await asyncio.to_thread(held.remove, key, secret):
            raise HTTPException(403, "This is not the secret of a recording kept here under this key.")
        return Response(status_code=204, headers=NOT_KEPT)

    return network


def _asked(store: Store | None) -> Store:
    if store is None:
        raise HTTPException(404, NO_STORE)
    return store


def _findings(recording: Recording) -> list[dict[str, Any]]:
    return [item.model_dump() for item in diagnose(recording)]


def _look(recording: Recording) -> dict[str, Any]:
    """Everything that the page shows of it; `layers` is a fragment of HTML, whatever was in it escaped."""
    return {
        "heading": f"{recording.model}, recorded",
        "summary": summary(recording),
        "findings": _findings(recording),
        "figures": figures(recording),
        "layers": table(recording),
        "readings": {**readings(recording)._asdict(), "of": "tensor", "names": names(recording)},
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
