"""The gallery: famous experiments, each run on request, what was published beside what is measured."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ..compute.runner import Runner
from ..experiments.experiment import Experiment, Experiments, Famous
from ..figures.numbers import number
from .requests import client_of, while_connected

Page = Callable[..., Response]


def router(page: Page, experiments: Experiments, runner: Runner) -> APIRouter:
    """`/gallery`, and what its page asks for of each experiment when it comes into sight."""
    gallery = APIRouter(include_in_schema=False)
    shown = {famous.name: (experiment, famous) for experiment in experiments.values() for famous in experiment.gallery}

    @gallery.get("/gallery")
    async def show(request: Request) -> Response:
        entries = [(famous, experiment.spec.from_query(famous.query)) for experiment, famous in shown.values()]
        return page(request, "gallery.html", entries=entries)

    @gallery.get("/api/gallery/{name}")
    async def measured(request: Request, name: str) -> Response:
        if name not in shown:
            raise HTTPException(404)
        experiment, famous = shown[name]
        spec, told = experiment.spec.from_query(famous.query), partial(_told, experiment, famous)
        content = await while_connected(request, runner.derived(spec, f"/gallery/{name}", told, client_of(request)))
        return Response(content, 200, {"Cache-Control": "no-cache"}, "application/json")

    return gallery


def _told(experiment: Experiment[Any, Any], famous: Famous, result: Any) -> bytes:
    """The finding that tells it, and each published number as it was measured, in words."""
    findings = [each for each in experiment.findings(result) if each.about == famous.about]
    telling = next((each for each in findings if famous.init in ("", each.init)), None)
    rows = [(each.measured(result), each) for each in famous.published]
    document = {
        "sentence": telling.sentence if telling else "",
        "measured": [{"number": number(value, 3), "agrees": each.agrees(value)} for value, each in rows],
    }
    return json.dumps(document, ensure_ascii=False).encode()
