"""The JSON API: every experiment as a Result, as figures, as a table and, by `streams`, as events."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

from ..compute.runner import Runner
from ..experiments.catalog import catalog_of
from ..experiments.experiment import Experiments
from ..fields import SpecError
from ..settings import Settings
from ..spec import Spec
from . import streams
from .description import (
    BEFORE_RUNNING,
    BY_BODY,
    CATALOG,
    EVENT,
    NOT_MODIFIED,
    TEXT,
    Responses,
    body,
    parameters,
    responses,
)
from .document import Explain, Write, document
from .encoding import accepts_gzip, compressed
from .renderings import AnyExperiment, Rendering, renderings
from .requests import client_of, query_string, spec_and_key_of, while_connected

DOCUMENT = "A page of its own, which needs neither this server nor any other."
STREAM = "Server-sent events: page, progress, figures, findings, explanation, then result; or problem."
LOOK = (
    "Server-sent events of what a page shows of it: page, progress, figures, answer, findings, then done; or problem."
)
REVALIDATE = "no-cache"  # kept by browsers, asked for again, answered 304 while nothing has changed


def install(
    app: FastAPI, experiments: Experiments, runner: Runner, settings: Settings, explain: Explain, write: Write
) -> None:
    """The API of every experiment, and the catalog.

    `explain` writes a Result's account in words, `write` a whole document of it.
    """
    for name, experiment in experiments.items():
        for rendering in renderings(experiment):
            endpoint, answers = _endpoint(runner, experiment, rendering), responses(*rendering[1:3])
            _add(app, f"/api/{name}{rendering.suffix}", endpoint, experiment, rendering.said, answers | NOT_MODIFIED)
        whole = document(runner, experiment, write)
        _add(app, f"/api/{name}.html", whole, experiment, DOCUMENT, responses("text/html", TEXT))
        for suffix, stream, said in (
            ("stream", streams.stream(runner, experiment, explain), STREAM),
            ("look", streams.look(runner, experiment, explain), LOOK),
        ):
            answers = responses("text/event-stream", EVENT, BEFORE_RUNNING)
            _add(app, f"/api/{name}/{suffix}", stream, experiment, said, answers)

    limits = {
        "seconds": settings.max_seconds,
        "memory_bytes": settings.max_memory_bytes,
        "result_bytes": settings.max_result_bytes,
        "deadline_seconds": settings.deadline_seconds,
    }

    @app.get(
        "/api/catalog",
        summary="Registries, fields and limits.",
        response_class=Response,
        responses=responses("application/json", CATALOG, [422]),
    )
    async def catalog(request: Request) -> Response:
        if query_string(request):
            raise SpecError([("query", "the catalog takes no fields")])
        # Seconds, the first time on a busy machine.
        found = await asyncio.to_thread(catalog_of, experiments)
        content = json.dumps(found | {"limits": limits}, ensure_ascii=False)
        return Response(content, 200, {"Cache-Control": REVALIDATE}, "application/json")


def _add(app: FastAPI, path: str, endpoint: Any, experiment: AnyExperiment, summary: str, answers: Responses) -> None:
    # One route answers all methods, as quickly as Starlette can, and says so in a 405; the other two only document it.
    app.add_route(path, endpoint, ["GET", "POST"], include_in_schema=False)
    for method, takes, never in (
        ("GET", {"parameters": parameters(experiment.spec)}, BY_BODY),
        ("POST", {"requestBody": body(experiment.spec)}, NOT_MODIFIED.keys()),
    ):
        app.add_api_route(
            path,
            endpoint,
            methods=[method],
            summary=summary,
            operation_id=f"{method.lower()} {path.removeprefix('/api/')}",
            openapi_extra=takes,
            response_class=Response,
            responses={status: said for status, said in answers.items() if status not in never},
        )


def _endpoint(
    runner: Runner, experiment: AnyExperiment, rendering: Rendering
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        spec, result_key = await spec_and_key_of(request, experiment.spec)
        gzip = accepts_gzip(request) and not rendering.packed
        key = f"{result_key}{rendering.suffix}{'/gzip' if gzip else ''}"
        headers = {"ETag": f'"{key}"', "Cache-Control": REVALIDATE, "Vary": "Accept-Encoding", **rendering.headers}
        if request.method == "GET" and headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        began = asyncio.get_running_loop().time()
        if (content := runner.cached(key)) is None:
            client = client_of(request)
            content = await while_connected(request, squeezed(key, spec, client) if gzip else answer(spec, client))
        took = (asyncio.get_running_loop().time() - began) * 1000
        headers |= {"Server-Timing": f"experiment;dur={took:.1f}"} | ({"Content-Encoding": "gzip"} if gzip else {})
        return Response(content, 200, headers, rendering.media_type)

    async def answer(spec: Spec, client: str) -> bytes:
        if rendering.of_spec:
            return rendering.of_spec(spec)
        if rendering.of_result:
            return await runner.derived(spec, rendering.suffix, rendering.of_result, client)
        return await runner.result(spec, client)

    async def squeezed(key: str, spec: Spec, client: str) -> bytes:
        content = await asyncio.to_thread(compressed, await answer(spec, client))
        runner.cache.put(key, content)
        return content

    return endpoint
