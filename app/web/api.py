"""The JSON API: every experiment as a Result, as figures, as a table and as a stream of events."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from fastapi import FastAPI, Request
from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.responses import Response

from app.compute.runner import Runner, spec_key
from app.experiments import EXPERIMENTS, Experiment
from app.fields import SpecError, shape
from app.figures import figures_json
from app.lab.activations import ACTIVATIONS
from app.lab.draws import DISTRIBUTIONS
from app.lab.initializers import INITIALIZERS
from app.lab.predictions import nonlinearity
from app.results import Record
from app.settings import Settings
from app.specs import Spec
from app.theory.gains import gains
from app.theory.meanfield import moments
from app.web.description import (
    BEFORE_RUNNING,
    BY_BODY,
    CATALOG,
    EVENT,
    FIGURES,
    NOT_MODIFIED,
    TABLE,
    Responses,
    body,
    parameters,
    responses,
)
from app.web.encoding import accepts_gzip, compressed, gzipped
from app.web.problems import problem
from app.web.requests import client_of, query_string, spec_of, while_connected
from app.web.tables import csv_table

Explain = Callable[[str, Record], bytes]
Answer = Callable[[Spec, str], Coroutine[Any, Any, bytes]]
logger = logging.getLogger("initscope")
REVALIDATE = "no-cache"  # kept by browsers, asked for again, answered 304 while nothing has changed


def install(app: FastAPI, runner: Runner, settings: Settings, explain: Explain) -> None:
    """The API of every registered experiment, and the catalog. `explain` writes a Result's account in words."""
    for name, experiment in EXPERIMENTS.items():
        for suffix, media_type, schema, answer, said in (
            ("", "application/json", experiment.result, runner.result, "The Result as JSON."),
            ("/figures", "application/json", FIGURES, _figures(runner, name), "{chart name: Plotly figure}."),
            (".csv", "text/csv; charset=utf-8", TABLE, _table(runner), "A tidy table: init, layer, quantity, value."),
        ):
            endpoint = _endpoint(runner, experiment, suffix, media_type, answer)
            _add(app, f"/api/{name}{suffix}", endpoint, experiment, said, responses(media_type, schema) | NOT_MODIFIED)
        stream = _stream(runner, experiment, name, explain)
        said = "Server-sent events: progress, figures, explanation, then result; or problem."
        _add(
            app, f"/api/{name}/stream", stream, experiment, said, responses("text/event-stream", EVENT, BEFORE_RUNNING)
        )

    @app.get(
        "/api/catalog",
        summary="Registries, fields and limits.",
        response_class=Response,
        responses=responses("application/json", CATALOG, [422]),
    )
    async def catalog(request: Request) -> Response:
        if query_string(request):
            raise SpecError([("query", "the catalog takes no fields")])
        listed = await asyncio.to_thread(_catalog, settings)  # seconds, the first time on a busy machine
        content = json.dumps(listed, ensure_ascii=False)
        return Response(content, 200, {"Cache-Control": REVALIDATE}, "application/json")


def _add(app: FastAPI, path: str, endpoint: Any, experiment: Experiment, summary: str, answers: Responses) -> None:
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
    runner: Runner, experiment: Experiment, suffix: str, media_type: str, answer: Answer
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        spec, gzip = await spec_of(request, experiment.spec), accepts_gzip(request)
        key = f"{spec_key(spec)}{suffix}{'/gzip' if gzip else ''}"
        headers = {"ETag": f'"{key}"', "Cache-Control": REVALIDATE, "Vary": "Accept-Encoding"}
        if request.method == "GET" and headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        began = asyncio.get_running_loop().time()
        if (content := runner.cached(key)) is None:
            client = client_of(request)
            content = await while_connected(request, squeezed(key, spec, client) if gzip else answer(spec, client))
        took = (asyncio.get_running_loop().time() - began) * 1000
        headers |= {"Server-Timing": f"experiment;dur={took:.1f}"} | ({"Content-Encoding": "gzip"} if gzip else {})
        return Response(content, 200, headers, media_type)

    async def squeezed(key: str, spec: Spec, client: str) -> bytes:
        content = await asyncio.to_thread(compressed, await answer(spec, client))
        runner.cache.put(key, content)
        return content

    return endpoint


