"""The pages: a form from a spec, charts that the browser fills from the API, and the API's documentation."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.responses import Response

from app import __version__
from app.experiments import EXPERIMENTS
from app.fields import SpecError, shape
from app.figures import CHARTS
from app.figures.palette import PREDICTED, STYLES, TEMPLATES, number, power
from app.figures.words import words
from app.lab.activations import ACTIVATIONS
from app.lab.initializers import INITIALIZERS
from app.results import Record
from app.specs import Spec
from app.web.assets import Assets, folder
from app.web.forms import attempted, form, given
from app.web.requests import query_string

Explain = Callable[[str, Record], bytes]


def templates(assets: Assets) -> Environment:
    """The templates, with what every one of them may use."""
    environment = Environment(
        loader=FileSystemLoader(folder("templates")),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        asset=assets.url,
        experiments=EXPERIMENTS,
        charts=CHARTS,
        styles=STYLES,
        predicted=PREDICTED,
        plot_templates=TEMPLATES,
        initializers=INITIALIZERS,
        activations=ACTIVATIONS,
        version=__version__,
    )
    environment.filters.update(number=number, power=power)
    return environment


def explainer(environment: Environment) -> Explain:
    """Writes a Result's account in words, as a fragment of HTML."""
    return lambda name, result: environment.get_template(f"{name}_why.html").render(words(name, result)).encode()


def router(environment: Environment) -> APIRouter:
    """The pages of every registered experiment, the way in, and the API's documentation."""
    pages = APIRouter(include_in_schema=False)

    def page(template: str, status: int = 200, **context: object) -> Response:
        content = environment.get_template(template).render(**context)
        return Response(content, status, {"Cache-Control": "no-cache"}, "text/html")

    @pages.get("/")
    async def home() -> Response:
        return page("home.html")

    @pages.get("/docs")
    async def docs() -> Response:
        return page("docs.html", shape=shape)

    def experiment_page(name: str, model: type[Spec]) -> Callable[[Request], object]:
        async def show(request: Request) -> Response:
            errors: dict[str, str] = {}
            try:
                values = given(model.from_query(query_string(request)))
            except SpecError as error:
                errors = dict(error.errors)
                values = attempted(request.scope["query_string"].decode(errors="replace"))
            controls = form(model, values, errors)
            drawn = {control.name for group in controls.values() for control in group}
            elsewhere = {field: message for field, message in errors.items() if field not in drawn}
            return page(
                "experiment.html",
                422 if errors else 200,
                name=name,
                groups=controls,
                runs=not errors,
                elsewhere=elsewhere,
            )

        return show

    for name, experiment in EXPERIMENTS.items():
        pages.add_api_route(
            f"/{name}", experiment_page(name, experiment.spec), methods=["GET"], response_class=Response
        )
    return pages
