"""A Result as one document that holds all it needs, to be kept and opened without this server or any other."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request
from jinja2 import Environment
from markupsafe import Markup
from starlette.responses import Response

from ..compute.runner import Runner
from .assets import Assets
from .encoding import accepts_gzip, compressed
from .prefix import base_of
from .renderings import AnyExperiment
from .requests import client_of, spec_of, while_connected

Explain = Callable[[AnyExperiment, Any], bytes]
Write = Callable[[AnyExperiment, Any, Any, str], bytes]


def writer(environment: Environment, assets: Assets, explain: Explain) -> Write:
    """Writes a Result as one document that holds all it needs."""

    def write(experiment: AnyExperiment, spec: Any, result: Any, base: str) -> bytes:
        figures = experiment.figures(result)
        template = environment.get_template("standalone.html")
        text = template.render(
            said=experiment.page(spec),
            address=f"{base}{spec.links['page']}",
            figures=figures,
            findings=experiment.findings(result),
            charts={name: experiment.charts[name] for name in figures},
            explanation=Markup(explain(experiment, result).decode()),
            style=Markup(assets.text("style.css")),
            plotly=Markup(assets.text("plotly-cartesian.min.js")),
        )
        return text.encode()

    return write


def document(runner: Runner, experiment: AnyExperiment, write: Write) -> Callable[[Request], Awaitable[Response]]:
    """What answers with it. Nothing is cached: most of it is Plotly, and it holds the address it was asked for at."""

    async def endpoint(request: Request) -> Response:
        spec, gzip = await spec_of(request, experiment.spec), accepts_gzip(request)
        result = await while_connected(request, runner.result(spec, client_of(request)))
        base = base_of(request)

        def written() -> bytes:
            content = write(experiment, spec, experiment.result.model_validate_json(result), base)
            return compressed(content) if gzip else content

        content = await asyncio.to_thread(written)
        headers = {
            "Content-Disposition": f'attachment; filename="initscope-{experiment.name}.html"',
            "Cache-Control": "no-store",
            "Vary": "Accept-Encoding",
        } | ({"Content-Encoding": "gzip"} if gzip else {})
        return Response(content, 200, headers, "text/html")

    return endpoint