def _figures(runner: Runner, name: str) -> Answer:
    return lambda spec, client: runner.derived(spec, "/figures", partial(figures_json, name), client)


def _table(runner: Runner) -> Answer:
    return lambda spec, client: runner.derived(spec, ".csv", csv_table, client)


def _stream(
    runner: Runner, experiment: Experiment, name: str, explain: Explain
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        spec, client = await spec_of(request, experiment.spec), client_of(request)
        runner.admit(spec, client)
        said, headers = events(spec, client), {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
        if accepts_gzip(request):
            return EventSourceResponse(gzipped(said), headers=headers | {"Content-Encoding": "gzip"})
        return EventSourceResponse(said, headers=headers)

    async def events(spec: Spec, client: str) -> AsyncIterator[bytes]:
        try:
            async with runner.join(spec, client) as flight:
                shown = None
                async for update in flight.updates():
                    if flight.outcome.done():
                        break
                    yield _event("progress", json.dumps({"done": update.done, "total": update.total}))
                    if update.partial is not None and update.partial is not shown:
                        shown = update.partial
                        yield _event("figures", await asyncio.to_thread(figures_json, name, shown))
                result = await asyncio.shield(flight.outcome)
            for kind, derive in (("figures", figures_json), ("explanation", explain)):
                function = partial(derive, name)
                yield _event(kind, await runner.derived(spec, f"/{kind}", function, client, result))
            yield _event("result", result)
        except Exception as error:
            if problem(error).status == 500:
                logger.exception("A run failed.")
            yield _event("problem", json.dumps(problem(error).body))

    return endpoint


def _event(kind: str, data: str | bytes) -> bytes:
    return format_sse_event(event=kind, data_str=data if isinstance(data, str) else data.decode())


def _catalog(settings: Settings) -> dict[str, Any]:
    return {
        "activations": [
            {
                "name": entry.name,
                "label": entry.label,
                "bounds": entry.bounds,
                "homogeneous": entry.homogeneous,
                "gains": {"torch": entry.gain, **gains(nonlinearity(entry.name))._asdict()},
                "moments": _unit_moments(entry.name),
            }
            for entry in ACTIVATIONS.values()
        ],
        "inits": [
            {"name": entry.name, "label": entry.label, "formula": entry.formula} for entry in INITIALIZERS.values()
        ],
        "distributions": [
            {"name": entry.name, "label": entry.label, **entry.moments._asdict()} for entry in DISTRIBUTIONS.values()
        ],
        "fields": {name: _fields(experiment.spec) for name, experiment in EXPERIMENTS.items()},
        "limits": {
            "seconds": settings.max_seconds,
            "memory_bytes": settings.max_memory_bytes,
            "result_bytes": settings.max_result_bytes,
            "deadline_seconds": settings.deadline_seconds,
        },
    }


def _unit_moments(activation: str) -> dict[str, float]:
    """Of φ(z) and φ'(z), z standard normal."""
    at = moments(nonlinearity(activation), 1.0)
    return {"mean": at.mean, "mean_square": at.square, "slope_mean_square": at.slope_square}


def _fields(model: type[Spec]) -> dict[str, Any]:
    described = {}
    for name, field in model.model_fields.items():
        accepts = shape(field)
        described[name] = {
            "default": field.default,
            "min": accepts.minimum,
            "max": accepts.maximum,
            "choices": list(accepts.choices) if accepts.choices else None,
            "list": accepts.many,
            "label": field.title,
            "help": field.description,
        }
    return described
