"""The JSON API: every experiment as a Result, as figures, as a table and as a stream of events."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from math import ceil
from typing import Any

from fastapi import FastAPI, Request
from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.responses import Response

from ..compute.flight import Update
from ..compute.key import spec_key
from ..compute.runner import Runner
from ..experiments.catalog import catalog_of
from ..experiments.experiment import Experiments
from ..fields import SpecError
from ..settings import Settings
from ..spec import Spec
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
from .encoding import accepts_gzip, compressed, gzipped
from .prefix import prefix_of
from .problems import problem
from .renderings import AnyExperiment, Rendering, renderings
from .requests import client_of, query_string, spec_of, view_of, while_connected

logger = logging.getLogger("initscope")
DOCUMENT = "A page of its own, which needs neither this server nor any other."
STREAM = "Server-sent events: page, progress, figures, findings, explanation, then result; or problem."
WORTH_A_WORD = 2.0  # seconds left
LOOK = (
    "Server-sent events of what a page shows of it: page, progress, figures, answer, findings, then done; or problem."
)
WORTH_PARTS = 0.5  # seconds a run is expected to take, from which it is drawn before its end: drawing takes cores too
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
            ("stream", _stream(runner, experiment, explain), STREAM),
            ("look", _look(runner, experiment, explain), LOOK),
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
        spec, gzip = await spec_of(request, experiment.spec), accepts_gzip(request) and not rendering.packed
        key = f"{spec_key(spec)}{rendering.suffix}{'/gzip' if gzip else ''}"
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


def _stream(runner: Runner, experiment: AnyExperiment, explain: Explain) -> Callable[[Request], Awaitable[Response]]:
    """Everything there is to say of a Result, and the Result."""

    async def endpoint(request: Request) -> Response:
        spec, client = await spec_of(request, experiment.spec), client_of(request)
        after: list[Derived] = [
            ("figures", "/figures", experiment.figures_json),
            ("findings", "/findings", experiment.findings_json),
            ("explanation", "/explanation", partial(explain, experiment)),
        ]
        runner.admit_to_line(spec, client)
        said = _events(request, runner, experiment, spec, client, after)
        return _event_stream(request, said)

    return endpoint


def _look(runner: Runner, experiment: AnyExperiment, explain: Explain) -> Callable[[Request], Awaitable[Response]]:
    """What a page shows of a Result under a view: the charts in sight alone, and no Result."""

    async def endpoint(request: Request) -> Response:
        spec, view, client = await spec_of(request, experiment.spec), view_of(request), client_of(request)
        shown = experiment.in_sight(view)
        draw = partial(experiment.figures_json, view=view, names=shown)
        after: list[Derived] = [
            ("figures", f"/figures/{','.join(sorted(view.axes))}/{','.join(shown)}", draw),
            ("answer", "/answer", experiment.answer_json),
            ("findings", "/findings", experiment.findings_json),
        ]
        if view.unfolds("why"):
            after.append(("explanation", "/explanation", partial(explain, experiment)))
        runner.admit_to_line(spec, client)
        return _event_stream(request, _events(request, runner, experiment, spec, client, after, whole=False))

    return endpoint


Derived = tuple[str, str, Callable[[Any], bytes]]


async def _events(
    request: Request,
    runner: Runner,
    experiment: AnyExperiment,
    spec: Spec,
    client: str,
    after: list[Derived],
    whole: bool = True,
) -> AsyncIterator[bytes]:
    """The page, progress with figures of what there is so far, then what comes `after` the Result, first the figures.

    At the end the Result where it is wanted `whole`, else its addresses.
    """
    draw = after[0][2]
    try:
        yield _event("page", json.dumps(experiment.page(spec)))
        async for ahead in runner.turn(spec, client):
            yield _event("waiting", json.dumps({"ahead": ahead, "said": _in_line(ahead)}))
        async with runner.join(spec, client) as flight:
            shown = None
            async for update in flight.updates():
                if flight.outcome.done():
                    break
                if update.waits_for:
                    yield _event("waiting", json.dumps({"ahead": 0, "said": update.waits_for}))
                    continue
                yield _event("progress", json.dumps(_progress(update)))
                worth_it = flight.seconds >= WORTH_PARTS and update.partial is not None
                if worth_it and update.partial is not shown:
                    shown = update.partial
                    yield _event("figures", await asyncio.to_thread(draw, shown))
            result = await asyncio.shield(flight.outcome)
        for kind, name, function in after:
            yield _event(kind, await runner.derived(spec, name, function, client, result))
        yield (
            _event("result", result)
            if whole
            else _event("done", json.dumps({"links": spec.links, "experiment": spec.model_dump()}))
        )
    except Exception as error:
        if problem(error).status == 500:
            logger.exception("A run failed.")
        yield _event("problem", json.dumps(problem(error).body(prefix_of(request))))


def _progress(update: Update) -> dict[str, Any]:
    """How far a run is, and in words how long it still takes, where that is worth a word."""
    said, left = {"done": update.done, "total": update.total}, update.seconds_left
    if left is None or left < WORTH_A_WORD:
        return said
    step = 1 if left < 15 else 5 if left < 60 else 15
    return said | {"said": f"About {ceil(left / step) * step} s left."}


def _in_line(ahead: int) -> str:
    before = f"{ahead} {'is' if ahead == 1 else 'are'} ahead of you" if ahead else "you are next"
    return f"In line: many ask from your network, and {before}."


def _event_stream(request: Request, said: AsyncIterator[bytes]) -> Response:
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if accepts_gzip(request):
        return EventSourceResponse(gzipped(said), headers=headers | {"Content-Encoding": "gzip"})
    return EventSourceResponse(said, headers=headers)


def _event(kind: str, data: str | bytes) -> bytes:
    return format_sse_event(event=kind, data_str=data if isinstance(data, str) else data.decode())
