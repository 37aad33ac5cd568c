"""For operators: whether it lives, whether it is ready, and what it has done."""

import asyncio

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import PlainTextResponse, Response

from ..compute.metrics import Metrics
from ..compute.runner import Runner
from ..settings import Settings

NOT_KEPT = {"Cache-Control": "no-store"}
LOOK_SECONDS = 0.1  # between two looks at how late the loop is


def router(runner: Runner, settings: Settings) -> APIRouter:
    """/livez, /readyz, and /metrics where the settings allow it."""
    operators = APIRouter(include_in_schema=False)

    @operators.get("/livez")
    async def live() -> Response:
        return PlainTextResponse("ok\n", headers=NOT_KEPT)

    @operators.get("/readyz")
    async def ready() -> Response:
        if runner.cluster and not runner.cluster.up:
            return PlainTextResponse("scheduler away\n", 503, headers=NOT_KEPT)
        if await runner.ready():
            return PlainTextResponse("ok\n", headers=NOT_KEPT)
        return PlainTextResponse("going\n" if runner.admission.draining else "compiling\n", 503, headers=NOT_KEPT)

    if settings.metrics:

        @operators.get("/metrics")
        async def metrics() -> Response:
            return Response(runner.metrics.text(), headers=NOT_KEPT, media_type=CONTENT_TYPE_LATEST)

    return operators


async def watch_lag(metrics: Metrics) -> None:
    """Observes how much later than asked the event loop wakes this up."""
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        await asyncio.sleep(LOOK_SECONDS)
        metrics.lag.observe(max(0.0, loop.time() - began - LOOK_SECONDS))
