"""The application: wiring only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from app import __version__
from app.compute.runner import Runner
from app.settings import Settings
from app.web import api, pages, problems
from app.web.assets import Assets
from app.web.description import describe_problems
from app.web.headers import SecurityHeaders


def create_app(settings: Settings | None = None) -> ASGIApp:
    """The whole application, ready to be served."""
    settings = settings or Settings()
    runner = Runner(settings)
    assets = Assets()
    environment = pages.templates(assets)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
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
    problems.install(app)
    app.include_router(pages.router(environment))
    app.include_router(api.router(runner, settings, pages.explainer(environment)))
    describe_problems(app)

    @app.get("/static/{version}/{name:path}", include_in_schema=False)
    async def static(request: Request) -> Response:
        return assets.respond(request)

    @app.get("/livez", include_in_schema=False)
    @app.get("/readyz", include_in_schema=False)
    async def alive() -> Response:
        return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})

    return SecurityHeaders(app, settings.hsts_seconds)
