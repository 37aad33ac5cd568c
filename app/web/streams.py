"""What is told while an experiment runs: server-sent events, of all there is to say of it or of what a page shows."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from math import ceil, inf
from typing import Any

from fastapi import Request
from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.responses import Response

from ..compute.flight import Update
from ..compute.runner import Runner
from ..spec import Spec
from .document import Explain
from .encoding import accepts_gzip, gzipped
from .prefix import prefix_of
from .problems import problem
from .renderings import AnyExperiment
from .requests import client_of, spec_of, view_of

logger = logging.getLogger("initscope")
WORTH_A_WORD = 2.0  # seconds left
WORTH_PARTS = 0.5  # seconds a run is expected to take, from which it is drawn before its end: drawing takes cores too
PARTS_BYTES = 3 * 2**18  # of all charts while a run goes on, as text: large ones are sent less often

Derived = tuple[str, str, Callable[[Any], bytes]]


def stream(runner: Runner, experiment: AnyExperiment, explain: Explain) -> Callable[[Request], Awaitable[Response]]:
    """Everything there is to say of a Result, and the Result."""

    async def endpoint(request: Request) -> Response:
        spec, client = await spec_of(request, experiment.spec), client_of(request)
        after: list[Derived] = [
            ("figures", "/figures", experiment.figures_json),
            ("findings", "/findings", experiment.findings_json),
            ("explanation", "/explanation", partial(explain, experiment)),
        ]
        runner.admit_to_line(spec, client)
        said = _events(request, runner, experiment, spec, client, after, parts_bytes=PARTS_BYTES)
        return _event_stream(request, said)

    return endpoint


def look(runner: Runner, experiment: AnyExperiment, explain: Explain) -> Callable[[Request], Awaitable[Response]]:
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


async def _events(
    request: Request,
    runner: Runner,
    experiment: AnyExperiment,
    spec: Spec,
    client: str,
    after: list[Derived],
    whole: bool = True,
    parts_bytes: float = inf,
) -> AsyncIterator[bytes]:
    """The page, progress with figures of what there is so far, then what comes `after` the Result, first the figures.

    At the end the Result where it is wanted `whole`, else its addresses. Figures of a further part are sent while as
    much as the last ones took is left of `parts_bytes`, of which a run that is half done may have used half.
    """
    draw = after[0][2]
    try:
        yield _event("page", json.dumps(experiment.page(spec)))
        async for ahead in runner.turn(spec, client):
            yield _event("waiting", json.dumps({"ahead": ahead, "said": _in_line(ahead)}))
        async with runner.join(spec, client) as flight:
            shown, sent, size = None, 0, 0
            async for update in flight.updates():
                if flight.outcome.done():
                    break
                if update.waits_for:
                    yield _event("waiting", json.dumps({"ahead": 0, "said": update.waits_for}))
                else:
                    yield _event("progress", json.dumps(_progress(update)))
                worth_it = flight.seconds >= WORTH_PARTS or update.waits_for
                fits = sent + size <= parts_bytes * max(1, update.done) / update.total
                if worth_it and fits and update.partial is not None and update.partial is not shown:
                    shown = update.partial
                    figures = await asyncio.to_thread(draw, shown)
                    size = len(figures)
                    sent += size
                    yield _event("figures", figures)
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
