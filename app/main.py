"""The application: wiring only."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from starlette.responses import Response
from starlette.types import ASGIApp

from . import __version__
from .compute.runner import Runner
from .experiments import EXPERIMENTS
from .experiments.experiment import Experiments
from .lab import threads
from .logs import RequestLog
from .network.store import Store
from .settings import Settings
from .web import api, document, operators, pages, problems
from .web.assets import Assets
from .web.description import describe_problems
from .web.headers import SecurityHeaders
from .web.methods import HeadIsGet
from .web.prefix import ForwardedPrefix, Prefix


def create_app(
    settings: Settings | None = None, runner: Runner | None = None, experiments: Experiments = EXPERIMENTS
) -> ASGIApp:
    """The whole application, ready to be served: every one of these experiments, run by `runner`."""
    settings = settings or Settings()
    runner = runner or Runner(settings, experiments)
    assets = Assets()
    environment = pages.templates(assets, experiments)
    store = Store(settings.store, settings.store_bytes, settings.store_count) if settings.store else None

    @asynccontextmanager
    async def lifespan(starting: FastAPI) -> AsyncIterator[None]:
        starting.openapi()  # takes a tenth of a second, the first time
        # Figures, words, tables and gzip: as many at once as there are cores.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(settings.threads, "answers", threads.pin))
        watching = asyncio.create_task(operators.watch_lag(runner.metrics)) if settings.metrics else None
        yield
        if watching:
            watching.cancel()
        runner.close()

    app = FastAPI(
        title="Initscope",
        version=__version__,
        summary="How the scale of random weights carries a signal through a matmul and a deep stack.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    problems.install(app, pages.problem_page(environment, experiments))
    explain = pages.explainer(environment)
    write = document.writer(environment, assets, explain)
    api.install(app, experiments, runner, settings, explain, write)
    app.include_router(pages.router(environment, experiments, runner, store))
    describe_problems(app)

    @app.get("/static/{version}/{name:path}", include_in_schema=False)
    async def static(request: Request) -> Response:
        return assets.respond(request)

    app.include_router(operators.router(runner, settings))

    served = RequestLog(SecurityHeaders(HeadIsGet(app), settings.hsts_seconds), settings.access_log)
    placed = Prefix(served, settings.root_path)
    return ForwardedPrefix(placed, settings.proxies) if settings.proxies else placed
